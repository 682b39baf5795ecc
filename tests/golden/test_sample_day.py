"""The recorded sample day: real facts, texts of its own, and the seed's order."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from paperboy.listing import read_listing
from paperboy.paper import Paper
from paperboy.policy import load_policy
from paperboy.ranking import Ranking, rank
from paperboy.summary import Rung, from_paper, from_reply
from tests.samples import DAY, ROOT, read_json, seed_texts

SAMPLE = read_json(ROOT / "events/sample/2026-02-03.json")
SUMMARIES = read_json(ROOT / "events/sample/summaries.json")

TEXTS = {"abstract", "ai_summary"}
FACTS = ("id", "title", "publishedAt", "submittedOnDailyAt", "upvotes", "githubStars", "githubRepo")

CHINESE_RUN, ENGLISH_RUN = 24, 9
"""Characters and words from which on an equal run is a copy."""


@pytest.fixture(scope="module")
def real(shared_data: Path) -> list[dict[str, Any]]:
    """The real listing that gives the seed's rows."""
    items: list[dict[str, Any]] = read_json(shared_data / "data/seed_day/payload.json.gz")
    return items


def papers() -> tuple[Paper, ...]:
    listing = read_listing(SAMPLE)
    assert () == listing.rejected
    return listing.papers


def ranking() -> Ranking:
    return rank(papers(), load_policy(), DAY)


def test_seeds_rows(shared_data: Path) -> None:
    """The sample gives the seed's sixteen rows: order, trophies, scores, tags and signals."""
    by_id = {paper.id: paper for paper in papers()}
    assert read_json(shared_data / "data/seed_day/expected.json") == [
        {"rank": row.rank, "golden": row.trophy, "id": row.id, "score": row.score, "tags": list(row.tags)}
        | {"org": by_id[row.id].organization or "Unknown", "title": by_id[row.id].title}
        | {"upvotes": by_id[row.id].upvotes, "stars": by_id[row.id].stars or 0, "comments": by_id[row.id].comments}
        for row in ranking().selected
    ]


def test_some_are_left_out() -> None:
    """At least eight papers are left out by the cut, so that a receipt has something to say."""
    assert len(ranking().rows) - len(ranking().selected) >= 8


def test_facts(real: list[dict[str, Any]]) -> None:
    """All that the sample says of a paper but for its texts is what the real listing says, in its order."""
    known = {paper.id: paper.model_dump(exclude=TEXTS) for paper in read_listing(real).papers}
    sample = [paper.model_dump(exclude=TEXTS) for paper in papers()]
    assert [known[paper["id"]] for paper in sample] == sample
    ids = [paper["id"] for paper in sample]
    assert [paper_id for paper_id in known if paper_id in ids] == ids


def test_keys(real: list[dict[str, Any]]) -> None:
    """The sample's items are the real ones, cut down: a key that is there has the real value, texts excepted."""
    by_id = {item["paper"]["id"]: item for item in real}
    for item in SAMPLE:
        original = by_id[item["paper"]["id"]]
        assert item.keys() <= original.keys()
        assert item["paper"].keys() <= original["paper"].keys()
        assert {key: original["paper"].get(key) for key in FACTS} == {key: item["paper"].get(key) for key in FACTS}
        assert original["publishedAt"] == item["publishedAt"]


def sentences(text: str) -> set[str]:
    """The sentences of a text that say more than a few words."""
    found = (sentence.strip().lower() for sentence in re.split(r"[。！？\n]|[.!?](?=\s|$)", text))
    return {sentence for sentence in found if len(sentence) >= 12}


def runs(text: str) -> set[str]:
    """Every run of a text that is long enough to be a copy."""
    chinese = re.findall(rf"(?=([\u4e00-\u9fff]{{{CHINESE_RUN}}}))", re.sub(r"[^\u4e00-\u9fff]", "", text))
    words = re.findall(r"\w+", text.lower())
    english = (" ".join(words[i : i + ENGLISH_RUN]) for i in range(len(words) - ENGLISH_RUN + 1))
    return {*chinese, *(run for run in english if run.isascii())}


def test_no_text_is_copied(shared_data: Path, real: list[dict[str, Any]]) -> None:
    """No sentence and no long run of the seed or of the real texts is in the sample's own."""
    seed = [each for text in seed_texts(shared_data).values() for each in (text["summary"], *text["highlights"])]
    theirs = [*seed, *(str(item["paper"].get(key) or "") for item in real for key in ("summary", "ai_summary"))]
    ours = [str(item["paper"].get(key) or "") for item in SAMPLE for key in ("summary", "ai_summary")]
    ours += [each for text in SUMMARIES.values() for each in (text["summary"], *text["highlights"])]
    for parts in (sentences, runs):
        taken = {part for text in theirs for part in parts(text)}
        assert len(taken) > 100
        assert set() == taken & {part for text in ours for part in parts(text)}


def test_summaries_are_accepted() -> None:
    """There is a recorded summary for each paper of the sample, and each is a model's good reply."""
    assert set(SUMMARIES) == {paper.id for paper in papers()}
    for paper in papers():
        text = SUMMARIES[paper.id]
        assert text | {"rung": "model"} == from_reply(json.dumps(text), paper).model_dump(mode="json"), paper.id


def test_both_low_rungs() -> None:
    """Without a model, the sample's digest shows both low rungs."""
    by_id = {paper.id: paper for paper in papers()}
    assert {Rung.LISTING, Rung.ABSTRACT} == {from_paper(by_id[row.id]).rung for row in ranking().selected}


def test_nobody_is_in_it() -> None:
    """The sample holds no person's name, picture or account."""
    assert [] == re.findall(r'"(?:authors|user|avatar\w*|submittedOnDailyBy|_id)"', json.dumps(SAMPLE))
