"""The delivery of one message: what is recorded of it, so that nobody is told twice, and when it is given up."""

from __future__ import annotations

import datetime as dt

from pydantic import AwareDatetime, BaseModel, ConfigDict

MAX_UNKNOWN = 2
"""How often nobody may know whether a message was sent: it is sent once more after the first time, and never again."""


class Delivery(BaseModel):
    """What is recorded of a message, by announcement, channel and piece. Written by announce."""

    model_config = ConfigDict(frozen=True)

    sha256: str = ""
    """Of what was sent."""
    sent_at: AwareDatetime | None = None
    message_id: str | None = None
    """What the channel called it."""
    unknown: int = 0
    """How often it was handed over and nobody knows whether it was sent."""
    reason: str | None = None
    """Why it was not sent the last time, in words."""
    given_up: bool = False
    """Whether it is not tried again unless somebody asks for it."""

    def sent(self, sha256: str, message_id: str | None, now: dt.datetime) -> Delivery:
        """The delivery after the message was sent."""
        return Delivery(sha256=sha256, sent_at=now.replace(microsecond=0), message_id=message_id, unknown=self.unknown)

    def failed(self, reason: str, is_unknown: bool = False, is_refused: bool = False) -> Delivery:
        """The delivery after a try that failed: given up where the same would be refused again, or be sent twice."""
        unknown = self.unknown + is_unknown
        given_up = is_refused or unknown >= MAX_UNKNOWN
        return self.model_copy(update={"reason": reason, "unknown": unknown, "given_up": given_up})
