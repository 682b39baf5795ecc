"""Records: when a summary serves, which of two stays, and when a day is open."""

import dataclasses
import datetime as dt
from typing import Any

import pytest

from paperboy.days.keys import day_of, day_partition, kind_of, month_key, paper_key, summary_key
from paperboy.days.records import MAX_REFUSALS, DayRecords, DigestRecord, SummaryRecord, papers_hash
from paperboy.summaries.prompt import NO_MODEL
from paperboy.summaries.summary import Rung, input_hash
from paperboy.summaries.usage import Usage
from tests.samples import DAY, day, paper, summary

PROMPT = "1"
PAPER = paper()


def record(rung: Rung = Rung.MODEL, of: str = PROMPT, **values: Any) -> SummaryRecord:
    """A paper's summary on a rung, made with the prompt of that version."""
    made = {"summary": summary(rung), "input_hash": input_hash(PAPER, of), "attempt": 1}
    return SummaryRecord(**(made | values))


@pytest.mark.parametrize(
    ("rung", "of", "refusals", "prompt", "serves"),
    [
        (Rung.MODEL, PROMPT, 0, PROMPT, True),
        (Rung.REPAIRED, PROMPT, 0, PROMPT, True),
        (Rung.LISTING, PROMPT, 0, PROMPT, False),
        (Rung.ABSTRACT, PROMPT, MAX_REFUSALS - 1, PROMPT, False),
        (Rung.ABSTRACT, PROMPT, MAX_REFUSALS, PROMPT, True),
        (Rung.LISTING, NO_MODEL, 0, NO_MODEL, True),
        (Rung.MODEL, "0", 0, PROMPT, False),
        (Rung.LISTING, "0", MAX_REFUSALS, PROMPT, False),
        (Rung.MODEL, "0", MAX_REFUSALS, PROMPT, True),
        (Rung.MODEL, PROMPT, 0, NO_MODEL, True),
        (Rung.LISTING, PROMPT, 0, NO_MODEL, False),
    ],
    ids=[
        *("by the model", "repaired", "low", "refused, but not for good", "refused for good", "no model to do better"),
        *("another prompt", "refused for good, then another prompt", "kept for want of a better one"),
        *("by a model that is gone", "low, of a model that is gone"),
    ],
)
def test_serves(rung: Rung, of: str, refusals: int, prompt: str, serves: bool) -> None:
    """A summary serves where a later run has nothing better to hope for, and a changed text opens the paper again."""
    assert serves == record(rung, of, refusals=refusals).serves(PAPER, prompt)


@pytest.mark.parametrize("field", ["title", "abstract", "organization"])
def test_a_changed_text_is_told_anew(field: str) -> None:
    """A paper whose title, abstract or organisation has changed lacks a summary, though it was refused for good."""
    refused = record(Rung.LISTING, refusals=MAX_REFUSALS)
    assert refused.serves(PAPER, PROMPT)
    assert not refused.serves(PAPER.model_copy(update={field: "changed"}), PROMPT)
    assert refused.serves(PAPER.model_copy(update={"upvotes": 9, "stars": 9, "comments": 9}), PROMPT)


def used(calls: int) -> Usage:
    return Usage(calls=calls, input_tokens=100 * calls, output_tokens=10 * calls, cost=calls)


def test_the_first_record_stands() -> None:
    """Without a record before it a record stays as it is."""
    first = record(Rung.LISTING, refusals=1, usage=used(1))
    assert first.after(None) is first


@pytest.mark.parametrize("before", [Rung.MODEL, Rung.LISTING])
def test_a_models_summary_replaces_any(before: Rung) -> None:
    """A model's summary takes the place of the one before, whose refusals are over; what both took is added up."""
    old = record(before, of="0", refusals=2, usage=used(2))
    new = record(summary=summary(title="新"), attempt=2, calls=1, usage=used(1))
    assert new.replaced(usage=used(3)) == new.after(old)


def test_refusals_in_a_row_are_counted() -> None:
    """A low record after a low one is the newer one, with the refusals of both."""
    old = record(Rung.LISTING, refusals=1, usage=used(2), reason="old")
    new = record(Rung.ABSTRACT, attempt=2, refusals=1, usage=used(2), reason="new")
    assert new.replaced(usage=used(4), refusals=2) == new.after(old)


def test_a_models_summary_is_not_replaced_by_a_low_one() -> None:
    """Where the newer record is on a low rung the model's text stays, made of what it was, with the newer outcome."""
    old = record(of="0", refusals=1, usage=used(1), model="m")
    new = record(Rung.LISTING, attempt=2, calls=2, refusals=1, usage=used(2), reason="away", limited=True)
    expected = old.replaced(attempt=2, calls=2, refusals=2, usage=used(3), reason="away", limited=True)
    assert expected == new.after(old)


def digest(**values: Any) -> DigestRecord:
    made = {"attempt": 1, "ids": (PAPER.id,), "hashes": {}, "rungs": {Rung.MODEL: 1}, "open": False}
    return DigestRecord(**(made | {"published_at": dt.datetime(2026, 2, 4, tzinfo=dt.UTC)} | values))


WHOLE = dataclasses.replace(day(PAPER), digest=digest())


@pytest.mark.parametrize(
    ("records", "is_open"),
    [
        (DayRecords(DAY), True),
        (WHOLE, False),
        (day(), False),
        (dataclasses.replace(WHOLE, digest=None), True),
        (dataclasses.replace(WHOLE, digest=digest(open=True)), True),
        (dataclasses.replace(WHOLE, digest=digest(attempt=0)), True),
        (dataclasses.replace(WHOLE, unreadable=frozenset({"RANKING"})), True),
        (dataclasses.replace(WHOLE, unreadable=frozenset({summary_key(PAPER.id)})), True),
        (dataclasses.replace(WHOLE, unreadable=frozenset({summary_key("2602.00009")})), False),
        (dataclasses.replace(WHOLE, unreadable=frozenset({paper_key("2602.00009")})), False),
    ],
    ids=[
        *("never visited", "done", "no papers", "not published", "can be mended", "newer run"),
        *("damaged ranking", "damaged summary", "damaged summary of another paper", "damaged paper"),
    ],
)
def test_open(records: DayRecords, is_open: bool) -> None:
    """A day is open while something of its newest run is to be done, or a record of its digest to be written anew."""
    assert is_open == records.open


def test_last_attempt() -> None:
    """The newest attempt is that of whichever record has the highest."""
    assert 0 == DayRecords(DAY).last_attempt
    assert 1 == WHOLE.last_attempt
    assert 5 == dataclasses.replace(WHOLE, digest=digest(attempt=5)).last_attempt
    assert 6 == DayRecords(DAY, summaries={PAPER.id: record(attempt=6)}).last_attempt


@pytest.mark.parametrize("records", [DayRecords(DAY, papers={PAPER.id: PAPER}), WHOLE])
def test_lacks_summary(records: DayRecords) -> None:
    """A paper lacks a summary where there is none, and where it was made with another prompt than the run's."""
    assert records.lacks_summary(PAPER.id, PROMPT)


def test_papers_hash() -> None:
    """The hash changes with any value of a paper and with the order, and an empty value is none."""
    one, two = paper(1), paper(2)
    hashes = [papers_hash(each) for each in ([one, two], [two, one], [one], [paper(1, upvotes=0), two], [])]
    assert 5 == len(set(hashes))
    assert papers_hash([one]) == papers_hash([paper(1, ai_summary=None)])


def test_keys() -> None:
    """Keys name the day and the paper, and what they name is read from them again."""
    assert ("DAY#2026-02-03", DAY) == (day_partition(DAY), day_of("DAY#2026-02-03"))
    assert ("PAPER", "2602.1") == kind_of(paper_key("2602.1"))
    assert ("SUMMARY", "2602.1") == kind_of(summary_key("2602.1"))
    assert ("RUN", "") == kind_of("RUN")
    assert "2026-01" == month_key(dt.datetime(2026, 2, 1, tzinfo=dt.UTC).timestamp() - 1)


@pytest.mark.parametrize("partition", ["DIGESTS", "BUDGET", "DAY#", "DAY#tomorrow", "DAY", "DAYS#2026-02-03", ""])
def test_no_day(partition: str) -> None:
    """Other partitions name no day."""
    assert day_of(partition) is None
