"""The request for a paper's summary, as the queue carries it, and how a run's model calls are shared out among them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from paperboy.papers.paper import PaperId

MAX_CALLS_PER_PAPER = 2
"""Calls of the model that a paper may take in a run: one, and one more where its reply has to be repaired."""


class SummaryRequest(BaseModel):
    """A paper of a day lacks a good summary. What that is made from stands in the table."""

    model_config = ConfigDict(frozen=True)

    day: dt.date
    paper_id: PaperId
    attempt: int
    """The attempt of the run that wants it."""
    max_calls: Annotated[int, Field(ge=0)] = MAX_CALLS_PER_PAPER
    """How many calls of the model the paper may take, from 0 to MAX_CALLS_PER_PAPER."""


def share_calls(papers: int, max_calls: int, used_calls: int) -> list[int]:
    """How many calls each of so many papers may take in a run that may take `max_calls`, and has taken `used_calls`.

    Each paper gets one, and then each gets one more for a repair; the papers are in rank order, so that the best do not
    go without. A `max_calls` of 0 is no limit.
    """
    if not max_calls:
        return [MAX_CALLS_PER_PAPER] * papers
    left = max(0, max_calls - used_calls)
    return [sum(place + papers * nth < left for nth in range(MAX_CALLS_PER_PAPER)) for place in range(papers)]
