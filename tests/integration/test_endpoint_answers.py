"""What an OpenAI-compatible endpoint can answer, over HTTP: what comes of it, in how many requests, for which usage."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from paperboy.adapters.models.openai import CALL_RETRY, OpenAI
from paperboy.summaries.model import (
    NO_TOKENS,
    FilteredError,
    ModelError,
    NotSupportedError,
    ThrottledError,
)
from paperboy.summaries.prompt import Message, conversation
from paperboy.summaries.reply import read_reply, schema_of
from paperboy.summaries.usage import Usage
from tests.integration.fake import Answer, Fake, Request, serving
from tests.samples import REPLY, ZH, paper

PAPER = paper()
CONVERSATION = conversation(PAPER, ZH)
AT_ONCE = CALL_RETRY.copy_with(backoff_factor=0.0)
"""The real number of tries, without the waiting."""
EACH = Usage(calls=1, input_tokens=700, output_tokens=300)
SAID = "the model's endpoint "


class Key:
    """A key that is kept somewhere."""

    name = "/test/key"

    def value(self) -> str:
        return "sk-do-not-tell-anybody"


def good() -> Answer:
    message = {"role": "assistant", "content": json.dumps(REPLY)}
    usage = {"prompt_tokens": 700, "completion_tokens": 300}
    return 200, {"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}, {}


@pytest.fixture
def endpoint() -> Iterator[Fake]:
    with serving(Fake(lambda _: good())) as fake:
        yield fake


def model(endpoint: Fake, key: Any = None) -> OpenAI:
    return OpenAI(f"{endpoint.url}/v1", "some-model", schema_of(ZH), key, AT_ONCE)


def refused(asking: OpenAI) -> ModelError:
    with pytest.raises(ModelError) as raised:
        asking.complete(CONVERSATION)
    return raised.value


BROKE_OFF = ModelError, rf"^{SAID}broke its answer off: (error|abort)$"
A_SUMMARY = None, ""
CASES: dict[str, tuple[type[ModelError] | None, str]] = {
    "01": (ModelError, rf"^{SAID}answered 40[02]: (Input should be a valid dictionary$|bad request$|Quota exceeded; )"),
    "02": A_SUMMARY,
    "03": (
        ModelError,
        rf"^{SAID}answered no chat completion( \(429\))?: (Provider|Unexpected|Error code: 429; a quota)",
    ),
    "04": BROKE_OFF,
    "05": (
        ModelError,
        rf"^{SAID}answered 4..: (Developer instruction|body\.response_format: extra f|Model not found; )",
    ),
    "06": A_SUMMARY,
    "07": (
        ModelError,
        rf"^{SAID}answered 403: .+; (the account has no credit|a quota of the acc|it is not open to this)",
    ),
    "08": A_SUMMARY,
    "14": (ModelError, rf"^{SAID}answered 400: The free tier .*; a quota of the account is used up$"),
    "15": A_SUMMARY,
}
"""What is to come of the answers in each case."""


def refusing(features: str, refusal: Answer) -> Callable[[Request], Answer]:
    """An endpoint that refuses the features, which are named with commas between them, and takes all else."""

    def answer(request: Request) -> Answer:
        roles = {message["role"] for message in request["messages"]}
        used = {*request, *roles, request.get("response_format", {}).get("type")}
        return refusal if used & {*features.split(",")} else good()

    return answer


@pytest.mark.parametrize("number", CASES)
def test_cases(endpoint: Fake, shared_data: Path, number: str) -> None:
    """Each answer of the case is a summary of the paper or an error in the endpoint's words, and never a refusal."""
    (file,) = (shared_data / "data" / "cases").glob(f"{number}-*.json")
    case = json.loads(file.read_text(encoding="utf-8").replace("@GOOD@", json.dumps(json.dumps(REPLY))[1:-1]))
    kind, said = CASES[number]
    for name, (status, body) in case["answers"].items():
        asking = model(endpoint, Key() if case.get("key") else None)
        endpoint.answer = lambda _: good()
        if case.get("warm"):
            asking.complete(CONVERSATION)
        endpoint.answer = refusing(case.get("refuse", "model"), (status, body, {}))  # each request names a model
        if kind is None:
            completion = asking.complete(CONVERSATION)
            assert (name, EACH) == (name, completion.usage)
            assert REPLY["title"] == read_reply(completion.text, PAPER, ZH).title
        else:
            error = refused(asking)
            assert (name, True, False) == (name, isinstance(error, kind), isinstance(error, FilteredError))
            with pytest.raises(ModelError, match=said):
                raise error
            if number != "04":
                assert (name, NO_TOKENS) == (name, error.usage)


def test_a_key_that_is_not_refused_is_not_told_as_such(endpoint: Fake) -> None:
    """403 tells the endpoint's words; only 401 is told as a refused key, by the key's place."""
    endpoint.answer = lambda _: (403, {"error": "sk-do-not-tell-anybody may not do so"}, {})
    assert f"{SAID}answered 403: … may not do so" == str(refused(model(endpoint, Key())))
    endpoint.answer = lambda _: (401, {"error": "sk-do-not-tell-anybody"}, {})
    assert f"{SAID}answered 401: it refused the key in /test/key" == str(refused(model(endpoint, Key())))


def dropped(_: Request) -> Answer:
    raise ConnectionAbortedError


NO = {"error": {"message": "no"}}
PAGE = b"<html><head><title>Bad Gateway</title></head></html>"


@pytest.mark.parametrize(
    ("status", "body", "kind", "said", "requests", "usage"),
    [
        (400, NO, NotSupportedError, "answered 400: no", 8, NO_TOKENS),
        (401, NO, ModelError, "answered 401: it refused the key in /test/key", 1, NO_TOKENS),
        (402, NO, ModelError, "answered 402: no; the account has no credit left", 1, NO_TOKENS),
        (403, NO, ModelError, "answered 403: no", 1, NO_TOKENS),
        (404, NO, ModelError, "answered 404: no", 3, NO_TOKENS),
        (404, PAGE.replace(b"Bad Gateway", b"404 Not Found"), ModelError, "answered 404: 404 Not Found", 1, NO_TOKENS),
        (408, NO, ModelError, "answered 408: no", 1, NO_TOKENS),
        (413, NO, ModelError, "answered 413: no", 1, NO_TOKENS),
        (422, NO, NotSupportedError, "answered 422: no", 8, NO_TOKENS),
        (429, NO, ThrottledError, "answered 429: no", 1, NO_TOKENS),
        (500, NO, ModelError, "answered 500: no", 9, NO_TOKENS),
        (501, NO, ModelError, "answered 501: no", 3, NO_TOKENS),
        (502, NO, ModelError, "answered 502: no", 3, NO_TOKENS),
        (502, PAGE, ModelError, "answered 502: Bad Gateway", 3, NO_TOKENS),
        (503, NO, ModelError, "answered 503: no", 3, NO_TOKENS),
        (503, {"error": "overloaded"}, ThrottledError, "answered 503: overloaded", 3, NO_TOKENS),
        (504, NO, ModelError, "answered 504: no", 3, NO_TOKENS),
        (529, NO, ThrottledError, "answered 529: no", 1, NO_TOKENS),
        (200, NO, ModelError, "answered no chat completion: no", 1, NO_TOKENS),
        (200, PAGE, ModelError, "answered no chat completion: Bad Gateway", 1, NO_TOKENS),
        (200, b"", ModelError, "answered no chat completion", 1, None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_each_status(
    endpoint: Fake, status: int, body: Any, kind: type[ModelError], said: str, requests: int, usage: Usage | None
) -> None:
    """From an endpoint that has never answered, each status is one kind of error, in its words, after so many tries."""
    endpoint.answer = lambda _: (status, body, {})
    error = refused(model(endpoint, Key()))
    assert (kind, f"{SAID}{said}") == (type(error), str(error))
    assert (requests, usage) == (len(endpoint.requests), error.usage)


@pytest.mark.parametrize(
    ("status", "kind", "requests"),
    [
        (400, FilteredError, 3),
        (422, FilteredError, 3),
        (402, ModelError, 1),
        (403, ModelError, 1),
        (404, ModelError, 3),
        (500, ModelError, 3),
        (501, ModelError, 3),
    ],
)
def test_each_status_from_an_endpoint_that_has_answered(
    endpoint: Fake, status: int, kind: type[ModelError], requests: int
) -> None:
    """Only 400 and 422 can then be about what the paper says, and the other ways to ask are other formats alone."""
    asking = model(endpoint)
    asking.complete(CONVERSATION)
    endpoint.answer = lambda _: (status, NO, {})
    assert (kind, 1 + requests) == (type(refused(asking)), len(endpoint.requests))


def test_a_connection_that_is_reset(endpoint: Fake) -> None:
    """A connection that is lost after the request may have to be paid: it is asked once, and the most counts."""
    endpoint.answer = dropped
    error = refused(model(endpoint))
    assert str(error).startswith(f"{SAID}did not answer: ")
    assert (ModelError, None, 1) == (type(error), error.usage, len(endpoint.requests))


def test_an_answer_that_breaks_off(endpoint: Fake) -> None:
    """An answer that is not whole is no reply, and the most counts."""
    endpoint.answer = lambda _: (200, b'{"choices": [', {"Content-Length": "99"})
    error = refused(model(endpoint))
    assert (ModelError, None, 1) == (type(error), error.usage, len(endpoint.requests))


def test_silence(endpoint: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint that says nothing is asked once, and the most counts."""
    over = threading.Event()

    def silent(_: Request) -> Answer:
        over.wait()
        raise ConnectionAbortedError

    endpoint.answer = silent
    monkeypatch.setattr("paperboy.adapters.models.openai.CALL_TIMEOUT", httpx.Timeout(0.2))
    error = refused(model(endpoint))
    over.set()
    assert str(error).startswith(f"{SAID}did not answer: ")
    assert (None, 1) == (error.usage, len(endpoint.requests))


def test_what_nobody_thought_of(endpoint: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of ours while an answer is read is a ModelError, and the most counts."""

    def broken(*_: Any) -> None:
        raise KeyError("choices")

    monkeypatch.setattr("paperboy.adapters.models.openai.read_answer", broken)
    error = refused(model(endpoint))
    assert "the model's answer could not be read: KeyError: 'choices'" == str(error)
    assert None is error.usage


def test_a_request_that_cannot_be_written(endpoint: Fake) -> None:
    """What is wrong before anything is sent took nothing."""
    asking = OpenAI(f"{endpoint.url}/v1", "m", schema_of(ZH), extra={"temperature": float("nan")})
    assert (NO_TOKENS, []) == (refused(asking).usage, endpoint.requests)


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


def test_a_proxy_of_the_environment(endpoint: Fake, no_proxies: pytest.MonkeyPatch) -> None:
    """An endpoint is asked through the proxy that the environment names, unless it is one of NO_PROXY's hosts."""
    no_proxies.setenv("HTTP_PROXY", endpoint.url)
    url = "http://model.invalid/v1"
    OpenAI(url, "m", schema_of(ZH), retry=AT_ONCE).complete(CONVERSATION)
    assert [f"{url}/chat/completions"] == endpoint.paths
    no_proxies.setenv("NO_PROXY", "model.invalid")
    assert NO_TOKENS == refused(OpenAI(url, "m", schema_of(ZH), retry=AT_ONCE)).usage
    assert 1 == len(endpoint.requests)


def test_a_proxy_that_refuses(endpoint: Fake, no_proxies: pytest.MonkeyPatch) -> None:
    """What a proxy does not let through is sent to nobody."""
    no_proxies.setenv("HTTPS_PROXY", endpoint.url)  # it knows no CONNECT
    error = refused(OpenAI("https://model.invalid/v1", "m", schema_of(ZH), retry=AT_ONCE))
    assert (NO_TOKENS, []) == (error.usage, endpoint.requests)
    assert str(error).startswith(f"{SAID}did not answer: ")


def test_a_refused_reply_is_sent_as_it_can_be(endpoint: Fake) -> None:
    """Half a character in a reply keeps neither the reply from being read nor its repair from being sent."""
    status, body, headers = good()
    body["choices"][0]["message"]["content"] = "{\ud800"
    endpoint.answer = lambda _: (status, body, headers)
    asking = model(endpoint)
    text = asking.complete(CONVERSATION).text
    asking.complete((*CONVERSATION, Message("assistant", text), Message("user", "again")))
    assert "{\ufffd" == text == endpoint.requests[1]["messages"][2]["content"]
