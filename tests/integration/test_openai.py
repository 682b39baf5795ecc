"""OpenAI-compatible endpoints: what each can do is found out, and what each refuses is said."""

from __future__ import annotations

import gzip
import itertools
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from paperboy.adapters.models.openai import CALL_RETRY, OpenAI
from paperboy.adapters.secret import Secret
from paperboy.languages.language import load_language
from paperboy.summaries.model import (
    MAX_VARIANT_TRIES,
    NO_TOKENS,
    FilteredError,
    ModelError,
    NotSupportedError,
    ThrottledError,
)
from paperboy.summaries.prompt import Message
from paperboy.summaries.reply import schema_of
from paperboy.summaries.usage import MAX_REPORTED_TOKENS, Usage
from paperboy_cli.local.emulator import Local
from tests.integration.conftest import PRICES, Stages, run_of
from tests.integration.fake import Answer, Fake, Request, serving

SCHEMA = schema_of(load_language("zh"))
CONVERSATION = (Message("system", "Answer in JSON."), Message("user", "{}"))
AT_ONCE = CALL_RETRY.copy_with(backoff_factor=0.0)
"""The real number of tries, without the waiting."""
KEY = "sk-do-not-tell-anybody"


def reply(content: str | None = "{}", finish: str = "stop", **message: Any) -> Answer:
    choice = {"message": {"role": "assistant", "content": content, **message}, "finish_reason": finish}
    return 200, {"choices": [choice], "usage": {"prompt_tokens": 700, "completion_tokens": 300}}, {}


def error(status: int, code: object = None, **headers: str) -> Answer:
    return status, {"error": {"message": f"no, {KEY}", "type": "invalid_request_error", "code": code}}, headers


@pytest.fixture
def endpoint() -> Iterator[Fake]:
    with serving(Fake(lambda _: reply())) as fake:
        yield fake


def model(endpoint: Fake, key: Secret | None = None) -> OpenAI:
    return OpenAI(f"{endpoint.url}/v1/", "some-model", SCHEMA, key, AT_ONCE)


def refuses(*features: str, status: int = 400) -> Callable[[Request], Answer]:
    """An endpoint that refuses a request with one of the features, as those that lack them do."""

    def answer(request: Request) -> Answer:
        features_used = {*request, request.get("response_format", {}).get("type", "text")}
        return error(status) if features_used & {*features} else reply()

    return answer


def way(request: Request) -> tuple[str, str]:
    """How a request asked for its shape and bounded its reply."""
    limit = next(name for name in ("max_tokens", "max_completion_tokens") if name in request)
    return request.get("response_format", {}).get("type", "text"), limit


@pytest.mark.parametrize(
    ("answer", "expected", "tried"),
    [
        (refuses(), ("json_schema", "max_tokens"), 1),
        (refuses("max_tokens"), ("json_schema", "max_completion_tokens"), 2),
        (refuses("json_schema"), ("json_object", "max_tokens"), 3),
        (refuses("json_schema", "json_object"), ("text", "max_tokens"), 4),
        (refuses("json_schema", "max_tokens"), ("json_object", "max_completion_tokens"), 5),
        (refuses("json_schema", "json_object", "max_tokens"), ("text", "max_completion_tokens"), 6),
        (refuses("json_schema", status=500), ("json_object", "max_tokens"), 4),
        (refuses("json_schema", status=404), ("json_object", "max_tokens"), 2),
        (refuses("json_schema", "json_object", status=501), ("text", "max_tokens"), 3),
    ],
    ids=[
        "all",
        "OpenAI's newer models",
        "DeepSeek, Moonshot",
        "a bare endpoint",
        "an older format and a newer limit",
        "a newer limit alone",
        "llama-cpp-python",
        "OpenRouter",
        "not implemented",
    ],
)
def test_what_an_endpoint_can_do_is_found_out_once(
    endpoint: Fake, answer: Callable[[Request], Answer], expected: tuple[str, str], tried: int
) -> None:
    """The strongest way that the endpoint takes is found, and the next call takes it at once."""
    endpoint.answer = answer
    asking = model(endpoint)
    completions = [asking.complete(CONVERSATION), asking.complete(CONVERSATION)]
    assert [("{}", Usage(calls=1, input_tokens=700, output_tokens=300))] * 2 == [
        (each.text, each.usage) for each in completions
    ]
    assert [expected] * 2 == [way(request) for request in endpoint.requests[tried - 1 :]]
    assert tried + 1 == len(endpoint.requests)


def test_what_is_refused_in_every_way_teaches_nothing(endpoint: Fake) -> None:
    """When no way works, something else was wrong: the next call begins with the strongest way again."""
    endpoint.answer = lambda _: error(400)
    asking = model(endpoint)
    with pytest.raises(ModelError, match="answered 400"):
        asking.complete(CONVERSATION)
    endpoint.answer = lambda _: reply()
    asking.complete(CONVERSATION)
    assert ("json_schema", "max_tokens") == way(endpoint.requests[-1])


def knows_no_system(request: Request) -> Answer:
    """An endpoint without instructions of their own, which says no more than that it does not take the request."""
    return error(400) if request["messages"][0]["role"] == "system" else reply()


def test_an_endpoint_without_a_system_role(endpoint: Fake) -> None:
    """The instructions then stand at the head of the user's first turn, and the next call asks so at once."""
    endpoint.answer = knows_no_system
    asking = model(endpoint)
    assert ["{}", "{}"] == [asking.complete(CONVERSATION).text for _ in range(2)]
    assert [{"role": "user", "content": "Answer in JSON.\n\n{}"}] == endpoint.requests[-1]["messages"]
    assert ("json_object", "max_tokens") == way(endpoint.requests[-1])
    assert 7 + 1 == len(endpoint.requests)


def says_what_it_lacks(request: Request) -> Answer:
    """Gemma at Gemini's OpenAI-compatible endpoint."""
    if request["messages"][0]["role"] == "system":
        return 400, [{"error": {"code": 400, "message": "Developer instruction is not enabled for models/x"}}], {}
    if "response_format" in request:
        return 400, [{"error": {"code": 400, "message": "JSON mode is not enabled for models/x"}}], {}
    return reply()


def test_an_endpoint_that_says_what_it_lacks(endpoint: Fake) -> None:
    """Words that name a part of the way to ask change that part alone, so few tries are needed."""
    endpoint.answer = says_what_it_lacks
    model(endpoint).complete(CONVERSATION)
    tried = [(request["messages"][0]["role"], *way(request)) for request in endpoint.requests]
    assert [
        ("system", "json_schema", "max_tokens"),
        ("user", "json_schema", "max_tokens"),
        ("user", "json_object", "max_tokens"),
        ("user", "text", "max_tokens"),
    ] == tried


def test_a_repair_without_a_system_role(endpoint: Fake) -> None:
    """Of several turns of the user the first has the instructions."""
    endpoint.answer = says_what_it_lacks
    model(endpoint).complete((*CONVERSATION, Message("assistant", "no"), Message("user", "again")))
    roles = [(each["role"], each["content"][:6]) for each in endpoint.requests[-1]["messages"]]
    assert [("user", "Answer"), ("assistant", "no"), ("user", "again")] == roles


def test_a_limit_that_is_too_high_is_no_filter(endpoint: Fake) -> None:
    """Words about a part of the way to ask are not about the paper, also when no other way works."""
    asking = model(endpoint)
    asking.complete(CONVERSATION)
    endpoint.answer = lambda _: (400, {"error": "max_tokens is too large"}, {})
    with pytest.raises(ModelError, match=r"max_tokens is too large$") as raised:
        asking.complete(CONVERSATION)
    assert (NotSupportedError, 1 + 2) == (type(raised.value), len(endpoint.requests))


def test_few_ways_are_tried(endpoint: Fake) -> None:
    """An endpoint that refuses all is asked eight times."""
    endpoint.answer = lambda _: error(400)
    with pytest.raises(ModelError, match="answered 400"):
        model(endpoint).complete(CONVERSATION)
    assert MAX_VARIANT_TRIES == 8 == len(endpoint.requests)


def test_extra_fields_win(endpoint: Fake) -> None:
    """What the settings add to a request stands in place of ours, and no other way is tried for it."""
    extra = {"max_completion_tokens": 7, "response_format": {"type": "text"}, "enable_thinking": False}
    endpoint.answer = lambda _: error(400)
    with pytest.raises(ModelError):
        OpenAI(f"{endpoint.url}/v1", "m", SCHEMA, retry=AT_ONCE, extra=extra).complete(CONVERSATION)
    assert [extra] * 2 == [
        {name: value for name, value in each.items() if name not in ("model", "messages")} for each in endpoint.requests
    ]


@pytest.mark.parametrize(("status", "ways"), [(500, 3), (502, 1), (504, 1)])
def test_what_fails_for_the_moment_is_tried_again(endpoint: Fake, status: int, ways: int) -> None:
    """Three tries in all, and then the reason; with 500 it may lack a format, so each of them is tried."""
    endpoint.answer = lambda _: error(status, Retry_After="0")
    with pytest.raises(ModelError, match=f"answered {status}"):
        model(endpoint).complete(CONVERSATION)
    assert 3 * ways == len(endpoint.requests)


@pytest.mark.parametrize(("status", "tries"), [(429, 1), (503, 3), (529, 1)])
def test_an_endpoint_without_room_is_not_waited_for(endpoint: Fake, status: int, tries: int) -> None:
    """It is told at once, with the seconds after which it wants to be asked again; 503 may be for the moment."""
    answer = status, {"error": "busy"}, {"Retry-After": "7"}
    endpoint.answer = lambda _: answer
    with pytest.raises(ThrottledError, match=f"answered {status}: busy$") as raised:
        model(endpoint).complete(CONVERSATION)
    assert (7.0, NO_TOKENS, tries) == (raised.value.retry_after, raised.value.usage, len(endpoint.requests))


def test_an_endpoint_that_has_answered_is_believed(endpoint: Fake) -> None:
    """After a reply, a 500 is a failure for the moment and says nothing of the way to ask."""
    asking = model(endpoint)
    asking.complete(CONVERSATION)
    endpoint.answer = lambda _: error(500)
    with pytest.raises(ModelError, match="answered 500"):
        asking.complete(CONVERSATION)
    assert 1 + 3 == len(endpoint.requests)


def test_what_alone_is_refused_is_filtered(endpoint: Fake) -> None:
    """A conversation that is refused in every way, by an endpoint that answers others, is one that it filters."""
    asking = model(endpoint)
    asking.complete(CONVERSATION)
    endpoint.answer = lambda _: (400, {"error": {"message": "risky", "type": "invalid"}}, {})
    with pytest.raises(FilteredError, match="answered 400: risky; it answers others"):
        asking.complete(CONVERSATION)
    assert 1 + 3 == len(endpoint.requests)
    endpoint.answer = lambda _: reply()
    asking.complete(CONVERSATION)
    assert ("json_schema", "max_tokens") == way(endpoint.requests[-1])


def test_a_stronger_way_that_worked_is_kept(endpoint: Fake) -> None:
    """A weaker way that works for one conversation does not replace a stronger one that worked for another."""
    asking = model(endpoint)
    asking.complete(CONVERSATION)
    endpoint.answer = refuses("json_schema")
    asking.complete(CONVERSATION)
    endpoint.answer = refuses()
    asking.complete(CONVERSATION)
    assert ("json_schema", "max_tokens") == way(endpoint.requests[-1])


@pytest.mark.parametrize(
    "answer",
    [
        error(400, "content_filter"),
        error(400, "data_inspection_failed"),
        error(400, "1301"),
        (400, {"error": {"message": "it was considered high risk", "type": "content_filter"}}, {}),
        reply("", finish="content_filter"),
        reply("", finish="sensitive"),
        reply(None, refusal="I cannot help with that."),
    ],
    ids=["Azure", "DashScope", "Zhipu", "Moonshot", "finish_reason", "Zhipu's finish_reason", "refusal"],
)
def test_a_refusal_is_final(endpoint: Fake, answer: Answer) -> None:
    """A content filter or a refusal is told as such, and neither tried again nor asked for in another way."""
    endpoint.answer = lambda _: answer
    with pytest.raises(FilteredError):
        model(endpoint).complete(CONVERSATION)
    assert 1 == len(endpoint.requests)


@pytest.mark.parametrize(
    "code", ["Arrearage", "insufficient_quota", "insufficient_balance", "billing_not_active", "1113"]
)
def test_an_unpaid_account_filters_nothing(endpoint: Fake, code: str) -> None:
    """An endpoint that has answered before and asks for money with 400 refuses the account and not the paper."""
    asking = model(endpoint)
    asking.complete(CONVERSATION)
    endpoint.answer = lambda _: error(400, code)
    with pytest.raises(ModelError, match="answered 400") as raised:
        asking.complete(CONVERSATION)
    assert (ModelError, NO_TOKENS, 2) == (type(raised.value), raised.value.usage, len(endpoint.requests))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (error(404, "model_not_found"), "answered 404: no, "),
        (
            (402, {"error": {"message": "No\n\x1b[31m balance"}}, {}),
            r"answered 402: No \[31m balance; the account has ",
        ),
        (
            (404, {"object": "error", "message": "no model m", "code": 404}, {}),
            "answered 404: no model m; set LlmModel ",
        ),
        ((404, {"error": "model m not found, try pulling it first"}, {}), "answered 404: model m not found, try "),
        ((413, b"<html>too large</html>", {}), "answered 413: too large$"),
        ((413, b"[" * 100_000, {}), "answered 413$"),
        ((302, b"", {"Location": "http://127.0.0.1:9/"}), "answered 302$"),
        ((200, b"<html>gateway</html>", {}), "answered no chat completion"),
        ((200, {"choices": []}, {}), "answered no chat completion"),
        ((200, itertools.repeat(b"\n" * 9999), {}), "answered more than 1,000,000 bytes"),
        ((429, {}, {"Retry-After": f"Mon, 01 Jan {10**20} 00:00:00 GMT"}), "answered 429$"),
        (reply("{", finish="insufficient_system_resource"), "broke its answer off: insufficient_system_resource"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_reply_is_said(endpoint: Fake, answer: Answer, said: str) -> None:
    """What cannot be read as a reply is one error that says what came, and is not tried again."""
    endpoint.answer = lambda _: answer
    with pytest.raises(ModelError, match=said):
        model(endpoint).complete(CONVERSATION)
    assert 1 == len(endpoint.requests)


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        ({"prompt_tokens": 700, "completion_tokens": -300}, (700, 0)),
        ({"prompt_tokens": 10**20, "completion_tokens": 10**40}, (MAX_REPORTED_TOKENS, MAX_REPORTED_TOKENS)),
        ({"prompt_tokens": None, "completion_tokens": 300}, None),
        ({"prompt_tokens": 12.5, "completion_tokens": 300}, None),
        ({"prompt_tokens": "x", "completion_tokens": 300}, None),
        ({"prompt_tokens": 700}, None),
        ([], None),
        (None, None),
    ],
    ids=str,
)
def test_a_reply_is_kept_whatever_it_tells_of_its_tokens(
    endpoint: Fake, reported: object, expected: tuple[int, int] | None
) -> None:
    """Numbers out of range are brought into it, and what is no number counts as not told; the reply is read."""
    status, body, headers = reply()
    endpoint.answer = lambda _: (status, body | {"usage": reported}, headers)
    completion = model(endpoint).complete(CONVERSATION)
    usage = expected and Usage(calls=1, input_tokens=expected[0], output_tokens=expected[1])
    assert ("{}", usage) == (completion.text, completion.usage)


@pytest.mark.parametrize("lost", ["too slow", "dropped"])
def test_what_may_have_been_worked_on_is_asked_once(endpoint: Fake, monkeypatch: pytest.MonkeyPatch, lost: str) -> None:
    """Once the request is sent it may have to be paid, so a reply that does not come is not asked for again."""
    over = threading.Event()

    def answer(_: Request) -> Answer:
        if lost == "too slow":
            over.wait()
        raise ConnectionAbortedError

    endpoint.answer = answer
    monkeypatch.setattr("paperboy.adapters.models.openai.CALL_TIMEOUT", httpx.Timeout(0.2))
    with pytest.raises(ModelError, match="did not answer") as raised:
        model(endpoint).complete(CONVERSATION)
    over.set()
    assert (None, 1) == (raised.value.usage, len(endpoint.requests))


def test_a_packed_answer_is_bounded(endpoint: Fake) -> None:
    """An answer is asked for as it is; one that is packed all the same is unpacked as far as an answer may go."""
    endpoint.answer = lambda _: (200, gzip.compress(json.dumps(reply()[1]).encode()), {"Content-Encoding": "gzip"})
    assert "{}" == model(endpoint).complete(CONVERSATION).text
    assert "identity" == endpoint.headers[0]["Accept-Encoding"]
    endpoint.answer = lambda _: (200, gzip.compress(b" " * 2_000_000), {"Content-Encoding": "gzip"})
    with pytest.raises(ModelError, match="answered more than 1,000,000 bytes"):
        model(endpoint).complete(CONVERSATION)


def test_an_answer_that_does_not_end(endpoint: Fake) -> None:
    """Empty lines keep a call alive only for as long as it may take."""
    endpoint.answer = lambda _: (200, itertools.repeat(b"\n"), {})
    with pytest.raises(ModelError, match=r"did not end its answer within 0.1 s"):
        OpenAI(f"{endpoint.url}/v1", "m", SCHEMA, None, AT_ONCE, max_seconds=0.1).complete(CONVERSATION)


def test_a_turn_without_text_is_sent_with_some(endpoint: Fake) -> None:
    """A reply that said nothing is quoted as such: endpoints refuse an empty turn."""
    model(endpoint).complete((*CONVERSATION, Message("assistant", " "), Message("user", "again")))
    assert "(nothing)" == endpoint.requests[0]["messages"][2]["content"]


def summarized(stages: Stages, endpoint: Fake) -> Any:
    """The record that is written of a paper by the endpoint's model."""
    stages.ingest(run_of(3))
    stages.score()
    stages.model = model(endpoint)
    return stages.summarize(stages.requests()[0])


def test_a_filtered_paper_is_a_refusal(stages: Stages, endpoint: Fake) -> None:
    """A paper that is filtered counts as refused, what that took is counted, and nothing is repaired."""
    endpoint.answer = lambda _: reply("", finish="content_filter")
    record = summarized(stages, endpoint)
    usage = Usage(calls=1, input_tokens=700, output_tokens=300, cost=PRICES.of(700, 300))
    assert (1, usage, 1) == (record.refusals, record.usage, len(endpoint.requests))


def test_a_model_is_told_that_it_was_cut_off(stages: Stages, endpoint: Fake) -> None:
    """The repair of a reply that was cut off says so."""
    endpoint.answer = lambda _: reply('{"title": "引', finish="length")
    assert 1 == summarized(stages, endpoint).refusals
    repair_request = endpoint.requests[1]["messages"][-1]["content"]
    assert "reply: it was cut off when its tokens were used up; " in repair_request


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "http://[::1/v1", "http://a..b/v1", "http://xn--a.com/v1"])
def test_nobody_is_there(url: str) -> None:
    """An endpoint that cannot be reached, or whose address is none, is an error that took nothing."""
    nowhere = OpenAI(url, "m", SCHEMA, None, AT_ONCE)
    with pytest.raises(ModelError, match="did not answer") as raised:
        nowhere.complete(CONVERSATION)
    assert NO_TOKENS == raised.value.usage


@pytest.fixture
def name(emulator: Local) -> Iterator[str]:
    """The name of a key's parameter that is of one test alone."""
    name = f"/test/{uuid.uuid4().hex}"
    yield name
    ssm = emulator.client("ssm")
    ssm.delete_parameters(Names=[name])


def test_a_key_goes_into_the_header(endpoint: Fake, emulator: Local, name: str) -> None:
    """The key in Parameter Store is sent as the endpoint asks for it, without the line break that a paste leaves."""
    ssm = emulator.client("ssm")
    ssm.put_parameter(Name=name, Value=f"{KEY}\n", Type="SecureString")
    model(endpoint, Secret(name, ssm)).complete(CONVERSATION)
    assert f"Bearer {KEY}" == endpoint.headers[0]["Authorization"]


def test_without_a_key_none_is_sent(endpoint: Fake, emulator: Local, name: str) -> None:
    """A parameter that does not exist means that there is no key; where one is asked for, the error names it."""
    asking = model(endpoint, Secret(name, emulator.client("ssm")))
    asking.complete(CONVERSATION)
    assert "Authorization" not in endpoint.headers[0]
    endpoint.answer = lambda _: error(401)
    with pytest.raises(ModelError, match=f"answered 401: it asks for a key, and there is none in {name}"):
        asking.complete(CONVERSATION)


def test_a_key_is_not_told_in_the_endpoints_words(endpoint: Fake, emulator: Local, name: str) -> None:
    """An endpoint that quotes the key in an error is not quoted with it."""
    emulator.client("ssm").put_parameter(Name=name, Value=KEY, Type="SecureString")
    endpoint.answer = lambda _: error(402)
    with pytest.raises(ModelError, match=r"answered 402: no, …; the account has no credit left$"):
        model(endpoint, Secret(name, emulator.client("ssm"))).complete(CONVERSATION)


def test_the_beginning_of_a_key_is_not_told(endpoint: Fake, emulator: Local, name: str) -> None:
    """An endpoint that quotes a key in part is quoted without that part."""
    emulator.client("ssm").put_parameter(Name=name, Value=KEY, Type="SecureString")
    endpoint.answer = lambda _: (402, {"error": f"{KEY[:8]}***{KEY[-4:]} and {KEY[:12]}*, {KEY[:7]}"}, {})
    with pytest.raises(ModelError, match=rf"answered 402: …\*\*\*{KEY[-4:]} and …\*, {KEY[:7]}; "):
        model(endpoint, Secret(name, emulator.client("ssm"))).complete(CONVERSATION)


def test_a_reply_does_not_hold_the_key(endpoint: Fake, emulator: Local, name: str) -> None:
    """An endpoint that says again what it was sent brings the key into no summary, reason or log."""
    emulator.client("ssm").put_parameter(Name=name, Value=KEY, Type="SecureString")
    endpoint.answer = lambda _: reply(json.dumps({"summary": endpoint.headers[0]["Authorization"]}))
    completion = model(endpoint, Secret(name, emulator.client("ssm"))).complete(CONVERSATION)
    assert {"summary": "Bearer …"} == json.loads(completion.text)


def test_a_refused_key_is_told_by_its_place(endpoint: Fake, emulator: Local, name: str) -> None:
    """The error names where the key is kept, is not tried again, and tells neither the key nor the endpoint's words."""
    emulator.client("ssm").put_parameter(Name=name, Value=KEY, Type="SecureString")
    endpoint.answer = lambda _: error(401)
    with pytest.raises(ModelError) as raised:
        model(endpoint, Secret(name, emulator.client("ssm"))).complete(CONVERSATION)
    assert f"the model's endpoint answered 401: it refused the key in {name}" == str(raised.value)
    assert 1 == len(endpoint.requests)


def test_what_is_forbidden_is_told_in_its_words(endpoint: Fake, emulator: Local, name: str) -> None:
    """403 is about more than the key: the endpoint's words are told, without the key."""
    emulator.client("ssm").put_parameter(Name=name, Value=KEY, Type="SecureString")
    endpoint.answer = lambda _: error(403)
    with pytest.raises(ModelError) as raised:
        model(endpoint, Secret(name, emulator.client("ssm"))).complete(CONVERSATION)
    assert ("the model's endpoint answered 403: no, …", 1) == (str(raised.value), len(endpoint.requests))


@pytest.mark.parametrize("key", [f"{KEY}\nX-Other: 1", f"{KEY}é"])
def test_what_is_no_key_is_not_told(endpoint: Fake, emulator: Local, name: str, key: str) -> None:
    """A parameter that cannot be a header is an error that names it and does not show it; nothing is sent."""
    emulator.client("ssm").put_parameter(Name=name, Value=key, Type="SecureString")
    with pytest.raises(ModelError) as raised:
        model(endpoint, Secret(name, emulator.client("ssm"))).complete(CONVERSATION)
    assert f"the key in {name} holds characters that no key has" == str(raised.value)
    assert [] == endpoint.requests


def test_a_store_that_does_not_answer(endpoint: Fake, emulator: Local) -> None:
    """When Parameter Store fails there is no call, and a reason."""
    broken = emulator.session.client("ssm", endpoint_url="http://127.0.0.1:9")
    with pytest.raises(ModelError, match="the key in /gone could not be read: EndpointConnectionError") as raised:
        model(endpoint, Secret("/gone", broken)).complete(CONVERSATION)
    assert Usage() == raised.value.usage
    assert [] == endpoint.requests


def test_a_new_key_is_taken_up(emulator: Local, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key is read once and kept for minutes, then read again."""
    ssm = emulator.client("ssm")
    ssm.put_parameter(Name=name, Value="old", Type="SecureString")
    secret = Secret(name, ssm)
    now = 1000.0
    monkeypatch.setattr("paperboy.adapters.secret.time.monotonic", lambda: now)
    assert "old" == secret.value()
    ssm.put_parameter(Name=name, Value="new", Type="SecureString", Overwrite=True)
    assert "old" == secret.value()
    now += 301
    assert "new" == secret.value()
