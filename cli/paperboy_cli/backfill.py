"""Days that are made one after the other: resumable, and bounded in what is asked of the source."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paperboy_cli.deployed import is_out, receipt
from paperboy_cli.errors import PaperboyError
from paperboy_cli.steps import receipt_in_words, rejected_in_words

if TYPE_CHECKING:
    from paperboy.digest import Receipt
    from paperboy.records import Day
    from paperboy_cli.days import Days
    from paperboy_cli.deployed import Deployed, Seen

STATUSES = {
    "published": "published",
    "unchanged": "unchanged",
    "skipped": "done already",
    "empty": "without papers",
    "failed": "failed",
}
PACE = 2.0
"""Seconds from asking for one day to asking for the next: 150 days in five minutes at most.

Hugging Face allows anonymous callers 500 requests in that time. A day takes one for each hundred papers, and up to
three more for each where the source fails.
"""


@dataclass(frozen=True)
class Result:
    """What came of a day."""

    day: dt.date
    status: str
    """published, unchanged (asked for, with nothing new), skipped (done already), empty (no papers), or failed."""
    text: str
    """The same for a person: how many papers, or why none."""
    receipt: Receipt | None = None
    link: str | None = None

    def __str__(self) -> str:
        return f"{self.day}  {self.status:<10} {self.text}"

    def as_json(self) -> dict[str, object]:
        """The line that a program reads."""
        return {
            "day": str(self.day),
            "status": self.status,
            "why": self.text if self.status in ("empty", "failed") else None,
            "receipt": self.receipt.model_dump(mode="json") if self.receipt else None,
            "link": self.link,
        }


def result(deployed: Deployed, day: dt.date, last: Seen) -> Result:
    """What came of a day of which `last` was the last thing to see."""
    known = deployed.table.read_day(day)
    run = known.run
    found = receipt(known) if is_out(known) or (run and not run.ids) else None
    words = receipt_in_words(found) if found else ""
    if run and run.broken:
        why = f"{len(run.broken)} rejected: {rejected_in_words(run.broken)}"
        words = f"the newest listing is broken, and what was known stays as it was: {why}"
        return Result(day, "failed", words, found, _link(deployed, known))
    if last.step == "empty" and run:
        return Result(
            day, "failed" if run.rejected else "empty", words if run.rejected else "no papers that day", found
        )
    return Result(day, last.step, words or last.text, found, _link(deployed, known))


def run_days(deployed: Deployed, days: Days, due: bool, again: bool) -> Iterator[Result]:
    """Make the days' digests, and tell of each as it is done; one that fails does not stop the others.

    Without `again` the source is not asked for days that are done: their digest is out and has nothing left to mend, or
    they are recorded as days without papers. Pages of such days that are missing are published again.
    """
    free_at = time.monotonic()
    for day in days:
        try:
            if not again and (skipped := _done(deployed, day)):
                yield skipped
                continue
            time.sleep(max(0.0, free_at - time.monotonic()))
            free_at = time.monotonic() + PACE
            *_, last = deployed.run(day, due)
            yield result(deployed, day, last)
        except PaperboyError as error:
            yield Result(day, "failed", str(error))


def _done(deployed: Deployed, day: dt.date) -> Result | None:
    """What to tell of a day that needs no asking, or None."""
    known = deployed.table.read_day(day)
    if known.run is None or known.open or known.run.broken or (known.run.rejected and not known.run.ids):
        return None
    if not known.run.ids:
        return Result(day, "skipped", "no papers that day", receipt(known))
    restored = deployed.restore(known)
    text = f"put back: {restored}" if restored else "out already"
    return Result(day, "published" if restored else "skipped", text, receipt(known), _link(deployed, known))


def _link(deployed: Deployed, day: Day) -> str | None:
    return deployed.link(day.day, "html") if day.published else None


def in_words(results: list[Result], days: Days) -> str:
    """What came of the days together, and of those that failed one by one."""
    counts = Counter(each.status for each in results)
    told = [f"{counts[status]} {words}" for status, words in STATUSES.items() if counts[status]]
    if left := len(days) - len(results):
        told.append(f"{left} not looked at")
    lines = [f"{days}: {', '.join(told)}."]
    lines += [f"  {each.day} failed: {each.text}" for each in results if each.status == "failed"]
    return "\n".join(lines)
