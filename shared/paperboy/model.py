"""A language model, whoever provides it: a conversation in, a reply out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from paperboy.prompt import Message
from paperboy.usage import Usage

Schema = Mapping[str, Any]
"""The shape of a reply, in JSON Schema."""

MAX_OUTPUT_TOKENS = 4000
"""Tokens that a reply may have: a summary has 400, and a thinking model's thoughts count as well."""

SECONDS = 40.0
"""How long one try of a call may take: with tries and waits, two calls for a paper fit into summarize's own limit."""

TRIES = 3
"""How often a call is tried that fails for the moment. One that may have been worked on is tried once: each try of it
may have to be paid."""

FREE = Usage(calls=1)
"""What a call took that was refused or did not get through: no tokens."""


class ModelError(Exception):
    """There is no reply to read."""

    def __init__(self, why: str, usage: Usage | None) -> None:
        super().__init__(why)
        self.usage = usage
        """What it took all the same; None where nobody told."""


class FilteredError(ModelError):
    """The provider answers, but not this conversation; asked again it would say the same."""


class NotSupportedError(ModelError):
    """The endpoint does not take the request in this way."""


class Completion(BaseModel):
    """A model's reply as it came, and what it took."""

    model_config = ConfigDict(frozen=True)

    text: str
    usage: Usage | None
    """None where the provider did not tell."""
    cut_off: bool = False
    """Whether it ends where it does because its tokens were used up."""


class Model(Protocol):
    """A model at its provider."""

    @property
    def name(self) -> str:
        """What the provider calls it."""

    def complete(self, messages: Sequence[Message]) -> Completion:
        """The reply to a conversation. Raises ModelError where there is none to read."""


class Ways[Way]:
    """The ways to ask for a reply in the right shape, the strongest first.

    What an endpoint can do is found out by asking, and remembered as long as the process lives. A way counts as refused
    only when a weaker one has worked: else it was something else that was wrong with the request.
    """

    def __init__(self, ways: Sequence[Way]) -> None:
        self._ways = ways
        self._first = 0
        self.known = False
        """Whether the endpoint has taken one of them."""

    def ask(self, ask: Callable[[Way], Completion]) -> Completion:
        """What `ask` returns for the first way that it does not refuse with NotSupportedError.

        Raises the last one's error where it refuses all of them. When it had taken one before, it is what this
        conversation says that is refused, and a FilteredError: not every filter has a code of its own (DeepSeek's).
        """
        known = self.known
        for place in range(self._first, len(self._ways)):
            try:
                reply = ask(self._ways[place])
            except NotSupportedError as error:
                if place + 1 < len(self._ways):
                    continue
                if known:
                    raise FilteredError(f"{error}; it answers others", error.usage) from error
                raise
            else:
                self._first = min(self._first, place) if self.known else place
                self.known = True
                return reply
        raise AssertionError("there is no way to ask")


def spoken(message: Message) -> str:
    """What a turn of the conversation says: providers refuse one that says nothing (Bedrock, Moonshot)."""
    return message.content if message.content.strip() else "(nothing)"


def quoted(text: str) -> str:
    """Somebody else's words, fit for an error: printable, in one line, and no more than 200 characters."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:200]
