"""The pace of a process's calls: its threads begin one when the provider may have room for it, while time is left."""

from __future__ import annotations

import math
import time
from random import SystemRandom
from threading import TIMEOUT_MAX, Condition
from typing import TYPE_CHECKING

from paperboy.summaries.dialogue import Answer
from paperboy.summaries.model import ThrottledError
from paperboy.summaries.pacing import Pace
from paperboy.summaries.request import PostponedError
from paperboy.summaries.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable


class Pacer:
    """What the threads of a process share. It lasts as long as the process: the next invocation begins no faster."""

    def __init__(self, pace: Pace | None = None) -> None:
        self._pace = pace or Pace()
        self._changed = Condition()
        self._chance = SystemRandom().random
        self._reason = ""
        """What the provider said to the last call that it had no room for."""

    def call(self, attempt: Callable[[], Answer], last_begin: float) -> Answer:
        """What `attempt` answers, which is made again for as long as it is throttled and takes nothing.

        Raises PostponedError where none can begin until `last_begin`, in seconds of `time.monotonic()`.
        """
        while True:
            begun_at = self._begin(last_begin)
            answer = None
            try:
                answer = attempt()
            finally:
                self._end(begun_at, answer)
            if not isinstance(answer.content, ThrottledError) or answer.usage != Usage():
                return answer

    def _begin(self, last_begin: float) -> float:
        """Wait until a call may begin. Returns when it began."""
        with self._changed:
            while True:
                now = time.monotonic()
                wait, left = self._pace.wait(now), last_begin - now
                if left < 0 or left < wait < math.inf:
                    reason = self._reason if self._pace.throttles else "the calls before took all the time"
                    raise PostponedError(f"no time is left for a call: {reason}")
                if not wait:
                    self._pace = self._pace.begun()
                    return now
                self._changed.wait(min(wait, left, TIMEOUT_MAX))

    def _end(self, begun_at: float, answer: Answer | None) -> None:
        with self._changed:
            content = answer.content if answer else None
            if isinstance(content, ThrottledError):
                self._reason = str(content)
                self._pace = self._pace.throttled(begun_at, time.monotonic(), content.retry_after, self._chance())
            else:
                self._pace = self._pace.answered(begun_at) if answer else self._pace.ended()
            self._changed.notify_all()
