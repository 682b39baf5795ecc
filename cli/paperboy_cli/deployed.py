"""A deployed stack, as the command speaks to it: it asks for runs, reads records and knows where pages are."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from botocore.exceptions import ClientError

from paperboy.digest import Receipt, assemble, receipt_of
from paperboy.records import Day, SummaryRecord
from paperboy.summary import Rung
from paperboy.table import Table
from paperboy.usage import Usage
from paperboy_cli.errors import PaperboyError
from paperboy_cli.links import MOST_DAYS, Links
from paperboy_cli.local import Stack
from paperboy_cli.place import Place, function_name

PATIENCE = 120.0
"""Seconds without anything new after which a run is given up on."""
TRIES = 3
"""How often a day is asked for where another run, such as the schedule's, is at it."""
KINDS = ("html", "md", "json")
QUEUES = ("AskedInVain", "Failures")
"""Outputs of a stack: the queues for what failed for good."""


@dataclass(frozen=True)
class Seen:
    """Something that happened to a day, and when, in seconds since the run was asked for."""

    seconds: float
    step: str
    """listed, ranked, summarised, published; or unchanged, empty."""
    text: str
    note: str = ""
    """What was out of the ordinary, such as why a reply was refused."""


class Deployed:
    """A stack at its place. Raises PaperboyError where it is not there."""

    def __init__(self, place: Place, stack: Stack) -> None:
        self.place = place
        self.stack = stack
        self._found = place.find(stack)
        self.outputs = self._found.outputs

    @cached_property
    def table(self) -> Table:
        return Table(self.outputs["Table"], self._dynamo)

    @property
    def today(self) -> dt.date:
        """The day that it is where the stack's readers are."""
        return dt.datetime.now(ZoneInfo(self._found.parameters.get("TimeZone", "Asia/Shanghai"))).date()

    def links(self, days: int = MOST_DAYS) -> Links:
        """Links to the pages; signed ones are good for `days`."""
        return Links(self.place, self._found, dt.datetime.now(dt.UTC), days)

    def link(self, day: dt.date, kind: str = "md") -> str:
        """Where the day's page is read."""
        return self.links().to(f"digests/{day}.{kind}")

    def page(self, day: dt.date) -> str:
        """The day's Markdown page as it stands in the bucket."""
        links = self.links()
        key = links.key(f"digests/{day}.md")
        text: str = self._s3.get_object(Bucket=links.bucket, Key=key)["Body"].read().decode()
        return text

    def waiting(self) -> dict[str, int]:
        """How many messages ended in each queue for what went wrong."""
        sqs = self.place.client("sqs")
        name = "ApproximateNumberOfMessages"
        return {
            queue: int(
                sqs.get_queue_attributes(QueueUrl=self.outputs[queue], AttributeNames=[name])["Attributes"][name]
            )
            for queue in QUEUES
        }

    def spent(self) -> Usage | None:
        """What the model took this month, or None where nothing is recorded of it."""
        month = dt.datetime.now(dt.UTC).strftime("%Y-%m")
        item = self._dynamo.get_item(Key={"pk": "BUDGET", "sk": month}, ConsistentRead=True).get("Item")
        return Usage.model_validate(item) if item else None

    # Asking for days

    def ask(self, day: dt.date, due: bool = False) -> dict[str, Any]:
        """Ask ingest for one day, and wait for what it says of it. Raises PaperboyError where it failed."""
        event = {"time": dt.datetime.now(dt.UTC).isoformat(), "day": day.isoformat(), "due": due}
        for _ in range(TRIES):
            said = self._invoke(self.outputs["Ingest"], event)
            if not (isinstance(said, _Failure) and "ConflictError" in said.why):
                break
        if isinstance(said, _Failure):
            why = said.why.removeprefix(f"{day}: ")
            if why == (source := why.removeprefix("SourceError: ")):
                raise PaperboyError(f"ingest failed on {day}: {why}. What it said before is in {self.place.logs}.")
            raise PaperboyError(f"the listing of {day} could not be had: {source}. {self.place.source_hint}")
        outcome: dict[str, Any] = said[str(day)]
        return outcome

    def catch_up(self) -> None:
        """Have ingest visit the days that the schedule would visit now, without waiting for it."""
        event = {"time": dt.datetime.now(dt.UTC).isoformat()}
        functions = self.place.client("lambda")
        functions.invoke(FunctionName=self.outputs["Ingest"], InvocationType="Event", Payload=json.dumps(event))

    def run(self, day: dt.date, due: bool = False) -> Iterator[Seen]:
        """Ask for `day` and tell what happens to it, as it happens, until its digest is published.

        Pages of a published day that are missing in the bucket are published again. The last thing told is that there
        is nothing to publish, or nothing new, where that is so. Raises PaperboyError where ingest failed, and where
        nothing happens for PATIENCE seconds, with what is missing.
        """
        begun = last = time.monotonic()
        before = self.table.read_day(day)
        asked = self._ask_aside(day, due)
        published = False
        while True:
            answered = asked.done()
            now = self.table.read_day(day)
            for step, *texts in _news(before, now):
                last = time.monotonic()
                published |= step == "published"
                yield Seen(last - begun, step, *texts)
            if not answered:
                last = time.monotonic()  # ingest has a limit of its own
            else:
                status = str(asked.result()["status"])
                tired = time.monotonic() - last > PATIENCE
                if now.run is None or not now.run.ids:
                    yield Seen(time.monotonic() - begun, "empty", status)
                    return
                if is_out(now) and (status == "nothing new" or is_mended(now) or tired):
                    break
                if tired:
                    raise PaperboyError(self._what_is_missing(now))
            before = now
            time.sleep(self.place.look_every)
        if restored := self.restore(now):
            yield Seen(time.monotonic() - begun, "published", f"put back: {restored}")
        elif not published:
            yield Seen(time.monotonic() - begun, "unchanged", "nothing has changed since")

    def restore(self, day: Day) -> str:
        """Have render publish the pages of a published day again that are missing. Returns their names, or ``""``."""
        links = self.links()
        names = [*(f"digests/{day.day}.{kind}" for kind in KINDS), "index.html"]
        if day.day == max(self.table.published_days(since=day.day)):
            names += [f"latest.{kind}" for kind in KINDS]
        missing = [name for name in names if not self._is_there(links.bucket, links.key(name))]
        if missing:
            keys = {"pk": {"S": f"DAY#{day.day}"}, "sk": {"S": "RANKING"}}
            ring = {"eventName": "MODIFY", "dynamodb": {"Keys": keys, "SequenceNumber": "1"}}
            said = self._invoke(function_name(self.place, self.stack, "Render"), {"Records": [ring]})
            if isinstance(said, _Failure) or said["batchItemFailures"]:
                why = f": {said.why}" if isinstance(said, _Failure) else ""
                raise PaperboyError(
                    f"render could not publish {', '.join(missing)} again{why}; what it said is in {self.place.logs}."
                )
        return ", ".join(missing)

    @cached_property
    def _dynamo(self) -> Any:
        return self.place.resource("dynamodb").Table(self.outputs["Table"])

    @cached_property
    def _s3(self) -> Any:
        return self.place.client("s3")

    def _is_there(self, bucket: str, key: str) -> bool:
        try:
            self._s3.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
            return False
        return True

    def _invoke(self, function: str, event: dict[str, Any]) -> Any:
        """What a function answers to `event`, or the _Failure that it ended with."""
        answer = self.place.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
        said = json.load(answer["Payload"])
        return _Failure(str(said.get("errorMessage", said))) if "FunctionError" in answer else said

    def _ask_aside(self, day: dt.date, due: bool) -> Future[dict[str, Any]]:
        """Ask in a thread that does not outlive the command, as an executor's would."""
        asked: Future[dict[str, Any]] = Future()

        def ask() -> None:
            try:
                asked.set_result(self.ask(day, due))
            except BaseException as error:
                asked.set_exception(error)

        threading.Thread(target=ask, daemon=True).start()
        return asked

    def _what_is_missing(self, day: Day) -> str:
        said = f"the digest of {day.day} is not out after {PATIENCE:.0f} seconds without news"
        if day.run is None or day.ranking is None or day.ranking.attempt != day.run.attempt:
            return f"{said}: it was not ranked. What the functions said is in {self.place.logs}."
        selected = day.ranking.ranking.selected
        missing = sum(row.id not in day.summaries for row in selected)
        return (
            f"{said}: {missing} of {len(selected)} summaries are missing."
            f" `paperboy run {day.day} --due{self.place.options(self.stack)}` publishes it with what is there."
        )


@dataclass(frozen=True)
class _Failure:
    """An error that a function ended with."""

    why: str


def receipt(day: Day) -> Receipt:
    """The receipt of a day that is published, or that has no papers."""
    if day.run is not None and not day.run.ids:
        return receipt_of(day.run, 0)
    digest = assemble(day)
    assert digest is not None  # noqa: S101 - it was assembled when it was published
    return digest.receipt


def is_out(day: Day) -> bool:
    """Whether the digest of the day's newest run is published."""
    return bool(day.run and day.published and day.published.attempt == day.run.attempt)


def is_mended(day: Day) -> bool:
    """Whether a published day has got what its newest run asked for: a better summary, or the word that there is none.

    A run that is due asks for as much and waits for nothing.
    """
    digest = assemble(day)
    if digest is None or day.run is None or day.published is None:
        return False
    if day.run.due:
        return True
    records = [(entry.paper, day.summaries.get(entry.paper.id)) for entry in digest.entries]
    tried = all(
        record is not None and (record.attempt >= day.run.attempt or record.serves(paper, day.run.prompt))
        for paper, record in records
    )
    return tried and Counter(digest.rungs) == Counter(day.published.rungs)


def _news(before: Day, now: Day) -> Iterator[tuple[str, ...]]:
    """What is in `now` and was not in `before`: a step, its text and perhaps a note."""
    run, ranking = now.run, now.ranking
    if run is None or not run.ids:
        return
    if before.run is None or before.run.attempt != run.attempt:
        yield "listed", f"{len(run.ids)} papers of {now.day}"
    current = ranking is not None and ranking.attempt == run.attempt
    if not current or ranking is None:
        return
    selected = ranking.ranking.selected
    if before.ranking != ranking:
        yield "ranked", f"{len(selected)} in, {len(run.ids) - len(selected)} left out by the cut"
    for number, row in enumerate(selected, start=1):
        summary = now.summaries.get(row.id)
        earlier = before.summaries.get(row.id)
        if summary is not None and earlier != summary:
            yield "summarised", f"{number:>2}. {row.id} {now.papers[row.id].title}", _note(summary, earlier)
    if now.published is not None and now.published.attempt == run.attempt and before.published != now.published:
        marked = sum(number for rung, number in now.published.rungs.items() if rung.low)
        yield "published", f"{len(now.published.ids)} papers" + (f", {marked} of them marked" if marked else "")


def _note(record: SummaryRecord, earlier: SummaryRecord | None) -> str:
    """What a summary had against it, or that it is a better one than before; nothing where it came at once."""
    rung = record.summary.rung
    if rung.low:
        return f"marked ({rung}): {record.reason}"
    if rung is Rung.REPAIRED:
        return f"refused at first ({record.reason}); asked again with that, and the repair was accepted"
    if earlier and earlier.summary.rung.low:
        return f"healed: it was on the rung {earlier.summary.rung}"
    return ""
