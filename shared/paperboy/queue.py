"""The queue between score and summarize: a message for each paper that needs a summary."""

from __future__ import annotations

import datetime as dt
from itertools import batched
from typing import TYPE_CHECKING

import boto3
from pydantic import BaseModel, ConfigDict

from paperboy.paper import PaperId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_sqs import SQSClient

# The most that SendMessageBatch takes.
BATCH = 10


class SummaryAsked(BaseModel):
    """The message: a paper of a day lacks a good summary. What it is made from stands in the table."""

    model_config = ConfigDict(frozen=True)

    day: dt.date
    id: PaperId
    attempt: int
    """The run that asks."""


class QueueError(Exception):
    """The queue did not take some of the messages."""


class Queue:
    def __init__(self, url: str, client: SQSClient | None = None) -> None:
        self._url = url
        self._sqs = client or boto3.client("sqs")

    def send(self, messages: Sequence[SummaryAsked]) -> None:
        """Send all messages. Raises QueueError where some were refused: sending all again does no harm."""
        for batch in batched(messages, BATCH, strict=False):
            answer = self._sqs.send_message_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(place), "MessageBody": message.model_dump_json()} for place, message in enumerate(batch)
                ],
            )
            if failed := answer.get("Failed"):
                raise QueueError(f"{len(failed)} of {len(batch)} messages refused: {failed[0].get('Message', '')}")
