"""What a webhook is sent: an announcement as JSON, with all its papers, for a program to read."""

from __future__ import annotations

import datetime as dt
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from paperboy.announcements.announcement import Announcement, Told
from paperboy.announcements.chat import headline
from paperboy.announcements.message import Message
from paperboy.languages.language import Code, Language

ANNOUNCEMENT_FORMAT = 1
"""The version of what a webhook is sent. A key that goes, or means something else, adds 1; a new key does not."""


class _Sent(BaseModel):
    model_config = ConfigDict(frozen=True)


class SentPaper(_Sent):
    """A paper of an announcement. Its texts are as they were published: escape them for where they land."""

    number: int
    """Its place in the digest, or among the best of the week, from 1."""
    day: dt.date
    """Whose digest it was in."""
    id: str
    link: str
    """Where the paper itself is."""
    page: str | None
    """Where it is on its day's page; null where the pages are private."""
    title: str | None
    """In the digest's language; null where a model gave it none."""
    title_en: str
    organization: str
    trophy: bool
    low: bool
    """Whether no model wrote the summary."""
    summary: str
    highlights: tuple[str, ...]

    @classmethod
    def of(cls, number: int, told: Told, announcement: Announcement) -> Self:
        """The paper as its announcement tells of it; what the archive calls the same is the same."""
        own = {
            "number": number,
            "day": told.day,
            "page": announcement.link_of(told) if announcement.address else None,
            "low": told.paper.rung is not None and told.paper.rung.low,
        }
        return cls.model_validate(dict(told.paper) | own)


class SentAnnouncement(_Sent):
    """The JSON that a webhook is sent."""

    format: int = ANNOUNCEMENT_FORMAT
    kind: Literal["day", "week"]
    name: str
    """``2026-02-03``, or ``2026-W06``."""
    day: dt.date
    """The day, or the week's Monday."""
    language: Code
    trophies: bool
    """Whether the papers are those with a trophy alone."""
    page: str | None
    """Where the whole is; null where the pages are private."""
    low: int
    """How many papers have no model's summary."""
    papers: tuple[SentPaper, ...]
    """All of them, best first."""


def webhook_message(announcement: Announcement, language: Language) -> Message:
    """The announcement for a program: a message whose text is the JSON of a SentAnnouncement."""
    sent = SentAnnouncement(
        kind="week" if announcement.is_week else "day",
        name=announcement.name,
        day=announcement.day,
        language=language.code,
        trophies=announcement.trophies,
        page=announcement.page,
        low=announcement.low,
        papers=tuple(SentPaper.of(number, told, announcement) for number, told in enumerate(announcement.papers, 1)),
    )
    return Message(headline(announcement, language), sent.model_dump_json())
