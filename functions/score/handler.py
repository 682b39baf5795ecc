"""score: a RUN record invokes it; it ranks the day, and requests a summary for each paper that is in and lacks one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from paperboy.adapters.batch import BatchResponse
from paperboy.adapters.observe import Metric, count, logger, metrics, report_unreadable
from paperboy.adapters.queue import Queue
from paperboy.adapters.settings import ScoreSettings
from paperboy.adapters.stream import handle_days, is_again
from paperboy.adapters.table import Table
from paperboy.days.scoring import rank_run, summary_requests
from paperboy.papers.policy import Policy, load_policy


@dataclass(frozen=True)
class Score:
    """What the function works with, and what it does with a day."""

    table: Table
    queue: Queue
    policy: Policy
    max_calls_per_run: int = 0
    """Calls of the model that a run of a day may take; 0 is no limit."""

    def score_day(self, day: dt.date, again: bool = False) -> None:
        """Rank `day`, write the ranking, then request the summaries that are missing; `again`, all of them.

        The messages come last: when sending fails, the stream delivers its record again and all of it is done again,
        without harm. Raises ConflictError where a newer run was ranked meanwhile, or is being written.
        """
        records = self.table.read_day(day)
        run = records.run
        if run is None or not run.ids:
            logger.info("no papers to rank", extra={"status": "ignored"})
            return
        ranking = rank_run(run, records, self.policy)
        self.table.put_ranking(records, ranking)
        requests = summary_requests(run, ranking, records, self.max_calls_per_run, again)
        self.queue.send(requests)
        selected = len(ranking.selected)
        count(Metric.SELECTED, selected)
        count(Metric.LEFT_OUT, len(ranking.rows) - selected)
        outcome = {"status": "ranked", "selected": selected, "requested": len(requests), "attempt": run.attempt}
        logger.info("day ranked", extra=outcome)


@cache
def collaborators() -> Score:
    """What the function works with, made once in an execution environment."""
    settings = ScoreSettings.load()
    return Score(
        table=Table(settings.table, report_unreadable),
        queue=Queue(settings.queue_url),
        policy=load_policy(),
        max_calls_per_run=settings.max_calls_per_run,
    )


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> BatchResponse:
    return handle_days(event, partial(collaborators().score_day, again=is_again(event)))
