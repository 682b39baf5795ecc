"""A model on Amazon Bedrock, through Converse: no key to keep, the function's role is enough."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, ParamValidationError
from botocore.parsers import ResponseParserError

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
from paperboy.summaries.usage import DEFAULT_OUTPUT_TOKENS, reported_usage

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient
    from mypy_boto3_bedrock_runtime.type_defs import ConverseResponseTypeDef

BEDROCK_CONFIG = Config(
    connect_timeout=5, read_timeout=TRY_SECONDS, retries={"mode": "standard", "total_max_attempts": MAX_CALL_TRIES}
)
FILTERED_STOPS = {"content_filtered", "guardrail_intervened"}
CUT_OFF_STOPS = {"max_tokens", "model_context_window_exceeded"}


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
        self._client.meta.events.register_first("needs-retry.bedrock-runtime.Converse", _give_up)
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
        return self._variants.send(lambda variant: self._send(conversation | variant))

    def _send(self, request: dict[str, Any]) -> Completion:
        try:
            answer = self._client.converse(**request)
        except ParamValidationError as error:  # the runtime's boto3 is older than the variant
            raise NotSupportedError("boto3 does not know this way to ask Bedrock", NO_TOKENS) from error
        except ClientError as error:
            raise self._refused(error) from error
        except HTTPClientError as error:  # it had got the request
            raise ModelError(f"Bedrock did not answer: {error}", None) from error
        except BotoCoreError as error:
            raise ModelError(f"Bedrock did not answer: {error}", NO_TOKENS) from error
        except (ResponseParserError, AttributeError, TypeError, ValueError) as error:
            # boto3 trusts an answer to have the shape that it should have.
            raise ModelError("Bedrock answered no message", None) from error
        # Nor does it look whether what the service always says is there.
        reported: Mapping[str, Any] = answer.get("usage") or {}
        usage, stop_reason = (
            reported_usage(reported.get("inputTokens"), reported.get("outputTokens")),
            answer.get("stopReason"),
        )
        if "message" not in answer.get("output", {}):
            raise ModelError("Bedrock answered no message", usage)
        if stop_reason in FILTERED_STOPS:
            raise FilteredError(f"Bedrock refused to answer: {stop_reason}", usage)
        return Completion(text=_text(answer), usage=usage, cut_off=stop_reason in CUT_OFF_STOPS)

    def _refused(self, error: ClientError) -> ModelError:
        code, message = error.response["Error"]["Code"], quote(error.response["Error"].get("Message", ""))
        model = f"{self.name} in {self._client.meta.region_name}"
        match code:
            case "ValidationException":
                return NotSupportedError(f"Bedrock does not take the request to {model}: {message}", NO_TOKENS)
            case "AccessDeniedException":
                way_out = "open it in the Bedrock console's model catalog, or set BedrockModel to one that is open"
                return ModelError(f"Bedrock does not open {model} to this account; {way_out}: {message}", NO_TOKENS)
            case "ResourceNotFoundException":
                way_out = "set BedrockModel to one that it has"
                return ModelError(f"Bedrock has no model {model}; {way_out}: {message}", NO_TOKENS)
        return ModelError(f"Bedrock answered {code}", NO_TOKENS)


def _variants(schema: Schema) -> tuple[dict[str, Any], ...]:
    in_shape = {"type": "json_schema", "structure": {"jsonSchema": {"name": "summary", "schema": json.dumps(schema)}}}
    tool = {"toolSpec": {"name": "summary", "description": "Takes the summary.", "inputSchema": {"json": schema}}}
    return (
        {"outputConfig": {"textFormat": in_shape}},
        {"toolConfig": {"tools": [tool], "toolChoice": {"any": {}}}},
        {},
    )


def _give_up(caught_exception: Exception | None, **_: Any) -> None:
    """Keeps boto3 from trying a request again that the service had got: each try of it may have to be paid."""
    if isinstance(caught_exception, HTTPClientError):
        raise caught_exception


def _text(answer: ConverseResponseTypeDef) -> str:
    """The reply, whether it came as text or as the tool's input; a model's thoughts are left out."""
    blocks: list[Any] = list(answer["output"]["message"].get("content", []))
    return "".join(
        json.dumps(block["toolUse"]["input"], ensure_ascii=False) if "toolUse" in block else block.get("text", "")
        for block in blocks
    )
