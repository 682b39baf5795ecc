"""What the model may take: limits, the sum of a month, and what crashes leave of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from functions.summarize.handler import SCHEMA_TOKENS, Summarize
from paperboy.conflict import ConflictError
from paperboy.model import FREE, MAX_OUTPUT_TOKENS, Completion, ModelError
from paperboy.prompt import Message
from paperboy.queue import SummaryAsked
from paperboy.records import SummaryRecord
from paperboy.table import CLAIM, Table, month_of
from paperboy.usage import Limits, Usage
from tests.integration.conftest import DAY, PRICES, Edges, run_of

MOST = Usage(calls=1, input_tokens=100, output_tokens=50, cost=45)


class CrashError(BaseException):
    """The process ends here, as far as its code can tell."""


def month(edges: Edges) -> Usage:
    return edges.table.spent(month_of(time.time()))


def held(edges: Edges) -> list[str]:
    """What is set aside for calls under way, or for whoever crashed."""
    item = edges.records().get(("BUDGET", month_of(time.time())), {})
    return [name for name in item if name.startswith("held ")]


def first_asked(edges: Edges) -> SummaryAsked:
    edges.ingest(run_of(3))
    edges.score()
    return edges.asked()[0]


def test_a_month_is_the_sum_of_its_papers(edges: Edges) -> None:
    """What a month took is what its summaries took, to the token, and nothing stays set aside."""
    edges.whole_day()
    spent = [record.spent for record in edges.table.read_day(DAY).summaries.values()]
    assert sum(spent, Usage()) == month(edges)
    assert 16 == month(edges).calls
    assert [PRICES.of(each.input_tokens, each.output_tokens) for each in spent] == [each.cost for each in spent]
    assert [] == held(edges)


@pytest.mark.parametrize(("limit", "fitting"), [(0, 40), (MOST.tokens * 7, 7), (MOST.tokens * 7 + 1, 7), (1, 0)])
@pytest.mark.parametrize("kind", ["tokens", "cost"])
def test_a_limit_is_exact_under_concurrency(edges: Edges, kind: str, limit: int, fitting: int) -> None:
    """Of many that reserve at once exactly as many get room as fit."""
    limit = limit * MOST.cost // MOST.tokens if kind == "cost" else limit
    limits = Limits(**{kind: limit})
    with ThreadPoolExecutor(20) as pool:
        got = list(pool.map(lambda n: edges.table.reserve("2026-02", str(n), MOST, limits), range(40)))
    expected = fitting if limit else 40
    assert expected == sum(got)
    assert expected * MOST.tokens == edges.table.spent("2026-02").tokens


def test_what_is_settled_makes_room(edges: Edges) -> None:
    """A call that took less than was set aside leaves the rest to others; settled twice it counts once."""
    limits = Limits(tokens=MOST.tokens)
    assert edges.table.reserve("2026-02", "a", MOST, limits)
    assert not edges.table.reserve("2026-02", "b", MOST, limits)
    took = Usage(calls=1)
    edges.table.settle("2026-02", "a", MOST, took)
    edges.table.settle("2026-02", "a", MOST, took)
    assert took == edges.table.spent("2026-02")
    assert edges.table.reserve("2026-02", "b", MOST, limits)


def test_at_the_months_limit_papers_step_down(edges: Edges) -> None:
    """When a month is used up the digest comes out, marked as limited, without a call; with room again it heals."""
    edges.limits = Limits(tokens=MAX_OUTPUT_TOKENS)
    edges.whole_day(hour=3)
    day = edges.table.read_day(DAY)
    assert {(True, True)} == {(each.limited, each.summary.rung.low) for each in day.summaries.values()}
    assert day.open
    assert 0 == edges.recorded.calls["model"]
    edges.limits = Limits()
    edges.whole_day(hour=4)
    day = edges.table.read_day(DAY)
    assert {(False, False)} == {(each.limited, each.summary.rung.low) for each in day.summaries.values()}
    assert 16 == edges.recorded.calls["model"]


def test_a_run_takes_no_more_calls_than_it_may(edges: Edges) -> None:
    """With ten calls a run, the ten best papers are told by the model; ringing score again gives no more."""
    edges.calls_per_run = 10
    edges.ingest(run_of(3))
    edges.score()
    messages = edges.asked()
    for message in messages[:10]:
        edges.summarize(message)
    edges.score()
    for message in [*edges.asked(), *messages[10:]]:
        edges.summarize(message)
    day = edges.table.read_day(DAY)
    assert day.ranking is not None
    rungs = [day.summaries[row.id].summary.rung.low for row in day.ranking.ranking.selected]
    assert ([False] * 10 + [True] * 6, 10) == (rungs, edges.recorded.calls["model"])


def test_without_a_call_left_a_reply_is_not_repaired(edges: Edges) -> None:
    """A paper with a single call whose reply is refused steps down, and it is the limit that is told."""
    edges.recorded.replies["2602.02343"] = {"title": "无"}
    message = next(each for each in [first_asked(edges), *edges.asked()] if each.id == "2602.02343")
    record = edges.summarize(message.model_copy(update={"calls": 1}))
    assert record is not None
    assert (True, 1) == (record.limited, edges.recorded.calls["model"])


class Failing(Table):
    """A table that crashes before, or after, one of its methods."""

    def __init__(self, edges: Edges, method: str, after: bool) -> None:
        super().__init__(edges.name, edges.dynamodb.Table(edges.name))
        whole: Callable[..., Any] = getattr(self, method)

        def crashing(*arguments: Any) -> None:
            if after:
                whole(*arguments)
            raise CrashError(method)

        setattr(self, method, crashing)


class CrashingModel:
    """A model that is called, and paid, and whose reply is never seen."""

    name = "crashing"

    def __init__(self, edges: Edges) -> None:
        self._model = edges.model

    def complete(self, messages: Any) -> Completion:
        self._model.complete(messages)
        raise CrashError("model")


@pytest.mark.parametrize(
    ("where", "after", "paid", "lost"),
    [
        ("claim_summary", True, 1, 0),
        ("reserve", False, 1, 0),
        ("reserve", True, 1, 1),
        ("model", True, 2, 1),
        ("settle", False, 2, 1),
        ("settle", True, 2, 0),
        ("settle_summary", False, 2, 0),
        ("settle_summary", True, 1, 0),
    ],
)
def test_a_crash_anywhere(
    edges: Edges, monkeypatch: pytest.MonkeyPatch, where: str, after: bool, paid: int, lost: int
) -> None:
    """After a crash the paper is free when its claim has run out; it is paid twice only where a reply was lost, and the
    month never counts less than was paid: what a crash left set aside counts as spent."""
    message = first_asked(edges)
    table = edges.table if where == "model" else Failing(edges, where, after)
    model: Any = CrashingModel(edges) if where == "model" else edges.model
    with pytest.raises(CrashError):
        Summarize(table, model, PRICES, edges.limits, edges.language).summarize_paper(message)
    if where != "settle_summary" or not after:
        with pytest.raises(ConflictError):
            edges.summarize(message)
    later = time.time() + CLAIM + 1
    monkeypatch.setattr("functions.summarize.handler.time.time", lambda: later)
    again = edges.summarize(message)
    record = edges.table.read_day(DAY).summaries[message.id]
    assert (again is None) == (where == "settle_summary" and after)
    assert not record.summary.rung.low
    assert paid == edges.recorded.calls["model"]
    assert [] == held(edges)
    worst = Usage(calls=1, output_tokens=MAX_OUTPUT_TOKENS)
    took = sum((record.spent for _ in range(paid)), Usage())
    if not lost:
        assert took == month(edges)
    else:
        counted = month(edges)
        assert record.spent.calls + 1 == counted.calls
        assert counted.tokens >= record.spent.tokens + worst.tokens >= took.tokens


def test_copies_of_a_message_in_two_invocations(edges: Edges) -> None:
    """Of two copies that are worked on at once one pays, and the month counts it once."""
    message = first_asked(edges)

    def answer(copy: SummaryAsked) -> SummaryRecord | Exception | None:
        try:
            return edges.summarize(copy)
        except ConflictError as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        outcomes = Counter(type(each).__name__ for each in pool.map(answer, [message, message]))
    assert 1 == outcomes["SummaryRecord"]
    assert 1 == edges.recorded.calls["model"] == month(edges).calls
    assert [] == held(edges)


class Odd:
    """A model that answers, or fails, as it is told to."""

    name = "odd"

    def __init__(self, *outcomes: Completion | ModelError) -> None:
        self._outcomes = [*outcomes]
        self.most = Usage()
        """What all its calls can have taken at most."""

    def complete(self, messages: Sequence[Message]) -> Completion:
        given = SCHEMA_TOKENS + sum(len(each.content.encode()) for each in messages)
        cost = PRICES.of(given, MAX_OUTPUT_TOKENS)
        self.most += Usage(calls=1, input_tokens=given, output_tokens=MAX_OUTPUT_TOKENS, cost=cost)
        outcome = self._outcomes.pop(0)
        if isinstance(outcome, ModelError):
            raise outcome
        return outcome

    def summarize(self, edges: Edges) -> SummaryRecord | None:
        about = Summarize(edges.table, self, PRICES, edges.limits, edges.language)
        return about.summarize_paper(first_asked(edges))


@pytest.mark.parametrize(
    "outcomes",
    [(ModelError("lost", None),), (Completion(text="no", usage=None), Completion(text="no", usage=None))],
    ids=["no reply", "replies"],
)
def test_what_nobody_tells_is_the_most(edges: Edges, outcomes: tuple[Completion | ModelError, ...]) -> None:
    """A call of which nobody tells what it took counts as the most that it can have taken, with and without a reply."""
    odd = Odd(*outcomes)
    record = odd.summarize(edges)
    assert record is not None
    assert len(outcomes) == odd.most.calls
    assert odd.most == record.spent == month(edges)
    assert [] == held(edges)


@pytest.mark.parametrize("usage", [FREE, Usage()], ids=["refused", "not sent"])
def test_what_certainly_took_nothing(edges: Edges, usage: Usage) -> None:
    """A call that was refused counts without tokens, and one that was not made does not count."""
    record = Odd(ModelError("refused", usage)).summarize(edges)
    assert record is not None
    assert usage == record.spent == month(edges)
    assert [] == held(edges)


def test_a_fault_in_a_check_is_a_refusal(edges: Edges, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reply that our own code fails to read counts as refused, with the kind of the fault, and the paper is done."""

    def faulty(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("functions.summarize.handler.from_reply", faulty)
    record = edges.summarize(first_asked(edges))
    assert record is not None
    assert (1, 2, "reply: it could not be read: ZeroDivisionError") == (record.refusals, record.calls, record.reason)
    assert record.summary.rung.low
