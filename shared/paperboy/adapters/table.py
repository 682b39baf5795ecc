"""The table: the conditions of its writes, its errors, and records that cannot be read."""

from __future__ import annotations

import datetime as dt
import uuid
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import boto3
from boto3.dynamodb.table import BatchWriter
from pydantic import BaseModel, ValidationError

from paperboy.adapters.items import UnreadableError, from_attributes, from_item, to_attributes, to_item, where
from paperboy.days.keys import (
    DIGESTS,
    PAPER,
    RANKING,
    RUN,
    SUMMARY,
    day_partition,
    digest_record_key,
    kind_of,
    month_key,
    paper_key,
    summary_key,
)
from paperboy.days.records import (
    RECORD_FORMATS,
    DayRecords,
    DigestRecord,
    RankingRecord,
    Record,
    Run,
    SummaryRecord,
)
from paperboy.errors import ConflictError
from paperboy.papers.paper import Paper
from paperboy.summaries.summary import Rung
from paperboy.summaries.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mypy_boto3_dynamodb import DynamoDBClient

    from paperboy.summaries.request import SummaryRequest

CLAIM_SECONDS = 360
"""How long a claim stands: longer than the summarize function may run."""

KINDS: dict[str, type[BaseModel]] = {PAPER: Paper, RUN: Run, RANKING: RankingRecord, SUMMARY: SummaryRecord}
"""What the records of a day are read as."""

NEW = "attribute_not_exists(pk)"
OVER_DAMAGED = "attribute_exists(pk) AND NOT #format > :newest"
"""What holds where a record cannot be read, and not because a newer version of this code wrote it."""


@dataclass(frozen=True)
class Claim:
    """The right to write a paper's summary, for CLAIM_SECONDS."""

    token: str
    expired: ExpiredClaim | None
    """The claim before, where that ran out."""
    previous: SummaryRecord | None
    """The summary that is there meanwhile."""
    spent: Usage
    """What the model took for the paper in the same run, before its request was postponed."""


@dataclass(frozen=True)
class ExpiredClaim:
    """A claim that ran out: whoever had it is gone, and what it had reserved may have been spent."""

    token: str
    month: str


class Table:
    """The days' records. Reads are consistent; each write says what it expects to find.

    A record that cannot be read costs itself: it is handed to `on_unreadable` (partition key, sort key, reason), counts
    as missing, and may be written over, unless a newer version of this code wrote it.
    """

    def __init__(
        self, name: str, on_unreadable: Callable[[str, str, str], object], client: DynamoDBClient | None = None
    ) -> None:
        self._name = name
        self._client = client or boto3.client("dynamodb")
        self._on_unreadable = on_unreadable

    def read_day(self, day: dt.date) -> DayRecords:
        """All records of `day`, in one query and one look at what is published."""
        records: dict[str, BaseModel | None] = {}
        for item in self._query("pk = :pk", {":pk": day_partition(day)}):
            kind, _ = kind_of(str(item["sk"]))
            if kind in KINDS and not _is_only_claimed(item):
                records[str(item["sk"])] = self._parse(KINDS[kind], item)
        published = self._get(DIGESTS, digest_record_key(day))
        if published:
            records[digest_record_key(day)] = self._parse(DigestRecord, published)

        def of_kind[R: BaseModel](kind: type[R]) -> dict[str, R]:
            return {kind_of(key)[1]: record for key, record in records.items() if isinstance(record, kind)}

        return DayRecords(
            day=day,
            papers=of_kind(Paper),
            run=of_kind(Run).get(""),
            ranking=of_kind(RankingRecord).get(""),
            summaries=of_kind(SummaryRecord),
            digest=of_kind(DigestRecord).get(""),
            unreadable=frozenset(key for key, record in records.items() if record is None),
        )

    def read_digests(self, since: dt.date) -> dict[dt.date, DigestRecord]:
        """What is published of each day from `since` on, oldest first."""
        items = self._query("pk = :pk AND sk >= :since", {":pk": DIGESTS, ":since": digest_record_key(since)})
        records = {dt.date.fromisoformat(str(item["sk"])): self._parse(DigestRecord, item) for item in items}
        return {day: record for day, record in records.items() if record}

    def read_attempts(self, days: Iterable[dt.date]) -> dict[dt.date, int]:
        """The newest run's attempt of each of the `days` whose listing was not empty, be it of bad items alone.

        It is 0, which no digest is of, where the run cannot be read.
        """
        items = {day: self._get(day_partition(day), RUN) for day in days}
        runs = {day: self._parse(Run, item) for day, item in items.items() if item}
        return {day: run.attempt if run else 0 for day, run in runs.items() if run is None or run.listed + run.kept}

    def read_empty(self, days: Iterable[dt.date]) -> list[dt.date]:
        """Those of the `days` whose listing had no papers, nor anything else."""
        items = {day: self._get(day_partition(day), RUN) for day in days}
        runs = {day: self._parse(Run, item) for day, item in items.items() if item}
        return [day for day, run in runs.items() if run and not run.listed + run.kept]

    def read_paper(self, day: dt.date, paper_id: str) -> Paper | None:
        """A paper of `day`, or None where ingest has not written it."""
        item = self._get(day_partition(day), paper_key(paper_id))
        return self._parse(Paper, item) if item else None

    def put_papers(self, day: dt.date, papers: Iterable[Paper]) -> None:
        with BatchWriter(self._name, self._client) as batch:
            for paper in papers:
                keys = {"pk": day_partition(day), "sk": paper_key(paper.id)}
                batch.put_item(Item=to_attributes(keys | to_item(Paper, paper.values())))

    def put_run(self, records: DayRecords, run: Run) -> None:
        """Write `run` in place of the one in `records`, where it is another.

        Raises ConflictError where a run of somebody else's came between.
        """
        if run is records.run:
            return
        expected = {"attempt": records.run.attempt} if records.run else None
        self._put_over(expected, day_partition(records.day), RUN, run, records)

    def put_digest(self, records: DayRecords, record: DigestRecord) -> None:
        """Write what is published in place of what is in `records`, where it is something else.

        Raises ConflictError where somebody else's record came between.
        """
        before = records.digest
        if record is before:
            return
        expected = {"published_at": before.model_dump(mode="json")["published_at"]} if before else None
        self._put_over(expected, DIGESTS, digest_record_key(records.day), record, records)

    def put_ranking(self, records: DayRecords, ranking: RankingRecord) -> None:
        """Write the ranking. Raises ConflictError where that of a newer run is there."""
        if RANKING in records.unreadable:
            self._put_over(None, day_partition(records.day), RANKING, ranking, records)
        else:
            older, own = f"{NEW} OR #attempt <= :own", {":own": ranking.attempt}
            self._put(day_partition(records.day), RANKING, ranking, older, own)

    def claim_summary(self, request: SummaryRequest, input_hash: str, now: float) -> Claim | None:
        """Claim a paper's summary from `now` (seconds since 1970) on; one that is there stays readable meanwhile.

        Returns None where it needs no work: a model's summary made from `input_hash` is there, or the run that wants it
        had its try, and it is not wanted `again`. Raises ConflictError while somebody else's claim stands.
        """
        done = "(#input_hash = :input_hash AND summary.rung IN (:model, :repaired)) OR #attempt >= :attempt"
        needed = f"AND NOT (attribute_exists(summary) AND ({done}))"
        values = {
            ":input_hash": input_hash,
            ":attempt": request.attempt,
            ":model": Rung.MODEL,
            ":repaired": Rung.REPAIRED,
        }
        there = self._claim(request, now) if request.again else self._claim(request, now, needed, values)
        if isinstance(there, Claim):
            return there
        if int(there.get("claimed_until", 0)) >= int(now):
            raise ConflictError(f"{request.paper_id} is claimed")
        if self._parse(SummaryRecord, there):
            return None
        again = self._claim(request, now, f"AND {OVER_DAMAGED}", {":newest": RECORD_FORMATS[SummaryRecord]})
        if isinstance(again, Claim):
            return again
        raise ConflictError(f"{request.paper_id} is claimed, or its summary is a newer version's")

    def settle_summary(self, request: SummaryRequest, claim: Claim, record: SummaryRecord) -> None:
        """Write a claimed summary and give the claim back. Raises ConflictError where the claim was lost."""
        partition, key = day_partition(request.day), summary_key(request.paper_id)
        self._put(partition, key, record, "claim = :token", {":token": claim.token})

    def release_summary(self, request: SummaryRequest, claim: Claim, spent: Usage) -> None:
        """Give a claim back without a summary, so that whoever comes next need not wait until it runs out.

        They are told what was `spent`. A claim that was lost is left to whoever has it.
        """
        values = {":token": claim.token, ":spent": spent.model_dump() | {"attempt": request.attempt}}
        with suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.update_item(
                TableName=self._name,
                Key=_key(day_partition(request.day), summary_key(request.paper_id)),
                UpdateExpression="SET spent = :spent REMOVE claim, claimed_until",
                **where("claim = :token", values),
            )

    def _claim(
        self, request: SummaryRequest, now: float, needed: str = "", values: Mapping[str, Any] = MappingProxyType({})
    ) -> Claim | dict[str, Any]:
        """The claim, where nobody else's stands and `needed` holds; else the item that is there."""
        token = uuid.uuid4().hex
        condition = f"(attribute_not_exists(claim) OR claimed_until < :now) {needed}"
        times = {":token": token, ":until": int(now) + CLAIM_SECONDS, ":now": int(now)}
        try:
            answer = self._client.update_item(
                TableName=self._name,
                Key=_key(day_partition(request.day), summary_key(request.paper_id)),
                UpdateExpression="SET claim = :token, claimed_until = :until",
                ReturnValues="ALL_OLD",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **where(condition, {**times, **values}),
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            there: Any = error.response.get("Item", {})
            return from_attributes(there)
        item = from_attributes(answer.get("Attributes", {}))
        expired = None
        if "claim" in item:
            expired = ExpiredClaim(item["claim"], month_key(int(item["claimed_until"]) - CLAIM_SECONDS))
        previous = self._parse(SummaryRecord, item) if "summary" in item else None
        return Claim(token, expired, previous, _spent(item, request.attempt))

    def _parse[R: BaseModel](self, kind: type[R], item: dict[str, Any]) -> R | None:
        """The record in an item of the table, or None where it cannot be read."""
        try:
            return from_item(kind, item)
        except UnreadableError as error:
            self._on_unreadable(str(item.get("pk")), str(item.get("sk")), str(error))
            return None

    def _query(self, condition: str, values: dict[str, str]) -> Iterable[dict[str, Any]]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=to_attributes(values),
            ConsistentRead=True,
        )
        return (from_attributes(item) for page in pages for item in page["Items"])

    def _get(self, partition: str, sort_key: str) -> dict[str, Any] | None:
        answer = self._client.get_item(TableName=self._name, Key=_key(partition, sort_key), ConsistentRead=True)
        return from_attributes(answer["Item"]) if "Item" in answer else None

    def _put_over(
        self, expected: dict[str, Any] | None, partition: str, sort_key: str, record: Record, records: DayRecords
    ) -> None:
        """Put a record where `expected`, a field and its value, still stands; else where nothing readable does."""
        if expected:
            [(name, value)] = expected.items()
            self._put(partition, sort_key, record, f"#{name} = :expected", {":expected": value})
        else:
            damaged = sort_key in records.unreadable
            newest = {":newest": RECORD_FORMATS[type(record)]}
            self._put(partition, sort_key, record, *((OVER_DAMAGED, newest) if damaged else (NEW, None)))

    def _put(
        self,
        partition: str,
        sort_key: str,
        record: Record,
        condition: str,
        values: Mapping[str, int | str] | None = None,
    ) -> None:
        """Put a record where `condition` holds. Raises ConflictError where it does not."""
        # What has its default is not written: a write unit is a kilobyte, and many a summary's record is about as long.
        fields = record.model_dump(mode="json", exclude_defaults=True)
        item = {"pk": partition, "sk": sort_key} | to_item(type(record), fields)
        try:
            self._client.put_item(TableName=self._name, Item=to_attributes(item), **where(condition, values or {}))
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise ConflictError(f"{partition} {sort_key}") from error


def _key(partition: str, sort_key: str) -> dict[str, Any]:
    return to_attributes({"pk": partition, "sk": sort_key})


def _spent(item: dict[str, Any], attempt: int) -> Usage:
    """What an item says was spent in the run of that attempt; nothing where it does not, or in no way to be read."""
    spent = item.get("spent")
    with suppress(ValidationError):
        if isinstance(spent, dict) and spent.get("attempt") == attempt:
            return Usage.model_validate(spent)
    return Usage()


def _is_only_claimed(item: dict[str, Any]) -> bool:
    """Whether a summary is, or was, claimed and not written yet."""
    return kind_of(str(item["sk"]))[0] == SUMMARY and "summary" not in item
