"""The queue between score and summarize: a message for each paper that needs a summary."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3

from paperboy.adapters.batch import BatchResponse, batch_response
from paperboy.adapters.observe import logger
from paperboy.summaries.request import SummaryRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mypy_boto3_sqs import SQSClient


class Queue:
    def __init__(self, url: str, client: SQSClient | None = None) -> None:
        self._url = url
        self._sqs = client or boto3.client("sqs")

    def send(self, requests: Iterable[SummaryRequest]) -> None:
        """Send the requests, one by one: the first is worked on while the last is sent."""
        for request in requests:
            self._sqs.send_message(QueueUrl=self._url, MessageBody=request.model_dump_json())


def handle_requests[Result](
    event: dict[str, Any], handle: Callable[[SummaryRequest], Result]
) -> tuple[list[Result], BatchResponse]:
    """Have `handle` handle the request in each message of `event`; all of them are in flight at once.

    A message waits for the network nearly all of its time. Returns what came of those that did not fail, in their
    order, and the queue's partial batch response, so that one bad message costs no other.
    """

    def attempt(message: dict[str, Any]) -> tuple[Result | None, bool]:
        try:
            return handle(SummaryRequest.model_validate_json(message["body"])), True
        except Exception:
            logger.exception("message failed", extra={"message_id": message["messageId"], "status": "failed"})
            return None, False

    messages = event["Records"]
    with ThreadPoolExecutor(max_workers=max(1, len(messages))) as pool:
        outcomes = list(pool.map(attempt, messages))
    failed = [message["messageId"] for message, (_, done) in zip(messages, outcomes, strict=True) if not done]
    return [result for result, done in outcomes if done], batch_response(failed)  # type: ignore[misc] # done: a Result
