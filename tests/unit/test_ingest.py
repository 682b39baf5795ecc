"""ingest without its edges: which run follows another, and what an event may say."""

import datetime as dt
from typing import Any

import pytest

from functions.ingest.handler import Asked, IngestError, next_run, read_event
from paperboy.listing import Rejected
from paperboy.records import Day, PublishedRecord, Run, papers_hash
from paperboy.summary import Rung
from tests.samples import DAY, day, paper

EARLIER, SAME, LATER = (dt.datetime(2026, 2, 4, hour, 17, tzinfo=dt.UTC) for hour in (3, 4, 5))


def run(**values: Any) -> Run:
    found = day(paper(), **({"asked": SAME} | values)).run
    assert found
    return found


def known(attempt: int | None = None, still_open: bool = False, **values: Any) -> Day:
    """A day whose third run is the newest, and of which the run `attempt` is published."""
    published = attempt and PublishedRecord(
        attempt=attempt, ids=(paper().id,), hashes={}, rungs={Rung.MODEL: 1}, open=still_open, published_at=SAME
    )
    return Day(DAY, run=run(attempt=3, **values), published=published or None)


BAD = Rejected(where="item 2", why="expected an object, got str")
DONE, OPEN, STALE, UNPUBLISHED = known(3), known(3, still_open=True), known(2), known()


def test_first_run() -> None:
    """A day's first run is the one that was found."""
    found = run()
    assert next_run(found, Day(DAY)) is found


@pytest.mark.parametrize(
    ("asked", "before"),
    [
        *((asked, DONE) for asked in (EARLIER, SAME, LATER)),
        *((asked, before) for asked in (EARLIER, SAME) for before in (OPEN, STALE, UNPUBLISHED)),
    ],
)
@pytest.mark.parametrize("due", [False, True])
def test_nothing_to_do(asked: dt.datetime, before: Day, due: bool) -> None:
    """The run before stands where the day is done, or this run was counted already, due or not."""
    assert next_run(run(asked=asked, due=due), before) is before.run


@pytest.mark.parametrize("before", [OPEN, STALE, UNPUBLISHED], ids=["open", "not yet published", "never published"])
@pytest.mark.parametrize("due", [False, True])
def test_open_day(before: Day, due: bool) -> None:
    """A later run of an open day is an attempt more, and it is due if that run is."""
    assert run(asked=LATER, due=due, attempt=4) == next_run(run(asked=LATER, due=due), before)


@pytest.mark.parametrize("change", [{"papers_hash": "1"}, {"policy_hash": "1"}, {"prompt": "2"}, {"rejected": (BAD,)}])
@pytest.mark.parametrize("before", [DONE, OPEN, UNPUBLISHED], ids=["done", "open", "never published"])
def test_changed_day(change: dict[str, Any], before: Day) -> None:
    """A day that looks different is an attempt more, whatever was published."""
    assert run(asked=LATER, attempt=4, **change) == next_run(run(asked=LATER, **change), before)


def test_a_broken_listing_is_told_and_is_no_attempt() -> None:
    """A closed day whose listing is broken keeps its attempt, so that nothing of it is published anew."""
    after = next_run(run(asked=LATER, due=True, broken=(BAD,)), DONE)
    assert DONE.run
    assert DONE.run.model_copy(update={"broken": (BAD,)}) == after
    broken = Day(DAY, run=after, published=DONE.published)
    assert next_run(run(asked=LATER, broken=(BAD,)), broken) is after
    assert next_run(run(asked=LATER), broken) == DONE.run


def test_a_day_without_papers_is_done() -> None:
    """A day without papers is not open, and a later run that finds none either leaves its run as it is."""
    none = {"ids": (), "papers_hash": papers_hash([])}
    before = Day(DAY, run=run(listed=0, **none))
    assert not before.open
    assert before.run is next_run(run(asked=LATER, listed=0, **none), before)
    assert 2 == next_run(run(asked=LATER), before).attempt


@pytest.mark.parametrize("asked", [EARLIER, SAME, LATER])
def test_changed_papers(asked: dt.datetime) -> None:
    """Papers that are written anew are an attempt more, even where the run that was found says the same."""
    assert next_run(run(asked=asked), DONE, changed=True).attempt == 4


@pytest.mark.parametrize(
    ("asked", "due", "was_due", "expected"),
    [
        (LATER, False, True, (LATER, False)),
        (LATER, True, False, (LATER, True)),
        (SAME, False, True, (SAME, True)),
        (SAME, True, False, (SAME, False)),
        (EARLIER, False, True, (SAME, True)),
        (EARLIER, True, False, (SAME, False)),
    ],
)
def test_due_belongs_to_its_run(
    asked: dt.datetime, due: bool, was_due: bool, expected: tuple[dt.datetime, bool]
) -> None:
    """A later run says anew whether it is due; one that comes late takes nothing back."""
    after = next_run(run(papers_hash="1", asked=asked, due=due), known(3, due=was_due))
    assert expected == (after.asked, after.due)


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
        ({"time": "<aws.scheduler.execution-id>"}, "time: Input should be a valid datetime"),
        ({"time": "2026-02-04T04:17:00"}, "time: Input should have timezone info"),
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


def test_placeholder() -> None:
    """The schedule's own placeholder, which an emulator leaves as it is, is a time."""
    assert read_event({"time": "<aws.scheduler.scheduled-time>"}).time.tzinfo is dt.UTC
