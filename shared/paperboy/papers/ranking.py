"""Ranks a day's papers by the policy and decides which of them are in the digest."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence
from datetime import date
from math import log1p

from pydantic import BaseModel, ConfigDict

from paperboy.papers.paper import Paper
from paperboy.papers.policy import Policy, Tier

VIRAL = "Viral"
MUST_READ = "Must Read"

MAX_UPVOTES = 1_000
"""How many upvotes a paper that is left out may be told to need: hardly one has ever had more."""

type _Order = tuple[bool, float, int]
"""What orders the rows of a day: no trophy, the score from the highest, the place in the listing."""


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
    lacking_upvotes: int | None = None
    """How many more upvotes would bring a paper in that is left out, were all else the same; None where none would."""


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
    places = {paper.id: place for place, paper in enumerate(papers)}

    def order(row: Scored) -> _Order:
        return (not row.trophy, -row.score, places[row.id])

    ranked = sorted((_score(paper, policy, day) for paper in papers), key=order)
    selected = {row.id for row in ranked[: _cut(ranked, policy)]}.union(published)
    foremost = ranked[: max(policy.cut.pool, policy.cut.floor) + 1]
    lacking = {
        paper.id: _lacking_upvotes(paper, [row for row in foremost if row.id != paper.id], order, policy, day)
        for paper in papers
        if paper.id not in selected
    }
    return Ranking(
        rows=tuple(
            Ranked(**dict(row), rank=place, selected=row.id in selected, lacking_upvotes=lacking.get(row.id))
            for place, row in enumerate(ranked, start=1)
        )
    )


def _lacking_upvotes(
    paper: Paper, others: Sequence[Scored], order: Callable[[Scored], _Order], policy: Policy, day: date
) -> int | None:
    """How many more upvotes bring a paper in, among the foremost `others` of its day: further down none is in.

    With each vote it stands where it stood or higher, and never moves the cut above itself, so that a search finds it.
    """

    def is_in(upvotes: int) -> bool:
        raised = _score(paper.model_copy(update={"upvotes": upvotes}), policy, day)
        place = bisect_left(others, order(raised), key=order)
        return place < _cut([*others[:place], raised, *others[place:]], policy)

    more = range((paper.upvotes or 0) + 1, MAX_UPVOTES + 1)
    least = bisect_left(more, True, key=is_in)
    return least + 1 if least < len(more) else None


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
