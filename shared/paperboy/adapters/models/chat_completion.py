"""What an OpenAI-compatible endpoint answers: a chat completion with a reply, or a failure. Nothing is sent here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from paperboy.adapters.models.failures import (
    FILTER_CAUSE,
    NO_PATH,
    OVERLOADED,
    THROTTLED_CODES,
    Failure,
    cause_of,
    parse_json,
    parts_named,
    read_failure,
    retry_after,
)
from paperboy.summaries.model import (
    ANSWERS_OTHERS,
    NO_TOKENS,
    Completion,
    FilteredError,
    ModelError,
    NotSupportedError,
    ThrottledError,
    completion_of,
    quote,
)
from paperboy.summaries.usage import Usage, reported_usage

THROTTLED_STATUSES = {429, 529}
"""What endpoints answer that have no room for the call now; the last one is Anthropic's."""

UNSUPPORTED_STATUSES = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
"""What endpoints answer to a field that they do not know."""

NO_FORMAT_STATUSES = {HTTPStatus.NOT_FOUND, HTTPStatus.NOT_IMPLEMENTED}
"""What some answer to a reply's format that they do not have (OpenRouter's)."""

MIN_KEY_CHARS = 8
"""Characters; what is shorter is a stand-in where no key is asked for, and may be a word of a summary."""

FILTERED_FINISHES = {"content_filter", "content_filtered", "sensitive", "refusal", "safety", "prohibited_content"}
"""Why a reply ended that was filtered: OpenAI's, Zhipu's, and what gateways pass on of others."""

CUT_OFF_FINISHES = {"length", "max_tokens", "max_output_tokens", "model_length", "model_context_window_exceeded"}
"""Why a reply ended that is not whole; the last two are Mistral's and Zhipu's."""

BROKEN_OFF_FINISHES = {"error", "abort", "aborted", "cancelled", "insufficient_system_resource", "network_error"}
"""Why a reply ended that the endpoint could not finish: OpenRouter's, vLLM's, DeepSeek's and Zhipu's. A model that
repeats itself (vLLM's ``repetition``, MiMo's ``repetition_truncation``) has itself to blame: what it said is read."""

MAX_PARTS_DEPTH = 3
"""How deep parts of a message's content hold parts."""

Variant = Mapping[str, Any]
"""How an endpoint is asked: the fields of the reply's `format` and `limit`, and whether there is a `system` role."""


def read_answer(
    status: int,
    content: bytes,
    variant: Variant,
    wait: str | None = None,
    accepted: bool = False,
    key: str | None = None,
    key_name: str | None = None,
) -> Completion:
    """The reply in an endpoint's answer. Raises ModelError where there is none, with what the answer took.

    `variant` is how it was asked, `wait` its Retry-After, and `accepted` says whether the endpoint has answered before.
    `key` is struck out of all that comes, and `key_name` says where it is kept.
    """
    completion = _completion(content, key) if status == HTTPStatus.OK else None
    if completion is None:
        raise _failure(status, content, variant, wait, accepted, key, key_name)
    if key and len(key) >= MIN_KEY_CHARS:  # an endpoint that says everything again must not have it published
        text = completion.text.replace(key, "…")
        return Completion(text=text, usage=completion.usage, cut_off=completion.cut_off)
    return completion


def _completion(content: bytes, key: str | None) -> Completion | None:
    """The reply in a body, whatever stands beside it; None where nothing was written.

    Raises ModelError where the model refuses, the endpoint broke off, or there is nothing to read.
    """
    try:
        answer = parse_json(content)
    except ValueError:
        return None
    choices = answer.get("choices") if isinstance(answer, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        return None
    usage = _usage(answer)
    message = choice["message"] if isinstance(choice.get("message"), dict) else {}
    finish = choice["finish_reason"].lower() if isinstance(choice.get("finish_reason"), str) else ""
    if finish.partition(":")[0] in FILTERED_FINISHES or _refuses(message):  # Gemini's has more after a colon
        raise FilteredError("the model refused to answer", usage)
    if finish in BROKEN_OFF_FINISHES:
        cause = read_failure(json.dumps({"error": choice["error"]}).encode()).words if choice.get("error") else ""
        words = f": {quote(struck(cause, key))}" if cause else ""
        raise ModelError(f"the model's endpoint broke its answer off: {finish}{words}", usage)
    text = _text(message.get("content"))
    if not text.strip():
        text = _arguments(message) or _text(choice.get("text"))
    thoughts = next(filter(str.strip, (_text(message.get(name)) for name in ("reasoning_content", "reasoning"))), "")
    base_resp = answer.get("base_resp")  # MiniMax's
    failed = answer.get("error") or (isinstance(base_resp, dict) and base_resp.get("status_code"))
    if failed and not (text + thoughts).strip():
        return None
    return completion_of(text, thoughts, usage, finish in CUT_OFF_FINISHES)


def _failure(
    status: int,
    content: bytes,
    variant: Variant,
    wait: str | None,
    accepted: bool,
    key: str | None,
    key_name: str | None,
) -> ModelError:
    """The error of an answer without a reply."""
    failure = read_failure(content)
    usage = _usage_without_reply(content) if status == HTTPStatus.OK else NO_TOKENS
    inner_status = failure.status if status == HTTPStatus.OK else None
    answered = f"answered no chat completion{f' ({inner_status})' if inner_status else ''}"
    reason = f"the model's endpoint {answered if status == HTTPStatus.OK else f'answered {status}'}"
    status = inner_status or status
    if status == HTTPStatus.UNAUTHORIZED:
        # Not in its own words: some endpoints quote the key.
        if key_name is None:
            return ModelError(f"{reason}: it asks for a key", usage)
        fault = "it refused the key in" if key else "it asks for a key, and there is none in"
        return ModelError(f"{reason}: {fault} {key_name}", usage)
    if words := quote(struck(failure.words, key)):
        reason = f"{reason}: {words}"
    if cause := cause_of(failure, status):
        return (FilteredError if cause is FILTER_CAUSE else ModelError)(f"{reason}; {cause.says}", usage)
    # A 503 alone is an endpoint that is away: nobody knows for how long, and the digest does not wait for it.
    has_no_room = status == HTTPStatus.SERVICE_UNAVAILABLE and (wait or OVERLOADED.search(failure.words))
    if status in THROTTLED_STATUSES or has_no_room or THROTTLED_CODES & failure.codes:
        return ThrottledError(reason, usage, retry_after(wait))
    return _unsupported(status, reason, usage, failure, variant, accepted) or ModelError(reason, usage)


def _unsupported(
    status: int, reason: str, usage: Usage | None, failure: Failure, variant: Variant, accepted: bool
) -> ModelError | None:
    """The error of an endpoint that does not take this way to ask, or this conversation; None where that is not it."""
    named = {part for part in parts_named(failure) if variant[part]}
    in_a_format = {"format"} if variant["format"] else set()
    if status in UNSUPPORTED_STATUSES or "base_resp:2013" in failure.codes:  # MiniMax's, with 200
        if accepted and not named and not in_a_format:
            return FilteredError(f"{reason}; {ANSWERS_OTHERS}", usage)
        # An endpoint that has answered before is not likely to lack more than the format.
        about = named or (in_a_format if accepted else set())
        return NotSupportedError(reason, usage, about, may_be_filtered=not named)
    # llama-cpp-python answers 500 to a field that it does not know. From an endpoint that has answered before it is a
    # failure like any other.
    no_format = (status in NO_FORMAT_STATUSES and failure.words and not NO_PATH.search(failure.words)) or (
        status == HTTPStatus.INTERNAL_SERVER_ERROR and not accepted
    )
    if (no_format and in_a_format) or (status == HTTPStatus.OK and named):
        return NotSupportedError(reason, usage, named or in_a_format, may_be_filtered=False)
    return None


def _usage(answer: Any) -> Usage | None:
    reported = answer.get("usage") if isinstance(answer, dict) else None
    if not isinstance(reported, dict):
        return None
    return reported_usage(reported.get("prompt_tokens"), reported.get("completion_tokens"))


def _usage_without_reply(content: bytes) -> Usage | None:
    """What an answer took in which nothing was written: what it says, else no tokens; None where it is not whole."""
    try:
        return _usage(parse_json(content)) or NO_TOKENS
    except ValueError:
        return NO_TOKENS if content.lstrip().startswith(b"<") else None


def _text(content: Any, depth: int = 0) -> str:
    """The text of a message's content, whole or in parts; the model's thoughts are left out."""
    match content:
        case str():
            return content
        case list() if depth < MAX_PARTS_DEPTH:
            return "".join(_text(part, depth + 1) for part in content)
        case {"text": text, **part} if depth < MAX_PARTS_DEPTH and part.get("type") not in ("thinking", "reasoning"):
            return _text(text, depth + 1)
        case _:
            return ""


def _refuses(message: Mapping[str, Any]) -> bool:
    """Whether the model says that it does not answer: beside its content or, with OpenAI, in a part of that."""
    content = message.get("content")
    parts = [part.get("refusal") for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    return any(isinstance(each, str) and each.strip() for each in (message.get("refusal"), *parts))


def _arguments(message: Mapping[str, Any]) -> str:
    """The arguments of the first tool that the model calls; some answer so where they are asked for a shape."""
    calls = message.get("tool_calls")
    first = calls[0] if isinstance(calls, list) and calls and isinstance(calls[0], dict) else {}
    for call in (first.get("function"), message.get("function_call")):
        arguments = call.get("arguments") if isinstance(call, dict) else None
        text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
        if "{" in text:
            return text
    return ""


def struck(text: str, key: str | None) -> str:
    """Somebody's words without the key, and without the beginning of it that some endpoints quote."""
    if not key:
        return text
    for length in range(len(key), min(len(key), MIN_KEY_CHARS) - 1, -1):
        text = text.replace(key[:length], "…")
    return text
