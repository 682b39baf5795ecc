"""The language model behind an OpenAI-compatible endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated

import httpx
from httpx_retries import Retry, RetryTransport
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from paperboy.prompt import Message
from paperboy.summary import Reply
from paperboy.usage import Usage

TIMEOUT = httpx.Timeout(40.0, connect=5.0)
RETRY = Retry(
    total=2,
    allowed_methods=["POST"],
    status_forcelist=[429, 500, 502, 503, 504],
    backoff_factor=1.0,
    total_timeout=20.0,
)
"""Two more tries of a call that failed for the moment, 20 seconds of waiting at most.

With the time-out of each try, two calls for a paper fit into the function's own limit."""


class ModelError(Exception):
    """The endpoint gave no reply."""


class Completion(BaseModel):
    """A model's reply as it came, and what it took."""

    model_config = ConfigDict(frozen=True)

    text: str
    usage: Usage


class _Message(BaseModel):
    content: str


class _Choice(BaseModel):
    message: _Message


class _Usage(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Answer(BaseModel):
    choices: Annotated[list[_Choice], Field(min_length=1)]
    usage: _Usage | None = None


class Model:
    """A model by its name at an endpoint such as ``https://api.example.com/v1``."""

    def __init__(self, base_url: str, name: str, retry: Retry = RETRY) -> None:
        self.name = name
        self._client = httpx.Client(timeout=TIMEOUT, transport=RetryTransport(retry=retry))
        self._url = base_url.rstrip("/") + "/chat/completions"

    def complete(self, messages: Sequence[Message]) -> Completion:
        """The model's reply to a conversation. Raises ModelError where there is no reply to read."""
        try:
            answer = self._client.post(self._url, json=self._request(messages))
        except httpx.HTTPError as error:
            raise ModelError(f"the model's endpoint did not answer: {error or type(error).__name__}") from error
        if answer.status_code != HTTPStatus.OK:
            raise ModelError(f"the model's endpoint answered {answer.status_code}")
        try:
            read = _Answer.model_validate_json(answer.content)
        except ValidationError as error:
            raise ModelError("the model's endpoint answered no chat completion") from error
        used = read.usage or _Usage()
        return Completion(
            text=read.choices[0].message.content,
            usage=Usage(calls=1, input_tokens=used.prompt_tokens, output_tokens=used.completion_tokens),
        )

    def _request(self, messages: Sequence[Message]) -> dict[str, object]:
        return {
            "model": self.name,
            "messages": [asdict(message) for message in messages],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "summary", "schema": Reply.model_json_schema()},
            },
        }
