"""The queues before catalog and announce: a message says that a day's JSON page came out or changed, as S3 has it."""

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


class PendingError(Exception):
    """Something of a publication is to be done later."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"to be tried again, after {seconds:.0f} seconds at least")
        self.seconds = seconds


def is_asked(event: dict[str, Any]) -> bool:
    """Whether a person wants it: a queue's event never says so, one by hand may."""
    return event.get("asked") is True


def publication_event(days: Collection[dt.date], prefix: str) -> dict[str, Any]:
    """The event that says that the pages of some days came out, for whoever invokes catalog or announce by hand."""
    return {
        "Records": [
            {
                "messageId": str(day),
                "body": json.dumps({"detail": {"object": {"key": f"{prefix}/{digest_key(day, JSON)}"}}}),
            }
            for day in days
        ]
    }


def handle_publications(
    event: dict[str, Any],
    handle: Callable[[Collection[dt.date], dt.datetime], object],
    group_of: Callable[[dt.date], str] = month_of,
    on_failure: Callable[[dict[str, Any], float], object] | None = None,
) -> BatchResponse:
    """Have `handle` handle the days in `event` that are of the same group, all of them at once.

    It is told when the first of these was heard of, which for a message that was tried before may be long ago.
    Returns the queue's partial batch response: a group that failed costs no other, and what is no page of a day costs
    itself. `on_failure` is told each message of a group that failed, and how many seconds it is to wait at least.
    """
    groups: dict[str, list[tuple[dict[str, Any], dt.date]]] = defaultdict(list)
    failed: list[str] = []
    for message in event["Records"]:
        try:
            day = _day_of(message["body"])
        except (ValueError, LookupError, TypeError):
            logger.exception("message failed", extra={"message_id": message["messageId"], "status": "failed"})
            failed.append(message["messageId"])
        else:
            groups[group_of(day)].append((message, day))
    for group, members in groups.items():
        days = {day for _, day in members}
        seconds = 0.0
        try:
            handle(days, min(_heard_at(message) for message, _ in members))
            continue
        except PendingError as error:
            logger.warning("publication pending", extra={"status": "pending", "group": group, "reason": str(error)})
            seconds = error.seconds
        except Exception:
            fields = {"status": "failed", "group": group, "days": sorted(map(str, days))}
            logger.exception("publication failed", extra=fields)
        for message, _ in members:
            failed.append(message["messageId"])
            if on_failure:
                on_failure(message, seconds)
    return batch_response(failed)


def _heard_at(message: dict[str, Any]) -> dt.datetime:
    """When a message came to the queue; one by hand came now."""
    sent_millis = message.get("attributes", {}).get("SentTimestamp")
    return dt.datetime.fromtimestamp(int(sent_millis) / 1000, dt.UTC) if sent_millis else dt.datetime.now(dt.UTC)


def _day_of(body: str) -> dt.date:
    """The day whose JSON page a message is about. Raises ValueError, LookupError or TypeError where there is none."""
    key = json.loads(body)["detail"]["object"]["key"]
    _, _, own = key.partition("/")
    day = day_of_key(own)
    if day is None:
        raise ValueError(f"expected the key of a day's JSON page, got {key!r}")
    return day
