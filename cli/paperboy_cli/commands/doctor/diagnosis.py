"""What is looked at, one thing after the other, and what is said of each."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from paperboy_cli.errors import PaperboyError
from paperboy_cli.stack.cloud import is_denied

if TYPE_CHECKING:
    from paperboy_cli.commands.trial import Candidate
    from paperboy_cli.stack.host import Host

MAX_CLOCK_SKEW_SECONDS = 120.0
"""How far a clock may be off: AWS refuses what was signed five minutes away, and a schedule starts that much later."""


class State(StrEnum):
    """How a thing is."""

    GOOD = "ok"
    BAD = "wrong"
    UNKNOWN = "unknown"
    """It could not be looked at, or is not there and need not be."""


@dataclass(frozen=True)
class Diagnosis:
    """How one thing is, in a line, and where it is wrong the way out."""

    state: State
    text: str
    remedy: str = ""


type Probe = Callable[[], Diagnosis]
"""It looks at one thing. What it raises as PaperboyError is what is wrong, and has the way out."""


def good(text: str) -> Diagnosis:
    return Diagnosis(State.GOOD, text)


def bad(text: str, remedy: str) -> Diagnosis:
    return Diagnosis(State.BAD, text, remedy)


def unknown(text: str) -> Diagnosis:
    return Diagnosis(State.UNKNOWN, text)


def examine(host: Host, probes: Mapping[str, Probe]) -> Iterator[tuple[str, Diagnosis]]:
    """What each probe of a host finds, by the name of what it looks at. One that fails costs no other.

    A permission that is missing leaves a thing unknown.
    """
    for subject, probe in probes.items():
        try:
            with host.explained():
                found = probe()
        except PaperboyError as error:
            found = Diagnosis(State.UNKNOWN if is_denied(error.__cause__) else State.BAD, str(error))
        yield subject, found


# What is the same on a laptop and in AWS


def look_at_source(url: str, day: dt.date) -> Diagnosis:
    """Whether the source gives a day's listing to this machine."""
    from paperboy.adapters.sources.hugging_face import HuggingFace
    from paperboy.papers.listing import NotListedYetError, SourceError

    remedy = "Look at the network and its proxy, or set HfBaseUrl to a mirror."
    try:
        listing = HuggingFace(url, warn=lambda _: None).listing(day)
    except NotListedYetError:
        return good(f"{url} answers; {day} is not listed yet")
    except SourceError as error:
        return bad(f"{url}: {error}", remedy)
    return good(f"{url} lists {len(listing.papers)} papers of {day}")


def look_at_model(candidate: AbstractContextManager[Candidate]) -> Diagnosis:
    """Whether a model answers: one short call. Raises PaperboyError where there is no way to it."""
    from paperboy.summaries.model import ModelError
    from paperboy.summaries.prompt import Message

    with candidate as found:
        whose, begun = f"{found.model.name} {found.provider}", time.monotonic()
        try:
            found.model.complete((Message("user", "Answer with an empty JSON object."),))
        except ModelError as error:
            return bad(f"{whose}: {error}", "docs/operating.md (Papers are marked) has the way out of each reason.")
        return good(f"{whose} answered in {time.monotonic() - begun:.1f} s")


def look_at_clock(url: str) -> Diagnosis:
    """Whether this machine's clock says what that of a server does."""
    import httpx

    try:
        date = httpx.head(url, timeout=10).headers.get("Date")
    except (httpx.HTTPError, httpx.InvalidURL):
        date = None
    if date is None:
        return unknown("nothing to compare it with: no answer with a date")
    seconds = (dt.datetime.now(dt.UTC) - parsedate_to_datetime(date)).total_seconds()
    if abs(seconds) > MAX_CLOCK_SKEW_SECONDS:
        way = "ahead" if seconds > 0 else "behind"
        text = f"this machine's is {abs(seconds) / 60:.0f} minutes {way}"
        return bad(text, "Set it, or have the system set it by NTP.")
    return good(f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC")
