"""What the model is asked: one readable file, and the paper as data."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.resources import files

from paperboy.paper import Paper


@cache
def instructions() -> str:
    """The text of `prompt.md`."""
    return files("paperboy").joinpath("prompt.md").read_text(encoding="utf-8")


@cache
def version() -> str:
    """The prompt's version: a short hash of its text, so that it cannot be forgotten."""
    return hashlib.sha256(instructions().encode()).hexdigest()[:12]


def repair(why: str) -> str:
    """What a model is told whose reply was refused."""
    return f"That cannot be used: {why}. Answer again with the whole JSON object, mended, and nothing else."


def data_of(paper: Paper) -> str:
    """The paper as the JSON that the model reads."""
    known = {"title": paper.title, "organization": paper.organization, "abstract": paper.abstract}
    return json.dumps(known, ensure_ascii=False)
