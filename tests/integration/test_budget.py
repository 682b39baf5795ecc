"""What the model may take: limits, the sum of a month, and what crashes leave of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from functions.summarize.handler import Summarize
from paperboy.adapters.budget import BudgetedModel
from paperboy.adapters.table import CLAIM_SECONDS, Table
from paperboy.days.keys import month_key
from paperboy.days.records import SummaryRecord
from paperboy.errors import ConflictError
from paperboy.summaries.model import NO_TOKENS, Completion, ModelError
from paperboy.summaries.prompt import Message
from paperboy.summaries.request import SummaryRequest
from paperboy.summaries.usage import DEFAULT_OUTPUT_TOKENS, Limits, Usage, max_usage
from tests.integration.conftest import PRICES, Stages, nothing_is_unreadable, run_of

MOST = Usage(calls=1, input_tokens=100, output_tokens=50, cost=45)


class CrashError(BaseException):
    """The process ends here, as far as its code can tell."""


def month(stages: Stages) -> Usage:
    return stages.budget.usage(month_key(time.time())) or Usage()


def held(stages: Stages) -> list[str]:
    """What is set aside for calls under way, or for whoever crashed."""
    item = stages.records().get(("BUDGET", month_key(time.time())), {})
    return [name for name in item if name.startswith("held ")]


def first_request(stages: Stages) -> SummaryRequest:
    stages.ingest(run_of(3))
    stages.score()
    return stages.requests()[0]


def test_a_month_is_the_sum_of_its_papers(stages: Stages) -> None:
    """What a month took is what its summaries took, to the token, and nothing stays set aside."""
    stages.whole_day()
    usage = [record.usage for record in stages.read_day().summaries.values()]
    assert sum(usage, Usage()) == month(stages)
    assert 16 == month(stages).calls
    assert [PRICES.of(each.input_tokens, each.output_tokens) for each in usage] == [each.cost for each in usage]
    assert [] == held(stages)


@pytest.mark.parametrize(("limit", "fitting"), [(0, 40), (MOST.tokens * 7, 7), (MOST.tokens * 7 + 1, 7), (1, 0)])
@pytest.mark.parametrize("kind", ["tokens", "cost"])
def test_a_limit_is_exact_under_concurrency(stages: Stages, kind: str, limit: int, fitting: int) -> None:
    """Of many that reserve at once exactly as many get room as fit."""
    limit = limit * MOST.cost // MOST.tokens if kind == "cost" else limit
    stages.limits = Limits(**{kind: limit})
    budget = stages.budget
    with ThreadPoolExecutor(20) as pool:
        got = list(pool.map(lambda n: budget.reserve("2026-02", str(n), MOST), range(40)))
    expected = fitting if limit else 40
    assert expected == sum(got)
    assert expected * MOST.tokens == (budget.usage("2026-02") or Usage()).tokens


def test_what_is_settled_makes_room(stages: Stages) -> None:
    """A call that took less than was set aside leaves the rest to others; settled twice it counts once."""
    stages.limits = Limits(tokens=MOST.tokens)
    budget = stages.budget
    assert budget.reserve("2026-02", "a", MOST)
    assert not budget.reserve("2026-02", "b", MOST)
    took = Usage(calls=1)
    budget.settle("2026-02", "a", MOST, took)
    budget.settle("2026-02", "a", MOST, took)
    assert took == budget.usage("2026-02")
    assert budget.reserve("2026-02", "b", MOST)


def test_at_the_months_limit_papers_step_down(stages: Stages) -> None:
    """When a month is used up the digest comes out, marked as limited, without a call; with room again it mends."""
    stages.limits = Limits(tokens=DEFAULT_OUTPUT_TOKENS)
    stages.whole_day(hour=3)
    day = stages.read_day()
    assert {(True, True)} == {(each.limited, each.summary.rung.low) for each in day.summaries.values()}
    assert day.open
    assert 0 == stages.recorded.calls["model"]
    stages.limits = Limits()
    stages.whole_day(hour=4)
    day = stages.read_day()
    assert {(False, False)} == {(each.limited, each.summary.rung.low) for each in day.summaries.values()}
    assert 16 == stages.recorded.calls["model"]


def test_a_run_takes_no_more_calls_than_it_may(stages: Stages) -> None:
    """With ten calls a run, the ten best papers are told by the model; ringing score again gives no more."""
    stages.max_calls_per_run = 10
    stages.ingest(run_of(3))
    stages.score()
    messages = stages.requests()
    for message in messages[:10]:
        stages.summarize(message)
    stages.score()
    for message in [*stages.requests(), *messages[10:]]:
        stages.summarize(message)
    day = stages.read_day()
    assert day.ranking is not None
    rungs = [day.summaries[row.id].summary.rung.low for row in day.ranking.selected]
    assert ([False] * 10 + [True] * 6, 10) == (rungs, stages.recorded.calls["model"])


def test_without_a_call_left_a_reply_is_not_repaired(stages: Stages) -> None:
    """A paper with a single call whose reply is refused steps down, and it is the limit that is told."""
    stages.recorded.replies["2602.02343"] = {"title": "无"}
    message = next(each for each in [first_request(stages), *stages.requests()] if each.paper_id == "2602.02343")
    record = stages.summarize(message.model_copy(update={"max_calls": 1}))
    assert record is not None
    assert (True, 1) == (record.limited, stages.recorded.calls["model"])


def crashing(thing: Any, method: str, after: bool) -> Any:
    """The same thing, which crashes before, or after, one of its methods."""
    whole: Callable[..., Any] = getattr(thing, method)

    def crash(*arguments: Any) -> None:
        if after:
            whole(*arguments)
        raise CrashError(method)

    setattr(thing, method, crash)
    return thing


class CrashingModel:
    """A model that is called, and paid, and whose reply is never seen."""

    name = "crashing"

    def __init__(self, stages: Stages) -> None:
        self._model = stages.model

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
    stages: Stages, monkeypatch: pytest.MonkeyPatch, where: str, after: bool, paid: int, lost: int
) -> None:
    """After a crash the paper is free when its claim has run out; it is paid twice only where a reply was lost, and the
    month never counts less than was paid: what a crash left set aside counts as usage."""
    message = first_request(stages)
    table = Table(stages.name, nothing_is_unreadable, stages.client)
    budget, model = stages.budget, CrashingModel(stages) if where == "model" else stages.model
    if where != "model":
        crashing(table if "summary" in where else budget, where, after)
    with pytest.raises(CrashError):
        Summarize(table, budget, BudgetedModel(model, budget, PRICES), stages.language).summarize_paper(message)
    if where != "settle_summary" or not after:
        with pytest.raises(ConflictError):
            stages.summarize(message)
    later = time.time() + CLAIM_SECONDS + 1
    monkeypatch.setattr("functions.summarize.handler.time.time", lambda: later)
    again = stages.summarize(message)
    record = stages.read_day().summaries[message.paper_id]
    assert (again is None) == (where == "settle_summary" and after)
    assert not record.summary.rung.low
    assert paid == stages.recorded.calls["model"]
    assert [] == held(stages)
    worst = Usage(calls=1, output_tokens=DEFAULT_OUTPUT_TOKENS)
    took = sum((record.usage for _ in range(paid)), Usage())
    if not lost:
        assert took == month(stages)
    else:
        counted = month(stages)
        assert record.usage.calls + 1 == counted.calls
        assert counted.tokens >= record.usage.tokens + worst.tokens >= took.tokens


def test_copies_of_a_message_in_two_invocations(stages: Stages) -> None:
    """Of two copies that are worked on at once one pays, and the month counts it once."""
    message = first_request(stages)

    def answer(copy: SummaryRequest) -> SummaryRecord | Exception | None:
        try:
            return stages.summarize(copy)
        except ConflictError as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        outcomes = Counter(type(each).__name__ for each in pool.map(answer, [message, message]))
    assert 1 == outcomes["SummaryRecord"]
    assert 1 == stages.recorded.calls["model"] == month(stages).calls
    assert [] == held(stages)


class Odd:
    """A model that answers, or fails, as it is told to."""

    name = "odd"

    def __init__(self, *outcomes: Completion | ModelError) -> None:
        self._outcomes = [*outcomes]
        self.most = Usage()
        """What all its calls can have taken at most."""

    def complete(self, messages: Sequence[Message]) -> Completion:
        self.most += max_usage((each.content for each in messages), PRICES)
        outcome = self._outcomes.pop(0)
        if isinstance(outcome, ModelError):
            raise outcome
        return outcome

    def summarize(self, stages: Stages) -> SummaryRecord | None:
        stages.model = self
        return stages.summarize(first_request(stages))


@pytest.mark.parametrize(
    "outcomes",
    [(ModelError("lost", None),), (Completion(text="no", usage=None), Completion(text="no", usage=None))],
    ids=["no reply", "replies"],
)
def test_what_nobody_tells_is_the_most(stages: Stages, outcomes: tuple[Completion | ModelError, ...]) -> None:
    """A call of which nobody tells what it took counts as the most that it can have taken, with and without a reply."""
    odd = Odd(*outcomes)
    record = odd.summarize(stages)
    assert record is not None
    assert len(outcomes) == odd.most.calls
    assert odd.most == record.usage == month(stages)
    assert [] == held(stages)


@pytest.mark.parametrize("usage", [NO_TOKENS, Usage()], ids=["refused", "not sent"])
def test_what_certainly_took_nothing(stages: Stages, usage: Usage) -> None:
    """A call that was refused counts without tokens, and one that was not made does not count."""
    record = Odd(ModelError("refused", usage)).summarize(stages)
    assert record is not None
    assert usage == record.usage == month(stages)
    assert [] == held(stages)


def test_a_fault_in_a_check_is_a_refusal(stages: Stages, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reply that our own code fails to read counts as refused, with the kind of the fault, and the paper is done."""

    def faulty(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("paperboy.summaries.dialogue.read_reply", faulty)
    record = stages.summarize(first_request(stages))
    assert record is not None
    assert (1, 2, "reply: it could not be read: ZeroDivisionError") == (record.refusals, record.calls, record.reason)
    assert record.summary.rung.low


def test_a_damaged_month_costs_no_paper(stages: Stages) -> None:
    """Where the month's sums are no numbers, papers step down, marked as limited, and the month is reported."""
    reports: list[str] = []
    stages.on_unreadable = lambda *report: reports.append(" ".join(report[:2]))
    request = first_request(stages)
    key = month_key(time.time())
    stages.dynamodb.Table(stages.name).put_item(Item={"pk": "BUDGET", "sk": key, "format": 1, "calls": "many"})
    record = stages.summarize(request)
    assert record is not None
    assert (True, f"what {key} took cannot be read") == (record.limited, record.reason)
    assert (0, None) == (stages.recorded.calls["model"], stages.budget.usage(key))
    assert {f"BUDGET {key}"} == set(reports)
