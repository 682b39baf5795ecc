"""What a listing says of one paper."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

PaperId = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}\.[0-9]{4,5}$")]
"""An arXiv id such as ``2602.02343``. Checked, because it becomes part of keys and links."""

Count = Annotated[int, Field(ge=0, le=1_000_000_000)]


class Paper(BaseModel):
    """One paper of a day, as its listings tell it. What no listing has told yet is None.

    The longest texts together fit into a record of the table, which is 400 KB at most; real ones are a tenth of them.
    """

    model_config = ConfigDict(frozen=True)

    id: PaperId
    title: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    organization: Annotated[str, StringConstraints(max_length=20_000)] | None = None
    upvotes: Count | None = None
    stars: Count | None = None
    comments: Count | None = None
    abstract: Annotated[str, StringConstraints(max_length=40_000)] = ""
    ai_summary: Annotated[str, StringConstraints(max_length=10_000)] | None = None
    """Hugging Face's own one-sentence summary, in English."""
    published_at: datetime | None = None

    def updated_by(self, newer: Paper) -> Paper:
        """This paper with what `newer` knows; a value that `newer` lacks stays."""
        return Paper.model_validate({**self.known(), **newer.known()})

    def known(self) -> dict[str, Any]:
        """The fields that have a value, for JSON and for a record."""
        return {name: value for name, value in self.model_dump(mode="json").items() if value not in (None, "")}
