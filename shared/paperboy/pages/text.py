"""What the pages have in common: texts as a reader sees them, and what is said of a summary that was not wanted."""

from __future__ import annotations

from paperboy.days.digest import Entry
from paperboy.languages.language import Language, Notices, load_language
from paperboy.papers.text import UNSEEN
from paperboy.summaries.checks import language_of
from paperboy.summaries.summary import Rung


def visible(text: str) -> str:
    """`text` on one line, without the characters that turn, hide or break it: each run of them is a space."""
    return UNSEEN.sub(" ", text).strip()


def other_language(entry: Entry, language: Language) -> Language | None:
    """The language of a model's summary that is not in the digest's: it was made when that was another one."""
    code = None if entry.summary.rung.low else language_of(entry.summary.summary)
    return load_language(code) if code and code != language.code else None


def title(entry: Entry, language: Language) -> str | None:
    """The title that a model gave the paper in the digest's language, if it did."""
    return None if other_language(entry, language) else entry.summary.title


def notice(entry: Entry, language: Language) -> str | None:
    """What a page says of a summary that is not the one that was wanted: what it is, and whether the budget is why.

    None where it is the one.
    """
    notices = language.labels.limited if entry.limited else language.labels.low
    return notice_of(entry.summary.rung, other_language(entry, language) is not None, notices)


def notice_of(rung: Rung, is_other: bool, notices: Notices) -> str | None:
    """The notice of a summary on that rung, which a model may have written in another language than the digest's."""
    if rung.low:
        return notices.listing if rung is Rung.LISTING else notices.abstract
    return notices.earlier if is_other else None
