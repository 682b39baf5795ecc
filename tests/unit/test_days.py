"""Days in words: what is asked for, and what came of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from paperboy.digest import Receipt
from paperboy.listing import Rejected
from paperboy.records import Day, PublishedRecord
from paperboy.summary import Rung
from paperboy_cli import backfill
from paperboy_cli.backfill import Result, in_words, run_days
from paperboy_cli.days import Days, read_days
from paperboy_cli.deployed import Deployed, Seen
from paperboy_cli.errors import PaperboyError
from paperboy_cli.steps import receipt_in_words
from tests.samples import DAY, day, paper

FIRST = dt.date(2026, 2, 1)
WHY = "expected an object, got str"


@pytest.mark.parametrize(
    ("text", "number", "span"),
    [
        ("2026-02-03", 1, False),
        ("2026-02-03..2026-02-03", 1, True),
        ("2026-02-27..2026-03-02", 4, True),
        ("2025-01-01..2026-01-01", 366, True),
    ],
)
def test_days_are_read(text: str, number: int, span: bool) -> None:
    """A day, and a span with both its ends, come oldest first and are written again as they were."""
    days = read_days(text)
    assert (number, span, text) == (len(days), days.span, str(days))
    assert sorted(set(days)) == list(days)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("yesterday", "write 2026-02-03, or for several 2026-02-01..2026-02-28"),
        ("2026-02-03..", "write 2026-02-03, or for several 2026-02-01..2026-02-28"),
        ("2026-02-30..2026-03-01", "write 2026-02-03, or for several 2026-02-01..2026-02-28"),
        ("2026-02-03..2026-02-01", "ends before it begins: write the older day first, 2026-02-01..2026-02-03"),
        ("2025-01-01..2026-01-02", "is 367 days, and 366 are the most at once"),
    ],
)
def test_bad_days_are_told_what_was_expected(text: str, said: str) -> None:
    """What is no day or no span of days is answered with the text itself and with what was expected."""
    with pytest.raises(ValueError, match=r"^'") as error:
        read_days(text)
    assert repr(text) in str(error.value)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("where", "words"),
    [
        (["item 1", "item 2", "item 3"], "item 1 to item 3"),
        (["item 1", "item 3", "item 4"], "item 1, item 3 to item 4"),
        (["2602.02343", "item 2"], "2602.02343, item 2"),
        ([f"2602.0000{number}" for number in range(7)], ", ".join(f"2602.0000{n}" for n in range(5)) + " and 2 more"),
    ],
)
def test_equal_reasons_are_told_once(where: list[str], words: str) -> None:
    """A receipt tells a reason once, with the places it is about: neighbours as a span, and five at most."""
    rejected = (*(Rejected(where=each, why=WHY) for each in where), Rejected(where="item 9", why="no title"))
    receipt = Receipt(listed=len(rejected), kept=0, selected=0, left_out=0, rejected=rejected)
    expected = f"{len(rejected)} listed + 0 kept = 0 in + 0 left out + {len(rejected)} rejected: {words}: {WHY}"
    assert f"{expected}; item 9: no title" == receipt_in_words(receipt)


@dataclass
class Fake:
    """A stack whose days are known, and become known as they are asked for; a day it does not know fails."""

    known: dict[dt.date, Day]
    comes: dict[dt.date, Day] = field(default_factory=dict)
    missing: str = ""
    asked: list[dt.date] = field(default_factory=list)

    @property
    def table(self) -> Fake:
        return self

    def read_day(self, day: dt.date) -> Day:
        return self.known.get(day, Day(day))

    def run(self, day: dt.date, due: bool) -> Iterator[Seen]:  # noqa: ARG002 - as the real one
        self.asked.append(day)
        if day not in self.comes:
            raise PaperboyError(f"the listing of {day} could not be had")
        self.known[day] = self.comes[day]
        yield Seen(0.0, "published" if self.comes[day].published else "empty", "10 papers")

    def restore(self, day: Day) -> str:  # noqa: ARG002 - as the real one
        return self.missing

    def link(self, day: dt.date, kind: str) -> str:
        return f"{day}.{kind}"


def out(date: dt.date, still_open: bool = False, **run: Any) -> Day:
    """A day whose digest is published."""
    records = day(paper(), date=date, **run)
    record = PublishedRecord(
        attempt=1,
        ids=(paper().id,),
        hashes={},
        rungs={Rung.MODEL: 1},
        open=still_open,
        published_at=dt.datetime(2026, 2, 4, tzinfo=dt.UTC),
    )
    return replace(records, published=record)


def none(date: dt.date, *rejected: Rejected) -> Day:
    """A day that is recorded as one without papers."""
    return replace(day(date=date, rejected=rejected), ranking=None)


def made(fake: Fake, last: dt.date, again: bool = False) -> list[Result]:
    return list(run_days(as_deployed(fake), Days(FIRST, last, span=True), due=False, again=again))


def as_deployed(fake: Any) -> Deployed:
    deployed: Deployed = fake
    return deployed


@pytest.fixture(autouse=True)
def _no_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "PACE", 0.0)


def test_one_bad_day_does_not_stop_the_others() -> None:
    """A day that fails is told with its reason, and the days after it are made all the same."""
    fake = Fake(known={}, comes={FIRST: out(FIRST), DAY: none(DAY)})
    results = made(fake, DAY)
    second = FIRST + dt.timedelta(days=1)
    assert ["published", "failed", "empty"] == [each.status for each in results]
    assert f"the listing of {second} could not be had" == results[1].text
    assert "1 published, 1 without papers, 1 failed." in in_words(results, Days(FIRST, DAY, span=True))


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        (out(FIRST), False),
        (none(FIRST), False),
        (out(FIRST, still_open=True), True),
        (out(FIRST, attempt=2), True),
        (out(FIRST, broken=(Rejected(where="item 1", why=WHY),)), True),
        (none(FIRST, Rejected(where="item 1", why=WHY)), True),
        (Day(FIRST), True),
    ],
    ids=["out", "no papers", "open", "newer run", "broken since", "broken", "unknown"],
)
@pytest.mark.parametrize("again", [False, True])
def test_days_that_are_done_are_not_asked_for(known: Day, asked: bool, again: bool) -> None:
    """The source is asked for a day that has something left to do, and for one that is done only when told to."""
    fake = Fake(known={FIRST: known}, comes={FIRST: known})
    result = made(fake, FIRST, again)[0]
    assert [FIRST] * (asked or again) == fake.asked
    assert (result.status == "skipped") == (not asked and not again)


def test_missing_pages_of_a_done_day_are_put_back() -> None:
    """A day that is done and whose page is missing counts as published, with the page's name."""
    fake = Fake(known={FIRST: out(FIRST)}, missing="digests/2026-02-01.html")
    result = made(fake, FIRST)[0]
    assert ("published", "put back: digests/2026-02-01.html") == (result.status, result.text)
    assert [] == fake.asked


@pytest.mark.parametrize(
    ("known", "status", "why"),
    [
        (none(FIRST), "empty", "no papers that day"),
        (none(FIRST, Rejected(where="item 1", why=WHY)), "failed", f"1 rejected: item 1: {WHY}"),
        (out(FIRST, broken=(Rejected(where="item 1", why=WHY),)), "failed", "the newest listing is broken"),
        (out(FIRST), "published", None),
    ],
    ids=["no papers", "broken", "broken since", "out"],
)
def test_the_line_of_a_program(known: Day, status: str, why: str | None) -> None:
    """Each day is one object with the same keys; a reason stands where there is no new digest."""
    line = made(Fake(known={}, comes={FIRST: known}), FIRST)[0].as_json()
    assert ["day", "status", "why", "receipt", "link"] == list(line)
    assert ("2026-02-01", status) == (line["day"], line["status"])
    assert (why is None) == (line["why"] is None)
    assert (why or "") in str(line["why"])
    assert (f"{FIRST}.html" if known.published else None) == line["link"]
