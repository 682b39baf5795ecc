"""The dialogue with a model: which calls are made, what they are given, and which rung comes of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from paperboy.summaries import dialogue
from paperboy.summaries.dialogue import Answer, LimitError, Outcome, summarize
from paperboy.summaries.model import NO_TOKENS, Completion, FilteredError, ModelError
from paperboy.summaries.prompt import Message, conversation
from paperboy.summaries.summary import Rung, from_paper
from paperboy.summaries.usage import Usage
from tests.samples import REPLY, ZH, paper

PAPER = paper(ai_summary="Steering works.")
GOOD, BAD = json.dumps(REPLY), json.dumps(REPLY | {"summary": "太短"})
TOO_SHORT = "summary: 2 characters, expected 80 to 350"
EACH = Usage(calls=1, input_tokens=700, output_tokens=300, cost=9)


class Script:
    """A model that answers as it is written here, and keeps what it was given."""

    def __init__(self, *answers: str | Completion | Exception) -> None:
        self._answers = [*answers]
        self.given: list[tuple[Message, ...]] = []

    def __call__(self, messages: tuple[Message, ...]) -> Answer:
        self.given.append(messages)
        answer = self._answers.pop(0)
        if isinstance(answer, LimitError):
            raise answer
        if isinstance(answer, ModelError):
            return Answer(answer, NO_TOKENS)
        assert not isinstance(answer, Exception)
        return Answer(Completion(text=answer, usage=EACH) if isinstance(answer, str) else answer, EACH)


def outcome(script: Script, max_calls: int = 2) -> Outcome:
    return summarize(PAPER, ZH, script, max_calls)


def test_a_good_reply() -> None:
    """A good reply is the model's summary, for one call."""
    script = Script(GOOD)
    made = outcome(script)
    assert (Rung.MODEL, REPLY["title"]) == (made.summary.rung, made.summary.title)
    assert (EACH, None, False, 0) == (made.usage, made.reason, made.limited, made.refusals)
    assert [conversation(PAPER, ZH)] == script.given


def test_a_refused_reply_is_repaired() -> None:
    """After a refused reply the model is given that reply and what was wrong with it, and both calls count."""
    script = Script(BAD, GOOD)
    made = outcome(script)
    assert (Rung.REPAIRED, TOO_SHORT) == (made.summary.rung, made.reason)
    assert (EACH + EACH, 0) == (made.usage, made.refusals)
    opening = conversation(PAPER, ZH)
    assert [opening, (*opening, Message("assistant", BAD))] == [script.given[0], script.given[1][:3]]
    assert TOO_SHORT in script.given[1][3].content


def test_two_refused_replies() -> None:
    """Two refused replies are one refusal, with the reason of the second, and the paper's own text stands in."""
    made = outcome(Script("no", BAD))
    assert (from_paper(PAPER), TOO_SHORT) == (made.summary, made.reason)
    assert (EACH + EACH, 1, False) == (made.usage, made.refusals, made.limited)


@pytest.mark.parametrize("before", [[], [BAD]])
@pytest.mark.parametrize(
    ("error", "refusals"), [(ModelError("away", None), 0), (FilteredError("refused to answer", None), 1)]
)
def test_no_reply(before: list[str], error: ModelError, refusals: int) -> None:
    """A failure is not tried again here, at the first call or the second; only a filter counts as a refusal."""
    script = Script(*before, error)
    made = outcome(script)
    assert (from_paper(PAPER), str(error), refusals) == (made.summary, made.reason, made.refusals)
    assert (1 + len(before), 1 + len(before)) == (len(script.given), made.usage.calls)
    assert not made.limited


@pytest.mark.parametrize(("max_calls", "calls"), [(0, 0), (1, 1)])
def test_the_calls_of_a_run_are_used_up(max_calls: int, calls: int) -> None:
    """Without a call left none is made: the paper is limited, and what was called before counts."""
    made = outcome(Script(BAD, GOOD), max_calls)
    assert (True, "the model calls of this run are used up", calls, 0) == (
        made.limited,
        made.reason,
        made.usage.calls,
        made.refusals,
    )
    assert from_paper(PAPER) == made.summary


@pytest.mark.parametrize("before", [[], [BAD]])
def test_the_budget_has_no_room(before: list[str]) -> None:
    """Where a limit leaves no room the paper is limited, at the first call or the second, and not refused."""
    made = outcome(Script(*before, LimitError("used up")))
    assert (True, "used up", len(before), 0) == (made.limited, made.reason, made.usage.calls, made.refusals)


def test_a_reply_that_was_cut_off() -> None:
    """A model whose reply was cut off is told so before what was wrong with it."""
    script = Script(Completion(text=GOOD[:50], usage=EACH, cut_off=True), GOOD)
    made = outcome(script)
    cut_off = "reply: it was cut off when its tokens were used up; reply: it ends before its JSON object does"
    assert (Rung.REPAIRED, cut_off) == (made.summary.rung, made.reason)
    assert cut_off in script.given[1][3].content


def test_a_fault_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error while a reply is read is a refusal that names its kind alone, and is handed on for the log."""

    def faulty(*_: Any) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(dialogue, "read_reply", faulty)
    made = outcome(Script(GOOD, GOOD))
    assert ("reply: it could not be read: ZeroDivisionError", 1) == (made.reason, made.refusals)
    assert isinstance(made.fault, ZeroDivisionError)


def test_no_model() -> None:
    """Without a model the paper's own text is all there is."""
    made = summarize(PAPER, ZH, None, 2)
    assert (from_paper(PAPER), "no model is configured", Usage()) == (made.summary, made.reason, made.usage)
