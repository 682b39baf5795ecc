"""The records of what was announced: a message is claimed before it is sent, and settled after."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3

from paperboy.adapters.items import from_attributes, from_item, to_attributes, to_item, where
from paperboy.announcements.message import ChannelRefusedError, Message, NotSentError, OutcomeUnknownError, Sender
from paperboy.days.delivery import Delivery
from paperboy.days.keys import announced_partition, delivery_key
from paperboy.errors import ConflictError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LEASE_SECONDS = 180
"""How long a claim stands: longer than the announce function may run."""
CRASHED = "the function ended while it was sent"


class GivenUpError(Exception):
    """A message was given up, and nobody asked for it."""


@dataclass(frozen=True)
class Claimed:
    """The right to send a message, for LEASE_SECONDS, and what is recorded of it so far."""

    token: str
    delivery: Delivery


class Deliveries:
    """The deliveries of all announcements, in the table. What becomes of each is told to `on_delivery`."""

    def __init__(
        self, table: str, on_delivery: Callable[[str, str, int, Delivery], object], client: DynamoDBClient | None = None
    ) -> None:
        self._table = table
        self._on_delivery = on_delivery
        self._client = client or boto3.client("dynamodb")

    def deliver(
        self, sender: Sender, name: str, channel: str, messages: Iterable[Message], asked: bool = False
    ) -> float | None:
        """Send the pieces of an announcement, in order, that were not sent to a channel yet.

        None where it is done with, else after how many seconds to try again, at least. Where a piece is given up, those
        after it are not sent either. Raises ConflictError where somebody else is at it.
        """
        for number, message in enumerate(messages, start=1):
            try:
                claimed = self.claim(name, channel, number, time.time(), asked)
            except GivenUpError:
                return None
            if claimed is None:
                continue
            delivery, wait = claimed.delivery, 0.0
            if asked or not delivery.given_up:
                delivery, wait = _tried(sender, message, f"{name}-{channel}-{number}", delivery)
            self.settle(name, channel, number, claimed, delivery)
            self._on_delivery(name, channel, number, delivery)
            if delivery.sent_at is None:
                return None if delivery.given_up else wait
        return None

    def claim(self, name: str, channel: str, number: int, now: float, asked: bool = False) -> Claimed | None:
        """Claim a piece of an announcement from `now` (seconds since 1970) on; None where it is sent.

        A claim is counted, until it is settled: each that was not is a time that nobody knows what became of.

        One that was given up is claimed where somebody `asked` for it; else raises GivenUpError. Raises ConflictError
        while somebody else's claim stands.
        """
        done = "attribute_exists(sent_at)" + ("" if asked else " OR given_up = :yes")
        token = uuid.uuid4().hex
        values: dict[str, Any] = {":token": token, ":until": int(now) + LEASE_SECONDS, ":now": int(now), ":one": 1}
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=_key(name, channel, number),
                UpdateExpression="SET claim = :token, claimed_until = :until ADD claims :one",
                ReturnValues="ALL_OLD",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **where(
                    f"NOT ({done}) AND (attribute_not_exists(claim) OR claimed_until < :now)",
                    values | ({} if asked else {":yes": True}),
                ),
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            there: Any = error.response.get("Item", {})
            item = from_attributes(there)
            if "sent_at" in item:
                return None
            if item.get("given_up") and not asked:
                raise GivenUpError from None
            raise ConflictError(f"{name} is being sent to {channel}") from None
        item = from_attributes(answer.get("Attributes", {}))
        delivery = _delivery(item)
        for _ in range(int(item.get("claims", 0))):  # whoever had them is gone, and may have sent it
            delivery = delivery.failed(CRASHED, is_unknown=True)
        return Claimed(token, delivery)

    def settle(self, name: str, channel: str, number: int, claimed: Claimed, delivery: Delivery) -> None:
        """Record what became of a claimed message, and give the claim back. A claim that was lost is left alone."""
        fields = delivery.model_dump(mode="json", exclude_defaults=True)
        item = _plain_key(name, channel, number) | to_item(Delivery, fields)
        with suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.put_item(
                TableName=self._table, Item=to_attributes(item), **where("claim = :token", {":token": claimed.token})
            )

    def read(self, name: str, on_unreadable: Callable[[str, str, str], object]) -> dict[tuple[str, int], Delivery]:
        """What is recorded of an announcement, by channel and piece.

        A record that cannot be read costs itself: `on_unreadable` is told its keys, and why.
        """
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=to_attributes({":pk": announced_partition(name)}),
            ConsistentRead=True,
        )
        found = {}
        for page in pages:
            for each in page["Items"]:
                item = from_attributes(each)
                try:
                    channel, _, number = str(item["sk"]).partition("#")
                    found[channel, int(number)] = _delivery(item)
                except ValueError as error:
                    on_unreadable(str(item["pk"]), str(item["sk"]), str(error))
        return found


def _tried(sender: Sender, message: Message, key: str, delivery: Delivery) -> tuple[Delivery, float]:
    """What became of a try to send a message, and for how many seconds the channel asks to be left alone."""
    try:
        message_id = sender.send(message, key)
    except NotSentError as error:
        is_unknown, is_refused = isinstance(error, OutcomeUnknownError), isinstance(error, ChannelRefusedError)
        return delivery.failed(str(error), is_unknown, is_refused), error.retry_seconds or 0.0
    return delivery.sent(message.sha256, message_id, dt.datetime.now(dt.UTC)), 0.0


def _delivery(item: dict[str, Any]) -> Delivery:
    """What an item says; a message that nothing is recorded of was not sent."""
    return from_item(Delivery, item) if "format" in item else Delivery()


def _plain_key(name: str, channel: str, number: int) -> dict[str, str]:
    return {"pk": announced_partition(name), "sk": delivery_key(channel, number)}


def _key(name: str, channel: str, number: int) -> dict[str, Any]:
    return to_attributes(_plain_key(name, channel, number))
