"""The table's stream: its records say which days have changed, and nothing else of them is read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from paperboy.adapters.batch import BatchResponse, batch_response
from paperboy.adapters.observe import logger
from paperboy.days.keys import day_of, day_partition


def day_event(day: dt.date, kind: str) -> dict[str, Any]:
    """The event that says that a day's record of a kind (RUN, RANKING) has changed, for whoever invokes a function by
    hand."""
    keys = {"pk": {"S": day_partition(day)}, "sk": {"S": kind}}
    return {"Records": [{"eventName": "MODIFY", "dynamodb": {"Keys": keys, "SequenceNumber": "1"}}]}


def is_again(event: dict[str, Any]) -> bool:
    """Whether an event asks for the work to be done although it is done: a stream's never does, one by hand may."""
    return event.get("again") is True


def handle_days(event: dict[str, Any], handle_day: Callable[[dt.date], object]) -> BatchResponse:
    """Have `handle_day` handle each day that has records in `event`, once, in the order of their first record.

    Returns the stream's partial batch response: the first record of each day that failed, so that it is delivered
    again, and one bad day costs no other.
    """
    first_records: dict[dt.date, str] = {}
    for record in event["Records"]:
        day = day_of(record["dynamodb"]["Keys"]["pk"]["S"])
        if day:
            first_records.setdefault(day, record["dynamodb"]["SequenceNumber"])
    failed = []
    for day, sequence_number in first_records.items():
        with logger.append_context_keys(day=str(day)):
            try:
                handle_day(day)
            except Exception:
                logger.exception("day failed", extra={"status": "failed"})
                failed.append(sequence_number)
    return batch_response(failed)
