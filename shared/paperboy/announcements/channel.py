"""Channels: where a digest is announced. Each is kept as JSON, and secret: whoever has its address can write to it."""

from __future__ import annotations

import json
import re
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from paperboy.errors import validation_message

MAX_CHANNEL_BYTES = 4_096
"""What a standard parameter of Parameter Store holds."""

ChannelName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
"""What a user calls a channel; it is part of keys."""
Subscription = Literal["digests", "trophies", "weekly"]
"""What a channel gets: each digest, the papers with a trophy of each digest that has some, or the best of each week."""

_MailAddress = Annotated[str, StringConstraints(pattern=r"^[^\s@<>,;\"]+@[^\s@<>,;\"]+$", max_length=254)]
_ADDRESS = re.compile(r"(https://|http://(127\.0\.0\.1|localhost):)[!-~]+")


class ChannelError(ValueError):
    """A channel's settings are not what they have to be; the message names the field and never a value."""


def _check_address(url: SecretStr) -> SecretStr:
    if not _ADDRESS.fullmatch(url.get_secret_value()):
        raise ValueError("expected an address that begins with https://")
    return url


class _Channel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    gets: Subscription = "digests"


class _Webhook(_Channel):
    """A channel that is an address alone, over HTTP; on this machine plain, elsewhere TLS."""

    url: Annotated[SecretStr, Field(max_length=2_000), AfterValidator(_check_address)]


class FeishuChannel(_Webhook):
    """A custom bot of a Feishu (or Lark) group."""

    kind: Literal["feishu"] = "feishu"
    secret: SecretStr | None = None
    """The key of its signature check, if that is on."""


class WecomChannel(_Webhook):
    """A bot of a WeCom group."""

    kind: Literal["wecom"] = "wecom"


class DingtalkChannel(_Webhook):
    """A custom bot of a DingTalk group."""

    kind: Literal["dingtalk"] = "dingtalk"
    secret: SecretStr | None = None


class TelegramChannel(_Channel):
    """A chat or channel that a Telegram bot may write to."""

    kind: Literal["telegram"] = "telegram"
    token: SecretStr
    chat: Annotated[str, StringConstraints(pattern=r"^(@\w{4,32}|-?\d{1,20})$")]
    api: Annotated[str, StringConstraints(pattern=r"^https?://\S+[^/]$")] = "https://api.telegram.org"


class WebhookChannel(_Webhook):
    """Anything else that takes JSON over HTTP; what it is sent is signed with `secret`."""

    kind: Literal["webhook"] = "webhook"
    secret: SecretStr


class SesChannel(_Channel):
    """Mail through Amazon SES, with the function's role."""

    kind: Literal["ses"] = "ses"
    sender: _MailAddress
    to: Annotated[tuple[_MailAddress, ...], Field(min_length=1, max_length=50)]


class SmtpChannel(_Channel):
    """Mail through an SMTP server, with TLS: from the start at port 465, else asked for. Loopback may do without."""

    kind: Literal["smtp"] = "smtp"
    sender: _MailAddress
    to: Annotated[tuple[_MailAddress, ...], Field(min_length=1, max_length=50)]
    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,253}$")]
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    user: str | None = None
    password: SecretStr | None = None


type Chat = FeishuChannel | WecomChannel | DingtalkChannel | TelegramChannel
type Mail = SesChannel | SmtpChannel
type Channel = Chat | Mail | WebhookChannel
"""A channel, told by its `kind`."""

# All side by side: within an alias pydantic tries each, and an error names the fields of all.
_ANY: TypeAdapter[Channel] = TypeAdapter(
    Annotated[
        FeishuChannel | WecomChannel | DingtalkChannel | TelegramChannel | SesChannel | SmtpChannel | WebhookChannel,
        Field(discriminator="kind"),
    ]
)


def read_channel(text: str) -> Channel:
    """The channel in its JSON. Raises ChannelError."""
    try:
        return _ANY.validate_json(text)
    except ValidationError as error:
        raise ChannelError(validation_message(error)) from None


def written_channel(channel: Channel) -> str:
    """A channel as it is kept, with its secrets. Raises ChannelError where that is longer than MAX_CHANNEL_BYTES."""
    shown = channel.model_dump(mode="json", exclude_defaults=True) | {"kind": channel.kind}
    secrets = {name: value.get_secret_value() for name, value in channel if isinstance(value, SecretStr)}
    text = json.dumps(shown | secrets, ensure_ascii=False)
    if len(text.encode()) > MAX_CHANNEL_BYTES:
        raise ChannelError(f"a channel has {MAX_CHANNEL_BYTES:,} bytes at most, and this one {len(text.encode()):,}")
    return text
