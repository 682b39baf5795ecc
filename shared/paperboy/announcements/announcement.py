"""An announcement: what is told of a day's digest, or of a week, before it is put into any channel's words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from paperboy.announcements.channel import Subscription
from paperboy.archive.archive import monday_of
from paperboy.archive.month import ArchivedDay, ArchivedPaper
from paperboy.archive.overview import best_of
from paperboy.archive.site import week_name, week_page_key
from paperboy.pages.site import digest_key

MAX_AGE_DAYS = 1
"""How old a day may be to be news: its digest comes out on the next one."""


class PublishedDay(ArchivedDay):
    """A published day, and whether it waits for nothing any more."""

    due: bool = False


@dataclass(frozen=True)
class Told:
    """A paper as an announcement tells of it, with the day whose digest it was in."""

    day: dt.date
    paper: ArchivedPaper


@dataclass(frozen=True)
class Announcement:
    """The papers of a day's digest, or the best of a week, best first."""

    name: str
    """The day or the week that it is of: ``2026-02-03``, ``2026-W06``."""
    papers: tuple[Told, ...]
    """All of them; a chat is told the foremost, and how many more there are."""
    low: int
    """How many of these have no model's summary."""
    address: str | None
    """Where readers find the pages' folder, without a slash at its end; None where they are private."""
    trophies: bool = False
    """Whether a day's papers with a trophy are told alone."""

    @property
    def is_week(self) -> bool:
        return "W" in self.name

    @property
    def day(self) -> dt.date:
        """The day, or the week's Monday."""
        return monday_of(self.name) if self.is_week else dt.date.fromisoformat(self.name)

    @property
    def page(self) -> str | None:
        """The address of the page that has the whole; None where it is private."""
        key = week_page_key(self.name) if self.is_week else digest_key(self.day)
        return self.address and f"{self.address}/{key}"

    def link_of(self, told: Told) -> str:
        """Where a reader is led from a paper: to its place on its day's page; where that is private, to the paper."""
        return f"{self.address}/{digest_key(told.day)}#{told.paper.id}" if self.address else told.paper.link


def is_news(day: dt.date, today: dt.date) -> bool:
    """Whether a day's digest is told unasked on `today`, in the readers' zone: one that is made up for later is not."""
    return 0 <= (today - day).days <= MAX_AGE_DAYS


def why_not_told(page: PublishedDay | None, today: dt.date, asked: bool) -> str | None:
    """Why a day is not announced where it is `today`, in the readers' zone; None where it is.

    One that a later run can still mend waits for that, but not longer than for the day's last one. Where somebody
    `asked` for it, it need only be published.
    """
    if page is None:
        return "it is not published"
    if asked:
        return None
    if not is_news(page.day, today):
        return "it is no news"
    return "a later run can still mend it" if page.open and not page.due else None


def announcement_for(
    gets: Subscription,
    page: PublishedDay,
    page_of: Callable[[dt.date], ArchivedDay | None],
    address: str | None,
) -> Announcement | None:
    """What a channel that `gets` that is told of a published day; None where there is nothing for it.

    The week before a day is told with each of its own week's days, the first of which brings it.
    """
    if gets == "weekly":
        week = week_before(page.day)
        days = [found for number in range(7) if (found := page_of(monday_of(week) + dt.timedelta(days=number)))]
        return of_week(days, week, address)
    return of_day(page, address, trophies=gets == "trophies")


def week_before(day: dt.date) -> str:
    """The name of the week that is told with a day: the one before its own."""
    return week_name(day - dt.timedelta(days=7))


def of_day(day: ArchivedDay, address: str | None, trophies: bool = False) -> Announcement | None:
    """What is told of a day: all its papers, or those with `trophies` alone; None where there are none."""
    papers = (Told(day.day, paper) for paper in day.selected if paper.trophy or not trophies)
    return _announcement(str(day.day), papers, address, trophies)


def of_week(days: Iterable[ArchivedDay], week: str, address: str | None) -> Announcement | None:
    """What is told of a week such as ``2026-W06``: the best papers of its `days`; None where there are none."""
    return _announcement(week, (Told(day.day, paper) for day, paper in best_of(days)), address)


def _announcement(
    name: str, papers: Iterable[Told], address: str | None, trophies: bool = False
) -> Announcement | None:
    told = tuple(papers)
    low = sum(each.paper.rung is not None and each.paper.rung.low for each in told)
    return Announcement(name, told, low, address, trophies) if told else None
