"""What the pages have in common: texts as a reader sees them, and what is said of a paper that no model told of."""

from __future__ import annotations

import re

from paperboy.days.digest import Entry
from paperboy.languages.language import Labels
from paperboy.summaries.summary import Rung

UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f"  # control characters
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # what turns the direction of writing
    r"\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # what has no width
    r"\u2028\u2029]+"  # line and paragraph separators
)
"""Characters that are no part of what a reader sees. Joiners are: they make emoji and scripts."""


def visible(text: str) -> str:
    """`text` on one line, without the characters that turn, hide or break it: each run of them is a space."""
    return UNSEEN.sub(" ", text).strip()


def notice(entry: Entry, labels: Labels) -> str:
    """What a page says of a summary that no model wrote: what it is instead, and whether the budget is why."""
    notices = labels.limited if entry.limited else labels.low
    return notices.listing if entry.summary.rung is Rung.LISTING else notices.abstract
