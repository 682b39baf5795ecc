"""What a listing says of one paper."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

PaperId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""A paper's id at its source. Checked, because it becomes part of keys; its pattern is the source's."""

Count = Annotated[int, Field(ge=0, le=1_000_000_000)]


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

    def updated_by(self, newer: Paper) -> Paper:
        """This paper with the values that `newer` has; a value that `newer` lacks stays."""
        return Paper.model_validate({**self.values(), **newer.values()})

    def values(self) -> dict[str, Any]:
        """The fields that have a value, for JSON and for a record."""
        return {name: value for name, value in self.model_dump(mode="json").items() if value not in (None, "")}
