"""A paper's summary, the ladder of rungs it can come from, and what it is made from."""

from __future__ import annotations

import hashlib
import json
import re
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from paperboy.papers.paper import Paper

MAX_ABSTRACT_CHARS = 400
"""Characters of an abstract that the lowest rung shows at most: two or three sentences."""

SENTENCE_END = re.compile(r"[.!?](?=\s)|[。！？]")


class Rung(StrEnum):
    """Where a summary comes from, best first."""

    MODEL = "model"
    REPAIRED = "repaired"
    LISTING = "listing"
    ABSTRACT = "abstract"

    @property
    def low(self) -> bool:
        """Whether no model wrote it, so that it is marked on the page."""
        return self in (Rung.LISTING, Rung.ABSTRACT)


class Summary(BaseModel):
    """What the digest says of a paper. On the low rungs there is no title and there are no highlights.

    Nor is there a title in a language in which papers have one of their own.
    """

    model_config = ConfigDict(frozen=True)

    title: str | None = None
    summary: str
    highlights: tuple[str, ...] = ()
    rung: Rung


def from_paper(paper: Paper) -> Summary:
    """The summary that needs no model: the listing's own sentence, else the abstract's first ones."""
    if paper.ai_summary:
        return Summary(summary=paper.ai_summary, rung=Rung.LISTING)
    return Summary(summary=first_sentences(paper.abstract), rung=Rung.ABSTRACT)


def first_sentences(text: str, max_chars: int = MAX_ABSTRACT_CHARS) -> str:
    """The sentences of `text` that fit in `max_chars` characters; a first one that does not is cut at a word."""
    if len(text) <= max_chars:
        return text
    ends = [match.end() for match in SENTENCE_END.finditer(text[: max_chars + 1]) if match.end() <= max_chars]
    return text[: ends[-1]] if ends else text[:max_chars].rsplit(" ", 1)[0] + "…"


def input_hash(paper: Paper, prompt_version: str) -> str:
    """A short hash of what a summary is made from: when it changes, the summary is made anew."""
    parts = [prompt_version, paper.title, paper.organization or "", paper.abstract]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
