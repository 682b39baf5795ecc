"""What the model is asked: one readable file, and the paper as data."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

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


@cache
def instructions() -> str:
    """The text of `prompt.md`."""
    return files("paperboy").joinpath("prompt.md").read_text(encoding="utf-8")


@cache
def version() -> str:
    """The prompt's version: a short hash of its text, so that it cannot be forgotten."""
    return hashlib.sha256(instructions().encode()).hexdigest()[:12]


def messages(paper: Paper, refused: Refused | None = None) -> tuple[Message, ...]:
    """What a model is asked about `paper`; where a reply was refused, that reply and what was wrong with it as well."""
    asked = (Message("system", instructions()), Message("user", data_of(paper)))
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
