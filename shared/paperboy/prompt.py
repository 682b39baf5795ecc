"""What the model is asked: one readable file for each language, and the paper as data."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Literal

from paperboy.language import Language
from paperboy.paper import Paper


@dataclass(frozen=True)
class Message:
    """One turn of the conversation with a model."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class Refused:
    """A reply that was no summary, and why not, in words."""

    text: str
    why: str


def version(language: Language) -> str:
    """The version of the language's prompt: a short hash of its text, so that it cannot be forgotten."""
    return hashlib.sha256(language.prompt.encode()).hexdigest()[:12]


def messages(paper: Paper, language: Language, refused: Refused | None = None) -> tuple[Message, ...]:
    """What a model is asked about `paper`; where a reply was refused, that reply and what was wrong with it as well."""
    asked = (Message("system", language.prompt), Message("user", data_of(paper)))
    if refused is None:
        return asked
    return (*asked, Message("assistant", refused.text), Message("user", repair(refused.why)))


def repair(why: str) -> str:
    """What a model is told whose reply was refused."""
    return f"That cannot be used: {why}. Answer again with the whole JSON object, mended, and nothing else."


def data_of(paper: Paper) -> str:
    """The paper as the JSON that the model reads."""
    known = {"title": paper.title, "organization": paper.organization, "abstract": paper.abstract}
    return json.dumps(known, ensure_ascii=False)
