"""The results of days, and days that are run one after the other: resumable, and sparing with the source."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paperboy_cli.errors import PaperboyError
from paperboy_cli.stack.letters import cause_of
from paperboy_cli.stack.progress import is_out, receipt
from paperboy_cli.terminal import receipt_text, rejections_text

if TYPE_CHECKING:
    from paperboy.days.digest import Receipt
    from paperboy.days.records import DayRecords
    from paperboy_cli.days import Days
    from paperboy_cli.stack.deployed import Deployed
    from paperboy_cli.stack.progress import Progress

STATUS_TEXTS = {
    "published": "published",
    "unchanged": "unchanged",
    "skipped": "done already",
    "empty": "without papers",
    "failed": "failed",
}
MAX_ALIKE = 3
"""Days in a row that fail for the same reason: what follows would fail as well."""
DAY_INTERVAL_SECONDS = 2.0
"""From the request for one day to that for the next: 150 days in five minutes at most.

Hugging Face allows anonymous callers 500 requests in that time. A day takes one for each hundred papers, and up to
three more for each where the source fails.
"""


@dataclass(frozen=True)
class Result:
    """What came of a day."""

    day: dt.date
    status: str
    """published, unchanged (run, with nothing new), skipped (done already), empty (no papers), failed, or stopped (not
    run, because those before it failed alike)."""
    text: str
    """The same for a person: how many papers, or the reason for which there are none."""
    receipt: Receipt | None = None
    link: str | None = None

    def __str__(self) -> str:
        return f"{self.day}  {self.status:<10} {self.text}"

    def as_json(self) -> dict[str, object]:
        """The line that a program reads."""
        return {
            "day": str(self.day),
            "status": self.status,
            "reason": self.text if self.status in ("empty", "failed", "stopped") else None,
            "receipt": self.receipt.model_dump(mode="json") if self.receipt else None,
            "link": self.link,
        }


def result_of(deployed: Deployed, last: Progress) -> Result:
    """What came of the day that `last` was the last progress of."""
    records = last.records
    day, run = records.day, records.run
    day_receipt = receipt(records) if is_out(records) or (run and not run.ids) else None
    text = receipt_text(day_receipt) if day_receipt else ""
    if run and run.broken_listing:
        reason = f"{len(run.broken_listing)} rejected: {rejections_text(run.broken_listing)}"
        text = f"the newest listing is broken, and what was known stays as it was: {reason}"
        return Result(day, "failed", text, day_receipt, _link(deployed, records))
    if last.step == "empty" and run:
        if run.rejections:
            return Result(day, "failed", text, day_receipt)
        return Result(day, "empty", "no papers that day", day_receipt)
    return Result(day, last.step, text or last.text, day_receipt, _link(deployed, records))


def run_days(deployed: Deployed, days: Days, due: bool, again: bool) -> Iterator[Result]:
    """Run the days, and yield the result of each as it is done; one that fails does not stop the others.

    After MAX_ALIKE days in a row that failed for the same reason the next one is yielded as stopped, and is the last.
    Without `again` days that are done are not run: their digest is out and has nothing left to mend, or they are
    recorded as days without papers. Pages of such days that are missing are published again.
    """
    free_at = time.monotonic()
    interval = 0.0 if deployed.source_is_near else DAY_INTERVAL_SECONDS
    causes: list[str] = []
    for day in days:
        if len(causes) == MAX_ALIKE:
            yield Result(day, "stopped", f"{MAX_ALIKE} days in a row failed alike, and so would this one")
            return
        try:
            if not again and (skipped := _skipped(deployed, day)):
                yield skipped
                continue
            time.sleep(max(0.0, free_at - time.monotonic()))
            free_at = time.monotonic() + interval
            *_, last = deployed.run(day, due)
            result = result_of(deployed, last)
        except PaperboyError as error:
            result = Result(day, "failed", str(error))
        cause = cause_of(result.text) if result.status == "failed" else ""
        causes = [each for each in causes if each == cause] + [cause] if cause else []
        yield result


def render_days(deployed: Deployed, days: Iterable[dt.date]) -> Iterator[Result]:
    """Have render write the pages of the days again from their records; one that fails does not stop the others."""
    for day in days:
        try:
            yield _rendered(deployed, day)
        except PaperboyError as error:
            yield Result(day, "failed", str(error))


def _rendered(deployed: Deployed, day: dt.date) -> Result:
    records = deployed.table.read_day(day)
    if not is_out(records):
        return Result(day, "unchanged", "the digest of its newest run is not out")
    changed = deployed.render(day)
    status, text = ("published", f"changed: {', '.join(changed)}") if changed else ("unchanged", "no page has changed")
    return Result(day, status, text, receipt(records), _link(deployed, records))


def _skipped(deployed: Deployed, day: dt.date) -> Result | None:
    """The result of a day that need not be run, or None."""
    records = deployed.table.read_day(day)
    run = records.run
    if run is None or records.open or run.broken_listing or (run.rejections and not run.ids):
        return None
    if not run.ids:
        return Result(day, "skipped", "no papers that day", receipt(records))
    restored = deployed.restore(records)
    status, text = ("published", f"put back: {', '.join(restored)}") if restored else ("skipped", "out already")
    return Result(day, status, text, receipt(records), _link(deployed, records))


def _link(deployed: Deployed, records: DayRecords) -> str | None:
    from paperboy.pages.site import HTML

    return deployed.link(records.day, HTML) if records.digest else None


def totals(results: list[Result], days: Days) -> str:
    """How many of the days came to what, and those that failed, each cause once."""
    counts = Counter(each.status for each in results)
    parts = [f"{counts[status]} {text}" for status, text in STATUS_TEXTS.items() if counts[status]]
    if left := len(days) - len(results) + counts["stopped"]:
        parts.append(f"{left} not looked at")
    failed: dict[str, list[Result]] = {}
    for each in results:
        if each.status == "failed":
            failed.setdefault(cause_of(each.text), []).append(each)
    lines = [f"  {', '.join(str(each.day) for each in alike)} failed: {alike[0].text}" for alike in failed.values()]
    return "\n".join([f"{days}: {', '.join(parts)}.", *lines])
