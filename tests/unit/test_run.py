"""Runs: what an event may ask for, which days are visited, and which run follows another."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from paperboy.days.records import DayRecords, DigestRecord, Run, papers_hash
from paperboy.days.run import (
    END_TIME,
    FIRST_TIME,
    VISITED_DAYS,
    RequestError,
    RunRequest,
    Versions,
    days_to_visit,
    month_before,
    next_run,
    read_request,
    visit,
)
from paperboy.papers.listing import Listing, Rejection
from paperboy.papers.paper import Authors, Paper
from paperboy.summaries.summary import Rung, input_hash
from tests.samples import DAY, day, paper

EARLIER, SAME, LATER = (dt.datetime(2026, 2, 4, hour, 17, tzinfo=dt.UTC) for hour in (3, 4, 5))
VERSIONS = Versions(policy_hash="0", prompt_version="1")
BAD = Rejection(item="item 2", reason="expected an object, got str")


def run(**values: Any) -> Run:
    made = day(paper(), **({"scheduled_at": SAME} | values)).run
    assert made
    return made


def digest(attempt: int = 3, still_open: bool = False) -> DigestRecord:
    return DigestRecord(
        attempt=attempt, ids=(paper().id,), hashes={}, rungs={Rung.MODEL: 1}, open=still_open, published_at=SAME
    )


def records(published: DigestRecord | None = None, **values: Any) -> DayRecords:
    """A day whose third run is the newest, and what is published of it."""
    return DayRecords(DAY, papers={paper().id: paper()}, run=run(attempt=3, **values), digest=published)


def after(before: DayRecords, time: dt.datetime, due: bool = False, changed: bool = False, **values: Any) -> Run:
    """The run that follows, where a run of that time finds the `values`."""
    return next_run(before, run(**values).findings, RunRequest(time=time, due=due), papers_changed=changed)


DONE, OPEN = records(digest()), records(digest(still_open=True))
STALE, UNPUBLISHED = records(digest(attempt=2)), records()


def test_first_run() -> None:
    """A day's first run is its first attempt, and says what was found and when."""
    assert run(attempt=1, due=True) == after(DayRecords(DAY), SAME, due=True)


@pytest.mark.parametrize(
    ("time", "before"),
    [
        *((time, DONE) for time in (EARLIER, SAME, LATER)),
        *((time, before) for time in (EARLIER, SAME) for before in (OPEN, STALE, UNPUBLISHED)),
    ],
)
@pytest.mark.parametrize("due", [False, True])
def test_nothing_to_do(time: dt.datetime, before: DayRecords, due: bool) -> None:
    """The run before stands where the day is done, or this run was counted already, due or not."""
    assert after(before, time, due) is before.run


@pytest.mark.parametrize("before", [OPEN, STALE, UNPUBLISHED], ids=["open", "not yet published", "never published"])
@pytest.mark.parametrize("due", [False, True])
def test_open_day(before: DayRecords, due: bool) -> None:
    """A later run of an open day is an attempt more, and it is due if that run is."""
    assert run(scheduled_at=LATER, due=due, attempt=4) == after(before, LATER, due)


@pytest.mark.parametrize(
    "change", [{"papers_hash": "1"}, {"policy_hash": "1"}, {"prompt_version": "2"}, {"rejections": (BAD,)}]
)
@pytest.mark.parametrize("before", [DONE, OPEN, UNPUBLISHED], ids=["done", "open", "never published"])
def test_changed_day(change: dict[str, Any], before: DayRecords) -> None:
    """A day that looks different is an attempt more, whatever was published."""
    assert run(scheduled_at=LATER, attempt=4, **change) == after(before, LATER, **change)


def test_no_papers_changed_where_none_are_said_to() -> None:
    """Where nothing is said of changed papers, none changed: a day that is done stays so."""
    assert next_run(DONE, run(attempt=3).findings, RunRequest(time=LATER)) is DONE.run


@pytest.mark.parametrize("time", [EARLIER, SAME, LATER])
def test_changed_papers(time: dt.datetime) -> None:
    """Papers that are written anew are an attempt more, even where the findings are the same."""
    assert 4 == after(DONE, time, changed=True).attempt


@pytest.mark.parametrize(
    ("time", "due", "was_due", "expected"),
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
    time: dt.datetime, due: bool, was_due: bool, expected: tuple[dt.datetime, bool]
) -> None:
    """A later run says anew whether it is due; one that comes late takes nothing back."""
    made = after(records(digest(), due=was_due), time, due, papers_hash="1")
    assert expected == (made.scheduled_at, made.due)


def test_an_attempt_is_never_given_twice() -> None:
    """Where the run itself cannot be read, the next one is newer than all that other records belong to."""
    damaged = DayRecords(DAY, digest=digest(attempt=7), unreadable=frozenset({"RUN"}))
    assert 8 == after(damaged, LATER).attempt


# A visit


def seen(before: DayRecords, listing: Listing | None, time: dt.datetime = LATER, due: bool = False) -> Any:
    return visit(before, listing, RunRequest(time=time, due=due), VERSIONS)


def recorded(*papers: Paper) -> DayRecords:
    """A day that is done, with these papers."""
    whole = day(*papers, scheduled_at=SAME, papers_hash=papers_hash(papers))
    return DayRecords(DAY, papers=whole.papers, run=whole.run, digest=digest(attempt=1))


ONE, TWO = paper(1, upvotes=1), paper(2, upvotes=2)


def test_a_visit_to_a_new_day() -> None:
    """Every paper of a first listing is written, and the run counts them."""
    made = seen(DayRecords(DAY), Listing(papers=(ONE, TWO), rejections=(BAD,)))
    assert ((ONE, TWO), "listed") == (made.changed_papers, made.status)
    assert (3, 0, (BAD,), (ONE.id, TWO.id)) == (made.run.listed, made.run.kept, made.run.rejections, made.run.ids)
    assert {"status": "listed", "listed": 3, "rejected": 1, "changed": 2, "attempt": 1} == made.report


def test_a_visit_that_finds_nothing_new() -> None:
    """The same listing again changes nothing of a day that is done."""
    before = recorded(ONE, TWO)
    made = seen(before, Listing(papers=(ONE, TWO)))
    assert ((), "nothing new") == (made.changed_papers, made.status)
    assert made.run is before.run


def test_a_visit_after_an_upgrade() -> None:
    """What a newer version keeps of a paper is written once, and its summary still serves."""
    newer = ONE.model_copy(update={"pdf": "https://arxiv.org/pdf/2602.00001", "keywords": ("agents",)})
    before = recorded(ONE)
    made = seen(before, Listing(papers=(newer,)))
    assert ((newer,), "listed", 2) == (made.changed_papers, made.status, made.run.attempt)
    assert input_hash(ONE, "1") == input_hash(newer, "1")
    assert "nothing new" == seen(recorded(newer), Listing(papers=(newer,))).status


def test_authors_and_addresses_that_a_listing_lacks_stay() -> None:
    """What an earlier listing said of a paper's authors, keywords and addresses stays where the newest says nothing."""
    authors = Authors.of([f"Author {number}" for number in range(664)])
    whole = ONE.model_copy(update={"authors": authors, "keywords": ("agents",), "repository": "https://example.com/"})
    made = seen(recorded(whole), Listing(papers=(ONE,)))
    assert ((), "nothing new") == (made.changed_papers, made.status)
    [changed] = seen(recorded(whole), Listing(papers=(paper(1, authors=Authors(names=("One",))),))).changed_papers
    assert (1, ("agents",)) == (changed.authors.count, changed.keywords)


def test_what_a_listing_lacks_is_kept() -> None:
    """A paper that the newest listing lacks stays, last; a value that it lacks stays as well."""
    before = recorded(ONE, TWO)
    made = seen(before, Listing(papers=(paper(2, upvotes=None, stars=5),)))
    assert (TWO.id, ONE.id) == made.run.ids
    assert (1, 1) == (made.run.listed, made.run.kept)
    assert (paper(2, upvotes=2, stars=5),) == made.changed_papers


def test_papers_that_are_kept_stand_in_their_old_order() -> None:
    """Kept papers come in the order of the last run, whatever order the table gives them in."""
    before = recorded(TWO, ONE)
    shuffled = DayRecords(DAY, papers={ONE.id: ONE, TWO.id: TWO}, run=before.run, digest=before.digest)
    assert (paper(3).id, TWO.id, ONE.id) == seen(shuffled, Listing(papers=(paper(3),))).run.ids


def test_a_bad_item_of_a_recorded_paper_costs_nothing() -> None:
    """A recorded paper whose item is bad this time is kept, and counted once."""
    bad = Rejection(item=ONE.id, reason="title: Field required")
    made = seen(recorded(ONE, TWO), Listing(papers=(TWO,), rejections=(bad, BAD)))
    assert (2, 1, (BAD,)) == (made.run.listed, made.run.kept, made.run.rejections)


def test_a_broken_listing_is_recorded_and_is_no_attempt() -> None:
    """A closed day whose listing is broken keeps its attempt, so that nothing of it is published anew."""
    before = recorded(ONE)
    broken = seen(before, Listing(rejections=(BAD,)), due=True)
    assert before.run
    assert before.run.replaced(broken_listing=(BAD,)) == broken.run
    assert ("broken", 1) == (broken.status, broken.report["rejected"])
    still = DayRecords(DAY, papers=before.papers, run=broken.run, digest=before.digest)
    assert seen(still, Listing(rejections=(BAD,))).run is broken.run
    assert seen(still, None).run is broken.run
    assert before.run == seen(still, Listing(papers=(ONE,))).run


def test_a_broken_listing_of_an_open_day() -> None:
    """An open day whose listing is broken goes on with what was found before, and its run says what was wrong."""
    before = records(digest(still_open=True))
    made = seen(before, Listing(rejections=(BAD,)))
    assert before.run
    assert before.run.replaced(attempt=4, scheduled_at=LATER, broken_listing=(BAD,)) == made.run
    assert ((), "broken") == (made.changed_papers, made.status)


def test_a_paper_whose_record_was_lost_is_an_attempt_more() -> None:
    """A paper that is listed as before, but has no record, is written again and ranked with the others."""
    before = recorded(ONE, TWO)
    del before.papers[ONE.id]
    made = seen(before, Listing(papers=(ONE, TWO)))
    assert before.run
    assert before.run.findings == made.run.findings
    assert ((ONE,), 2, "listed") == (made.changed_papers, made.run.attempt, made.status)


def test_without_a_listing_a_day_without_papers_stays_as_it_is() -> None:
    """Where the source is away, a day whose items were all bad keeps what was wrong with them."""
    before = DayRecords(DAY, run=seen(DayRecords(DAY), Listing(rejections=(BAD,)), time=SAME).run)
    assert before.run is seen(before, None).run


def test_an_empty_listing_takes_nothing_away() -> None:
    """An empty listing of a day that has papers leaves it as it is."""
    before = recorded(ONE, TWO)
    assert seen(before, Listing()).run is before.run


def test_a_day_without_papers_is_done() -> None:
    """A day without papers is not open, and a later run that finds none either leaves its run as it is."""
    first = seen(DayRecords(DAY), Listing(), time=SAME)
    before = DayRecords(DAY, run=first.run)
    assert ("no papers", False) == (first.status, before.open)
    assert before.run is seen(before, Listing()).run
    assert (2, "listed") == ((made := seen(before, Listing(papers=(ONE,)))).run.attempt, made.status)


@pytest.mark.parametrize(
    ("first", "then", "status"),
    [
        ((BAD,), (), "no papers"),
        ((), (BAD,), "broken"),
        ((BAD,), (BAD, BAD.model_copy(update={"item": "item 3"})), "broken"),
    ],
)
def test_a_day_without_papers_is_what_its_newest_listing_is(
    first: tuple[Rejection, ...], then: tuple[Rejection, ...], status: str
) -> None:
    """Where a day had no good paper, a newer listing without one takes the place of the older."""
    before = DayRecords(DAY, run=seen(DayRecords(DAY), Listing(rejections=first), time=SAME).run)
    made = seen(before, Listing(rejections=then))
    assert (status, 2, then, ()) == (made.status, made.run.attempt, made.run.rejections, made.run.broken_listing)


def test_a_listing_of_nothing_but_bad_items_is_broken() -> None:
    """A new day whose items are all bad has a run without papers that says why."""
    made = seen(DayRecords(DAY), Listing(rejections=(BAD,)))
    assert ("broken", (), (BAD,)) == (made.status, made.run.ids, made.run.rejections)


@pytest.mark.parametrize("due", [False, True])
def test_without_a_listing_an_open_day_goes_on(due: bool) -> None:
    """Where the source is away, an open day has another attempt with what was found before, and a due one is due."""
    before = records(digest(still_open=True))
    made = seen(before, None, due=due)
    assert before.run
    assert before.run.replaced(attempt=4, scheduled_at=LATER, due=due) == made.run
    assert () == made.changed_papers


def test_a_changed_policy_or_prompt_counts_without_a_listing() -> None:
    """Where the source is away, the day is still ranked and told anew after a change of the policy or the prompt."""
    made = visit(recorded(ONE), None, RunRequest(time=LATER), Versions("9", "8"))
    assert ("9", "8", 2) == (made.run.policy_hash, made.run.prompt_version, made.run.attempt)


# Days to visit

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONTH = [dt.date(2026, 2, 19) - dt.timedelta(days=back) for back in range(31)]


@pytest.mark.parametrize(
    ("time", "newest"),
    [
        ("2026-02-20T03:17:00+00:00", "2026-02-19"),
        ("2026-02-20T15:59:59+00:00", "2026-02-19"),
        ("2026-02-20T16:00:00+00:00", "2026-02-20"),
        ("2026-03-01T00:00:00+08:00", "2026-02-28"),
    ],
)
def test_the_month_before(time: str, newest: str) -> None:
    """The newest listing day is the one before the run, where the readers are; 31 days are looked at."""
    month = month_before(dt.datetime.fromisoformat(time), SHANGHAI)
    first = dt.date.fromisoformat(newest)
    assert [first - dt.timedelta(days=back) for back in range(31)] == month


@pytest.mark.parametrize(
    ("digests", "attempts", "older"),
    [
        ({}, {}, []),
        ({0: digest(1)}, {0: 1}, []),
        ({9: digest(1)}, {9: 1}, [3, 4, 5, 6, 7, 8]),
        ({0: digest(1), 20: digest(3)}, {0: 1, 20: 3}, []),
        ({0: digest(1), 20: digest(2)}, {0: 1, 20: 3}, [20]),
        ({0: digest(1), 20: digest(3)}, {0: 1, 20: 2}, [20]),
        ({0: digest(1), 30: digest(3, still_open=True)}, {0: 1, 30: 3}, [30]),
        ({0: digest(1)}, {0: 1, 12: 1}, [12]),
        ({0: digest(1), 12: digest(3, still_open=True)}, {0: 1}, []),
    ],
    ids=["nothing yet", "all done", "missed", "done", "newer run", "newer digest", "open", "never published", "empty"],
)
def test_days_to_visit(digests: dict[int, DigestRecord], attempts: dict[int, int], older: list[int]) -> None:
    """Visited are the three newest days, those since the newest digest, and those that are open, newest first."""
    by_day = {MONTH[back]: record for back, record in digests.items()}
    runs = {MONTH[back]: attempt for back, attempt in attempts.items()}
    assert [MONTH[back] for back in (0, 1, 2, *older)] == days_to_visit(MONTH, by_day, runs)


# Events

NOW = dt.datetime(2026, 2, 4, 9, 9, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"time": "2026-02-04T04:17:00Z"}, RunRequest(time=SAME)),
        ({"time": "2026-02-04T12:17:00+08:00", "due": False}, RunRequest(time=SAME)),
        ({"time": "2026-02-04T04:17:00Z", "due": True}, RunRequest(time=SAME, due=True)),
        ({"time": "2026-02-04T04:17:00Z", "day": "2026-02-03"}, RunRequest(time=SAME, day=DAY)),
        ({"time": "2026-02-04T04:17:00Z", "day": None}, RunRequest(time=SAME)),
        ({"time": "<aws.scheduler.scheduled-time>", "due": True}, RunRequest(time=NOW, due=True)),
    ],
)
def test_event(event: dict[str, Any], expected: RunRequest) -> None:
    """An event has the time it was scheduled for, now where an emulator left the placeholder, and may name one day."""
    assert expected == read_request(event, NOW)


TIME = {"time": "2026-02-04T04:17:00Z"}


@pytest.mark.parametrize(("hours", "newest"), [(-12, 3), (0, 4), (14, 4), (15, 5)])
def test_a_day_that_is_yet_to_come(hours: int, newest: int) -> None:
    """Today, where the readers are, may be asked for; the next day is refused with its name and what day it is."""
    now = NOW.astimezone(dt.timezone(dt.timedelta(hours=hours)))
    days = [dt.date(2026, 2, newest + ahead) for ahead in (0, 1)]
    assert days[0] == read_request(TIME | {"day": str(days[0])}, now).day
    with pytest.raises(RequestError, match=f"the day {days[1]} is yet to come: where the readers are it is {days[0]}"):
        read_request(TIME | {"day": str(days[1])}, now)


@pytest.mark.parametrize("time", [FIRST_TIME, END_TIME - dt.timedelta(seconds=1)])
@pytest.mark.parametrize("hours", [-12, 14])
def test_the_first_and_the_last_time(time: dt.datetime, hours: int) -> None:
    """Each time that an event may have calls for a month of days, wherever the readers are."""
    zone = dt.timezone(dt.timedelta(hours=hours))
    request = read_request({"time": time.isoformat()}, NOW)
    assert VISITED_DAYS == len(month_before(request.time, zone))


@pytest.mark.parametrize(
    ("event", "wrong"),
    [
        ({}, "time: Field required"),
        ({"due": True}, "time: Field required"),
        ({"time": "<aws.scheduler.execution-id>"}, "time: Input should be a valid datetime"),
        ({"time": "2026-02-04T04:17:00"}, "time: Input should have timezone info"),
        ({"time": None}, "time: Input should be a valid datetime"),
        ({"time": "0001-01-01T00:00:00Z"}, "time: Input should be greater than or equal to 0002-01-01T00:00:00Z"),
        ({"time": "0001-01-01T00:00:00+14:00"}, "time: Input should be greater than or equal to 0002-01-01T00:00:00Z"),
        ({"time": "9999-12-31T23:59:59Z"}, "time: Input should be less than 9999-01-01T00:00:00Z"),
        ({"time": 1e300}, "time: Input should be a valid datetime, dates after 9999"),
        (TIME | {"due": "perhaps"}, "due: Input should be a valid boolean"),
        (TIME | {"due": None}, "due: Input should be a valid boolean"),
        (TIME | {"day": "yesterday"}, "day: Input should be a valid date"),
        (TIME | {"day": "2026-02-30"}, "day: Input should be a valid date"),
        ({"due": 2, "day": "soon"}, "time: Field required; due: Input should be a valid boolean"),
    ],
)
def test_bad_event(event: dict[str, Any], wrong: str) -> None:
    """A bad event is refused with what an event holds, and each field that is wrong."""
    with pytest.raises(RequestError) as error:
        read_request(event, NOW)
    assert f'the event is not {{"time": …, "due"?: …, "day"?: …, "again"?: …}}: {wrong}' in str(error.value)
