"""score: a run rings; the day is ranked, and each paper that is in and lacks a good summary is asked for."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from paperboy import doorbell
from paperboy.conflict import ConflictError
from paperboy.observe import count, logger, metrics
from paperboy.policy import Policy, load_policy
from paperboy.queue import CALLS, Queue, SummaryAsked
from paperboy.ranking import rank
from paperboy.records import RankingRecord, papers_hash
from paperboy.settings import ScoreSettings
from paperboy.table import Table


@cache
def collaborators() -> tuple[Table, Queue, Policy, int]:
    """What the function works with, made once in an execution environment."""
    settings = ScoreSettings.load()
    return Table(settings.table), Queue(settings.queue_url), load_policy(), settings.calls_per_run


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> doorbell.Answer:
    known = collaborators()
    return doorbell.answer(event, lambda day: score_day(day, *known))


def score_day(day: dt.date, table: Table, queue: Queue, policy: Policy, calls_per_run: int = 0) -> None:
    """Rank `day`, write the ranking, then ask for the summaries that are missing.

    The messages come last: when sending fails, the stream rings again and all of it is done again, without harm.
    Raises ConflictError where a newer run was ranked meanwhile, or is being written.
    """
    known = table.read_day(day)
    run = known.run
    if run is None:
        logger.warning("no run to rank", status="ignored")
        return
    if not run.ids:
        logger.info("no papers to rank", status="ignored")
        return
    papers = [known.papers[paper_id] for paper_id in run.ids]
    if papers_hash(papers) != run.papers_hash:
        raise ConflictError(f"{day}: papers are being written; their run comes next")
    ranking = rank(papers, policy, day, known.published.ids if known.published else ())
    table.put_ranking(day, RankingRecord(attempt=run.attempt, ranking=ranking))
    lacking = [
        row.id
        for row in ranking.selected
        if row.id not in known.summaries or not known.summaries[row.id].serves(known.papers[row.id], run.prompt)
    ]
    used = sum(summary.calls for summary in known.summaries.values() if summary.attempt == run.attempt)
    queue.send(
        SummaryAsked(day=day, id=paper_id, attempt=run.attempt, calls=calls)
        for paper_id, calls in zip(lacking, allotted(len(lacking), calls_per_run, used), strict=True)
    )
    count("In", len(ranking.selected))
    count("LeftOut", len(run.ids) - len(ranking.selected))
    logger.info("day ranked", status="ranked", selected=len(ranking.selected), asked=len(lacking), attempt=run.attempt)


def allotted(papers: int, limit: int, used: int) -> list[int]:
    """How many model calls each of so many papers may take in a run that may take `limit` of them, and has `used` some.

    Each paper gets one, and then each gets one more for a repair; the papers are in rank order, so that the best do not
    go without. A limit of 0 is none.
    """
    if not limit:
        return [CALLS] * papers
    left = max(0, limit - used)
    return [sum(place + papers * nth < left for nth in range(CALLS)) for place in range(papers)]
