"""The recorded sample days: real facts, texts of their own, and on the first day the seed's order."""

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pytest

from paperboy.adapters.sources.hugging_face import read_listing
from paperboy.papers.paper import Paper
from paperboy.papers.policy import load_policy
from paperboy.papers.ranking import Ranking, rank
from paperboy.summaries.reply import ReplyError, read_reply
from paperboy.summaries.summary import Rung, from_paper
from tests.samples import DAY, ROOT, ZH, read_json, sample_papers, seed_texts

NEXT = dt.date(2026, 2, 4)
REAL = {DAY: "data/seed_day/payload.json.gz", NEXT: "data/hf_daily/2026-02-04.json.gz"}
"""The recorded days, and the real listing of each; the first day's is the one that gives the seed's rows."""
SAMPLE = {day: read_json(ROOT / f"events/sample/{day}.json") for day in REAL}
SUMMARIES = read_json(ROOT / "events/sample/summaries.json")
REFUSED = read_json(ROOT / "events/sample/refused.json")

TEXTS = {"abstract", "ai_summary"}
LEFT_AWAY = {"keywords", "thumbnail"}
FACTS = ("id", "title", "publishedAt", "submittedOnDailyAt", "upvotes", "githubStars", "githubRepo", "projectPage")

CHINESE_RUN, ENGLISH_RUN = 24, 8
"""Characters and words from which on an equal run is a copy."""


every_day = pytest.mark.parametrize("day", REAL, ids=str)


@pytest.fixture
def real(shared_data: Path, day: dt.date) -> list[dict[str, Any]]:
    """The real listing of a recorded day."""
    items: list[dict[str, Any]] = read_json(shared_data / REAL[day])
    return items


def papers(day: dt.date) -> tuple[Paper, ...]:
    listing = read_listing(SAMPLE[day])
    assert () == listing.rejections
    return listing.papers


def ranking(day: dt.date) -> Ranking:
    return rank(papers(day), load_policy(), day)


def test_seeds_rows(shared_data: Path) -> None:
    """The sample gives the seed's sixteen rows: order, trophies, scores, tags and signals."""
    by_id = {paper.id: paper for paper in papers(DAY)}
    assert read_json(shared_data / "data/seed_day/expected.json") == [
        {"rank": row.rank, "golden": row.trophy, "id": row.id, "score": row.score, "tags": list(row.tags)}
        | {"org": by_id[row.id].organization or "Unknown", "title": by_id[row.id].title}
        | {"upvotes": by_id[row.id].upvotes, "stars": by_id[row.id].stars or 0, "comments": by_id[row.id].comments}
        for row in ranking(DAY).selected
    ]


def test_some_are_left_out() -> None:
    """At least eight papers are left out by the cut, so that a receipt has something to say."""
    assert len(ranking(DAY).rows) - len(ranking(DAY).selected) >= 8


def test_the_next_day_has_some_of_everything() -> None:
    """All ten papers of the second day are in: labs of both tiers and none, one trophy, stars and none."""
    rows, by_id = ranking(NEXT).selected, {paper.id: paper for paper in papers(NEXT)}
    assert (10, 10, 1) == (len(by_id), len(rows), sum(row.trophy for row in rows))
    assert {"super", "frontier", None} == {row.tier for row in rows}
    assert {True, False} == {by_id[row.id].stars is None for row in rows}
    assert {True, False} == {by_id[row.id].organization is None for row in rows}


@every_day
def test_facts(day: dt.date, real: list[dict[str, Any]]) -> None:
    """But for texts, keywords and pictures all that the sample says is what the real listing says, in its order."""
    listed = {paper.id: paper.model_dump(exclude=TEXTS | LEFT_AWAY) for paper in read_listing(real).papers}
    sample = [paper.model_dump(exclude=TEXTS | LEFT_AWAY) for paper in papers(day)]
    assert [listed[paper["id"]] for paper in sample] == sample
    ids = [paper["id"] for paper in sample]
    assert [paper_id for paper_id in listed if paper_id in ids] == ids


@every_day
def test_keys(day: dt.date, real: list[dict[str, Any]]) -> None:
    """The sample's items are the real ones, cut down: a key that is there has the real value, texts excepted."""
    by_id = {item["paper"]["id"]: item for item in real}
    for item in SAMPLE[day]:
        original = by_id[item["paper"]["id"]]
        assert item.keys() <= original.keys()
        assert item["paper"].keys() <= original["paper"].keys()
        assert {key: original["paper"].get(key) for key in FACTS} == {key: item["paper"].get(key) for key in FACTS}
        assert original["publishedAt"] == item["publishedAt"]
        assert [{"name": author["name"]} for author in original["paper"]["authors"]] == item["paper"]["authors"]


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


@every_day
def test_no_text_is_copied(day: dt.date, shared_data: Path, real: list[dict[str, Any]]) -> None:
    """No sentence and no long run of the seed or of the real texts is in the sample's own."""
    seed = [each for text in seed_texts(shared_data).values() for each in (text["summary"], *text["highlights"])]
    theirs = [*seed, *(str(item["paper"].get(key) or "") for item in real for key in ("summary", "ai_summary"))]
    ours = [str(item["paper"].get(key) or "") for item in SAMPLE[day] for key in ("summary", "ai_summary")]
    ours += [each for text in SUMMARIES.values() for each in (text["summary"], *text["highlights"])]
    for parts in (sentences, runs):
        taken = {part for text in theirs for part in parts(text)}
        assert len(taken) > 100
        assert set() == taken & {part for text in ours for part in parts(text)}


def test_summaries_are_accepted() -> None:
    """There is a recorded summary for each paper of the sample's days, and each is a model's good reply."""
    papers = sample_papers()
    assert set(SUMMARIES) == set(papers)
    for paper_id, text in SUMMARIES.items():
        summary = read_reply(json.dumps(text), papers[paper_id], ZH)
        assert text | {"rung": "model"} == summary.model_dump(mode="json"), paper_id


def test_the_refused_are_refused() -> None:
    """What comes first of two papers of the first digest is refused: one reply is cut off, one invents a number."""
    papers = sample_papers()
    assert REFUSED.keys() < {row.id for row in ranking(DAY).selected}
    reasons = []
    for paper_id, text in REFUSED.items():
        with pytest.raises(ReplyError) as refused:
            read_reply(text, papers[paper_id], ZH)
        reasons.append(str(refused.value))
    assert [
        "reply: it ends before its JSON object does",
        "summary: the number 96.4% is neither in the title nor in the abstract",
    ] == reasons


@every_day
def test_both_low_rungs(day: dt.date) -> None:
    """Without a model, each of the sample's digests shows both low rungs."""
    by_id = {paper.id: paper for paper in papers(day)}
    assert {Rung.LISTING, Rung.ABSTRACT} == {from_paper(by_id[row.id]).rung for row in ranking(day).selected}


def test_no_account_is_in_it() -> None:
    """Of people the sample holds authors' names, as a paper has them, and no picture, account or hash."""
    assert [] == re.findall(r'"(?:user|avatar\w*|submittedOnDailyBy|_id)"', json.dumps(list(SAMPLE.values())))
