"""Composing: an announcement becomes the messages that a channel is sent."""

from __future__ import annotations

from paperboy.announcements.announcement import Announcement
from paperboy.announcements.channel import Channel, SesChannel, SmtpChannel, WebhookChannel
from paperboy.announcements.chat import chat_messages
from paperboy.announcements.mail import mail_message
from paperboy.announcements.markup import MARKUPS
from paperboy.announcements.message import Message
from paperboy.announcements.webhook import webhook_message
from paperboy.languages.language import Language


def compose(announcement: Announcement, channel: Channel, language: Language) -> list[Message]:
    """What `channel` is sent of the announcement, in order: one message, or several for a chat with little room."""
    match channel:
        case SesChannel() | SmtpChannel():
            return [mail_message(announcement, language)]
        case WebhookChannel():
            return [webhook_message(announcement, language)]
        case _:
            return chat_messages(announcement, MARKUPS[channel.kind], language)
