"""Events come twice, late and out of order: the outcome is the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from paperboy.days.run import RunRequest
from paperboy.pages.site import digest_keys, latest_keys
from paperboy.summaries.request import SummaryRequest
from paperboy_cli.local.emulator import Local
from tests.integration.conftest import DAY, Stages, new_stages, recorded_upstreams, run_of

RUNS = [run_of(3), run_of(4), run_of(5), run_of(6, due=True)]


def deliver(event: object, stages: Stages) -> None:
    """Hand one event to the function that it is for."""
    match event:
        case RunRequest():
            stages.ingest(event)
        case SummaryRequest():
            stages.summarize(event)
        case "RUN":
            stages.score()
        case _:
            stages.render()


def stream_records(before: dict[Any, Any], after: dict[Any, Any]) -> Iterator[str]:
    """The kinds of the records that changed, as the template's filters let them through to a function."""
    for key, record in after.items():
        kind = key[1].partition("#")[0]
        if before.get(key) != record and (kind in ("RUN", "RANKING") or (kind == "SUMMARY" and "input_hash" in record)):
            yield kind


def play(stages: Stages, pick: random.Random | None) -> tuple[Any, Any, int]:
    """Deliver the day's runs and all that follows from them; with `pick`, twice each and in any order."""
    copies = 1 if pick is None else 2
    waiting: list[object] = []
    for run in RUNS:
        waiting += [run] * copies
        while waiting:
            event = waiting.pop(0 if pick is None else pick.randrange(len(waiting)))
            before = stages.records()
            deliver(event, stages)
            waiting += [*stream_records(before, stages.records()), *stages.requests()] * copies
    return stages.records(), stages.pages(), stages.recorded.calls["model"]


@pytest.fixture(scope="module")
def in_order(emulator: Local, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any, int]:
    """The outcome of a day of its own on which each event is delivered once and in order."""
    with recorded_upstreams(tmp_path_factory.mktemp("in order") / "sample") as (url, recorded):
        return play(new_stages(emulator, url, recorded), None)


def test_in_order(in_order: tuple[Any, Any, int]) -> None:
    """In order the day comes out whole: every paper that is in is paid for once and told by the model, on each page."""
    records, pages, calls = in_order
    digest = records["DIGESTS", "2026-02-03"]
    assert (16, {"model": 16}, False) == (calls, digest["rungs"], digest["open"])
    assert {*digest_keys(DAY), *latest_keys()} == set(pages)


@pytest.mark.parametrize("seed", range(4))
def test_any_order_gives_the_same(stages: Stages, in_order: tuple[Any, Any, int], seed: int) -> None:
    """Every event twice, late and in any order: the same records, pages and number of model calls as in order."""
    records, pages, calls = play(stages, random.Random(seed))  # noqa: S311 - a shuffle, no secret
    assert in_order[0] == records
    assert in_order[1] == pages
    assert in_order[2] == calls
