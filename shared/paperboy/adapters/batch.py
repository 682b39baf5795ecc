"""Lambda's answer to a batch of records or messages: those that failed are delivered again, the others are done."""

from __future__ import annotations

from collections.abc import Iterable

BatchResponse = dict[str, list[dict[str, str]]]


def batch_response(failed: Iterable[str]) -> BatchResponse:
    """The response that names what failed: sequence numbers of a stream's records, or ids of a queue's messages."""
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}
