"""ingest: the schedule invokes it; it writes each visited day's papers, and then the day's run."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from paperboy.adapters.observe import logger, metrics, report_listing, report_unreadable
from paperboy.adapters.settings import IngestSettings
from paperboy.adapters.sources import load_source
from paperboy.adapters.table import Table
from paperboy.days.records import DayRecords
from paperboy.days.run import Report, RunRequest, Versions, Visit, days_to_visit, month_before, read_request, visit
from paperboy.languages.language import load_language
from paperboy.papers.listing import MAX_LISTING_SECONDS, NotListedYetError, Source, SourceError
from paperboy.papers.policy import Policy, load_policy
from paperboy.summaries.prompt import prompt_version


class IngestError(Exception):
    """Some days could not be read; the next run tries them again."""


@dataclass(frozen=True)
class Ingest:
    """What the function works with, and what it does with a day."""

    source: Source
    table: Table
    policy: Policy
    prompt_version: str
    model_name: str | None
    time_zone: dt.tzinfo

    def days(self, request: RunRequest) -> list[dt.date]:
        """The days that a run visits, newest first: the one that is named, or those that its time calls for."""
        if request.day:
            return [request.day]
        month = month_before(request.time, self.time_zone)
        return days_to_visit(month, self.table.read_digests(since=month[-1]), self.table.read_attempts(month))

    def visit(self, day: dt.date, request: RunRequest, has_time: bool = True) -> Report:
        """Ingest one day, or leave it to the next run; what comes of it is a value, so a failure costs no other day."""
        with logger.append_context_keys(day=str(day)):
            try:
                report = self.ingest_day(day, request) if has_time else Report(status="postponed")
            except NotListedYetError:
                report = {"status": "not listed yet"}
            except Exception as error:
                logger.exception("day failed", extra={"status": "failed"})
                return {"status": "failed", "reason": f"{type(error).__name__}: {error}"}
            logger.info("day ingested", extra=report)
            return report

    def ingest_day(self, day: dt.date, request: RunRequest) -> Report:
        """Write what is new in `day`'s listing. Raises ConflictError, and SourceError after an open day was seen to."""
        records = self.table.read_day(day)
        versions = Versions(self.policy.fingerprint(day), self.prompt_version, self.model_name)
        try:
            listing = self.source.listing(day)
        except SourceError:
            if records.run:
                self._write(records, visit(records, None, request, versions))
            raise
        report_listing(listing)
        return self._write(records, visit(records, listing, request, versions))

    def _write(self, records: DayRecords, visited: Visit) -> Report:
        self.table.put_papers(records.day, visited.changed_papers)
        self.table.put_run(records, visited.run)
        return visited.report


@cache
def collaborators() -> Ingest:
    """What the function works with, made once in an execution environment."""
    settings = IngestSettings.load()
    source, table = load_source(settings, logger.warning), Table(settings.table, report_unreadable)
    version = prompt_version(load_language(settings.language), settings.summarizer != "none")
    return Ingest(source, table, load_policy(), version, settings.model_name, settings.time_zone)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    ingest = collaborators()
    request = read_request(event, dt.datetime.now(ingest.time_zone))
    millis_left = getattr(context, "get_remaining_time_in_millis", lambda: float("inf"))
    reports: dict[str, Report] = {}
    for day in ingest.days(request):
        # Half a minute is for the records. One day is visited in any case: a short time-out must not postpone them all.
        has_time = not reports or millis_left() > 1000 * (MAX_LISTING_SECONDS + 30)
        reports[str(day)] = ingest.visit(day, request, has_time)
    if failed := [f"{day}: {each['reason']}" for day, each in reports.items() if each["status"] == "failed"]:
        raise IngestError("; ".join(failed))
    return reports
