"""A day's digest: when it waits, what it holds, and a receipt that adds up."""

import dataclasses
import datetime as dt
from typing import Any

import pytest
from pydantic import ValidationError

from paperboy.days.digest import Receipt, assemble, record_of
from paperboy.days.keys import paper_key
from paperboy.days.records import DayRecords, DigestRecord, Run
from paperboy.papers.listing import Rejection
from paperboy.summaries.summary import Rung, input_hash
from paperboy.summaries.usage import Usage
from tests.samples import DAY, day, paper, summary

FIRST, SECOND = paper(1, upvotes=1), paper(2, upvotes=2)
BAD = Rejection(item="item 3", reason="expected an object, got str")


def with_run(records: DayRecords, **changes: Any) -> DayRecords:
    """The records after ingest wrote its run anew."""
    assert records.run
    return dataclasses.replace(records, run=records.run.model_copy(update=changes))


@pytest.mark.parametrize(
    "waiting",
    [
        DayRecords(DAY),
        dataclasses.replace(day(FIRST), run=None),
        dataclasses.replace(day(FIRST), ranking=None),
        with_run(day(FIRST), attempt=2),
        with_run(day(FIRST), attempt=2, due=True),
        with_run(day(FIRST), attempt=0),
        day(FIRST, SECOND, summaries={}),
        day(FIRST, SECOND, summaries={FIRST.id: summary()}),
        day(),
        day(due=True),
        day(rejections=(BAD,), due=True),
    ],
    ids=[
        "nothing",
        "no run",
        "no ranking",
        "older ranking",
        "older ranking, due",
        "newer ranking",
        "no summary",
        "one of two summaries",
        "no papers",
        "no papers, due",
        "none but rejected, due",
    ],
)
def test_waits(waiting: DayRecords) -> None:
    """There is no digest without papers, before the newest run's ranking, or while a summary is missing."""
    assert assemble(waiting) is None


def test_whole() -> None:
    """A digest holds the papers in rank order, numbered from 1, with their summaries."""
    texts = {FIRST.id: summary(title="其一"), SECOND.id: summary(Rung.LISTING)}
    records = day(FIRST, SECOND, summaries=texts)
    digest = assemble(records)
    assert digest
    assert records.ranking
    rows = records.ranking.rows
    assert [(1, SECOND, rows[0], texts[SECOND.id]), (2, FIRST, rows[1], texts[FIRST.id])] == [
        (entry.number, entry.paper, entry.ranked, entry.summary) for entry in digest.entries
    ]
    assert {Rung.LISTING: 1, Rung.MODEL: 1} == digest.rungs
    assert (DAY, Receipt(listed=2, kept=0, selected=2, left_out=0)) == (digest.day, digest.receipt)


@pytest.mark.parametrize("rung", Rung)
def test_any_rung_will_do(rung: Rung) -> None:
    """A digest does not wait for a better summary than it has."""
    digest = assemble(day(FIRST, summaries={FIRST.id: summary(rung)}))
    assert digest
    assert {rung: 1} == digest.rungs


def test_due() -> None:
    """A digest that is due takes what is missing from the paper, and keeps what is there."""
    digest = assemble(day(FIRST, SECOND, summaries={FIRST.id: summary()}, due=True))
    assert digest
    assert [
        (SECOND.id, summary(Rung.ABSTRACT, summary=SECOND.abstract)),
        (FIRST.id, summary()),
    ] == [(entry.paper.id, entry.summary) for entry in digest.entries]


def test_left_out() -> None:
    """A digest waits for no summary of a paper that is left out, and shows none."""
    papers = [paper(number, upvotes=100 - number) for number in range(15)]
    digest = assemble(day(*papers, summaries={one.id: summary() for one in papers[:10]}))
    assert digest
    assert papers[:10] == [entry.paper for entry in digest.entries]
    assert Receipt(listed=15, kept=0, selected=10, left_out=5) == digest.receipt
    assert papers[10:] == [one.paper for one in digest.left_out]


def test_left_out_by_votes() -> None:
    """Of the papers that are left out those with the most votes come first, equal ones in rank order."""
    votes = {10: 5, 11: 7, 12: 5, 13: None, 14: 5}
    papers = [paper(number, upvotes=votes.get(number, 100), stars=3 if number == 12 else 0) for number in range(15)]
    digest = assemble(day(*papers))
    assert digest
    assert [papers[number] for number in (11, 12, 10, 14, 13)] == [one.paper for one in digest.left_out]


def test_left_out_without_votes() -> None:
    """A paper that is left out without a vote comes after one with a single vote, though it ranks above that one."""
    votes = {10: 0, 11: None, 12: 1}
    papers = [paper(number, upvotes=votes.get(number, 100), stars=3 if number < 12 else 0) for number in range(13)]
    digest = assemble(day(*papers))
    assert digest
    assert [papers[12], papers[10], papers[11]] == [one.paper for one in digest.left_out]


@pytest.mark.parametrize("organization", [None, ""])
def test_an_organisation_that_nobody_names(organization: str | None) -> None:
    """A paper of no known organisation is called Unknown, any other one by its own."""
    digest = assemble(day(paper(1, organization=organization), paper(2, organization="Qwen")))
    assert digest
    assert ["Qwen", "Unknown"] == [entry.organization for entry in digest.entries]


def test_low_entries_are_counted() -> None:
    """A digest counts its papers on the low rungs together."""
    rungs = [Rung.LISTING, Rung.MODEL, Rung.ABSTRACT, Rung.REPAIRED, Rung.LISTING]
    papers = [paper(number) for number in range(len(rungs))]
    digest = assemble(day(*papers, summaries={one.id: summary(rung) for one, rung in zip(papers, rungs, strict=True)}))
    assert digest
    assert {Rung.LISTING: 2, Rung.MODEL: 1, Rung.ABSTRACT: 1, Rung.REPAIRED: 1} == digest.rungs
    assert 3 == digest.low


def test_limited() -> None:
    """A paper that a limit of the budget left without a model is known as such; one without any record is not."""
    records = day(FIRST, SECOND, summaries={FIRST.id: summary(Rung.LISTING)}, due=True)
    records.summaries[FIRST.id] = records.summaries[FIRST.id].model_copy(update={"limited": True})
    digest = assemble(records)
    assert digest
    assert {FIRST.id: True, SECOND.id: False} == {entry.paper.id: entry.limited for entry in digest.entries}


def test_spent() -> None:
    """A digest knows what the model took for the day's papers, those included that are left out by now."""
    papers = [paper(number, upvotes=100 - number) for number in range(12)]
    records = day(*papers)
    for one in papers[:3] + papers[11:]:
        usage = Usage(calls=2, input_tokens=900, output_tokens=99, cost=250)
        records.summaries[one.id] = records.summaries[one.id].model_copy(update={"usage": usage})
    digest = assemble(records)
    assert digest
    assert papers[11] not in [entry.paper for entry in digest.entries]
    assert Usage(calls=8, input_tokens=3600, output_tokens=396, cost=1000) == digest.usage


def test_published_stays() -> None:
    """A paper of the published digest stays in at its rank, though the newest ranking leaves it out."""
    papers = [paper(number, upvotes=100 - number) for number in range(15)]
    published = DigestRecord(
        attempt=1,
        ids=(papers[12].id,),
        hashes={},
        rungs={},
        open=False,
        published_at=dt.datetime(2026, 2, 4, tzinfo=dt.UTC),
    )
    digest = assemble(dataclasses.replace(day(*papers), digest=published))
    assert digest
    assert [*papers[:10], papers[12]] == [entry.paper for entry in digest.entries]
    assert Receipt(listed=15, kept=0, selected=11, left_out=4) == digest.receipt


def test_receipt_adds_up() -> None:
    """Papers that are listed, kept, left out and rejected each stand once on both sides of the receipt."""
    papers = [paper(number, upvotes=100 - number) for number in range(15)]
    digest = assemble(day(*papers, kept=4, rejections=(BAD,)))
    assert digest
    receipt = digest.receipt
    assert Receipt(listed=12, kept=4, selected=10, left_out=5, rejections=(BAD,)) == receipt
    assert receipt.listed + receipt.kept == receipt.selected + receipt.left_out + len(receipt.rejections)


@pytest.mark.parametrize("wrong", [{"listed": 1}, {"listed": 3}, {"kept": 1}, {"rejections": (BAD,)}, {"ids": ()}])
def test_run_refuses_a_wrong_receipt(wrong: dict[str, Any]) -> None:
    """A run whose receipt does not add up is refused: no paper is lost or counted twice unseen."""
    records = day(FIRST, SECOND)
    assert records.run
    with pytest.raises(ValidationError, match=r"receipt: listed . \+ kept . is not papers . \+ rejected ."):
        Run.model_validate(records.run.model_dump() | wrong)


def test_a_damaged_paper_is_in_the_receipt() -> None:
    """A paper whose record cannot be read is not in, and the receipt names it and adds up."""
    papers = [paper(number, upvotes=100 - number) for number in range(12)]
    records = day(*papers)
    del records.papers[papers[3].id]
    digest = assemble(dataclasses.replace(records, unreadable=frozenset({paper_key(papers[3].id)})))
    assert digest
    damaged = Rejection(item=papers[3].id, reason="its record cannot be read")
    assert Receipt(listed=12, kept=0, selected=9, left_out=2, rejections=(damaged,)) == digest.receipt
    assert [1, 2, 3, 4, 5, 6, 7, 8, 9] == [entry.number for entry in digest.entries]


NOW = dt.datetime(2026, 2, 4, 4, tzinfo=dt.UTC)


def published(records: DayRecords, now: dt.datetime = NOW) -> DigestRecord:
    digest = assemble(records)
    assert digest
    assert records.run
    return record_of(digest, records.run, records, {"digests/2026-02-03.md": "0"}, now)


def served(rung: Rung = Rung.MODEL) -> DayRecords:
    """A day of one paper, whose summary was made from what the paper is now."""
    records = day(FIRST, summaries={FIRST.id: summary(rung)})
    made_from = {"input_hash": input_hash(FIRST, "1")}
    records.summaries[FIRST.id] = records.summaries[FIRST.id].replaced(**made_from)
    return records


def test_what_is_published() -> None:
    """The record of a digest has its ids, rungs, pages and attempt, and is closed where every summary serves."""
    record = published(served())
    assert ((FIRST.id,), {Rung.MODEL: 1}, {"digests/2026-02-03.md": "0"}) == (record.ids, record.rungs, record.hashes)
    assert (1, False, NOW) == (record.attempt, record.open, record.published_at)
    assert (0, 1) == (record.low, published(served(Rung.LISTING)).low)


@pytest.mark.parametrize(
    "records", [served(Rung.LISTING), day(FIRST), day(FIRST, summaries={}, due=True)], ids=["low", "stale", "missing"]
)
def test_what_can_be_mended_is_open(records: DayRecords) -> None:
    """A digest with a low, stale or missing summary stays open for later runs."""
    assert published(records).open


def test_one_that_can_be_mended_is_enough() -> None:
    """A digest stays open where one of its papers has no summary that serves, though another one's does."""
    records = day(FIRST, SECOND)
    serving = records.summaries[FIRST.id].replaced(input_hash=input_hash(FIRST, "1"))
    records.summaries[FIRST.id] = serving
    assert published(records).open
    records.summaries[SECOND.id] = serving.replaced(input_hash=input_hash(SECOND, "1"))
    assert not published(records).open


def test_nothing_new_keeps_the_record() -> None:
    """Published again with nothing new, the record that stands stays, with its own time; a change makes a new one."""
    before = published(served())
    later = NOW + dt.timedelta(hours=1)
    assert published(dataclasses.replace(served(), digest=before), later) is before
    changed = published(dataclasses.replace(served(Rung.LISTING), digest=before), later)
    assert (later, {Rung.LISTING: 1}) == (changed.published_at, changed.rungs)
