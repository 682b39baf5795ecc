"""Samples for tests: each is complete, and a test says only what it is about."""

import datetime as dt
import gzip
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from paperboy.adapters.sources.hugging_face import read_listing
from paperboy.archive.archive import Archive
from paperboy.archive.month import ArchivedDay, Month, month_of
from paperboy.days.digest import Digest, assemble
from paperboy.days.records import DayRecords, RankingRecord, Run, SummaryRecord
from paperboy.languages.language import Language, load_language
from paperboy.pages import json as json_page
from paperboy.papers.paper import Paper
from paperboy.papers.policy import load_policy
from paperboy.papers.ranking import rank
from paperboy.summaries.summary import Rung, Summary

DAY = dt.date(2026, 2, 3)
ZH, EN = load_language("zh"), load_language("en")
ROOT = Path(__file__).parents[1]

REPLY = {
    "title": "为何引导有效：统一的视角",
    "summary": "本文研究大模型的引导方法。" * 10,
    "highlights": ["提出统一的理论框架", "揭示偏好与效用的权衡", "提出新的引导方法"],
}
"""A model's good reply."""

ENGLISH_REPLY = {
    "summary": "Steering changes what a model says without training it again, but why it works is unclear. " * 5,
    "highlights": [
        "One account of why steering works, where there were many",
        "What a model prefers and how useful it stays are in conflict",
        "A way to steer that gives up less of what makes a model useful",
    ],
}
"""The same in English, where there is no title."""


def read_json(file: Path) -> Any:
    """The JSON in a file, gzipped or not."""
    content = file.read_bytes()
    return json.loads(gzip.decompress(content) if file.suffix == ".gz" else content)


def item(*absent: str, numComments: object = 1, **values: object) -> dict[str, Any]:  # noqa: N803 - the listing's word
    """An item of a listing as Hugging Face gives it, with other `values` in its paper and some keys absent."""
    organization = {"_id": "61f24c", "name": "alibaba-inc", "fullname": "alibaba", "avatar": "https://cdn/a.png"}
    paper = {
        "id": "2602.02343",
        "authors": [{"_id": "698186", "name": "A. Author", "hidden": False}],
        "publishedAt": "2026-02-02T17:04:36.000Z",
        "submittedOnDailyAt": "2026-02-03T03:13:09.153Z",
        "title": "Why Steering Works",
        "summary": "We look at steering. It works.",
        "upvotes": 9,
        "githubRepo": "https://github.com/zjunlp/EasyEdit",
        "ai_summary": "Steering works.",
        "ai_keywords": ["steering", "representation"],
        "projectPage": "https://example.com/steering",
        "githubStars": 2708,
        "organization": organization,
    } | values
    outer = {
        "publishedAt": "2026-02-02T12:04:36.000Z",
        "title": paper["title"],
        "numComments": numComments,
        "organization": paper["organization"],
        "thumbnail": paper.pop("thumbnail", "https://cdn.example.com/2602.02343.png"),
    }
    whole = {"paper": {key: value for key, value in paper.items() if key not in absent}} | outer
    return {key: value for key, value in whole.items() if key not in absent}


def paper(number: int = 2343, **values: Any) -> Paper:
    """A paper of which its id, title and abstract are known, and the `values`."""
    paper_id = values.get("id", f"2602.{number:05}")
    named = {"id": paper_id, "link": f"https://arxiv.org/abs/{paper_id}", "citation": f"arXiv:{paper_id}"}
    texts = {"title": "Why Steering Works", "abstract": "We look at steering. It works."}
    return Paper(**(named | texts | values))


def summary(rung: Rung = Rung.MODEL, **values: Any) -> Summary:
    """A model's summary; on a low rung, one without title and highlights."""
    text = {"summary": "We look at steering."} if rung.low else REPLY
    return Summary(**(text | {"rung": rung} | values))


def day(*papers: Paper, summaries: dict[str, Summary] | None = None, date: dt.date = DAY, **run: Any) -> DayRecords:
    """A day's records after score: its papers are ranked, each has a summary or one of `summaries`."""
    own = {
        "ids": tuple(each.id for each in papers),
        "papers_hash": "0",
        "policy_hash": "0",
        "prompt_version": "1",
        "attempt": 1,
        "listed": len(papers) + len(run.get("rejections", ())) - run.get("kept", 0),
        "kept": 0,
        "scheduled_at": dt.datetime(2026, 2, 4, 3, 17, tzinfo=dt.UTC),
    }
    records = Run(**(own | run))
    summaries = {each.id: summary() for each in papers} if summaries is None else summaries
    return DayRecords(
        day=date,
        papers={each.id: each for each in papers},
        run=records,
        ranking=RankingRecord(attempt=records.attempt, rows=rank(papers, load_policy(), date).rows),
        summaries={
            paper_id: SummaryRecord(summary=text, input_hash="0", attempt=records.attempt)
            for paper_id, text in summaries.items()
        },
    )


def listed_digest(file: Path, summaries: dict[str, Summary] | None = None) -> Digest:
    """The digest of a saved listing whose file is named after its day; without summaries, on the low rungs."""
    listing = read_listing(read_json(file))
    date = dt.date.fromisoformat(file.name.split(".")[0])
    digest = assemble(
        day(*listing.papers, summaries=summaries or {}, date=date, due=True, rejections=listing.rejections)
    )
    assert digest, file
    return digest


def archived(digest: Digest, language: Language = ZH) -> ArchivedDay:
    """A digest as the archive keeps it."""
    return ArchivedDay.of_page(json_page.write(digest, language))


def archive_of(*days: ArchivedDay, empty: Iterable[dt.date] = ()) -> Archive:
    """An archive of these days, and of those that had no papers."""
    kept, without = list(days), list(empty)
    months = {
        name: Month.of(
            name, [day for day in kept if day.month == name], [day for day in without if month_of(day) == name]
        )
        for name in sorted({day.month for day in kept})
    }
    return Archive(tuple(months), months.__getitem__)


def sample_summaries() -> dict[str, Summary]:
    """What the recorded model tells of the sample day's papers."""
    texts = read_json(ROOT / "events/sample/summaries.json")
    return {paper_id: Summary(**text, rung=Rung.MODEL) for paper_id, text in texts.items()}


def sample_papers() -> dict[str, Paper]:
    """The papers of all sample days, by id."""
    listings = [read_listing(read_json(file)) for file in sorted((ROOT / "events/sample").glob("????-??-??.json"))]
    return {paper.id: paper for listing in listings for paper in listing.papers}


def seed_texts(shared_data: Path) -> dict[str, dict[str, Any]]:
    """The seed's Chinese texts by paper id, read from its page."""
    page = (shared_data / "seed/2026-02-03.md").read_text("utf-8")
    entries = re.findall(
        r"^### .*?\. (.*?) \(.*?abs/([\d.]+)\].*?^\*\*摘要\*\*: (.*?)$.*?^\*\*亮点\*\*:\n(.*?)\n\n", page, re.M | re.S
    )
    return {
        paper_id: {"title": title, "summary": text, "highlights": re.findall("^  - (.*)$", highlights, re.M)}
        for title, paper_id, text, highlights in entries
    }
