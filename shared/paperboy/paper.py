"""What a listing says of one paper."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

PaperId = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}\.[0-9]{4,5}$")]
"""An arXiv id such as ``2602.02343``. Checked, because it becomes part of keys and links."""

Count = Annotated[int, Field(ge=0, le=1_000_000_000)]


class Paper(BaseModel):
    """One paper of a day, as its listings tell it. What no listing has told yet is None."""

    model_config = ConfigDict(frozen=True)

    id: PaperId
    title: Annotated[str, StringConstraints(min_length=1)]
    organization: str | None = None
    upvotes: Count | None = None
    stars: Count | None = None
    comments: Count | None = None
    abstract: str = ""
    ai_summary: str | None = None
    """Hugging Face's own one-sentence summary, in English."""
    published_at: datetime | None = None

    def updated_by(self, newer: Paper) -> Paper:
        """This paper with what `newer` knows; a value that `newer` lacks stays."""
        return Paper.model_validate({**self.known(), **newer.known()})

    def known(self) -> dict[str, Any]:
        """The fields that have a value, for JSON and for a record."""
        return {name: value for name, value in self.model_dump(mode="json").items() if value not in (None, "")}
