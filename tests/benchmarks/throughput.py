"""How fast a day's summaries are written, against the one call that a paper takes at least.

.venv/bin/python -m tests.benchmarks.throughput
"""

from __future__ import annotations

import copy
import datetime as dt
import time
from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import Any

from paperboy_cli.errors import PaperboyError
from paperboy_cli.local.emulator import SAMPLE_DAYS
from paperboy_cli.local.processes import wait_for
from tests.benchmarks.common import benchmark, console, run, show, verdict
from tests.benchmarks.stack import Bench, bench
from tests.benchmarks.upstreams import Faults, Upstreams
from tests.samples import DAY, read_json

PAPERS = 21
CALL_SECONDS = 1.0
"""How long a reply takes."""
ROUNDS = 5
REACH, REACH_WITH_FAULTS = 1.3, 3.0
FAULTS = Faults(busy=0.05, malformed=0.05, seed=1)
HOW = f"""\
{PAPERS} papers of the sample day and a model that replies after {CALL_SECONDS} s, through the deployed stack, all warm:
from {PAPERS} messages in the queue to the last summary in the table. Medians of {ROUNDS} rounds, each on a day of its
own. Emulator, functions and model share this machine's cores. With faults, 5 % of the calls are answered 429
with Retry-After: 1, and 5 % with a reply that is no summary. Tokens are guessed: four English letters or one Chinese
character."""


@dataclass(frozen=True)
class Round:
    """A day's summaries: seconds from the full queue to the last one, and requests to the emulator meanwhile."""

    seconds: float
    requests: int


def main() -> None:
    upstreams = Upstreams(seconds=CALL_SECONDS)
    with benchmark("throughput", HOW, seconds=420), bench(upstreams) as stack:
        days = iter(DAY + dt.timedelta(days=number) for number in range(1 + 2 * ROUNDS))
        summarized(stack, next(days))  # the first one is cold
        rows = []
        for name, faults, reach in (("without faults", Faults(), REACH), ("with faults", FAULTS, REACH_WITH_FAULTS)):
            upstreams.faults = faults
            before = upstreams.calls.copy()
            rounds = [summarized(stack, next(days)) for _ in range(ROUNDS)]
            rows.append([name, *cells(rounds, upstreams.calls - before, reach)])
        columns = ["", "× one call", "from, to", "reach", "", "calls", "tokens", "requests a paper", "429s, malformed"]
        show(columns, rows)
        small = 1000 * stack.seconds_a_request()
        console.print(f"\nThe emulator, one process, takes {small:.1f} ms for a small read when nothing else is asked.")
        if any(lost := stack.deployed.failures().values()):
            console.print(f"[bold red]{sum(lost)} messages failed for good[/]")


def cells(rounds: list[Round], calls: Counter[str], reach: float) -> list[str]:
    """A row of the table; calls, tokens and requests to the emulator are those of one paper."""
    took = [each.seconds / CALL_SECONDS for each in rounds]
    papers = PAPERS * len(rounds)
    return [
        *(f"{median(took):.2f}", f"{min(took):.2f} to {max(took):.2f}", f"≤ {reach}", verdict(median(took), reach)),
        *(f"{calls['model'] / papers:.2f}", f"{calls['tokens'] / papers:.0f}"),
        *(f"{sum(each.requests for each in rounds) / papers:.1f}", f"{calls['busy']}, {calls['malformed']}"),
    ]


def summarized(stack: Bench, day: dt.date) -> Round:
    """Fill the queue with the day's papers, and have them summarised."""
    stack.upstreams.listings[str(day)] = papers()
    stack.trigger("sqs", on=False)
    stack.deployed.ingest(day)
    if not wait_for(lambda: stack.in_queue() == PAPERS, 30):
        raise PaperboyError(f"{stack.in_queue()} of {PAPERS} messages are in the queue")
    replies, requests = stack.upstreams.calls["replies"], stack.requests()
    begun = time.monotonic()
    stack.trigger("sqs", on=True)
    stack.wake()
    # The table is asked for nothing before there can be as many.
    wait_for(lambda: stack.upstreams.calls["replies"] >= replies + PAPERS, 60)
    while stack.summarized(day) < PAPERS:
        time.sleep(0.01)
    took = Round(time.monotonic() - begun, stack.requests() - requests)
    wait_for(lambda: stack.pages(day) and stack.in_queue() == 0, 60)
    return took


def papers() -> list[Any]:
    """As many of the sample's papers, each from a listed lab, so that all of them are in."""
    items: list[Any] = copy.deepcopy(read_json(SAMPLE_DAYS / f"{DAY}.json")[:PAPERS])
    for item in items:
        item["paper"]["organization"] = {"name": "nvidia", "fullname": "NVIDIA"}
    return items


if __name__ == "__main__":
    run(main)
