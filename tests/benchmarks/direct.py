"""The functions called directly, one process each, in the environment that they are deployed with."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from typing import Any

from paperboy.adapters.stream import day_event
from paperboy.days.keys import BUDGET, RANKING, RUN, SUMMARY
from paperboy_cli.local.emulator import REGION
from paperboy_cli.project.folder import ROOT
from tests.benchmarks.common import show, verdict
from tests.benchmarks.stack import Bench

FOR_SUMMARIES = (SUMMARY, BUDGET)
"""Kinds of record that are written for the papers that are in."""
REACH_IN, REACH_OTHER = 7, 4
"""Write units of a paper on its day's first run."""
BATCH = 10
"""Messages of the queue in one event, as in the template."""


@dataclass(frozen=True)
class Call:
    """What one call of a handler took."""

    seconds: float
    requests: Counter[str]
    """Requests to AWS by their names; the further pages of a query by themselves."""
    units: Counter[str]
    """Write units by the kinds of record in a request."""


def call(stack: Bench, function: str, events: list[Any]) -> tuple[list[Call], float]:
    """What each event took in one process, and that process's peak memory in MB. The triggers have to be off."""
    environment = (
        os.environ
        | stack.variables(function)
        | {
            "AWS_ENDPOINT_URL": stack.local.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }
    )
    command = [sys.executable, "-m", "tests.benchmarks.called", function.lower()]
    done = subprocess.run(  # noqa: S603 - our own module
        command, cwd=ROOT, env=environment, input=json.dumps(events), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{function} failed: {done.stderr[-2000:]}")
    answer = json.loads(done.stdout.splitlines()[-1])
    return [
        Call(each["seconds"], Counter(each["requests"]), Counter(each["units"])) for each in answer["called"]
    ], answer["peak"]


def run_request(day: dt.date) -> dict[str, Any]:
    """The event that requests a run of a day."""
    return {"time": dt.datetime.now(dt.UTC).isoformat(), "day": day.isoformat()}


def messages(stack: Bench) -> list[dict[str, Any]]:
    """The events that the queue's messages make; they are taken off it."""
    sqs, queue = stack.local.client("sqs"), stack.deployed.outputs["SummaryQueue"]
    events = []
    while batch := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=BATCH).get("Messages"):
        for each in batch:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
        events.append({"Records": [{"messageId": each["MessageId"], "body": each["Body"]} for each in batch]})
    return events


@dataclass(frozen=True)
class Whole:
    """What some days took from listing to page, each stage in a process of its own."""

    calls: dict[str, list[Call]]
    """By stage; ingest, score and render have one call for each day."""
    peaks: dict[str, float]
    """MB, by stage."""

    def units(self) -> Counter[str]:
        return sum((each.units for calls in self.calls.values() for each in calls), Counter())


def first_run(stack: Bench, days: list[dt.date]) -> Whole:
    """Take days that have no records yet through all stages."""
    calls: dict[str, list[Call]] = {}
    peaks: dict[str, float] = {}
    calls["ingest"], peaks["ingest"] = call(stack, "Ingest", [run_request(day) for day in days])
    calls["score"], peaks["score"] = call(stack, "Score", [day_event(day, RUN) for day in days])
    calls["summarize"], peaks["summarize"] = call(stack, "Summarize", messages(stack))
    calls["render"], peaks["render"] = call(stack, "Render", [day_event(day, RANKING) for day in days])
    return Whole(calls, peaks)


def show_units(stack: Bench, name: str, days: list[dt.date], whole: Whole) -> None:
    """The write units of a paper on its day's first run, as the emulator says what each request consumed.

    What is written once for a day (its run, ranking and digest) is shared by all of the day's papers.
    """
    read = [stack.deployed.table.read_day(day) for day in days]
    papers = sum(len(day.papers) for day in read)
    selected = sum(len(day.ranking.selected) for day in read if day.ranking)
    rows = []
    of_any, of_one_in = 0.0, 0.0
    for kinds, number in sorted(whole.units().items()):
        for_summaries = any(kind in kinds for kind in FOR_SUMMARIES)
        part = number / (selected if for_summaries else papers)
        of_one_in += part
        of_any += 0 if for_summaries else part
        rows.append([f"  {kinds}", f"{part:.2f}", "" if for_summaries else f"{part:.2f}"])
    rows += [
        ["together", f"{of_one_in:.2f}", f"{of_any:.2f}"],
        ["reach", f"≤ {REACH_IN}", f"≤ {REACH_OTHER}"],
        ["", verdict(of_one_in, REACH_IN), verdict(of_any, REACH_OTHER)],
    ]
    show([f"write units, {name}", f"one of {selected} in", f"one of {papers - selected} others"], rows)
