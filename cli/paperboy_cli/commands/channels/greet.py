"""A greeting sent to a channel, and what it answered in words for a person."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from paperboy.announcements.channel import SesChannel
from paperboy.announcements.greeting import greeting
from paperboy.announcements.message import ChannelBusyError, ChannelRefusedError, NotSentError
from paperboy_cli.errors import PaperboyError
from paperboy_cli.terminal import printable

if TYPE_CHECKING:
    from paperboy.announcements.channel import Channel
    from paperboy.announcements.message import Sender
    from paperboy.languages.language import Language
    from paperboy_cli.stack.channels import ChannelStore

WAIT_SECONDS = 60.0
"""How long to wait where a channel does not say it."""


def greet(store: ChannelStore, name: str, channel: Channel, language: Language) -> str:
    """Send a channel a greeting. Returns what it answered; raises PaperboyError where it is not known to be sent."""
    try:
        given = _sender(store, channel).send(greeting(channel, language), key=uuid.uuid4().hex)
    except NotSentError as error:
        again = f"`paperboy channels add {name} {channel.kind}{store.options}`"
        raise PaperboyError(printable(_not_sent(error, again))) from None
    return printable(f"Sent. {channel.kind} gave it the id {given}." if given else f"Sent: {channel.kind} took it.")


def _sender(store: ChannelStore, channel: Channel) -> Sender:
    """What sends to a channel from this machine: mail by SES at the stack's host, with the user's own credentials."""
    if isinstance(channel, SesChannel):
        from paperboy.adapters.channels.mail import SES_CONFIG, SesSender

        return SesSender(channel, store.host.client("sesv2", SES_CONFIG))
    from paperboy.adapters.channels import load_sender

    return load_sender(channel)


def _not_sent(error: NotSentError, again: str) -> str:
    """What became of the greeting, and what to do."""
    reason = str(error).rstrip(".")
    match error:
        case ChannelRefusedError():
            return f"the message was refused: {reason}. {again} sets the channel again."
        case ChannelBusyError():
            seconds = error.retry_seconds or WAIT_SECONDS
            return f"the message was not sent: {reason}. Try again in {seconds:.0f} seconds."
    return f"nobody knows whether the message was sent: {reason}. Look whether it is there."
