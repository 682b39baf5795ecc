"""The request for a paper's summary, as the queue carries it, and what becomes of one that no time was left for."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from paperboy.papers.paper import PaperId
from paperboy.summaries.usage import Usage

MAX_CALLS_PER_PAPER = 2
"""Calls of the model that a paper may take in a run: one, and one more where its reply has to be repaired."""


class SummaryRequest(BaseModel):
    """A paper of a day lacks a good summary. What that is made from stands in the table."""

    model_config = ConfigDict(frozen=True)

    day: dt.date
    paper_id: PaperId
    attempt: int
    """The attempt of the run that wants it."""
    due: bool = False
    """Whether that run is the day's last: then a paper that no model could be had for is told on a low rung."""
    max_calls: Annotated[int, Field(ge=0)] = MAX_CALLS_PER_PAPER
    """How many calls of the model the paper may take, from 0 to MAX_CALLS_PER_PAPER."""
    again: bool = False
    """Whether a summary is wanted and logged although a good one is there, as after a change of the prompt. Each
    delivery of the message then pays for it."""


class PostponedError(Exception):
    """The provider has no room for a call in the time that is left; a later try may have more luck."""

    def __init__(self, reason: str, usage: Usage | None = None) -> None:
        super().__init__(reason)
        self.usage = usage or Usage()
        """What was taken for the paper before, in this run."""
