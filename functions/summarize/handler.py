"""summarize: the queue asks; a paper's summary is written, on the best rung that can be had."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from paperboy import prompt
from paperboy.conflict import ConflictError
from paperboy.language import Language, load_language
from paperboy.model import MAX_OUTPUT_TOKENS, Completion, FilteredError, Model, ModelError, Schema
from paperboy.observe import count, logger, metrics
from paperboy.paper import Paper
from paperboy.queue import SummaryAsked
from paperboy.records import SummaryRecord
from paperboy.settings import SummarizeSettings
from paperboy.summary import NO_MODEL, ReplyError, Rung, from_paper, from_reply, schema_of, source_hash
from paperboy.table import Claim, Table, month_of
from paperboy.usage import Limits, Prices, Usage

ON_LOW_RUNG = "OnLowRung"
"""The metric of papers whose summary no model wrote; an alarm looks at it."""

SCHEMA_TOKENS = 1000
"""More than an endpoint counts for the reply's shape, which goes with every call."""


class LimitError(Exception):
    """A limit of the budget leaves no room for a call of the model."""


@dataclass(frozen=True)
class Summarize:
    """What the function works with, and what it does with a message."""

    table: Table
    model: Model | None
    prices: Prices
    limits: Limits
    language: Language

    def summarize_paper(self, asked: SummaryAsked) -> SummaryRecord | None:
        """Write the summary that `asked` is about; None where there is nothing to do.

        The paper is claimed before the model is called, so that two copies of a message pay once. A model's older
        summary stays where no newer one can be had.
        Raises ConflictError while another copy is at it: the queue brings this one back when that is over.
        """
        about: dict[str, Any] = {"day": str(asked.day), "paper": asked.id, "attempt": asked.attempt}
        paper = self.table.read_paper(asked.day, asked.id)
        if paper is None:
            logger.error("no such paper", extra=about | {"status": "ignored"})
            return None
        source = source_hash(paper, prompt.version(self.language) if self.model else NO_MODEL)
        claim = self.table.claim_summary(asked, source, time.time())
        if claim is None:
            logger.info("nothing to do", extra=about | {"status": "ignored"})
            return None
        if claim.lost:
            self.table.forfeit(claim.lost)
        written = self.write_summary(paper, asked, claim)
        record = best_of(written.model_copy(update={"source": source}), claim.previous)
        try:
            self.table.settle_summary(asked, claim, record)
        except ConflictError:
            logger.warning("claim lost", extra=about | {"status": "dropped"})
            return None
        outcome = {"status": "summarised", "rung": record.summary.rung, "why": record.reason}
        logger.info("paper summarised", extra=about | outcome)
        return record

    def write_summary(self, paper: Paper, asked: SummaryAsked, claim: Claim) -> SummaryRecord:
        """The paper's summary by the model; where that has none to give, the listing's or the abstract's, and why.

        A reply that is refused is asked for once more, with what was wrong.
        """
        record = SummaryRecord(summary=from_paper(paper), source="", attempt=asked.attempt)
        if self.model is None:
            return record.model_copy(update={"reason": "no model is configured"})
        record = record.model_copy(update={"model": self.model.name})
        refused: prompt.Refused | None = None
        for rung in (Rung.MODEL, Rung.REPAIRED):
            try:
                left = asked.calls - record.calls
                reply, spent = self._call(self.model, prompt.messages(paper, self.language, refused), claim, left)
            except LimitError as error:
                return record.model_copy(update={"reason": str(error), "limited": True})
            record = _spent(record, spent)
            if isinstance(reply, ModelError):
                filtered = isinstance(reply, FilteredError)
                return record.model_copy(update={"reason": str(reply), "refusals": int(filtered)})
            try:
                summary = from_reply(reply.text, paper, self.language)
            except ReplyError as error:
                why = str(error)
            except Exception as error:
                # A fault of ours. The paper is paid for, and would be with each delivery if the message failed.
                logger.exception(
                    "reply not read", extra={"day": str(asked.day), "paper": asked.id, "status": "refused"}
                )
                why = f"reply: it could not be read: {type(error).__name__}"
            else:
                return record.model_copy(update={"summary": summary.model_copy(update={"rung": rung})})
            cut_off = f"reply: it was cut off after {MAX_OUTPUT_TOKENS} tokens; " if reply.cut_off else ""
            refused = prompt.Refused(reply.text, f"{cut_off}{why}")
            record = record.model_copy(update={"reason": refused.why})
        return record.model_copy(update={"refusals": 1})

    def _call(
        self, model: Model, messages: tuple[prompt.Message, ...], claim: Claim, left: int
    ) -> tuple[Completion | ModelError, Usage]:
        """One of the calls that are `left`, and what it took.

        The most that it can take is set aside before. That stays counted where nobody tells what it took, and where
        the process is stopped in between. Raises LimitError.
        """
        if left < 1:
            raise LimitError("the model calls of this run are used up")
        month, most = month_of(time.time()), self._most(messages)
        if not self.table.reserve(month, claim.token, most, self.limits):
            raise LimitError("what a month may take is used up")
        try:
            reply: Completion | ModelError = model.complete(messages)
        except ModelError as error:
            reply = error
        spent = most if reply.usage is None else self._priced(reply.usage)
        self.table.settle(month, claim.token, most, spent)
        return reply, spent

    def _priced(self, usage: Usage) -> Usage:
        return usage.model_copy(update={"cost": self.prices.of(usage.input_tokens, usage.output_tokens)})

    def _most(self, messages: tuple[prompt.Message, ...]) -> Usage:
        """The most that a call can take: no tokenizer makes more tokens of a text than it has bytes."""
        given = SCHEMA_TOKENS + sum(len(message.content.encode()) for message in messages)
        cost = self.prices.of(given, MAX_OUTPUT_TOKENS)
        return Usage(calls=1, input_tokens=given, output_tokens=MAX_OUTPUT_TOKENS, cost=cost)


@cache
def collaborators() -> Summarize:
    """What the function works with, made once in an execution environment."""
    settings = SummarizeSettings.load()
    language = load_language(settings.language)
    return Summarize(
        table=Table(settings.table),
        model=_model(settings, schema_of(language)),
        prices=Prices(input=settings.price_input, output=settings.price_output),
        limits=Limits(tokens=settings.tokens_per_month, cost=int(settings.cost_per_month * 1_000_000)),
        language=language,
    )


def _model(settings: SummarizeSettings, schema: Schema) -> Model | None:
    """The model that is configured. Only its provider is loaded: an unused library is paid for at each start."""
    match settings.summarizer:
        case "bedrock":
            from paperboy.bedrock import Bedrock

            return Bedrock(settings.bedrock_model, schema)
        case "openai":
            from paperboy.openai import OpenAI
            from paperboy.secret import Secret

            key = Secret(settings.key_name) if settings.key_name else None
            return OpenAI(settings.model_url, settings.model, schema, key)
        case "none":
            return None


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    summarize = collaborators()

    def answer(record: dict[str, Any]) -> SummaryRecord | Exception | None:
        try:
            return summarize.summarize_paper(SummaryAsked.model_validate_json(record["body"]))
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
            count(ON_LOW_RUNG, int(outcome.summary.rung.low))
            count("Limited", int(outcome.limited))
    failed = [each for each, outcome in zip(messages, outcomes, strict=True) if isinstance(outcome, Exception)]
    return {"batchItemFailures": [{"itemIdentifier": each["messageId"]} for each in failed]}


def best_of(written: SummaryRecord, previous: SummaryRecord | None) -> SummaryRecord:
    """`written`; but where it is on a low rung and a model wrote the previous one, that one with the new outcome."""
    if previous is None:
        return written
    spent = previous.spent + written.spent
    if not written.summary.rung.low:
        return written.model_copy(update={"spent": spent})
    sums = {"spent": spent, "refusals": previous.refusals + written.refusals}
    if previous.summary.rung.low:
        return written.model_copy(update=sums)
    outcome = {name: getattr(written, name) for name in ("attempt", "calls", "reason", "limited")}
    return previous.model_copy(update=outcome | sums)


def _spent(record: SummaryRecord, usage: Usage) -> SummaryRecord:
    return record.model_copy(update={"calls": record.calls + usage.calls, "spent": record.spent + usage})
