"""A paper's summary, the ladder of rungs it can come from, and what it was made from."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from paperboy.checks import refusals
from paperboy.language import Language, Lengths
from paperboy.paper import Paper
from paperboy.wrong import in_words

NO_MODEL = "none"
"""The prompt's version where no model is configured: the low rungs are then all there is to have."""

ABSTRACT_LENGTH = 400
"""Characters of an abstract that the lowest rung shows at most: two or three sentences."""

LONGEST_REPLY = 50_000
"""Characters of a reply that are looked at: many times what a summary and a model's thoughts take."""

LONGEST_REASON = 2_000
"""Characters that a reason has at most: a model is told it, and a record keeps it."""

DECODER = json.JSONDecoder(strict=False)  # a line break inside a string does no harm
SENTENCE_END = re.compile(r"[.!?](?=\s)|[。！？]")
THOUGHTS_END = re.compile(r"</think(?:ing)?>|◁/think▷")


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
    """A model's reply that is no summary; why not, in LONGEST_REASON characters at most."""

    def __init__(self, why: str) -> None:
        super().__init__(why[:LONGEST_REASON])


_Highlights = Annotated[tuple[str, ...], Field(min_length=3, max_length=3)]


class Reply(BaseModel):
    """The summary that a model is asked for, and the shape that its reply must have."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    title: str
    summary: str
    highlights: _Highlights


class UntitledReply(BaseModel):
    """The same in a language that asks for no title; one that comes all the same is dropped."""

    model_config = Reply.model_config

    summary: str
    highlights: _Highlights


def shape_of(language: Language) -> type[Reply | UntitledReply]:
    """The shape of a reply in a language."""
    return Reply if language.lengths.title else UntitledReply


def schema_of(language: Language) -> dict[str, Any]:
    """The shape of a reply in JSON Schema: types alone, because endpoints differ in what else they take."""
    text = {"type": "string"}
    properties = {
        name: {"type": "array", "items": text} if name == "highlights" else text
        for name in shape_of(language).model_fields
    }
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


class Summary(BaseModel):
    """What the digest tells of a paper. On the low rungs there is no title and there are no highlights.

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


def from_reply(text: str, paper: Paper, language: Language) -> Summary:
    """The summary of `paper` in a model's reply. Raises ReplyError with what is wrong, in words.

    That is all that is wrong with its shape, or, where this is right, with its texts. Of a text that is longer
    than a summary may be its length alone is told: the checks take ever longer over longer texts.
    """
    try:
        reply = shape_of(language).model_validate(find_object(text))
    except ValidationError as error:
        raise ReplyError(in_words(error)) from error
    summary = Summary(**reply.model_dump(), rung=Rung.MODEL)
    titled = {"title": summary.title} if summary.title is not None else {}
    highlights = {f"highlights.{place}": highlight for place, highlight in enumerate(summary.highlights)}
    texts = titled | {"summary": summary.summary} | highlights
    checked = {field: text for field, text in texts.items() if len(text) <= language.lengths.summary.most}
    if reasons := [*wrong_lengths(texts, language.lengths), *refusals(checked, paper, language)]:
        raise ReplyError("; ".join(reasons))
    return summary


def wrong_lengths(texts: Mapping[str, str], lengths: Lengths) -> Iterator[str]:
    """The texts that are too short or too long, each with what was expected."""
    bounds = {"title": lengths.title, "summary": lengths.summary, "highlights": lengths.highlight}
    for field, text in texts.items():
        bound = bounds[field.split(".")[0]]
        if bound and not bound.least <= len(text) <= bound.most:
            yield f"{field}: {len(text)} characters, expected {bound.least} to {bound.most}"


def find_object(text: str) -> dict[str, Any]:
    """The JSON object in a model's reply: bare, in a code fence, after its thoughts, or among other words.

    Of several, the first that holds a summary. Raises ReplyError where none is whole, and for a text of more than
    LONGEST_REPLY characters.
    """
    if len(text) > LONGEST_REPLY:
        raise ReplyError("reply: it is far too long")
    *_, thoughts_end = [0, *(match.end() for match in THOUGHTS_END.finditer(text))]
    if "{" in text[thoughts_end:]:  # else the tag stands inside the object, where a check will find it
        text = text[thoughts_end:]
    found: list[dict[str, Any]] = []
    why, end = "", 0
    for brace in re.finditer("{", text):
        if brace.start() < end:
            continue
        try:
            value, end = DECODER.raw_decode(text, brace.start())
        except RecursionError:
            raise ReplyError("reply: its JSON is nested too deeply") from None
        except ValueError as error:
            why = why or f"its JSON is malformed: {error}"
        else:
            found.append(value)
    if found:
        return next((each for each in found if "summary" in each), found[0])
    if why and "}" not in text.rpartition('"')[2]:
        why = "it ends before its JSON object does"
    raise ReplyError(f"reply: {why or 'no JSON object in it'}")


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
