"""A paper's summary, the ladder of rungs it can come from, and what it was made from."""

from __future__ import annotations

import hashlib
import json
import re
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from paperboy.paper import Paper
from paperboy.wrong import in_words

NO_MODEL = "none"
"""The prompt's version where no model is configured: the low rungs are then all there is to have."""

ABSTRACT_LENGTH = 400
"""Characters of an abstract that the lowest rung shows at most: two or three sentences."""


CHINESE = re.compile(r"[\u4e00-\u9fff]")
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


class ReplyError(ValueError):
    """A model's reply that is no summary."""


class Reply(BaseModel):
    """The summary that a model is asked for, and the shape that its reply must have.

    Lengths are in characters. Asked for are 150 to 210 of summary; what was really published runs from 87 to 348.
    """

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    title: Annotated[str, StringConstraints(min_length=2, max_length=120)]
    summary: Annotated[str, StringConstraints(min_length=80, max_length=350)]
    highlights: Annotated[
        tuple[Annotated[str, StringConstraints(min_length=8, max_length=80)], ...], Field(min_length=3, max_length=3)
    ]


class Summary(BaseModel):
    """What the digest tells of a paper. On the low rungs there is no title and there are no highlights."""

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


def from_reply(text: str) -> Summary:
    """The summary in a model's reply, a JSON object. Raises ReplyError with what is wrong, in words."""
    try:
        reply = Reply.model_validate_json(text)
    except ValidationError as error:
        raise ReplyError(in_words(error)) from error
    # A title may be a name and nothing else.
    for name, text in (("summary", reply.summary), ("highlights", "".join(reply.highlights))):
        if not CHINESE.search(text):
            raise ReplyError(f"{name}: not in Chinese")
    return Summary(**reply.model_dump(), rung=Rung.MODEL)


def first_sentences(text: str, length: int = ABSTRACT_LENGTH) -> str:
    """The sentences of `text` that fit in `length` characters; a first one that does not fit is cut at a word."""
    if len(text) <= length:
        return text
    ends = [match.end() for match in SENTENCE_END.finditer(text[: length + 1]) if match.end() <= length]
    return text[: ends[-1]] if ends else text[:length].rsplit(" ", 1)[0] + "…"


def source_hash(paper: Paper, prompt: str) -> str:
    """What a summary is made from, as a short hash: when it changes, the summary is made anew."""
    parts = [prompt, paper.title, paper.organization or "", paper.abstract]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
