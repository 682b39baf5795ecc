"""The archive as a whole: the months that there are, each read where it is wanted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from paperboy.archive.month import ArchivedDay, Month, month_of
from paperboy.archive.site import week_name


@dataclass(frozen=True)
class Archive:
    """The months that there are, one at least. No page needs all of them.

    A month of which nothing can be read has no days; of all months together there is one day at least.
    """

    months: tuple[str, ...]
    """Their names, oldest first."""
    read: Callable[[str], Month]
    """Reads a month by its name; the same one often."""

    def days(self) -> Iterator[ArchivedDay]:
        """The published days, newest first: a month is read when its first day is asked for."""
        for month in reversed(self.months):
            yield from reversed(self.read(month).days)

    @property
    def newest(self) -> ArchivedDay:
        return next(self.days())

    def days_of_week(self, week: str) -> tuple[ArchivedDay, ...]:
        """The published days of a week such as ``2026-W06``, oldest first."""
        monday = monday_of(week)
        names = sorted({month_of(day) for day in (monday, monday + dt.timedelta(days=6))})
        months = [self.read(name) for name in names if name in self.months]
        return tuple(day for month in months for day in month.days if week_name(day.day) == week)


def monday_of(week: str) -> dt.date:
    """The first day of a week such as ``2026-W06``."""
    year, number = week.split("-W")
    return dt.date.fromisocalendar(int(year), int(number), 1)
