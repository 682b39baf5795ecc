"""A language model, whoever provides it: a conversation in, a reply out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from paperboy.summaries.prompt import Message
from paperboy.summaries.usage import Usage

Schema = Mapping[str, Any]
"""The shape of a reply, in JSON Schema."""

TRY_SECONDS = 40.0
"""How long one try of a call may take: with tries and waits, two calls for a paper fit into summarize's own limit."""

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


class RequestVariants[Variant]:
    """The variants of a request for a reply in the right shape, the strictest first.

    Which of them an endpoint takes is found out by trying, and remembered as long as the process lives. A variant
    counts as refused only when a weaker one has worked: else it was something else that was wrong with the request.
    """

    def __init__(self, variants: Sequence[Variant]) -> None:
        self._variants = variants
        self._first = 0
        self.accepted = False
        """Whether the endpoint has taken one of them."""

    def send(self, send: Callable[[Variant], Completion]) -> Completion:
        """What `send` returns for the first variant that it does not refuse with NotSupportedError.

        Raises the last one's error where it refuses all of them. When it had taken one before, it is what this
        conversation says that is refused, and a FilteredError: not every filter has a code of its own (DeepSeek's).
        """
        accepted_before = self.accepted
        for place in range(self._first, len(self._variants)):
            try:
                completion = send(self._variants[place])
            except NotSupportedError as error:
                if place + 1 < len(self._variants):
                    continue
                if accepted_before:
                    raise FilteredError(f"{error}; it answers others", error.usage) from error
                raise
            else:
                self._first = min(self._first, place) if self.accepted else place
                self.accepted = True
                return completion
        raise AssertionError("there are no variants")


def turn_text(message: Message) -> str:
    """The text of a turn of the conversation: providers refuse one that says nothing (Bedrock, Moonshot)."""
    return message.content if message.content.strip() else "(nothing)"


MAX_QUOTE_CHARS = 200


def quote(text: str) -> str:
    """Somebody else's words, fit for an error: printable, in one line, and of MAX_QUOTE_CHARS characters at most."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:MAX_QUOTE_CHARS]
