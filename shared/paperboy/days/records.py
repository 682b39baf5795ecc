"""The records of a day: its partition is the whole truth, and each kind has one writer."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, model_validator

from paperboy.days.delivery import Delivery
from paperboy.days.keys import PAPER, RANKING, kind_of, summary_key
from paperboy.papers.listing import Rejection
from paperboy.papers.paper import Paper, PaperId
from paperboy.papers.ranking import Ranking
from paperboy.summaries.prompt import NO_MODEL
from paperboy.summaries.summary import Rung, Summary, input_hash
from paperboy.summaries.usage import Usage

if TYPE_CHECKING:
    from paperboy.summaries.dialogue import Outcome
    from paperboy.summaries.request import SummaryRequest

MAX_REFUSALS = 3
"""Dialogues with a model in a row that came to no summary, after which a paper is not given to it again: as many times
`paperboy.summaries.request.MAX_CALLS_PER_PAPER` calls at most."""


class Record(BaseModel):
    """What one function keeps of a day."""

    model_config = ConfigDict(frozen=True)

    def replaced(self, **values: Any) -> Self:
        """This record with other values, checked as any record is."""
        return type(self)(**(dict(self) | values))


class Findings(Record):
    """What a run finds of a day, whenever it looks."""

    ids: tuple[PaperId, ...]
    """The day's papers in listing order; papers that only earlier listings had come last."""
    papers_hash: str
    policy_hash: str
    prompt_version: str
    """The version of the prompt that the day's summaries are to be made with."""
    model: str | None = None
    """The name of the model that is to make them; None where there is none."""
    listed: int
    """Distinct items of the newest listing, the rejected ones among them."""
    kept: int
    """Papers of earlier listings that the newest one lacks."""
    rejections: tuple[Rejection, ...] = ()

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.listed + self.kept != len(self.ids) + len(self.rejections):
            raise ValueError(
                f"receipt: listed {self.listed} + kept {self.kept}"
                f" is not papers {len(self.ids)} + rejected {len(self.rejections)}"
            )
        return self


class Run(Findings):
    """The newest run that found a day. Written by ingest, after the papers.

    A day without papers (a weekend, a holiday, a listing of nothing but bad items) has a run without ids.
    """

    attempt: int
    """How many times this record was written: it says which ranking and which pages belong to it."""
    scheduled_at: AwareDatetime
    """The schedule's own time of the run that wrote it, so that a run delivered twice counts once."""
    due: bool = False
    """Whether that run was the day's last: then the digest does not wait for summaries any more."""
    broken_listing: tuple[Rejection, ...] = ()
    """The items of a newer listing that had not one good paper; all else is then as it was before."""

    @property
    def findings(self) -> Findings:
        """What it found, without when it looked."""
        return Findings(**{name: getattr(self, name) for name in Findings.model_fields})


class RankingRecord(Record, Ranking):
    """The day's ranking and the run that it is of. Written by score."""

    attempt: int


class SummaryRecord(Record):
    """A paper's summary, what it was made from and what it cost. Written by summarize."""

    summary: Summary
    input_hash: str
    """Hash of what it was made from (`paperboy.summaries.summary.input_hash`)."""
    attempt: int
    """The run that wanted it."""
    written_at: AwareDatetime | None = None
    """When the summary became what it is; None where it was written before this was kept."""
    model: str | None = None
    calls: int = 0
    """Calls of the model in the run that wanted it."""
    usage: Usage = Usage()
    """What the model took for this paper so far, in all runs together."""
    reason: str | None = None
    """Why no model's summary could be had this time, in words for the log and for `status`."""
    limited: bool = False
    """Whether a limit of the budget left it without a model this time."""
    refusals: int = 0
    """How many dialogues with one model in a row came to no summary."""
    refused_by: str | None = None
    """The name of that model."""
    refused_input: str | None = None
    """Hash of what it refused: a paper whose text has changed is another question."""

    @classmethod
    def of(
        cls, outcome: Outcome, request: SummaryRequest, input_hash: str, model: str | None, now: dt.datetime
    ) -> SummaryRecord:
        """The record of what came of a request by `now`: of a dialogue with the `model` of that name, if any."""
        return cls(
            summary=outcome.summary,
            input_hash=input_hash,
            attempt=request.attempt,
            written_at=now.replace(microsecond=0),
            model=model,
            calls=outcome.usage.calls,
            usage=outcome.usage,
            reason=outcome.reason,
            limited=outcome.limited,
            refusals=outcome.refusals,
            refused_by=model if outcome.refusals else None,
            refused_input=input_hash if outcome.refusals else None,
        )

    def serves(self, paper: Paper, run: Findings) -> bool:
        """Whether it is the best that the run can have, so that it need not try again.

        It is when a model wrote it from what the paper is now, when there is no model to do better, and when
        MAX_REFUSALS dialogues in a row with the run's own model came to no better: another model's may.
        """
        made_from = input_hash(paper, run.prompt_version)
        is_same_question = (self.refused_by, self.refused_input) == (run.model, made_from)
        final = run.prompt_version == NO_MODEL or (self.refusals >= MAX_REFUSALS and is_same_question)
        if self.input_hash != made_from:
            return final and not self.summary.rung.low
        return final or not self.summary.rung.low

    def after(self, previous: SummaryRecord | None) -> SummaryRecord:
        """The better of this record and the one before it, with what both took.

        A model's summary stays where this one is on a low rung, with the outcome of this time.
        """
        if previous is None:
            return self
        usage = previous.usage + self.usage
        written_at = previous.written_at if self.summary == previous.summary else self.written_at
        if not self.summary.rung.low:
            return self.replaced(usage=usage, written_at=written_at)
        refused = self if self.refusals else previous
        is_same_question = (previous.refused_by, previous.refused_input) == (refused.refused_by, refused.refused_input)
        refusals = {
            "refusals": self.refusals + (previous.refusals if is_same_question else 0),
            "refused_by": refused.refused_by,
            "refused_input": refused.refused_input,
        }
        if previous.summary.rung.low:
            return self.replaced(usage=usage, written_at=written_at, **refusals)
        return previous.replaced(
            attempt=self.attempt,
            calls=self.calls,
            reason=self.reason,
            limited=self.limited,
            usage=usage,
            **refusals,
        )


class DigestRecord(Record):
    """What is published of a day. Written by render."""

    attempt: int
    ids: tuple[PaperId, ...]
    hashes: dict[str, str]
    """SHA-256 of each page, by its key in the bucket."""
    rungs: dict[Rung, int]
    open: bool
    """Whether a later run can still mend the day."""
    published_at: AwareDatetime

    @property
    def low(self) -> int:
        """How many of its papers no model told of."""
        return low_count(self.rungs)


RECORD_FORMATS: Mapping[type[BaseModel], int] = {
    Paper: 1,
    Run: 1,
    RankingRecord: 1,
    SummaryRecord: 1,
    DigestRecord: 1,
    Usage: 1,
    Delivery: 1,
}
"""The version of each kind's format, which every record carries as `format`.

A change after which code of the last release could not read new records adds 1: that code then does not read them, nor
write over them. What newer code adds has a default, so that it reads the older formats.
"""


@dataclass(frozen=True)
class DayRecords:
    """All that is recorded of one day, read at once."""

    day: dt.date
    papers: dict[str, Paper] = field(default_factory=dict)
    run: Run | None = None
    ranking: RankingRecord | None = None
    summaries: dict[str, SummaryRecord] = field(default_factory=dict)
    digest: DigestRecord | None = None
    unreadable: frozenset[str] = frozenset()
    """The sort keys of records that cannot be read. They count as missing, and damaged ones may be written over."""

    @property
    def open(self) -> bool:
        """Whether something of the newest run is still to be done. A day without papers has nothing to do."""
        if self.run is not None and not self.run.ids:
            return False
        if self.run is None or self.digest is None or self.digest.open or self.digest.attempt != self.run.attempt:
            return True
        return not self.unreadable.isdisjoint({RANKING, *map(summary_key, self.digest.ids)})

    @property
    def last_attempt(self) -> int:
        """The newest attempt that any of the day's records belongs to; 0 where there is none."""
        records = (self.run, self.ranking, self.digest, *self.summaries.values())
        return max((record.attempt for record in records if record), default=0)

    @property
    def unreadable_papers(self) -> frozenset[str]:
        """The ids of papers whose record cannot be read."""
        keys = map(kind_of, self.unreadable)
        return frozenset(paper_id for kind, paper_id in keys if kind == PAPER)

    def lacks_summary(self, paper_id: str, run: Findings) -> bool:
        """Whether a paper has no summary that serves the run."""
        record = self.summaries.get(paper_id)
        return record is None or not record.serves(self.papers[paper_id], run)


def low_count(rungs: Mapping[Rung, int]) -> int:
    """How many summaries no model wrote."""
    return sum(number for rung, number in rungs.items() if rung.low)


def papers_hash(papers: Iterable[Paper]) -> str:
    """A short hash of the papers' values, in their order."""
    values = json.dumps([paper.values() for paper in papers], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(values.encode()).hexdigest()[:16]
