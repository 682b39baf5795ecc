"""render: a ranking or a summary rings; the day's pages are published once they are whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from paperboy import doorbell, html, pages
from paperboy.bucket import Bucket, sha256
from paperboy.conflict import ConflictError
from paperboy.digest import Digest, assemble
from paperboy.language import Language, load_language
from paperboy.observe import count, logger, metrics
from paperboy.records import Day, PublishedRecord
from paperboy.settings import RenderSettings
from paperboy.table import Table

TRIES = 5
"""How often a publication begins again when another one was faster."""

WRITERS: dict[str, Callable[[Digest, Language], str]] = {
    "md": pages.markdown,
    "json": pages.as_json,
    "html": html.page,
}

INDEX = "index.html"

PUBLISHED = "Published"
"""The metric of digests that came out or changed; an alarm looks at it."""


@cache
def collaborators() -> tuple[Table, Bucket, Language]:
    """What the function works with, made once in an execution environment."""
    settings = RenderSettings.load()
    return (
        Table(settings.table),
        Bucket(settings.bucket, prefix=settings.prefix),
        load_language(settings.language),
    )


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> doorbell.Answer:
    table, bucket, language = collaborators()
    return doorbell.answer(event, lambda day: render_day(day, table, bucket, language))


def render_day(day: dt.date, table: Table, bucket: Bucket, language: Language) -> None:
    """Publish `day` as its records stand now. Raises ConflictError where others were faster TRIES times."""
    for tried in range(1, TRIES + 1):
        try:
            return publish(day, table, bucket, language)
        except ConflictError:
            if tried == TRIES:
                raise
    return None


def publish(day: dt.date, table: Table, bucket: Bucket, language: Language) -> None:
    """Put the pages that differ, then record what is published.

    The pages are looked at *before* the table is read, and put only where they are still the same: whoever read
    older records finds the page changed. Raises ConflictError then.
    """
    keys = [f"{name}.{kind}" for name in (f"digests/{day}", "latest") for kind in WRITERS]
    seen = {key: bucket.look(key) for key in keys}
    known = table.read_day(day)
    digest = assemble(known)
    if digest is None:
        logger.info("not yet whole", status="waiting")
        return
    texts = {kind: write(digest, language) for kind, write in WRITERS.items()}
    put = []
    for key in keys:
        there = seen[key]
        newer_day_stands = key.startswith("latest.") and there is not None and there.day > day
        if not newer_day_stands and bucket.put(key, texts[key.rpartition(".")[2]], day, there):
            put.append(key)
    record = published(known, digest, {f"digests/{day}.{kind}": sha256(text) for kind, text in texts.items()})
    if record is not known.published:
        table.put_published(day, record, known.published)
    if put:
        count(PUBLISHED, 1)
    logger.info("day rendered", status="published" if put else "nothing new", put=put, rungs=digest.rungs)
    publish_index(table, bucket, language)


def publish_index(table: Table, bucket: Bucket, language: Language) -> None:
    """Put the list of the published days where it differs. Raises ConflictError as `publish` does.

    It is made after each day's pages, from the records alone, so that one that was missed comes out with the next.
    """
    seen = bucket.look(INDEX)
    days = table.published_days(since=dt.date.min)
    if bucket.put(INDEX, html.index(days, language), max(days), seen):
        logger.info("days listed", status="published", put=[INDEX])


def published(known: Day, digest: Digest, hashes: dict[str, str]) -> PublishedRecord:
    """The record of what is published: the one that stands where nothing changed."""
    assert known.run is not None  # noqa: S101 - a digest is of a run
    ids = tuple(entry.paper.id for entry in digest.entries)
    papers = {entry.paper.id: entry.paper for entry in digest.entries}
    served = {
        paper_id
        for paper_id, summary in known.summaries.items()
        if paper_id in papers and summary.serves(papers[paper_id], known.run.prompt)
    }
    record = PublishedRecord(
        attempt=known.run.attempt,
        ids=ids,
        hashes=hashes,
        rungs=digest.rungs,
        open=set(ids) != served,
        published_at=dt.datetime.now(dt.UTC),
    )
    before = known.published
    same = before is not None and before.model_copy(update={"published_at": record.published_at}) == record
    return before if before and same else record
