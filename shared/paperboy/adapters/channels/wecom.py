"""The bot of a WeCom group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paperboy.adapters.channels.codes import Codes
from paperboy.adapters.channels.post import check_size, post_json

if TYPE_CHECKING:
    from paperboy.announcements.channel import WecomChannel
    from paperboy.announcements.message import Message

MAX_WECOM_BYTES = 4_096
"""Bytes of a message's Markdown; the title is not sent by itself."""
MAX_WECOM_REQUEST_BYTES = 20_000
"""More than the JSON of such a message ever has."""

WECOM_CODES = Codes(
    names=("errcode",),
    words=("errmsg",),
    busy={-1: None, 45009: 60.0, 45033: 60.0},
    advice={
        40058: "the message is not one that it takes",
        93000: "set the channel's address again, the bot's settings show it",
    },
)


class WecomSender:
    """Sends to one group."""

    def __init__(self, channel: WecomChannel) -> None:
        self._url = channel.url.get_secret_value()

    def send(self, message: Message, key: str) -> None:  # noqa: ARG002 - WeCom tells no two copies apart
        """Send a message's text, in WeCom's own Markdown. Raises NotSentError."""
        check_size("WeCom", len(message.text.encode(errors="replace")), MAX_WECOM_BYTES)
        payload = {"msgtype": "markdown", "markdown": {"content": message.text}}
        WECOM_CODES.check(post_json("WeCom", self._url, payload, [], MAX_WECOM_REQUEST_BYTES))
