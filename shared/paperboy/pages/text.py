"""What the pages have in common: texts as a reader sees them, and what is said of a paper that no model told of."""

from __future__ import annotations

from paperboy.days.digest import Entry
from paperboy.languages.language import Labels
from paperboy.papers.text import UNSEEN
from paperboy.summaries.summary import Rung


def visible(text: str) -> str:
    """`text` on one line, without the characters that turn, hide or break it: each run of them is a space."""
    return UNSEEN.sub(" ", text).strip()


def notice(entry: Entry, labels: Labels) -> str:
    """What a page says of a summary that no model wrote: what it is instead, and whether the budget is why."""
    notices = labels.limited if entry.limited else labels.low
    return notices.listing if entry.summary.rung is Rung.LISTING else notices.abstract
