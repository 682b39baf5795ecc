"""Bedrock through Converse: against the emulator, and against answers in the shapes that the service gives."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from paperboy.adapters.models.bedrock import BEDROCK_CONFIG, Bedrock
from paperboy.languages.language import load_language
from paperboy.summaries.model import (
    MAX_CALL_TRIES,
    NO_TOKENS,
    FilteredError,
    ModelError,
    NotSupportedError,
    ThrottledError,
)
from paperboy.summaries.prompt import Message
from paperboy.summaries.reply import schema_of
from paperboy.summaries.summary import Rung
from paperboy.summaries.usage import DEFAULT_OUTPUT_TOKENS, Usage
from paperboy_cli.local import sample
from paperboy_cli.local.emulator import Local
from tests.integration.conftest import Stages, run_of
from tests.integration.fake import Answer, Fake, Request, serving

MODEL = "qwen.qwen3-235b-a22b-2507-v1:0"
SCHEMA = schema_of(load_language("zh"))
EACH = Usage(calls=1, input_tokens=700, output_tokens=300)
CONVERSATION = (
    Message("system", "Answer in JSON."),
    Message("user", "{}"),
    Message("assistant", "no"),
    Message("user", "again"),
)


def says(*content: dict[str, Any], stop: str = "end_turn") -> Answer:
    usage = {"inputTokens": 700, "outputTokens": 300, "totalTokens": 1000}
    message = {"role": "assistant", "content": list(content)}
    return 200, {"output": {"message": message}, "stopReason": stop, "usage": usage, "metrics": {"latencyMs": 9}}, {}


def fails(status: int, code: str, message: str = "said by the service") -> Answer:
    return status, {"message": message}, {"x-amzn-ErrorType": code}


@pytest.fixture
def service() -> Iterator[Fake]:
    with serving(Fake(lambda _: says({"text": "{}"}))) as fake:
        yield fake


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting between tries."""
    monkeypatch.setattr("paperboy.adapters.models.bedrock.time.sleep", lambda _: None)


def bedrock(emulator: Local, url: str, **options: Any) -> Bedrock:
    config = BEDROCK_CONFIG.merge(Config(proxies={}, **options))
    return Bedrock(MODEL, SCHEMA, emulator.session.client("bedrock-runtime", endpoint_url=url, config=config))


def way(request: Request) -> str:
    return next((name for name in ("outputConfig", "toolConfig") if name in request), "text")


def test_against_the_emulator(emulator: Local) -> None:
    """A real Converse call brings a reply and what it took."""
    completion = bedrock(emulator, emulator.url).complete(CONVERSATION)
    usage = completion.usage
    assert completion.text
    assert usage is not None
    assert (1, True, True) == (usage.calls, usage.input_tokens > 0, usage.output_tokens > 0)


def test_a_paper_through_converse(stages: Stages, emulator: Local) -> None:
    """A summary that comes through Converse is checked and counted like any other."""
    stages.ingest(run_of(3))
    stages.score()
    stages.model = bedrock(emulator, emulator.url)
    with sample.server(stages.recorded, emulator.port + 1) as upstream:
        threading.Thread(target=upstream.serve_forever, args=(0.01,), daemon=True).start()
        record = stages.summarize(stages.requests()[0])
        upstream.shutdown()
    assert record is not None
    assert (Rung.MODEL, MODEL, 1) == (record.summary.rung, record.model, record.usage.calls)
    assert record.usage.input_tokens > record.usage.output_tokens > 0


def test_the_conversation_is_sent_as_it_is(emulator: Local, service: Fake) -> None:
    """Instructions go apart from the turns, the reply is bounded, and its schema is the one that is checked."""
    bedrock(emulator, service.url).complete(CONVERSATION)
    request = service.requests[0]
    assert [{"text": "Answer in JSON."}] == request["system"]
    assert ["user", "assistant", "user"] == [each["role"] for each in request["messages"]]
    assert {"maxTokens": DEFAULT_OUTPUT_TOKENS} == request["inferenceConfig"]
    structure = request["outputConfig"]["textFormat"]["structure"]["jsonSchema"]
    assert SCHEMA == json.loads(structure["schema"])


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ([{"text": '{"title": "题"}'}], '{"title": "题"}'),
        ([{"toolUse": {"toolUseId": "1", "name": "summary", "input": {"title": "题"}}}], '{"title": "题"}'),
        ([{"toolUse": {"toolUseId": "1", "name": "summary", "input": '{"title": "题"}'}}], '{"title": "题"}'),
        ([{"reasoningContent": {"reasoningText": {"text": "thinking"}}}, {"text": "{}"}], "{}"),
        ([{"reasoningContent": {"reasoningText": {"text": '{"title": "题"}'}}}], '{"title": "题"}'),
        ([{"toolUse": {"toolUseId": "1", "name": "summary"}}, {"text": "{}"}], "{}"),
        ([{"ofAnotherYear": {"text": "no"}}, {"text": "{}"}], "{}"),
        ([{"text": 7}, {"text": "{\ud800}"}], "{�}"),
    ],
    ids=["text", "tool", "tool's text", "thoughts", "only thoughts", "no input", "an unknown block", "odd texts"],
)
def test_a_reply_in_any_of_its_forms(emulator: Local, service: Fake, content: list[dict[str, Any]], text: str) -> None:
    """The reply is the text or the tool's input, without the model's thoughts, whatever stands beside it."""
    service.answer = lambda _: says(*content)
    assert text == bedrock(emulator, service.url).complete(CONVERSATION).text


THOUGHTS = {"reasoningContent": {"reasoningText": {"text": "let me {"}}}


@pytest.mark.parametrize(
    ("content", "stop", "said"),
    [
        ([], "end_turn", "the model answered nothing"),
        ([{"text": " "}], "end_turn", "the model answered nothing"),
        ([{"reasoningContent": {"redactedContent": "eA=="}}], "end_turn", "the model answered nothing"),
        ([THOUGHTS], "max_tokens", "the model used its tokens up for thoughts .* raise MaxOutputTokens"),
        ([], "model_context_window_exceeded", "the model used its tokens up for thoughts"),
        ([], "malformed_tool_use", "Bedrock broke its answer off: malformed_tool_use"),
        ([{"text": "<tool"}], "malformed_model_output", "Bedrock broke its answer off: malformed_model_output"),
    ],
    ids=str,
)
def test_no_reply_is_no_refusal(
    emulator: Local, service: Fake, content: list[dict[str, Any]], stop: str, said: str
) -> None:
    """A reply that says nothing, or that the service broke off, is an error with what it took, and asked once."""
    service.answer = lambda _: says(*content, stop=stop)
    with pytest.raises(ModelError, match=said) as raised:
        bedrock(emulator, service.url).complete(CONVERSATION)
    assert (ModelError, EACH, 1) == (type(raised.value), raised.value.usage, len(service.requests))


@pytest.mark.parametrize("stop", ["stop_sequence", "tool_use", "malformed_model_output", "of another year", 7, None])
def test_a_reply_whatever_is_said_of_its_end(emulator: Local, service: Fake, stop: Any) -> None:
    """A reply is read whatever the service says of its end."""
    service.answer = lambda _: says({"text": "{}"}, stop=stop)
    assert "{}" == bedrock(emulator, service.url).complete(CONVERSATION).text


@pytest.mark.parametrize(
    ("refused", "expected"),
    [([], "outputConfig"), (["outputConfig"], "toolConfig"), (["outputConfig", "toolConfig"], "text")],
)
def test_what_a_model_can_do_is_found_out_once(
    emulator: Local, service: Fake, refused: list[str], expected: str
) -> None:
    """A way that the model refuses is left out of the next call."""
    service.answer = lambda request: (
        fails(400, "ValidationException") if way(request) in refused else says({"text": "{}"})
    )
    asking = bedrock(emulator, service.url)
    for _ in range(2):
        asking.complete(CONVERSATION)
    assert [*refused, expected, expected] == [way(request) for request in service.requests]


def test_a_boto3_that_does_not_know_a_way(emulator: Local, service: Fake) -> None:
    """Where the runtime's boto3 is older than structured output, the tool is asked for."""
    asking = bedrock(emulator, service.url)
    asking._variants._variants = ({"shape": {"unknownToBoto3": {}}}, *asking._variants._variants[1:])
    assert "{}" == asking.complete(CONVERSATION).text
    assert ["toolConfig"] == [way(request) for request in service.requests]


@pytest.mark.parametrize("stop", ["content_filtered", "guardrail_intervened", "refusal"])
def test_a_filter_is_final(emulator: Local, service: Fake, stop: str) -> None:
    """What the service filters is told as such, with what it took, and not asked for again."""
    service.answer = lambda _: says({"text": "Sorry."}, stop=stop)
    with pytest.raises(FilteredError, match=stop) as raised:
        bedrock(emulator, service.url).complete(CONVERSATION)
    assert EACH == raised.value.usage
    assert 1 == len(service.requests)


@pytest.mark.parametrize(
    ("stop", "cut_off"), [("end_turn", False), ("max_tokens", True), ("model_context_window_exceeded", True)]
)
def test_a_reply_that_is_cut_off(emulator: Local, service: Fake, stop: str, cut_off: bool) -> None:
    """A reply whose tokens were used up is known as such."""
    service.answer = lambda _: says({"text": "{"}, stop=stop)
    assert cut_off == bedrock(emulator, service.url).complete(CONVERSATION).cut_off


def test_a_turn_without_text_is_sent_with_some(emulator: Local, service: Fake) -> None:
    """A reply that said nothing is quoted as such: Bedrock refuses an empty turn."""
    bedrock(emulator, service.url).complete((*CONVERSATION[:2], Message("assistant", ""), CONVERSATION[3]))
    assert [{"text": "(nothing)"}] == service.requests[0]["messages"][1]["content"]


SAID = "said by the service"


@pytest.mark.parametrize(
    ("answer", "kind", "said", "requests"),
    [
        (fails(400, "ValidationException"), NotSupportedError, f"take the request to {MODEL} in us-east-1: {SAID}$", 3),
        (
            fails(400, "ValidationException", "The provided model identifier is invalid."),
            ModelError,
            f"does not take {MODEL} in us-east-1; set BedrockModel .*: The provided model identifier is invalid.$",
            1,
        ),
        (
            fails(400, "ServiceQuotaExceededException"),
            ModelError,
            f"answered ServiceQuotaExceededException: {SAID}$",
            1,
        ),
        (fails(403, "AccessDeniedException"), ModelError, f"does not open {MODEL} in us-east-1 .*: {SAID}$", 1),
        (fails(403, "ExpiredTokenException"), ModelError, f"answered ExpiredTokenException: {SAID}$", 1),
        (
            fails(404, "ResourceNotFoundException"),
            ModelError,
            f"no model {MODEL} in .*; set BedrockModel .*: {SAID}$",
            1,
        ),
        (fails(408, "ModelTimeoutException"), ModelError, f"answered ModelTimeoutException: {SAID}$", 1),
        (fails(424, "ModelErrorException"), ModelError, f"answered ModelErrorException: {SAID}$", 1),
        (fails(429, "ThrottlingException"), ThrottledError, f"answered ThrottlingException: {SAID}$", 1),
        (
            fails(429, "ThrottlingException", "Too many tokens per day, please wait before trying again."),
            ModelError,
            "Too many tokens per day, .*; a quota of the account is used up$",
            1,
        ),
        (fails(429, "ModelNotReadyException"), ThrottledError, f"answered ModelNotReadyException: {SAID}$", 1),
        ((429, b"", {}), ThrottledError, "answered 429", 1),
        (
            fails(503, "ServiceUnavailableException"),
            ThrottledError,
            f"answered ServiceUnavailableException: {SAID}$",
            1,
        ),
        ((503, b"<html>", {}), ThrottledError, "answered 503", 1),
        (
            fails(500, "InternalServerException"),
            ModelError,
            f"answered InternalServerException: {SAID}$",
            MAX_CALL_TRIES,
        ),
        ((502, b"<html>", {}), ModelError, "answered 502", MAX_CALL_TRIES),
        ((400, {"message": ["no"]}, {"x-amzn-ErrorType": "OfAnotherYear"}), ModelError, "answered OfAnotherYear", 1),
    ],
    ids=lambda value: str(value)[:70],
)
def test_what_the_service_refuses_is_said(
    emulator: Local, service: Fake, answer: Answer, kind: type[ModelError], said: str, requests: int
) -> None:
    """The service's own words are told, nothing was taken, and only what fails for the moment is tried again."""
    service.answer = lambda _: answer
    with pytest.raises(ModelError, match=said) as raised:
        bedrock(emulator, service.url).complete(CONVERSATION)
    assert (kind, NO_TOKENS, requests) == (type(raised.value), raised.value.usage, len(service.requests))


def test_the_service_says_how_long_to_wait(emulator: Local, service: Fake) -> None:
    """Where it does, the error has the seconds."""
    status, body, headers = fails(429, "ThrottlingException")
    service.answer = lambda _: (status, body, headers | {"Retry-After": "7"})
    with pytest.raises(ThrottledError) as raised:
        bedrock(emulator, service.url).complete(CONVERSATION)
    assert 7.0 == raised.value.retry_after


def test_what_is_about_the_model_filters_nothing(emulator: Local, service: Fake) -> None:
    """After a reply, a request that is refused in every way is filtered; one that is refused for its model is not."""
    asking = bedrock(emulator, service.url)
    asking.complete(CONVERSATION)
    service.answer = lambda _: fails(400, "ValidationException")
    with pytest.raises(FilteredError, match="it answers others"):
        asking.complete(CONVERSATION)
    service.answer = lambda _: fails(400, "ValidationException", "Operation not allowed")
    with pytest.raises(ModelError, match="Operation not allowed") as raised:
        asking.complete(CONVERSATION)
    assert ModelError is type(raised.value)


def test_nobody_is_there(emulator: Local) -> None:
    """A service that cannot be reached is an error that took nothing."""
    with pytest.raises(ModelError, match="Bedrock did not answer") as raised:
        bedrock(emulator, "http://127.0.0.1:9").complete(CONVERSATION)
    assert NO_TOKENS == raised.value.usage


@pytest.mark.parametrize("lost", ["too slow", "dropped"])
def test_what_may_have_been_worked_on_is_asked_once(emulator: Local, service: Fake, lost: str) -> None:
    """Once the request is sent it may have to be paid, so a reply that does not come is not asked for again."""
    over = threading.Event()

    def answer(_: Request) -> Answer:
        if lost == "too slow":
            over.wait()
        raise ConnectionAbortedError

    service.answer = answer
    with pytest.raises(ModelError, match="Bedrock did not answer") as raised:
        bedrock(emulator, service.url, read_timeout=0.2).complete(CONVERSATION)
    over.set()
    assert (None, 1) == (raised.value.usage, len(service.requests))


@pytest.mark.parametrize(
    ("body", "usage"),
    [
        (b"<html>", None),
        ({"output": {}}, None),
        ({"output": []}, None),
        ([], None),
        ({"usage": {"inputTokens": 700, "outputTokens": 300}}, Usage(calls=1, input_tokens=700, output_tokens=300)),
    ],
    ids=["no JSON", "an empty output", "a list for an output", "a list", "no output"],
)
def test_what_is_no_reply_is_said(emulator: Local, service: Fake, body: Any, usage: Usage | None) -> None:
    """What cannot be read as a reply is an error that tells what it took, and is not tried again."""
    service.answer = lambda _: (200, body, {})
    with pytest.raises(ModelError, match="Bedrock answered no message") as raised:
        bedrock(emulator, service.url).complete(CONVERSATION)
    assert (usage, 1) == (raised.value.usage, len(service.requests))


def test_a_reply_that_tells_no_tokens(emulator: Local, service: Fake) -> None:
    """A reply is read though nothing is told of what it took."""
    status, body, headers = says({"text": "{}"})
    service.answer = lambda _: (status, body | {"usage": None}, headers)
    completion = bedrock(emulator, service.url).complete(CONVERSATION)
    assert ("{}", None) == (completion.text, completion.usage)


def test_two_calls_fit_into_the_function(resources: dict[str, Any]) -> None:
    """The tries of two calls, each as long as it may take, end before summarize is ended."""
    client: Any = boto3.client("bedrock-runtime", region_name="us-east-1", config=BEDROCK_CONFIG)
    longest = 2 * MAX_CALL_TRIES * client.meta.config.read_timeout
    assert longest < resources["Summarize"]["Properties"]["Timeout"]
