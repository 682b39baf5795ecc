"""A deployed stack, as the command speaks to it: it asks for runs, reads records and knows where pages are."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from paperboy.digest import Receipt, assemble
from paperboy.records import Day, SummaryRecord
from paperboy.table import Table
from paperboy_cli.errors import PaperboyError
from paperboy_cli.local import Local, Stack

LOOK_EVERY = 0.1
"""Seconds between two looks at a day's records."""
PATIENCE = 120.0
"""Seconds without anything new after which a run is given up on."""


@dataclass(frozen=True)
class Seen:
    """Something that happened to a day, and when, in seconds since the run was asked for."""

    seconds: float
    step: str
    """listed, ranked, summarised, published; or unchanged, empty."""
    text: str


class Deployed:
    """A stack at its endpoint. Raises PaperboyError where it is not there."""

    def __init__(self, local: Local, stack: Stack) -> None:
        if "emulator" not in local.running():
            raise PaperboyError("the local stack is not up: `paperboy up` starts it.")
        self._local = local
        self.stack = stack
        self.outputs = local.outputs(stack)
        if not self.outputs:
            sample = " --sample" if stack.sample else ""
            raise PaperboyError(f"the stack {stack.name} is not deployed: `paperboy up{sample}` does it.")

    @cached_property
    def table(self) -> Table:
        name = self.outputs["Table"]
        return Table(name, self._local.resource("dynamodb").Table(name))

    def link(self, day: dt.date, kind: str = "md") -> str:
        """Where the day's page is read while the stack is up."""
        return f"{self._local.url}/{self.outputs['Bucket']}/digests/{day}.{kind}"

    def page(self, day: dt.date) -> str:
        """The day's Markdown page as it stands in the bucket."""
        body = self._local.client("s3").get_object(Bucket=self.outputs["Bucket"], Key=f"digests/{day}.md")["Body"]
        text: str = body.read().decode()
        return text

    def waiting(self) -> dict[str, int]:
        """How many messages ended in each queue for what went wrong."""
        sqs = self._local.client("sqs")
        name = "ApproximateNumberOfMessages"
        return {
            queue: int(
                sqs.get_queue_attributes(QueueUrl=self.outputs[queue], AttributeNames=[name])["Attributes"][name]
            )
            for queue in ("AskedInVain", "Failures")
        }

    def ask(self, day: dt.date, due: bool = False) -> dict[str, Any]:
        """Ask ingest for one day, and wait for what it says of it. Raises PaperboyError where it failed."""
        event = {"time": dt.datetime.now(dt.UTC).isoformat(), "day": day.isoformat(), "due": due}
        answer = self._local.client("lambda").invoke(FunctionName=self.outputs["Ingest"], Payload=json.dumps(event))
        said = json.load(answer["Payload"])
        if "FunctionError" in answer:
            why = str(said.get("errorMessage", said)).removeprefix(f"{day}: ").removeprefix("SourceError: ")
            raise PaperboyError(
                f"the listing of {day} could not be had: {why}. HF_BASE_URL names the source for `paperboy up`;"
                " `paperboy up --sample` replays a recorded day."
            )
        outcome: dict[str, Any] = said[str(day)]
        return outcome

    def run(self, day: dt.date, due: bool = False) -> Iterator[Seen]:
        """Ask for `day` and tell what happens to it, as it happens, until its digest is published.

        The last thing told is what ingest said where there is nothing to publish, or nothing new. Raises PaperboyError
        where ingest failed, and where nothing happens for PATIENCE seconds, with what is missing.
        """
        begun = last = time.monotonic()
        before = self.table.read_day(day)
        asked = self._ask_aside(day, due)
        while True:
            answered = asked.done()
            now = self.table.read_day(day)
            for step, text in _news(before, now):
                last = time.monotonic()
                yield Seen(last - begun, step, text)
            if answered and (status := asked.result()["status"]) not in ("listed", "nothing new"):
                yield Seen(time.monotonic() - begun, "empty", str(status))
                return
            if answered and is_out(now):
                if status == "nothing new":
                    yield Seen(time.monotonic() - begun, "unchanged", "nothing has changed since")
                return
            if time.monotonic() - last > PATIENCE:
                raise PaperboyError(self._what_is_missing(now))
            before = now
            time.sleep(LOOK_EVERY)

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
            return f"{said}: it was not ranked. What the functions said is in {self._local.home}/log/emulator.log."
        selected = day.ranking.ranking.selected
        missing = sum(row.id not in day.summaries for row in selected)
        return (
            f"{said}: {missing} of {len(selected)} summaries are missing."
            f" `paperboy run {day.day} --due` publishes it with what is there."
        )


def receipt(day: Day) -> Receipt:
    """The receipt of a day that is published."""
    digest = assemble(day)
    assert digest is not None  # noqa: S101 - it was assembled when it was published
    return digest.receipt


def is_out(day: Day) -> bool:
    """Whether the digest of the day's newest run is published."""
    return bool(day.run and day.published and day.published.attempt == day.run.attempt)


def _news(before: Day, now: Day) -> Iterator[tuple[str, str]]:
    run, ranking = now.run, now.ranking
    if run is None:
        return
    if before.run != run:
        yield "listed", f"{len(run.ids)} papers of {now.day}"
    current = ranking is not None and ranking.attempt == run.attempt
    if not current or ranking is None:
        return
    selected = ranking.ranking.selected
    if before.ranking != ranking:
        yield "ranked", f"{len(selected)} in, {len(run.ids) - len(selected)} left out by the cut"
    for number, row in enumerate(selected, start=1):
        summary = now.summaries.get(row.id)
        if summary is not None and before.summaries.get(row.id) != summary:
            yield "summarised", f"{number:>2}. {_title(now, row.id)}{_mark(summary)}"
    if now.published is not None and now.published.attempt == run.attempt and before.published != now.published:
        yield "published", f"{len(now.published.ids)} papers"


def _title(day: Day, paper_id: str) -> str:
    title = day.papers[paper_id].title
    return f"{paper_id} {title if len(title) <= 60 else title[:59] + '…'}"


def _mark(record: SummaryRecord) -> str:
    return f" [{record.summary.rung}: {record.reason}]" if record.summary.rung.low else ""
