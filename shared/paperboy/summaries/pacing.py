"""The pace of a model's calls: how many go side by side, and when the next one may begin.

A provider that has no room for a call says so at once, and of its quota, which is one of tokens a minute, nothing else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

MAX_PARALLEL_CALLS = 10
"""As many as the queue's messages in one invocation."""

FIRST_WAIT_SECONDS = 2.0
MAX_WAIT_SECONDS = 60.0
"""How long no call begins after the first throttled one, and at most: each wait in a row is twice as long as the one
before, so that all of them together soon span the minute after which a quota is whole again."""


@dataclass(frozen=True)
class Pace:
    """The pace at one moment. Times are seconds of any clock that only goes forward."""

    first_wait: float = FIRST_WAIT_SECONDS
    max_wait: float = MAX_WAIT_SECONDS
    parallel: int = MAX_PARALLEL_CALLS
    """How many calls may go side by side: half as many after a throttled one, one more after each that is answered."""
    under_way: int = 0
    throttles: int = 0
    """How often in a row it was slowed down, less the calls that were answered since."""
    slowed_at: float = -math.inf
    resumes_at: float = -math.inf

    def wait(self, now: float) -> float:
        """Seconds until a call may begin; infinite where one under way has to end first."""
        if self.resumes_at > now:
            return self.resumes_at - now
        return 0.0 if self.under_way < self.parallel else math.inf

    def begun(self) -> Pace:
        """The pace with one more call under way."""
        return replace(self, under_way=self.under_way + 1)

    def ended(self) -> Pace:
        """The pace after a call of which nothing is known, such as one that was not made after all."""
        return replace(self, under_way=self.under_way - 1)

    def answered(self, begun_at: float) -> Pace:
        """The pace after a call that the provider had room for."""
        late = begun_at < self.slowed_at  # it says nothing of the room that there is since
        throttles = self.throttles if late else max(0, self.throttles - 1)
        return replace(self.ended(), parallel=min(MAX_PARALLEL_CALLS, self.parallel + 1), throttles=throttles)

    def throttled(self, begun_at: float, now: float, retry_after: float | None, chance: float) -> Pace:
        """The pace after a throttled call; `chance`, in 0…1, is drawn for it, so that processes part.

        Calls that began side by side slow it down once. What the provider wants in `retry_after` is waited for where it
        is longer.
        """
        ended = self.ended()
        wanted = now + (retry_after or 0.0)
        if begun_at < self.slowed_at:
            return replace(ended, resumes_at=max(self.resumes_at, wanted))
        wait = min(self.max_wait, self.first_wait * 2**self.throttles) * (1 + chance) / 2
        return replace(
            ended,
            parallel=max(1, self.parallel // 2),
            throttles=self.throttles + 1,
            slowed_at=now,
            resumes_at=max(self.resumes_at, now + wait, wanted),
        )
