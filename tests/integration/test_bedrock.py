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
from paperboy.summaries.model import MAX_CALL_TRIES, NO_TOKENS, FilteredError, ModelError
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


def bedrock(emulator: Local, url: str, **options: Any) -> Bedrock:
    retries: Any = {"mode": "standard", "total_max_attempts": MAX_CALL_TRIES}
    at_once = BEDROCK_CONFIG.merge(Config(retries=retries, proxies={}, **options))
    return Bedrock(MODEL, SCHEMA, emulator.session.client("bedrock-runtime", endpoint_url=url, config=at_once))


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
        ([{"reasoningContent": {"reasoningText": {"text": "thinking"}}}, {"text": "{}"}], "{}"),
        ([], ""),
    ],
    ids=["text", "tool", "thoughts", "nothing"],
)
def test_a_reply_in_any_of_its_forms(emulator: Local, service: Fake, content: list[dict[str, Any]], text: str) -> None:
    """The reply is the text or the tool's input, without the model's thoughts."""
    service.answer = lambda _: says(*content)
    assert text == bedrock(emulator, service.url).complete(CONVERSATION).text


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
    asking._variants._variants = ({"unknownToBoto3": {}}, *asking._variants._variants[1:])
    assert "{}" == asking.complete(CONVERSATION).text
    assert ["toolConfig"] == [way(request) for request in service.requests]


@pytest.mark.parametrize("stop", ["content_filtered", "guardrail_intervened"])
def test_a_filter_is_final(emulator: Local, service: Fake, stop: str) -> None:
    """What the service filters is told as such, with what it took, and not asked for again."""
    service.answer = lambda _: says({"text": "Sorry."}, stop=stop)
    with pytest.raises(FilteredError, match=stop) as raised:
        bedrock(emulator, service.url).complete(CONVERSATION)
    assert Usage(calls=1, input_tokens=700, output_tokens=300) == raised.value.usage
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


@pytest.mark.parametrize(
    ("answer", "said", "tries"),
    [
        (fails(429, "ThrottlingException"), "Bedrock answered ThrottlingException", MAX_CALL_TRIES),
        (fails(503, "ServiceUnavailableException"), "Bedrock answered ServiceUnavailableException", MAX_CALL_TRIES),
        (fails(500, "InternalServerException"), "Bedrock answered InternalServerException", MAX_CALL_TRIES),
        (fails(403, "AccessDeniedException"), f"Bedrock does not open {MODEL} in us-east-1 to this account", 1),
        (fails(404, "ResourceNotFoundException"), f"Bedrock has no model {MODEL} in us-east-1; set BedrockModel", 1),
        (fails(400, "ValidationException"), f"does not take the request to {MODEL} in us-east-1: said by", 3),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_the_service_refuses_is_said(
    emulator: Local, service: Fake, monkeypatch: pytest.MonkeyPatch, answer: Answer, said: str, tries: int
) -> None:
    """What fails for the moment is tried three times, anything else once a way, and the error says what it was."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    service.answer = lambda _: answer
    with pytest.raises(ModelError, match=said):
        bedrock(emulator, service.url).complete(CONVERSATION)
    assert tries == len(service.requests)


def test_nobody_is_there(emulator: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that cannot be reached is an error that took nothing."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
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
