"""A model's reply: the shape that is asked for, and the summary that is read from it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from paperboy.errors import validation_message
from paperboy.languages.language import Language, Lengths
from paperboy.papers.paper import Paper
from paperboy.summaries.checks import refusals
from paperboy.summaries.summary import Rung, Summary

MAX_REPLY_CHARS = 50_000
"""Characters of a reply that are looked at: many times what a summary and a model's thoughts take."""

MAX_REASON_CHARS = 2_000
"""Characters that a reason has at most: a model is given it, and a record keeps it."""

DECODER = json.JSONDecoder(strict=False)  # a line break inside a string does no harm
THOUGHTS_END = re.compile(r"</think(?:ing)?>|◁/think▷")


class ReplyError(ValueError):
    """A model's reply that is no summary; why not, in MAX_REASON_CHARS characters at most."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason[:MAX_REASON_CHARS])


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


def read_reply(text: str, paper: Paper, language: Language, rung: Rung = Rung.MODEL) -> Summary:
    """The summary of `paper` in a model's reply, for the rung that it is to stand on. Raises ReplyError with
    what is wrong, in words.

    Those are all faults of its shape, or, where this is right, of its texts. Of a text that is longer than a summary
    may be its length alone counts: the checks take ever longer over longer texts.
    """
    try:
        reply = shape_of(language).model_validate(find_object(text))
    except ValidationError as error:
        raise ReplyError(validation_message(error)) from error
    summary = Summary(**reply.model_dump(), rung=rung)
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
    MAX_REPLY_CHARS characters.
    """
    if len(text) > MAX_REPLY_CHARS:
        raise ReplyError("reply: it is far too long")
    *_, thoughts_end = [0, *(match.end() for match in THOUGHTS_END.finditer(text))]
    if "{" in text[thoughts_end:]:  # else the tag stands inside the object, where a check will find it
        text = text[thoughts_end:]
    objects: list[dict[str, Any]] = []
    reason, end = "", 0
    for brace in re.finditer("{", text):
        if brace.start() < end:
            continue
        try:
            value, end = DECODER.raw_decode(text, brace.start())
        except RecursionError:
            raise ReplyError("reply: its JSON is nested too deeply") from None
        except ValueError as error:
            reason = reason or f"its JSON is malformed: {error}"
        else:
            objects.append(value)
    if objects:
        return next((each for each in objects if "summary" in each), objects[0])
    if reason and "}" not in text.rpartition('"')[2]:
        reason = "it ends before its JSON object does"
    raise ReplyError(f"reply: {reason or 'no JSON object in it'}")
