"""The pages that lead to the days: the index, and the pages of months, years and weeks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from paperboy.archive.archive import Archive, monday_of
from paperboy.archive.calendar import CalendarWeek, calendar_of, shade_ranges
from paperboy.archive.html import html_page
from paperboy.archive.month import ArchivedDay, ArchivedPaper, Month
from paperboy.archive.site import (
    DAILY_FEED_KEY,
    INDEX_KEY,
    JSON_FEED_KEY,
    PAPERS_FEED_KEY,
    TROPHIES_FEED_KEY,
    month_page_key,
    week_name,
    week_page_key,
    year_page_key,
)
from paperboy.languages.language import Language, load_language
from paperboy.pages.site import Page

FIRST_LINES = 5
"""How many papers of the newest digest the index names."""
INDEX_MONTHS = 12
"""How many months the index has calendars of: those with digests, the newest."""
WEEK_PAPERS = 20
"""How many papers a week's page has at most."""

ATOM_TYPE, JSON_FEED_TYPE = "application/atom+xml", "application/feed+json"


def index_page(archive: Archive, language: Language, has_feeds: bool) -> Page:
    """The newest digest's first lines, calendars of the newest months, and the ways to years and feeds.

    Where there are no feeds it says why.
    """
    newest = archive.newest
    months = [archive.read(name) for name in archive.months[: -INDEX_MONTHS - 1 : -1]]
    return html_page(
        INDEX_KEY,
        "index.html",
        language,
        newest.day,
        newest=newest,
        lines=newest.selected[:FIRST_LINES],
        year=newest.day.year,
        feeds=_feeds(language) if has_feeds else [],
        calendars=_calendars(archive, months),
        shades=shade_ranges(),
    )


def month_page(month: Month, language: Language) -> Page:
    """A line a paper that is in, by day, newest day first; the month has digests. It depends on this month alone."""
    return html_page(
        month_page_key(month.month),
        "month.html",
        language,
        month.days[-1].day,
        month=month,
        year=int(month.month[:4]),
        weeks=calendar_of(month),
        shades=shade_ranges(),
    )


def year_page(archive: Archive, year: int, language: Language) -> Page:
    """The calendars of a year that has digests, and the ways to the nearest years that have some."""
    months = [archive.read(name) for name in months_of_year(archive, year)]
    before, after = years_beside(archive, year)
    return html_page(
        year_page_key(year),
        "year.html",
        language,
        max((each.day for month in months for each in month.days), default=archive.newest.day),
        year=year,
        before=before,
        after=after,
        calendars=_calendars(archive, months),
        shades=shade_ranges(),
    )


def week_page(archive: Archive, week: str, language: Language) -> Page:
    """The best papers of a week that has a digest, and its days."""
    days, monday = archive.days_of_week(week), monday_of(week)
    return html_page(
        week_page_key(week),
        "week.html",
        language,
        days[-1].day,
        week=week,
        monday=monday,
        sunday=monday + dt.timedelta(days=6),
        days=days,
        months=list(dict.fromkeys(day.month for day in days)),
        best=best_of(days),
        tag_of=lambda code: load_language(code).tag,
    )


def is_over(archive: Archive, week: str) -> bool:
    """Whether a digest of a later week is there."""
    return week < week_name(archive.newest.day)


def best_of(days: Iterable[ArchivedDay]) -> list[tuple[ArchivedDay, ArchivedPaper]]:
    """The papers with the best scores that were in on these days, each once, with the day of that score."""
    found = [(day, paper) for day in days for paper in day.selected]
    found.sort(key=lambda each: -each[1].score)  # of equals the earlier day's and the better placed comes first
    best: dict[str, tuple[ArchivedDay, ArchivedPaper]] = {}
    for day, paper in found:
        best.setdefault(paper.id, (day, paper))
    return list(best.values())[:WEEK_PAPERS]


def months_of_year(archive: Archive, year: int) -> list[str]:
    """The names of the months of a year that have digests, oldest first."""
    return [name for name in archive.months if int(name[:4]) == year]


def years_beside(archive: Archive, year: int) -> tuple[int | None, int | None]:
    """The nearest years before and after one that have digests."""
    years = {int(name[:4]) for name in archive.months}
    before = max((each for each in years if each < year), default=None)
    after = min((each for each in years if each > year), default=None)
    return before, after


def _calendars(archive: Archive, months: Iterable[Month]) -> dict[str, tuple[CalendarWeek, ...]]:
    """The calendar of each of these months."""
    newest_week = week_name(archive.newest.day)
    return {month.month: calendar_of(month, newest_week) for month in months}


def _feeds(language: Language) -> list[tuple[str, str, str]]:
    """The type, the label and the key of each feed."""
    labels = language.labels
    return [
        (ATOM_TYPE, labels.feeds.daily, DAILY_FEED_KEY),
        (ATOM_TYPE, labels.feeds.papers, PAPERS_FEED_KEY),
        (ATOM_TYPE, labels.feeds.trophies, TROPHIES_FEED_KEY),
        (JSON_FEED_TYPE, labels.feeds.daily_json, JSON_FEED_KEY),
    ]
