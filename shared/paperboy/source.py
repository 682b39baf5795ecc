"""The source of listings: Hugging Face's Daily Papers, or a mirror of it."""

from __future__ import annotations

import datetime as dt
import json
import re
import time
from http import HTTPStatus
from typing import Any

import httpx
from httpx_retries import Retry, RetryTransport

from paperboy import __version__
from paperboy.secret import Secret, SecretError

PATH = "/api/daily_papers"
PAGE = 100
"""Items asked for at once: without it an answer stops at 50."""
PAGES = 10
"""More than any day has: a source that repeats itself comes to an end."""
MOST = 20_000_000
"""Bytes of one answer. A hundred real items with hundreds of authors each are a tenth of it."""
LONGEST = 60.0
"""Seconds of one answer: a time-out never notices one that comes drop by drop."""
TIMEOUT = httpx.Timeout(15.0, connect=5.0)
RETRY = Retry(
    total=3,
    backoff_factor=1.0,
    max_backoff_wait=60.0,
    total_timeout=60.0,
    status_forcelist=[429, 500, 502, 503, 504],
)
"""Three more tries, 60 seconds of waiting at most, and as long as the source asks for within that."""


class SourceError(Exception):
    """The source did not give a listing; what was known stays as it is."""


class NotListedYetError(SourceError):
    """The day has no listing yet: it lies ahead, or is hours old."""


class _RateLimited(httpx.HTTPTransport):
    """Tells the time to wait in the header that everyone reads.

    Hugging Face says it in the fields of the IETF's draft alone: ``RateLimit: "api";r=0;t=55``.
    """

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        wait = re.search(r"\bt=(\d+)", response.headers.get("RateLimit", ""))
        if wait and response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            response.headers.setdefault("Retry-After", wait[1])
        return response


class Source:
    """Reads listings over HTTP. `base_url` is the host's address; a mirror's works as well.

    With a token, which is sent there alone, the host allows more requests.
    """

    def __init__(
        self, base_url: str, retry: Retry = RETRY, timeout: httpx.Timeout = TIMEOUT, token: Secret | None = None
    ) -> None:
        self._token = token
        self._client = httpx.Client(
            timeout=timeout,
            transport=RetryTransport(_RateLimited(), retry),
            headers={"User-Agent": f"paperboy/{__version__} (a daily digest of papers)"},
        )
        self._url = base_url.rstrip("/") + PATH

    def listing(self, day: dt.date) -> list[Any]:
        """The items of `day`'s listing, all pages of it, as they came; papers can repeat across pages.

        Raises NotListedYetError for a day that the source does not list yet, SourceError for anything else that is
        no JSON list.
        """
        items: list[Any] = []
        before: list[Any] = []
        for page in range(PAGES):
            found = self._page(day, page)
            # A mirror that knows no pages gives the same one again.
            if found == before:
                break
            items += found
            before = found
            if len(found) < PAGE:
                break
        return items

    def _page(self, day: dt.date, page: int) -> list[Any]:
        asked = f"{self._url}?date={day}"
        try:
            asked_for: dict[str, str | int] = {"date": str(day), "limit": PAGE, "p": page}
            with self._client.stream("GET", self._url, params=asked_for, headers=self._headers()) as answer:
                if answer.status_code == HTTPStatus.BAD_REQUEST:
                    raise NotListedYetError(f"{asked} is not listed yet")
                if answer.status_code == HTTPStatus.UNAUTHORIZED and self._token:
                    raise SourceError(f"{asked} answered 401: it refused the token in {self._token.name}")
                if answer.status_code != HTTPStatus.OK:
                    raise SourceError(f"{asked} answered {answer.status_code}")
                content = _content(answer, asked)
        except httpx.HTTPError as error:
            raise SourceError(f"{asked}: {error or type(error).__name__}") from error
        try:
            found = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise SourceError(f"{asked} answered no JSON: {error}") from error
        if not isinstance(found, list):
            raise SourceError(f"{asked} answered a JSON {type(found).__name__}, not a list")
        return found

    def _headers(self) -> dict[str, str]:
        try:
            token = self._token.value() if self._token else None
        except SecretError as error:
            raise SourceError(str(error)) from error
        return {"Authorization": f"Bearer {token}"} if token else {}


def _content(answer: httpx.Response, asked: str) -> bytes:
    content = bytearray()
    until = time.monotonic() + LONGEST
    for part in answer.iter_bytes():
        content += part
        if len(content) > MOST:
            raise SourceError(f"{asked} answered more than {MOST:,} bytes")
        if time.monotonic() > until:
            raise SourceError(f"{asked} did not end its answer within {LONGEST:g} s")
    return bytes(content)
