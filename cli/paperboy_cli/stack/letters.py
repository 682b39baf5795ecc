"""What failed for good: the dead letters in a stack's two queues for them, each with its days and the reason."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from typing import Any

MAX_LETTERS = 100
"""How many dead letters of a queue are looked at."""
DAY_PATTERN = re.compile(r"\b\d{4}-\d\d-\d\d\b")
FAILED = {
    "catalog": "what is made from many days failed every time",
    "announce": "a channel could not be told, every time",
}
"""Why a publication is among the letters, by who heard of it."""


@dataclass(frozen=True)
class Letter:
    """A run, a stream record, a summary request or a publication that failed every time."""

    queue: str
    function: str
    days: tuple[str, ...]
    """Empty where the message names none: of a stream's records AWS keeps the place alone."""
    paper: str | None
    reason: str
    at: dt.datetime
    handle: str
    """What deletes it."""

    def as_json(self) -> dict[str, object]:
        names = ("queue", "function", "paper", "reason")
        return {name: getattr(self, name) for name in names} | {"days": list(self.days), "at": self.at.isoformat()}


def read_letters(sqs: Any, queue: str, url: str, hide_seconds: int = 0) -> list[Letter]:
    """The letters in a queue, oldest first; they stay there. Without `hide_seconds`, as many as it shows at once."""
    found: dict[str, Letter] = {}
    while len(found) < MAX_LETTERS:
        answer = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=hide_seconds,
            MessageSystemAttributeNames=["SentTimestamp", "DeadLetterQueueSourceArn"],
            MessageAttributeNames=["ERROR_MESSAGE", "TARGET_ARN"],
        )
        known = found.keys() | set()
        found |= {message["MessageId"]: letter_of(queue, message) for message in answer.get("Messages", ())}
        if known == found.keys():
            break
    return sorted(found.values(), key=lambda letter: letter.at)


def letter_of(queue: str, message: Any) -> Letter:
    """The letter in a message: a request, a publication, or what Lambda, the scheduler or EventBridge could not do."""
    try:
        body = json.loads(message["Body"])
    except ValueError:
        body = {}
    own = {name: value.get("StringValue") for name, value in message.get("MessageAttributes", {}).items()}
    undelivered = own.get("ERROR_MESSAGE")
    days: tuple[str, ...] = ()
    paper: str | None = None
    match body:
        case {"day": str(day), "paper_id": str(paper)}:
            function, days, reason = "summarize", (day,), "its request failed every time"
        case {"detail": {"object": {"key": str(key)}}}:
            # Two functions hear of the same publication: only the queue that it came from, or was meant for, tells.
            source = message["Attributes"].get("DeadLetterQueueSourceArn") or own.get("TARGET_ARN") or ""
            function = "announce" if "-announcequeue-" in source.lower() else "catalog"
            days, reason = tuple(DAY_PATTERN.findall(key)), undelivered or FAILED[function]
        case {"requestContext": {"functionArn": str(arn), "condition": str(condition)}}:
            payload, answer = body.get("requestPayload") or {}, body.get("responsePayload") or {}
            error = str(answer.get("errorMessage", f"it failed every time ({condition})"))
            function = next((name for name in ("ingest", "score", "render") if f"-{name}-" in arn.lower()), arn)
            named = (payload["day"],) if payload.get("day") else sorted({*DAY_PATTERN.findall(error)})
            days, reason = tuple(named), first_cause(error)
        case _:
            function, reason = "ingest", undelivered or "it could not be delivered"
    at = dt.datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, dt.UTC)
    return Letter(queue, function, days, paper, reason, at, message["ReceiptHandle"])


def first_cause(error: str) -> str:
    """The first of the causes that a run of several days failed with (`DAY: CAUSE; DAY: CAUSE`); often they are one."""
    causes = [
        part.partition(": ")[2] for part in re.split(r"; (?=\d{4}-\d\d-\d\d: )", error) if DAY_PATTERN.match(part)
    ]
    return causes[0] if causes else error


def cause_of(reason: str) -> str:
    """A reason without its days: what fails alike has the same."""
    return DAY_PATTERN.sub("DAY", reason)
