"""Answers of OpenAI-compatible endpoints, as bytes: the reply in them, or in words why there is none."""

from __future__ import annotations

import datetime as dt
import json
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperboy.adapters.models.chat_completion import read_answer
from paperboy.adapters.models.failures import read_failure, retry_after
from paperboy.summaries.model import (
    NO_TOKENS,
    Completion,
    FilteredError,
    ModelError,
    NotSupportedError,
    ThrottledError,
)
from paperboy.summaries.usage import Usage

STRICTEST = {"format": {"response_format": {}}, "limit": {"max_tokens": 1}, "system": True}
PLAINEST = {"format": {}, "limit": {}, "system": False}
EACH = Usage(calls=1, input_tokens=700, output_tokens=300)
TOLD = {"prompt_tokens": 700, "completion_tokens": 300}
GOOD = '{"summary": "好"}'
SAID = "the model's endpoint "


def body(value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def choice(finish: object = "stop", usage: object = TOLD, **message: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "message": message, "finish_reason": finish}], "usage": usage}


def read(status: int, value: Any, **options: Any) -> Completion:
    return read_answer(status, body(value), **({"variant": STRICTEST} | options))


def refused(status: int, value: Any, **options: Any) -> ModelError:
    with pytest.raises(ModelError) as raised:
        read(status, value, **options)
    return raised.value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"error": {"message": "no", "code": None}}, "no"),
        ({"error": "no"}, "no"),
        ({"error": ["no", "never"]}, "no: never"),
        ({"error": [{"message": "no"}]}, "no"),
        ([{"error": {"message": "no"}}], "no"),
        ({"error": True, "message": "no"}, "no"),
        ({"error": None, "message": "no"}, "no"),
        ({"error": 7, "error_msg": "no"}, "no"),
        ({"error": {"message": {"detail": [{"msg": "no"}]}}}, "no"),
        ({"detail": "no"}, "no"),
        ({"detail": [{"loc": ["body", 0, "x"], "msg": "no"}]}, "body.0.x: no"),
        ({"errors": [{"code": 1, "message": "no"}]}, "no"),
        ({"message": "no", "error": {"message": "no"}}, "no"),
        ({"base_resp": {"status_code": 1008, "status_msg": "no"}, "choices": None}, "no"),
        ({"error": {"message": "failed", "metadata": {"raw": '{"error": {"message": "no"}}'}}}, "failed: no"),
        ({"error": {"message": '{"error": {"message": "no"}}'}}, "no"),
        ({"error": {"message": "{no"}}, "{no"),
        ({"base_resp": {"status_code": 0, "status_msg": "success"}, "error": "no"}, "no"),
        ({"reasons": "no"}, "no"),
        ({"error": True}, '{"error": true}'),
        ({"else": "no"}, '{"else": "no"}'),
        (b"no", "no"),
        (b'{"error": {"message": "no', '{"error": {"message": "no'),
        (b"\xef\xbb\xbf" + b'{"error": "no"}', "no"),
        (b"<html><head><title>502 Bad\n Gateway</title></head><body>x</body></html>", "502 Bad\n Gateway"),
        (b"<html><style>a{}</style><body><h1>No &amp; never</h1></body>", "No & never"),
        (b"<!doctype html><script>var a = '</p>'", ""),
        (b"", ""),
        (b"\xff\xfe\x00", ""),
        (b"[" * 100_000, ""),
        ({}, ""),
        (7, ""),
    ],
    ids=lambda value: str(value)[:60],
)
def test_words_are_found_wherever_they_stand(value: Any, words: str) -> None:
    """What an endpoint says is told, in whatever shape it says so."""
    assert words == read_failure(body(value)).words


def test_words_are_bounded() -> None:
    """An answer of a megabyte of words, or of words in a hundred places, makes no long reason."""
    many = {"errors": ["x" * 500_000, *(f"word {place}" for place in range(100))]}
    assert len(str(refused(400, many))) < 300


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"content": GOOD}, GOOD),
        ({"content": [{"type": "text", "text": GOOD[:5]}, {"type": "text", "text": GOOD[5:]}]}, GOOD),
        ({"content": [{"type": "output_text", "text": {"value": "x", "text": GOOD}}]}, GOOD),
        ({"content": [GOOD]}, GOOD),
        ({"content": {"type": "text", "text": GOOD}}, GOOD),
        ({"content": [{"type": "thinking", "thinking": "hm", "text": "hm"}, {"type": "text", "text": GOOD}]}, GOOD),
        ({"content": [{"type": "text", "text": None}, 7, None, {"type": "text", "text": GOOD}]}, GOOD),
        ({"content": GOOD, "refusal": False}, GOOD),
        ({"content": GOOD, "refusal": ""}, GOOD),
        ({"content": GOOD, "refusal": None, "reasoning_content": "{}", "tool_calls": []}, GOOD),
        ({"content": None, "reasoning_content": GOOD}, GOOD),
        ({"content": "", "reasoning": GOOD}, GOOD),
        ({"content": " \n", "reasoning_content": " ", "reasoning": GOOD}, GOOD),
        ({"tool_calls": [{"function": {"name": "summary", "arguments": GOOD}}]}, GOOD),
        ({"tool_calls": [{"function": {"arguments": {"summary": "好"}}}]}, GOOD),
        ({"tool_calls": "x", "function_call": {"arguments": GOOD}}, GOOD),
        ({"content": "<think>hm {</think>"}, "<think>hm {</think>"),
        ({"content": f"\ufeff{GOOD}"}, f"\ufeff{GOOD}"),
        ({"content": "\ud800\ud83d\ude00"}, "�😀"),
    ],
    ids=lambda value: str(value)[:60] if isinstance(value, dict) else "",
)
def test_a_reply_is_read_wherever_it_stands(message: dict[str, Any], text: str) -> None:
    """A reply in parts, beside the content or with odd fields around it is the reply, with what it took."""
    completion = read(200, choice(**message))
    assert (text, EACH, False) == (completion.text, completion.usage, completion.cut_off)


@pytest.mark.parametrize("finish", [None, 7, True, {}, [], "", "eos", "tool_calls", "repetition_truncation", "STOP"])
def test_an_odd_end_does_no_harm(finish: object) -> None:
    """A reply is read whatever is said of its end."""
    assert GOOD == read(200, choice(finish, content=GOOD)).text


@pytest.mark.parametrize("usage", [None, [], "x", 7, {}, {"prompt_tokens": "1"}, {"prompt_tokens": 1.5}, {"total": 1}])
def test_an_odd_usage_does_no_harm(usage: object) -> None:
    """A reply that does not say what it took in numbers is read."""
    completion = read(200, choice(usage=usage, content=GOOD))
    assert (GOOD, None) == (completion.text, completion.usage)


@pytest.mark.parametrize(
    "value",
    [
        {"choices": [{"text": GOOD, "finish_reason": "stop"}], "usage": TOLD},
        {"choices": [{"message": None, "text": GOOD}], "usage": TOLD},
        b"\xef\xbb\xbf" + body(choice(content=GOOD)),
        b"\n\n \r\n" + body(choice(content=GOOD)),
        body(choice(content=GOOD)).decode().encode("utf-16"),
        {"error": None, "base_resp": {"status_code": 0, "status_msg": ""}, **choice(content=GOOD)},
        {"error": {"message": "a warning"}, **choice(content=GOOD)},
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_reply_is_read_from_any_body(value: Any) -> None:
    """An older field, a byte order mark, empty lines, another encoding or a field of errors take no reply away."""
    completion = read(200, value)
    assert (GOOD, EACH) == (completion.text, completion.usage)


@pytest.mark.parametrize("finish", ["length", "max_tokens", "model_length", "model_context_window_exceeded"])
def test_a_reply_that_is_cut_off(finish: str) -> None:
    """That a reply's tokens were used up is known, whatever the endpoint calls it."""
    assert read(200, choice(finish, content='{"summ')).cut_off


@pytest.mark.parametrize(
    "message",
    [
        {"content": None},
        {"content": "", "reasoning_content": "let me think of {"},
        {"content": "<think>let me {"},
        {"content": [{"type": "thinking", "thinking": "let me"}]},
        {"content": "<think>hm</think>\n"},
    ],
    ids=str,
)
def test_thoughts_that_use_all_tokens_up(message: dict[str, Any]) -> None:
    """A model that thought until its tokens were used up is no refusal; the reason names the setting that helps."""
    error = refused(200, choice("length", **message))
    said = "the model used its tokens up for thoughts and answered nothing: raise MaxOutputTokens"
    assert (ModelError, said, EACH) == (type(error), str(error), error.usage)


@pytest.mark.parametrize(
    "message", [{}, {"content": ""}, {"content": [], "reasoning": "hm"}, {"tool_calls": [{}]}, {"content": 7}], ids=str
)
def test_nothing_is_no_refusal(message: dict[str, Any]) -> None:
    """A reply without a word is a failure, and nothing that the model refused."""
    error = refused(200, choice(**message))
    assert (ModelError, "the model answered nothing", EACH) == (type(error), str(error), error.usage)


@pytest.mark.parametrize("finish", ["error", "abort", "ERROR", "insufficient_system_resource", "network_error"])
def test_a_reply_that_is_broken_off(finish: str) -> None:
    """What the endpoint could not finish is its fault and not the model's."""
    error = refused(200, choice(finish, content='{"title": "引'))
    assert (ModelError, f"{SAID}broke its answer off: {finish.lower()}") == (type(error), str(error))


def test_why_a_reply_is_broken_off() -> None:
    """A gateway's reason for it is told."""
    answer = choice("error", content="")
    answer["choices"][0]["error"] = {"code": 502, "message": "upstream away"}
    assert f"{SAID}broke its answer off: error: upstream away" == str(refused(200, answer))


@pytest.mark.parametrize(
    "answer",
    [
        choice("content_filter", content=""),
        choice("content_filter: PROHIBITED_CONTENT", content=""),
        choice("sensitive", content=GOOD),
        choice("refusal", content=""),
        choice(content=None, refusal="I cannot help."),
        choice(content=[{"type": "refusal", "refusal": "I cannot help."}]),
    ],
    ids=lambda value: str(value["choices"][0])[30:90],
)
def test_a_refusal_is_one(answer: dict[str, Any]) -> None:
    """A filtered reply and a model's own refusal are told as such, with what they took."""
    error = refused(200, answer)
    assert (FilteredError, EACH) == (type(error), error.usage)


NO_CHAT = f"{SAID}answered no chat completion"


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        ({"error": {"code": 429, "message": "busy"}}, ThrottledError, f"{NO_CHAT} (429): busy"),
        ({"error": {"code": "503", "message": "busy"}}, ThrottledError, f"{NO_CHAT} (503): busy"),
        ({"error": "Unexpected endpoint or method."}, ModelError, f"{NO_CHAT}: Unexpected endpoint or method."),
        ({"error": "'response_format' is unknown"}, NotSupportedError, f"{NO_CHAT}: 'response_format' is unknown"),
        ({"error": {"code": 400, "message": "bad"}}, NotSupportedError, f"{NO_CHAT} (400): bad"),
        (
            {"code": "rate_limit_daily", "message": "Error code: 429"},
            ModelError,
            f"{NO_CHAT}: Error code: 429; a quota of the account is used up",
        ),
        (
            {"error": {"code": "content_filter", "message": "no"}, "choices": []},
            FilteredError,
            f"{NO_CHAT}: no; it does not take what this paper says",
        ),
        (
            {"choices": None, "base_resp": {"status_code": 1002, "status_msg": "rate limit"}},
            ThrottledError,
            f"{NO_CHAT}: rate limit",
        ),
        (
            {"choices": None, "base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}},
            ModelError,
            f"{NO_CHAT}: insufficient balance; the account has no credit left",
        ),
        (
            {"choices": None, "base_resp": {"status_code": 1027, "status_msg": "output new_sensitive"}},
            FilteredError,
            f"{NO_CHAT}: output new_sensitive; it does not take what this paper says",
        ),
        (
            {"choices": None, "base_resp": {"status_code": 2013, "status_msg": "invalid params"}},
            NotSupportedError,
            f"{NO_CHAT}: invalid params",
        ),
        ({"error": {"message": "away"}, "choices": [{"message": {"content": ""}}]}, ModelError, f"{NO_CHAT}: away"),
        (
            {"choices": [{"message": {"content": ""}}], "base_resp": {"status_code": 1027, "status_msg": "no"}},
            FilteredError,
            f"{NO_CHAT}: no; it does not take what this paper says",
        ),
        ({"choices": []}, ModelError, f'{NO_CHAT}: {{"choices": []}}'),
        ({"choices": [None]}, ModelError, f'{NO_CHAT}: {{"choices": [null]}}'),
        (b"<title>Log in</title>", ModelError, f"{NO_CHAT}: Log in"),
        ([], ModelError, NO_CHAT),
    ],
    ids=lambda value: str(value)[:60],
)
def test_an_answer_without_choices(value: Any, kind: type[ModelError], said: str) -> None:
    """A 200 in which nothing was written is read for its error like any failure, and took no tokens."""
    error = refused(200, value)
    assert (kind, said, NO_TOKENS) == (type(error), str(error), error.usage)


@pytest.mark.parametrize(
    ("value", "usage"),
    [
        ({"choices": [], "usage": TOLD}, EACH),
        ({"choices": [], "usage": None}, NO_TOKENS),
        (b"", None),
        (b'{"choices": [{"message": {"content": "{', None),
    ],
    ids=str,
)
def test_what_an_answer_without_choices_took(value: Any, usage: Usage | None) -> None:
    """What is told counts, and of an answer that is not whole nobody knows."""
    assert usage == refused(200, value).usage


QUOTA = "a quota of the account is used up"
BALANCE = "the account has no credit left"
FILTER = "it does not take what this paper says"
REGION = "it is not open to this country or region"
MODEL = "set LlmModel to a model that it has"


@pytest.mark.parametrize("accepted", [False, True])
@pytest.mark.parametrize(
    ("status", "error", "says"),
    [
        (400, {"code": "Arrearage", "message": "Access denied"}, BALANCE),
        (400, {"message": "Access denied, please make sure your account is in good standing."}, BALANCE),
        (400, {"type": "invalid_request_error", "message": "Your credit balance is too low"}, BALANCE),
        (402, {"message": "Insufficient Balance"}, BALANCE),
        (402, {"message": "no"}, BALANCE),
        (403, {"code": "INSUFFICIENT_BALANCE", "message": "no"}, BALANCE),
        (429, {"code": "1113", "message": "余额不足或无可用资源包,请充值。"}, BALANCE),
        (429, {"type": "insufficient_balance_error", "message": "insufficient balance (1008)"}, BALANCE),
        (500, {"type": "api_error", "message": "insufficient balance (1008)"}, BALANCE),
        (400, {"code": "AllocationQuota.FreeTierOnly", "message": "no"}, QUOTA),
        (403, {"message": "The free tier of the model has been exhausted."}, QUOTA),
        (403, {"message": "You've reached your usage limit for this billing cycle"}, QUOTA),
        (429, {"code": "insufficient_quota", "message": "no"}, QUOTA),
        (429, {"message": "Rate limit reached on tokens per day (TPD): Limit 100000"}, QUOTA),
        (429, {"code": "1308", "message": "已达到 5 小时的使用上限"}, QUOTA),
        (
            429,
            {
                "code": 429,
                "message": "You exceeded your current quota",
                "status": "RESOURCE_EXHAUSTED",
                "details": [{"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}],
            },
            QUOTA,
        ),
        (403, {"code": "unsupported_country_region_territory", "message": "no"}, REGION),
        (400, {"message": "User location is not supported for the API use."}, REGION),
        (403, {"message": "This model is not available in your region."}, REGION),
        (400, {"message": "Model Not Exist"}, MODEL),
        (400, {"message": "x/y is not a valid model ID"}, MODEL),
        (400, {"message": "/chat/completions: Invalid model name passed in model=x"}, MODEL),
        (404, {"code": "model_not_found", "message": "no"}, MODEL),
        (404, {"message": "The model `x` does not exist or you do not have access to it."}, MODEL),
        (404, {"message": "Not found the model x or Permission denied"}, MODEL),
        (503, {"code": "model_not_found", "message": "当前分组下对于模型 x 无可用渠道"}, MODEL),
        (
            400,
            {"message": "parameter.enable_thinking must be set to false for non-streaming calls"},
            'set LlmExtra to {"enable_thinking": false}',
        ),
    ],
    ids=lambda value: str(value)[:70],
)
def test_what_is_about_the_account_or_the_model(status: int, error: dict[str, Any], says: str, accepted: bool) -> None:
    """It is an error with a sentence of its own, and no refusal, also from an endpoint that has answered others."""
    error_of = refused(status, {"error": error}, accepted=accepted)
    assert (ModelError, NO_TOKENS) == (type(error_of), error_of.usage)
    assert str(error_of).startswith(f"{SAID}answered {status}: {error['message']}")
    assert str(error_of).endswith(f"; {says}")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, {"code": "content_filter", "message": "no"}),
        (400, {"innererror": {"code": "ResponsibleAIPolicyViolation"}, "message": "no"}),
        (400, {"message": "Content Exists Risk", "code": "invalid_request_error"}),
        (400, {"message": "Input data may contain inappropriate content."}),
        (403, {"message": 'x requires moderation. Your input was flagged for "violence"'}),
        (500, {"code": "sensitive_words_detected", "message": "no"}),
    ],
    ids=str,
)
def test_what_a_filter_says(status: int, error: dict[str, Any]) -> None:
    """What a paper says is refused by codes of many kinds, and by phrases where there is no code."""
    error_of = refused(status, {"error": error})
    assert (FilteredError, True) == (type(error_of), str(error_of).endswith(FILTER))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, {"message": "busy"}),
        (429, {"message": "You exceeded your current quota, please check your plan and billing details."}),
        (429, {"message": "Rate limit reached on tokens per min (TPM): Limit 3"}),
        (503, {"message": "The model is overloaded. Please try again later."}),
        (503, {"message": "away, but it says when to come back"}),
        (529, {"type": "overloaded_error", "message": "Overloaded"}),
        (400, {"code": "Throttling.RateQuota", "message": "busy"}),
        (500, {"code": "429", "message": "busy"}),
    ],
    ids=str,
)
def test_what_has_no_room_now(status: int, error: dict[str, Any]) -> None:
    """A limit of a minute, or an overload, is told as such with the seconds that the endpoint asks for."""
    error_of = refused(status, {"error": error}, wait="7")
    assert isinstance(error_of, ThrottledError)
    assert (NO_TOKENS, 7.0) == (error_of.usage, error_of.retry_after)


@pytest.mark.parametrize(
    ("message", "about"),
    [
        ("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", {"limit"}),
        ("This response_format type is unavailable now", {"format"}),
        ("JSON mode is not enabled for models/x", {"format"}),
        ("The model x: json_schema is not available", {"format"}),
        ("Developer instruction is not enabled for models/x", {"system"}),
        ("Conversation roles must alternate user/assistant/user/assistant/...", {"system"}),
        ("messages[0].role does not support 'system' with this model", {"system"}),
        ("System role not supported", {"system"}),
        ("max_tokens and response_format", {"limit", "format"}),
        ("no", set()),
    ],
)
def test_what_an_endpoint_does_not_take(message: str, about: set[str]) -> None:
    """Its words name the part of the way to ask that it does not take, and then it is not about the paper."""
    error = refused(400, {"error": message})
    assert isinstance(error, NotSupportedError)
    assert (about, not about) == ({*error.about}, error.may_be_filtered)


@pytest.mark.parametrize("status", [404, 500, 501])
def test_what_can_be_the_format_alone(status: int) -> None:
    """These step down for the reply's format. Where none is asked for, or the path is not there, they are errors."""
    error = refused(status, {"error": "no"})
    assert isinstance(error, NotSupportedError)
    assert ({"format"}, False) == ({*error.about}, error.may_be_filtered)
    assert ModelError is type(refused(status, {"error": "no"}, variant=PLAINEST))
    if status == 404:
        assert ModelError is type(refused(status, {"detail": "Not Found"}))
        assert ModelError is type(refused(status, b"<title>404 Not Found</title>"))
        assert ModelError is type(refused(status, b""))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("1.5", 1.5),
        ("0", 0.0),
        ("999999", 300.0),
        ("1e400", 300.0),
        ("-1", None),
        ("nan", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("Mon, 01 Jan 2001 00:00:00 GMT", None),
        (f"Mon, 01 Jan {10**20} 00:00:00 GMT", None),
        ("Mon, 01 Jan 9999 00:00:00 GMT", 300.0),
    ],
)
def test_how_long_to_wait(header: str | None, seconds: float | None) -> None:
    """Seconds or a date, 300 s at most; what cannot be is not said."""
    assert seconds == retry_after(header)


def test_until_when_to_wait() -> None:
    """A date is so many seconds from now, with a zone or without."""
    for zone in (dt.UTC, None):
        moment = dt.datetime.now(dt.UTC).replace(tzinfo=zone) + dt.timedelta(seconds=100)
        seconds = retry_after(format_datetime(moment))
        assert seconds is not None
        assert 90 < seconds <= 100


def test_a_key_is_told_by_nobody() -> None:
    """An endpoint that says the key again brings it into no reply and no reason."""
    key = "sk-do-not-tell-anybody"
    assert '{"a": "…"}' == read(200, choice(content=f'{{"a": "{key}"}}'), key=key).text
    broken_off = choice("error", content="")
    broken_off["choices"][0]["error"] = {"message": key}
    assert str(refused(200, broken_off, key=key)).endswith(": error: …")
    assert str(refused(418, {"error": key}, key=key)).endswith(" 418: …")
    assert str(refused(401, {"error": key}, key=key, key_name="/a/key")).endswith(" 401: it refused the key in /a/key")
    assert str(refused(401, {}, key=None, key_name="/a/key")).endswith("it asks for a key, and there is none in /a/key")
    assert str(refused(401, {}, key=None, key_name=None)).endswith(" 401: it asks for a key")


NAMES = st.sampled_from(
    [
        *("choices", "message", "content", "text", "finish_reason", "usage", "prompt_tokens", "completion_tokens"),
        *("reasoning_content", "reasoning", "tool_calls", "function", "arguments", "function_call", "refusal"),
        *("error", "errors", "detail", "code", "type", "status", "msg", "base_resp", "status_code", "metadata", "raw"),
        *("loc", "quotaId"),
    ]
)
TEXTS = st.text(st.characters(), max_size=20) | st.sampled_from(
    ["{", "<think>", "error", "length", "content_filter", "429", '{"error": {"message": [1]}}', "per day"]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | TEXTS, inner, max_size=5), max_leaves=20
)
MESSAGES = st.dictionaries(NAMES, LEAVES, max_size=3) | st.fixed_dictionaries({"content": TEXTS | VALUES})
CHOICES = st.fixed_dictionaries(
    {"choices": st.tuples(st.fixed_dictionaries({"message": MESSAGES | VALUES}, optional={"finish_reason": LEAVES}))},
    optional={"usage": VALUES, "error": VALUES},
)
BODIES = st.binary(max_size=200) | VALUES.map(body) | CHOICES.map(body)


@given(
    status=st.sampled_from([200, 200, 400, 429, 500]),
    content=BODIES,
    wait=st.none() | TEXTS,
    accepted=st.booleans(),
    key=st.none() | st.just("sk-12345678"),
    variant=st.sampled_from([STRICTEST, PLAINEST]),
)
def test_anything_at_all(
    status: int, content: bytes, wait: str | None, accepted: bool, key: str | None, variant: dict[str, Any]
) -> None:
    """Whatever an answer holds, there is a reply or a reason in one printable line, and a usage that is one."""
    try:
        completion = read_answer(status, content, variant, wait, accepted, key, "/name")
        reason, usage = "", completion.usage
        completion.text.encode()
    except ModelError as error:
        reason, usage = str(error), error.usage
    assert reason.isprintable()
    assert len(reason) < 400
    assert usage is None or usage.calls == 1
