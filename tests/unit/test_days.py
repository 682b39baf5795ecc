"""Days on the command line: how they are written, and what comes of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from paperboy.days.digest import Receipt
from paperboy.days.records import DayRecords, DigestRecord
from paperboy.pages.site import PageFormat
from paperboy.papers.listing import Rejection
from paperboy.summaries.summary import Rung
from paperboy_cli.commands import span
from paperboy_cli.commands.span import Result, render_days, run_days, totals
from paperboy_cli.days import Days, read_days
from paperboy_cli.errors import PaperboyError
from paperboy_cli.stack.deployed import Deployed
from paperboy_cli.stack.progress import Progress
from paperboy_cli.terminal import receipt_text
from tests.samples import DAY, day, paper

FIRST = dt.date(2026, 2, 1)
REASON = "expected an object, got str"


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
    ("items", "text"),
    [
        (["item 1", "item 2", "item 3"], "item 1 to item 3"),
        (["item 1", "item 3", "item 4"], "item 1, item 3 to item 4"),
        (["2602.02343", "item 2"], "2602.02343, item 2"),
        ([f"2602.0000{number}" for number in range(7)], ", ".join(f"2602.0000{n}" for n in range(5)) + " and 2 more"),
    ],
)
def test_equal_reasons_are_told_once(items: list[str], text: str) -> None:
    """A receipt tells a reason once, with the items that it is about: neighbours as a span, and five at most."""
    rejections = (*(rejection(each) for each in items), Rejection(item="item 9", reason="no title"))
    receipt = Receipt(listed=len(rejections), kept=0, selected=0, left_out=0, rejections=rejections)
    expected = f"{len(rejections)} listed + 0 kept = 0 in + 0 left out + {len(rejections)} rejected: {text}: {REASON}"
    assert f"{expected}; item 9: no title" == receipt_text(receipt)


def rejection(item: str = "item 1") -> Rejection:
    return Rejection(item=item, reason=REASON)


@dataclass
class Fake:
    """A stack with the records of some days, and those that other days have once they are run; else a run fails."""

    recorded: dict[dt.date, DayRecords]
    run_makes: dict[dt.date, DayRecords] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    """Keys of pages that are missing in the bucket."""
    runs: list[dt.date] = field(default_factory=list)

    source_is_near = False

    @property
    def table(self) -> Fake:
        return self

    def read_day(self, day: dt.date) -> DayRecords:
        return self.recorded.get(day, DayRecords(day))

    def run(self, day: dt.date, due: bool) -> Iterator[Progress]:  # noqa: ARG002 - as the real one
        self.runs.append(day)
        if day not in self.run_makes:
            raise PaperboyError(f"the listing of {day} could not be had")
        records = self.run_makes[day]
        yield Progress(0.0, "published" if records.digest else "empty", "10 papers", records)

    def restore(self, records: DayRecords) -> list[str]:  # noqa: ARG002 - as the real one
        return self.missing

    def render(self, day: dt.date) -> list[str]:
        if day == DAY:
            raise PaperboyError("render could not")
        return self.missing

    def link(self, day: dt.date, format: PageFormat) -> str:  # noqa: A002 - as the real one
        return f"{day}.{format.suffix}"


def out(date: dt.date, still_open: bool = False, **run: Any) -> DayRecords:
    """A day whose digest is published."""
    records = day(paper(), date=date, **run)
    record = DigestRecord(
        attempt=1,
        ids=(paper().id,),
        hashes={},
        rungs={Rung.MODEL: 1},
        open=still_open,
        published_at=dt.datetime(2026, 2, 4, tzinfo=dt.UTC),
    )
    return replace(records, digest=record)


def empty(date: dt.date, *rejections: Rejection) -> DayRecords:
    """A day that is recorded as one without papers."""
    return replace(day(date=date, rejections=rejections), ranking=None)


def results_of(fake: Any, last: dt.date, again: bool = False) -> list[Result]:
    """The results of the days from FIRST to `last`."""
    deployed: Deployed = fake
    return list(run_days(deployed, Days(FIRST, last, span=True), due=False, again=again))


@pytest.fixture(autouse=True)
def _no_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(span, "DAY_INTERVAL_SECONDS", 0.0)


def test_one_bad_day_does_not_stop_the_others() -> None:
    """A day that fails is told with its reason, and the days after it are made all the same."""
    fake = Fake(recorded={}, run_makes={FIRST: out(FIRST), DAY: empty(DAY)})
    results = results_of(fake, DAY)
    second = FIRST + dt.timedelta(days=1)
    assert ["published", "failed", "empty"] == [each.status for each in results]
    assert f"the listing of {second} could not be had" == results[1].text
    assert "1 published, 1 without papers, 1 failed." in totals(results, Days(FIRST, DAY, span=True))


def test_days_that_fail_alike_stop_the_rest() -> None:
    """After three days in a row that failed for the same reason the next one is told to be stopped, and none is run."""
    first_good = Fake(recorded={}, run_makes={FIRST: out(FIRST)})
    results = results_of(first_good, dt.date(2026, 2, 9))
    assert ["published", "failed", "failed", "failed", "stopped"] == [each.status for each in results]
    assert 4 == len(first_good.runs)
    assert "3 days in a row failed alike, and so would this one" == results[-1].as_json()["reason"]
    said = totals(results, Days(FIRST, dt.date(2026, 2, 9), span=True)).splitlines()
    assert "2026-02-01..2026-02-09: 1 published, 3 failed, 5 not looked at." == said[0]
    assert ["  2026-02-02, 2026-02-03, 2026-02-04 failed: the listing of 2026-02-02 could not be had"] == said[1:]


def test_days_that_fail_otherwise_stop_nothing() -> None:
    """A day between that comes out, or fails for another reason, begins the count anew."""
    makes = {day: out(day) if day.day % 3 else empty(day, rejection()) for day in Days(FIRST, DAY, span=True)}
    fake = Fake(recorded={}, run_makes=makes | {dt.date(2026, 2, 6): out(dt.date(2026, 2, 6))})
    results = results_of(fake, dt.date(2026, 2, 8))
    assert "stopped" not in [each.status for each in results]
    assert 5 == [each.status for each in results].count("failed")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [(["latest.md"], ("published", "changed: latest.md")), ([], ("unchanged", "no page has changed"))],
)
def test_days_that_are_rendered(changed: list[str], expected: tuple[str, str]) -> None:
    """A day that is out has its pages written again, one that is not is left, and one that fails costs no other."""
    fake: Any = Fake(recorded={FIRST: out(FIRST), DAY: out(DAY)}, missing=changed)
    results = list(render_days(fake, Days(FIRST, DAY, span=True)))
    assert [
        expected,
        ("unchanged", "the digest of its newest run is not out"),
        ("failed", "render could not"),
    ] == [(each.status, each.text) for each in results]
    assert [] == fake.runs


@pytest.mark.parametrize(
    ("records", "is_run"),
    [
        (out(FIRST), False),
        (empty(FIRST), False),
        (out(FIRST, still_open=True), True),
        (out(FIRST, attempt=2), True),
        (out(FIRST, broken_listing=(rejection(),)), True),
        (empty(FIRST, rejection()), True),
        (DayRecords(FIRST), True),
    ],
    ids=["out", "no papers", "open", "newer run", "broken since", "broken", "no records"],
)
@pytest.mark.parametrize("again", [False, True])
def test_days_that_are_done_are_not_run(records: DayRecords, is_run: bool, again: bool) -> None:
    """A day is run that has something left to do, and one that is done only when that is wanted."""
    fake = Fake(recorded={FIRST: records}, run_makes={FIRST: records})
    result = results_of(fake, FIRST, again)[0]
    assert [FIRST] * (is_run or again) == fake.runs
    assert (result.status == "skipped") == (not is_run and not again)


def test_missing_pages_of_a_done_day_are_put_back() -> None:
    """A day that is done and whose page is missing counts as published, with the page's key."""
    fake = Fake(recorded={FIRST: out(FIRST)}, missing=["digests/2026-02-01.html", "index.html"])
    result = results_of(fake, FIRST)[0]
    assert ("published", "put back: digests/2026-02-01.html, index.html") == (result.status, result.text)
    assert [] == fake.runs


@pytest.mark.parametrize(
    ("records", "status", "reason"),
    [
        (empty(FIRST), "empty", "no papers that day"),
        (empty(FIRST, rejection()), "failed", f"1 rejected: item 1: {REASON}"),
        (out(FIRST, broken_listing=(rejection(),)), "failed", "the newest listing is broken"),
        (out(FIRST), "published", None),
    ],
    ids=["no papers", "broken", "broken since", "out"],
)
def test_the_line_of_a_program(records: DayRecords, status: str, reason: str | None) -> None:
    """Each day is one object with the same keys; a reason stands where there is no new digest."""
    line = results_of(Fake(recorded={}, run_makes={FIRST: records}), FIRST)[0].as_json()
    assert ["day", "status", "reason", "receipt", "link"] == list(line)
    assert ("2026-02-01", status) == (line["day"], line["status"])
    assert (reason is None) == (line["reason"] is None)
    assert (reason or "") in str(line["reason"])
    assert (f"{FIRST}.html" if records.digest else None) == line["link"]
