"""What the codes in a bot's answers mean: these have HTTP 200 for everything, and the outcome in the body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from paperboy.adapters.channels.post import Answer
from paperboy.announcements.message import ChannelBusyError, ChannelRefusedError, OutcomeUnknownError


@dataclass(frozen=True)
class Codes:
    """A kind of bot's codes, of which 0 is success; a code that is not here is a refusal, or what its status says."""

    names: tuple[str, ...]
    """The fields that the code can stand in; the first that is there counts."""
    words: tuple[str, ...]
    """Those of its words."""
    busy: Mapping[int, float | None]
    """Codes of a bot that has no room, with the seconds after which it has."""
    advice: Mapping[int, str]
    """What a person can do about a code."""

    def check(self, answer: Answer) -> None:
        """Return where a bot says that it sent the message; raises what its answer means otherwise."""
        fields = answer.fields()
        code = next((fields[name] for name in self.names if name in fields), None)
        if not isinstance(code, int) or isinstance(code, bool):
            raise answer.error()
        if code == 0 and answer.is_success:
            return
        words = answer.quoted(next((fields[name] for name in self.words if name in fields), ""))
        said = f"{answer.channel} answered {answer.quoted(code)}{f' ({words})' if words else ''}"
        if code == 0:
            raise OutcomeUnknownError(f"{said} and HTTP {answer.status}, which do not go together")
        if code in self.busy or (code not in self.advice and answer.is_busy):
            raise ChannelBusyError(said, answer.retry_seconds or self.busy.get(code))
        raise ChannelRefusedError(": ".join(filter(None, (said, self.advice.get(code)))))
