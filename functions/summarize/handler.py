"""summarize: the queue invokes it; a paper's summary is written, on the best rung that can be had."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from paperboy.adapters.batch import BatchResponse
from paperboy.adapters.budget import NO_DEADLINE, Budget, BudgetedModel
from paperboy.adapters.models import load_model
from paperboy.adapters.observe import logger, metrics, report_summary, report_unreadable
from paperboy.adapters.queue import Queue
from paperboy.adapters.settings import SummarizeSettings
from paperboy.adapters.table import Table
from paperboy.days.records import SummaryRecord
from paperboy.errors import ConflictError
from paperboy.languages.language import Language, load_language
from paperboy.summaries.dialogue import summarize
from paperboy.summaries.prompt import prompt_version
from paperboy.summaries.request import PostponedError, SummaryRequest
from paperboy.summaries.summary import input_hash


@dataclass(frozen=True)
class Summarize:
    """What the function works with, and what it does with a request."""

    table: Table
    budget: Budget
    model: BudgetedModel | None
    language: Language

    def summarize_paper(self, request: SummaryRequest, deadline: float = NO_DEADLINE) -> SummaryRecord | None:
        """Write the summary that is requested; None where there is nothing to do.

        The paper is claimed first, so that two copies of a message pay once. The queue brings the request back after a
        ConflictError, while another copy is at it, and a PostponedError, where no call fits in before the `deadline`.
        """
        fields: dict[str, Any] = {"day": str(request.day), "paper": request.paper_id, "attempt": request.attempt}
        paper = self.table.read_paper(request.day, request.paper_id)
        if paper is None:
            logger.error("no such paper", extra=fields | {"status": "ignored"})
            return None
        made_from = input_hash(paper, prompt_version(self.language, self.model is not None))
        claim = self.table.claim_summary(request, made_from, time.time())
        if claim is None:
            logger.info("nothing to do", extra=fields | {"status": "ignored"})
            return None
        if claim.expired:
            self.budget.forfeit(claim.expired)
        call = partial(self.model.call, token=claim.token, deadline=deadline) if self.model else None
        try:
            outcome = summarize(paper, self.language, call, request.max_calls, not request.due, claim.spent)
        except PostponedError as error:
            self.table.release_summary(request, claim, error.usage)
            logger.warning("paper postponed", extra=fields | {"status": "postponed", "reason": str(error)})
            raise
        if outcome.fault:
            logger.error("reply not read", extra=fields | {"status": "refused"}, exc_info=outcome.fault)
        name = self.model.name if self.model else None
        record = SummaryRecord.of(outcome, request, made_from, name, dt.datetime.now(dt.UTC)).after(claim.previous)
        try:
            self.table.settle_summary(request, claim, record)
        except ConflictError:
            logger.warning("claim lost", extra=fields | {"status": "dropped"})
            return None
        fields |= {"status": "summarised", "rung": record.summary.rung, "reason": record.reason}
        fields |= {"summary": record.summary.model_dump(mode="json")} if request.again else {}
        logger.info("paper summarised", extra=fields)
        return record


@cache
def collaborators() -> Summarize:
    """What the function works with, made once in an execution environment."""
    settings = SummarizeSettings.load()
    language = load_language(settings.language)
    budget, model = Budget(settings.table, report_unreadable, settings.limits), load_model(settings, language)
    budgeted = BudgetedModel(model, budget, settings.prices, settings.max_output_tokens) if model else None
    return Summarize(Table(settings.table, report_unreadable), budget, budgeted, language)


@cache
def queue() -> Queue:
    return Queue(SummarizeSettings.load().queue_url)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> BatchResponse:
    deadline = time.monotonic() + context.get_remaining_time_in_millis() / 1000
    records, response = queue().handle(event, partial(collaborators().summarize_paper, deadline=deadline))
    for record in filter(None, records):
        report_summary(record)
    return response
