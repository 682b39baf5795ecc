"""A day's digest, assembled from the day's records: what every page says, before any page is written."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from paperboy.days.records import DayRecords, DigestRecord, Run, low_count
from paperboy.papers.listing import Rejection
from paperboy.papers.paper import Paper
from paperboy.papers.ranking import Ranked
from paperboy.summaries.summary import Rung, Summary, from_paper
from paperboy.summaries.usage import Usage

UNREADABLE = "its record cannot be read"


class Receipt(BaseModel):
    """Where every paper went, in distinct ids: listed + kept = selected + left_out + rejections."""

    model_config = ConfigDict(frozen=True)

    listed: int
    kept: int
    selected: int
    left_out: int
    rejections: tuple[Rejection, ...] = ()


class Placed(BaseModel):
    """A paper with its place in the day's ranking and its score."""

    model_config = ConfigDict(frozen=True)

    paper: Paper
    ranked: Ranked

    @property
    def organization(self) -> str:
        return self.paper.organization or "Unknown"


class Entry(Placed):
    """A paper of the digest, with its summary."""

    number: int
    """Place in the digest, from 1."""
    summary: Summary
    limited: bool = False
    """Whether a limit of the budget left it without a model."""
    written_at: dt.datetime | None = None
    """When the summary became what it is, where that is recorded."""


class Digest(BaseModel):
    """A day's digest: the papers that are in, in rank order, those that are not, and the receipt."""

    model_config = ConfigDict(frozen=True)

    day: dt.date
    entries: tuple[Entry, ...]
    left_out: tuple[Placed, ...] = ()
    """The papers that the cut left out, those with the most upvotes first; equal ones in rank order."""
    open: bool = False
    """Whether a later run can still mend it: a paper lacks a good summary."""
    due: bool = False
    """Whether it waits for nothing any more: the run that it was made in was the day's last."""
    receipt: Receipt
    usage: Usage = Usage()
    """What the model took for the day's papers so far, in all runs together."""

    @property
    def rungs(self) -> dict[Rung, int]:
        """How many summaries stand on which rung."""
        return dict(Counter(entry.summary.rung for entry in self.entries))

    @property
    def low(self) -> int:
        """How many summaries no model wrote."""
        return low_count(self.rungs)


def receipt_of(run: Run, selected: int, unreadable: tuple[str, ...] = ()) -> Receipt:
    """The receipt of a run of which `selected` papers are in, and the records of the `unreadable` ones are damaged."""
    damaged = tuple(Rejection(item=paper_id, reason=UNREADABLE) for paper_id in unreadable)
    return Receipt(
        listed=run.listed,
        kept=run.kept,
        selected=selected,
        left_out=len(run.ids) - selected - len(damaged),
        rejections=run.rejections + damaged,
    )


def assemble(records: DayRecords) -> Digest | None:
    """The day's digest, or None while it has to wait.

    It waits for the ranking of its newest run, and until that run is the day's last one ("due") for a summary of
    each paper that is in. A summary that is missing when the digest is due is derived from the paper. A paper whose
    record cannot be read is not in, and the receipt says so. A day without papers has no digest.
    """
    run, ranking = records.run, records.ranking
    if run is None or ranking is None or ranking.attempt != run.attempt or not run.ids:
        return None
    published = records.digest.ids if records.digest else ()
    rows = [row for row in ranking.rows if row.id in records.papers]
    selected = [row for row in rows if row.selected or row.id in published]
    if not run.due and any(row.id not in records.summaries for row in selected):
        return None
    entries = tuple(_entry(records, row, number) for number, row in enumerate(selected, start=1))
    selected_ids = {row.id for row in selected}
    left_out = [Placed(paper=records.papers[row.id], ranked=row) for row in rows if row.id not in selected_ids]
    left_out.sort(key=lambda placed: -(placed.paper.upvotes or 0))
    unreadable = tuple(paper_id for paper_id in run.ids if paper_id in records.unreadable_papers)
    return Digest(
        day=records.day,
        entries=entries,
        left_out=tuple(left_out),
        open=any(records.lacks_summary(row.id, run) for row in selected),
        due=run.due,
        receipt=receipt_of(run, len(entries), unreadable),
        usage=sum((record.usage for record in records.summaries.values()), Usage()),
    )


def record_of(
    digest: Digest, run: Run, records: DayRecords, hashes: Mapping[str, str], now: dt.datetime
) -> DigestRecord:
    """The record of a digest whose pages are published `now`, with the pages' hashes by their keys.

    It is the one that stands where nothing has changed.
    """
    record = DigestRecord(
        attempt=run.attempt,
        ids=tuple(entry.paper.id for entry in digest.entries),
        hashes=dict(hashes),
        rungs=digest.rungs,
        open=digest.open,
        published_at=now,
    )
    before = records.digest
    return before if before and before.replaced(published_at=now) == record else record


def _entry(records: DayRecords, row: Ranked, number: int) -> Entry:
    paper, record = records.papers[row.id], records.summaries.get(row.id)
    if record is None:
        return Entry(number=number, paper=paper, ranked=row, summary=from_paper(paper))
    told = {"summary": record.summary, "limited": record.limited, "written_at": record.written_at}
    return Entry(number=number, paper=paper, ranked=row, **told)
