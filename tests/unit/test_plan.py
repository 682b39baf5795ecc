"""What has to be made when a day comes: enough that nothing is ever stale, and no more as the archive grows."""

import datetime as dt
import random
from collections.abc import Iterable
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paperboy.archive.archive import Archive
from paperboy.archive.month import ArchivedDay, ArchivedPaper, Month, month_of
from paperboy.archive.overview import is_over
from paperboy.archive.plan import keys_of, months_to_make, pages_of
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
from tests.samples import ZH, archive_of

ADDRESS = "https://papers.example"


@cache
def small_day(date: dt.date) -> ArchivedDay:
    """A day of one paper."""
    one = ArchivedPaper(
        id=f"{date:%y%m}.{date:%d}000",
        link=f"https://arxiv.org/abs/{date:%y%m}.{date:%d}000",
        number=1,
        title_en=f"A paper of {date}",
        organization="Qwen",
        score=date.day,
        summary="Of that day.",
    )
    return ArchivedDay(day=date, language="en", papers=(one,))


def dates(first: str, last: str) -> list[dt.date]:
    """The days from the first to the last, both included."""
    start, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    return [start + dt.timedelta(days=number) for number in range((end - start).days + 1)]


class Bucket:
    """The shards and pages of an archive, written as its days come: what a function does that hears of each."""

    def __init__(self, calendar: Iterable[dt.date]) -> None:
        """Of the `calendar`, the days that do not come have no papers, which is known from the next digest on."""
        self.calendar = set(calendar)
        self.there: set[dt.date] = set()
        self.shards: dict[str, Month] = {}
        self.pages: dict[str, str] = {}

    def hear(self, *days: dt.date, of_the_calendar: set[dt.date]) -> None:
        """Days came or changed; others may be there of which it was not heard yet."""
        self.there.update(days)
        empty = {day for day in self.calendar - of_the_calendar if day < max(self.there)}
        self._write_shards({month_of(day) for day in days}, empty)
        self._write_shards(months_to_make(self.archive, days), empty)
        self.pages |= {page.key: page.text for page in pages_of(self.archive, days, ZH, ADDRESS)}

    @property
    def archive(self) -> Archive:
        return Archive(tuple(sorted(self.shards)), self.shards.__getitem__)

    def _write_shards(self, months: Iterable[str], empty: set[dt.date]) -> None:
        for name in months:
            days = [small_day(day) for day in self.there if month_of(day) == name]
            self.shards[name] = Month.of(name, days, [day for day in empty if month_of(day) == name])


def came(calendar: list[dt.date], published: set[dt.date], *groups: Iterable[dt.date]) -> dict[str, str]:
    """The pages after groups of days were heard of, one group after the other."""
    bucket = Bucket(calendar)
    for group in groups:
        bucket.hear(*group, of_the_calendar=published)
    return bucket.pages


def by_month(published: set[dt.date]) -> list[list[dt.date]]:
    """All days of a month at once, months in order: how everything is made anew."""
    months = sorted({month_of(day) for day in published})
    return [[day for day in sorted(published) if month_of(day) == name] for name in months]


def same(made: dict[str, str], expected: dict[str, str]) -> None:
    assert expected.keys() == made.keys()
    assert [] == [key for key, text in expected.items() if text != made[key]]


SPANS = {
    "the last week of a year that has 53": ("2026-12-21", "2027-01-11"),
    "a first week that begins in the year before": ("2025-12-22", "2026-01-06"),
    "a month that begins on a Monday": ("2026-05-28", "2026-06-09"),
}


def weekdays(calendar: list[dt.date], *without: tuple[str, str]) -> set[dt.date]:
    """The working days, but for holidays from a first day to a last one."""
    return {day for day in calendar if day.weekday() < 5} - {day for span in without for day in dates(*span)}


@pytest.mark.parametrize("span", SPANS.values(), ids=list(SPANS))
def test_day_by_day_is_as_made_anew(span: tuple[str, str]) -> None:
    """Days that come one at a time, in order or not, or twice, leave the pages that making all anew leaves."""
    calendar = dates(*span)
    published = weekdays(calendar)
    anew = came(calendar, published, *by_month(published))
    in_order = sorted(published)
    shuffled = random.Random(1).sample(in_order, len(in_order))  # noqa: S311 - the same at each run
    for order in (in_order, shuffled + in_order[::4]):
        same(came(calendar, published, *([day] for day in order)), anew)
    same(came(calendar, published, published), anew)


def test_weeks_and_months_without_days() -> None:
    """Gaps of weeks, of a month and of a year are nothing special."""
    calendar = dates("2025-09-29", "2027-03-02")
    published = weekdays(
        calendar, ("2025-10-03", "2025-12-30"), ("2026-01-03", "2026-01-30"), ("2026-02-03", "2027-02-27")
    )
    anew = came(calendar, published, *by_month(published))
    for order in (sorted(published), sorted(published, reverse=True)):
        same(came(calendar, published, *([day] for day in order)), anew)
    weeks = {week_name(day) for day in published}
    assert {week_page_key(week) for week in weeks - {max(weeks)}} == {key for key in anew if key.startswith("weeks/")}
    assert {month_page_key(month_of(day)) for day in published} == {key for key in anew if key.startswith("months/")}
    assert {year_page_key(day.year) for day in published} == {key for key in anew if key.startswith("years/")}
    others = {key for key in anew if not key.startswith(("weeks/", "months/", "years/"))}
    assert {INDEX_KEY, SEARCH_KEY, SHARDS_KEY, *FEED_KEYS} == others


EDGES = [
    *dates("2025-12-26", "2026-01-06"),
    *dates("2026-01-30", "2026-02-03"),
    *dates("2026-12-28", "2027-01-04"),
    *dates("2028-05-05", "2028-05-08"),
]
"""Days at which weeks, months and years end, and with gaps between them."""


@settings(max_examples=20)
@given(order=st.lists(st.sampled_from(EDGES), min_size=1, max_size=5), seen_early=st.integers(0, 3))
def test_any_order_is_as_made_anew(order: list[dt.date], seen_early: int) -> None:
    """Whatever comes in whatever order, also where a day is there before it is heard of: the pages are as made anew."""
    calendar, published = dates("2025-12-20", "2027-01-10"), set(order)
    bucket = Bucket(calendar)
    for number, day in enumerate(order):
        bucket.there.update(order[: number + 1 + seen_early])
        bucket.hear(day, of_the_calendar=published)
    same(bucket.pages, came(calendar, published, *by_month(published)))


def counted(number: int) -> tuple[list[str], set[str]]:
    """The keys that a new day writes after a number of days, and the months read for it."""
    last = dt.date(2026, 3, 20)
    archive = archive_of(*(small_day(last - dt.timedelta(days=back)) for back in range(number)))
    read = set()

    def reading(name: str) -> Month:
        read.add(name)
        return archive.read(name)

    watched = Archive(archive.months, reading)
    keys = keys_of(watched, [last], has_feeds=True)
    assert keys == [page.key for page in pages_of(watched, [last], ZH, ADDRESS)]
    return keys, read


def test_a_day_costs_the_same_however_old_the_archive_is() -> None:
    """After 3,000 days a new one writes the same keys as after 30, and no more months are read than after 400."""
    (few, _), (some, months_of_some), (many, months_of_many) = (counted(number) for number in (30, 400, 3000))
    assert few == some == many
    assert len(many) < 20
    assert months_of_some == months_of_many
    assert len(months_of_many) < 15


@pytest.mark.parametrize(
    ("day", "months", "years", "weeks"),
    [
        ("2027-01-06", ["2027-01"], [2027], []),
        ("2027-01-04", ["2027-01"], [2026, 2027], ["2026-W53"]),
        ("2027-01-01", ["2026-12", "2027-01"], [2026, 2027], ["2026-W53"]),
        ("2026-12-30", ["2026-12"], [2026, 2027], ["2026-W53"]),
    ],
)
def test_what_a_day_brings(day: str, months: list[str], years: list[int], weeks: list[str]) -> None:
    """A day brings its month and year, and the year of the week that it ended; the first of a month brings the one
    before."""
    days = [date for date in dates("2026-11-02", "2027-01-06") if date.weekday() < 5]
    keys = keys_of(archive_of(*map(small_day, days)), [dt.date.fromisoformat(day)], has_feeds=False)
    assert [
        *(SEARCH_KEY, SHARDS_KEY, *map(month_page_key, months), *map(year_page_key, years)),
        *(*map(week_page_key, weeks), INDEX_KEY),
    ] == keys


def test_a_week_is_over_with_a_digest_of_a_later_one() -> None:
    """A week is over once a later week has a digest, over a year's end too; its last day alone does not end it."""
    days = [small_day(dt.date(2026, 12, 31)), small_day(dt.date(2027, 1, 3))]
    assert not is_over(archive_of(*days), "2026-W53")
    assert is_over(archive_of(*days, small_day(dt.date(2027, 1, 4))), "2026-W53")
    assert is_over(archive_of(small_day(dt.date(2026, 1, 1))), "2025-W52")
