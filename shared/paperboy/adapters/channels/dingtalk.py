"""The custom bot of a DingTalk group, which signs in its address if it has a key."""

from __future__ import annotations

import base64
import hmac
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from paperboy.adapters.channels.codes import Codes
from paperboy.adapters.channels.post import post_json

if TYPE_CHECKING:
    from paperboy.announcements.channel import DingtalkChannel
    from paperboy.announcements.message import Message

MAX_DINGTALK_BYTES = 20_000
"""Bytes of a whole request."""
BLOCK_SECONDS = 600.0
"""Seconds for which a bot is blocked that sent more than 20 messages in a minute."""

DINGTALK_CODES = Codes(
    names=("errcode",),
    words=("errmsg",),
    busy={-1: None, 130101: BLOCK_SECONDS, 410100: BLOCK_SECONDS},
    advice={
        300005: "set the channel's address again, the bot's settings show it",
        310000: "set the channel's secret to the bot's, and take keywords and the list of addresses off the bot",
        400101: "set the channel's address again, the bot's settings show it",
        400102: "the bot is switched off: switch it on in the group's settings",
        460101: "the message is too long",
    },
)


class DingtalkSender:
    """Sends to one group; the title is what a phone's notice shows."""

    def __init__(self, channel: DingtalkChannel) -> None:
        self._url = channel.url.get_secret_value()
        self._secret = channel.secret.get_secret_value() if channel.secret else ""

    def send(self, message: Message, key: str) -> None:  # noqa: ARG002 - DingTalk tells no two copies apart
        """Send a message, in DingTalk's own Markdown. Raises NotSentError."""
        payload = {"msgtype": "markdown", "markdown": {"title": message.title, "text": message.text}}
        url = self._signed_url(round(time.time() * 1000))
        DINGTALK_CODES.check(post_json("DingTalk", url, payload, [self._secret], MAX_DINGTALK_BYTES))

    def _signed_url(self, milliseconds: int) -> str:
        if not self._secret:
            return self._url
        digest = hmac.digest(self._secret.encode(), f"{milliseconds}\n{self._secret}".encode(), "sha256")
        query = urlencode({"timestamp": milliseconds, "sign": base64.b64encode(digest).decode()})
        return f"{self._url}{'&' if '?' in self._url else '?'}{query}"
