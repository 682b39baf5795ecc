"""A chat or a channel that a Telegram bot may write to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote

from paperboy.adapters.channels.post import Answer, post_json, wait_seconds
from paperboy.announcements.message import ChannelBusyError, ChannelRefusedError, OutcomeUnknownError

if TYPE_CHECKING:
    from paperboy.announcements.channel import TelegramChannel
    from paperboy.announcements.message import Message

MAX_TELEGRAM_BYTES = 100_000
"""Bytes of a whole request: more than 4,096 characters and their links ever have. Telegram counts these itself."""

ADVICE = {
    400: "check the channel's chat, and that the bot is in it",
    401: "set the channel's token again, BotFather shows it",
    403: "let the bot into the chat, and let it write there",
    404: "set the channel's token again, BotFather shows it",
}


class TelegramSender:
    """Sends to one chat."""

    def __init__(self, channel: TelegramChannel) -> None:
        self._token = channel.token.get_secret_value()
        self._chat = channel.chat
        self._url = f"{channel.api}/bot{quote(self._token, safe=':')}/sendMessage"

    def send(self, message: Message, key: str) -> str | None:  # noqa: ARG002 - Telegram tells no two copies apart
        """Send a message's text, in Telegram's HTML, and return its number. Raises NotSentError."""
        payload = {
            "chat_id": self._chat,
            "text": message.text,
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
        }
        answer = post_json("Telegram", self._url, payload, [self._token], MAX_TELEGRAM_BYTES)
        fields = answer.fields()
        match fields.get("ok"):
            case True if answer.is_success:
                sent = fields.get("result")
                return str(sent["message_id"]) if isinstance(sent, dict) and "message_id" in sent else None
            case True:
                raise OutcomeUnknownError(f"Telegram answered ok and HTTP {answer.status}, which do not go together")
            case False:
                _raise(answer, fields)
        raise answer.error()


def _raise(answer: Answer, fields: dict[str, Any]) -> NoReturn:
    """Raise what a refusal means, by its code or else its HTTP status."""
    code = fields.get("error_code")
    code = code if isinstance(code, int) else answer.status
    words = answer.quoted(fields.get("description"))
    said = f"Telegram answered {answer.quoted(code)}{f' ({words})' if words else ''}"
    parameters = fields.get("parameters")
    parameters = parameters if isinstance(parameters, dict) else {}
    if code == 429 or code >= 500:
        raise ChannelBusyError(said, wait_seconds(parameters.get("retry_after")) or answer.retry_seconds)
    moved = parameters.get("migrate_to_chat_id")
    advice = f"set the channel's chat to {answer.quoted(moved)}, the group's new number" if moved else None
    raise ChannelRefusedError(": ".join(filter(None, (said, advice or ADVICE.get(code)))))
