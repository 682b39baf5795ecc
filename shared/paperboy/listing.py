"""Reading a listing of the day's papers: good items become papers, bad ones a reason, and neither costs the other."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from paperboy.paper import Paper, PaperId
from paperboy.wrong import in_words

LONGEST_REASON = 200
"""Characters: the reasons of a thousand bad items fit into one record."""


class ListingError(ValueError):
    """The answer as a whole is not a listing."""


class Rejected(BaseModel):
    """An item of a listing that is no paper."""

    model_config = ConfigDict(frozen=True)

    where: str
    """The paper's id where it has one, else the item's place in the listing, from 1: ``item 7``."""
    why: str


class Listing(BaseModel):
    """What one listing says: its papers in its order, each id once, and what had to be left aside."""

    model_config = ConfigDict(frozen=True)

    papers: tuple[Paper, ...] = ()
    rejected: tuple[Rejected, ...] = ()


def read_listing(answer: object) -> Listing:
    """The papers of a Daily Papers answer, a JSON list.

    A paper that is listed twice keeps its first place and what both items know.
    Raises ListingError where the answer is no list.
    """
    if not isinstance(answer, list):
        raise ListingError(f"expected a JSON list of papers, got {type(answer).__name__}")
    papers: dict[str, Paper] = {}
    rejected: dict[str, Rejected] = {}
    for place, item in enumerate(answer, start=1):
        try:
            paper = _read_item(item)
        except ValueError as error:
            bad = Rejected(where=_name_of(item) or f"item {place}", why=_reason(error))
            rejected.setdefault(bad.where, bad)
        else:
            papers[paper.id] = papers[paper.id].updated_by(paper) if paper.id in papers else paper
    kept = tuple(bad for where, bad in rejected.items() if where not in papers)
    return Listing(papers=tuple(papers.values()), rejected=kept)


def _read_item(item: Any) -> Paper:
    if not isinstance(item, dict):
        raise ListingError(f"expected an object, got {type(item).__name__}")
    paper = item.get("paper")
    if not isinstance(paper, dict):
        raise ListingError(f"paper: expected an object, got {type(paper).__name__}")
    organization = paper.get("organization") or item.get("organization") or {}
    if not isinstance(organization, dict):
        raise ListingError(f"organization: expected an object, got {type(organization).__name__}")
    return Paper.model_validate(
        {
            "id": paper.get("id"),
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


def _name_of(item: Any) -> str | None:
    paper = item.get("paper") if isinstance(item, dict) else None
    try:
        return TypeAdapter(PaperId).validate_python(paper.get("id") if isinstance(paper, dict) else None)
    except ValidationError:
        return None


def _reason(error: ValueError) -> str:
    return (in_words(error) if isinstance(error, ValidationError) else str(error))[:LONGEST_REASON]
