"""The queue before catalog: each message says that a day's JSON page came out or changed, as S3 tells it."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Callable, Collection
from typing import Any

from paperboy.adapters.batch import BatchResponse, batch_response
from paperboy.adapters.observe import logger
from paperboy.archive.month import month_of
from paperboy.pages.site import JSON, day_of_key, digest_key


def publication_event(days: Collection[dt.date], prefix: str) -> dict[str, Any]:
    """The event that says that the pages of some days came out, for whoever invokes catalog by hand."""
    return {
        "Records": [
            {
                "messageId": str(day),
                "body": json.dumps({"detail": {"object": {"key": f"{prefix}/{digest_key(day, JSON)}"}}}),
            }
            for day in days
        ]
    }


def handle_publications(event: dict[str, Any], handle_month: Callable[[Collection[dt.date]], object]) -> BatchResponse:
    """Have `handle_month` handle the days in `event` that are of the same month, all of them at once.

    Returns the queue's partial batch response: a month that failed costs no other, and what is no page of a day costs
    itself.
    """
    months: dict[str, dict[str, dt.date]] = defaultdict(dict)
    failed: list[str] = []
    for message in event["Records"]:
        identifier = message["messageId"]
        try:
            day = _day_of(message["body"])
        except (ValueError, LookupError, TypeError):
            logger.exception("message failed", extra={"message_id": identifier, "status": "failed"})
            failed.append(identifier)
        else:
            months[month_of(day)][identifier] = day
    for month, days in months.items():
        with logger.append_context_keys(month=month):
            try:
                handle_month(set(days.values()))
            except Exception:
                logger.exception(
                    "month failed", extra={"status": "failed", "days": sorted(map(str, set(days.values())))}
                )
                failed += days
    return batch_response(failed)


def _day_of(body: str) -> dt.date:
    """The day whose JSON page a message is about. Raises ValueError, LookupError or TypeError where there is none."""
    key = json.loads(body)["detail"]["object"]["key"]
    _, _, own = key.partition("/")
    day = day_of_key(own)
    if day is None:
        raise ValueError(f"expected the key of a day's JSON page, got {key!r}")
    return day
