"""The queue between score and summarize: a message for each paper that needs a summary."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import boto3
from pydantic import BaseModel, ConfigDict, Field

from paperboy.paper import PaperId

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_sqs import SQSClient


CALLS = 2
"""Calls of the model that a paper may take in a run: one, and one more where its reply has to be repaired."""


class SummaryAsked(BaseModel):
    """The message: a paper of a day lacks a good summary. What it is made from stands in the table."""

    model_config = ConfigDict(frozen=True)

    day: dt.date
    id: PaperId
    attempt: int
    """The run that asks."""
    calls: Annotated[int, Field(ge=0)] = CALLS
    """How many calls of the model the paper may take, from 0 to CALLS."""


class Queue:
    def __init__(self, url: str, client: SQSClient | None = None) -> None:
        self._url = url
        self._sqs = client or boto3.client("sqs")

    def send(self, messages: Iterable[SummaryAsked]) -> None:
        """Send the messages, one by one: the first is worked on while the last is sent."""
        for message in messages:
            self._sqs.send_message(QueueUrl=self._url, MessageBody=message.model_dump_json())
