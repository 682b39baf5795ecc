"""Hugging Face's Daily Papers, or a mirror of them: all that is this source's own.

``GET /api/daily_papers?date=2026-02-03&limit=100&p=0`` answers a JSON list. Keys are absent when nothing is known.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

import httpx
from httpx_retries import Retry, RetryTransport
from pydantic import BaseModel, StringConstraints, ValidationError

from paperboy import __version__
from paperboy.adapters.http import AnswerLimitError, read_within
from paperboy.errors import SecretError
from paperboy.papers.listing import Listing, ListingError, NotListedYetError, SourceError, listing_of
from paperboy.papers.paper import Paper

if TYPE_CHECKING:
    from paperboy.adapters.secret import Secret

PATH = "/api/daily_papers"
PAGE_ITEMS = 100
"""Items asked for at once: without a limit an answer stops at 50."""
MAX_LISTING_PAGES = 10
"""More than any day has: a source that repeats itself comes to an end."""
MAX_LISTING_BYTES = 20_000_000
"""Bytes of one answer. A hundred real items with hundreds of authors each are a tenth of it."""
MAX_LISTING_SECONDS = 60.0
"""Seconds of one answer."""
LISTING_TIMEOUT = httpx.Timeout(15.0, connect=5.0)
LISTING_RETRY = Retry(
    total=3,
    backoff_factor=1.0,
    max_backoff_wait=60.0,
    total_timeout=60.0,
    status_forcelist=[429, 500, 502, 503, 504],
)
"""Three more tries, 60 seconds of waiting at most, and as long as the source asks for within that."""


class _Identified(BaseModel):
    """What names a paper: arXiv's id, such as ``2602.02343``."""

    id: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}\.[0-9]{4,5}$")]


class HuggingFace:
    """Reads listings over HTTP. `base_url` is the host's address; a mirror's works as well.

    With a token, which is sent there alone, the host allows more requests.
    """

    def __init__(
        self,
        base_url: str,
        retry: Retry = LISTING_RETRY,
        timeout: httpx.Timeout = LISTING_TIMEOUT,
        token: Secret | None = None,
    ) -> None:
        self._token = token
        self._client = httpx.Client(
            timeout=timeout,
            transport=RetryTransport(_RateLimited(), retry),
            headers={"User-Agent": f"paperboy/{__version__} (a daily digest of papers)"},
        )
        self._url = base_url.rstrip("/") + PATH

    def listing(self, day: dt.date) -> Listing:
        """The listing of `day`, all pages of it; papers can repeat across pages.

        Raises NotListedYetError for a day that the host does not list yet, SourceError for anything else that is no
        JSON list.
        """
        items: list[Any] = []
        before: list[Any] = []
        for number in range(MAX_LISTING_PAGES):
            page = self._page(day, number)
            # A mirror that knows no pages gives the same one again.
            if page == before:
                break
            items += page
            before = page
            if len(page) < PAGE_ITEMS:
                break
        return read_listing(items)

    def _page(self, day: dt.date, number: int) -> list[Any]:
        url = f"{self._url}?date={day}"
        query: dict[str, str | int] = {"date": str(day), "limit": PAGE_ITEMS, "p": number}
        try:
            with self._client.stream("GET", self._url, params=query, headers=self._headers()) as answer:
                if answer.status_code == HTTPStatus.BAD_REQUEST:
                    raise NotListedYetError(f"{url} is not listed yet")
                if answer.status_code == HTTPStatus.UNAUTHORIZED and self._token:
                    raise SourceError(f"{url} answered 401: it refused the token in {self._token.name}")
                if answer.status_code != HTTPStatus.OK:
                    raise SourceError(f"{url} answered {answer.status_code}")
                content = read_within(answer.iter_bytes(), MAX_LISTING_BYTES, MAX_LISTING_SECONDS)
        except AnswerLimitError as error:
            raise SourceError(f"{url} {error}") from error
        except httpx.HTTPError as error:
            raise SourceError(f"{url}: {error or type(error).__name__}") from error
        try:
            items = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise SourceError(f"{url} answered no JSON: {error}") from error
        if not isinstance(items, list):
            raise SourceError(f"{url} answered a JSON {type(items).__name__}, not a list")
        return items

    def _headers(self) -> dict[str, str]:
        try:
            token = self._token.value() if self._token else None
        except SecretError as error:
            raise SourceError(str(error)) from error
        return {"Authorization": f"Bearer {token}"} if token else {}


class _RateLimited(httpx.HTTPTransport):
    """Gives the time to wait in the header that everyone reads.

    Hugging Face gives it in the fields of the IETF's draft alone: ``RateLimit: "api";r=0;t=55``.
    """

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        wait = re.search(r"\bt=(\d+)", response.headers.get("RateLimit", ""))
        if wait and response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            response.headers.setdefault("Retry-After", wait[1])
        return response


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
        }
    )


def _one_line(text: Any) -> Any:
    """Text as one line of valid Unicode: half of a surrogate pair, which JSON can hold, is replaced."""
    if not isinstance(text, str):
        return text
    return " ".join(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").split())


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
