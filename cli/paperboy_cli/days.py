"""Days as they are written on the command line: one, or a span of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

MAX_SPAN_DAYS = 366
"""A year, of whatever length."""
READERS_TIME_ZONE = "Asia/Shanghai"
"""Where the readers are, unless a stack says otherwise."""
SAMPLE_DAY = dt.date(2026, 2, 3)
"""The first of the two recorded sample days."""


@dataclass(frozen=True)
class Days:
    """One day, or a span of days, both ends included."""

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
    if len(days) > MAX_SPAN_DAYS:
        raise ValueError(f"{text!r} is {len(days)} days, and {MAX_SPAN_DAYS} are the most at once: take it in parts.")
    return days


def today(time_zone: str = READERS_TIME_ZONE) -> dt.date:
    """The day that it is now in a time zone."""
    return dt.datetime.now(ZoneInfo(time_zone)).date()


def to_come_text(day: dt.date, now: dt.date) -> str | None:
    """What is said of a day that is yet to come; None where it may be asked for."""
    return f"{day} is yet to come: {now} is the last day to ask for." if day > now else None
