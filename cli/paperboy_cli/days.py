"""The days that are asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

MOST_DAYS = 366


@dataclass(frozen=True)
class Days:
    """What is asked for: one day, or a span of days, both ends included."""

    first: dt.date
    last: dt.date
    span: bool

    def __iter__(self) -> Iterator[dt.date]:
        """The days, oldest first."""
        return (self.first + dt.timedelta(days=after) for after in range(len(self)))

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    def __str__(self) -> str:
        return f"{self.first}..{self.last}" if self.span else str(self.first)


def read_days(text: str) -> Days:
    """`2026-02-03` or `2026-02-01..2026-02-28`. Raises ValueError that says what was expected."""
    first, span, last = text.partition("..")
    try:
        days = Days(dt.date.fromisoformat(first), dt.date.fromisoformat(last if span else first), bool(span))
    except ValueError as error:
        raise ValueError(f"{text!r} is no day: write 2026-02-03, or for several 2026-02-01..2026-02-28.") from error
    if days.last < days.first:
        raise ValueError(f"{text!r} ends before it begins: write the older day first, {last}..{first}.")
    if len(days) > MOST_DAYS:
        raise ValueError(f"{text!r} is {len(days)} days, and {MOST_DAYS} are the most at once: take it in parts.")
    return days
