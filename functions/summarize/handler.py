"""summarize: the queue asks; a paper's summary is written, on the best rung that can be had."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from paperboy import prompt
from paperboy.conflict import ConflictError
from paperboy.model import Model, ModelError
from paperboy.observe import count, logger, metrics
from paperboy.paper import Paper
from paperboy.queue import SummaryAsked
from paperboy.records import SummaryRecord
from paperboy.settings import SummarizeSettings
from paperboy.summary import NO_MODEL, ReplyError, Rung, from_paper, from_reply, source_hash
from paperboy.table import Table
from paperboy.usage import Usage


@cache
def collaborators() -> tuple[Table, Model | None]:
    """What the function works with, made once in an execution environment."""
    settings = SummarizeSettings.load()
    has_model = settings.summarizer != "none"
    model = Model(settings.model_url, settings.model) if has_model else None
    return Table(settings.table), model


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    table, model = collaborators()

    def answer(record: dict[str, Any]) -> SummaryRecord | Exception | None:
        try:
            return summarize_paper(SummaryAsked.model_validate_json(record["body"]), table, model)
        except Exception as error:
            logger.exception("message failed", message_id=record["messageId"], status="failed")
            return error

    messages = event["Records"]
    # A message waits for the network nearly all of its time, so all of a batch are in flight at once.
    with ThreadPoolExecutor(max_workers=max(1, len(messages))) as pool:
        outcomes = list(pool.map(answer, messages))
    for outcome in outcomes:
        if isinstance(outcome, SummaryRecord):
            count(f"Summarised{outcome.summary.rung.capitalize()}", 1)
    failed = [each for each, outcome in zip(messages, outcomes, strict=True) if isinstance(outcome, Exception)]
    return {"batchItemFailures": [{"itemIdentifier": each["messageId"]} for each in failed]}


def summarize_paper(asked: SummaryAsked, table: Table, model: Model | None) -> SummaryRecord | None:
    """Write the summary that `asked` is about; None where there is nothing to do.

    The paper is claimed before the model is called, so that two copies of a message pay once. A model's older summary
    stays where no newer one can be had.
    Raises ConflictError while another copy is at it: the queue brings this one back when that is over.
    """
    about: dict[str, Any] = {"day": str(asked.day), "paper": asked.id, "attempt": asked.attempt}
    paper = table.read_paper(asked.day, asked.id)
    if paper is None:
        logger.error("no such paper", extra=about | {"status": "ignored"})
        return None
    source = source_hash(paper, prompt.version() if model else NO_MODEL)
    claim = table.claim_summary(asked, source, time.time())
    if claim is None:
        logger.info("nothing to do", extra=about | {"status": "ignored"})
        return None
    written = write_summary(paper, model).model_copy(update={"source": source, "attempt": asked.attempt})
    record = best_of(written, claim.previous)
    try:
        table.settle_summary(asked, claim, record)
    except ConflictError:
        logger.warning("claim lost", extra=about | {"status": "dropped"})
        return None
    outcome = {"status": "summarised", "rung": record.summary.rung, "why": record.reason}
    logger.info("paper summarised", extra=about | outcome)
    return record


def best_of(written: SummaryRecord, previous: SummaryRecord | None) -> SummaryRecord:
    """`written`; but where it is on a low rung and a model wrote the previous one, that one with the new outcome."""
    if previous is None or not written.summary.rung.low:
        return written
    sums = {"refusals": previous.refusals + written.refusals, "spent": previous.spent + written.spent}
    if previous.summary.rung.low:
        return written.model_copy(update=sums)
    return previous.model_copy(update={"attempt": written.attempt, "reason": written.reason} | sums)


def write_summary(paper: Paper, model: Model | None) -> SummaryRecord:
    """The paper's summary by `model`; where that has none to give, the listing's or the abstract's, with the reason.

    A reply that is refused is asked for once more, with what was wrong.
    """
    record = SummaryRecord(summary=from_paper(paper), source="", attempt=0)
    if model is None:
        return record.model_copy(update={"reason": "no model is configured"})
    record = record.model_copy(update={"model": model.name})
    refused: prompt.Refused | None = None
    for rung in (Rung.MODEL, Rung.REPAIRED):
        try:
            reply = model.complete(prompt.messages(paper, refused))
        except ModelError as error:
            return record.model_copy(update={"reason": str(error), "spent": record.spent + Usage(calls=1)})
        record = record.model_copy(update={"spent": record.spent + reply.usage})
        try:
            summary = from_reply(reply.text, paper).model_copy(update={"rung": rung})
        except ReplyError as error:
            refused = prompt.Refused(reply.text, str(error))
            record = record.model_copy(update={"reason": refused.why})
        else:
            return record.model_copy(update={"summary": summary})
    return record.model_copy(update={"refusals": 1})
