"""Scoring a day: the ranking of its run, and the requests for the summaries that it lacks."""

import dataclasses
import datetime as dt
from typing import Any

import pytest
from pydantic import ValidationError

from paperboy.days.keys import paper_key
from paperboy.days.records import DayRecords, DigestRecord, Run, SummaryRecord, papers_hash
from paperboy.days.scoring import rank_run, share_calls, summary_requests
from paperboy.errors import ConflictError
from paperboy.papers.policy import load_policy
from paperboy.summaries.request import MAX_CALLS_PER_PAPER, SummaryRequest
from paperboy.summaries.summary import Rung, input_hash
from tests.samples import DAY, day, paper, summary

POLICY = load_policy()
PAPERS = [paper(number, upvotes=100 - number) for number in range(12)]


def listed(**values: Any) -> DayRecords:
    """A day whose papers are listed and nothing more."""
    return dataclasses.replace(day(*PAPERS, papers_hash=papers_hash(PAPERS), **values), ranking=None, summaries={})


def run_in(records: DayRecords) -> Run:
    assert records.run
    return records.run


def record(number: int, rung: Rung = Rung.MODEL, **values: Any) -> dict[str, SummaryRecord]:
    """The summary of a paper by its number, of what the paper is now."""
    one = PAPERS[number]
    made = {"summary": summary(rung), "input_hash": input_hash(one, "1"), "attempt": 1}
    return {one.id: SummaryRecord(**(made | values))}


def test_a_ranking_is_of_its_run() -> None:
    """The ranking has the run's attempt and every paper of the run."""
    records = listed(attempt=3)
    ranking = rank_run(run_in(records), records, POLICY)
    assert (3, [one.id for one in PAPERS]) == (ranking.attempt, [row.id for row in ranking.rows])


@pytest.mark.parametrize("upvotes", range(990, 1000))
def test_papers_of_another_run_are_not_ranked(upvotes: int) -> None:
    """Where the papers are not those that the run found, they are being written, and score waits."""
    records = listed()
    changed = PAPERS[3].model_copy(update={"upvotes": upvotes})
    records.papers[changed.id] = changed
    with pytest.raises(ConflictError, match="papers are being written"):
        rank_run(run_in(records), records, POLICY)


def test_what_is_published_stays_in() -> None:
    """A paper of the published digest is in and is requested, though it ranks below the cut by now."""
    published = DigestRecord(
        attempt=1,
        ids=(PAPERS[11].id,),
        hashes={},
        rungs={},
        open=False,
        published_at=dt.datetime(2026, 2, 4, tzinfo=dt.UTC),
    )
    records = dataclasses.replace(listed(attempt=2), digest=published)
    expected = [*range(10), 11]
    ranking = rank_run(run_in(records), records, POLICY)
    assert expected == [row.rank - 1 for row in ranking.selected]
    assert expected == [number for number, _ in requested(records)]


def test_a_paper_that_cannot_be_read_is_not_ranked() -> None:
    """A damaged paper costs itself: the others are ranked."""
    records = listed()
    del records.papers[PAPERS[3].id]
    damaged = dataclasses.replace(records, unreadable=frozenset({paper_key(PAPERS[3].id)}))
    ranking = rank_run(run_in(damaged), damaged, POLICY)
    assert [one.id for one in PAPERS if one is not PAPERS[3]] == [row.id for row in ranking.rows]


def requested(records: DayRecords, max_calls_per_run: int = 0) -> list[tuple[int, int]]:
    """The papers that a summary is requested for, by their numbers, and the calls that each may take."""
    run = run_in(records)
    requests = summary_requests(run, rank_run(run, records, POLICY), records, max_calls_per_run)
    assert {(DAY, run.attempt)} >= {(request.day, request.attempt) for request in requests}
    return [(int(request.paper_id[5:]), request.max_calls) for request in requests]


def test_each_paper_that_is_in_is_requested() -> None:
    """Of the first run's papers the ten that are in are requested, in rank order, with two calls each."""
    assert [(number, 2) for number in range(10)] == requested(listed())


def test_what_is_there_is_not_requested() -> None:
    """A paper with a good summary is not requested; one with a low one, or of another prompt, is."""
    old = record(2, input_hash="of another prompt")
    records = dataclasses.replace(listed(), summaries=record(0) | record(1, Rung.LISTING) | old)
    assert [(number, 2) for number in range(1, 10)] == requested(records)


def test_what_the_run_took_is_taken_off() -> None:
    """Calls that this run's summaries took count, those of earlier runs do not."""
    this_run = record(0, Rung.LISTING, attempt=2, calls=2)
    records = dataclasses.replace(listed(attempt=2), summaries=this_run | record(1, calls=2))
    expected = [0, *range(2, 10)]
    assert [(number, int(place < 3)) for place, number in enumerate(expected)] == requested(records, 5)


@pytest.mark.parametrize(("attempt", "left"), [(1, 5), (2, 4), (3, 5)])
def test_what_other_runs_took_is_not_taken_off(attempt: int, left: int) -> None:
    """Of the calls that a run may take, those are gone that it took itself."""
    records = dataclasses.replace(listed(attempt=2), summaries=record(0, attempt=attempt, calls=1))
    assert left == sum(calls for _, calls in requested(records, 5))


@pytest.mark.parametrize(
    ("papers", "max_calls", "used", "expected"),
    [
        (3, 0, 99, [MAX_CALLS_PER_PAPER] * 3),
        (3, 6, 0, [2, 2, 2]),
        (3, 100, 0, [2, 2, 2]),
        (3, 4, 0, [2, 1, 1]),
        (3, 3, 0, [1, 1, 1]),
        (3, 2, 0, [1, 1, 0]),
        (3, 5, 3, [1, 1, 0]),
        (3, 3, 9, [0, 0, 0]),
        (0, 3, 0, []),
    ],
)
def test_the_best_papers_do_not_go_without(papers: int, max_calls: int, used: int, expected: list[int]) -> None:
    """Each paper gets a call in rank order, then each one more for a repair, until the run's limit is reached."""
    assert expected == share_calls(papers, max_calls, used)


@pytest.mark.parametrize("max_calls", [0, 1, MAX_CALLS_PER_PAPER])
def test_calls_of_a_request(max_calls: int) -> None:
    """A paper may take no call of the model or a few, and two where its request does not say."""
    told = {"day": DAY, "paper_id": PAPERS[0].id, "attempt": 1}
    assert max_calls == SummaryRequest.model_validate(told | {"max_calls": max_calls}).max_calls
    assert 2 == SummaryRequest.model_validate(told).max_calls


def test_no_calls_below_nothing() -> None:
    """A request for less than no call is refused."""
    told = {"day": DAY, "paper_id": PAPERS[0].id, "attempt": 1, "max_calls": -1}
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        SummaryRequest.model_validate(told)
