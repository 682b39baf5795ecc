"""Hugging Face's Daily Papers, or a mirror of them: all that is this source's own.

``GET /api/daily_papers?date=2026-02-03&limit=100&p=0`` answers a JSON list. Keys are absent when nothing is known.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from itertools import count
from typing import TYPE_CHECKING, Annotated, Any

import httpx
from httpx_retries import Retry
from pydantic import BaseModel, StringConstraints, TypeAdapter, ValidationError

from paperboy import __version__
from paperboy.adapters.http import AnswerLimitError, BoundedRetry, bounded_client, deadline, read_within
from paperboy.errors import SecretError
from paperboy.papers.listing import (
    MAX_LISTING_SECONDS,
    Listing,
    ListingError,
    NotListedYetError,
    Rejection,
    SourceError,
    listing_of,
)
from paperboy.papers.paper import MAX_KEYWORDS, Address, Authors, Name, Paper
from paperboy.papers.text import seen, whole
from paperboy.summaries.model import quote

if TYPE_CHECKING:
    from paperboy.adapters.secret import Secret

logger = logging.getLogger("paperboy")

PATH = "/api/daily_papers"
PAGE_ITEMS = 100
"""Items asked for at once: without a limit an answer stops at 50."""
MAX_LISTING_ITEMS = 1_000
"""Items of a day that are read: more than any day has, so that a source which repeats itself comes to an end."""
MAX_PAGE_BYTES = 20_000_000
"""Bytes of one answer. A hundred real items with hundreds of authors each are a tenth of it."""
MAX_REFUSAL_BYTES = 100_000
"""Bytes of an answer that refuses."""
USER_AGENT = f"paperboy/{__version__} (a daily digest of papers)"
LISTING_TIMEOUT = httpx.Timeout(15.0, connect=5.0)


class _ListingRetry(BoundedRetry):
    """Waits as long as Hugging Face asks for.

    It does so in the fields of the IETF's draft alone, ``RateLimit: "api";r=0;t=55``, and not in Retry-After.
    """

    def sleep(self, response: httpx.Response | Exception) -> None:
        if isinstance(response, httpx.Response) and response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            wait = re.search(r"\bt=(\d+)", response.headers.get("RateLimit", ""))
            if wait:
                response.headers.setdefault("Retry-After", wait[1])
        super().sleep(response)


LISTING_RETRY = _ListingRetry(
    total=3,
    backoff_factor=1.0,
    max_backoff_wait=60.0,
    total_timeout=60.0,
    status_forcelist=[429, 500, 502, 503, 504],
)
"""Three more tries, 60 seconds of waiting at most, and as long as the source asks for within that."""


_ADDRESS, _NAME = TypeAdapter(Address), TypeAdapter(Name)


class _Identified(BaseModel):
    """What names a paper: arXiv's id, such as ``2602.02343``."""

    id: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}\.[0-9]{4,5}$")]


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class HuggingFace:
    """Reads listings over HTTP. `base_url` is the host's address; a mirror's works as well.

    With a token, which is sent there alone, the host allows more requests. `warn` is told of a token that cannot be
    read: the listing is then read without it. `clock` says whether a day can lie ahead.
    """

    def __init__(
        self,
        base_url: str,
        retry: Retry = LISTING_RETRY,
        timeout: httpx.Timeout = LISTING_TIMEOUT,
        token: Secret | None = None,
        warn: Callable[[str], object] = logger.warning,
        clock: Callable[[], dt.datetime] = _utc_now,
    ) -> None:
        self._token = token
        self._warn = warn
        self._clock = clock
        self._client = bounded_client(retry, timeout, {"User-Agent": USER_AGENT})
        self._url = base_url.rstrip("/") + PATH

    def listing(self, day: dt.date) -> Listing:
        """The listing of `day`, all pages of it; papers can repeat across pages.

        Where it goes on past MAX_LISTING_ITEMS, its last rejection says so. Raises NotListedYetError for a day that the
        host does not list yet, SourceError for anything else that is no JSON list.
        """
        token = self._token_value()
        with deadline(MAX_LISTING_SECONDS):
            items = self._items(day, token)
        listing = read_listing(items[:MAX_LISTING_ITEMS])
        if len(items) <= MAX_LISTING_ITEMS:
            return listing
        rest = Rejection(
            item=f"item {MAX_LISTING_ITEMS + 1}", reason=f"the listing goes on past {MAX_LISTING_ITEMS:,} items"
        )
        return Listing(papers=listing.papers, rejections=(*listing.rejections, rest))

    def _items(self, day: dt.date, token: str | None) -> list[Any]:
        items: list[Any] = []
        before: list[Any] = []
        for number in count():
            page = self._page(day, number, token)
            # A mirror that knows no pages gives the same one again.
            if page == before:
                break
            items += page
            before = page
            if len(page) < PAGE_ITEMS or len(items) > MAX_LISTING_ITEMS:
                break
        return items

    def _page(self, day: dt.date, number: int, token: str | None) -> list[Any]:
        url = f"{self._url}?date={day}"
        query: dict[str, str | int] = {"date": str(day), "limit": PAGE_ITEMS, "p": number}
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            with self._client.stream("GET", self._url, params=query, headers=headers) as answer:
                if answer.status_code != HTTPStatus.OK:
                    raise self._refused(answer, day, token)
                content = read_within(answer, MAX_PAGE_BYTES)
        except AnswerLimitError as error:
            raise SourceError(f"{url} {error}") from error
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:  # the last two: of an address that is none
            raise SourceError(f"{url}: {quote(str(error)) or type(error).__name__}") from error
        try:
            items = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise SourceError(f"{url} answered no JSON: {error}") from error
        if not isinstance(items, list):
            raise SourceError(f"{url} answered a JSON {type(items).__name__}, not a list")
        return items

    def _refused(self, answer: httpx.Response, day: dt.date, token: str | None) -> SourceError:
        url = f"{self._url}?date={day}"
        # Yesterday, in UTC, goes on elsewhere.
        can_lie_ahead = day >= self._clock().astimezone(dt.UTC).date() - dt.timedelta(days=1)
        if answer.status_code == HTTPStatus.BAD_REQUEST and can_lie_ahead:
            return NotListedYetError(f"{url} is not listed yet")
        if answer.status_code == HTTPStatus.UNAUTHORIZED and self._token and token:
            return SourceError(f"{url} answered 401: it refused the token in {self._token.name}")
        try:
            words = _words(read_within(answer, MAX_REFUSAL_BYTES))
        except AnswerLimitError as error:
            words = f"it {error}"
        if token:
            words = words.replace(token, "…")
        return SourceError(f"{url} answered {answer.status_code}: {quote(words)}".removesuffix(": "))

    def _token_value(self) -> str | None:
        try:
            return self._token.value() if self._token else None
        except SecretError as error:
            self._warn(f"the listing is read without a token: {error}")
            return None


def _words(content: bytes) -> str:
    """What a refusal says: its `error`, as Hugging Face puts it, or all of it."""
    try:
        read = json.loads(content)
    except (ValueError, RecursionError):
        read = None
    words = read.get("error") if isinstance(read, dict) else read
    return words if isinstance(words, str) else content.decode(errors="replace")


def read_listing(answer: object) -> Listing:
    """The listing in an answer, as it came or as it was saved. Raises ListingError where it is no list."""
    if not isinstance(answer, list):
        raise ListingError(f"expected a JSON list of papers, got {type(answer).__name__}")
    return listing_of(answer, _read_item, _id_of)


def _read_item(item: Any) -> Paper:
    if not isinstance(item, dict):
        raise ListingError(f"expected an object, got {type(item).__name__}")
    paper = item.get("paper")
    if not isinstance(paper, dict):
        raise ListingError(f"paper: expected an object, got {type(paper).__name__}")
    organization = paper.get("organization") or item.get("organization") or {}
    if not isinstance(organization, dict):
        raise ListingError(f"organization: expected an object, got {type(organization).__name__}")
    arxiv_id = _Identified.model_validate({"id": paper.get("id")}).id
    authors = [author.get("name") for author in _list(paper.get("authors")) if isinstance(author, dict)]
    return Paper.model_validate(
        {
            "id": arxiv_id,
            "link": f"https://arxiv.org/abs/{arxiv_id}",
            "citation": f"arXiv:{arxiv_id}",
            "title": _one_line(paper.get("title")),
            "organization": _one_line(organization.get("fullname") or organization.get("name")) or None,
            "upvotes": paper.get("upvotes"),
            "stars": paper.get("githubStars"),
            # Comments are the item's own: inside `paper` the key does not exist.
            "comments": item.get("numComments"),
            "abstract": _one_line(paper.get("summary")) or "",
            "ai_summary": _one_line(paper.get("ai_summary")),
            # The item's outer date is hours off.
            "published_at": paper.get("publishedAt"),
            "authors": Authors.of(_good(_NAME, authors)),
            "keywords": _good(_NAME, _list(paper.get("ai_keywords")))[:MAX_KEYWORDS],
            "pdf": f"https://arxiv.org/pdf/{arxiv_id}",
            "discussion": f"https://huggingface.co/papers/{arxiv_id}",
            "repository": _address(paper.get("githubRepo")),
            "project_page": _address(paper.get("projectPage")),
            "thumbnail": _address(item.get("thumbnail")),
        }
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _good(kind: TypeAdapter[str], values: list[Any]) -> list[str]:
    """Those of the `values` that are what they should be: a bad one is dropped, since a digest can do without it."""
    good = []
    for value in map(_one_line, values):
        with suppress(ValidationError):
            good.append(kind.validate_python(value))
    return good


def _address(value: Any) -> str | None:
    """An address as a browser reads it, which overlooks line breaks in it; None where it is none to follow."""
    joined = re.sub(r"[\t\r\n]", "", value) if isinstance(value, str) else value
    return next(iter(_good(_ADDRESS, [joined])), None)


def _one_line(text: Any) -> Any:
    """Text as one line of valid Unicode: half of a surrogate pair, which JSON can hold, is replaced.

    It is empty where nothing of it can be seen.
    """
    if not isinstance(text, str):
        return text
    line = " ".join(whole(text).split())
    return line if seen(line) else ""


def _id_of(item: Any) -> str | None:
    paper = item.get("paper") if isinstance(item, dict) else None
    try:
        return _Identified.model_validate(paper).id
    except ValidationError:
        return None


def day_of_listing(answer: object) -> dt.date | None:
    """The listing's own day: the one on which most items of an answer joined the Daily Papers.

    It is so in every real listing. None where no item says when it joined.
    """
    items = answer if isinstance(answer, list) else []
    papers = (item["paper"] for item in items if isinstance(item, dict) and isinstance(item.get("paper"), dict))
    days = Counter(str(paper.get("submittedOnDailyAt"))[:10] for paper in papers)
    for day, _ in days.most_common(1):
        try:
            return dt.date.fromisoformat(day)
        except ValueError:
            return None
    return None
