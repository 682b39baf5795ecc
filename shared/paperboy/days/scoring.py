"""What score makes of a day's records: the ranking of the newest run, and the requests for the summaries it lacks."""

from __future__ import annotations

from paperboy.days.records import DayRecords, RankingRecord, Run, papers_hash
from paperboy.errors import ConflictError
from paperboy.papers.policy import Policy
from paperboy.papers.ranking import rank
from paperboy.summaries.request import MAX_CALLS_PER_PAPER, SummaryRequest


def rank_run(run: Run, records: DayRecords, policy: Policy) -> RankingRecord:
    """The ranking of the run's papers. One whose record cannot be read is left out.

    Raises ConflictError where the papers are not those that the run found: they are being written, and their run
    comes next.
    """
    papers = [records.papers[paper_id] for paper_id in run.ids if paper_id not in records.unreadable_papers]
    if len(papers) == len(run.ids) and papers_hash(papers) != run.papers_hash:
        raise ConflictError(f"{records.day}: papers are being written; their run comes next")
    published = records.digest.ids if records.digest else ()
    return RankingRecord(attempt=run.attempt, rows=rank(papers, policy, records.day, published).rows)


def summary_requests(
    run: Run, ranking: RankingRecord, records: DayRecords, max_calls_per_run: int, again: bool = False
) -> list[SummaryRequest]:
    """A request for each paper that is in and has no summary that serves, the best papers first; `again`, for all.

    They share the model calls that the run may take; what its summaries took already is taken off.
    """
    lacking = [row.id for row in ranking.selected if again or records.lacks_summary(row.id, run)]
    used = sum(summary.calls for summary in records.summaries.values() if summary.attempt == run.attempt)
    return [
        SummaryRequest(
            day=records.day, paper_id=paper_id, attempt=run.attempt, due=run.due, max_calls=max_calls, again=again
        )
        for paper_id, max_calls in zip(lacking, share_calls(len(lacking), max_calls_per_run, used), strict=True)
    ]


def share_calls(papers: int, max_calls: int, used_calls: int) -> list[int]:
    """How many calls each of so many papers may take in a run that may take `max_calls`, and has taken `used_calls`.

    Each paper gets one, and then each gets one more for a repair; the papers are in rank order, so that the best do not
    go without. A `max_calls` of 0 is no limit.
    """
    if not max_calls:
        return [MAX_CALLS_PER_PAPER] * papers
    left = max(0, max_calls - used_calls)
    return [sum(place + papers * nth < left for nth in range(MAX_CALLS_PER_PAPER)) for place in range(papers)]
