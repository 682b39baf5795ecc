"""ingest: the schedule asks; the day's papers and then its run are written."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ConfigDict, ValidationError

from paperboy import prompt
from paperboy.listing import read_listing
from paperboy.observe import count, logger, metrics
from paperboy.paper import Paper
from paperboy.policy import Policy, load_policy
from paperboy.records import Day, PublishedRecord, Run, papers_hash
from paperboy.settings import IngestSettings
from paperboy.source import NotListedYetError, Source
from paperboy.summary import NO_MODEL
from paperboy.table import Table

RECENT = dt.timedelta(days=3)
"""Listing days that every run visits: papers and votes come late."""
MONTH = dt.timedelta(days=31)
"""How far back missed and open days are visited."""

Outcome = dict[str, str | int]
"""What came of one day: its `status`, and the counts or the reason."""


class Asked(BaseModel):
    """What the schedule, or `paperboy run`, asks for."""

    model_config = ConfigDict(frozen=True)

    time: dt.datetime
    """The time the run was scheduled for. A run delivered twice carries the same."""
    due: bool = False
    """Whether it is the day's last run."""
    day: dt.date | None = None
    """One listing day; without it, the days that `time` calls for."""


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
        """The days that a run at `time` looks at, oldest first.

        The last three listing days (the newest is the day before `time`, where the readers are), every day since the
        newest digest, and every open day of the last month.
        """
        newest = time.astimezone(self.time_zone).date() - dt.timedelta(days=1)
        published = self.table.published_days(since=newest - MONTH)
        month = {newest - dt.timedelta(days=back) for back in range(MONTH.days)}
        recent = {day for day in month if day > newest - RECENT}
        missed = {day for day in month if published and day > max(published)}
        return sorted(recent | missed | {day for day, record in published.items() if record.open})

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

        Nothing is written where the listing has no paper, and no run where it tells nothing new and the day is done.
        Raises SourceError, and ConflictError where another run came between.
        """
        listing = read_listing(self.source.listing(day))
        count("Listed", len(listing.papers) + len(listing.rejected))
        count("Rejected", len(listing.rejected))
        for bad in listing.rejected:
            logger.warning("item rejected", extra={"status": "rejected", "paper": bad.where, "why": bad.why})
        if not listing.papers:
            return {"status": "no papers", "rejected": len(listing.rejected)}

        known = self.table.read_day(day)
        listed = [_merged(known, paper) for paper in listing.papers]
        listed_ids = {paper.id for paper in listed}
        kept = [paper for paper in known.papers.values() if paper.id not in listed_ids]
        changed = [paper for paper in listed if paper != known.papers.get(paper.id)]
        found = Run(
            ids=tuple(paper.id for paper in [*listed, *kept]),
            papers_hash=papers_hash([*listed, *kept]),
            policy_hash=self.policy.fingerprint(day),
            prompt=self.prompt,
            listed=len(listed) + len(listing.rejected),
            kept=len(kept),
            rejected=listing.rejected,
            asked=asked.time,
            due=asked.due,
        )
        run = next_run(found, known.run, known.published)
        self.table.put_papers(day, changed)
        if run is not known.run:
            self.table.put_run(day, run, known.run)
        return {
            "status": "nothing new" if run is known.run else "listed",
            "listed": run.listed,
            "rejected": len(run.rejected),
            "changed": len(changed),
            "attempt": run.attempt,
        }


@cache
def collaborators() -> Ingest:
    """What the function works with, made once in an execution environment."""
    settings = IngestSettings.load()
    return Ingest(
        source=Source(settings.source_url),
        table=Table(settings.table),
        policy=load_policy(),
        prompt=NO_MODEL if settings.summarizer == "none" else prompt.version(),
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
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise IngestError(f'the event is not {{"time": …, "due"?: …, "day"?: …}}: {wrong}') from error


def next_run(found: Run, previous: Run | None, published: PublishedRecord | None) -> Run:
    """The run that `found` makes after `previous`: that one itself where there is nothing to do.

    There is something to do when the day looks different, or when it is open and this run was not counted yet.
    """
    if previous is None:
        return found
    attempt = found.model_copy(update={"attempt": previous.attempt + 1})
    if not found.finds_the_same_as(previous):
        return attempt
    done = published is not None and published.attempt == previous.attempt and not published.open
    return previous if done or found.asked <= previous.asked else attempt


def _merged(known: Day, paper: Paper) -> Paper:
    return known.papers[paper.id].updated_by(paper) if paper.id in known.papers else paper
