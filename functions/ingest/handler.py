"""ingest: the schedule asks; the day's papers and then its run are written."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError, field_validator

from paperboy import prompt
from paperboy.language import load_language
from paperboy.listing import Rejected, read_listing
from paperboy.observe import count, logger, metrics
from paperboy.paper import Paper
from paperboy.policy import Policy, load_policy
from paperboy.records import Day, Run, papers_hash
from paperboy.secret import Secret
from paperboy.settings import IngestSettings
from paperboy.source import NotListedYetError, Source, SourceError
from paperboy.summary import NO_MODEL
from paperboy.table import Table
from paperboy.wrong import in_words

RECENT = dt.timedelta(days=3)
"""Listing days that every run visits: papers and votes come late."""
MONTH = 31
"""Days back that missed and open days are visited."""

Outcome = dict[str, str | int]
"""What came of one day: its `status`, and the counts or the reason."""


class Asked(BaseModel):
    """What the schedule, or `paperboy run`, asks for."""

    model_config = ConfigDict(frozen=True)

    time: AwareDatetime
    """The time the run was scheduled for. A run delivered twice carries the same."""
    due: bool = False
    """Whether it is the day's last run."""
    day: dt.date | None = None
    """One listing day; without it, the days that `time` calls for."""

    @field_validator("time", mode="before")
    @classmethod
    def _filled_in(cls, time: object) -> object:
        """Now, where an emulator hands over the schedule's placeholder as it is."""
        return dt.datetime.now(dt.UTC) if time == "<aws.scheduler.scheduled-time>" else time


class IngestError(Exception):
    """Some days could not be read; the next run tries them again."""


@dataclass(frozen=True)
class Ingest:
    """What the function works with, and what it does with a day."""

    source: Source
    table: Table
    policy: Policy
    prompt: str
    time_zone: ZoneInfo

    def days_to_visit(self, time: dt.datetime) -> list[dt.date]:
        """The days that a run at `time` looks at, newest first.

        The last three listing days (the newest is the day before `time`, where the readers are), every day since the
        newest digest, and every open day of the last month.
        """
        newest = time.astimezone(self.time_zone).date() - dt.timedelta(days=1)
        month = {newest - dt.timedelta(days=back) for back in range(MONTH)}
        published = self.table.published_days(since=min(month))
        recent = {day for day in month if day > newest - RECENT}
        missed = {day for day in month if published and day > max(published)}
        unfinished = {
            day
            for day, attempt in self.table.attempts(month - recent - missed).items()
            if day not in published or published[day].open or published[day].attempt != attempt
        }
        return sorted(recent | missed | unfinished, reverse=True)

    def visit(self, day: dt.date, asked: Asked) -> Outcome:
        """Ingest one day; what comes of it is a value, so that one day's failure costs no other."""
        with logger.append_context_keys(day=str(day)):
            try:
                outcome = self.ingest_day(day, asked)
            except NotListedYetError:
                outcome = {"status": "not listed yet"}
            except Exception as error:
                logger.exception("day failed", extra={"status": "failed"})
                return {"status": "failed", "why": f"{type(error).__name__}: {error}"}
            logger.info("day ingested", extra=outcome)
            return outcome

    def ingest_day(self, day: dt.date, asked: Asked) -> Outcome:
        """Write what `day`'s listing tells that is new: the papers that changed, then the run.

        Without a listing the run goes on with what is known, so that an open day is still mended and a due one still
        comes out. Raises SourceError after that, and ConflictError where another run came between.
        """
        known = self.table.read_day(day)
        try:
            listing = read_listing(self.source.listing(day))
        except SourceError:
            if known.run:
                self._write_run(self._again(known.run, day, asked), known)
            raise
        count("Listed", len(listing.papers) + len(listing.rejected))
        count("Rejected", len(listing.rejected))
        for bad in listing.rejected:
            logger.warning("item rejected", extra={"status": "rejected", "paper": bad.where, "why": bad.why})

        listed = [_merged(known, paper) for paper in listing.papers]
        changed = [paper for paper in listed if paper != known.papers.get(paper.id)]
        self.table.put_papers(day, changed)
        run = self._write_run(self._found(known, listed, listing.rejected, asked), known, bool(changed))
        return {
            "status": _status(run, known),
            "listed": run.listed,
            "rejected": len(run.broken or run.rejected),
            "changed": len(changed),
            "attempt": run.attempt,
        }

    def _found(self, known: Day, listed: list[Paper], rejected: tuple[Rejected, ...], asked: Asked) -> Run:
        """The run that a listing makes. Papers that it lacks are kept, in the order that the last run gave them.

        A listing without a single good paper leaves a day that has papers as it is, and says what was wrong.
        """
        if not listed and known.run and known.run.ids:
            return self._again(known.run.model_copy(update={"broken": rejected}), known.day, asked)
        places = {paper_id: place for place, paper_id in enumerate(known.run.ids if known.run else ())}
        before = sorted(known.papers.values(), key=lambda paper: places.get(paper.id, len(places)))
        listed_ids = {paper.id for paper in listed}
        kept = [paper for paper in before if paper.id not in listed_ids]
        # A bad item of a paper that is known costs nothing: the paper is kept, and counted once.
        lost = tuple(bad for bad in rejected if bad.where not in known.papers)
        found = Run(
            ids=tuple(paper.id for paper in [*listed, *kept]),
            papers_hash=papers_hash([*listed, *kept]),
            policy_hash="",
            prompt="",
            listed=len(listed) + len(lost),
            kept=len(kept),
            rejected=lost,
            asked=asked.time,
        )
        return self._again(found, known.day, asked)

    def _again(self, run: Run, day: dt.date, asked: Asked) -> Run:
        """`run` as it would be found now: asked for again, with the policy and the prompt of now."""
        now = {"asked": asked.time, "due": asked.due}
        return run.model_copy(update=now | {"policy_hash": self.policy.fingerprint(day), "prompt": self.prompt})

    def _write_run(self, found: Run, known: Day, changed: bool = False) -> Run:
        run = next_run(found, known, changed)
        if run is not known.run:
            self.table.put_run(known.day, run, known.run)
        return run


@cache
def collaborators() -> Ingest:
    """What the function works with, made once in an execution environment."""
    settings = IngestSettings.load()
    return Ingest(
        source=Source(settings.source_url, token=Secret(settings.token_name) if settings.token_name else None),
        table=Table(settings.table),
        policy=load_policy(),
        prompt=NO_MODEL if settings.summarizer == "none" else prompt.version(load_language(settings.language)),
        time_zone=ZoneInfo(settings.time_zone),
    )


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    asked = read_event(event)
    ingest = collaborators()
    days = [asked.day] if asked.day else ingest.days_to_visit(asked.time)
    outcomes = {str(day): ingest.visit(day, asked) for day in days}
    if failed := {day: outcome["why"] for day, outcome in outcomes.items() if outcome["status"] == "failed"}:
        raise IngestError("; ".join(f"{day}: {why}" for day, why in failed.items()))
    return outcomes


def read_event(event: dict[str, Any]) -> Asked:
    """The event as what is asked. Raises IngestError that says what an event holds."""
    try:
        return Asked.model_validate(event)
    except ValidationError as error:
        raise IngestError(f'the event is not {{"time": …, "due"?: …, "day"?: …}}: {in_words(error)}') from error


def next_run(found: Run, known: Day, changed: bool = False) -> Run:
    """The run that `found` makes of a day: the one that is known where there is nothing to do.

    There is something to do when the day looks different, when papers were `changed`, or when it is open and this run
    was not counted yet. A run that comes late does not take back what a later one said.
    """
    previous = known.run
    if previous is None:
        return found
    late = found.asked <= previous.asked
    attempt = found.model_copy(
        update={
            "attempt": previous.attempt + 1,
            "asked": max(found.asked, previous.asked),
            "due": previous.due if late else found.due,
        }
    )
    if changed or not found.finds_the_same_as(previous) or (known.open and not late):
        return attempt
    # A broken listing is told and gives nothing to rank or publish anew.
    return previous if found.broken == previous.broken else previous.model_copy(update={"broken": found.broken})


def _status(run: Run, known: Day) -> str:
    if run.broken or len(run.rejected) == run.listed > 0:
        return "broken"
    if not run.ids:
        return "no papers"
    return "nothing new" if run is known.run else "listed"


def _merged(known: Day, paper: Paper) -> Paper:
    return known.papers[paper.id].updated_by(paper) if paper.id in known.papers else paper
