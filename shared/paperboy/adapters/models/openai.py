"""A model behind an OpenAI-compatible endpoint, such as DeepSeek's, Qwen's, Ollama's, vLLM's or llama.cpp's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import httpx
from httpx_retries import Retry

from paperboy.adapters.http import AnswerLimitError, BoundedRetry, bounded_client, deadline, read_within
from paperboy.adapters.models.chat_completion import Variant, read_answer, struck
from paperboy.errors import SecretError
from paperboy.summaries.model import (
    MAX_CALL_SECONDS,
    MAX_CALL_TRIES,
    NO_TOKENS,
    TRY_SECONDS,
    Completion,
    ModelError,
    RequestVariants,
    Schema,
    quote,
    turn_text,
)
from paperboy.summaries.prompt import Message
from paperboy.summaries.usage import DEFAULT_OUTPUT_TOKENS, Usage

if TYPE_CHECKING:
    from paperboy.adapters.secret import Secret

CALL_TIMEOUT = httpx.Timeout(TRY_SECONDS, connect=5.0)
NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    UnicodeError,  # of a host's name that cannot be
)
"""What goes wrong before an endpoint has the request. After that it may be worked on, and paid, whatever comes back."""

CALL_RETRY = BoundedRetry(
    total=MAX_CALL_TRIES - 1,
    allowed_methods=["POST"],
    status_forcelist=[500, 502, 503, 504],
    retry_on_exceptions=(httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout),
    respect_retry_after_header=False,
    backoff_factor=1.0,
    total_timeout=10.0,
)
"""Two more tries, 10 seconds of waiting at most. For an endpoint that has no room the caller waits."""

MAX_ANSWER_BYTES = 1_000_000
"""Bytes of one answer; a reply of 10,000 tokens is a twentieth of it."""


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
        self._client = bounded_client(retry, CALL_TIMEOUT)
        self._url = base_url.rstrip("/") + "/chat/completions"
        self._extra = dict(extra or {})
        self._variants = RequestVariants(_variants_of(schema, max_output_tokens, self._extra))

    def complete(self, messages: Sequence[Message]) -> Completion:
        """The reply to a conversation. Raises ModelError where there is none to read."""
        try:
            key = self._key.value() if self._key else None
        except SecretError as error:
            raise ModelError(str(error), Usage()) from error
        with deadline(self._max_seconds):
            return self._variants.send(lambda variant: self._send(messages, variant, key))

    def _send(self, messages: Sequence[Message], variant: Variant, key: str | None) -> Completion:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            body = (
                {"model": self.name, "messages": _turns(messages, variant["system"])}
                | variant["format"]
                | variant["limit"]
            )
            request = self._client.build_request("POST", self._url, json=body | self._extra, headers=headers)
        except Exception as error:
            raise ModelError(f"the model's endpoint did not answer: {_words_of(error, key)}", NO_TOKENS) from error
        try:
            answer = self._client.send(request, stream=True)
            try:
                content = read_within(answer, MAX_ANSWER_BYTES)
            finally:
                answer.close()
        except AnswerLimitError as error:
            raise ModelError(f"the model's endpoint {error}", None) from error
        except Exception as error:
            usage = NO_TOKENS if isinstance(error, NOT_SENT) else None
            raise ModelError(f"the model's endpoint did not answer: {_words_of(error, key)}", usage) from error
        key_name = self._key.name if self._key else None
        wait, accepted = answer.headers.get("Retry-After"), self._variants.accepted
        try:
            return read_answer(answer.status_code, content, variant, wait, accepted, key, key_name)
        except ModelError:
            raise
        except Exception as error:  # whatever it is, the call may have to be paid
            reason = f"the model's answer could not be read: {type(error).__name__}: {_words_of(error, key)}"
            raise ModelError(reason, None) from error


def _variants_of(schema: Schema, max_output_tokens: int, extra: Mapping[str, Any]) -> list[Variant]:
    """The ways to ask; what `extra` has is asked for as it says, and in no other way."""
    json_schema = {"name": "summary", "strict": True, "schema": schema}
    in_shape: Variant = {"response_format": {"type": "json_schema", "json_schema": json_schema}}
    as_object: Variant = {"response_format": {"type": "json_object"}}
    # OpenAI's newer models take the limit by its second name alone.
    limit, new_limit = {"max_tokens": max_output_tokens}, {"max_completion_tokens": max_output_tokens}
    variants: list[Variant] = []
    for shape, bound, system in (
        *((in_shape, limit, True), (in_shape, new_limit, True), (as_object, limit, True), ({}, limit, True)),
        *((as_object, new_limit, True), ({}, new_limit, True), (as_object, limit, False), ({}, limit, False)),
        # Only for an endpoint that says what it does not take.
        *((in_shape, limit, False), (in_shape, new_limit, False), (as_object, new_limit, False)),
        ({}, new_limit, False),
    ):
        variant = {
            "format": {} if "response_format" in extra else shape,
            "limit": {} if {*limit, *new_limit} & {*extra} else bound,
            "system": system,
        }
        if variant not in variants:
            variants.append(variant)
    return variants


def _turns(messages: Sequence[Message], system: bool) -> list[dict[str, str]]:
    """The conversation; without a `system` role the instructions stand at the head of the user's first turn."""
    turns = [{"role": each.role, "content": turn_text(each)} for each in messages]
    if system:
        return turns
    instructions = [each["content"] for each in turns if each["role"] == "system"]
    first, *others = [each for each in turns if each["role"] != "system"]
    return [first | {"content": "\n\n".join((*instructions, first["content"]))}, *others]


def _words_of(error: Exception, key: str | None) -> str:
    return quote(struck(str(error), key)) or type(error).__name__
