"""A listing of a day's papers, whatever source it comes from, and the source as its readers know it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from paperboy.errors import validation_message
from paperboy.papers.paper import Paper

MAX_REJECTION_CHARS = 200
"""Characters of a rejection's reason: those of a thousand bad items fit into one record."""


MAX_LISTING_SECONDS = 120.0
"""Seconds that a source may take for a day's listing, with all its tries and waits."""


class ListingError(ValueError):
    """The answer of a source, or an item of it, is not what a listing is made of."""


class SourceError(Exception):
    """The source gave no listing; what is recorded stays as it is."""


class NotListedYetError(SourceError):
    """The day has no listing yet: it lies ahead, or is hours old."""


class Rejection(BaseModel):
    """An item of a listing that is no paper."""

    model_config = ConfigDict(frozen=True)

    item: str
    """The paper's id where the item has one, else its place in the listing, from 1: ``item 7``."""
    reason: str


class Listing(BaseModel):
    """What one listing says: its papers in its order, each id once, and the items that are no papers."""

    model_config = ConfigDict(frozen=True)

    papers: tuple[Paper, ...] = ()
    rejections: tuple[Rejection, ...] = ()


class Source(Protocol):
    """Where listings come from."""

    def listing(self, day: dt.date) -> Listing:
        """The listing of `day`, within MAX_LISTING_SECONDS. Raises NotListedYetError where there is none yet, else
        SourceError."""


def listing_of(
    items: Sequence[object], read_item: Callable[[object], Paper], id_of: Callable[[object], str | None]
) -> Listing:
    """The listing that a source's `items` make, in their order: good ones become papers, bad ones rejections.

    `read_item` reads one, and raises ValueError with the reason where it is no paper; `id_of` gives the id of such a
    one, if it has a good id at least. A paper that is listed twice keeps its first place and the values of both items;
    an item that is bad costs no other, nor a good one of the same paper.
    """
    papers: dict[str, Paper] = {}
    rejections: dict[str, Rejection] = {}
    for place, item in enumerate(items, start=1):
        try:
            paper = read_item(item)
        except ValueError as error:
            name = id_of(item) or f"item {place}"
            rejections.setdefault(name, Rejection(item=name, reason=_reason(error)))
        else:
            papers[paper.id] = papers[paper.id].updated_by(paper) if paper.id in papers else paper
    bad = tuple(rejection for name, rejection in rejections.items() if name not in papers)
    return Listing(papers=tuple(papers.values()), rejections=bad)


def _reason(error: ValueError) -> str:
    return (validation_message(error) if isinstance(error, ValidationError) else str(error))[:MAX_REJECTION_CHARS]
