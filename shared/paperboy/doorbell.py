"""Stream records are doorbells: they only say which day to look at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from paperboy.observe import logger
from paperboy.table import day_of

Answer = dict[str, list[dict[str, str]]]


def answer(event: dict[str, Any], look_at: Callable[[dt.date], object]) -> Answer:
    """Have `look_at` handle each day that `event` rings for, once, in the order of their first ring.

    Returns the partial batch response of a stream: the first ring of each day that failed, so that the stream rings
    for it again and one bad day costs no other.
    """
    rings: dict[dt.date, str] = {}
    for record in event["Records"]:
        day = day_of(record["dynamodb"]["Keys"]["pk"]["S"])
        if day:
            rings.setdefault(day, record["dynamodb"]["SequenceNumber"])
    failed = []
    for day, sequence_number in rings.items():
        with logger.append_context_keys(day=str(day)):
            try:
                look_at(day)
            except Exception:
                logger.exception("day failed")
                failed.append({"itemIdentifier": sequence_number})
    return {"batchItemFailures": failed}
