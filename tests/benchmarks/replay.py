"""Every real listing through the deployed stack: what comes of each, and, with --faults, what a bad model does to them.

.venv/bin/python -m tests.benchmarks.replay [--faults]
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import re
import time
from collections import Counter
from statistics import median
from typing import Any

from paperboy.adapters.sources.hugging_face import read_listing
from paperboy.days.records import DayRecords, SummaryRecord
from paperboy_cli.errors import PaperboyError
from paperboy_cli.project.folder import ROOT
from paperboy_cli.stack.progress import is_out, receipt
from tests.benchmarks.common import benchmark, console, run, show
from tests.benchmarks.direct import first_run, show_units
from tests.benchmarks.stack import Bench, bench
from tests.benchmarks.upstreams import Faults, Upstreams
from tests.samples import read_json

DATA = ROOT.parent / "shared" / "data"
SEED = 1
SETTLE_TIMEOUT_SECONDS = 150.0
"""Without a new summary or digest for so long, those that are missing are given up on: longer than three calls that
time out one after the other."""
UNITS_EVERY = 6
LONG_AGO = dt.timedelta(days=20 * 365)
HOW = """\
The real listings of ../shared, each through a replay server and the deployed stack, all days in a row, and a model that
replies at once with a good summary of any paper."""
WITH_FAULTS = """\
Of the model's calls, 5 % are answered 429 with Retry-After: 1, 5 % with a reply that is no summary and 2 % not at all:
the first three of these hang until the client has had enough, the others end the connection. One paper is refused by
the content filter each time, and one is answered with another paper's text each time."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", action="store_true", help="a model with injected faults")
    with_faults = parser.parse_args().faults
    if not (DATA / "hf_daily").is_dir():
        return console.print(
            "\nreplay: left out, for it needs the folder of real listings, ../shared, which is not here"
        )
    listings = recorded("hf_daily")
    upstreams = Upstreams(listings=dict(listings), faults=faults(listings) if with_faults else Faults())
    with (
        benchmark("replay", f"{HOW} {WITH_FAULTS}" if with_faults else HOW, seconds=1500),
        bench(upstreams) as stack,
    ):
        if not with_faults:
            show_first_runs(stack)
        whole = replay(stack, listings)
        show_digests(whole)
        show_summaries(whole)
        show_calls(stack)
        if with_faults:
            mend(stack, whole)
        else:
            rerun(stack, whole)
            show_malformed(stack)
    return None


def recorded(folder: str) -> dict[str, list[Any]]:
    """The answers in a folder of ../shared, by the day that each is named after."""
    return {file.name.split(".")[0]: read_json(file) for file in sorted((DATA / folder).glob("*.json.gz"))}


def faults(listings: dict[str, list[Any]]) -> Faults:
    """The faults of a bad day; the two papers are the most-voted of two days, so they are in."""
    refused, confused = random.Random(SEED).sample(sorted(listings), 2)  # noqa: S311 - no secret
    return Faults(
        0.05, 0.05, 0.02, hanging=3, seed=SEED, refused=top(listings[refused]), confused=top(listings[confused])
    )


def top(items: list[Any]) -> str:
    return max(read_listing(items).papers, key=lambda paper: paper.upvotes or 0).title


def show_first_runs(stack: Bench) -> None:
    """Write units of every UNITS_EVERYth listing; for this it is a day of LONG_AGO, so that its own is still new."""
    stack.trigger("sqs", "dynamodb", on=False)
    listings = stack.upstreams.listings
    days = [dt.date.fromisoformat(day) for day in sorted(listings)[::UNITS_EVERY]]
    back = [day - LONG_AGO for day in days]
    listings |= {str(old): listings[str(day)] for day, old in zip(days, back, strict=True)}
    show_units(stack, f"{len(days)} of the days", back, first_run(stack, back))
    stack.upstreams.listings = {day: items for day, items in listings.items() if day not in set(map(str, back))}
    stack.upstreams.calls.clear()
    stack.trigger("sqs", "dynamodb", on=True)


def replay(stack: Bench, listings: dict[str, list[Any]]) -> list[DayRecords]:
    """Run every day, and wait until all digests are out or nothing happens any more."""
    begun = time.monotonic()
    days = [dt.date.fromisoformat(day) for day in listings]
    for day in days:
        stack.deployed.ingest(day)
    ingested = time.monotonic() - begun
    settle(stack, days)
    console.print(
        f"{len(days)} days: ingested within {ingested:.0f} s, all done after {time.monotonic() - begun:.0f} s"
        f" ({(time.monotonic() - begun) / len(days):.2f} s a day)"
    )
    return [stack.deployed.table.read_day(day) for day in days]


def settle(stack: Bench, days: list[dt.date]) -> None:
    """Wait until the newest run of every day is published."""
    table, missing, last, before = stack.deployed.table, set(days), time.monotonic(), None
    while missing and time.monotonic() - last < SETTLE_TIMEOUT_SECONDS:
        time.sleep(0.5)
        attempts = table.read_attempts(missing)
        digests = table.read_digests(since=min(days))
        missing -= {day for day in missing & set(digests) if digests[day].attempt == attempts[day]}
        now = (len(missing), stack.upstreams.calls["model"], stack.in_queue())
        if now != before:
            last, before = time.monotonic(), now
    for day in sorted(missing):
        console.print(f"[bold red]{day} is not out[/]")


def show_digests(days: list[DayRecords]) -> None:
    out = [day for day in days if is_out(day)]
    receipts = [receipt(day) for day in out]
    bad = [r for r in receipts if r.listed + r.kept != r.selected + r.left_out + len(r.rejections)]
    sizes = sorted(r.selected for r in receipts)
    rows: list[list[object]] = [
        ["days with a digest", f"{len(out)} of {len(days)}"],
        ["receipts that add up", f"{len(out) - len(bad)} of {len(out)}"],
        ["items listed", sum(r.listed for r in receipts)],
        ["in, left out, rejected", f"{sum(sizes)}, {sum(r.left_out for r in receipts)}, {rejected_count(days)}"],
        ["papers of a digest: least, median, most", f"{sizes[0]}, {median(sizes):.0f}, {sizes[-1]}"],
    ]
    show(["digests", ""], rows)


def rejected_count(days: list[DayRecords]) -> int:
    return sum(len(day.run.rejections) for day in days if day.run)


def summaries(days: list[DayRecords]) -> list[SummaryRecord | None]:
    """What is recorded for each paper that is in; None where nothing is."""
    return [day.summaries.get(row.id) for day in days if day.ranking is not None for row in day.ranking.selected]


def show_summaries(days: list[DayRecords]) -> None:
    """The rung of each paper that is in, and why it is not a better one."""
    records = summaries(days)
    rungs = Counter(record.summary.rung.value if record else "none at all" for record in records)
    show(["rung", "papers", ""], [[rung, n, f"{n / len(records):.1%}"] for rung, n in rungs.most_common()])
    console.print(f"Lost: {records.count(None)}")
    reasons: Counter[str] = Counter()
    for record in records:
        if record and record.reason:
            general = {in_general(reason) for reason in record.reason.split("; ")}
            reasons.update(f"{record.summary.rung.value}: {reason}" for reason in general)
    if reasons:
        show(["rung: what was wrong with the reply or the call", "papers"], reasons.most_common())


def in_general(reason: str) -> str:
    """A reason without what is peculiar to one paper."""
    reason = re.sub(r"highlights\.\d", "highlights", reason)
    reason = re.sub(r"the (name|number) .*? (is neither)", r"a \1 \2", reason)
    reason = re.sub(r"(holds [\w' ]+): .*", r"\1", reason)
    return re.sub(r"(JSON is malformed).*", r"\1", reason)


def show_calls(stack: Bench) -> None:
    calls = stack.upstreams.calls
    names = ("model", "busy", "malformed", "silent", "refused", "confused")
    rows: list[list[object]] = [[name.replace("model", "all"), calls[name]] for name in names if calls[name]]
    show(
        ["calls of the model", ""],
        [*rows, ["tokens of a reply, read and written", calls["tokens"] // calls["replies"]]],
    )
    console.print(f"Failed for good: {stack.deployed.failures()}")


def counted(stack: Bench) -> dict[str, int]:
    return {
        "model calls": stack.upstreams.calls["model"],
        "stream records": stack.stream_records(),
        "bucket writes": stack.puts(),
    }


def rerun(stack: Bench, days: list[DayRecords]) -> None:
    """Run every day again, with nothing new."""
    before = counted(stack)
    statuses = Counter(stack.deployed.ingest(day.day)["status"] for day in days)
    after = counted(stack)
    rows = [[name, before[name], after[name] - before[name]] for name in before]
    show([f"again, with nothing new: {dict(statuses)}", "so far", "again"], rows)


def mend(stack: Bench, days: list[DayRecords]) -> None:
    """Run every day again, with the model as it was: only what is degraded is paid for."""
    degraded = sum(record is None or record.summary.rung.low for record in summaries(days))
    before = stack.upstreams.calls.copy()
    console.print("\nA second run of every day:")
    whole = replay(stack, {str(day.day): [] for day in days})
    show_summaries(whole)
    called = (stack.upstreams.calls - before)["model"]
    console.print(f"{called} calls for {degraded} papers on a low rung. Failed for good: {stack.deployed.failures()}")


def show_malformed(stack: Bench) -> None:
    """The answers whose items are strings, for days that have a page and for days that have none."""
    with_page = sorted(stack.upstreams.listings)
    pairs = zip(recorded("hf_daily_malformed").items(), with_page[::20], strict=False)
    days = [(day, answer) for (name, answer), page_day in pairs for day in (page_day, name)]
    rows = [malformed_row(stack, dt.date.fromisoformat(day), answer) for day, answer in days]
    show(["malformed answers", "had a page", "pages touched", "ingest said", "items rejected, and why"], rows)


def malformed_row(stack: Bench, day: dt.date, answer: list[Any]) -> list[object]:
    before = stack.pages(day)
    stack.upstreams.listings[str(day)] = answer
    try:
        status = stack.deployed.ingest(day)["status"]
    except PaperboyError as error:
        status = str(error)
    time.sleep(1)  # a page that should not come has had its time
    run = stack.deployed.table.read_day(day).run
    rejections = [*run.rejections, *run.broken_listing] if run else []
    reasons = f"{len(rejections)}: {'; '.join({each.reason for each in rejections})}" if run else "no record"
    touched = sum(before.get(key) != tag for key, tag in stack.pages(day).items())
    return [day, "yes" if before else "no", touched, status, reasons]


if __name__ == "__main__":
    run(main)
