"""A month as a calendar: its weeks from Monday to Sunday, and what is known of each day."""

from __future__ import annotations

import datetime as dt
from calendar import Calendar as Weeks
from dataclasses import dataclass
from itertools import pairwise

from paperboy.archive.month import ArchivedDay, Month
from paperboy.archive.site import week_name, week_page_key

SHADES = (1, 10, 20, 30)
"""How many papers a day has at least to be in each shade. Days have 1 to 50, and nearly half of them 20 or more."""


@dataclass(frozen=True)
class CalendarDay:
    """A day of the month: published, without papers, or not known yet."""

    day: dt.date
    published: ArchivedDay | None = None
    empty: bool = False
    """Whether its listing had no papers."""

    @property
    def shade(self) -> int:
        """The number of its shade, from 1; 0 for a day without papers."""
        papers = len(self.published.papers) if self.published else 0
        return sum(papers >= least for least in SHADES)


@dataclass(frozen=True)
class CalendarWeek:
    """A row: the days of a week that are in the month, None in the place of others."""

    name: str
    key: str | None
    """Where its page is; None where it has none, or none of its published days is in the month."""
    days: tuple[CalendarDay | None, ...]

    @property
    def number(self) -> int:
        return int(self.name[-2:])


def calendar_of(month: Month, newest_week: str = "") -> tuple[CalendarWeek, ...]:
    """The rows of a month's calendar. The weeks before the `newest_week` are over; without one, no row has a page."""
    published = {each.day: each for each in month.days}
    year, number = map(int, month.month.split("-"))

    def row(dates: list[dt.date]) -> CalendarWeek:
        days = [
            CalendarDay(day, published.get(day), day in month.empty) if day.month == number else None for day in dates
        ]
        name = week_name(dates[0])
        has_page = name < newest_week and any(each and each.published for each in days)
        return CalendarWeek(name, week_page_key(name) if has_page else None, tuple(days))

    return tuple(row(dates) for dates in Weeks().monthdatescalendar(year, number))


def shade_ranges() -> list[tuple[int, str]]:
    """What each shade stands for: its number and how many papers, such as ``10–19``."""
    words = [f"{least}–{above - 1}" for least, above in pairwise(SHADES)]
    return list(enumerate([*words, f"{SHADES[-1]}+"], 1))
