"""Answers over HTTP, read within bounds of size and time."""

from __future__ import annotations

import time
from collections.abc import Iterable


class AnswerLimitError(Exception):
    """An answer was larger, or took longer, than it may; the message is the rest of a sentence: ``answered more …``."""


def read_within(parts: Iterable[bytes], max_bytes: int, max_seconds: float, begun: float | None = None) -> bytes:
    """An answer's body from its `parts`, of `max_bytes` at most and `max_seconds` at most, counted from `begun`.

    `begun` is a reading of `time.monotonic`; without one the time counts from now. A client's own time-out never
    notices an answer that comes drop by drop. Raises AnswerLimitError.
    """
    until = (time.monotonic() if begun is None else begun) + max_seconds
    content = bytearray()
    for part in parts:
        content += part
        if len(content) > max_bytes:
            raise AnswerLimitError(f"answered more than {max_bytes:,} bytes")
        if time.monotonic() > until:
            raise AnswerLimitError(f"did not end its answer within {max_seconds:g} s")
    return bytes(content)
