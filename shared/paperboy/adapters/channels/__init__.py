"""Channels that messages are sent to, one module each; `paperboy.announcements.message.Sender` is what they share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paperboy.announcements.channel import (
    DingtalkChannel,
    FeishuChannel,
    SesChannel,
    SmtpChannel,
    TelegramChannel,
    WebhookChannel,
    WecomChannel,
)

if TYPE_CHECKING:
    from paperboy.announcements.channel import Channel
    from paperboy.announcements.message import Sender


def load_sender(channel: Channel) -> Sender:
    """What sends to a channel. Only its kind's module is loaded: an unused library is paid for at each cold start."""
    match channel:
        case FeishuChannel():
            from paperboy.adapters.channels.feishu import FeishuSender

            return FeishuSender(channel)
        case WecomChannel():
            from paperboy.adapters.channels.wecom import WecomSender

            return WecomSender(channel)
        case DingtalkChannel():
            from paperboy.adapters.channels.dingtalk import DingtalkSender

            return DingtalkSender(channel)
        case TelegramChannel():
            from paperboy.adapters.channels.telegram import TelegramSender

            return TelegramSender(channel)
        case WebhookChannel():
            from paperboy.adapters.channels.webhook import WebhookSender

            return WebhookSender(channel)
        case SesChannel():
            from paperboy.adapters.channels.mail import SesSender

            return SesSender(channel)
        case SmtpChannel():
            from paperboy.adapters.channels.mail import SmtpSender

            return SmtpSender(channel)
