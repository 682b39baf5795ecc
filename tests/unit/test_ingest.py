"""ingest without its edges: which run follows another, and what an event may say."""

import datetime as dt
from typing import Any

import pytest
from functions.ingest.handler import Asked, IngestError, next_run, read_event
from tests.samples import DAY, day, paper

from paperboy.records import PublishedRecord, Run
from paperboy.summary import Rung

EARLIER, SAME, LATER = (dt.datetime(2026, 2, 4, hour, 17, tzinfo=dt.UTC) for hour in (3, 4, 5))


def run(**values: Any) -> Run:
    found = day(paper(), **({"asked": SAME} | values)).run
    assert found
    return found


def published(attempt: int = 1, still_open: bool = False) -> PublishedRecord:
    return PublishedRecord(
        attempt=attempt, ids=(paper().id,), hashes={}, rungs={Rung.MODEL: 1}, open=still_open, published_at=SAME
    )


PREVIOUS = run(attempt=3)
DONE, OPEN, STALE = published(3), published(3, still_open=True), published(2)


def test_first_run() -> None:
    """A day's first run is the one that was found."""
    found = run()
    assert next_run(found, None, None) is found


@pytest.mark.parametrize(
    ("asked", "record"),
    [
        (EARLIER, DONE),
        (SAME, DONE),
        (LATER, DONE),
        (EARLIER, OPEN),
        (SAME, OPEN),
        (EARLIER, None),
        (SAME, None),
        (EARLIER, STALE),
        (SAME, STALE),
    ],
)
@pytest.mark.parametrize("due", [False, True])
def test_nothing_to_do(asked: dt.datetime, record: PublishedRecord | None, due: bool) -> None:
    """The run before stands where the day is done, or this run was counted already, due or not."""
    assert next_run(run(asked=asked, due=due), PREVIOUS, record) is PREVIOUS


@pytest.mark.parametrize("record", [OPEN, STALE, None], ids=["open", "not yet published", "never published"])
@pytest.mark.parametrize("due", [False, True])
def test_open_day(record: PublishedRecord | None, due: bool) -> None:
    """A later run of an open day is an attempt more, and it is due if that run is."""
    assert run(asked=LATER, due=due, attempt=4) == next_run(run(asked=LATER, due=due), PREVIOUS, record)


@pytest.mark.parametrize(
    "change",
    [
        {"papers_hash": "1"},
        {"policy_hash": "1"},
        {"prompt": "2"},
        {"listed": 0, "kept": 1},
    ],
)
@pytest.mark.parametrize("asked", [EARLIER, SAME, LATER])
@pytest.mark.parametrize("record", [DONE, OPEN, None], ids=["done", "open", "never published"])
def test_changed_day(change: dict[str, Any], asked: dt.datetime, record: PublishedRecord | None) -> None:
    """A day that looks different is an attempt more, whatever was published and whenever it was asked for."""
    assert run(asked=asked, attempt=4, **change) == next_run(run(asked=asked, **change), PREVIOUS, record)


def test_due_belongs_to_its_attempt() -> None:
    """A run that takes in something new after the day's last one is not due any more."""
    after = next_run(run(papers_hash="1", asked=LATER), run(due=True), DONE)
    assert (2, False) == (after.attempt, after.due)


@pytest.mark.parametrize(
    ("event", "asked"),
    [
        ({"time": "2026-02-04T04:17:00Z"}, Asked(time=SAME)),
        ({"time": "2026-02-04T12:17:00+08:00", "due": False}, Asked(time=SAME)),
        ({"time": "2026-02-04T04:17:00Z", "due": True}, Asked(time=SAME, due=True)),
        ({"time": "2026-02-04T04:17:00Z", "day": "2026-02-03"}, Asked(time=SAME, day=DAY)),
        ({"time": "2026-02-04T04:17:00Z", "day": None}, Asked(time=SAME)),
    ],
)
def test_event(event: dict[str, Any], asked: Asked) -> None:
    """An event says when it was asked for, and may say that it is due, or one day."""
    assert asked == read_event(event)


TIME = {"time": "2026-02-04T04:17:00Z"}


@pytest.mark.parametrize(
    ("event", "wrong"),
    [
        ({}, "time: Field required"),
        ({"due": True}, "time: Field required"),
        ({"time": "<aws.scheduler.scheduled-time>"}, "time: Input should be a valid datetime"),
        ({"time": None}, "time: Input should be a valid datetime"),
        (TIME | {"due": "perhaps"}, "due: Input should be a valid boolean"),
        (TIME | {"due": None}, "due: Input should be a valid boolean"),
        (TIME | {"day": "yesterday"}, "day: Input should be a valid date"),
        (TIME | {"day": "2026-02-30"}, "day: Input should be a valid date"),
        ({"due": 2, "day": "soon"}, "time: Field required; due: Input should be a valid boolean"),
    ],
)
def test_bad_event(event: dict[str, Any], wrong: str) -> None:
    """A bad event is refused with what an event holds, and each field that is wrong."""
    with pytest.raises(IngestError) as error:
        read_event(event)
    assert f'the event is not {{"time": …, "due"?: …, "day"?: …}}: {wrong}' in str(error.value)


@pytest.mark.xfail(strict=True, reason="a time without a zone is read, and cannot be compared with the run before")
def test_time_without_a_zone() -> None:
    """A time without a zone is refused."""
    with pytest.raises(IngestError, match="time: "):
        read_event({"time": "2026-02-04T04:17:00"})
