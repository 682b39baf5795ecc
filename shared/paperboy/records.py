"""The records of a day: its partition is the whole truth, and each kind has one writer."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from pydantic import AwareDatetime, BaseModel, ConfigDict, model_validator

from paperboy.listing import Rejected
from paperboy.paper import Paper, PaperId
from paperboy.ranking import Ranking
from paperboy.summary import NO_MODEL, Rung, Summary, source_hash
from paperboy.usage import Usage

REFUSALS = 3
"""Replies of a model that were no summary, after which a paper is not asked for again."""


class Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class Run(Record):
    """What ingest last found of a day. Written by ingest, after the papers.

    A day without papers (a weekend, a holiday, a listing of nothing but bad items) has a run without ids.
    """

    ids: tuple[PaperId, ...]
    """The day's papers in listing order; papers that only earlier listings had come last."""
    papers_hash: str
    policy_hash: str
    prompt: str
    """The version of the prompt that the day's summaries are to be made with."""
    listed: int
    """Distinct items of the newest listing, the rejected ones among them."""
    kept: int
    """Papers of earlier listings that the newest one lacks."""
    rejected: tuple[Rejected, ...] = ()
    broken: tuple[Rejected, ...] = ()
    """The items of a newer listing that had not one good paper; all else is then as it was before."""
    attempt: int = 1
    """How many times this record was written: it tells which ranking and which pages belong to it."""
    asked: AwareDatetime
    """The schedule's own time of the run that wrote it, so that a run delivered twice counts once."""
    due: bool = False
    """Whether that run was the day's last: then the digest does not wait for summaries any more."""

    @model_validator(mode="after")
    def _receipt_adds_up(self) -> Run:
        if self.listed + self.kept != len(self.ids) + len(self.rejected):
            raise ValueError(
                f"receipt: listed {self.listed} + kept {self.kept}"
                f" is not papers {len(self.ids)} + rejected {len(self.rejected)}"
            )
        return self

    def finds_the_same_as(self, other: Run | None) -> bool:
        """Whether both found the same day, whenever that was."""
        own = {"attempt", "asked", "due", "broken"}
        return other is not None and self.model_dump(exclude=own) == other.model_dump(exclude=own)


class RankingRecord(Record):
    """The day's ranking and the run it was made from. Written by score."""

    attempt: int
    ranking: Ranking


class SummaryRecord(Record):
    """A paper's summary, what it was made from and what it cost. Written by summarize."""

    summary: Summary
    source: str
    """Hash of what it was made from (`source_hash`)."""
    attempt: int
    """The run that asked for it."""
    model: str | None = None
    calls: int = 0
    """Calls of the model in the run that asked for it."""
    spent: Usage = Usage()
    """What the model took for this paper so far, in all runs together."""
    reason: str | None = None
    """Why no model's summary could be had this time, in words for the log and for `status`."""
    limited: bool = False
    """Whether a limit of the budget left it without a model this time."""
    refusals: int = 0
    """How many replies in a row were no summary."""

    def serves(self, paper: Paper, prompt: str) -> bool:
        """Whether it is the best that can be had, so that a later run need not try again.

        It is when a model wrote it from what the paper is now, when there is no model to do better, and when REFUSALS
        replies in a row were no better.
        """
        by_model = not self.summary.rung.low
        if self.source != source_hash(paper, prompt):
            return by_model and (prompt == NO_MODEL or self.refusals >= REFUSALS)
        return by_model or prompt == NO_MODEL or self.refusals >= REFUSALS


class PublishedRecord(Record):
    """What is published of a day. Written by render."""

    attempt: int
    ids: tuple[PaperId, ...]
    hashes: dict[str, str]
    """SHA-256 of each page, by its key in the bucket."""
    rungs: dict[Rung, int]
    open: bool
    """Whether a later run can still mend the day."""
    published_at: AwareDatetime


@dataclass(frozen=True)
class Day:
    """All that is recorded of one day, read at once."""

    day: dt.date
    papers: dict[str, Paper] = field(default_factory=dict)
    run: Run | None = None
    ranking: RankingRecord | None = None
    summaries: dict[str, SummaryRecord] = field(default_factory=dict)
    published: PublishedRecord | None = None

    @property
    def open(self) -> bool:
        """Whether something of the newest run is still to be done. A day without papers has nothing to do."""
        if self.run is not None and not self.run.ids:
            return False
        return (
            self.run is None
            or self.published is None
            or self.published.open
            or self.published.attempt != self.run.attempt
        )


def papers_hash(papers: Iterable[Paper]) -> str:
    """A short hash of what is known of the papers, in their order."""
    known = json.dumps([paper.known() for paper in papers], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(known.encode()).hexdigest()[:16]
