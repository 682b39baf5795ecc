"""Messages: the pieces in which a channel is sent an announcement, and what becomes of one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Message:
    """A piece of an announcement in a channel's own markup, short enough for it."""

    title: str
    """Plain: a mail's subject, a card's head."""
    text: str
    """In the channel's markup; of a mail its plain text, of a webhook its JSON."""
    html: str = ""
    """Of a mail alone."""

    @property
    def sha256(self) -> str:
        return hashlib.sha256("\0".join((self.title, self.text, self.html)).encode()).hexdigest()


class Sender(Protocol):
    """A channel that messages can be sent to."""

    def send(self, message: Message, key: str) -> str | None:
        """Send a message and return the id that the channel gave it, if it gives one.

        `key` is the same for the same piece of the same announcement, for channels that tell two copies by it.
        Raises one of the three errors below.
        """


class NotSentError(Exception):
    """A message was not sent; the reason is in words for a person, and holds no address and no secret."""

    retry_seconds: float | None = None
    """How long the channel asks to be left alone, if it says so."""


class ChannelRefusedError(NotSentError):
    """The channel will not take it: its address, its key or the message is wrong. The same would be refused again."""


class ChannelBusyError(NotSentError):
    """The channel has no room for it now, or is away."""

    def __init__(self, reason: str, retry_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.retry_seconds = retry_seconds


class OutcomeUnknownError(NotSentError):
    """It was handed over, and no answer came: nobody knows whether it was sent."""
