"""catalog: a digest that came out or changed invokes it; what is published across days follows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from paperboy.adapters.archive import ArchiveReader
from paperboy.adapters.batch import BatchResponse
from paperboy.adapters.bucket import Bucket, publish
from paperboy.adapters.observe import logger, metrics, report_unreadable, report_unreadable_page
from paperboy.adapters.publications import handle_publications
from paperboy.adapters.settings import CatalogSettings
from paperboy.adapters.stream import is_again
from paperboy.adapters.table import Table
from paperboy.archive.month import month_of
from paperboy.archive.plan import keys_of, months_to_make, pages_of
from paperboy.archive.search import shard_page
from paperboy.archive.site import shard_key
from paperboy.languages.language import Language, load_language


@dataclass(frozen=True)
class Catalog:
    """What the function works with, and what it does with days of a month.

    Each page is looked at *before* what it is made from is read, and put only where it is still the same: whoever read
    older things finds it changed, and begins again.
    """

    reader: ArchiveReader
    bucket: Bucket
    language: Language
    address: str | None
    """Where readers find the pages, for the feeds; None where the stack is private and has none."""

    def catalog_days(self, days: Collection[dt.date], again: bool = False) -> None:
        """Publish what `days` of one month have a part in, as they stand now: what differs, `again` the equal too.

        Raises ConflictError as `paperboy.adapters.bucket.publish` does.
        """
        shards = publish(lambda: self.publish_shards(days, again))
        pages = publish(lambda: self.publish_pages(days, again))
        outcome = {"status": "published" if shards or pages else "nothing new", "pages": shards + pages}
        logger.info("days catalogued", extra=outcome | {"days": sorted(map(str, days))})

    def publish_shards(self, days: Collection[dt.date], again: bool) -> list[str]:
        """Put the shards of the months that the days have a part in, and return the keys of those that were put."""
        own = month_of(next(iter(days)))
        put = self._publish_shard(own, again)
        for name in months_to_make(self.reader.archive(), days):
            if name != own:
                put += self._publish_shard(name, again)
        return put

    def _publish_shard(self, name: str, again: bool) -> list[str]:
        stored = self.bucket.look(shard_key(name))
        month = self.reader.month(name)
        return [shard_key(name)] if month and self.bucket.put(shard_page(month), stored, again) else []

    def publish_pages(self, days: Collection[dt.date], again: bool) -> list[str]:
        """Put what is made from the shards, and return the keys of what was put."""
        before = self.reader.archive()
        if next(before.days(), None) is None:
            return []  # of the days' pages none could be read
        stored = {key: self.bucket.look(key) for key in keys_of(before, days, has_feeds=self.address is not None)}
        pages = pages_of(self.reader.archive(), days, self.language, self.address)
        return [page.key for page in pages if self.bucket.put(page, stored.get(page.key), again)]


@cache
def collaborators() -> Catalog:
    """What the function works with, made once in an execution environment."""
    settings = CatalogSettings.load()
    bucket = Bucket(settings.bucket, prefix=settings.pages_prefix)
    reader = ArchiveReader(bucket, Table(settings.table, report_unreadable), report_unreadable_page)
    address = settings.readers_address(bucket.address)
    return Catalog(reader, bucket, load_language(settings.language), address)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> BatchResponse:
    catalog_days = partial(collaborators().catalog_days, again=is_again(event))
    return handle_publications(event, lambda days, _: catalog_days(days))
