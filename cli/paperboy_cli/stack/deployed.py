"""A deployed stack: the command requests runs of it, follows them in its records, and reads its pages."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from functools import cache, cached_property
from ipaddress import ip_address
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.exceptions import ClientError

from paperboy.adapters.archive import ArchiveReader
from paperboy.adapters.bucket import Bucket, PageError
from paperboy.adapters.budget import Budget
from paperboy.adapters.deliveries import Deliveries
from paperboy.adapters.publications import publication_event
from paperboy.adapters.stream import day_event
from paperboy.adapters.table import Table
from paperboy.announcements.announcement import week_before
from paperboy.archive.month import ArchivedDay, ArchiveError, Month, month_of
from paperboy.archive.plan import keys_of
from paperboy.archive.site import INDEX_KEY, shard_key
from paperboy.days.delivery import Delivery
from paperboy.days.keys import RANKING, month_key
from paperboy.days.records import DayRecords
from paperboy.days.run import Report, RunRequest
from paperboy.pages.site import (
    DIGESTS_PREFIX,
    JSON,
    MARKDOWN,
    PageFormat,
    day_of_key,
    digest_key,
    digest_keys,
    latest_keys,
)
from paperboy.summaries.usage import Usage
from paperboy_cli.days import READERS_TIME_ZONE, today
from paperboy_cli.errors import PaperboyError
from paperboy_cli.stack.failures import WATCHED_FUNCTIONS, FailedError, FailureLog, FailureWatch
from paperboy_cli.stack.host import FAILURE_QUEUES, Host, Stack
from paperboy_cli.stack.letters import Letter, read_letters
from paperboy_cli.stack.links import MAX_LINK_DAYS, Links
from paperboy_cli.stack.progress import Progress, is_mended, is_out, progress_between
from paperboy_cli.terminal import warn

QUIET_TIMEOUT_SECONDS = 120.0
"""How long nothing new may happen to a day before its run is given up on."""
# A reader waits for a page.
PAGES_CONFIG = Config(connect_timeout=5, read_timeout=15)
INGEST_TRIES = 3
"""How often a run of a day is requested where another one, such as the schedule's, is at it."""


type Announced = dict[tuple[str, str, int], Delivery]
"""What is recorded of announcements, by their names, channel and piece."""


class FunctionError(Exception):
    """A function ended with an error; the message is its own: ``SourceError: …``."""


class Deployed:
    """A stack at its host. Raises PaperboyError where it is not there."""

    def __init__(self, host: Host, stack: Stack) -> None:
        self.host = host
        self.stack = stack
        self.description = host.describe(stack)
        self.outputs = self.description.outputs

    @cached_property
    def table(self) -> Table:
        # A day is read again and again while it is followed, and what cannot be read is said once.
        return Table(self.outputs["Table"], cache(_warn_of_unreadable), self._dynamo)

    @cached_property
    def bucket(self) -> Bucket:
        name, prefix = self.description.pages
        return Bucket(name, self.host.client("s3", PAGES_CONFIG), prefix)

    @cached_property
    def archive(self) -> ArchiveReader:
        return ArchiveReader(self.bucket, self.table, _warn_of_unreadable_page)

    @property
    def today(self) -> dt.date:
        """The day that it is where the stack's readers are."""
        return today(self.description.parameters.get("TimeZone", READERS_TIME_ZONE))

    def links(self, days: int = MAX_LINK_DAYS) -> Links:
        """Links to the pages; signed ones are good for `days`."""
        return Links(self.host, self.description, dt.datetime.now(dt.UTC), days)

    def link(self, day: dt.date, format: PageFormat = MARKDOWN) -> str:  # noqa: A002 - the glossary's word
        """Where the day's page is read."""
        return self.links().to(digest_key(day, format))

    def page(self, day: dt.date) -> str:
        """The day's Markdown page as it stands in the bucket."""
        return self.bucket.read(digest_key(day, MARKDOWN))

    def failures(self) -> dict[str, int]:
        """How many messages wait in each of FAILURE_QUEUES."""
        sqs = self.host.client("sqs")
        name = "ApproximateNumberOfMessages"
        return {
            queue: int(
                sqs.get_queue_attributes(QueueUrl=self.outputs[queue], AttributeNames=[name])["Attributes"][name]
            )
            for queue in FAILURE_QUEUES
        }

    def letters(self, hide_seconds: int = 0) -> list[Letter]:
        """What failed for good, as far as the user may read it; hidden from others where it is to be deleted."""
        sqs = self.host.client("sqs")
        try:
            return [
                letter
                for queue in FAILURE_QUEUES
                for letter in read_letters(sqs, queue, self.outputs[queue], hide_seconds)
            ]
        except ClientError:
            if hide_seconds:
                raise
            return []

    def delete(self, letters: Iterable[Letter]) -> None:
        """Delete some of what failed for good."""
        sqs = self.host.client("sqs")
        for letter in letters:
            sqs.delete_message(QueueUrl=self.outputs[letter.queue], ReceiptHandle=letter.handle)

    @property
    def source_is_near(self) -> bool:
        """Whether the source of listings is on the same machine, which need not be spared."""
        host = urlsplit(self.description.parameters.get("HfBaseUrl", "")).hostname or ""
        try:
            return host == "localhost" or ip_address(host).is_loopback
        except ValueError:
            return False

    def usage(self) -> Usage | None:
        """What the model took this month, or None where nothing is recorded of it, or nothing that can be read."""
        return Budget(self.outputs["Table"], _warn_of_unreadable, client=self._dynamo).usage(month_key(time.time()))

    # Runs

    def ingest(self, day: dt.date, due: bool = False) -> Report:
        """Have ingest visit one day, and return its report. Raises PaperboyError where it failed."""
        request = RunRequest(time=dt.datetime.now(dt.UTC), day=day, due=due).model_dump(mode="json")
        for tries_left in reversed(range(INGEST_TRIES)):
            try:
                reports: dict[str, Report] = self._invoke("Ingest", request)
                return reports[str(day)]
            except FunctionError as error:
                if "ConflictError" in str(error) and tries_left:
                    continue
                raise PaperboyError(self._ingest_failure(day, str(error))) from error
        raise AssertionError("the last try returns or raises")

    def catch_up(self) -> None:
        """Have ingest visit the days that the schedule would visit now, without waiting for it."""
        request = RunRequest(time=dt.datetime.now(dt.UTC))
        self.host.client("lambda").invoke(
            FunctionName=self.outputs["Ingest"], InvocationType="Event", Payload=request.model_dump_json()
        )

    def run(self, day: dt.date, due: bool = False) -> Iterator[Progress]:
        """Request a run of `day` and yield what happens to it, as it happens, until its digest is published.

        Pages of a published day that are missing in the bucket are published again. Where there is nothing to publish,
        or nothing new, the last progress says so. Raises PaperboyError where ingest failed, where another function did
        and nothing else goes on, and where nothing happens for QUIET_TIMEOUT_SECONDS, with what is missing.
        """
        begun = last = time.monotonic()
        failures = FailureWatch(self._failure_log(day))
        before = self.table.read_day(day)
        report = self._ingest_in_background(day, due)
        published: Progress | None = None
        while True:
            ingested = report.done()  # before the records are read, so that all that ingest wrote is in them
            records = self.table.read_day(day)
            for progress in progress_between(before, records, time.monotonic() - begun):
                last = time.monotonic()
                if progress.step != "published":
                    yield progress
                else:  # told at the end: while papers are mended, the day is published again and again
                    published = progress
            if not ingested:
                last = time.monotonic()  # ingest has a limit of its own
            else:
                status = str(report.result()["status"])
                quiet_seconds = time.monotonic() - last
                quiet = quiet_seconds > QUIET_TIMEOUT_SECONDS
                if records.run is None or not records.run.ids:
                    yield Progress(time.monotonic() - begun, "empty", status, records)
                    return
                if is_out(records) and (status == "nothing new" or is_mended(records) or quiet):
                    break
                if quiet:
                    raise PaperboyError(self._timeout_text(records))
                try:
                    failures.look(quiet_seconds)
                except FailedError as error:
                    raise PaperboyError(self._failure_text(day, error)) from error
            before = records
            time.sleep(self.host.poll_seconds)
        if published:
            yield published
        if restored := self.restore(records, with_archive=not published):
            text = f"put back: {', '.join(restored)}"
            yield Progress(time.monotonic() - begun, "published", text, records)
        elif not published:
            yield Progress(time.monotonic() - begun, "unchanged", "nothing has changed since", records)

    def restore(self, records: DayRecords, with_archive: bool = True) -> list[str]:
        """Have the pages of a published day published again that are missing in the bucket. Returns their keys.

        With those across days that the day has a part in; without them where they are about to come by themselves.
        Raises PaperboyError where render or catalog cannot.
        """
        keys = digest_keys(records.day)
        if records.day == max(self.table.read_digests(since=records.day), default=None):
            keys += latest_keys()
        missing = self._missing(keys)
        if missing:
            self._publish(records.day)
        return missing + (self._restore_archive(records.day) if with_archive else [])

    def _restore_archive(self, day: dt.date) -> list[str]:
        archive, shard = self.archive.archive(), shard_key(month_of(day))
        missing = self._missing([shard])
        if not missing:
            missing = self._missing(keys_of(archive, [day], has_feeds=not self.links().signed))
        if missing:
            self.catalog([day])
        return missing

    def _missing(self, keys: Iterable[str]) -> list[str]:
        return [key for key in keys if self.bucket.look(key) is None]

    def render(self, day: dt.date) -> list[str]:
        """Have render write the pages of a published day again from its records: no listing, no call of the model.

        Returns the keys of the pages that changed. Raises PaperboyError where render cannot.
        """
        keys = [*digest_keys(day), *latest_keys()]
        before = {key: self.bucket.look(key) for key in keys}
        self._publish(day)
        return [key for key in keys if self.bucket.look(key) != before[key]]

    # The archive

    def archived_months(self) -> dict[str, list[dt.date]]:
        """The days that have pages, by their months, oldest first."""
        days = sorted(filter(None, map(day_of_key, self.bucket.keys(DIGESTS_PREFIX))))
        return {month: list(each) for month, each in groupby(days, month_of)}

    def catalog(self, days: Sequence[dt.date]) -> None:
        """Have catalog publish all across days that `days` of one month have a part in.

        Raises PaperboyError where it cannot.
        """
        event = publication_event(days, self.description.pages[1])
        self._have_published("Catalog", event, days[-1], f"what is made from the days of {month_of(days[-1])}")

    def announce(self, day: dt.date) -> Announced:
        """Have announce tell every channel of a day that it was not told of yet, old as it may be.

        Returns what is recorded of it. Raises PaperboyError where the function failed.
        """
        event = publication_event([day], self.description.pages[1]) | {"asked": True}
        try:
            failures = self._invoke("Announce", event)["batchItemFailures"]
        except FunctionError as error:
            raise PaperboyError(f"announce failed: {error}. What it said is in {self.host.logs}.") from error
        announced = self.announced(day)
        if failures and all(delivery.sent_at for delivery in announced.values()):
            raise PaperboyError(f"announce failed on {day}, and recorded no reason: it is in {self.host.logs}.")
        return announced

    def announced(self, day: dt.date) -> Announced:
        """What is recorded of the announcement of a day, and of the week before, which is told with its days."""
        deliveries = Deliveries(self.outputs["Table"], print, self._dynamo)
        return {
            (name, channel, number): delivery
            for name in (str(day), week_before(day))
            for (channel, number), delivery in deliveries.read(name, _warn_of_unreadable).items()
        }

    def is_catalogued(self, day: dt.date) -> bool:
        """Whether its month's shard has a day as its page is now, and there is an index."""
        try:
            page = ArchivedDay.of_page(self.bucket.read(digest_key(day, JSON)))
            shard = Month.of_shard(self.bucket.read(shard_key(month_of(day))))
        except (PageError, ArchiveError, ClientError):
            return False
        return page in shard.days and not self._missing([INDEX_KEY])

    def _publish(self, day: dt.date) -> None:
        """Have render publish a day as its records stand. Raises PaperboyError where it cannot."""
        self._have_published("Render", day_event(day, RANKING), day, f"the pages of {day} again")

    def _have_published(self, function: str, event: dict[str, Any], day: dt.date, what: str) -> None:
        """Have a function publish `what`. Raises PaperboyError where it cannot, with what it failed with on `day`."""
        log = self._failure_log(day, (function,))
        try:
            if not self._invoke(function, event)["batchItemFailures"]:
                return
            reason = next((f": {failure}" for failure in log.new()), "")
        except (FunctionError, FailedError) as error:
            reason = f": {error}"
        raise PaperboyError(f"{function.lower()} could not write {what}{reason}; what it said is in {self.host.logs}.")

    def _failure_log(self, day: dt.date, functions: tuple[str, ...] = WATCHED_FUNCTIONS) -> FailureLog:
        """The failures of functions on a day that are logged from now on."""
        now_millis = int(time.time() * 1000)
        return FailureLog(self.host.client("logs"), self.outputs, self._call_idle, day, now_millis, functions)

    @cached_property
    def _dynamo(self) -> Any:
        return self.host.client("dynamodb")

    def _invoke(self, function: str, event: dict[str, Any]) -> Any:
        """What a function answers to `event`. Raises FunctionError."""
        response = self.host.client("lambda").invoke(FunctionName=self.outputs[function], Payload=json.dumps(event))
        answer = json.load(response["Payload"])
        if "FunctionError" in response:
            raise FunctionError(str(answer.get("errorMessage", answer)))
        return answer

    def _call_idle(self, function: str) -> None:
        """Call a function of the stream or the queue with nothing to do. Raises FailedError where it cannot begin."""
        try:
            self._invoke(function, {"Records": []})
        except FunctionError as error:
            raise FailedError(function.lower(), str(error)) from error

    def _failure_text(self, day: dt.date, error: FailedError) -> str:
        again = f"`paperboy run {day}{self.host.options(self.stack)}` tries again"
        return f"{error.function} failed on {day}: {error}. What it said is in {self.host.logs}; {again}."

    def _ingest_in_background(self, day: dt.date, due: bool) -> Future[Report]:
        """Ingest's report, from a thread that does not outlive the command, as an executor's would."""
        report: Future[Report] = Future()

        def ingest() -> None:
            try:
                report.set_result(self.ingest(day, due))
            except BaseException as error:
                report.set_exception(error)

        threading.Thread(target=ingest, daemon=True).start()
        return report

    def _ingest_failure(self, day: dt.date, message: str) -> str:
        """Why ingest has no report of `day`, and the way out."""
        reason = message.removeprefix(f"{day}: ")
        if reason == (source_reason := reason.removeprefix("SourceError: ")):
            return f"ingest failed on {day}: {reason}. What it said before is in {self.host.logs}."
        return f"the listing of {day} could not be had: {source_reason}. {self.host.source_hint}"

    def _timeout_text(self, records: DayRecords) -> str:
        """What is missing of a day that nothing happens to any more, and the way out."""
        text = f"the digest of {records.day} is not out after {QUIET_TIMEOUT_SECONDS:.0f} seconds without news"
        run, ranking = records.run, records.ranking
        if run is None or ranking is None or ranking.attempt != run.attempt:
            return f"{text}: it was not ranked. What the functions said is in {self.host.logs}."
        missing = sum(row.id in records.papers and row.id not in records.summaries for row in ranking.selected)
        return (
            f"{text}: {missing} of {len(ranking.selected)} summaries are missing."
            f" `paperboy run {records.day} --due{self.host.options(self.stack)}` publishes it with what is there."
        )


def _warn_of_unreadable_page(key: str, reason: str) -> None:
    warn(f"the page {key} cannot be read: {reason}")


def _warn_of_unreadable(partition: str, sort_key: str, reason: str) -> None:
    warn(f"the record {partition} {sort_key} cannot be read: {reason}")
