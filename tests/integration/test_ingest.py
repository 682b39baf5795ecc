"""ingest's time: days for which none is left, and times and days at the ends of the calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from functions.ingest import handler as ingest
from paperboy.adapters.secret import Secret
from paperboy.days.run import RequestError
from paperboy.errors import SecretError
from paperboy.papers.listing import MAX_LISTING_SECONDS, Listing, SourceError
from tests.integration.conftest import Stages

RUN = {"time": "2026-02-06T03:17:00Z"}
DAYS = [dt.date(2026, 2, 5), dt.date(2026, 2, 4), dt.date(2026, 2, 3)]
"""The days that RUN visits."""
ENOUGH = MAX_LISTING_SECONDS + 31
"""Seconds."""


class Clock:
    """A function's time: what is left of it, which a source takes from."""

    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "test"

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


class SlowSource:
    """A source that takes its whole time for each day, and fails for some."""

    def __init__(self, clock: Clock, broken: tuple[dt.date, ...] = ()) -> None:
        self.clock = clock
        self.broken = broken
        self.asked: list[dt.date] = []

    def listing(self, day: dt.date) -> Listing:
        self.asked.append(day)
        self.clock.seconds -= MAX_LISTING_SECONDS
        if day in self.broken:
            raise SourceError("the source is slow")
        return Listing()


@pytest.fixture
def call(stages: Stages, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    def call(event: dict[str, Any], clock: Clock) -> Any:
        monkeypatch.setattr(ingest, "collaborators", lambda: stages.ingesting)
        return ingest.handler(event, clock)

    return call


@pytest.mark.parametrize(
    ("seconds", "visited"),
    [
        (600, 3),
        (ENOUGH + 2 * MAX_LISTING_SECONDS, 3),
        (ENOUGH + MAX_LISTING_SECONDS, 2),
        (ENOUGH + MAX_LISTING_SECONDS - 2, 1),
        (1, 1),
    ],
)
def test_days_that_do_not_fit_are_postponed(
    stages: Stages, call: Callable[..., Any], caplog: pytest.LogCaptureFixture, seconds: float, visited: int
) -> None:
    """A day is visited where a listing's whole time is left, and the newest one in any case; the others are told to be
    postponed, and fail no run."""
    clock = Clock(seconds)
    stages.source = source = SlowSource(clock)
    statuses = ["no papers"] * visited + ["postponed"] * (3 - visited)
    assert dict(zip(map(str, DAYS), statuses, strict=True)) == {
        day: report["status"] for day, report in call(RUN, clock).items()
    }
    assert DAYS[:visited] == source.asked
    assert statuses == [getattr(each, "status", "") for each in caplog.records if each.message.startswith("day ")]


def test_what_was_postponed_is_visited_next(stages: Stages, call: Callable[..., Any]) -> None:
    """A run that has the time visits the days that the one before left to it."""
    short, long = Clock(1), Clock(600)
    stages.source = SlowSource(short)
    call(RUN, short)
    stages.source = source = SlowSource(long)
    reports = call({"time": "2026-02-06T04:17:00Z"}, long)
    assert ["no papers"] * 3 == [report["status"] for report in reports.values()]
    assert DAYS == source.asked


def test_a_failure_is_told_beside_what_is_postponed(stages: Stages, call: Callable[..., Any]) -> None:
    """The run fails for the day that failed, and not for those that had no time."""
    clock = Clock(ENOUGH)
    stages.source = SlowSource(clock, broken=(DAYS[0],))
    with pytest.raises(ingest.IngestError, match=r"^2026-02-05: SourceError: the source is slow$"):
        call(RUN, clock)


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_times_at_the_ends_of_the_calendar(call: Callable[..., Any], time: str) -> None:
    """A time without a month before it, or that is none in some time zone, is refused in one sentence."""
    with pytest.raises(RequestError, match=r"^the event is not .*: time: Input should be [^;]*$"):
        call({"time": time}, Clock(600))


def test_the_first_day_of_the_calendar(call: Callable[..., Any]) -> None:
    """A day that no time zone could shift is a day like any other: it has no papers."""
    assert "no papers" == call(RUN | {"day": "0001-01-01"}, Clock(600))["0001-01-01"]["status"]


def test_a_token_that_cannot_be_read_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, upstreams: tuple[str, Any]
) -> None:
    """The function's log tells of a token that cannot be read, and the listing is read."""

    def refuse(_: Secret) -> str:
        raise SecretError("the key in /paperboy/hf-token could not be read")

    monkeypatch.setattr(Secret, "value", refuse)
    settings = {"TABLE_NAME": "table", "SUMMARIZER": "none", "LANGUAGE": "zh", "TIME_ZONE": "UTC"}
    for name, value in (settings | {"HF_BASE_URL": upstreams[0], "HF_TOKEN_NAME": "/paperboy/hf-token"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    source = ingest.collaborators.__wrapped__().source
    assert 25 == len(source.listing(dt.date(2026, 2, 3)).papers)
    assert ["the listing is read without a token: the key in /paperboy/hf-token could not be read"] == [
        each.message for each in caplog.records if each.levelname == "WARNING"
    ]
