"""What a listing says of one paper."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

PaperId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""A paper's id at its source. Checked, because it becomes part of keys; its pattern is the source's."""

Count = Annotated[int, Field(ge=0, le=1_000_000_000)]

MAX_ADDRESS_CHARS = 300
MAX_AUTHORS = 100
"""Names that a record keeps: one in a hundred papers has more. A write unit is a kilobyte, and votes write it often."""
LAST_AUTHORS = 10
"""How many of these are the last ones, where a paper has more."""
MAX_KEYWORDS = 50

Address = Annotated[
    str, StringConstraints(pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]+)?([/?#][!-~]*)?$", max_length=MAX_ADDRESS_CHARS)
]
"""Where a browser may be sent: over HTTP, to a host that stands there with no name or password before it."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
"""An author's name, or a keyword."""


class Authors(BaseModel):
    """The names of a paper's authors, in its order."""

    model_config = ConfigDict(frozen=True)

    names: Annotated[tuple[Name, ...], Field(min_length=1, max_length=MAX_AUTHORS)]
    omitted: Annotated[int, Field(ge=0)] = 0
    """How many more stand before the last LAST_AUTHORS of `names`."""

    @classmethod
    def of(cls, names: Sequence[str]) -> Authors | None:
        """These authors: all, or the first ones and the last where they are too many to keep; None where none is."""
        if len(names) <= MAX_AUTHORS:
            return cls(names=tuple(names)) if names else None
        kept = (*names[: MAX_AUTHORS - LAST_AUTHORS], *names[-LAST_AUTHORS:])
        return cls(names=kept, omitted=len(names) - MAX_AUTHORS)

    @property
    def count(self) -> int:
        return len(self.names) + self.omitted


class Paper(BaseModel):
    """One paper of a day, as its listings describe it. What no listing has said yet is None.

    The longest texts together fit into a record of the table, which is 400 KB at most; real ones are a tenth of them.
    """

    model_config = ConfigDict(frozen=True)

    id: PaperId
    link: Annotated[str, StringConstraints(pattern=r"^https://[!-~]{1,200}$")]
    """Where it is read."""
    citation: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    """What readers call it: ``arXiv:2602.02343``."""
    title: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    organization: Annotated[str, StringConstraints(max_length=20_000)] | None = None
    upvotes: Count | None = None
    stars: Count | None = None
    comments: Count | None = None
    abstract: Annotated[str, StringConstraints(max_length=40_000)] = ""
    ai_summary: Annotated[str, StringConstraints(max_length=10_000)] | None = None
    """The source's own one-sentence summary, in English."""
    published_at: datetime | None = None
    authors: Authors | None = None
    keywords: Annotated[tuple[Name, ...], Field(max_length=MAX_KEYWORDS)] = ()
    pdf: Address | None = None
    discussion: Address | None = None
    """The source's own page of it, where readers comment."""
    repository: Address | None = None
    project_page: Address | None = None
    thumbnail: Address | None = None
    """A small picture of it."""

    def updated_by(self, newer: Paper) -> Paper:
        """This paper with the values that `newer` has; a value that `newer` lacks stays."""
        return Paper.model_validate({**self.values(), **newer.values()})

    def values(self) -> dict[str, Any]:
        """The fields that have a value, for JSON and for a record."""
        return {name: value for name, value in self.model_dump(mode="json").items() if value not in (None, "", [])}
