"""A day's digest: when it waits, what it holds, and a receipt that adds up."""

import dataclasses
import datetime as dt
from typing import Any

import pytest
from pydantic import ValidationError

from paperboy.digest import Receipt, assemble
from paperboy.listing import Rejected
from paperboy.records import Day, PublishedRecord, Run
from paperboy.summary import Rung
from paperboy.usage import Usage
from tests.samples import DAY, day, paper, summary

FIRST, SECOND = paper(1, upvotes=1), paper(2, upvotes=2)
BAD = Rejected(where="item 3", why="expected an object, got str")


def with_run(records: Day, **changes: Any) -> Day:
    """The records after ingest wrote its run anew."""
    assert records.run
    return dataclasses.replace(records, run=records.run.model_copy(update=changes))


@pytest.mark.parametrize(
    "waiting",
    [
        Day(DAY),
        dataclasses.replace(day(FIRST), run=None),
        dataclasses.replace(day(FIRST), ranking=None),
        with_run(day(FIRST), attempt=2),
        with_run(day(FIRST), attempt=2, due=True),
        day(FIRST, SECOND, summaries={}),
        day(FIRST, SECOND, summaries={FIRST.id: summary()}),
        day(),
        day(due=True),
        day(rejected=(BAD,), due=True),
    ],
    ids=[
        "nothing",
        "no run",
        "no ranking",
        "older ranking",
        "older ranking, due",
        "no summary",
        "one of two summaries",
        "no papers",
        "no papers, due",
        "none but rejected, due",
    ],
)
def test_waits(waiting: Day) -> None:
    """There is no digest without papers, before the newest run's ranking, or while a summary is missing."""
    assert assemble(waiting) is None


def test_whole() -> None:
    """A digest holds the papers in rank order, numbered from 1, with their summaries."""
    texts = {FIRST.id: summary(title="其一"), SECOND.id: summary(Rung.LISTING)}
    records = day(FIRST, SECOND, summaries=texts)
    digest = assemble(records)
    assert digest
    assert records.ranking
    rows = records.ranking.ranking.rows
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
    assert papers[10:13] == [one.paper for one in digest.left_out]


def test_left_out_by_votes() -> None:
    """Of the papers that are left out a digest tells of those with the most votes, equal ones in rank order."""
    votes = {10: 5, 11: 7, 12: 5, 13: None, 14: 5}
    papers = [paper(number, upvotes=votes.get(number, 100), stars=3 if number == 12 else 0) for number in range(15)]
    digest = assemble(day(*papers))
    assert digest
    assert [papers[11], papers[12], papers[10]] == [one.paper for one in digest.left_out]


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
        spent = Usage(calls=2, input_tokens=900, output_tokens=99, cost=250)
        records.summaries[one.id] = records.summaries[one.id].model_copy(update={"spent": spent})
    digest = assemble(records)
    assert digest
    assert papers[11] not in [entry.paper for entry in digest.entries]
    assert Usage(calls=8, input_tokens=3600, output_tokens=396, cost=1000) == digest.spent


def test_published_stays() -> None:
    """A paper of the published digest stays in at its rank, though the newest ranking leaves it out."""
    papers = [paper(number, upvotes=100 - number) for number in range(15)]
    published = PublishedRecord(
        attempt=1,
        ids=(papers[12].id,),
        hashes={},
        rungs={},
        open=False,
        published_at=dt.datetime(2026, 2, 4, tzinfo=dt.UTC),
    )
    digest = assemble(dataclasses.replace(day(*papers), published=published))
    assert digest
    assert [*papers[:10], papers[12]] == [entry.paper for entry in digest.entries]
    assert Receipt(listed=15, kept=0, selected=11, left_out=4) == digest.receipt


def test_receipt_adds_up() -> None:
    """Papers that are listed, kept, left out and rejected each stand once on both sides of the receipt."""
    papers = [paper(number, upvotes=100 - number) for number in range(15)]
    digest = assemble(day(*papers, kept=4, rejected=(BAD,)))
    assert digest
    receipt = digest.receipt
    assert Receipt(listed=12, kept=4, selected=10, left_out=5, rejected=(BAD,)) == receipt
    assert receipt.listed + receipt.kept == receipt.selected + receipt.left_out + len(receipt.rejected)


@pytest.mark.parametrize(
    ("receipt", "words"),
    [
        (Receipt(listed=2, kept=0, selected=2, left_out=0), "2 listed + 0 kept = 2 in + 0 left out + 0 rejected"),
        (
            Receipt(listed=12, kept=4, selected=10, left_out=5, rejected=(BAD,)),
            "12 listed + 4 kept = 10 in + 5 left out + 1 rejected; item 3: expected an object, got str",
        ),
    ],
)
def test_receipt_in_words(receipt: Receipt, words: str) -> None:
    """A receipt reads as the sum that it is, with the reason of each rejection."""
    assert words == str(receipt)


@pytest.mark.parametrize("wrong", [{"listed": 1}, {"listed": 3}, {"kept": 1}, {"rejected": (BAD,)}, {"ids": ()}])
def test_run_refuses_a_wrong_receipt(wrong: dict[str, Any]) -> None:
    """A run whose receipt does not add up is refused: no paper is lost or counted twice unseen."""
    records = day(FIRST, SECOND)
    assert records.run
    with pytest.raises(ValidationError, match=r"receipt: listed . \+ kept . is not papers . \+ rejected ."):
        Run.model_validate(records.run.model_dump() | wrong)
