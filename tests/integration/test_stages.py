"""What each stage does with a day that is not as it was."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from functions.render.handler import publish
from paperboy.conflict import ConflictError
from paperboy.queue import SummaryAsked
from paperboy.records import REFUSALS, Day
from paperboy.source import SourceError
from paperboy.summary import Rung
from paperboy.table import CLAIM, Table
from paperboy_cli.deployed import receipt
from tests.integration.conftest import DAY, Edges, run_of


def with_votes(paper_id: str, votes: int) -> Any:
    def edit(items: list[Any]) -> list[Any]:
        for item in items:
            if item["paper"]["id"] == paper_id:
                item["paper"]["upvotes"] = votes
        return items

    return edit


def test_rerun_with_nothing_new_does_nothing(edges: Edges) -> None:
    """A later run of a day that is out and unchanged writes no record, no page, and calls no model."""
    edges.whole_day(hour=3)
    before = edges.records(), edges.pages(), edges.recorded.calls["model"]
    assert edges.ingest(run_of(4))["status"] == "nothing new"
    edges.render()
    assert before == (edges.records(), edges.pages(), edges.recorded.calls["model"])


def test_a_late_vote_reorders_and_pays_nothing(edges: Edges) -> None:
    """A changed vote changes score and order; the summaries stay as they are."""
    edges.whole_day(hour=3)
    edges.edit_listing(with_votes("2602.01335", 400))
    assert edges.whole_day(hour=4) == []
    digest = json.loads(edges.pages()[f"digests/{DAY}.json"])
    numbers = {paper["id"]: paper["number"] for paper in digest["papers"]}
    assert (9, 16) == (numbers["2602.01335"], edges.recorded.calls["model"])


@pytest.mark.parametrize("left", [0, 3])
def test_a_shorter_listing_takes_nothing_away(edges: Edges, left: int) -> None:
    """An empty or shorter listing removes no paper from a digest, and the receipt says what was kept."""
    edges.whole_day(hour=3)
    page = edges.pages()[f"digests/{DAY}.md"]
    edges.edit_listing(lambda items: items[:left])
    edges.whole_day(hour=4)
    assert page == edges.pages()[f"digests/{DAY}.md"]
    kept = receipt(edges.table.read_day(DAY))
    assert kept.listed + kept.kept == kept.selected + kept.left_out + len(kept.rejected) == 25


def test_a_broken_listing_touches_no_page(edges: Edges) -> None:
    """When every item of a listing is broken, pages stay byte for byte, and the run tells what was wrong."""
    edges.whole_day(hour=3)
    pages = edges.pages()
    edges.edit_listing(lambda items: [str(item) for item in items])
    outcome = edges.ingest(run_of(4))
    edges.score()
    edges.render()
    run = edges.table.read_day(DAY).run
    assert run is not None
    assert ("broken", 25) == (outcome["status"], outcome["rejected"])
    assert {"expected an object, got str"} == {bad.why for bad in run.broken}
    assert (25, 25) == (run.listed, len(run.ids))
    assert pages == edges.pages()


@pytest.mark.parametrize(("items", "status", "rejected"), [([], "no papers", 0), (["{'paper': 1}"] * 3, "broken", 3)])
def test_a_day_without_papers_is_recorded_and_has_no_page(
    edges: Edges, items: list[Any], status: str, rejected: int
) -> None:
    """An empty or wholly broken listing leaves a run without papers that says why, no ranking and no page."""
    edges.edit_listing(lambda _: items)
    assert edges.ingest(run_of(3))["status"] == status
    edges.score()
    edges.render()
    day = edges.table.read_day(DAY)
    assert day.run is not None
    assert ((), rejected, rejected) == (day.run.ids, day.run.listed, len(day.run.rejected))
    assert (None, {}) == (day.ranking, edges.pages())
    assert edges.ingest(run_of(4))["status"] == status
    assert day.run == edges.table.read_day(DAY).run


def test_a_run_comes_back_to_a_broken_day_and_not_to_an_empty_one(edges: Edges) -> None:
    """Within a month a day whose listing was broken is visited again; a weekend is not."""
    at = dt.datetime(2026, 2, 20, 3, 17, tzinfo=dt.UTC)
    edges.edit_listing(lambda _: [])
    edges.ingest(run_of(3))
    assert DAY not in edges.stage.days_to_visit(at)
    edges.edit_listing(lambda _: ["broken"])
    edges.ingest(run_of(4))
    assert DAY in edges.stage.days_to_visit(at)


def test_a_value_that_is_missing_this_time_stays(edges: Edges) -> None:
    """Stars that a later listing lacks are still known."""
    edges.whole_day(hour=3)

    def without_stars(items: list[Any]) -> list[Any]:
        for item in items:
            item["paper"].pop("githubStars", None)
        return items

    edges.edit_listing(without_stars)
    assert edges.ingest(run_of(4))["status"] == "nothing new"
    assert edges.table.read_day(DAY).papers["2602.02343"].stars == 2708


def test_a_published_paper_stays_below_the_cut(edges: Edges) -> None:
    """A paper that was published stays in its digest when new votes push it below the cut."""
    edges.whole_day(hour=3)
    edges.edit_listing(with_votes("2602.01382", 0))
    edges.whole_day(hour=4)
    digest = json.loads(edges.pages()[f"digests/{DAY}.json"])
    assert digest["papers"][-1]["id"] == "2602.01382"
    assert len(digest["papers"]) == 16


def test_the_digest_waits_until_it_is_due(edges: Edges) -> None:
    """With no summary at all nothing is published before the due run, and then everything, marked."""
    edges.ingest(run_of(3))
    edges.score()
    edges.render()
    assert edges.pages() == {}
    edges.ingest(run_of(6, due=True))
    edges.score()
    edges.render()
    digest = json.loads(edges.pages()[f"digests/{DAY}.json"])
    assert Counter(paper["rung"] for paper in digest["papers"]) == {"listing": 13, "abstract": 3}
    assert edges.table.read_day(DAY).open


def test_a_model_that_is_away_gives_low_rungs_and_the_next_run_heals_them(edges: Edges) -> None:
    """With the model away the digest comes out marked, and when it is back the next run mends each paper once."""
    replies = dict(edges.recorded.replies)
    edges.recorded.replies.clear()
    edges.whole_day(hour=3)
    marked = edges.table.read_day(DAY)
    assert all(record.summary.rung.low for record in marked.summaries.values())
    assert marked.published is not None
    assert marked.published.open
    edges.recorded.replies.update(replies)
    assert len(edges.whole_day(hour=4)) == 16
    healed = edges.table.read_day(DAY)
    assert (healed.published.rungs if healed.published else None) == {Rung.MODEL: 16}
    assert not healed.open


def test_two_copies_of_a_message_pay_once(edges: Edges) -> None:
    """Of two copies of a message that are worked on at once, one calls the model; the other is brought back."""
    edges.ingest(run_of(3))
    edges.score()
    message = edges.asked()[0]

    def answer(copy: SummaryAsked) -> object:
        try:
            return edges.summarize(copy)
        except ConflictError as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(answer, [message, message]))
    assert edges.recorded.calls["model"] == 1
    assert edges.summarize(message) is None


def test_a_claim_that_nobody_settled_expires(edges: Edges) -> None:
    """After a crash between claim and settle the paper is free again when the claim has run out."""
    edges.ingest(run_of(3))
    edges.score()
    message = edges.asked()[0]
    assert edges.table.claim_summary(message, "source", now=1000)
    with pytest.raises(ConflictError):
        edges.table.claim_summary(message, "source", now=1000 + CLAIM)
    assert edges.table.claim_summary(message, "source", now=1001 + CLAIM)


def test_a_models_summary_is_never_replaced_by_a_low_rung(edges: Edges) -> None:
    """When a published paper's title changes while the model is away, its summary stays, and the day stays open."""
    edges.whole_day(hour=3)

    def retitled(items: list[Any]) -> list[Any]:
        items[0]["paper"]["title"] += " (v2)"
        return items

    edges.edit_listing(retitled)
    edges.recorded.replies.clear()
    assert 1 == len(edges.whole_day(hour=4))
    day = edges.table.read_day(DAY)
    assert {Rung.MODEL: 16} == (day.published.rungs if day.published else None)
    assert day.open


def test_a_refused_reply_is_repaired_once(edges: Edges) -> None:
    """A reply with an invented number is asked for again with the reason, and the mended one is marked as such."""
    good = edges.recorded.replies["2602.02343"]
    bad = good | {"summary": good["summary"] + "准确率达到 99.9%。"}
    edges.recorded.refused["2602.02343"] = json.dumps(bad)
    edges.whole_day(hour=3)
    record = edges.table.read_day(DAY).summaries["2602.02343"]
    assert (Rung.REPAIRED, 2) == (record.summary.rung, record.spent.calls)
    assert "summary: the number 99.9% is neither in the title nor in the abstract" in edges.recorded.told[0]
    assert 17 == edges.recorded.calls["model"]


def test_a_paper_that_a_model_refuses_is_not_paid_for_without_end(edges: Edges) -> None:
    """After REFUSALS replies that are no summary the paper stays on its low rung and the day is closed."""
    edges.recorded.replies["2602.02343"] = {"title": "无", "summary": "太短", "highlights": []}
    asked = [len(edges.whole_day(hour)) for hour in (3, 4, 5, 6, 7)]
    assert [16, *[1] * (REFUSALS - 1)] + [0] * (5 - REFUSALS) == asked
    assert not edges.table.read_day(DAY).open


@pytest.mark.parametrize("answer", [None, []])
def test_a_due_day_comes_out_while_the_source_is_away(edges: Edges, answer: list[Any] | None) -> None:
    """When the source is down or empty at the day's last run, the day that is known comes out all the same."""
    edges.ingest(run_of(3))
    edges.score()
    if answer is None:
        (edges.recorded.folder / f"{DAY}.json").write_text("{}")
        with pytest.raises(SourceError):
            edges.ingest(run_of(6, due=True))
    else:
        edges.edit_listing(lambda _: answer)
        edges.ingest(run_of(6, due=True))
    edges.score()
    edges.render()
    assert f"digests/{DAY}.md" in edges.pages()


def test_a_bad_item_of_a_known_paper_is_counted_once(edges: Edges) -> None:
    """A known paper whose item is broken this time is kept, and the receipt counts it once."""
    edges.whole_day(hour=3)

    def broken(items: list[Any]) -> list[Any]:
        items[0]["paper"]["upvotes"] = "many"
        items.append({"paper": {"id": "2602.99999", "title": ""}})
        return items

    edges.edit_listing(broken)
    edges.whole_day(hour=4)
    found = receipt(edges.table.read_day(DAY))
    assert (25, 1, 16, 9) == (found.listed, found.kept, found.selected, found.left_out)
    assert ["2602.99999"] == [bad.where for bad in found.rejected]


def test_a_ranking_waits_for_papers_that_are_being_written(edges: Edges) -> None:
    """When a slower ingest leaves other papers than the run found, score waits, and the next run mends it."""
    edges.ingest(run_of(3))
    day = edges.table.read_day(DAY)
    edges.table.put_papers(DAY, [day.papers["2602.02343"].model_copy(update={"stars": 1})])
    with pytest.raises(ConflictError):
        edges.score()
    assert "listed" == edges.ingest(run_of(3))["status"]
    edges.score()
    ranking = edges.table.read_day(DAY).ranking
    assert ranking is not None
    assert "2602.02343" == ranking.ranking.rows[0].id


def test_a_run_visits_the_newest_days_and_every_day_that_is_not_done(edges: Edges) -> None:
    """A scheduled run looks at the last three listing days and at older ones of the month that are open."""
    edges.ingest(run_of(3))
    at = dt.datetime(2026, 2, 20, 3, 17, tzinfo=dt.UTC)
    newest = dt.date(2026, 2, 19)
    recent = [newest - dt.timedelta(days=back) for back in range(3)]
    assert [*recent, DAY] == edges.stage.days_to_visit(at)
    edges.score()
    for message in edges.asked():
        edges.summarize(message)
    edges.render()
    missed = [newest - dt.timedelta(days=back) for back in range((newest - DAY).days)]
    assert missed == edges.stage.days_to_visit(at)


class Interrupted(Table):
    """A table that lets others act just after a day was read, so that what was read is old."""

    def __init__(self, edges: Edges, then: Any) -> None:
        super().__init__(edges.name, edges.dynamodb.Table(edges.name))
        self._then = [then]

    def read_day(self, day: Any) -> Day:
        read = super().read_day(day)
        if self._then:
            self._then.pop()()
        return read


def test_the_newer_of_two_renders_stands(edges: Edges) -> None:
    """A render that read older records and writes last finds the page changed, and the newer page stands."""
    edges.whole_day(hour=3)
    edges.edit_listing(with_votes("2602.01335", 300))
    edges.ingest(run_of(4))
    edges.score()

    def newer() -> None:
        edges.edit_listing(with_votes("2602.01335", 200))
        edges.ingest(run_of(5))
        edges.score()
        edges.render()

    with pytest.raises(ConflictError):
        publish(DAY, Interrupted(edges, newer), edges.bucket, edges.language)
    digest = json.loads(edges.pages()[f"digests/{DAY}.json"])
    assert [paper["upvotes"] for paper in digest["papers"] if paper["id"] == "2602.01335"] == [200]


def test_an_older_run_does_not_replace_a_newer_one(edges: Edges) -> None:
    """Of two ingests at once, the one that read an older run is told so and writes nothing."""
    edges.whole_day(hour=3)
    old = edges.table.read_day(DAY).run
    edges.edit_listing(with_votes("2602.01335", 400))
    edges.ingest(run_of(4))
    assert old is not None
    with pytest.raises(ConflictError):
        edges.table.put_run(DAY, old.model_copy(update={"attempt": 2}), old)
