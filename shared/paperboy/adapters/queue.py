"""The queue between score and summarize: a message for each paper that needs a summary."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from random import SystemRandom
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from paperboy.adapters.batch import BatchResponse, batch_response
from paperboy.adapters.observe import logger
from paperboy.summaries.request import PostponedError, SummaryRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mypy_boto3_sqs import SQSClient

FIRST_RETURN_SECONDS = 60
MAX_RETURN_SECONDS = 240
"""After how long a message that was not done is delivered again, at least: the first time, and from the fourth on."""


MAX_HIDDEN_SECONDS = 14_400
"""For how long a message is hidden at most: it has to reach the failures before the queue forgets it."""


class Queue:
    def __init__(self, url: str, client: SQSClient | None = None) -> None:
        self._url = url
        self._sqs = client or boto3.client("sqs")

    def send(self, requests: Iterable[SummaryRequest]) -> None:
        """Send the requests, one by one: the first is worked on while the last is sent."""
        for request in requests:
            self._sqs.send_message(QueueUrl=self._url, MessageBody=request.model_dump_json())

    def handle[Result](
        self, event: dict[str, Any], handle: Callable[[SummaryRequest], Result]
    ) -> tuple[list[Result], BatchResponse]:
        """Have `handle` handle the request in each message of `event`; all of them are in flight at once.

        A message waits for the network nearly all of its time. Returns what came of those that did not fail, in their
        order, and the queue's partial batch response, so that one bad message costs no other.
        """

        def attempt(message: dict[str, Any]) -> tuple[Result | None, bool]:
            fields = {"message_id": message["messageId"], "status": "failed"}
            try:
                request = SummaryRequest.model_validate_json(message["body"])
                fields |= {"day": str(request.day), "paper": request.paper_id}
                return handle(request), True
            except PostponedError:  # whoever handles it has said so
                pass
            except Exception:
                logger.exception("message failed", extra=fields)
            self.give_back(message)
            return None, False

        messages = event["Records"]
        with ThreadPoolExecutor(max_workers=max(1, len(messages))) as pool:
            outcomes = list(pool.map(attempt, messages))
        failed = [message["messageId"] for message, (_, done) in zip(messages, outcomes, strict=True) if not done]
        done = [result for result, is_done in outcomes if is_done]
        return done, batch_response(failed)  # type: ignore[return-value] # what is done has a Result

    def give_back(self, message: dict[str, Any], least_seconds: float = 0.0) -> None:
        """Have a message delivered again before the queue would: it hides one for as long as a crash asks for.

        Not before `least_seconds`, and later the more often it came.
        """
        try:
            wait = return_seconds(int(message["attributes"]["ApproximateReceiveCount"]), SystemRandom().random())
            self._sqs.change_message_visibility(
                QueueUrl=self._url,
                ReceiptHandle=message["receiptHandle"],
                VisibilityTimeout=min(max(wait, round(least_seconds)), MAX_HIDDEN_SECONDS),
            )
        except (ClientError, KeyError) as error:  # it comes back all the same, only later
            logger.warning("message not returned", extra={"message_id": message["messageId"], "reason": str(error)})


def return_seconds(receives: int, chance: float) -> int:
    """After how long a message is delivered again that was received so often; `chance`, in 0…1, is drawn for it."""
    return round(min(FIRST_RETURN_SECONDS * receives, MAX_RETURN_SECONDS) * (1 + chance / 4))
