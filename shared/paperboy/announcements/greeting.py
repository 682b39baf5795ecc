"""The greeting: a short message that shows that a channel works."""

from __future__ import annotations

import json
from html import escape

from paperboy.announcements.channel import Channel
from paperboy.announcements.message import Message
from paperboy.languages.language import Language


def greeting(channel: Channel, language: Language) -> Message:
    """A channel's greeting. Its words have no character that any markup knows, so they stand in each as they are."""
    title, text = language.labels.greeting.title, language.labels.greeting.text
    match channel.kind:
        case "webhook":
            return Message(title, json.dumps({"kind": "greeting", "title": title, "text": text}, ensure_ascii=False))
        case "ses" | "smtp":
            return Message(title, text, html=f"<p>{escape(text)}</p>")
        case _:
            return Message(title, text)
