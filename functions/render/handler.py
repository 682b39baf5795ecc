"""render: a RANKING or a SUMMARY record invokes it; the day's pages are published once they are whole."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from paperboy.adapters.batch import BatchResponse
from paperboy.adapters.bucket import Bucket, publish
from paperboy.adapters.observe import Metric, count, logger, metrics, report_unreadable
from paperboy.adapters.settings import RenderSettings
from paperboy.adapters.stream import handle_days, is_again
from paperboy.adapters.table import Table
from paperboy.days.digest import assemble, record_of
from paperboy.languages.language import Language, load_language
from paperboy.pages.site import digest_keys, digest_pages, latest_keys


@dataclass(frozen=True)
class Render:
    """What the function works with, and what it does with a day."""

    table: Table
    bucket: Bucket
    language: Language

    def render_day(self, day: dt.date, again: bool = False) -> None:
        """Publish `day` as its records stand now. Raises ConflictError as `paperboy.adapters.bucket.publish` does."""
        publish(lambda: self.publish(day, again))

    def publish(self, day: dt.date, again: bool = False) -> None:
        """Put the pages that differ, `again` the equal ones too, then record what is published.

        The pages are looked at *before* the table is read, and put only where they are still the same: whoever read
        older records finds the page changed. Raises ConflictError then.
        """
        latest = latest_keys()
        stored = {key: self.bucket.look(key) for key in [*digest_keys(day), *latest]}
        records = self.table.read_day(day)
        digest = assemble(records)
        if digest is None or records.run is None:
            logger.info("day not whole yet", extra={"status": "waiting"})
            return
        put, hashes = [], {}
        for page in digest_pages(digest, self.language):
            before = stored[page.key]
            if page.key not in latest:
                hashes[page.key] = page.sha256
            elif before and before.day > day:
                continue  # a newer day stands there
            if self.bucket.put(page, before, again):
                put.append(page.key)
        record = record_of(digest, records.run, records, hashes, dt.datetime.now(dt.UTC))
        self.table.put_digest(records, record)
        count(Metric.PUBLISHED, int(bool(put)))
        outcome = {"status": "published" if put else "nothing new", "pages": put, "rungs": digest.rungs}
        logger.info("day rendered", extra=outcome)


@cache
def collaborators() -> Render:
    """What the function works with, made once in an execution environment."""
    settings = RenderSettings.load()
    bucket = Bucket(settings.bucket, prefix=settings.pages_prefix)
    return Render(Table(settings.table, report_unreadable), bucket, load_language(settings.language))


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> BatchResponse:
    return handle_days(event, partial(collaborators().render_day, again=is_again(event)))
