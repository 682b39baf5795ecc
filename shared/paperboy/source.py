"""The source of listings: Hugging Face's Daily Papers, or a mirror of it."""

from __future__ import annotations

import datetime as dt
from http import HTTPStatus
from typing import Any

import httpx

PATH = "/api/daily_papers"
PAGE = 100
"""Items asked for at once: without it an answer stops at 50."""
PAGES = 20
"""More than any day has: a source that repeats itself comes to an end."""
TIMEOUT = httpx.Timeout(20.0, connect=5.0)


class SourceError(Exception):
    """The source did not give a listing; what was known stays as it is."""


class NotListedYetError(SourceError):
    """The day has no listing yet: it lies ahead, or is hours old."""


class Source:
    """Reads listings over HTTP. `base_url` is the host's address; a mirror's works as well."""

    def __init__(self, base_url: str, client: httpx.Client | None = None) -> None:
        self._client = client or httpx.Client(timeout=TIMEOUT, transport=httpx.HTTPTransport(retries=2))
        self._url = base_url.rstrip("/") + PATH

    def listing(self, day: dt.date) -> list[Any]:
        """The items of `day`'s listing, all pages of it, as they came.

        Raises NotListedYetError for a day that the source does not list yet, SourceError for anything else that is
        no JSON list.
        """
        items: list[Any] = []
        for page in range(PAGES):
            found = self._page(day, page)
            items += found
            if len(found) < PAGE:
                break
        return items

    def _page(self, day: dt.date, page: int) -> list[Any]:
        asked = f"{self._url}?date={day}"
        try:
            answer = self._client.get(self._url, params={"date": day.isoformat(), "limit": PAGE, "p": page})
        except httpx.HTTPError as error:
            raise SourceError(f"{asked}: {error or type(error).__name__}") from error
        if answer.status_code == HTTPStatus.BAD_REQUEST:
            raise NotListedYetError(f"{asked} is not listed yet")
        if answer.status_code != HTTPStatus.OK:
            raise SourceError(f"{asked} answered {answer.status_code}")
        try:
            found = answer.json()
        except ValueError as error:
            raise SourceError(f"{asked} answered no JSON: {error}") from error
        if not isinstance(found, list):
            raise SourceError(f"{asked} answered a JSON {type(found).__name__}, not a list")
        return found
