"""Which pages across days have to be made when days came out or changed: as few, however old the archive is.

A day whose page cannot be read is in no archive, and then has a part in nothing that there is.

Whatever the order in which days come, and if one comes twice, the pages end up as if all were made anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from paperboy.archive.archive import Archive
from paperboy.archive.feeds import feed_pages
from paperboy.archive.month import month_of
from paperboy.archive.overview import (
    index_page,
    is_over,
    month_page,
    months_of_year,
    week_page,
    year_page,
    years_beside,
)
from paperboy.archive.search import search_page, shards_page
from paperboy.archive.site import (
    FEED_KEYS,
    INDEX_KEY,
    SEARCH_KEY,
    SHARDS_KEY,
    month_page_key,
    week_name,
    week_page_key,
    year_page_key,
)
from paperboy.languages.language import Language
from paperboy.pages.site import Page


@dataclass(frozen=True)
class _Plan:
    """What of an archive has to be made anew, besides what always is."""

    months: tuple[str, ...]
    years: tuple[int, ...]
    weeks: tuple[str, ...]


def months_to_make(archive: Archive, days: Iterable[dt.date]) -> list[str]:
    """The months whose shards and pages have to be made when `days` came out or changed, oldest first.

    The first day of a month brings the month before it as well: only now is it known which of that one's last days had
    no papers.
    """
    found = set()
    for day in days:
        before = [name for name in archive.months if name < month_of(day)]
        found |= {month_of(day)} | (set(before[-1:]) if _is_first(archive, day, month_of(day)) else set())
    return sorted(name for name in found & {*archive.months} if archive.read(name).days)


def keys_of(archive: Archive, days: Iterable[dt.date], has_feeds: bool) -> list[str]:
    """The keys of what `pages_of` makes, in the same order."""
    plan = _plan(archive, set(days))
    return [
        SEARCH_KEY,
        SHARDS_KEY,
        *map(month_page_key, plan.months),
        *map(year_page_key, plan.years),
        *map(week_page_key, plan.weeks),
        INDEX_KEY,
        *(FEED_KEYS if has_feeds else ()),
    ]


def pages_of(archive: Archive, days: Iterable[dt.date], language: Language, address: str | None) -> list[Page]:
    """The pages that have to be made when these published `days` came out or changed; the archive has them already.

    Feeds are among them where there is an `address` that readers reach the pages at.
    """
    plan, newest = _plan(archive, set(days)), archive.newest.day
    return [
        search_page(language, newest),
        shards_page(archive.months, newest),
        *(month_page(archive.read(name), language) for name in plan.months),
        *(year_page(archive, year, language) for year in plan.years),
        *(week_page(archive, week, language) for week in plan.weeks),
        index_page(archive, language, has_feeds=address is not None),
        *(feed_pages(archive, language, address) if address is not None else ()),
    ]


def _plan(archive: Archive, days: set[dt.date]) -> _Plan:
    months = months_to_make(archive, days)
    before = {found for day in days if (found := _day_before(archive, day))}
    weeks = {week_name(day) for day in days | before}
    over = sorted(week for week in weeks if is_over(archive, week) and archive.days_of_week(week))
    years = {int(name[:4]) for name in months}
    # A week that is over now is so in the calendars of each year that it has days in.
    years |= {day.day.year for week in over for day in archive.days_of_week(week)}
    for day in days:
        if _is_first(archive, day, next(iter(months_of_year(archive, day.year)), "")):
            years |= {year for year in years_beside(archive, day.year) if year}
    return _Plan(tuple(months), tuple(sorted(years)), tuple(over))


def _is_first(archive: Archive, day: dt.date, month: str) -> bool:
    """Whether `day` is the first that is published in a month."""
    return month in archive.months and [day] == [each.day for each in archive.read(month).days[:1]]


def _day_before(archive: Archive, day: dt.date) -> dt.date | None:
    """The last published day before one; None for the first of all."""
    for name in reversed([name for name in archive.months if name <= month_of(day)]):
        if earlier := [each.day for each in archive.read(name).days if each.day < day]:
            return earlier[-1]
    return None
