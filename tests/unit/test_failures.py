"""What the functions' logs tell of failures while a day is followed, and when it is in vain to wait."""

from __future__ import annotations

import datetime as dt
import json
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from paperboy_cli.stack import failures
from paperboy_cli.stack.failures import FAILED_TIMEOUT_SECONDS, FailedError, Failure, FailureLog, FailureWatch

DAY = dt.date(2026, 2, 3)
QUIET = failures.LOOK_SECONDS + 1
FRAMES = [
    {"file": "/opt/python/paperboy/adapters/stream.py", "line": 36},
    {"file": "/var/task/handler.py", "line": 41},
    {"file": "/opt/python/pydantic/main.py", "line": 7},
]


def failed(name: str = "KeyError", day: str = str(DAY), module: str = "builtins", **trace: Any) -> str:
    """A function's own line of a day or a message that failed."""
    trace = {"value": "'x'", "module": module, "frames": FRAMES} | trace
    return json.dumps({"status": "failed", "day": day, "exception_name": name, "stack_trace": trace})


KEY_ERROR = Failure("score", "KeyError: 'x'", "functions/score/handler.py, line 41")


@pytest.mark.parametrize(
    ("line", "failure"),
    [
        (failed(), KEY_ERROR),
        (failed(frames=FRAMES[:1]), Failure("score", "KeyError: 'x'", "shared/paperboy/adapters/stream.py, line 36")),
        (failed(frames=[]), Failure("score", "KeyError: 'x'")),
        (
            failed("ClientError", module="botocore.errorfactory", frames=[]),
            Failure("score", "ClientError: 'x'", lasts=False),
        ),
        (failed("ConflictError"), None),
        (failed(day="2026-02-04"), None),
        ('{"status": "ranked", "day": "2026-02-03"}', None),
        (
            '{"level": "ERROR", "errorType": "Runtime.ImportModuleError", "errorMessage": "No module named \'x\'"}',
            Failure("score", "Runtime.ImportModuleError: No module named 'x'"),
        ),
        ('{"type": "platform.report", "record": {"status": "timeout"}}', Failure("score", "it timed out")),
        (
            '{"type": "platform.report", "record": {"status": "error", "errorType": "Runtime.ExitError"}}',
            Failure("score", "its process ended: Runtime.ExitError"),
        ),
        ('{"type": "platform.report", "record": {"status": "success"}}', None),
        ("Task timed out after 3.00 seconds", Failure("score", "Task timed out after 3.00 seconds")),
        ("Worker process died", Failure("score", "Worker process died")),
        ("REPORT RequestId: 1", None),
        ("[1]", None),
    ],
)
def test_a_line_that_tells_of_a_failure(line: str, failure: Failure | None) -> None:
    """A failure on the day is told with its exception and where in this project it was; other lines tell of none."""
    assert failure == failures.failure_of("score", line, DAY)


class Logs:
    """CloudWatch Logs that hold some lines of score."""

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)
        self.asked = 0

    def get_paginator(self, _: str) -> Any:
        return SimpleNamespace(paginate=self.pages)

    def pages(self, **_: Any) -> list[Any]:
        self.asked += 1
        return [{"events": [{"logStreamName": "a", "timestamp": at, "message": m} for at, m in enumerate(self.lines)]}]


def watch_of(logs: Any, call: Any = None) -> FailureWatch:
    return FailureWatch(FailureLog(logs, {"ScoreLogs": "group"}, call or pytest.fail, DAY, 0))


@pytest.fixture(autouse=True)
def looks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "LOOK_SECONDS", 0.0)


def test_a_failure_is_said_once_and_ends_the_wait_when_it_comes_again(capsys: pytest.CaptureFixture[str]) -> None:
    """A first failure is a line on standard error; the same one once more ends the wait."""
    logs = Logs(failed())
    watch = watch_of(logs)
    watch.look(QUIET)
    watch.look(QUIET)
    said = "paperboy: score failed on 2026-02-03, and may be tried again:"
    assert f"{said} KeyError: 'x' (functions/score/handler.py, line 41)\n" == capsys.readouterr().err
    logs.lines.append(failed())
    with pytest.raises(FailedError, match=r"^KeyError: 'x' \(functions"):
        watch.look(QUIET)


def test_nothing_else_goes_on() -> None:
    """After a failure of the code the wait is short; where AWS was at fault, it is worth waiting for the next try."""
    watch_of(Logs(failed(module="botocore.exceptions"))).look(FAILED_TIMEOUT_SECONDS + 1)
    with pytest.raises(FailedError):
        watch_of(Logs(failed())).look(FAILED_TIMEOUT_SECONDS + 1)


@pytest.mark.parametrize(
    "lines", [("START RequestId: 1", "END RequestId: 1"), ("START RequestId: 1", "Traceback (most")]
)
def test_a_function_that_cannot_begin(lines: tuple[str, ...]) -> None:
    """Where an invocation says nothing, or dies before its first word, the function itself is asked what is wrong."""

    def call(function: str) -> None:
        raise FailedError(function, "No module named 'x'")

    with pytest.raises(FailedError, match="No module named 'x'"):
        watch_of(Logs(*lines), call).look(QUIET)


def test_logs_that_may_not_be_read() -> None:
    """Where the logs may not be read, they are asked for once, and the day is followed without them."""

    class Denied(Logs):
        def pages(self, **_: Any) -> list[Any]:
            super().pages()
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "FilterLogEvents")

    logs = Denied()
    watch = watch_of(logs)
    watch.look(QUIET)
    watch.look(QUIET)
    assert 1 == logs.asked
