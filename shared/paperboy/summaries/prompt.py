"""What the model is given: instructions, one readable file for each language, and the paper as data."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Literal

from paperboy.languages.language import Language
from paperboy.papers.paper import Paper


@dataclass(frozen=True)
class Message:
    """One turn of the conversation with a model."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class Refusal:
    """A reply that was no summary, and why not, in words."""

    text: str
    reason: str


NO_MODEL = "none"
"""The prompt's version where no model is configured: the low rungs are then all there is to have."""


def prompt_version(language: Language, has_model: bool = True) -> str:
    """The version of the language's instructions: a short hash of their text, so that it cannot be forgotten."""
    if not has_model:
        return NO_MODEL
    return hashlib.sha256(language.prompt.encode()).hexdigest()[:12]


def conversation(paper: Paper, language: Language, refusal: Refusal | None = None) -> tuple[Message, ...]:
    """What a model is given of `paper`; after a refused reply, that reply and what was wrong with it as well."""
    opening = (Message("system", language.prompt), Message("user", paper_json(paper)))
    if refusal is None:
        return opening
    return (*opening, Message("assistant", refusal.text), Message("user", repair_request(refusal.reason)))


def repair_request(reason: str) -> str:
    """What a model is told whose reply was refused."""
    return f"That cannot be used: {reason}. Answer again with the whole JSON object, mended, and nothing else."


def paper_json(paper: Paper) -> str:
    """The paper as the JSON that the model reads."""
    fields = {"title": paper.title, "organization": paper.organization, "abstract": paper.abstract}
    return json.dumps(fields, ensure_ascii=False)
