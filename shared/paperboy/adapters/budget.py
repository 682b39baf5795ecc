"""The budget: what a month took of the model, kept in the table, and a model that is called within it."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from paperboy.adapters.items import UnreadableError, from_attributes, from_item, to_attributes
from paperboy.adapters.pacing import Pacer
from paperboy.days.keys import BUDGET, month_key
from paperboy.days.records import RECORD_FORMATS
from paperboy.summaries.dialogue import Answer, LimitError
from paperboy.summaries.model import MAX_CALL_SECONDS, NO_TOKENS, Model, ModelError, ThrottledError
from paperboy.summaries.usage import DEFAULT_OUTPUT_TOKENS, Limits, Prices, Usage, max_usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient

    from paperboy.adapters.table import ExpiredClaim
    from paperboy.summaries.prompt import Message

NO_DEADLINE = math.inf

SETTLE_SECONDS = 10.0
"""More than what follows on a call takes: it is settled, read and written."""


class Budget:
    """What each month took, and what is set aside for calls under way, by the token of the claim that they are for."""

    def __init__(
        self,
        table_name: str,
        on_unreadable: Callable[[str, str, str], object],
        limits: Limits | None = None,
        client: DynamoDBClient | None = None,
    ) -> None:
        self._table_name = table_name
        self._on_unreadable = on_unreadable
        self._client = client or boto3.client("dynamodb")
        self._limits = limits or Limits()

    def usage(self, month: str) -> Usage | None:
        """What `month` (``2026-02``) took so far, with what is set aside for calls under way.

        None where nothing was taken, and where the record cannot be read.
        """
        key = to_attributes({"pk": BUDGET, "sk": month})
        answer = self._client.get_item(TableName=self._table_name, Key=key, ConsistentRead=True)
        try:
            return from_item(Usage, from_attributes(answer["Item"])) if "Item" in answer else None
        except UnreadableError as error:
            self._on_unreadable(BUDGET, month, str(error))
            return None

    def reserve(self, month: str, token: str, most: Usage) -> bool:
        """Set aside `most` of what `month` may take, for the holder of a claim. Returns whether the limits leave room.

        What is set aside counts as used until it is settled. Raises UnreadableError where the month's sums are damaged.
        """
        room = {"tokens": (self._limits.tokens, most.tokens), "cost": (self._limits.cost, most.cost)}
        limited = {name: limit - wanted for name, (limit, wanted) in room.items() if limit}
        if min(limited.values(), default=0) < 0:
            return False
        left = [f"(attribute_not_exists(#{name}) OR #{name} <= :room_{name})" for name in limited]
        rooms = {f":room_{name}": value for name, value in limited.items()}
        return self._add(month, "SET #held = :held,", most, ["attribute_not_exists(#held)", *left], token, rooms)

    def settle(self, month: str, token: str, most: Usage, usage: Usage) -> None:
        """Count `usage` in place of the `most` that was set aside.

        Where the claim was lost meanwhile, the one that took it over has counted `most`, and that stands.
        """
        with suppress(UnreadableError):  # it is reported, and the call is made
            self._add(month, "REMOVE #held SET", usage - most, ["attribute_exists(#held)"], token, {})

    def forfeit(self, claim: ExpiredClaim) -> None:
        """Count as used what an expired claim had set aside, if it had: nobody knows whether the model was called."""
        with suppress(UnreadableError):
            self._add(claim.month, "REMOVE #held SET", Usage(), ["attribute_exists(#held)"], claim.token, {})

    def _add(
        self, month: str, held: str, more: Usage, conditions: list[str], token: str, values: dict[str, int]
    ) -> bool:
        """Add `more` to what `month` took and change what is set aside for `token`, where the `conditions` hold."""
        sums = more.model_dump() | {"tokens": more.tokens}
        adding = ", ".join(f"#{name} :{name}" for name in sums)
        if ":held" in held:
            values = values | {":held": more.tokens}
        try:
            self._client.update_item(
                TableName=self._table_name,
                Key=to_attributes({"pk": BUDGET, "sk": month}),
                UpdateExpression=f"{held} #format = if_not_exists(#format, :format) ADD {adding}",
                ConditionExpression=" AND ".join(conditions),
                ExpressionAttributeNames={"#held": f"held {token}", "#format": "format"}
                | {f"#{name}": name for name in sums},
                ExpressionAttributeValues=to_attributes(
                    {f":{name}": value for name, value in sums.items()} | values | {":format": RECORD_FORMATS[Usage]}
                ),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationException":
                raise
            # Nothing can be added to what is no number.
            self._on_unreadable(BUDGET, month, str(error))
            raise UnreadableError(f"what {month} took cannot be read") from error
        return True


@dataclass(frozen=True)
class BudgetedModel:
    """A model, each call of which is paid from the budget, at the pace that its provider has room for."""

    model: Model
    budget: Budget
    prices: Prices
    max_output_tokens: int = DEFAULT_OUTPUT_TOKENS
    pacer: Pacer = field(default_factory=Pacer)
    end_seconds: float = MAX_CALL_SECONDS + SETTLE_SECONDS
    """How long before a deadline the last call may begin."""

    @property
    def name(self) -> str:
        return self.model.name

    def call(self, messages: tuple[Message, ...], token: str, deadline: float = NO_DEADLINE) -> Answer:
        """The model's answer to a conversation, and what it took, for the holder of the claim with that `token`.

        While the provider has no room the call waits, with nothing set aside. Raises LimitError where the budget has
        none, or nobody knows, and PostponedError where there is no time left until `deadline`, in seconds of
        `time.monotonic()`.
        """
        return self.pacer.call(lambda: self._pay(messages, token), deadline - self.end_seconds)

    def _pay(self, messages: tuple[Message, ...], token: str) -> Answer:
        """One try of a call.

        The most that it can take is set aside before. That stays counted where nobody says what it took, and where the
        process is stopped in between.
        """
        month = month_key(time.time())
        most = max_usage((message.content for message in messages), self.prices, self.max_output_tokens)
        try:
            reserved = self.budget.reserve(month, token, most)
        except UnreadableError as error:
            raise LimitError(str(error)) from error
        if not reserved:
            raise LimitError("what a month may take is used up")
        answer = self._answer(messages, most)
        self.budget.settle(month, token, most, answer.usage)
        return answer

    def _answer(self, messages: tuple[Message, ...], most: Usage) -> Answer:
        """What comes of a call, whatever goes wrong: what was set aside for it has to be settled."""
        try:
            completion = self.model.complete(messages)
            return Answer(completion, self._took(completion.usage, most))
        except ThrottledError as error:
            # The model was not called: that is no call of the month's, nor of the run's.
            return Answer(error, Usage() if error.usage == NO_TOKENS else self._took(error.usage, most))
        except ModelError as error:
            return Answer(error, self._took(error.usage, most))
        except Exception as error:
            # Not in its words, which may hold anything.
            return Answer(ModelError(f"no reply could be had: {type(error).__name__}", None), most, error)

    def _took(self, usage: Usage | None, most: Usage) -> Usage:
        return most if usage is None else self.prices.priced(usage)
