"""The table: its keys, its conditions and its errors."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import boto3
from boto3.dynamodb.conditions import ConditionBase, Key

from paperboy.conflict import ConflictError
from paperboy.paper import Paper
from paperboy.records import Day, PublishedRecord, RankingRecord, Record, Run, SummaryRecord
from paperboy.summary import Rung
from paperboy.usage import Limits, Usage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_dynamodb.service_resource import Table as DynamoTable

    from paperboy.queue import SummaryAsked

PUBLISHED = "DIGESTS"
BUDGET = "BUDGET"

CLAIM = 360
"""Seconds that a claim stands: longer than the summarize function may run."""


def partition(day: dt.date) -> str:
    """The partition key of a day's records."""
    return f"DAY#{day}"


def month_of(time: float) -> str:
    """The calendar month (UTC) of a time in seconds since 1970, as the budget's record is named: ``2026-02``."""
    return f"{dt.datetime.fromtimestamp(time, dt.UTC):%Y-%m}"


def day_of(partition_key: str) -> dt.date | None:
    """The day that a partition key names, or None where it names none."""
    kind, _, day = partition_key.partition("#")
    try:
        return dt.date.fromisoformat(day) if kind == "DAY" else None
    except ValueError:
        return None


@dataclass(frozen=True)
class Claim:
    """The right to write a paper's summary, for CLAIM seconds."""

    token: str
    lost: Lost | None
    """The claim before, where that ran out."""
    previous: SummaryRecord | None
    """The summary that is there meanwhile."""


@dataclass(frozen=True)
class Lost:
    """A claim that ran out: whoever had it is gone, and what it had reserved may have been spent."""

    token: str
    month: str


class Table:
    """The days' records. Reads are consistent; each write says what it expects to find."""

    def __init__(self, name: str, table: DynamoTable | None = None) -> None:
        self._table = table or boto3.resource("dynamodb").Table(name)

    def read_day(self, day: dt.date) -> Day:
        """All records of `day`, in one query and one look at what is published."""
        papers: dict[str, Paper] = {}
        summaries: dict[str, SummaryRecord] = {}
        run = ranking = None
        for item in self._query(Key("pk").eq(partition(day))):
            kind, _, paper_id = str(item["sk"]).partition("#")
            match kind:
                case "PAPER":
                    papers[paper_id] = Paper.model_validate(item)
                case "RUN":
                    run = Run.model_validate(item)
                case "RANKING":
                    ranking = RankingRecord.model_validate(item)
                case "SUMMARY" if "summary" in item:  # else it is only claimed so far
                    summaries[paper_id] = SummaryRecord.model_validate(item)
        published = self._get(PUBLISHED, day.isoformat())
        return Day(
            day=day,
            papers=papers,
            run=run,
            ranking=ranking,
            summaries=summaries,
            published=PublishedRecord.model_validate(published) if published else None,
        )

    def published_days(self, since: dt.date) -> dict[dt.date, PublishedRecord]:
        """What is published of each day from `since` on, oldest first."""
        found = self._query(Key("pk").eq(PUBLISHED) & Key("sk").gte(since.isoformat()))
        return {dt.date.fromisoformat(str(item["sk"])): PublishedRecord.model_validate(item) for item in found}

    def put_papers(self, day: dt.date, papers: Iterable[Paper]) -> None:
        with self._table.batch_writer() as batch:
            for paper in papers:
                batch.put_item(Item={"pk": partition(day), "sk": f"PAPER#{paper.id}"} | _native(paper.known()))

    def attempts(self, days: Iterable[dt.date]) -> dict[dt.date, int]:
        """The newest run's attempt of each of the `days` whose listing was not empty."""
        runs = {day: self._get(partition(day), "RUN") for day in days}
        return {day: int(item["attempt"]) for day, item in runs.items() if item and item["listed"] + item["kept"]}

    def put_run(self, day: dt.date, run: Run, previous: Run | None) -> None:
        """Write `run` in place of `previous`. Raises ConflictError where another run came between."""
        if previous:
            self._put(partition(day), "RUN", run, "#attempt = :seen", {":seen": previous.attempt})
        else:
            self._put(partition(day), "RUN", run, "attribute_not_exists(pk)")

    def put_ranking(self, day: dt.date, record: RankingRecord) -> None:
        """Write the ranking. Raises ConflictError where that of a newer run is there."""
        self._put(
            partition(day), "RANKING", record, "attribute_not_exists(pk) OR #attempt <= :own", {":own": record.attempt}
        )

    def put_published(self, day: dt.date, record: PublishedRecord, previous: PublishedRecord | None) -> None:
        """Write what is published. Raises ConflictError where it is no longer `previous`."""
        if previous:
            seen = previous.model_dump(mode="json")["published_at"]
            self._put(PUBLISHED, day.isoformat(), record, "#published_at = :seen", {":seen": seen})
        else:
            self._put(PUBLISHED, day.isoformat(), record, "attribute_not_exists(pk)")

    def read_paper(self, day: dt.date, paper_id: str) -> Paper | None:
        """A paper of `day`, or None where ingest has not written it."""
        item = self._get(partition(day), f"PAPER#{paper_id}")
        return Paper.model_validate(item) if item else None

    def claim_summary(self, asked: SummaryAsked, source: str, now: float) -> Claim | None:
        """Claim a paper's summary from `now` on; one that is there stays readable meanwhile.

        Returns None where it needs no work: a model's summary made from `source` is there, or the run that asks had
        its try. Raises ConflictError while somebody else's claim stands.
        """
        token = uuid.uuid4().hex
        free = "attribute_not_exists(claim) OR claimed_until < :now"
        done = "(#source = :source AND summary.rung IN (:model, :repaired)) OR #attempt >= :attempt"
        try:
            answer = self._table.update_item(
                Key={"pk": partition(asked.day), "sk": f"SUMMARY#{asked.id}"},
                UpdateExpression="SET claim = :token, claimed_until = :until",
                ConditionExpression=f"({free}) AND NOT (attribute_exists(summary) AND ({done}))",
                ExpressionAttributeNames={"#source": "source", "#attempt": "attempt"},
                ExpressionAttributeValues={
                    ":token": token,
                    ":until": int(now) + CLAIM,
                    ":now": int(now),
                    ":source": source,
                    ":attempt": asked.attempt,
                    ":model": Rung.MODEL,
                    ":repaired": Rung.REPAIRED,
                },
                ReturnValues="ALL_OLD",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._table.meta.client.exceptions.ConditionalCheckFailedException as error:
            there: Any = error.response.get("Item", {})
            if "claimed_until" in there and int(there["claimed_until"]["N"]) >= int(now):
                raise ConflictError(f"{asked.id} is claimed") from error
            return None
        item: dict[str, Any] = dict(answer.get("Attributes", {}))
        lost = Lost(item["claim"], month_of(int(item["claimed_until"]) - CLAIM)) if "claim" in item else None
        return Claim(token, lost, SummaryRecord.model_validate(item) if "summary" in item else None)

    def settle_summary(self, asked: SummaryAsked, claim: Claim, record: SummaryRecord) -> None:
        """Write a claimed summary and give the claim back. Raises ConflictError where the claim was lost."""
        key = f"SUMMARY#{asked.id}"
        self._put(partition(asked.day), key, record, "claim = :token", {":token": claim.token})

    def reserve(self, month: str, token: str, most: Usage, limits: Limits) -> bool:
        """Set aside `most` of what `month` may take, for the holder of a claim. Returns whether the limits leave room.

        What is set aside counts as spent until it is settled.
        """
        room = {"tokens": (limits.tokens, most.tokens), "cost": (limits.cost, most.cost)}
        limited = {name: limit - wanted for name, (limit, wanted) in room.items() if limit}
        if min(limited.values(), default=0) < 0:
            return False
        left = [f"(attribute_not_exists(#{name}) OR #{name} <= :room_{name})" for name in limited]
        rooms = {f":room_{name}": value for name, value in limited.items()}
        return self._spend(month, "SET #held = :held", most, ["attribute_not_exists(#held)", *left], token, rooms)

    def settle(self, month: str, token: str, most: Usage, spent: Usage) -> None:
        """Count `spent` in place of the `most` that was set aside.

        Where the claim was lost meanwhile, the one that took it over has counted `most` as spent, and that stands.
        """
        self._spend(month, "REMOVE #held", spent - most, ["attribute_exists(#held)"], token, {})

    def forfeit(self, lost: Lost) -> None:
        """Count as spent what a lost claim had set aside, if it had: nobody knows whether the model was called."""
        self._spend(lost.month, "REMOVE #held", Usage(), ["attribute_exists(#held)"], lost.token, {})

    def spent(self, month: str) -> Usage:
        """What `month` (``2026-02``) took so far, with what is set aside for calls under way."""
        return Usage.model_validate(self._get(BUDGET, month) or {})

    def _spend(
        self, month: str, held: str, more: Usage, expected: list[str], token: str, values: dict[str, int]
    ) -> bool:
        """Add `more` to what `month` took and change what is set aside for `token`, where that is as expected."""
        sums = more.model_dump() | {"tokens": more.tokens}
        if ":held" in held:
            values = values | {":held": more.tokens}
        condition = " AND ".join(expected)
        try:
            self._table.update_item(
                Key={"pk": BUDGET, "sk": month},
                UpdateExpression=f"{held} ADD {', '.join(f'#{name} :{name}' for name in sums)}",
                ConditionExpression=condition,
                ExpressionAttributeNames={"#held": f"held {token}"} | {f"#{name}": name for name in sums},
                ExpressionAttributeValues={f":{name}": value for name, value in sums.items()} | values,
            )
        except self._table.meta.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _query(self, condition: ConditionBase) -> Iterable[dict[str, Any]]:
        page = self._table.query(KeyConditionExpression=condition, ConsistentRead=True)
        yield from page["Items"]
        while "LastEvaluatedKey" in page:
            page = self._table.query(
                KeyConditionExpression=condition, ConsistentRead=True, ExclusiveStartKey=page["LastEvaluatedKey"]
            )
            yield from page["Items"]

    def _get(self, pk: str, sk: str) -> dict[str, Any] | None:
        return self._table.get_item(Key={"pk": pk, "sk": sk}, ConsistentRead=True).get("Item")

    def _put(self, pk: str, sk: str, record: Record, expected: str, values: dict[str, int | str] | None = None) -> None:
        """Put a record where `expected` holds; a `#name` in it is the field of that name.

        The condition is plain text, because boto3's condition objects share one builder among all threads.
        """
        request: dict[str, Any] = {"ConditionExpression": expected}
        if names := re.findall(r"#(\w+)", expected):
            request["ExpressionAttributeNames"] = {f"#{name}": name for name in names}
        if values:
            request["ExpressionAttributeValues"] = values
        try:
            self._table.put_item(Item={"pk": pk, "sk": sk} | _native(record.model_dump(mode="json")), **request)
        except self._table.meta.client.exceptions.ConditionalCheckFailedException as error:
            raise ConflictError(f"{pk} {sk}") from error


def _native(fields: dict[str, Any]) -> dict[str, Any]:
    """`fields` with the numbers that DynamoDB takes: Decimal for float."""
    native: dict[str, Any] = json.loads(json.dumps(fields), parse_float=Decimal)
    return native
