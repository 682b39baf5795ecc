"""Announcements as chats are sent them, to be read. `python -m tests.golden.test_announcements` writes them anew."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from paperboy.announcements.announcement import Announcement, of_week
from paperboy.announcements.compose import compose
from paperboy.languages.language import Language
from tests.announcements import ADDRESS, CHATS, announced, sample_day, told_day
from tests.samples import DAY, EN, ENGLISH_REPLY, ROOT, ZH, archived, listed_digest

FOLDER = Path(__file__).parent
SHOWN = [
    *(f"{kind}_sample" for kind in CHATS),
    *("wecom_private", "wecom_50_long", "wecom_trophies", "wecom_week"),
    *("feishu_marked", "telegram_english"),
]
"""A chat, and what it is told."""


@cache
def announcement(name: str) -> tuple[Announcement, Language]:
    """What is told, and the language in which."""
    match name:
        case "private":
            return announced(sample_day(), address=None), ZH
        case "50_long":
            return announced(told_day(50)), ZH
        case "trophies":
            return announced(sample_day(), trophies=True), ZH
        case "week":
            next_day = told_day(10, DAY + dt.timedelta(days=1), score=70, trophy=False)
            week = of_week([sample_day(), next_day], "2026-W06", ADDRESS)
            assert week
            return week, ZH
        case "marked":
            return announced(archived(listed_digest(ROOT / "events/sample/2026-02-04.json"))), ZH
        case "english":
            texts: dict[str, Any] = {"title": None, **ENGLISH_REPLY}
            return announced(told_day(16, language=EN, **texts)), EN
    return announced(sample_day()), ZH


def text_of(shown: str) -> str:
    """The messages of one announcement, each below its title."""
    kind, _, name = shown.partition("_")
    told, language = announcement(name)
    return "\n\n".join(f"<!-- {each.title} -->\n{each.text}" for each in compose(told, CHATS[kind], language)) + "\n"


def file_of(shown: str) -> Path:
    return FOLDER / f"announcement_{shown}.{'html' if shown.startswith('telegram') else 'md'}"


@pytest.mark.parametrize("shown", SHOWN)
def test_announcements(shown: str) -> None:
    """A chat is sent exactly what can be read here."""
    assert file_of(shown).read_text("utf-8") == text_of(shown)


def test_no_file_is_left_over() -> None:
    """Every file that is kept is compared with something."""
    assert sorted(map(file_of, SHOWN)) == sorted(FOLDER.glob("announcement_*"))


if __name__ == "__main__":
    for each in SHOWN:
        file_of(each).write_text(text_of(each), "utf-8")
