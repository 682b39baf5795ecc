"""A provider that has no room for all calls at once: papers wait, come back, and are told when there is some."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from functions.summarize.handler import Summarize
from paperboy.adapters.budget import BudgetedModel
from paperboy.adapters.models.openai import OpenAI
from paperboy.adapters.pacing import Pacer
from paperboy.adapters.queue import Queue
from paperboy.adapters.table import CLAIM_SECONDS, Table
from paperboy.days.keys import month_key
from paperboy.errors import ConflictError
from paperboy.languages.language import load_language
from paperboy.summaries.model import NO_TOKENS, Completion, Model, ModelError, ThrottledError
from paperboy.summaries.pacing import Pace
from paperboy.summaries.prompt import Message
from paperboy.summaries.reply import schema_of
from paperboy.summaries.request import PostponedError, SummaryRequest
from paperboy.summaries.summary import Rung
from paperboy.summaries.usage import DEFAULT_OUTPUT_TOKENS, Usage
from tests.integration.conftest import DAY, PRICES, ROOT, Stages, run_of
from tests.integration.fake import Answer, Fake, serving

MINUTE = 0.5
"""How many seconds a minute lasts here."""
SECOND = MINUTE / 60

BUSY = "Too many tokens, please wait before trying again."


def tokens(messages: Sequence[Message]) -> int:
    """What a call sets aside of the quota: its texts, a token for four bytes, and the bound on the reply."""
    return sum(len(each.content.encode()) for each in messages) // 4 + DEFAULT_OUTPUT_TOKENS


class Quota:
    """A model whose provider grants so many tokens a minute; it counts what was asked of it."""

    def __init__(self, model: Model, tokens_a_minute: float, says_when: bool = False) -> None:
        self.name = model.name
        self.outcomes: Counter[str] = Counter()
        self._model = model
        self._quota = self._room = tokens_a_minute
        self._says_when = says_when
        self._seen = time.monotonic()
        self._lock = Lock()

    def complete(self, messages: Sequence[Message]) -> Completion:
        with self._lock:
            now, needed = time.monotonic(), tokens(messages)
            self._room = min(self._quota, self._room + (now - self._seen) / MINUTE * self._quota)
            self._seen = now
            has_room = needed <= self._room
            self._room -= needed * has_room
            self.outcomes["answered" if has_room else "throttled"] += 1
        if not has_room:
            wait = (needed - self._room) / self._quota * MINUTE if self._quota else None
            raise ThrottledError(BUSY, NO_TOKENS, wait if self._says_when else None)
        return self._model.complete(messages)


@dataclass
class Deliveries:
    """The queue as Lambda sees it, a minute of which lasts MINUTE: batches of ten, for invocations side by side."""

    requests: list[SummaryRequest]
    visible_at: dict[int, float] = field(default_factory=dict)
    receives: Counter[int] = field(default_factory=Counter)
    batches: int = 0
    lock: Any = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.visible_at = dict.fromkeys(range(len(self.requests)), 0.0)

    def change_message_visibility(self, ReceiptHandle: str, VisibilityTimeout: int, **_: str) -> None:  # noqa: N803
        """What SQS is asked for what was not done."""
        self.visible_at[int(ReceiptHandle)] = time.monotonic() + VisibilityTimeout * SECOND

    def batch(self) -> dict[str, Any]:
        """The event of an invocation. It is empty while all messages are hidden."""
        with self.lock:
            taken = [nth for nth, at in self.visible_at.items() if at <= time.monotonic()][:10]
            self.batches += bool(taken)
            self.receives.update(taken)
            self.visible_at |= dict.fromkeys(taken, time.monotonic() + 1800 * SECOND)
        return {
            "Records": [
                {
                    "messageId": str(nth),
                    "receiptHandle": str(nth),
                    "attributes": {"ApproximateReceiveCount": str(self.receives[nth])},
                    "body": self.requests[nth].model_dump_json(),
                }
                for nth in taken
            ]
        }

    def work(self, stages: Stages, model: Model, until: float) -> None:
        """One invocation after the other in one process, until every message is done."""
        pacer = Pacer(Pace(first_wait=2 * SECOND, max_wait=60 * SECOND))
        budgeted = BudgetedModel(model, stages.budget, PRICES, pacer=pacer, end_seconds=150 * SECOND)
        summarizing = Summarize(stages.table, stages.budget, budgeted, stages.language)
        queue = Queue(stages.queue_url, self)  # type: ignore[arg-type] # all that is asked of it is here
        while self.visible_at and time.monotonic() < until:
            event, deadline = self.batch(), time.monotonic() + 300 * SECOND
            _, answer = queue.handle(event, partial(summarizing.summarize_paper, deadline=deadline))
            failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
            with self.lock:
                for done in {each["messageId"] for each in event["Records"]} - failed:
                    del self.visible_at[int(done)]
            if not event["Records"]:
                time.sleep(SECOND)


def requests_of(stages: Stages) -> list[SummaryRequest]:
    stages.ingest(run_of(3))
    stages.score()
    return stages.requests()


def month(stages: Stages) -> Usage:
    return stages.budget.usage(month_key(time.time())) or Usage()


def summary_item(stages: Stages, request: SummaryRequest) -> dict[str, Any]:
    return stages.records()[(f"DAY#{request.day}", f"SUMMARY#{request.paper_id}")]


@pytest.mark.parametrize(
    ("share", "says_when", "most_throttled"),
    [(2, False, 0), (1 / 2, False, 60), (1 / 4, False, 90), (1 / 10, False, 160), (1 / 10, True, 160)],
    ids=["ample", "half", "a quarter", "a tenth", "a tenth, and says when"],
)
def test_every_paper_is_told(stages: Stages, share: float, says_when: bool, most_throttled: int) -> None:
    """With a quota a minute of a part of what the papers need at once, the model tells all of them within an hour, none
    is marked meanwhile, no message nears the dead letters, and the month counts each call that was answered."""
    requests = requests_of(stages)
    needed = 16 * (tokens(()) + 700)
    quota = Quota(stages.model, needed * share, says_when)
    deliveries = Deliveries(requests)
    begun = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        for worker in [pool.submit(deliveries.work, stages, quota, begun + 60 * MINUTE) for _ in range(2)]:
            worker.result()
    minutes = (time.monotonic() - begun) / MINUTE
    print(
        f"share {share:.2f}: {deliveries.batches} deliveries, {dict(quota.outcomes)}, {minutes:.1f} minutes"
    )  # pytest -s
    summaries = stages.read_day().summaries
    assert {Rung.MODEL: 16} == Counter(each.summary.rung for each in summaries.values())
    assert 16 == quota.outcomes["answered"] == month(stages).calls == sum(each.calls for each in summaries.values())
    assert sum((each.usage for each in summaries.values()), Usage()) == month(stages)
    assert quota.outcomes["throttled"] <= most_throttled
    assert minutes < 60
    redrive = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]["SummaryQueue"]["Properties"]
    assert max(deliveries.receives.values()) < redrive["RedrivePolicy"]["maxReceiveCount"]


def summarizing(stages: Stages, model: Model, seconds: float = 0.2) -> Any:
    """Handles a request with a model that may be called for so many seconds."""
    pacer = Pacer(Pace(first_wait=0.01, max_wait=0.05))
    budgeted = BudgetedModel(model, stages.budget, PRICES, pacer=pacer, end_seconds=1)
    working = Summarize(stages.table, stages.budget, budgeted, stages.language)
    return lambda request: working.summarize_paper(request, time.monotonic() + 1 + seconds)


def test_a_throttled_paper_is_not_marked(stages: Stages, caplog: pytest.LogCaptureFixture) -> None:
    """A paper that no call could be had for has no summary and no claim, so that the next try has it at once; nothing
    is counted or set aside, and the log says why it waits."""
    request, *_ = requests_of(stages)
    quota = Quota(stages.model, 0)
    with pytest.raises(PostponedError, match=BUSY):
        summarizing(stages, quota)(request)
    assert quota.outcomes["throttled"] > 2
    assert not {"claim", "claimed_until", "summary"} & summary_item(stages, request).keys()
    assert Usage() == month(stages)
    [line] = [each for each in caplog.records if each.message == "paper postponed"]
    assert ("postponed", request.paper_id) == (line.__dict__["status"], line.__dict__["paper"])
    record = stages.summarize(request)
    assert record is not None
    assert (Rung.MODEL, 1) == (record.summary.rung, record.calls)


@pytest.mark.parametrize("status", [429, 529])
def test_a_busy_endpoint_is_called_again(stages: Stages, status: int) -> None:
    """An endpoint that says over HTTP that it has no room is called again until it has."""
    request, *_ = requests_of(stages)
    reply = json.dumps(stages.recorded.replies[request.paper_id], ensure_ascii=False)
    usage = {"prompt_tokens": 700, "completion_tokens": 300}
    answers: list[Answer] = [(status, {"error": {"message": BUSY}}, {})] * 3
    answers.append((200, {"choices": [{"message": {"content": reply}}], "usage": usage}, {}))
    with serving(Fake(lambda _: answers.pop(0))) as fake:
        model = OpenAI(f"{fake.url}/v1", "any", schema_of(load_language("zh")))
        record = summarizing(stages, model, 5)(request)
    assert (4, Rung.MODEL, 1) == (len(fake.requests), record.summary.rung, record.calls)
    assert (1, 1000) == (month(stages).calls, month(stages).tokens)


def test_a_throttled_paper_of_the_last_run_is_marked(stages: Stages) -> None:
    """In the day's last run a paper that no call could be had for is told from the listing, without a call counted."""
    request, *_ = requests_of(stages)
    record = summarizing(stages, Quota(stages.model, 0))(request.model_copy(update={"due": True}))
    assert record.summary.rung.low
    assert (0, Usage(), False, 0) == (record.calls, record.usage, record.limited, record.refusals)
    assert f"no time is left for a call: {BUSY}" == record.reason
    assert Usage() == month(stages)
    day = stages.read_day()
    assert day.run is not None
    assert day.lacks_summary(request.paper_id, day.run)


def test_an_older_summary_outlives_a_postponed_request(stages: Stages) -> None:
    """A paper that has a summary keeps it while a request for a better one waits."""
    stages.whole_day(hour=3)
    request = SummaryRequest(day=DAY, paper_id="2602.02343", attempt=9)
    before = stages.records()
    paper = stages.table.read_paper(request.day, request.paper_id)
    assert paper is not None
    stages.table.put_papers(request.day, [paper.model_copy(update={"abstract": "Another."})])
    with pytest.raises(PostponedError):
        summarizing(stages, Quota(stages.model, 0))(request)
    key = (f"DAY#{request.day}", f"SUMMARY#{request.paper_id}")
    assert before[key].items() <= stages.records()[key].items()


class Scripted:
    """A model that answers or fails as it is written here, and then as another one."""

    def __init__(self, model: Model, *outcomes: Completion | Exception) -> None:
        self.name = model.name
        self._model = model
        self._outcomes = list(outcomes)
        self.calls = 0

    def complete(self, messages: Sequence[Message]) -> Completion:
        self.calls += 1
        outcome = self._outcomes.pop(0) if self._outcomes else self._model.complete(messages)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def test_a_throttled_call_is_none_of_the_runs(stages: Stages) -> None:
    """A paper with one call is told by it, however often it was throttled before, and throttled calls cost nothing."""
    request, *_ = requests_of(stages)
    model = Scripted(stages.model, *[ThrottledError(BUSY, NO_TOKENS)] * 3)
    record = summarizing(stages, model, 5)(request.model_copy(update={"max_calls": 1}))
    assert (4, Rung.MODEL, 1, 1) == (model.calls, record.summary.rung, record.calls, month(stages).calls)


BAD = Completion(text="no", usage=Usage(calls=1, input_tokens=600, output_tokens=9))


@pytest.mark.parametrize(("second", "rung", "limited"), [(None, Rung.MODEL, False), (BAD, Rung.ABSTRACT, True)])
def test_what_was_spent_before_counts(stages: Stages, second: Completion | None, rung: Rung, limited: bool) -> None:
    """A paper whose repair there was no room for comes back with the one call that it has left, and what both took is
    in its summary and in the month; in another run it has all of its calls again."""
    request, *_ = requests_of(stages)
    model = Scripted(stages.model, BAD, *[ThrottledError(BUSY, NO_TOKENS, 300)])
    with pytest.raises(PostponedError):
        summarizing(stages, model)(request)
    record = summarizing(stages, Scripted(stages.model, *[second] if second else []))(request)
    assert (rung, 2, limited) == (record.summary.rung, record.calls, record.limited)
    assert record.usage == month(stages)
    assert "spent" not in summary_item(stages, request)


def test_what_another_run_spent_is_past(stages: Stages) -> None:
    """What was spent for a paper in an earlier run leaves the calls of this one alone, and so does what is damaged."""
    request, *_ = requests_of(stages)
    for attempt, spent in [(1, 1), (2, 0)]:
        claim = stages.table.claim_summary(request.model_copy(update={"attempt": attempt}), "hash", now=1000)
        assert claim is not None
        stages.table.release_summary(request, claim, NO_TOKENS)
        assert Usage() == claim.spent, attempt
        again = stages.table.claim_summary(request.model_copy(update={"attempt": attempt}), "hash", now=1000)
        assert again is not None
        assert spent == again.spent.calls
        stages.table.release_summary(request, again, Usage())
    key = {"pk": f"DAY#{request.day}", "sk": f"SUMMARY#{request.paper_id}"}
    for damaged in ("much", {"attempt": 1, "calls": "much"}):
        stages.dynamodb.Table(stages.name).put_item(Item=key | {"spent": damaged})
        claim = stages.table.claim_summary(request, "hash", now=1000)
        assert claim is not None
        assert Usage() == claim.spent


def test_a_throttled_call_that_may_be_paid_is_made_once(stages: Stages) -> None:
    """A provider that has no room, and does not say that it took nothing, is not called again; the most is counted."""
    request, *_ = requests_of(stages)
    model = Scripted(stages.model, ThrottledError(BUSY, None))
    record = summarizing(stages, model, 5)(request)
    assert (1, BUSY, 1) == (model.calls, record.reason, record.calls)
    assert month(stages) == record.usage
    assert record.usage.tokens > DEFAULT_OUTPUT_TOKENS


def test_no_call_begins_that_could_not_end(stages: Stages) -> None:
    """With less time left than the longest call takes, none is made."""
    request, *_ = requests_of(stages)
    model = Scripted(stages.model)
    with pytest.raises(PostponedError, match="the calls before took all the time"):
        summarizing(stages, model, -0.1)(request)
    assert 0 == model.calls


def test_a_wait_that_leads_nowhere_is_not_begun(stages: Stages) -> None:
    """A provider that wants more time than there is ends the waiting of all papers at once."""
    requests = requests_of(stages)
    begun = time.monotonic()
    handle = summarizing(stages, Scripted(stages.model, ThrottledError(BUSY, NO_TOKENS, 300.0)), 60)
    for request in requests[:3]:
        with pytest.raises(PostponedError, match=BUSY):
            handle(request)
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize("parallel", [1, 3])
def test_no_more_calls_side_by_side_than_may(stages: Stages, monkeypatch: pytest.MonkeyPatch, parallel: int) -> None:
    """Of the papers that are worked on at once, no more are with the model than the pace allows."""
    requests = requests_of(stages)[:6]
    pacer = Pacer(Pace(parallel=parallel))
    lock, under_way, most = Lock(), [0], [0]

    class Slow:
        name = stages.model.name

        def complete(self, _: Sequence[Message]) -> Completion:
            with lock:
                under_way[0] += 1
                most[0] = max(most[0], under_way[0])
            time.sleep(0.05)
            with lock:
                under_way[0] -= 1
            raise ModelError("no", NO_TOKENS)

    budgeted = BudgetedModel(Slow(), stages.budget, PRICES, pacer=pacer)
    monkeypatch.setattr("paperboy.summaries.pacing.MAX_PARALLEL_CALLS", parallel)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(Summarize(stages.table, stages.budget, budgeted, stages.language).summarize_paper, requests))
    assert parallel == most[0]


class FaultyError(Exception):
    """Something that no provider knows of."""


def test_whatever_goes_wrong_in_a_call_is_no_reply(stages: Stages, caplog: pytest.LogCaptureFixture) -> None:
    """An error that is no ModelError costs the paper its model, told by its kind alone, and the most is counted."""
    request, *_ = requests_of(stages)
    record = summarizing(stages, Scripted(stages.model, FaultyError("secret")))(request)
    assert ("no reply could be had: FaultyError", 1, 0) == (record.reason, record.calls, record.refusals)
    assert record.summary.rung.low
    assert month(stages) == record.usage
    assert record.usage.tokens > DEFAULT_OUTPUT_TOKENS
    assert not [name for name in stages.records()[("BUDGET", month_key(time.time()))] if name.startswith("held")]
    assert any(each.exc_info and each.exc_info[0] is FaultyError for each in caplog.records)


def test_a_claim_that_was_lost_is_left_alone(stages: Stages) -> None:
    """Who gives a claim back after somebody else took it over takes nothing from them."""
    request, *_ = requests_of(stages)
    lost = stages.table.claim_summary(request, "hash", now=1000)
    taken = stages.table.claim_summary(request, "hash", now=1001 + CLAIM_SECONDS)
    assert lost is not None
    assert taken is not None
    stages.table.release_summary(request, lost, NO_TOKENS)
    assert taken.token == summary_item(stages, request)["claim"]
    stages.table.release_summary(request, taken, Usage())
    again = stages.table.claim_summary(request, "hash", now=1002 + CLAIM_SECONDS)
    assert again is not None
    assert (None, None, Usage()) == (again.expired, again.previous, again.spent)


class CrashError(BaseException):
    """The process ends here, as far as its code can tell."""


def test_a_crash_before_a_claim_is_given_back(stages: Stages, monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim that a crash left behind runs out, as any does, and the paper is told then."""
    request, *_ = requests_of(stages)

    def crash(*_: object) -> None:
        raise CrashError

    with monkeypatch.context() as patched:
        patched.setattr(Table, "release_summary", crash)
        with pytest.raises(CrashError):
            summarizing(stages, Quota(stages.model, 0))(request)
    with pytest.raises(ConflictError):
        stages.summarize(request)
    later = time.time() + CLAIM_SECONDS + 1
    monkeypatch.setattr("functions.summarize.handler.time.time", lambda: later)
    record = stages.summarize(request)
    assert record is not None
    assert Rung.MODEL == record.summary.rung
    assert month(stages) == record.usage
