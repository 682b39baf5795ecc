"""How a day's size tells: days of a hundred and of a thousand papers through every stage.

.venv/bin/python -m tests.benchmarks.linear
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from paperboy_cli.local.emulator import SAMPLE_DAYS
from tests.benchmarks.common import benchmark, run, show, verdict
from tests.benchmarks.direct import Whole, first_run, show_units
from tests.benchmarks.stack import bench
from tests.benchmarks.upstreams import Upstreams
from tests.samples import DAY, read_json

SIZES = (100, 1000)
WARM_UP = 10
ROUNDS = 4
STAGES = ("ingest", "score", "render")
REACH = 1.2
"""Times per paper on the large day, of that on the small one."""
MEMORY = 512
"""MB, as the functions have."""
QUERIES = ("Query", "GetItem", "HeadObject")
"""A further page of a query, 1 MB, counts by itself."""
HOW = f"""\
Days of {SIZES[0]} and {SIZES[1]:,} papers, made of the sample's under other ids, through the handlers: called directly,
each stage and size in a process of its own, in the environment that the functions are deployed with. The fastest
of {ROUNDS} days, after a small one that warms up. The emulator's own time is in it. Peak memory is the process's."""


def main() -> None:
    upstreams = Upstreams()
    with benchmark("linear", HOW, seconds=300), bench(upstreams) as stack:
        stack.trigger("sqs", "dynamodb", on=False)
        first = DAY
        measured = {}
        for size in SIZES:
            days = [first + dt.timedelta(days=number) for number in range(1 + ROUNDS)]
            first = days[-1] + dt.timedelta(days=1)
            for day, papers in zip(days, [WARM_UP] + [size] * ROUNDS, strict=True):
                upstreams.listings[str(day)] = listing(papers)
            measured[size] = days, first_run(stack, days)
        show_stages({size: whole for size, (_, whole) in measured.items()})
        for size, (days, whole) in measured.items():
            show_units(stack, f"{size:,} papers a day", days, whole)


def show_stages(measured: dict[int, Whole]) -> None:
    small, large = measured.values()
    rows = []
    for stage in STAGES:
        times = [min(each.seconds for each in whole.calls[stage][1:]) / size for size, whole in measured.items()]
        ratio, peak = times[1] / times[0], large.peaks[stage]
        rows.append(
            [
                *(stage, *(f"{1000 * each:.2f}" for each in times), f"{ratio:.2f}", f"≤ {REACH}"),
                *(verdict(ratio, REACH), f"{peak:.0f}", f"≤ {MEMORY}", verdict(peak, MEMORY)),
            ]
        )
    sizes = [f"{size:,}" for size in SIZES]
    show(["stage", *(f"ms a paper of {size}" for size in sizes), "ratio", "reach", "", "peak MB", "reach", ""], rows)
    rows = []
    for stage in STAGES:
        requests = [whole.calls[stage][-1].requests for whole in (small, large)]
        for name in sorted(set(requests[0] + requests[1])):
            fewer, more = (each[name] for each in requests)
            constant = verdict(more, fewer) if name in QUERIES else ""
            rows.append([f"{stage}: {name}", str(fewer), str(more), constant])
    show(["requests", *(f"day of {size}" for size in sizes), "queries constant"], rows)


def listing(papers: int) -> list[Any]:
    """So many of the sample's items, again and again, under ids of their own."""
    items = read_json(SAMPLE_DAYS / f"{DAY}.json")
    made = (items[number % len(items)] for number in range(papers))
    return [item | {"paper": item["paper"] | {"id": f"2602.{number:05}"}} for number, item in enumerate(made)]


if __name__ == "__main__":
    run(main)
