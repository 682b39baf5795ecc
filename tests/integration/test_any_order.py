"""Events come twice, late and out of order: the outcome is the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from functions.ingest.handler import Asked
from paperboy.queue import SummaryAsked
from tests.integration.conftest import Edges, run_of

RUNS = [run_of(3), run_of(4), run_of(5), run_of(6, due=True)]


def deliver(event: object, edges: Edges) -> None:
    """Hand one event to the function that it is for."""
    match event:
        case Asked():
            edges.ingest(event)
        case SummaryAsked():
            edges.summarize(event)
        case "RUN":
            edges.score()
        case _:
            edges.render()


def rings(before: dict[Any, Any], after: dict[Any, Any]) -> Iterator[str]:
    """What the stream would ring for: the kinds of the records that changed, as the template's filters let through."""
    for key, record in after.items():
        kind = key[1].partition("#")[0]
        if before.get(key) != record and (kind in ("RUN", "RANKING") or (kind == "SUMMARY" and "source" in record)):
            yield kind


def play(edges: Edges, pick: random.Random | None) -> tuple[Any, Any, int]:
    """Deliver the day's runs and all that follows from them; with `pick`, twice each and in any order."""
    copies = 1 if pick is None else 2
    waiting: list[object] = []
    for run in RUNS:
        waiting += [run] * copies
        while waiting:
            event = waiting.pop(0 if pick is None else pick.randrange(len(waiting)))
            before = edges.records()
            deliver(event, edges)
            waiting += [*rings(before, edges.records()), *edges.asked()] * copies
    return edges.records(), edges.pages(), edges.recorded.calls["model"]


@pytest.fixture(scope="module")
def in_order() -> dict[str, Any]:
    """The outcome of the first case, which delivers each event once and in order."""
    return {}


@pytest.mark.parametrize("seed", [None, *range(4)])
def test_any_order_gives_the_same(edges: Edges, in_order: dict[str, Any], seed: int | None) -> None:
    """Every event twice, late and in any order: the same records, pages and number of model calls as in order."""
    outcome = play(edges, None if seed is None else random.Random(seed))  # noqa: S311 - a shuffle, no secret
    expected = in_order.setdefault("outcome", outcome)
    assert expected[0] == outcome[0]
    assert expected[1] == outcome[1]
    assert (expected[2], outcome[2]) == (16, 16)
