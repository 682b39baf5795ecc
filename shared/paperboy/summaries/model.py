"""A language model, whoever provides it: a conversation in, a reply out."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from paperboy.summaries.prompt import Message
from paperboy.summaries.usage import Usage

Schema = Mapping[str, Any]
"""The shape of a reply, in JSON Schema."""

TRY_SECONDS = 40.0
"""How long one try of a call may take: with tries and waits, two calls for a paper fit into summarize's own limit."""

MAX_CALL_SECONDS = 140.0
"""Seconds of one call in all, its tries and waits: a busy endpoint may send empty lines for minutes (DeepSeek's)."""

MAX_CALL_TRIES = 3
"""How often a call is tried that fails for the moment. One that may have been worked on is tried once: each try of it
may have to be paid."""

NO_TOKENS = Usage(calls=1)
"""What a call took that was refused or did not get through: no tokens."""


class ModelError(Exception):
    """There is no reply to read."""

    def __init__(self, reason: str, usage: Usage | None) -> None:
        super().__init__(reason)
        self.usage = usage
        """What it took all the same; None where nobody said."""


class ThrottledError(ModelError):
    """The provider has no room for the call now; the same call may succeed later."""

    def __init__(self, reason: str, usage: Usage | None, retry_after: float | None = None) -> None:
        super().__init__(reason, usage)
        self.retry_after = retry_after
        """Seconds after which the provider wants to be called again, where it says so."""


class FilteredError(ModelError):
    """The provider answers, but not this conversation; asked again it would say the same."""


class NotSupportedError(ModelError):
    """The endpoint does not take the request in this way."""

    def __init__(
        self, reason: str, usage: Usage | None, about: Collection[str] = (), may_be_filtered: bool = True
    ) -> None:
        super().__init__(reason, usage)
        self.about = about
        """The parts of the way to ask that it is about; empty where nobody knows."""
        self.may_be_filtered = may_be_filtered
        """Whether it may as well be what the conversation says that is refused."""


class Completion(BaseModel):
    """A model's reply as it came, and what it took."""

    model_config = ConfigDict(frozen=True)

    text: str
    usage: Usage | None
    """None where the provider did not say."""
    cut_off: bool = False
    """Whether it ends where it does because its tokens were used up."""


class Model(Protocol):
    """A model at its provider."""

    @property
    def name(self) -> str:
        """What the provider calls it."""

    def complete(self, messages: Sequence[Message]) -> Completion:
        """The reply to a conversation. Raises ModelError where there is none to read."""


ANSWERS_OTHERS = "it answers others"
"""How a reason ends of what only this conversation is refused with."""

MAX_VARIANT_TRIES = 8
"""How many variants of a request one call tries."""


class RequestVariants[Variant]:
    """The variants of a request for a reply in the right shape, in the order in which they are tried.

    Which of them an endpoint takes is found out by trying, and remembered as long as the process lives. A variant
    counts as refused only when another one has worked: else it was something else that was wrong with the request.
    Where refusals say what they are about, a variant is a mapping of its parts.
    """

    def __init__(self, variants: Sequence[Variant]) -> None:
        self._variants = variants
        self._first = 0
        self.accepted = False
        """Whether the endpoint has taken one of them."""

    def send(self, send: Callable[[Variant], Completion]) -> Completion:
        """What `send` returns for the first variant that it does not refuse with NotSupportedError.

        After a refusal comes the next variant. Where it says which parts it is about, that is one which has another one
        of them, and keeps the others if it can.

        Raises the last refusal where all are refused. When the endpoint had taken one before, it may be what this
        conversation says that is refused, and then it is a FilteredError: not every filter has a code of its own.
        """
        accepted_before = self.accepted
        places = [*range(self._first, len(self._variants)), *range(self._first)]
        for tried in range(1, min(MAX_VARIANT_TRIES, len(places)) + 1):
            place = places.pop(0)
            try:
                completion = send(self._variants[place])
            except NotSupportedError as error:
                places = self._left(places, place, error.about)
                if places and tried < MAX_VARIANT_TRIES:
                    continue
                if accepted_before and error.may_be_filtered:
                    raise FilteredError(f"{error}; {ANSWERS_OTHERS}", error.usage) from error
                raise
            else:
                if not self.accepted:
                    self._first, self.accepted = place, True
                return completion
        raise AssertionError("there are no variants")

    def _left(self, places: Sequence[int], refused: int, about: Collection[str]) -> list[int]:
        """The places that are left after a refusal, in the order in which they are to be tried."""

        def changed(place: int) -> set[str]:
            one: Any = self._variants[place]
            other: Any = self._variants[refused]
            return {name for name in {*one, *other} if one.get(name) != other.get(name)}

        if not about:
            return [place for place in places if place > self._first]
        others = [place for place in places if changed(place) & {*about}]
        return sorted(others, key=lambda place: len(changed(place) - {*about}))


_THOUGHTS = re.compile(r"\s*(?:<think(?:ing)?>|◁think▷).*?(?:</think(?:ing)?>|◁/think▷|\Z)", re.DOTALL)


def completion_of(text: str, thoughts: str, usage: Usage | None, cut_off: bool) -> Completion:
    """The completion of a reply's `text`. Where that is empty, its `thoughts` stand in if they can hold an answer.

    Raises ModelError where the model said nothing.
    """
    text, thoughts = _whole(text), _whole(thoughts)
    answer = text.removeprefix("\ufeff")
    if thought := _THOUGHTS.match(answer):
        answer = answer[thought.end() :]
    if answer.strip():
        return Completion(text=text, usage=usage, cut_off=cut_off)
    if cut_off:
        raise ModelError("the model used its tokens up for thoughts and answered nothing: raise MaxOutputTokens", usage)
    for beside in (text, thoughts):
        if "{" in beside:
            return Completion(text=beside, usage=usage)
    raise ModelError("the model answered nothing", usage)


def _whole(text: str) -> str:
    """The text without halves of characters, which JSON can write and nobody can store."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def turn_text(message: Message) -> str:
    """The text of a turn of the conversation: providers refuse one that says nothing (Bedrock, Moonshot)."""
    return message.content if message.content.strip() else "(nothing)"


MAX_QUOTE_CHARS = 200


def quote(text: str) -> str:
    """Somebody else's words, fit for an error: printable, in one line, and of MAX_QUOTE_CHARS characters at most."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:MAX_QUOTE_CHARS]
