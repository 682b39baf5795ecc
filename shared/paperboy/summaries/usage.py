"""What a model's work costs, how that is counted, and what it may come to."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Price = Annotated[Decimal, Field(ge=0, le=100_000, allow_inf_nan=False)]
"""US dollars for a million tokens, which is millionths of a dollar for one."""


class Usage(BaseModel):
    """Calls of a model, the tokens that they took and what these cost."""

    model_config = ConfigDict(frozen=True)

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: int = 0
    """Millionths of a US dollar; 0 as well where no price is known."""

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(**{name: getattr(self, name) + getattr(other, name) for name in Usage.model_fields})

    def __sub__(self, other: Usage) -> Usage:
        return Usage(**{name: getattr(self, name) - getattr(other, name) for name in Usage.model_fields})


DEFAULT_OUTPUT_TOKENS = 1000
"""Tokens that a reply may have unless the settings say otherwise: a summary has 400. A model that thinks needs more."""

MAX_SCHEMA_TOKENS = 1000
"""More than an endpoint counts for the reply's shape, which goes with every call."""

MAX_REPORTED_TOKENS = 10_000_000
"""Tokens, in or out, that one call may report; no model takes a tenth of it."""


def reported_usage(input_tokens: object, output_tokens: object) -> Usage | None:
    """A call with the tokens that its answer reports, each in 0…MAX_REPORTED_TOKENS; None where they are no numbers."""
    if not (isinstance(input_tokens, int) and isinstance(output_tokens, int)):
        return None
    read, written = (min(max(0, each), MAX_REPORTED_TOKENS) for each in (input_tokens, output_tokens))
    return Usage(calls=1, input_tokens=read, output_tokens=written)


class Limits(BaseModel):
    """What a calendar month (UTC) may take. 0 is no limit."""

    model_config = ConfigDict(frozen=True)

    tokens: Annotated[int, Field(ge=0)] = 0
    cost: Annotated[int, Field(ge=0)] = 0
    """Millionths of a US dollar."""


class Prices(BaseModel):
    """A model's list prices."""

    model_config = ConfigDict(frozen=True)

    input: Price = Decimal(0)
    output: Price = Decimal(0)

    def of(self, input_tokens: int, output_tokens: int) -> int:
        """What so many tokens cost, in millionths of a US dollar, rounded up."""
        cost = self.input * input_tokens + self.output * output_tokens
        return int(cost.to_integral_value(ROUND_CEILING))

    def priced(self, usage: Usage) -> Usage:
        """The same usage with what it costs."""
        cost = self.of(usage.input_tokens, usage.output_tokens)
        return Usage(calls=usage.calls, input_tokens=usage.input_tokens, output_tokens=usage.output_tokens, cost=cost)


def max_usage(texts: Iterable[str], prices: Prices, max_output_tokens: int = DEFAULT_OUTPUT_TOKENS) -> Usage:
    """The most that a call with these texts can take: no tokenizer makes more tokens of a text than it has bytes."""
    read = MAX_SCHEMA_TOKENS + sum(len(text.encode()) for text in texts)
    return prices.priced(Usage(calls=1, input_tokens=read, output_tokens=max_output_tokens))
