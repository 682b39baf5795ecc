"""The dialogue with a model about one paper: a call, one more where the reply is refused, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from paperboy.languages.language import Language
from paperboy.papers.paper import Paper
from paperboy.summaries.model import Completion, FilteredError, ModelError
from paperboy.summaries.prompt import Message, Refusal, conversation
from paperboy.summaries.reply import ReplyError, read_reply
from paperboy.summaries.request import PostponedError
from paperboy.summaries.summary import Rung, Summary, from_paper
from paperboy.summaries.usage import Usage

NOTHING = Usage()


class LimitError(Exception):
    """A limit of the budget leaves no room for a call of the model."""


@dataclass(frozen=True)
class Answer:
    """What came of one call of a model, and what it took."""

    content: Completion | ModelError
    usage: Usage
    fault: Exception | None = None
    """What went wrong that no provider knows of."""


Call = Callable[[tuple[Message, ...]], Answer]
"""Has a model answer a conversation. Raises LimitError, and PostponedError."""


@dataclass(frozen=True)
class Outcome:
    """What came of a dialogue: a summary, on whatever rung."""

    summary: Summary
    usage: Usage = field(default_factory=Usage)
    reason: str | None = None
    """Why the model has no summary to give, or what was wrong with its first reply, in words."""
    limited: bool = False
    """Whether a limit of the budget is why."""
    refusals: int = 0
    """1 where the model's replies were no summary, or it refused to answer; else 0."""
    fault: Exception | None = None
    """An error of ours while a reply was had or read. The paper is paid for, and would be with each try of it."""


def summarize(
    paper: Paper,
    language: Language,
    call: Call | None,
    max_calls: int,
    can_wait: bool = True,
    spent: Usage = NOTHING,
) -> Outcome:
    """The paper's summary by a model, in `max_calls` calls at most; where it has none to give, the paper's own.

    Without a `call` there is no model. Raises PostponedError where the provider has no room for a call now and the
    paper `can_wait` for a later try, which is told what this one has `spent`.
    """
    usage, refusal, fault = spent, None, None
    fallback = from_paper(paper)
    if call is None:
        return Outcome(fallback, usage, "no model is configured")
    for rung in (Rung.MODEL, Rung.REPAIRED):
        if usage.calls >= max_calls:
            return Outcome(fallback, usage, "the model calls of this run are used up", limited=True, fault=fault)
        try:
            answer = call(conversation(paper, language, refusal))
        except LimitError as error:
            return Outcome(fallback, usage, str(error), limited=True, fault=fault)
        except PostponedError as error:
            if can_wait:
                raise PostponedError(str(error), usage) from error
            return Outcome(fallback, usage, str(error), fault=fault)
        usage += answer.usage
        fault = answer.fault or fault
        completion = answer.content
        if isinstance(completion, ModelError):
            filtered = isinstance(completion, FilteredError)
            return Outcome(fallback, usage, str(completion), refusals=int(filtered), fault=fault)
        try:
            summary = read_reply(completion.text, paper, language, rung)
        except ReplyError as error:
            reason = str(error)
        except Exception as error:
            reason, fault = f"reply: it could not be read: {type(error).__name__}", error
        else:
            return Outcome(summary, usage, refusal.reason if refusal else None, fault=fault)
        cut_off = "reply: it was cut off when its tokens were used up; " if completion.cut_off else ""
        refusal = Refusal(completion.text, cut_off + reason)
    assert refusal is not None  # noqa: S101 - the loop ends here only with one
    return Outcome(fallback, usage, refusal.reason, refusals=1, fault=fault)
