"""The custom bot of a Feishu (or Lark) group: cards, which it signs if it has a key."""

from __future__ import annotations

import base64
import hmac
import time
from typing import TYPE_CHECKING

from paperboy.adapters.channels.codes import Codes
from paperboy.adapters.channels.post import post_json

if TYPE_CHECKING:
    from paperboy.announcements.channel import FeishuChannel
    from paperboy.announcements.message import Message

MAX_FEISHU_BYTES = 20_000
"""Bytes of a whole request, card and signature included. Feishu says 20 KB."""

FEISHU_CODES = Codes(
    names=("code", "StatusCode"),  # the second one is the older bots'
    words=("msg", "StatusMessage"),
    busy={11232: None, 99991400: None, 230020: None},
    advice={
        9499: "the message is not one that it takes",
        19001: "set the channel's address again, the bot's settings show it",
        19021: "set the channel's secret to the one that the bot's settings show under its signature check",
        19022: "take the list of addresses off the bot: a function has no fixed one",
        19024: "take the keywords off the bot, or add one that is in every message",
    },
)


class FeishuSender:
    """Sends to one group; each message becomes a card, whose head is the title."""

    def __init__(self, channel: FeishuChannel) -> None:
        self._url = channel.url.get_secret_value()
        self._secret = channel.secret.get_secret_value() if channel.secret else ""

    def send(self, message: Message, key: str) -> None:  # noqa: ARG002 - Feishu tells no two copies apart
        """Send a message, of `lark_md`. Raises NotSentError."""
        card = {
            "config": {"wide_screen_mode": True},
            "header": {"title": {"tag": "plain_text", "content": message.title}, "template": "blue"},
            "elements": [{"tag": "div", "text": {"tag": "lark_md", "content": message.text}}],
        }
        payload = {**self._signature(int(time.time())), "msg_type": "interactive", "card": card}
        FEISHU_CODES.check(post_json("Feishu", self._url, payload, [self._secret], MAX_FEISHU_BYTES))

    def _signature(self, seconds: int) -> dict[str, str]:
        """Of the time alone: the key is the time and the secret, and what is signed is empty."""
        if not self._secret:
            return {}
        digest = hmac.digest(f"{seconds}\n{self._secret}".encode(), b"", "sha256")
        return {"timestamp": str(seconds), "sign": base64.b64encode(digest).decode()}
