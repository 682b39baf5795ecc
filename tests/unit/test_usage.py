"""What a model's work costs: rounded up, and never less than what it can have been."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from paperboy.summaries.usage import (
    DEFAULT_OUTPUT_TOKENS,
    MAX_REPORTED_TOKENS,
    MAX_SCHEMA_TOKENS,
    Limits,
    Prices,
    Usage,
    max_usage,
    reported_usage,
)

PRICES = Prices(input=Decimal("0.27"), output=Decimal("1.06"))


@pytest.mark.parametrize(
    ("read", "written", "cost"),
    [(0, 0, 0), (1, 0, 1), (100, 0, 27), (101, 0, 28), (0, 1, 2), (0, 50, 53), (3, 3, 4), (700, 300, 507)],
)
def test_cost_is_rounded_up(read: int, written: int, cost: int) -> None:
    """A part of a millionth of a dollar counts as a whole one, once for a call, so that a budget is never overspent."""
    assert cost == PRICES.of(read, written)
    assert Usage(calls=1, input_tokens=read, output_tokens=written, cost=cost) == PRICES.priced(
        Usage(calls=1, input_tokens=read, output_tokens=written)
    )


def test_without_a_price_nothing_costs() -> None:
    """Where no price is known, a call costs nothing."""
    assert 0 == Prices().of(1_000_000, 1_000_000)


@pytest.mark.parametrize(("texts", "size"), [([], 0), (["abc"], 3), (["引导", "é"], 8)])
def test_the_most_that_a_call_takes(texts: list[str], size: int) -> None:
    """A call reads as many tokens as its texts have bytes, and the schema, at most, and writes as many as it may."""
    most = max_usage(texts, PRICES)
    assert (1, MAX_SCHEMA_TOKENS + size, DEFAULT_OUTPUT_TOKENS) == (most.calls, most.input_tokens, most.output_tokens)
    assert PRICES.of(most.input_tokens, most.output_tokens) == most.cost


@pytest.mark.parametrize(
    ("read", "written", "expected"),
    [
        (700, 300, (700, 300)),
        (0, 0, (0, 0)),
        (-1, -1, (0, 0)),
        (10**12, 10**12, (MAX_REPORTED_TOKENS, MAX_REPORTED_TOKENS)),
        (None, 300, None),
        (700, "300", None),
        (700.0, 300, None),
    ],
)
def test_reported_usage(read: object, written: object, expected: tuple[int, int] | None) -> None:
    """What an answer reports is taken within bounds, and is nothing where it is no whole number."""
    usage = reported_usage(read, written)
    assert expected == (usage and (usage.input_tokens, usage.output_tokens))


def test_sums() -> None:
    """Usages add up field by field, and what was added can be taken off again."""
    one, two = Usage(calls=1, input_tokens=2, output_tokens=3, cost=4), Usage(calls=10, input_tokens=20, cost=40)
    assert Usage(calls=11, input_tokens=22, output_tokens=3, cost=44) == one + two
    assert one == one + two - two
    assert 5 == one.tokens


def test_what_an_answer_reports_is_one_call() -> None:
    """A call whose tokens are reported counts as one, and costs nothing before its price is looked up."""
    assert Usage(calls=1, input_tokens=700, output_tokens=300, cost=0) == reported_usage(700, 300)


def test_nothing_was_used() -> None:
    """A usage of which nothing is said is none, and adds nothing to another."""
    assert Usage(calls=0, input_tokens=0, output_tokens=0, cost=0) == Usage()


def test_no_limits() -> None:
    """A month of which nothing is said has no limits."""
    assert Limits(tokens=0, cost=0) == Limits()


@pytest.mark.parametrize("limit", ["tokens", "cost"])
def test_no_limit_is_below_nothing(limit: str) -> None:
    """A limit of less than 0 is refused: it would be taken for one that is always reached."""
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        Limits.model_validate({limit: -1})


@pytest.mark.parametrize("price", ["0", "0.0000001", "100000"])
def test_price(price: str) -> None:
    """A price is any sum from nothing to a hundred thousand dollars for a million tokens."""
    assert Decimal(price) == Prices.model_validate({"input": price}).input


@pytest.mark.parametrize("price", ["-0.01", "100000.01", "inf", "nan", "cheap"])
def test_no_price(price: str) -> None:
    """What is no sum, is below nothing or beyond all prices is refused."""
    with pytest.raises(ValidationError):
        Prices.model_validate({"output": price})
