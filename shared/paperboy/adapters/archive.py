"""The archive as it is stored: days' JSON pages and shards in the bucket, days without papers in the table."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from paperboy.adapters.bucket import Bucket, PageError
from paperboy.adapters.table import Table
from paperboy.archive.archive import Archive
from paperboy.archive.month import ArchivedDay, ArchiveError, Month
from paperboy.archive.site import SHARDS_PREFIX, month_of_shard, shard_key
from paperboy.pages.site import DIGESTS_PREFIX, JSON, day_of_key, digest_key

READERS = 8
"""How many of a month's pages are read at a time."""


class ArchiveReader:
    """Reads the archive. What cannot be read costs itself: `on_unreadable` is told the key of the page, and why."""

    def __init__(self, bucket: Bucket, table: Table, on_unreadable: Callable[[str, str], object]) -> None:
        self._bucket = bucket
        self._table = table
        self._on_unreadable = on_unreadable

    def month(self, name: str) -> Month | None:
        """A month as its days' pages and the table have it; None where it has no page that can be read."""
        published = self._days(name)
        with ThreadPoolExecutor(READERS) as pool:
            days = [day for day in pool.map(self._day, published) if day]
        year, month = map(int, name.split("-"))
        others = (dt.date(year, month, day + 1) for day in range(calendar.monthrange(year, month)[1]))
        empty = self._table.read_empty(day for day in others if day not in published)
        return Month.of(name, days, empty) if days else None

    def archive(self) -> Archive:
        """The archive as its shards have it now; each of them is read once."""
        return Archive(tuple(self._months()), cache(self._shard))

    def _months(self) -> list[str]:
        """The names of the months that have a shard, oldest first."""
        return sorted(filter(None, map(month_of_shard, self._bucket.keys(SHARDS_PREFIX))))

    def _days(self, name: str) -> list[dt.date]:
        """The days of a month that have a page."""
        return [day for day in map(day_of_key, self._bucket.keys(f"{DIGESTS_PREFIX}{name}-")) if day]

    def _day(self, day: dt.date) -> ArchivedDay | None:
        key = digest_key(day, JSON)
        try:
            found = ArchivedDay.of_page(self._bucket.read(key))
            _expect("day", day, found.day)
        except (PageError, ArchiveError) as error:
            self._on_unreadable(key, str(error))
            return None
        return found

    def _shard(self, name: str) -> Month:
        """A month from its shard; from its days where the shard cannot be read."""
        try:
            found = Month.of_shard(self._bucket.read(shard_key(name)))
            _expect("month", name, found.month)
        except (PageError, ArchiveError) as error:
            self._on_unreadable(shard_key(name), str(error))
            return self.month(name) or Month.of(name, (), ())
        return found


def _expect(what: str, expected: object, found: object) -> None:
    """Raises ArchiveError where a page is about something else than its key says."""
    if found != expected:
        raise ArchiveError(f"{what}: expected {expected}, got {found}")
