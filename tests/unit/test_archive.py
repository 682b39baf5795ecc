"""The archive: what it keeps of a day's page, and what a month's shard says."""

import datetime as dt
import json
from typing import Any

import pytest

from paperboy.archive.archive import monday_of
from paperboy.archive.month import ArchivedDay, ArchiveError, Month
from paperboy.archive.site import month_of_shard, shard_key, week_name
from paperboy.days.digest import Digest, assemble
from paperboy.pages import json as json_page
from paperboy.papers.paper import Authors
from paperboy.summaries.summary import Rung
from tests.samples import (
    DAY,
    EN,
    ENGLISH_REPLY,
    ROOT,
    ZH,
    archive_of,
    archived,
    day,
    listed_digest,
    paper,
    sample_summaries,
    summary,
)

SAMPLE = ROOT / "events/sample/2026-02-03.json"
NEXT_DAY = DAY + dt.timedelta(days=1)


def digest(date: dt.date = DAY, number: int = 12, **values: Any) -> Digest:
    """A digest of ten papers; those that are more were left out."""
    papers = [paper(place, upvotes=100 - place, **values) for place in range(number)]
    made = assemble(day(*papers, date=date))
    assert made
    return made


def test_a_day_is_kept_as_its_page_has_it() -> None:
    """The archive has all papers of a day: those of the digest in its order, then those left out, by rank."""
    sample = listed_digest(SAMPLE, sample_summaries())
    kept = archived(sample)
    assert (sample.day, "zh", sample.open) == (kept.day, kept.language, kept.open)
    assert [entry.paper.id for entry in sample.entries] == [one.id for one in kept.selected]
    assert sorted(one.paper.id for one in sample.left_out) == sorted(
        one.id for one in kept.papers[len(kept.selected) :]
    )
    first, entry = kept.papers[0], sample.entries[0]
    assert (1, entry.summary.title, entry.paper.title, entry.summary.summary, entry.summary.highlights, "zh") == (
        *(first.number, first.title, first.title_en, first.summary, first.highlights, first.summary_language),
    )
    left = kept.papers[len(kept.selected)]
    assert (None, None, "", None) == (left.number, left.title, left.summary, left.rung)


def test_an_english_day_has_no_titles_of_its_own() -> None:
    """Papers of a digest in English have their own title and no other."""
    papers = [paper(number) for number in range(2)]
    made = assemble(
        day(*papers, summaries={one.id: summary(Rung.MODEL, **ENGLISH_REPLY, title=None) for one in papers})
    )
    assert made
    assert [None, None] == [one.title for one in archived(made, EN).papers]


def test_a_page_of_an_earlier_release_is_read() -> None:
    """Pages had no authors, no format and little of what was left out: they are read all the same."""
    page = json.loads(json_page.write(digest(), ZH))
    new = ("authors", "author_count", "keywords", "pdf", "discussion", "repository", "project_page", "thumbnail")
    for one in (*page["papers"], *page["left_out"]):
        for name in (*new, "written_at", "lacking_upvotes"):
            one.pop(name, None)
    for one in page["left_out"]:
        for name in ("tags", "trophy", "tier", "parts", "stars", "comments"):
            del one[name]
    del page["format"], page["open"]
    kept = ArchivedDay.of_page(json.dumps(page))
    assert (12, 10, (), False) == (len(kept.papers), len(kept.selected), kept.papers[0].authors, kept.open)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "null", "{" * 9999, '{"language": "zh", "papers": [], "left_out": [], "day": "x"}'],
    ids=repr,
)
def test_a_damaged_page_is_refused(text: str) -> None:
    """What is no digest's page is refused with a reason."""
    with pytest.raises(ArchiveError, match=r"."):
        ArchivedDay.of_page(text)


TEXTS = ("title_zh", "title_en", "summary", "organization")
LISTS = ("highlights", "authors", "keywords", "tags")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "\ud800") for name in TEXTS),
        *((name, ["\udfff"]) for name in LISTS),
        *(("score", value) for value in (float("nan"), float("inf"), "1e999")),
    ],
)
def test_a_page_that_no_shard_could_hold_is_refused(name: str, value: Any) -> None:
    """Half a character, or a score that is no number, which Python reads and no browser does, is refused at once."""
    page = json.loads(json_page.write(digest(), ZH))
    page["papers"][0][name] = value
    with pytest.raises(ArchiveError, match=r"."):
        ArchivedDay.of_page(json.dumps(page).replace('"1e999"', "1e999"))


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://a@b/", "https://a.example/ b"])
def test_an_address_that_is_none_is_refused(link: str) -> None:
    """A page whose addresses lead elsewhere than to HTTP is refused, whoever put it there."""
    page = json.loads(json_page.write(digest(), ZH))
    page["papers"][3]["link"] = link
    with pytest.raises(ArchiveError, match=r"papers\.3\.link"):
        ArchivedDay.of_page(json.dumps(page))


def test_a_shard_is_a_month() -> None:
    """A month is read from its shard as it was, whatever the order its days came in."""
    authors = Authors.of([f"Author {number}" for number in range(664)])
    days = [archived(digest(NEXT_DAY, authors=authors)), archived(listed_digest(SAMPLE, sample_summaries()))]
    month = Month.of("2026-02", days, [dt.date(2026, 2, 7), dt.date(2026, 2, 1)])
    assert [DAY, NEXT_DAY] == [each.day for each in month.days]
    assert ("2026-02-01", "2026-02-07") == tuple(map(str, month.empty))
    assert month == Month.of_shard(month.shard())
    assert month.shard() == Month.of("2026-02", reversed(days), month.empty).shard()
    low = [one for one in month.days[0].selected if one.rung is Rung.LISTING]
    assert [] == [one for one in low if one.title]


@pytest.mark.parametrize(
    "edit",
    [
        {"format": 2},
        {"month": "2026-03"},
        {"month": "2026-2"},
        {"days": None},
        {"empty": ["2026-03-01"]},
        {"papers": {}},
        {"papers": {"id": ["1"], "link": []}},
        {"papers": []},
    ],
    ids=str,
)
def test_a_bad_shard_is_refused(edit: dict[str, Any]) -> None:
    """A shard of another format, or with another month's days, is refused with a reason."""
    shard = json.loads(Month.of("2026-02", [archived(digest())], ()).shard())
    with pytest.raises(ArchiveError, match=r"expected|valid|match"):
        Month.of_shard(json.dumps(shard | edit))


def test_days_come_newest_first() -> None:
    """The days of an archive come newest first, through all months."""
    dates = [dt.date(2025, 12, 31), dt.date(2026, 1, 1), DAY, NEXT_DAY]
    archive = archive_of(*(archived(digest(date)) for date in dates))
    assert dates[::-1] == [each.day for each in archive.days()]
    assert NEXT_DAY == archive.newest.day
    assert dates[:2] == [each.day for each in archive.days_of_week("2026-W01")]


@pytest.mark.parametrize(
    ("date", "week", "monday"),
    [
        ("2026-02-03", "2026-W06", "2026-02-02"),
        ("2027-01-03", "2026-W53", "2026-12-28"),
        ("2025-12-29", "2026-W01", "2025-12-29"),
    ],
)
def test_weeks_are_those_of_iso_8601(date: str, week: str, monday: str) -> None:
    """A week runs from Monday to Sunday and belongs to the year of its Thursday; W53 exists."""
    assert (week, monday) == (week_name(dt.date.fromisoformat(date)), str(monday_of(week)))


def test_the_key_of_a_shard_names_its_month() -> None:
    """From a shard's key its month is told, and from no other key."""
    assert "2026-02" == month_of_shard(shard_key("2026-02"))
    assert [None, None] == [month_of_shard(key) for key in ("search/months.json", "search/2026-13.json")]
