"""What a channel of each kind is made of: what is asked for, where a person finds it, and what it has to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from paperboy.announcements.channel import (
    DingtalkChannel,
    FeishuChannel,
    SesChannel,
    SmtpChannel,
    TelegramChannel,
    WebhookChannel,
    WecomChannel,
)
from paperboy_cli.gate import OWN_HOSTS
from paperboy_cli.stack.channels import host_of

CHANNELS: Mapping[str, type[BaseModel]] = {
    "feishu": FeishuChannel,
    "wecom": WecomChannel,
    "dingtalk": DingtalkChannel,
    "telegram": TelegramChannel,
    "ses": SesChannel,
    "smtp": SmtpChannel,
    "webhook": WebhookChannel,
}
"""The kinds of channels."""
HOSTS = {
    "feishu": ("open.feishu.cn", "open.larksuite.com"),
    "wecom": ("qyapi.weixin.qq.com",),
    "dingtalk": ("oapi.dingtalk.com", "api.dingtalk.com"),
    "telegram": ("api.telegram.org",),
}
"""Where the services of a kind are. An address elsewhere is none of its bots."""

HTTPS_ADDRESS = "an address that begins with https://"


@dataclass(frozen=True)
class Field:
    """A field of a channel."""

    name: str
    text: str
    """What it is and where it is found, in a line."""
    expected: str
    """What it has to be."""
    is_secret: bool = False
    usual: str | None = None
    """What it is where nothing is said; `""` where there need be none, and None where it has to be said."""
    is_asked: bool = True
    """Whether a person is asked for it, who does not say it as an option."""

    @property
    def variable(self) -> str:
        """The environment variable that a secret is taken from."""
        return f"PAPERBOY_CHANNEL_{self.name.upper()}"

    @property
    def source(self) -> str:
        """Where its value comes from where nobody is asked."""
        return self.variable if self.is_secret else f"--{self.name}"


def _bot(where: str) -> Field:
    return Field("url", f"The bot's address: {where}.", HTTPS_ADDRESS, is_secret=True)


def _signing_key(where: str) -> Field:
    text = f"The key of the bot's signature check: {where}. Empty: that is off."
    return Field("secret", text, "a key", is_secret=True, usual="")


_MAIL = (
    Field("sender", "The mail address that it comes from.", "a mail address"),
    Field("to", "The mail addresses that it goes to, with commas between.", "up to 50 mail addresses"),
)
FIELDS: Mapping[str, tuple[Field, ...]] = {
    "feishu": (
        _bot("in the group, Settings, Bots, Add Bot, Custom Bot"),
        _signing_key("below its address, Set signature verification"),
    ),
    "wecom": (_bot("in the group, Add Group Bot; it is shown when the bot is made"),),
    "dingtalk": (
        _bot("in the group, Group Settings, Robot, Custom"),
        _signing_key("Security Settings, Additional Signature; it begins with SEC"),
    ),
    "telegram": (
        Field("token", "The bot's token, as @BotFather gave it.", "a token", is_secret=True),
        Field("chat", "Who it writes to: a channel's @name, or the number of a chat.", "an @name or a number"),
        Field("api", "Where the Bot API is, if not at Telegram's.", "an address", usual="", is_asked=False),
    ),
    "webhook": (
        Field("url", "The address that takes JSON by POST.", HTTPS_ADDRESS, is_secret=True),
        Field("secret", "The key that what is sent is signed with; the receiver knows it.", "a key", is_secret=True),
    ),
    "ses": _MAIL,
    "smtp": (
        *_MAIL,
        Field("host", "The mail server.", "a server's name"),
        Field("port", "Its port: 465 is TLS from the start.", "a number from 1 to 65535", usual="587"),
        Field("user", "The user's name there. Empty: it asks for none.", "a name", usual=""),
        Field("password", "The user's password there. Empty: it asks for none.", "a password", True, usual=""),
    ),
}
"""The fields of each kind, in the order in which they are asked for."""


def value_of(field: Field, text: str) -> Any:
    """What a person wrote, as the channel takes it."""
    return text.replace(",", " ").split() if field.name == "to" else text.strip()


def problem(kind: str, field: Field, value: Any) -> str | None:
    """What is wrong with a field's value, in a sentence that does not repeat it; None where nothing is."""
    described = CHANNELS[kind].model_fields[field.name]
    texts = value if isinstance(value, list) else [value]
    try:
        TypeAdapter[Any](Annotated[described.annotation, described]).validate_python(value)
    except ValidationError:
        return f"has to be {field.expected}."
    if not all(text and text.isprintable() for text in texts):
        return f"has to be {field.expected}, without control characters."
    return misplaced(kind, value) if field.name == "url" else None


def misplaced(kind: str, url: str) -> str | None:
    """That an address is none of a kind's, with the kind that it is of; None where it may be."""
    host = host_of(url)
    if not host:
        return f"has to be {HTTPS_ADDRESS}."
    owner = next((other for other, hosts in HOSTS.items() if host in hosts), None)
    if host in OWN_HOSTS or owner == kind or (kind == "webhook" and not owner):
        return None
    if owner:
        return f"leads to {host}, which is of the kind {owner}."
    return f"leads to {host}, and a {kind} bot's to {' or '.join(HOSTS[kind])}. The kind webhook takes any address."
