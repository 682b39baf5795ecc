"""The pace of a model's calls, by a clock that the test turns."""

from __future__ import annotations

import heapq
import math
from random import Random

import pytest

from paperboy.adapters.queue import return_seconds
from paperboy.summaries.pacing import FIRST_WAIT_SECONDS, MAX_PARALLEL_CALLS, MAX_WAIT_SECONDS, Pace


def under_way(calls: int) -> Pace:
    """The pace with so many calls under way, all begun at 0."""
    pace = Pace()
    for _ in range(calls):
        pace = pace.begun()
    return pace


def throttled(pace: Pace, begun_at: float, now: float, retry_after: float | None = None) -> Pace:
    return pace.throttled(begun_at, now, retry_after, chance=1)


def test_as_many_side_by_side_as_may() -> None:
    """Calls begin at once until as many are under way as may; the next one waits for one of them to end."""
    pace = under_way(MAX_PARALLEL_CALLS)
    assert (0, math.inf) == (under_way(MAX_PARALLEL_CALLS - 1).wait(0), pace.wait(0))
    assert 0 == pace.answered(0).wait(0) == pace.ended().wait(0)


def test_calls_that_began_together_slow_it_down_once() -> None:
    """However many of the calls that began side by side are throttled, half as many go on, after one wait."""
    pace = under_way(10)
    for now in (1.0, 1.5, 2.0):
        pace = throttled(pace, 0, now)
    assert (5, 1, 1.0 + FIRST_WAIT_SECONDS) == (pace.parallel, pace.throttles, pace.resumes_at)
    assert FIRST_WAIT_SECONDS == pace.wait(1.0)


def test_waits_grow() -> None:
    """Each wait in a row is twice as long as the one before, up to the longest, and one call goes on at least."""
    pace, now, waits = Pace(), 0.0, []
    for _ in range(7):
        pace = throttled(pace.begun(), now, now)
        waits.append(pace.wait(now))
        now = pace.resumes_at
    assert [2, 4, 8, 16, 32, MAX_WAIT_SECONDS, MAX_WAIT_SECONDS] == waits
    assert (1, 0) == (pace.parallel, pace.wait(now))


def test_waits_differ_between_processes() -> None:
    """A wait is drawn from its upper half, so that processes which were throttled together come back one by one."""
    pace = Pace().begun()
    assert [1.0, 1.5, 2.0] == [pace.throttled(0, 0, None, chance).wait(0) for chance in (0, 0.5, 1)]


def test_it_speeds_up_slowly() -> None:
    """After each answered call one more goes side by side, and the next wait in a row is a step shorter."""
    pace = throttled(throttled(under_way(10), 0, 0), 5, 5)
    assert (2, 2) == (pace.parallel, pace.throttles)
    quicker = pace.answered(9)
    assert (3, 1) == (quicker.parallel, quicker.throttles)
    for _ in range(20):
        quicker = quicker.begun().answered(9)
    assert (MAX_PARALLEL_CALLS, 0) == (quicker.parallel, quicker.throttles)


def test_an_answer_to_a_call_from_before_says_nothing_of_the_wait() -> None:
    """A call that had begun before the throttled one leaves the next wait as it is when it is answered."""
    pace = throttled(under_way(10), 0, 1).answered(0)
    assert (6, 1) == (pace.parallel, pace.throttles)


@pytest.mark.parametrize(("wanted", "waited"), [(None, 2.0), (0.5, 2.0), (45.0, 45.0)])
def test_what_the_provider_wants(wanted: float | None, waited: float) -> None:
    """A provider that says when it wants to be called again is waited for where that is longer than our own wait."""
    assert waited == throttled(Pace().begun(), 0, 0, wanted).wait(0)


def test_each_of_the_calls_that_began_together_may_say_when() -> None:
    """The longest wait that the provider asks for counts, whichever of its answers says so."""
    pace = throttled(throttled(under_way(2), 0, 1.0), 0, 1.5, 30.0)
    assert 31.5 == pace.resumes_at


@pytest.mark.parametrize(("calls_a_minute", "minutes", "wasted"), [(16, 0.1, 0), (8, 2, 24), (4, 5, 36), (2, 10, 56)])
def test_a_quota_of_a_minute(calls_a_minute: int, minutes: float, wasted: int) -> None:
    """With a quota that fits so many calls a minute, 16 are answered about as soon as it allows, few thrown away."""
    chance = Random(4)  # noqa: S311 - not for a secret
    pace, now, room = Pace(), 0.0, float(calls_a_minute)
    left, thrown_away = 16, 0
    ends: list[tuple[float, float, bool]] = []
    while left:
        wait = pace.wait(now) if left > len(ends) else math.inf
        step = min(wait, ends[0][0] - now if ends else math.inf)
        now, room = now + step, min(calls_a_minute, room + step * calls_a_minute / 60)
        if step == wait:
            pace, has_room = pace.begun(), room >= 1
            room -= has_room
            heapq.heappush(ends, (now + (3 if has_room else 0.2), now, has_room))
            continue
        _, begun_at, had_room = heapq.heappop(ends)
        left, thrown_away = left - had_room, thrown_away + (not had_room)
        pace = pace.answered(begun_at) if had_room else pace.throttled(begun_at, now, None, chance.random())
    assert now <= minutes * 60
    assert thrown_away <= wasted


def test_what_is_not_done_comes_back_later_each_time() -> None:
    """A message comes back after a minute, then two, up to four, and a quarter more at most."""
    assert [60, 120, 180, 240, 240] == [return_seconds(receives, 0) for receives in (1, 2, 3, 4, 19)]
    assert [75, 300] == [return_seconds(receives, 1) for receives in (1, 19)]
