"""A model on Amazon Bedrock, through Converse: no key to keep, the function's role is enough."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    ParamValidationError,
)
from botocore.exceptions import ConnectionError as NotConnectedError

from paperboy.adapters.models.failures import QUOTA_CAUSE, Failure, retry_after
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
    ThrottledError,
    completion_of,
    quote,
    turn_text,
)
from paperboy.summaries.prompt import Message
from paperboy.summaries.usage import DEFAULT_OUTPUT_TOKENS, reported_usage

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

BEDROCK_CONFIG = Config(
    connect_timeout=5, read_timeout=TRY_SECONDS, retries={"mode": "standard", "total_max_attempts": 1}
)
"""boto3 tries nothing again: it would wait for a service that has no room, and repeat what may have to be paid."""

MOMENTARY_STATUSES = {500, 502, 504}
"""With these a call is tried again, as with a connection that does not come about."""

THROTTLED_ERRORS = {
    *("ThrottlingException", "TooManyRequestsException", "ServiceUnavailableException", "ModelNotReadyException"),
    *("429", "503"),
}
"""Errors of a service that has no room for the call now. A status stands for an answer without a code."""

MODEL_WORDS = ("model identifier", "inference profile", "on-demand throughput", "operation not allowed")
"""Words of a ValidationException, in small letters, that is about the model or the account and not the request."""

FILTERED_STOPS = {"content_filtered", "guardrail_intervened", "refusal"}
CUT_OFF_STOPS = {"max_tokens", "model_context_window_exceeded"}
BROKEN_OFF_STOPS = {"malformed_model_output", "malformed_tool_use"}
"""Why a reply ended that the service could not read; what it passes on of it may still be one."""


class Bedrock:
    """A model, or an inference profile, by its id."""

    def __init__(
        self,
        model_id: str,
        schema: Schema,
        client: BedrockRuntimeClient | None = None,
        max_output_tokens: int = DEFAULT_OUTPUT_TOKENS,
    ) -> None:
        self.name = model_id
        self._max_output_tokens = max_output_tokens
        self._client = client or boto3.client("bedrock-runtime", config=BEDROCK_CONFIG)
        self._variants = RequestVariants(_variants(schema))

    def complete(self, messages: Sequence[Message]) -> Completion:
        """The reply to a conversation. Raises ModelError where there is none to read."""
        conversation: dict[str, Any] = {
            "modelId": self.name,
            "system": [{"text": each.content} for each in messages if each.role == "system"],
            "messages": [
                {"role": each.role, "content": [{"text": turn_text(each)}]}
                for each in messages
                if each.role != "system"
            ],
            "inferenceConfig": {"maxTokens": self._max_output_tokens},
        }
        return self._variants.send(lambda variant: self._send(conversation | variant["shape"]))

    def _send(self, request: dict[str, Any]) -> Completion:
        try:
            return read_answer(self._converse(request))
        except ModelError:
            raise
        except ParamValidationError as error:  # the runtime's boto3 is older than the variant
            reason = "boto3 does not know this way to ask Bedrock"
            raise NotSupportedError(reason, NO_TOKENS, {"shape"}, may_be_filtered=False) from error
        except ClientError as error:
            model = f"{self.name} in {self._client.meta.region_name}"
            raise failure_of(error.response, model) from error
        except HTTPClientError as error:  # it had got the request
            raise ModelError(f"Bedrock did not answer: {quote(str(error))}", None) from error
        except BotoCoreError as error:
            raise ModelError(f"Bedrock did not answer: {quote(str(error))}", NO_TOKENS) from error
        except Exception as error:  # boto3 trusts an answer to have the shape that it should have
            words = quote(f"{type(error).__name__}: {error}")
            raise ModelError(f"Bedrock answered no message: {words}", None) from error

    def _converse(self, request: dict[str, Any]) -> Mapping[str, Any]:
        for tried in range(1, MAX_CALL_TRIES):
            try:
                return self._client.converse(**request)
            except NotConnectedError:
                pass
            except ClientError as error:
                if _status(error.response) not in MOMENTARY_STATUSES:
                    raise
            time.sleep(tried)
        return self._client.converse(**request)


def _variants(schema: Schema) -> tuple[dict[str, Any], ...]:
    in_shape = {"type": "json_schema", "structure": {"jsonSchema": {"name": "summary", "schema": json.dumps(schema)}}}
    tool = {"toolSpec": {"name": "summary", "description": "Takes the summary.", "inputSchema": {"json": schema}}}
    return (
        {"shape": {"outputConfig": {"textFormat": in_shape}}},
        {"shape": {"toolConfig": {"tools": [tool], "toolChoice": {"any": {}}}}},
        {"shape": {}},
    )


def read_answer(answer: Mapping[str, Any]) -> Completion:
    """The reply in an answer, whatever stands beside it. Raises ModelError where there is none to read."""
    reported = _mapping(answer.get("usage"))
    usage = reported_usage(reported.get("inputTokens"), reported.get("outputTokens"))
    stop = str(answer.get("stopReason") or "")
    if stop in FILTERED_STOPS:
        raise FilteredError(f"Bedrock refused to answer: {stop}", usage)
    message = _mapping(_mapping(answer.get("output")).get("message"))
    if not message:
        raise ModelError("Bedrock answered no message", usage)
    content = message.get("content")
    blocks = [_mapping(block) for block in content] if isinstance(content, list) else []
    text = "".join(_text(block) for block in blocks)
    if stop in BROKEN_OFF_STOPS and "{" not in text:
        raise ModelError(f"Bedrock broke its answer off: {stop}", usage)
    thoughts = "".join(_thoughts(block) for block in blocks)
    return completion_of(text, thoughts, usage, stop in CUT_OFF_STOPS)


def failure_of(response: Mapping[str, Any], model: str) -> ModelError:
    """The error of a call that the service refused."""
    error, status = _mapping(response.get("Error")), _status(response)
    code, message = str(error.get("Code") or status), quote(str(error.get("Message") or ""))
    words = f": {message}" if message else ""
    if QUOTA_CAUSE.is_of(Failure(message, frozenset({code.lower()})), status):
        return ModelError(f"Bedrock answered {code}{words}; {QUOTA_CAUSE.says}", NO_TOKENS)
    if code in THROTTLED_ERRORS:
        headers = _mapping(_mapping(response.get("ResponseMetadata")).get("HTTPHeaders"))
        return ThrottledError(f"Bedrock answered {code}{words}", NO_TOKENS, retry_after(headers.get("retry-after")))
    match code:
        case "ValidationException" if any(each in message.lower() for each in MODEL_WORDS):
            way_out = "set BedrockModel to a model or an inference profile that this account can call there"
            return ModelError(f"Bedrock does not take {model}; {way_out}{words}", NO_TOKENS)
        case "ValidationException":
            return NotSupportedError(f"Bedrock does not take the request to {model}{words}", NO_TOKENS, {"shape"})
        case "AccessDeniedException":
            way_out = "open it in the Bedrock console's model catalog, or set BedrockModel to one that is open"
            return ModelError(f"Bedrock does not open {model} to this account; {way_out}{words}", NO_TOKENS)
        case "ResourceNotFoundException":
            return ModelError(f"Bedrock has no model {model}; set BedrockModel to one that it has{words}", NO_TOKENS)
        case _:
            return ModelError(f"Bedrock answered {code}{words}", NO_TOKENS)


def _status(response: Mapping[str, Any]) -> int:
    status = _mapping(response.get("ResponseMetadata")).get("HTTPStatusCode")
    return status if isinstance(status, int) else HTTPStatus.OK


def _text(block: Mapping[str, Any]) -> str:
    """What a block says, as text or as the input of the tool that is called; a model's thoughts are left out."""
    if isinstance(block.get("text"), str):
        return str(block["text"])
    given = _mapping(block.get("toolUse")).get("input")
    return given if isinstance(given, str) else json.dumps(given, ensure_ascii=False) if given else ""


def _thoughts(block: Mapping[str, Any]) -> str:
    text = _mapping(_mapping(block.get("reasoningContent")).get("reasoningText")).get("text")
    return text if isinstance(text, str) else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
