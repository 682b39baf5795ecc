"""The dialogue with a model: which calls are made, what they are given, and which rung comes of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from paperboy.summaries import dialogue
from paperboy.summaries.dialogue import Answer, LimitError, Outcome, summarize
from paperboy.summaries.model import NO_TOKENS, Completion, FilteredError, ModelError
from paperboy.summaries.prompt import Message, conversation, paper_json, prompt_version
from paperboy.summaries.request import PostponedError
from paperboy.summaries.summary import Rung, Summary, from_paper
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
        if isinstance(answer, LimitError | PostponedError):
            raise answer
        if isinstance(answer, ModelError):
            return Answer(answer, NO_TOKENS)
        assert not isinstance(answer, Exception)
        return Answer(Completion(text=answer, usage=EACH) if isinstance(answer, str) else answer, EACH)


def outcome(script: Script, max_calls: int = 2, can_wait: bool = True) -> Outcome:
    return summarize(PAPER, ZH, script, max_calls, can_wait)


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


@pytest.mark.parametrize("before", [[], [BAD]])
def test_the_provider_has_no_room(before: list[str]) -> None:
    """A paper that can wait waits, at the first call or the second; else its own text stands in, neither limited nor
    refused, and what was called before counts."""
    with pytest.raises(PostponedError, match="no room") as error:
        outcome(Script(*before, PostponedError("no room")))
    assert len(before) == error.value.usage.calls
    made = outcome(Script(*before, PostponedError("no room")), can_wait=False)
    assert (from_paper(PAPER), "no room", len(before)) == (made.summary, made.reason, made.usage.calls)
    assert (False, 0) == (made.limited, made.refusals)


def test_what_was_spent_before() -> None:
    """What an earlier try of the same run took is in the outcome, and its calls are not to be had again."""
    made = summarize(PAPER, ZH, Script(GOOD), 2, spent=EACH)
    assert (Rung.MODEL, EACH + EACH) == (made.summary.rung, made.usage)
    made = summarize(PAPER, ZH, Script(BAD), 2, spent=EACH)
    assert (EACH + EACH, True, 0) == (made.usage, made.limited, made.refusals)


def test_a_fault_in_a_call() -> None:
    """What went wrong in a call that no provider knows of is handed on for the log."""
    fault = ZeroDivisionError("secret")
    made = summarize(PAPER, ZH, lambda _: Answer(ModelError("no reply", None), EACH, fault), 2)
    assert (fault, "no reply", EACH, 0) == (made.fault, made.reason, made.usage, made.refusals)


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


@pytest.mark.parametrize(
    ("second", "max_calls", "rung"),
    [
        (GOOD, 2, Rung.REPAIRED),
        (BAD, 2, Rung.LISTING),
        (ModelError("away", None), 2, Rung.LISTING),
        (LimitError("used up"), 2, Rung.LISTING),
        (GOOD, 1, Rung.LISTING),
    ],
    ids=["repaired", "refused", "away", "limited", "no call left"],
)
def test_a_fault_of_ours_is_handed_on(
    monkeypatch: pytest.MonkeyPatch, second: str | Exception, max_calls: int, rung: Rung
) -> None:
    """An error while the first reply is read is told to the model and handed on, whatever comes of the second call."""
    fault = ZeroDivisionError("secret")

    def faulty_once(*arguments: Any) -> Summary:
        monkeypatch.undo()
        raise fault

    monkeypatch.setattr(dialogue, "read_reply", faulty_once)
    script = Script(GOOD, second)
    made = outcome(script, max_calls)
    assert (rung, fault) == (made.summary.rung, made.fault)
    assert max_calls == 1 or "it could not be read: ZeroDivisionError" in script.given[1][3].content
    assert "secret" not in str(script.given)


def test_no_fault() -> None:
    """Where nothing went wrong here there is no fault, whatever the model's replies are like."""
    assert [None] * 3 == [outcome(Script(*replies)).fault for replies in ((GOOD,), (BAD, GOOD), (BAD, BAD))]


def test_a_call_that_was_made_more_than_once() -> None:
    """A call that had to be tried again counts as often as it was tried, and no other follows beyond the limit."""
    given = []

    def call(messages: tuple[Message, ...]) -> Answer:
        given.append(messages)
        return Answer(Completion(text=BAD, usage=None), Usage(calls=3))

    made = summarize(PAPER, ZH, call, 2)
    assert (1, 3, True) == (len(given), made.usage.calls, made.limited)


def test_what_an_outcome_does_not_say() -> None:
    """An outcome of which only the summary is told took nothing, and nothing was wrong."""
    made = Outcome(from_paper(PAPER))
    assert (Usage(), None, False, 0, None) == (made.usage, made.reason, made.limited, made.refusals, made.fault)


@pytest.mark.parametrize("organization", ["阿里巴巴", None])
def test_what_a_model_reads(organization: str | None) -> None:
    """A model reads title, organisation and abstract, in the letters that they are written in, and nothing else."""
    told = paper_json(paper(title='引导 "A"', organization=organization, abstract="é", upvotes=9))
    name = f'"{organization}"' if organization else "null"
    assert f'{{"title": "引导 \\"A\\"", "organization": {name}, "abstract": "é"}}' == told


def test_prompt_version() -> None:
    """The version of a prompt is twelve hex digits, and that of no model at all is a word that is none."""
    assert "none" == prompt_version(ZH, has_model=False)
    assert (12, 6) == (len(prompt_version(ZH)), len(bytes.fromhex(prompt_version(ZH))))


def test_no_model() -> None:
    """Without a model the paper's own text is all there is."""
    made = summarize(PAPER, ZH, None, 2)
    assert (from_paper(PAPER), "no model is configured", Usage()) == (made.summary, made.reason, made.usage)
