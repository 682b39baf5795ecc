"""The channels of a stack, as its Parameter Store keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from paperboy.announcements.channel import read_channel, written_channel

if TYPE_CHECKING:
    from paperboy.announcements.channel import Channel
    from paperboy_cli.stack.host import Host, Stack


class NoChannelError(LookupError):
    """There is no channel of that name."""


class ChannelStore:
    """The channels of a stack: each a SecureString, by its name below ``/STACK/channels/``."""

    def __init__(self, host: Host, stack: Stack) -> None:
        self.host = host
        self.stack = stack
        self._ssm = host.client("ssm")
        self._path = f"/{stack.name}/channels"

    @property
    def options(self) -> str:
        """What to write behind `paperboy channels …` for this stack, with a space before it."""
        return self.host.options(self.stack)

    def key(self, name: str) -> str:
        """What a channel is called in Parameter Store."""
        return f"{self._path}/{name}"

    def names(self) -> list[str]:
        """The names of all channels, in order. Nothing is decrypted for them."""
        pages = self._ssm.get_paginator("get_parameters_by_path").paginate(Path=self._path)
        return sorted(each["Name"].removeprefix(f"{self._path}/") for page in pages for each in page["Parameters"])

    def read(self, name: str) -> Channel:
        """A channel with its secrets. Raises NoChannelError, and ChannelError where it is not as it has to be."""
        answer = self._of_channel(name, self._ssm.get_parameter, WithDecryption=True)
        return read_channel(answer["Parameter"]["Value"])

    def put(self, name: str, channel: Channel) -> None:
        """Keep a channel, in the place of one of the same name. Raises ChannelError where it is too long."""
        # Two braces would name another parameter in there, and be refused; outside of its strings the JSON has none.
        text = written_channel(channel).replace("{{", "{\\u007b")
        self._ssm.put_parameter(Name=self.key(name), Value=text, Type="SecureString", Overwrite=True)

    def remove(self, name: str) -> None:
        """Take a channel away. Raises NoChannelError."""
        self._of_channel(name, self._ssm.delete_parameter)

    def _of_channel(self, name: str, operation: Any, **arguments: Any) -> Any:
        try:
            return operation(Name=self.key(name), **arguments)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ParameterNotFound":
                raise
            raise NoChannelError(name) from None


def host_of(url: str) -> str:
    """The host in an address, in small letters; `""` where there is none that can be read."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def server_of(channel: Channel) -> str:
    """The host of the server that a channel's messages are handed to; `""` for SES, which is the account's own."""
    match channel.kind:
        case "ses":
            return ""
        case "smtp":
            return channel.host
        case "telegram":
            return host_of(channel.api)
        case _:
            return host_of(channel.url.get_secret_value())


def destination(channel: Channel) -> str:
    """Where a channel leads to, without what would let somebody write there."""
    match channel.kind:
        case "telegram":
            return channel.chat
        case "ses" | "smtp":
            return f"{channel.sender} to {', '.join(channel.to)}"
        case _:
            return server_of(channel)
