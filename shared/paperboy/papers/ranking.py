"""Ranks a day's papers by the policy and decides which of them are in the digest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from math import log1p

from pydantic import BaseModel, ConfigDict

from paperboy.papers.paper import Paper
from paperboy.papers.policy import Policy, Tier

VIRAL = "Viral"
MUST_READ = "Must Read"


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True)


class Parts(_Row):
    """The points that make up a score, not rounded, so that a reader can add them up."""

    upvotes: float
    stars: float
    comments: float
    bonus: float
    relevant: float

    @property
    def total(self) -> float:
        return self.upvotes + self.stars + self.comments + self.bonus + self.relevant


class Scored(_Row):
    """A paper's score, in points, and its tags in the order in which they are printed."""

    id: str
    score: float
    parts: Parts
    tier: Tier | None
    tags: tuple[str, ...]
    trophy: bool


class Ranked(Scored):
    """A paper's place in the day's ranking, from 1, and whether the paper is in the digest."""

    rank: int
    selected: bool


class Ranking(_Row):
    """All papers of a day in rank order."""

    rows: tuple[Ranked, ...]

    @property
    def selected(self) -> tuple[Ranked, ...]:
        """The digest: the rows that are in, in rank order."""
        return tuple(row for row in self.rows if row.selected)


def rank(papers: Sequence[Paper], policy: Policy, day: date, published: Collection[str] = ()) -> Ranking:
    """Ranks the papers of a day's listing, given in listing order, by the policy as of that day.

    Trophies come first, then the higher score; ties keep the listing's order. The digest ends at the pool's last paper
    from a listed lab, but not before the floor. A paper whose id is in `published` was in an earlier digest of the day
    and stays, wherever it ranks now.
    """
    scored = sorted((_score(paper, policy, day) for paper in papers), key=lambda row: (not row.trophy, -row.score))
    end = _cut(scored, policy)
    return Ranking(
        rows=tuple(
            Ranked(**dict(row), rank=place, selected=place <= end or row.id in published)
            for place, row in enumerate(scored, start=1)
        )
    )


def _score(paper: Paper, policy: Policy, day: date) -> Scored:
    tier = policy.tier_of(paper.organization, day)
    relevant = policy.relevant.found_in(paper.title)
    parts = Parts(
        upvotes=policy.weights.upvotes * log1p(paper.upvotes or 0),
        stars=policy.weights.stars * log1p(paper.stars or 0),
        comments=policy.weights.comments * log1p(paper.comments or 0),
        bonus=getattr(policy.bonus, tier) if tier else 0,
        relevant=policy.relevant.bonus if relevant else 0,
    )
    tags = _tags(paper, policy, tier, relevant)
    return Scored(
        id=paper.id,
        score=round(parts.total, policy.decimals),
        parts=parts,
        tier=tier,
        tags=tags,
        trophy=VIRAL in tags or MUST_READ in tags,
    )


def _tags(paper: Paper, policy: Policy, tier: Tier | None, relevant: bool) -> tuple[str, ...]:
    viral = (paper.stars or 0) > policy.viral.stars or (paper.upvotes or 0) > policy.viral.upvotes
    must_read = tier == policy.must_read.tier and policy.must_read.found_in(paper.title)
    tags = {f"{tier} lab".title(): tier, "Relevant": relevant, VIRAL: viral, MUST_READ: must_read}
    return tuple(tag for tag, holds in tags.items() if holds)


def _cut(scored: Sequence[Scored], policy: Policy) -> int:
    """How many papers of the ranking are in."""
    listed = (place for place, row in enumerate(scored[: policy.cut.pool], start=1) if row.tier)
    return max(policy.cut.floor, *listed, 0)
