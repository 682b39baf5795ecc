"""What is posted to a channel over HTTP, and what it answers: bounded, and with its address in no error and no log."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from paperboy import __version__
from paperboy.adapters.http import AnswerLimitError, BoundedRetry, bounded_client, deadline, read_within
from paperboy.announcements.message import ChannelBusyError, ChannelRefusedError, NotSentError, OutcomeUnknownError
from paperboy.summaries.model import quote

SEND_SECONDS = 20.0
"""Seconds that one message may take, from the connection to the end of the answer."""
SEND_TIMEOUT = httpx.Timeout(SEND_SECONDS, connect=5.0)
NO_RETRY = BoundedRetry(total=0)
"""The queue tries again: it knows how often, and when a channel wants to be left alone."""

MAX_REPLY_BYTES = 64_000
"""Bytes of one answer; a real one has some hundred."""
MAX_RETRY_SECONDS = 86_400.0
"""Seconds of a channel's wish to be left alone that are believed."""
WAIT_HEADERS = "Retry-After", "x-ogw-ratelimit-reset"
"""Where that wish stands, in seconds; the second one is Feishu's."""
BUSY_STATUSES = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}

MIN_SECRET_CHARS = 8
"""Characters of a secret that are struck from a channel's words wherever they stand: some quote its beginning."""
MAX_SAID_CHARS = 2_000
"""Characters of a channel's words that are looked at."""

# These tell each request with its address, and in an address is the channel's key.
for library in ("httpx", "httpcore", "httpx_retries"):
    logging.getLogger(library).setLevel(logging.WARNING)


@dataclass(frozen=True)
class Answer:
    """What a channel answered."""

    channel: str
    """What it is called in errors."""
    status: int
    headers: Mapping[str, str]
    content: bytes
    """Empty where it did not come to its end, or is too large."""
    secrets: Sequence[str] = field(repr=False)
    """What may stand in no error."""

    @property
    def is_success(self) -> bool:
        return 200 <= self.status <= 299

    @property
    def is_busy(self) -> bool:
        """Whether the status says: not now."""
        return self.status in BUSY_STATUSES or self.status >= 500

    @property
    def retry_seconds(self) -> float | None:
        """How long the channel asks to be left alone, if its headers say so."""
        for name in WAIT_HEADERS:
            try:
                return wait_seconds(NO_RETRY.parse_retry_after(self.headers[name]))
            except (LookupError, ValueError):
                pass
        return None

    def fields(self) -> dict[str, Any]:
        """The object that its JSON is; an empty one where it is anything else."""
        try:
            read = json.loads(self.content)
        except (ValueError, RecursionError):
            return {}
        return read if isinstance(read, dict) else {}

    def quoted(self, words: object) -> str:
        """The channel's words for an error: printable, short, and without its address and its secrets."""
        return quote(_struck("" if words is None else str(words)[:MAX_SAID_CHARS], self.secrets))

    def error(self) -> NotSentError:
        """What the status alone means, where the answer does not say that the message was sent."""
        said = f"{self.channel} answered {self.status}"
        if self.is_busy:
            return ChannelBusyError(said, self.retry_seconds)
        if self.status >= 400:
            return ChannelRefusedError(f"{said}: check the channel's address and secret")
        if self.status >= 300:
            return ChannelRefusedError(f"{said}, which leads to another address: set the channel to that one")
        return OutcomeUnknownError(f"{said}, but not whether the message was sent")


@cache
def client() -> httpx.Client:
    """The one for all channels: to load what TLS trusts takes longest."""
    # A connection that was left open may be dead by the next invocation, and then nobody knows what was sent on it.
    headers = {"User-Agent": f"paperboy/{__version__}", "Connection": "close"}
    return bounded_client(NO_RETRY, SEND_TIMEOUT, headers)


def post(channel: str, url: str, body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> Answer:
    """Send a body to a channel, once, and return its answer, whatever that says.

    `channel` is what it is called in errors. Raises ChannelRefusedError where the address cannot be one,
    ChannelBusyError where nobody is reached there, and OutcomeUnknownError where the body went out and no answer came.
    """
    try:
        shared = client()
        with deadline(SEND_SECONDS), shared.stream("POST", url, content=body, headers=headers) as response:
            secret = (*secrets, *_parts(url))
            return Answer(channel, response.status_code, response.headers, _content(response), secret)
    except Exception as error:
        failure = _failure(channel, error)
    # Out here the error has no context, in which the address would stand.
    raise failure


def post_json(channel: str, url: str, payload: Mapping[str, Any], secrets: Sequence[str], max_bytes: int) -> Answer:
    """Post JSON as `post` does; ChannelRefusedError too where that has more than `max_bytes` bytes."""
    # WeCom does not take characters as \uXXXX. A half of a surrogate pair, which is no character, becomes a `?`.
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    check_size(channel, len(body), max_bytes)
    return post(channel, url, body, {"Content-Type": "application/json; charset=utf-8"}, secrets)


def check_size(channel: str, size: int, max_bytes: int) -> None:
    """Raises ChannelRefusedError."""
    if size > max_bytes:
        raise ChannelRefusedError(f"{channel} takes {max_bytes:,} bytes at most, and the message has {size:,}")


def wait_seconds(said: object) -> float | None:
    """A wait that a channel asks for, of MAX_RETRY_SECONDS at most; None where it is no number of seconds."""
    if isinstance(said, bool) or not isinstance(said, int | float) or not said >= 0:  # NaN is not
        return None
    return float(min(said, MAX_RETRY_SECONDS))


def _content(response: httpx.Response) -> bytes:
    try:
        return read_within(response, MAX_REPLY_BYTES)
    except (AnswerLimitError, httpx.HTTPError):
        return b""


def _failure(channel: str, error: Exception) -> NotSentError:
    """What went wrong with a request, in our own words: httpx's hold the address."""
    match error:
        case httpx.ConnectError() if "SSL" in str(error):
            return ChannelBusyError(f"{channel} could not be reached: its certificate or its TLS is not right")
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.PoolTimeout() | httpx.ProxyError():
            return ChannelBusyError(f"{channel} could not be reached")
        case httpx.InvalidURL() | httpx.UnsupportedProtocol() | httpx.LocalProtocolError() | UnicodeError():
            return ChannelRefusedError(f"{channel} has an address that cannot be one: set it again")
        case httpx.TimeoutException():
            return OutcomeUnknownError(f"{channel} did not answer within {SEND_SECONDS:g} s")
    return OutcomeUnknownError(f"{channel} broke off before it answered ({type(error).__name__})")


def _parts(url: str) -> list[str]:
    """What of an address may stand in no error: all but the names of its parameters."""
    parts = urlsplit(url)
    values = [parameter.partition("=")[2] for parameter in parts.query.split("&")]
    return [parts.netloc, parts.path, *values, *map(unquote, values)]


def _struck(text: str, secrets: Sequence[str]) -> str:
    """A text without what it holds of secrets: each MIN_SECRET_CHARS characters of them, shorter ones as they are."""
    pieces = {
        secret[start : start + MIN_SECRET_CHARS]
        for secret in secrets
        for start in range(max(1, len(secret) - MIN_SECRET_CHARS + 1))
        if len(secret) > 3  # of fewer every text has some
    }
    struck = {
        place
        for piece in pieces
        for found in re.finditer(f"(?={re.escape(piece)})", text)
        for place in range(found.start(), found.start() + len(piece))
    }
    return re.sub("\0+", "…", "".join("\0" if place in struck else each for place, each in enumerate(text)))
