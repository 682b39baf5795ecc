"""A model behind an OpenAI-compatible endpoint, such as DeepSeek's, Qwen's, Ollama's, vLLM's or llama.cpp's."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

import httpx
from httpx_retries import Retry, RetryTransport
from pydantic import BaseModel, Field, ValidationError

from paperboy.adapters.http import AnswerLimitError, read_within
from paperboy.errors import SecretError
from paperboy.summaries.model import (
    MAX_CALL_TRIES,
    NO_TOKENS,
    TRY_SECONDS,
    Completion,
    FilteredError,
    ModelError,
    NotSupportedError,
    RequestVariants,
    Schema,
    quote,
    turn_text,
)
from paperboy.summaries.prompt import Message
from paperboy.summaries.usage import DEFAULT_OUTPUT_TOKENS, Usage, reported_usage

if TYPE_CHECKING:
    from paperboy.adapters.secret import Secret

CALL_TIMEOUT = httpx.Timeout(TRY_SECONDS, connect=5.0)
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""What goes wrong before an endpoint has the request. After that it may be worked on, and paid, whatever comes back."""

CALL_RETRY = Retry(
    total=MAX_CALL_TRIES - 1,
    allowed_methods=["POST"],
    status_forcelist=[429, 500, 502, 503, 504],
    retry_on_exceptions=NOT_SENT,
    backoff_factor=1.0,
    total_timeout=20.0,
)
"""Two more tries, 20 seconds of waiting at most; Retry-After is honoured within that."""

MAX_CALL_SECONDS = 140.0
"""Seconds of one call in all, its tries and waits: a busy endpoint may send empty lines for minutes (DeepSeek's)."""

MAX_ANSWER_BYTES = 1_000_000
"""Bytes of one answer; a reply of 10,000 tokens is a twentieth of it."""

UNSUPPORTED_STATUSES = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
"""What endpoints answer to a field that they do not know."""

MIN_KEY_CHARS = 8
"""Characters; what is shorter is a stand-in where no key is asked for, and may be a word of a summary."""

FILTERED_CODES = {
    "content_filter",
    "content_policy_violation",
    "data_inspection_failed",
    "DataInspectionFailed",
    "1301",
}
"""Codes of an error that refuses what a paper says: Azure's, OpenAI's, DashScope's two, Zhipu's. Moonshot gives the
first one as the error's type."""

UNPAID_CODES = {"Arrearage", "insufficient_quota", "insufficient_balance", "billing_not_active", "1113"}
"""Codes of an error that is about the account and not about a paper, some of them with 400: DashScope's, OpenAI's,
Moonshot's and Zhipu's."""

FILTERED_FINISHES = {"content_filter", "sensitive"}
"""Why a reply ended that was filtered; the second one is Zhipu's."""

CUT_OFF_FINISHES = {"length", "model_context_window_exceeded"}
"""Why a reply ended that is not whole; the second one is Zhipu's."""

BROKEN_OFF_FINISHES = {"insufficient_system_resource", "network_error"}
"""Why a reply ended that the endpoint could not finish: DeepSeek's and Zhipu's."""


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Answer(BaseModel):
    choices: Annotated[list[_Choice], Field(min_length=1)]
    usage: Any = None


class OpenAI:
    """A model by its name at an endpoint such as ``https://api.example.com/v1``, with a key where that asks for one."""

    def __init__(
        self,
        base_url: str,
        name: str,
        schema: Schema,
        key: Secret | None = None,
        retry: Retry = CALL_RETRY,
        max_seconds: float = MAX_CALL_SECONDS,
        max_output_tokens: int = DEFAULT_OUTPUT_TOKENS,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self._key = key
        self._max_seconds = max_seconds
        self._client = httpx.Client(timeout=CALL_TIMEOUT, transport=RetryTransport(retry=retry))
        self._url = base_url.rstrip("/") + "/chat/completions"
        self._extra = dict(extra or {})
        self._variants = RequestVariants(_variants(schema, max_output_tokens))

    def complete(self, messages: Sequence[Message]) -> Completion:
        """The reply to a conversation. Raises ModelError where there is none to read."""
        turns = [{"role": each.role, "content": turn_text(each)} for each in messages]
        try:
            key = self._key.value() if self._key else None
        except SecretError as error:
            raise ModelError(str(error), Usage()) from error
        begun = time.monotonic()
        return self._variants.send(
            lambda variant: self._send({"model": self.name, "messages": turns} | variant | self._extra, key, begun)
        )

    def _send(self, request: dict[str, Any], key: str | None, begun: float) -> Completion:
        # Packed, a small answer could be one of gigabytes.
        headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {key}"} if key else {})
        try:
            with self._client.stream("POST", self._url, json=request, headers=headers) as answer:
                status = answer.status_code
                content = read_within(answer.iter_raw(), MAX_ANSWER_BYTES, self._max_seconds, begun)
        except AnswerLimitError as error:
            raise ModelError(f"the model's endpoint {error}", None) from error
        # The last two: of a host's name that cannot be, of a time in Retry-After that cannot be.
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, OverflowError) as error:
            reason = quote(_struck(str(error), key)) or type(error).__name__
            usage = None if isinstance(error, httpx.HTTPError) and not isinstance(error, NOT_SENT) else NO_TOKENS
            raise ModelError(f"the model's endpoint did not answer: {reason}", usage) from error
        if status != HTTPStatus.OK:
            raise self._refused(status, content, key)
        return _completion(content, key)

    def _refused(self, status: int, content: bytes, key: str | None) -> ModelError:
        reason = f"the model's endpoint answered {status}"
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            # Not in its own words: some endpoints quote the key.
            if self._key is None:
                return ModelError(f"{reason}: it asks for a key", NO_TOKENS)
            fault = "it refused the key in" if key else "it asks for a key, and there is none in"
            return ModelError(f"{reason}: {fault} {self._key.name}", NO_TOKENS)
        failure = _failure(content)
        if message := failure.get("message"):
            reason = f"{reason}: {quote(_struck(message, key))}"
        codes = {failure.get("code"), failure.get("type")}
        if UNPAID_CODES & codes:
            return ModelError(reason, NO_TOKENS)
        if FILTERED_CODES & codes:
            return FilteredError(reason, NO_TOKENS)
        # llama-cpp-python answers 500 to a field that it does not know. From an endpoint that has answered before it is
        # a failure like any other.
        if status in UNSUPPORTED_STATUSES or (
            status == HTTPStatus.INTERNAL_SERVER_ERROR and not self._variants.accepted
        ):
            return NotSupportedError(reason, NO_TOKENS)
        return ModelError(reason, NO_TOKENS)


def _variants(schema: Schema, max_output_tokens: int) -> tuple[dict[str, Any], ...]:
    in_shape = {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "summary", "strict": True, "schema": schema},
        }
    }
    limit = {"max_tokens": max_output_tokens}
    return (
        in_shape | limit,
        # OpenAI's newer models take the limit by this name alone.
        in_shape | {"max_completion_tokens": max_output_tokens},
        {"response_format": {"type": "json_object"}} | limit,
        limit,
    )


def _completion(content: bytes, key: str | None) -> Completion:
    try:
        read = _Answer.model_validate_json(content)
    except ValidationError as error:
        raise ModelError("the model's endpoint answered no chat completion", None) from error
    choice, reported = read.choices[0], read.usage if isinstance(read.usage, dict) else {}
    usage = reported_usage(reported.get("prompt_tokens"), reported.get("completion_tokens"))
    if choice.finish_reason in FILTERED_FINISHES or choice.message.refusal:
        raise FilteredError("the model refused to answer", usage)
    if choice.finish_reason in BROKEN_OFF_FINISHES:
        raise ModelError(f"the model's endpoint broke its answer off: {choice.finish_reason}", usage)
    text = choice.message.content or ""
    if key and len(key) >= MIN_KEY_CHARS:  # an endpoint that says everything again must not have it published
        text = text.replace(key, "…")
    return Completion(text=text, usage=usage, cut_off=choice.finish_reason in CUT_OFF_FINISHES)


def _struck(text: str, key: str | None) -> str:
    """Somebody's words without the key, and without the beginning of it that some endpoints quote."""
    if not key:
        return text
    for length in range(len(key), min(len(key), MIN_KEY_CHARS) - 1, -1):
        text = text.replace(key[:length], "…")
    return text


def _failure(content: bytes) -> dict[str, str]:
    """The code, type and message of an error: under `error` at most endpoints, at the top in older vLLM, in one
    sentence in Ollama."""
    try:
        read = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    reason = read.get("error", read) if isinstance(read, dict) else {}
    if isinstance(reason, str):
        return {"message": reason}
    return {name: str(reason[name]) for name in ("code", "type", "message") if reason.get(name) is not None}
