"""A day's digest, assembled from the day's records: what every page says, before any page is written."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from pydantic import BaseModel, ConfigDict

from paperboy.listing import Rejected
from paperboy.paper import Paper
from paperboy.ranking import Ranked
from paperboy.records import Day, Run
from paperboy.summary import Rung, Summary, from_paper
from paperboy.usage import Usage

LEFT_OUT_SHOWN = 3
"""How many of the papers that the cut left out a page tells of."""


class Receipt(BaseModel):
    """Where every paper went, in distinct ids: listed + kept = selected + left_out + rejected."""

    model_config = ConfigDict(frozen=True)

    listed: int
    kept: int
    selected: int
    left_out: int
    rejected: tuple[Rejected, ...] = ()

    def __str__(self) -> str:
        rejected = "".join(f"; {bad.where}: {bad.why}" for bad in self.rejected)
        return (
            f"{self.listed} listed + {self.kept} kept"
            f" = {self.selected} in + {self.left_out} left out + {len(self.rejected)} rejected{rejected}"
        )


class Placed(BaseModel):
    """A paper with its place in the day's ranking and its score."""

    model_config = ConfigDict(frozen=True)

    paper: Paper
    ranked: Ranked

    @property
    def link(self) -> str:
        return f"https://arxiv.org/abs/{self.paper.id}"

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


class Digest(BaseModel):
    """A day's digest: the papers that are in, in rank order, the most-voted ones that are not, and the receipt."""

    model_config = ConfigDict(frozen=True)

    day: dt.date
    entries: tuple[Entry, ...]
    left_out: tuple[Placed, ...] = ()
    """The LEFT_OUT_SHOWN papers with the most upvotes that the cut left out; equal ones in rank order."""
    receipt: Receipt
    spent: Usage = Usage()
    """What the model took for the day's papers so far, in all runs together."""

    @property
    def rungs(self) -> dict[Rung, int]:
        """How many summaries stand on which rung."""
        return dict(Counter(entry.summary.rung for entry in self.entries))


def receipt_of(run: Run, selected: int) -> Receipt:
    """The receipt of a run of which `selected` papers are in."""
    return Receipt(
        listed=run.listed,
        kept=run.kept,
        selected=selected,
        left_out=len(run.ids) - selected,
        rejected=run.rejected,
    )


def assemble(day: Day) -> Digest | None:
    """The day's digest, or None while it has to wait.

    It waits for the ranking of its newest run, and until that run is the day's last one ("due") for a summary of
    each paper that is in. A summary that is missing when the digest is due is derived from the paper. A day without
    papers has no digest.
    """
    run, record = day.run, day.ranking
    if run is None or record is None or record.attempt != run.attempt or not run.ids:
        return None
    stays = day.published.ids if day.published else ()
    rows = record.ranking.rows
    selected = [row for row in rows if row.selected or row.id in stays]
    if not run.due and any(row.id not in day.summaries for row in selected):
        return None
    entries = tuple(_entry(day, row, number) for number, row in enumerate(selected, start=1))
    taken = {row.id for row in selected}
    left_out = [Placed(paper=day.papers[row.id], ranked=row) for row in rows if row.id not in taken]
    left_out.sort(key=lambda one: -(one.paper.upvotes or 0))
    return Digest(
        day=day.day,
        entries=entries,
        left_out=tuple(left_out[:LEFT_OUT_SHOWN]),
        receipt=receipt_of(run, len(entries)),
        spent=sum((record.spent for record in day.summaries.values()), Usage()),
    )


def _entry(day: Day, row: Ranked, number: int) -> Entry:
    paper, record = day.papers[row.id], day.summaries.get(row.id)
    summary, limited = (record.summary, record.limited) if record else (from_paper(paper), False)
    return Entry(number=number, paper=paper, ranked=row, summary=summary, limited=limited)
