"""Anything that takes JSON over HTTP, signed as Standard Webhooks has it."""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from typing import TYPE_CHECKING

from paperboy.adapters.channels.post import post
from paperboy.announcements.message import ChannelRefusedError

if TYPE_CHECKING:
    from paperboy.announcements.channel import WebhookChannel
    from paperboy.announcements.message import Message

KEY_PREFIX = "whsec_"
"""Before a secret that is the Base64 of a key; any other one is the key itself."""


class WebhookSender:
    """Sends to one address. Whoever is there can tell two copies of a message by their ``webhook-id``."""

    def __init__(self, channel: WebhookChannel) -> None:
        self._url = channel.url.get_secret_value()
        self._secret = channel.secret.get_secret_value()

    def send(self, message: Message, key: str) -> None:
        """Send a message's JSON; any status from 200 to 299 says that it was taken. Raises NotSentError."""
        body, timestamp = message.text.encode(errors="replace"), str(int(time.time()))
        signed = f"{key}.{timestamp}.".encode() + body
        signature = base64.b64encode(hmac.digest(self._key(), signed, "sha256")).decode()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": key,
            "webhook-timestamp": timestamp,
            "webhook-signature": f"v1,{signature}",
        }
        answer = post("the webhook", self._url, body, headers, [self._secret])
        if not answer.is_success:
            raise answer.error()

    def _key(self) -> bytes:
        if not self._secret.startswith(KEY_PREFIX):
            return self._secret.encode()
        try:
            return base64.b64decode(self._secret.removeprefix(KEY_PREFIX), validate=True)
        except binascii.Error:
            reason = f"the webhook has a secret that begins with {KEY_PREFIX} and is no Base64: set it again"
        raise ChannelRefusedError(reason)
