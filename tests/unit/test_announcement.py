"""Announcements: which papers are told of a day or a week, what is news, and where a reader is led."""

import datetime as dt

import pytest

from paperboy.announcements.announcement import Announcement, Told, is_news, of_day, of_week
from paperboy.archive.overview import WEEK_PAPERS
from paperboy.summaries.summary import Rung
from tests.announcements import ADDRESS, announced, told_day, told_paper
from tests.samples import DAY


def ids(announcement: Announcement) -> list[str]:
    return [told.paper.id for told in announcement.papers]


def test_a_day_is_told_whole() -> None:
    """All papers of a digest are told in its order, and none that was left out."""
    day = told_day(3)
    left_out = told_paper(9, number=None)
    day = day.model_copy(update={"papers": (*day.papers, left_out)})
    made = announced(day)
    assert [told_paper(place).id for place in (1, 2, 3)] == ids(made)
    assert ("2026-02-03", DAY, False, False, 0) == (made.name, made.day, made.is_week, made.trophies, made.low)


def test_trophies_alone() -> None:
    """A channel for trophies is told those, and says so; a day without any is not told."""
    made = announced(told_day(16), trophies=True)
    assert (True, ["2602.00001", "2602.00002"]) == (made.trophies, ids(made))
    assert of_day(told_day(16, trophy=False), ADDRESS, trophies=True) is None


def test_a_day_without_papers_is_not_told() -> None:
    """Nothing to tell is no announcement."""
    assert of_day(told_day(0), ADDRESS) is None
    assert of_week([told_day(0)], "2026-W06", ADDRESS) is None
    assert of_week([], "2026-W06", ADDRESS) is None


@pytest.mark.parametrize(("rung", "low"), [(Rung.MODEL, 0), (Rung.REPAIRED, 0), (Rung.LISTING, 4), (None, 0)])
def test_marked_papers_are_counted(rung: Rung | None, low: int) -> None:
    """Those that no model told of are counted among those that are told."""
    assert low == announced(told_day(4, rung=rung)).low


def test_a_week_is_its_best() -> None:
    """Of a week the best papers are told, best first, a paper of two days once, each with the day of its best score."""
    monday, tuesday = DAY - dt.timedelta(days=1), DAY
    days = [told_day(15, monday), told_day(15, tuesday, score=90), told_day(1, tuesday, id="2602.99999", score=95)]
    made = of_week(days, "2026-W06", ADDRESS)
    assert made
    assert (True, monday, WEEK_PAPERS >= len(made.papers)) == (made.is_week, made.day, True)
    assert ["2602.00001", "2602.00002", "2602.00003", "2602.00004", "2602.00005", "2602.99999"] == ids(made)[:6]
    assert len(ids(made)) == len(set(ids(made))) == 16
    assert {monday, tuesday} == {told.day for told in made.papers}


def test_the_week_is_of_the_year_that_iso_counts() -> None:
    """The Monday of a week that two years share is the earlier year's."""
    assert dt.date(2024, 12, 30) == Announcement("2025-W01", (), 0, None).day


def test_where_readers_are_led() -> None:
    """A paper leads to its place on the page of its day, and the whole to its page, where these can be read."""
    day, told = announced(told_day(1)), Told(DAY, told_paper())
    week = of_week([told_day(1)], "2026-W06", ADDRESS)
    assert week
    assert (f"{ADDRESS}/digests/2026-02-03.html", f"{ADDRESS}/weeks/2026-W06.html") == (day.page, week.page)
    assert {f"{ADDRESS}/digests/2026-02-03.html#2602.00001"} == {day.link_of(told), week.link_of(told)}


def test_private_pages_are_not_linked() -> None:
    """Where pages are private a paper leads to where it is read itself, and nothing leads to a page."""
    day = announced(told_day(1), address=None)
    assert (None, "https://arxiv.org/abs/2602.00001") == (day.page, day.link_of(day.papers[0]))


@pytest.mark.parametrize(
    ("today", "news"),
    [
        (DAY - dt.timedelta(days=1), False),
        (DAY, True),
        (DAY + dt.timedelta(days=1), True),
        (DAY + dt.timedelta(days=2), False),
        (DAY + dt.timedelta(days=365), False),
    ],
)
def test_news(today: dt.date, news: bool) -> None:
    """A digest is news on its own day and on the next, on which it comes out; what is made up for later is not."""
    assert news is is_news(DAY, today)
