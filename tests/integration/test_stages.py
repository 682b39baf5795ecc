"""What each stage does with a day that is not as it was."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from functions.render.handler import Render
from paperboy.adapters.table import CLAIM_SECONDS, Table
from paperboy.days.digest import Receipt, assemble
from paperboy.days.records import MAX_REFUSALS, DayRecords
from paperboy.days.run import RunRequest
from paperboy.errors import ConflictError
from paperboy.papers.listing import SourceError
from paperboy.summaries.request import SummaryRequest
from paperboy.summaries.summary import Rung
from tests.integration.conftest import DAY, Stages, nothing_is_unreadable, run_of


def receipt_now(stages: Stages) -> Receipt:
    digest = assemble(stages.read_day())
    assert digest
    return digest.receipt


def with_votes(paper_id: str, votes: int) -> Any:
    def edit(items: list[Any]) -> list[Any]:
        for item in items:
            if item["paper"]["id"] == paper_id:
                item["paper"]["upvotes"] = votes
        return items

    return edit


def test_rerun_with_nothing_new_does_nothing(stages: Stages) -> None:
    """A later run of a day that is out and unchanged writes no record, no page, and calls no model."""
    stages.whole_day(hour=3)
    before = stages.records(), stages.pages(), stages.recorded.calls["model"]
    assert stages.ingest(run_of(4))["status"] == "nothing new"
    stages.render()
    assert before == (stages.records(), stages.pages(), stages.recorded.calls["model"])


def test_a_late_vote_reorders_and_pays_nothing(stages: Stages) -> None:
    """A changed vote changes score and order; the summaries stay as they are."""
    stages.whole_day(hour=3)
    stages.edit_listing(with_votes("2602.01335", 400))
    assert stages.whole_day(hour=4) == []
    digest = json.loads(stages.pages()[f"digests/{DAY}.json"])
    numbers = {paper["id"]: paper["number"] for paper in digest["papers"]}
    assert (9, 16) == (numbers["2602.01335"], stages.recorded.calls["model"])


@pytest.mark.parametrize("left", [0, 3])
def test_a_shorter_listing_takes_nothing_away(stages: Stages, left: int) -> None:
    """An empty or shorter listing removes no paper from a digest, and the receipt says what was kept."""
    stages.whole_day(hour=3)
    page = stages.pages()[f"digests/{DAY}.md"]
    stages.edit_listing(lambda items: items[:left])
    stages.whole_day(hour=4)
    assert page == stages.pages()[f"digests/{DAY}.md"]
    kept = receipt_now(stages)
    assert kept.listed + kept.kept == kept.selected + kept.left_out + len(kept.rejections) == 25


def test_a_broken_listing_touches_no_page(stages: Stages) -> None:
    """When every item of a listing is broken, pages stay byte for byte, and the run tells what was wrong."""
    stages.whole_day(hour=3)
    pages = stages.pages()
    stages.edit_listing(lambda items: [str(item) for item in items])
    outcome = stages.ingest(run_of(4))
    stages.score()
    stages.render()
    run = stages.read_day().run
    assert run is not None
    assert ("broken", 25) == (outcome["status"], outcome["rejected"])
    assert {"expected an object, got str"} == {bad.reason for bad in run.broken_listing}
    assert (25, 25) == (run.listed, len(run.ids))
    assert pages == stages.pages()


@pytest.mark.parametrize(("items", "status", "rejected"), [([], "no papers", 0), (["{'paper': 1}"] * 3, "broken", 3)])
def test_a_day_without_papers_is_recorded_and_has_no_page(
    stages: Stages, items: list[Any], status: str, rejected: int
) -> None:
    """An empty or wholly broken listing leaves a run without papers that says why, no ranking and no page."""
    stages.edit_listing(lambda _: items)
    assert stages.ingest(run_of(3))["status"] == status
    stages.score()
    stages.render()
    day = stages.read_day()
    assert day.run is not None
    assert ((), rejected, rejected) == (day.run.ids, day.run.listed, len(day.run.rejections))
    assert (None, {}) == (day.ranking, stages.pages())
    assert stages.ingest(run_of(4))["status"] == status
    assert day.run == stages.read_day().run


def test_a_run_comes_back_to_a_broken_day_and_not_to_an_empty_one(stages: Stages) -> None:
    """Within a month a day whose listing was broken is visited again; a weekend is not."""
    at = RunRequest(time=dt.datetime(2026, 2, 20, 3, 17, tzinfo=dt.UTC))
    stages.edit_listing(lambda _: [])
    stages.ingest(run_of(3))
    assert DAY not in stages.ingesting.days(at)
    stages.edit_listing(lambda _: ["broken"])
    stages.ingest(run_of(4))
    assert DAY in stages.ingesting.days(at)


def test_a_value_that_is_missing_this_time_stays(stages: Stages) -> None:
    """Stars that a later listing lacks are still known."""
    stages.whole_day(hour=3)

    def without_stars(items: list[Any]) -> list[Any]:
        for item in items:
            item["paper"].pop("githubStars", None)
        return items

    stages.edit_listing(without_stars)
    assert stages.ingest(run_of(4))["status"] == "nothing new"
    assert stages.read_day().papers["2602.02343"].stars == 2708


def test_a_published_paper_stays_below_the_cut(stages: Stages) -> None:
    """A paper that was published stays in its digest when new votes push it below the cut."""
    stages.whole_day(hour=3)
    stages.edit_listing(with_votes("2602.01382", 0))
    stages.whole_day(hour=4)
    digest = json.loads(stages.pages()[f"digests/{DAY}.json"])
    assert digest["papers"][-1]["id"] == "2602.01382"
    assert len(digest["papers"]) == 16


def test_the_digest_waits_until_it_is_due(stages: Stages) -> None:
    """With no summary at all nothing is published before the due run, and then everything, marked."""
    stages.ingest(run_of(3))
    stages.score()
    stages.render()
    assert stages.pages() == {}
    stages.ingest(run_of(6, due=True))
    stages.score()
    stages.render()
    digest = json.loads(stages.pages()[f"digests/{DAY}.json"])
    assert Counter(paper["rung"] for paper in digest["papers"]) == {"listing": 13, "abstract": 3}
    assert stages.read_day().open


def test_a_model_that_is_away_gives_low_rungs_and_the_next_run_mends_them(stages: Stages) -> None:
    """With the model away the digest comes out marked, and when it is back the next run mends each paper once."""
    replies = dict(stages.recorded.replies)
    stages.recorded.replies.clear()
    stages.whole_day(hour=3)
    marked = stages.read_day()
    assert all(record.summary.rung.low for record in marked.summaries.values())
    assert marked.digest is not None
    assert marked.digest.open
    stages.recorded.replies.update(replies)
    assert len(stages.whole_day(hour=4)) == 16
    mended = stages.read_day()
    assert (mended.digest.rungs if mended.digest else None) == {Rung.MODEL: 16}
    assert not mended.open


def test_two_copies_of_a_message_pay_once(stages: Stages) -> None:
    """Of two copies of a message that are worked on at once, one calls the model; the other is brought back."""
    stages.ingest(run_of(3))
    stages.score()
    message = stages.requests()[0]

    def answer(copy: SummaryRequest) -> object:
        try:
            return stages.summarize(copy)
        except ConflictError as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(answer, [message, message]))
    assert stages.recorded.calls["model"] == 1
    assert stages.summarize(message) is None


def test_a_claim_that_nobody_settled_expires(stages: Stages) -> None:
    """After a crash between claim and settle the paper is free again when the claim has run out."""
    stages.ingest(run_of(3))
    stages.score()
    message = stages.requests()[0]
    assert stages.table.claim_summary(message, "source", now=1000)
    with pytest.raises(ConflictError):
        stages.table.claim_summary(message, "source", now=1000 + CLAIM_SECONDS)
    assert stages.table.claim_summary(message, "source", now=1001 + CLAIM_SECONDS)


def test_a_models_summary_is_never_replaced_by_a_low_rung(stages: Stages) -> None:
    """When a published paper's title changes while the model is away, its summary stays, and the day stays open."""
    stages.whole_day(hour=3)

    def retitled(items: list[Any]) -> list[Any]:
        items[0]["paper"]["title"] += " (v2)"
        return items

    stages.edit_listing(retitled)
    stages.recorded.replies.clear()
    assert 1 == len(stages.whole_day(hour=4))
    day = stages.read_day()
    assert {Rung.MODEL: 16} == (day.digest.rungs if day.digest else None)
    assert day.open


def test_a_refused_reply_is_repaired_once(stages: Stages) -> None:
    """A reply with an invented number is asked for again with the reason, and the mended one is marked as such."""
    good = stages.recorded.replies["2602.02343"]
    bad = good | {"summary": good["summary"] + "准确率达到 99.9%。"}
    stages.recorded.refused["2602.02343"] = json.dumps(bad)
    stages.whole_day(hour=3)
    record = stages.read_day().summaries["2602.02343"]
    assert (Rung.REPAIRED, 2) == (record.summary.rung, record.usage.calls)
    assert "summary: the number 99.9% is neither in the title nor in the abstract" in stages.recorded.repair_requests[0]
    assert 17 == stages.recorded.calls["model"]


def test_a_paper_that_a_model_refuses_is_not_paid_for_without_end(stages: Stages) -> None:
    """After MAX_REFUSALS dialogues that come to no summary the paper stays on its low rung and the day is closed."""
    stages.recorded.replies["2602.02343"] = {"title": "无", "summary": "太短", "highlights": []}
    requests = [len(stages.whole_day(hour)) for hour in (3, 4, 5, 6, 7)]
    assert [16, *[1] * (MAX_REFUSALS - 1)] + [0] * (5 - MAX_REFUSALS) == requests
    assert not stages.read_day().open


@pytest.mark.parametrize("answer", [None, []])
def test_a_due_day_comes_out_while_the_source_is_away(stages: Stages, answer: list[Any] | None) -> None:
    """When the source is down or empty at the day's last run, the day that is known comes out all the same."""
    stages.ingest(run_of(3))
    stages.score()
    if answer is None:
        (stages.recorded.folder / f"{DAY}.json").write_text("{}")
        with pytest.raises(SourceError):
            stages.ingest(run_of(6, due=True))
    else:
        stages.edit_listing(lambda _: answer)
        stages.ingest(run_of(6, due=True))
    stages.score()
    stages.render()
    assert f"digests/{DAY}.md" in stages.pages()


def test_a_bad_item_of_a_known_paper_is_counted_once(stages: Stages) -> None:
    """A known paper whose item is broken this time is kept, and the receipt counts it once."""
    stages.whole_day(hour=3)

    def broken(items: list[Any]) -> list[Any]:
        items[0]["paper"]["upvotes"] = "many"
        items.append({"paper": {"id": "2602.99999", "title": ""}})
        return items

    stages.edit_listing(broken)
    stages.whole_day(hour=4)
    found = receipt_now(stages)
    assert (25, 1, 16, 9) == (found.listed, found.kept, found.selected, found.left_out)
    assert ["2602.99999"] == [bad.item for bad in found.rejections]


def test_a_ranking_waits_for_papers_that_are_being_written(stages: Stages) -> None:
    """When a slower ingest leaves other papers than the run found, score waits, and the next run mends it."""
    stages.ingest(run_of(3))
    day = stages.read_day()
    stages.table.put_papers(DAY, [day.papers["2602.02343"].model_copy(update={"stars": 1})])
    with pytest.raises(ConflictError):
        stages.score()
    assert "listed" == stages.ingest(run_of(3))["status"]
    stages.score()
    ranking = stages.read_day().ranking
    assert ranking is not None
    assert "2602.02343" == ranking.rows[0].id


def test_a_run_visits_the_newest_days_and_every_day_that_is_not_done(stages: Stages) -> None:
    """A scheduled run looks at the last three listing days and at older ones of the month that are open."""
    stages.ingest(run_of(3))
    at = RunRequest(time=dt.datetime(2026, 2, 20, 3, 17, tzinfo=dt.UTC))
    newest = dt.date(2026, 2, 19)
    recent = [newest - dt.timedelta(days=back) for back in range(3)]
    assert [*recent, DAY] == stages.ingesting.days(at)
    stages.score()
    for message in stages.requests():
        stages.summarize(message)
    stages.render()
    missed = [newest - dt.timedelta(days=back) for back in range((newest - DAY).days)]
    assert missed == stages.ingesting.days(at)


class Interrupted(Table):
    """A table that lets others act just after a day was read, so that what was read is old."""

    def __init__(self, stages: Stages, then: Any) -> None:
        super().__init__(stages.name, nothing_is_unreadable, stages.client)
        self._then = [then]

    def read_day(self, day: Any) -> DayRecords:
        read = super().read_day(day)
        if self._then:
            self._then.pop()()
        return read


def test_the_newer_of_two_renders_stands(stages: Stages) -> None:
    """A render that read older records and writes last finds the page changed, and the newer page stands."""
    stages.whole_day(hour=3)
    stages.edit_listing(with_votes("2602.01335", 300))
    stages.ingest(run_of(4))
    stages.score()

    def newer() -> None:
        stages.edit_listing(with_votes("2602.01335", 200))
        stages.ingest(run_of(5))
        stages.score()
        stages.render()

    with pytest.raises(ConflictError):
        Render(Interrupted(stages, newer), stages.bucket, stages.language).publish(DAY)
    digest = json.loads(stages.pages()[f"digests/{DAY}.json"])
    assert [paper["upvotes"] for paper in digest["papers"] if paper["id"] == "2602.01335"] == [200]


def test_an_older_run_does_not_replace_a_newer_one(stages: Stages) -> None:
    """Of two ingests at once, the one that read an older run is told so and writes nothing."""
    stages.whole_day(hour=3)
    old = stages.read_day()
    stages.edit_listing(with_votes("2602.01335", 400))
    stages.ingest(run_of(4))
    assert old.run is not None
    with pytest.raises(ConflictError):
        stages.table.put_run(old, old.run.replaced(attempt=2))
