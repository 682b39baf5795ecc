"""A model, whoever provides it: which variant of a request it is sent, and other people's words in errors."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from paperboy.summaries.model import (
    MAX_QUOTE_CHARS,
    Completion,
    FilteredError,
    ModelError,
    NotSupportedError,
    RequestVariants,
    quote,
    turn_text,
)
from paperboy.summaries.prompt import Message
from paperboy.summaries.usage import Usage

VARIANTS = ("schema", "object", "plain")
USED = Usage(calls=1, input_tokens=7)


class Endpoint:
    """An endpoint that takes some variants, and keeps what it was sent."""

    def __init__(self, *taken: str) -> None:
        self.taken = taken
        self.sent: list[str] = []

    def __call__(self, variant: str) -> Completion:
        self.sent.append(variant)
        if variant not in self.taken:
            raise NotSupportedError(f"no {variant}", USED)
        return Completion(text=variant, usage=None)


def sent(variants: RequestVariants[str], *taken: str) -> list[str]:
    """The variants that are tried at an endpoint that takes these, until one is taken."""
    endpoint = Endpoint(*taken)
    completion = variants.send(endpoint)
    assert completion.text == endpoint.sent[-1]
    return endpoint.sent


@pytest.mark.parametrize(
    ("taken", "first", "then"),
    [
        (VARIANTS, ["schema"], ["schema"]),
        (("object", "plain"), ["schema", "object"], ["object"]),
        (("plain",), ["schema", "object", "plain"], ["plain"]),
    ],
)
def test_what_is_taken_is_remembered(taken: tuple[str, ...], first: list[str], then: list[str]) -> None:
    """The strictest variant that an endpoint takes is found by trying, and sent at once from then on."""
    variants = RequestVariants(VARIANTS)
    assert not variants.accepted
    assert (first, True) == (sent(variants, *taken), variants.accepted)
    assert [then] * 2 == [sent(variants, *taken) for _ in range(2)]


def test_one_request_that_needs_a_weaker_variant() -> None:
    """Where a variant was taken before and is refused once, a weaker one is sent for that request alone."""
    variants = RequestVariants(VARIANTS)
    assert ["schema"] == sent(variants, *VARIANTS)
    assert ["schema", "object"] == sent(variants, "object")
    assert ["schema"] == sent(variants, *VARIANTS)


def refused(variants: RequestVariants[str], send: Callable[[str], Completion]) -> ModelError:
    with pytest.raises(ModelError) as error:
        variants.send(send)
    return error.value


def test_an_endpoint_that_takes_nothing() -> None:
    """Where every variant is refused the request is wrong: the last error is told, and nothing is remembered."""
    variants = RequestVariants(VARIANTS)
    endpoint = Endpoint()
    error = refused(variants, endpoint)
    assert (NotSupportedError, "no plain", USED) == (type(error), str(error), error.usage)
    assert (list(VARIANTS), False) == (endpoint.sent, variants.accepted)
    assert ["schema"] == sent(variants, *VARIANTS)


def test_an_endpoint_that_answers_others() -> None:
    """Where every variant is refused by an endpoint that took one before, it is the conversation that is filtered."""
    variants = RequestVariants(VARIANTS)
    assert ["schema", "object"] == sent(variants, "object")
    endpoint = Endpoint()
    error = refused(variants, endpoint)
    assert (FilteredError, "no plain; it answers others", USED) == (type(error), str(error), error.usage)
    assert ["object", "plain"] == endpoint.sent


def test_another_failure_is_told_at_once() -> None:
    """A failure that is no matter of the variant is not tried in a weaker one."""
    tried: list[str] = []

    def away(variant: str) -> Completion:
        tried.append(variant)
        raise ModelError("away", None)

    error = refused(RequestVariants(VARIANTS), away)
    assert (ModelError, "away", None) == (type(error), str(error), error.usage)
    assert ["schema"] == tried


def test_no_variants() -> None:
    """Without a variant there is nothing to send."""
    with pytest.raises(AssertionError, match=r"^there are no variants$"):
        RequestVariants[str]([]).send(Endpoint())


@pytest.mark.parametrize(
    ("text", "turn"), [("", "(nothing)"), (" \n\t", "(nothing)"), ("a", "a"), (" a\n", " a\n"), ("{}", "{}")]
)
def test_no_turn_is_empty(text: str, turn: str) -> None:
    """A turn that says nothing says so, and any other one is given as it is."""
    assert turn == turn_text(Message("assistant", text))


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        *(("", ""), ("a b", "a b"), (" a \n\t b\r\n", "a b"), ("a\x00b\x1b[1mc\u200bd\u2028e", "a b [1mc d e")),
        *(("模型 “忙”", "模型 “忙”"), ("x" * MAX_QUOTE_CHARS, "x" * MAX_QUOTE_CHARS)),
        ("x" * MAX_QUOTE_CHARS + "y", "x" * MAX_QUOTE_CHARS),
    ],
)
def test_quote(text: str, quoted: str) -> None:
    """Somebody else's words are printable, in one line and of MAX_QUOTE_CHARS characters at most."""
    assert quoted == quote(text)
