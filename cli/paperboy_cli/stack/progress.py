"""What happens to a day, told from its records before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from paperboy.days.digest import Receipt, assemble, receipt_of
from paperboy.days.records import DayRecords, SummaryRecord
from paperboy.summaries.summary import Rung


@dataclass(frozen=True)
class Progress:
    """Something that happened to a day."""

    seconds: float
    """When, counted from the request for the run."""
    step: str
    """listed, ranked, summarised, published; or unchanged, empty."""
    text: str
    records: DayRecords
    """The day's records as they stood then."""
    note: str = ""
    """What was out of the ordinary, such as the reason for which a reply was refused."""


def progress_between(before: DayRecords, now: DayRecords, seconds: float) -> Iterator[Progress]:
    """What is in the records `now` and was not in those `before`, in the order of the steps."""
    run, ranking = now.run, now.ranking
    if run is None or not run.ids:
        return
    if before.run is None or before.run.attempt != run.attempt:
        yield Progress(seconds, "listed", f"{len(run.ids)} papers of {now.day}", now)
    if ranking is None or ranking.attempt != run.attempt:
        return
    if before.ranking != ranking:
        text = f"{len(ranking.selected)} in, {len(ranking.rows) - len(ranking.selected)} left out by the cut"
        yield Progress(seconds, "ranked", text, now)
    for number, row in enumerate(ranking.selected, start=1):
        paper, summary, earlier = now.papers.get(row.id), now.summaries.get(row.id), before.summaries.get(row.id)
        # A paper whose record cannot be read any more has no title to show, and is not in the digest.
        if paper and summary and earlier != summary:
            text = f"{number:>2}. {row.id} {paper.title}"
            yield Progress(seconds, "summarised", text, now, _note(summary, earlier))
    if now.digest is not None and is_out(now) and before.digest != now.digest:
        marked = f", {now.digest.low} of them marked" if now.digest.low else ""
        yield Progress(seconds, "published", f"{len(now.digest.ids)} papers{marked}", now)


def _note(record: SummaryRecord, earlier: SummaryRecord | None) -> str:
    """What a summary had against it, or that it is a better one than before; nothing where it came at once."""
    rung = record.summary.rung
    if rung.low:
        return f"marked ({rung}): {record.reason}"
    if earlier and (earlier.summary, earlier.input_hash) == (record.summary, record.input_hash):
        return f"the earlier text was kept, because no new one could be had: {record.reason}"
    if rung is Rung.REPAIRED:
        return f"refused at first ({record.reason}); asked again with that, and the repair was accepted"
    if earlier and earlier.summary.rung.low:
        return f"mended: it was on the rung {earlier.summary.rung}"
    return ""


def receipt(records: DayRecords) -> Receipt:
    """The receipt of a day that is published, or that has no papers."""
    if records.run is not None and not records.run.ids:
        return receipt_of(records.run, 0)
    digest = assemble(records)
    assert digest is not None  # noqa: S101 - it was assembled when it was published
    return digest.receipt


def is_out(records: DayRecords) -> bool:
    """Whether the digest of the day's newest run is published."""
    return bool(records.run and records.digest and records.digest.attempt == records.run.attempt)


def is_mended(records: DayRecords) -> bool:
    """Whether a published day has what its newest run wanted: better summaries, or the word that there are none.

    A run that is due wants as much and waits for nothing.
    """
    digest, run = assemble(records), records.run
    if digest is None or run is None or records.digest is None:
        return False
    if run.due:
        return True
    summaries = [(entry.paper, records.summaries.get(entry.paper.id)) for entry in digest.entries]
    tried = all(
        summary is not None and (summary.attempt >= run.attempt or summary.serves(paper, run))
        for paper, summary in summaries
    )
    return tried and Counter(digest.rungs) == Counter(records.digest.rungs)
