"""The default policy against real digests, each ranked as of its own day."""

from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from paperboy.adapters.sources.hugging_face import read_listing
from paperboy.papers.paper import Paper
from paperboy.papers.policy import load_policy
from paperboy.papers.ranking import Ranked, rank
from tests.samples import paper, read_json

type Row = dict[str, Any]

SUBSTRING_ACCIDENTS = {
    ("2026-03-20", "2603.19203"): "University of British Columbia was taken for Columbia",
}
"""Rows that rank otherwise than they did, by day and id: they had a tier that is not theirs."""


def from_row(row: Row) -> Paper:
    return paper(
        id=row["id"],
        title=row["title"],
        organization=row["org"],
        upvotes=row["upvotes"],
        stars=row["stars"],
        comments=row["comments_inferred"],
    )


def as_row(row: Ranked) -> Row:
    return {"id": row.id, "golden": row.trophy, "score": row.score, "tags": list(row.tags)}


def test_seed_day(shared_data: Path) -> None:
    """The listing of the seed's day gives the seed's sixteen rows."""
    papers = read_listing(read_json(shared_data / "data/seed_day/payload.json.gz")).papers
    by_id = {paper.id: paper for paper in papers}
    selected = rank(papers, load_policy(), date(2026, 2, 3)).selected
    expected = read_json(shared_data / "data/seed_day/expected.json")
    actual = [
        as_row(row)
        | {"rank": row.rank, "org": by_id[row.id].organization or "Unknown", "title": by_id[row.id].title}
        | {"upvotes": by_id[row.id].upvotes, "stars": by_id[row.id].stars or 0, "comments": by_id[row.id].comments}
        for row in selected
    ]
    assert expected == actual


@pytest.fixture(scope="module")
def digests(shared_data: Path) -> list[list[Row]]:
    """The rows of each real digest in rank order."""
    files = defaultdict(list)
    for row in read_json(shared_data / "data/ranked_rows.json.gz"):
        files[row["file"]].append(row)
    return list(files.values())


def rank_again(digest: list[Row]) -> list[Row]:
    rows = rank([from_row(row) for row in digest], load_policy(), date.fromisoformat(digest[0]["date"])).rows
    return [as_row(row) for row in rows]


def test_scores_and_tags(digests: list[list[Row]]) -> None:
    """Every row of the real digests has its score, tags and trophy again, but for the known accidents."""
    differing = {
        (digest[0]["date"], row["id"])
        for digest in digests
        for row in rank_again(digest)
        if row not in [{key: old[key] for key in row} for old in digest]
    }
    assert set(SUBSTRING_ACCIDENTS) == differing


def test_order(digests: list[list[Row]]) -> None:
    """Every real digest has its order again; where a known accident ranks otherwise, the other rows have theirs."""
    for digest in digests:
        accidents = {paper for day, paper in SUBSTRING_ACCIDENTS if day == digest[0]["date"]}
        expected = [row["id"] for row in digest if row["id"] not in accidents]
        assert expected == [row["id"] for row in rank_again(digest) if row["id"] not in accidents]
