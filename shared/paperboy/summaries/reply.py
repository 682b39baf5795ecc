"""A model's reply: the shape that is asked for, and the summary that is read from it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from paperboy.errors import validation_message
from paperboy.languages.language import Language, Lengths
from paperboy.papers.paper import Paper
from paperboy.papers.text import seen, whole
from paperboy.summaries.checks import refusals
from paperboy.summaries.summary import Rung, Summary

MAX_REPLY_CHARS = 50_000
"""Characters of a reply that are looked at: many times what a summary and a model's thoughts take."""

MAX_REASON_CHARS = 2_000
"""Characters that a reason has at most: a model is given it, and a record keeps it."""

MAX_BEGINNINGS = 100
"""Places of a reply, from its end, where an object may begin and is looked for. Each look may go to the reply's end."""

DECODER = json.JSONDecoder(strict=False)  # a line break inside a string does no harm

BEGINNING = re.compile(r'\{(?=\s*["}])')
"""Where a JSON object may begin."""

THOUGHTS_END = re.compile(
    r"</(?:think|thinking|thought|thoughts|reasoning|seed:think)>"  # most models, and Seed
    r"|\[/THINK\]"  # Mistral
    r"|◁/think▷"  # Kimi
    r"|<\|end\|>"  # harmony: a message ends that was not the last one
    r"|<\|channel\|>final\b[^<]{0,20}(?:<\|constrain\|>[^<]{0,20})?<\|message\|>",  # harmony: here the answer begins
    re.IGNORECASE,
)
"""Where a model ends to think aloud, by the marks of several families."""

LATEX_LIKE_LINES = (
    *("nabla", "natural", "ncong", "ne", "nearrow", "neg", "neq", "newline", "ngeq", "ni", "nleq", "nolimits"),
    *("nonumber", "normalsize", "not", "notin", "nrightarrow", "nsubseteq", "nu", "nwarrow"),
)
"""LaTeX's commands that JSON takes for a line break and some letters. Those whose other letters are an English word
(nless, nexists, nmid) are not among them, because a line may begin with it."""

BACKSLASH = re.compile(
    r"\\(?:"
    rf"(?=(?:{'|'.join(LATEX_LIKE_LINES)})(?![A-Za-z]|\.[A-Za-z]))"  # a command, and no line that begins with "e.g."
    r"|(?P<escape>"
    r'["\\/]'  # a character that stands for itself
    r"|u[0-9A-Fa-f]{4}"  # one by its number
    r"|n"  # a line break
    r"|t(?![a-z])"  # a tab; before a small letter it is LaTeX: \times, \tau, \text
    r"|[bfr](?![A-Za-z])"  # no text means these before any letter: \beta, \frac, \rho
    r")|)"
)
"""A backslash in JSON, with the escape that it begins; without one it is a lone backslash."""


class ReplyError(ValueError):
    """A model's reply that is no summary; why not, in MAX_REASON_CHARS characters at most."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason[:MAX_REASON_CHARS])


def _as_seen(value: object) -> object:
    """A text as a reader sees it; what is none is left to be refused."""
    return seen(whole(value)) if isinstance(value, str) else value


_Text = Annotated[str, BeforeValidator(_as_seen)]
_Highlights = Annotated[tuple[_Text, ...], Field(min_length=3, max_length=3)]


class Reply(BaseModel):
    """The summary that a model is asked for, and the shape that its reply must have."""

    model_config = ConfigDict(frozen=True)

    title: _Text
    summary: _Text
    highlights: _Highlights


class UntitledReply(BaseModel):
    """The same in a language that asks for no title; one that comes all the same is dropped."""

    model_config = Reply.model_config

    summary: _Text
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

    Of several, the last that holds a summary: what stands before it is a draft. Raises ReplyError where none is whole,
    and for a text of more than MAX_REPLY_CHARS characters.
    """
    if len(text) > MAX_REPLY_CHARS:
        raise ReplyError("reply: it is far too long")
    text = with_backslashes(without_thoughts(text))
    reason, objects = "", []
    for found in objects_in(text):
        if isinstance(found, dict):
            objects.append(found)
        else:
            reason = reason or f"its JSON is malformed: {found}"
    if objects:
        return next((each for each in reversed(objects) if "summary" in each), objects[-1])
    if reason and "}" not in text.rpartition('"')[2]:
        reason = "it ends before its JSON object does"
    raise ReplyError(f"reply: {reason or 'no JSON object in it'}")


def without_thoughts(text: str) -> str:
    """What a model says once it has thought: what follows the last mark before an object.

    A mark with no object behind it stands inside one, where a check will find it, or ends the reply.
    """
    last_brace = text.rfind("{")
    ends = [match.end() for match in THOUGHTS_END.finditer(text) if match.end() <= last_brace]
    return text[ends[-1] :] if ends else text


def with_backslashes(text: str) -> str:
    """JSON in which each lone backslash is a backslash: models write LaTeX in it, and forget that JSON escapes too.

    JSON would read a tab in the \\times of theirs, and nothing at all in an \\alpha.
    """
    return BACKSLASH.sub(lambda match: match[0] if match["escape"] else r"\\", text)


def objects_in(text: str) -> Iterator[dict[str, Any] | ValueError]:
    """The JSON objects in a text that are in no other one, in their order, and why what begins like one is none.

    Of the beginnings only the last MAX_BEGINNINGS are looked at, so that the time it takes grows with the length of the
    text and no faster. Where there are none, the first brace says why.
    """
    begins, braces = (list(re.finditer(pattern, text)) for pattern in (BEGINNING, "{"))
    end = 0
    for start in (match.start() for match in begins[-MAX_BEGINNINGS:] or braces[:1]):
        if start < end:
            continue
        try:
            value, end = DECODER.raw_decode(text, start)
        except RecursionError:
            raise ReplyError("reply: its JSON is nested too deeply") from None
        except ValueError as error:
            yield error
        else:
            yield value
