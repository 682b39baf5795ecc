"""Failures of the functions that a stream or a queue invokes: while a day is followed, only their logs tell of them."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from paperboy_cli.terminal import warn

WATCHED_FUNCTIONS = ("Score", "Summarize", "Render")
"""The functions that a day waits for. A stack's outputs name each, and `NAMELogs`, its log group."""
PATTERN = '{ $.status = "failed" || $.errorType = "*" || $.type = "platform.report" }'
"""What CloudWatch looks for among the lines; an emulator hands all of them over."""
ENDED = ("Task timed out", "Worker process died")
"""How an emulator's line begins that says of a function's process how it ended."""
MAX_FAILURE_CHARS = 300
LOOK_SECONDS = 2.0
"""How long nothing new may happen to a day before the logs are looked at, and then from look to look."""
FAILED_TIMEOUT_SECONDS = 10.0
"""How long nothing new may happen to a day on which a function failed."""


class FailedError(Exception):
    """A function failed, and there is nothing left to hope for; the message says why."""

    def __init__(self, function: str, reason: str) -> None:
        super().__init__(reason)
        self.function = function


@dataclass(frozen=True)
class Failure:
    """What a function failed with, where it did; equal ones are the same failure once more."""

    function: str
    reason: str
    place: str = ""
    """File and line in this project, where they are known."""
    lasts: bool = True
    """Whether there is little hope in waiting: not so where AWS, or the way to it, was at fault."""

    def __str__(self) -> str:
        return f"{self.reason} ({self.place})" if self.place else self.reason


@dataclass
class FailureLog:
    """The failures on a day that the functions' logs tell of, from a time on; none where they may not be read."""

    logs: Any
    """A client of CloudWatch Logs."""
    outputs: Mapping[str, str]
    call: Callable[[str], object]
    """Calls a function with nothing to do. Raises FailedError where it cannot begin."""
    day: dt.date
    since_millis: int
    functions: tuple[str, ...] = WATCHED_FUNCTIONS
    _seen: set[tuple[str, int, str]] = field(default_factory=set)
    _is_readable: bool = True

    def new(self) -> Iterator[Failure]:
        """The failures that were logged since the last look. Raises FailedError where a function cannot even begin."""
        for function in self.functions:
            before: dict[str, str] = {}
            for stream, message in self._lines(self.outputs.get(f"{function}Logs")):
                if failure := failure_of(function.lower(), message, self.day):
                    yield failure
                # An emulator keeps quiet of a function that it could not load, and shows the traceback of a bad start.
                elif message.startswith("Traceback") or _is_silent(before.get(stream, ""), message):
                    self.call(function)
                before[stream] = message

    def _lines(self, group: str | None) -> Iterator[tuple[str, str]]:
        """The lines of a log group that were not seen before, each with the stream that it is in."""
        if group is None or not self._is_readable:
            return
        paginator = self.logs.get_paginator("filter_log_events")
        try:
            pages = paginator.paginate(logGroupName=group, startTime=self.since_millis, filterPattern=PATTERN)
            events = [event for page in pages for event in page["events"]]
        except (BotoCoreError, ClientError):  # it is a courtesy: a day is followed without it as well
            self._is_readable = False
            return
        for event in events:
            line = event["logStreamName"], event["timestamp"], event["message"].strip()
            if line not in self._seen:
                self._seen.add(line)
                yield line[0], line[2]


@dataclass
class FailureWatch:
    """Says each failure at once, and ends the wait where it is in vain."""

    log: FailureLog
    _known: list[Failure] = field(default_factory=list)
    _looked: float = 0.0

    def look(self, quiet_seconds: float) -> None:
        """Look at the log of a day to which nothing new has happened for so long. Raises FailedError.

        A stream and a queue deliver again what failed, so a failure may pass. It is final where the same one came
        twice, or where nothing has happened for FAILED_TIMEOUT_SECONDS all the same: a stream tries again at once, and
        a queue after a minute, which is worth waiting for where AWS was at fault and not where the code is.
        """
        if min(quiet_seconds, time.monotonic() - self._looked) < LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        for failure in self.log.new():
            if failure in self._known:
                raise FailedError(failure.function, str(failure))
            self._known.append(failure)
            warn(f"{failure.function} failed on {self.log.day}, and may be tried again: {failure}")
        for failure in self._known:
            if failure.lasts and quiet_seconds > FAILED_TIMEOUT_SECONDS:
                raise FailedError(failure.function, str(failure))


def failure_of(function: str, message: str, day: dt.date) -> Failure | None:
    """The failure on `day` that a line of a function's log tells of, if it does.

    A function's own lines name the day. Those of Lambda do not, and count for whichever day is followed. That others
    were faster (ConflictError) is no failure: it comes again by itself.
    """
    try:
        line = json.loads(message)
    except ValueError:
        return Failure(function, message) if message.startswith(ENDED) else None
    match line:
        case {"status": "failed", "exception_name": str(name), **more} if "day" in more or "days" in more:
            days: Any = more.get("days", [more.get("day")])
            if str(day) not in days or name == "ConflictError":
                return None
            trace: Any = more.get("stack_trace") or {}
            reason = f"{name}: {trace.get('value', '')}"[:MAX_FAILURE_CHARS]
            is_ours = not str(trace.get("module", "")).startswith("botocore")
            return Failure(function, reason, _place(function, trace.get("frames", [])), is_ours)
        case {"errorType": str(kind), "errorMessage": str(text)}:
            return Failure(function, f"{kind}: {text}"[:MAX_FAILURE_CHARS])
        case {"type": "platform.report", "record": {"status": "timeout"}}:
            return Failure(function, "it timed out")
        case {"type": "platform.report", "record": {"errorType": "Runtime.ExitError" | "Runtime.OutOfMemory" as kind}}:
            return Failure(function, f"its process ended: {kind}")
    return None


def _place(function: str, frames: list[dict[str, Any]]) -> str:
    """The innermost of a traceback's frames that is in this project's code: its file there, and the line."""
    for frame in reversed(frames):
        file, line = str(frame.get("file")), frame.get("line")
        if file.endswith("/handler.py"):
            return f"functions/{function}/handler.py, line {line}"
        _, layer, path = file.rpartition("/python/paperboy/")
        if layer:
            return f"shared/paperboy/{path}, line {line}"
    return ""


def _is_silent(before: str, message: str) -> bool:
    """Whether an invocation began and ended without a word: each of the functions says what it did."""
    return before.startswith("START RequestId") and message.startswith("END RequestId")
