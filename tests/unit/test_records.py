"""Records: when a summary serves, which of two stays, and when a day is open."""

import dataclasses
import datetime as dt
from typing import Any

import pytest

from paperboy.days.keys import (
    BUDGET,
    DIGESTS,
    RANKING,
    RUN,
    day_of,
    day_partition,
    digest_record_key,
    kind_of,
    month_key,
    paper_key,
    summary_key,
)
from paperboy.days.records import MAX_REFUSALS, DayRecords, DigestRecord, Findings, Run, SummaryRecord, papers_hash
from paperboy.summaries.dialogue import Answer, Outcome, summarize
from paperboy.summaries.model import Completion
from paperboy.summaries.prompt import NO_MODEL, Message
from paperboy.summaries.request import MAX_CALLS_PER_PAPER, SummaryRequest
from paperboy.summaries.summary import Rung, from_paper, input_hash
from paperboy.summaries.usage import Usage
from tests.samples import DAY, ZH, day, paper, summary

PROMPT = "1"
NOW = dt.datetime(2026, 2, 4, 3, 17, 5, 999, tzinfo=dt.UTC)
BEFORE = dt.datetime(2026, 2, 4, 2, 17, tzinfo=dt.UTC)
PAPER = paper()


def record(rung: Rung = Rung.MODEL, of: str = PROMPT, **values: Any) -> SummaryRecord:
    """A paper's summary on a rung, made with the prompt of that version."""
    made: dict[str, Any] = {"summary": summary(rung), "input_hash": input_hash(PAPER, of), "attempt": 1}
    if values.get("refusals"):  # of the newest prompt, where a model's older text stayed
        made["refused_input"] = input_hash(PAPER, of if rung.low else PROMPT)
    return SummaryRecord(**(made | values))


def findings(prompt: str = PROMPT, model: str | None = None) -> Findings:
    return Findings(ids=(), papers_hash="", policy_hash="", prompt_version=prompt, model=model, listed=0, kept=0)


def test_refusals_are_a_models_own() -> None:
    """A paper that one model refused for good is open to another, and the other's refusals count anew."""
    refused = record(Rung.LISTING, refusals=MAX_REFUSALS, refused_by="one")
    assert refused.serves(PAPER, findings(model="one"))
    assert not refused.serves(PAPER, findings(model="two"))
    again = record(Rung.LISTING, refusals=1, refused_by="two").after(refused)
    assert (1, "two") == (again.refusals, again.refused_by)
    away = record(Rung.LISTING).after(refused)
    assert (MAX_REFUSALS, "one") == (away.refusals, away.refused_by)
    kept = record(Rung.LISTING, refusals=1, refused_by="two").after(record(refusals=2, refused_by="one", model="one"))
    assert (1, "two", "one", Rung.MODEL) == (kept.refusals, kept.refused_by, kept.model, kept.summary.rung)


@pytest.mark.parametrize(
    ("rung", "of", "refusals", "prompt", "serves"),
    [
        (Rung.MODEL, PROMPT, 0, PROMPT, True),
        (Rung.REPAIRED, PROMPT, 0, PROMPT, True),
        (Rung.LISTING, PROMPT, 0, PROMPT, False),
        (Rung.ABSTRACT, PROMPT, MAX_REFUSALS - 1, PROMPT, False),
        (Rung.ABSTRACT, PROMPT, MAX_REFUSALS, PROMPT, True),
        (Rung.ABSTRACT, PROMPT, MAX_REFUSALS + 1, PROMPT, True),
        (Rung.LISTING, "z", 0, "z", False),
        (Rung.LISTING, NO_MODEL, 0, NO_MODEL, True),
        (Rung.MODEL, "0", 0, PROMPT, False),
        (Rung.LISTING, "0", MAX_REFUSALS, PROMPT, False),
        (Rung.MODEL, "0", MAX_REFUSALS, PROMPT, True),
        (Rung.MODEL, PROMPT, 0, NO_MODEL, True),
        (Rung.LISTING, PROMPT, 0, NO_MODEL, False),
    ],
    ids=[
        *("by the model", "repaired", "low", "refused, but not for good", "refused for good"),
        *("refused once more", "low, of a version that sorts after none", "no model to do better"),
        *("another prompt", "refused for good, then another prompt", "kept for want of a better one"),
        *("by a model that is gone", "low, of a model that is gone"),
    ],
)
def test_serves(rung: Rung, of: str, refusals: int, prompt: str, serves: bool) -> None:
    """A summary serves where a later run has nothing better to hope for, and a changed text opens the paper again."""
    assert serves == record(rung, of, refusals=refusals).serves(PAPER, findings(prompt))


@pytest.mark.parametrize("earlier", [None, record(of="0", model="m")], ids=["none", "in another language"])
def test_what_is_refused_for_good_is_paid_for_within_bounds(earlier: SummaryRecord | None) -> None:
    """A model whose every reply is refused gets MAX_REFUSALS dialogues about a paper, and an earlier text stays."""
    calls, kept = 0, earlier

    def refused(_: tuple[Message, ...]) -> Answer:
        return Answer(Completion(text="no", usage=used(1)), used(1))

    for attempt in range(2, 9):
        if kept and kept.serves(PAPER, findings(model="m")):
            break
        outcome = summarize(PAPER, ZH, refused, MAX_CALLS_PER_PAPER)
        request = SummaryRequest(day=DAY, paper_id=PAPER.id, attempt=attempt)
        kept = SummaryRecord.of(outcome, request, input_hash(PAPER, PROMPT), "m", NOW).after(kept)
        calls += kept.calls
    assert MAX_REFUSALS * MAX_CALLS_PER_PAPER == calls
    assert kept is not None
    assert kept.summary == (earlier.summary if earlier else from_paper(PAPER))


@pytest.mark.parametrize("field", ["title", "abstract", "organization"])
def test_a_changed_text_is_told_anew(field: str) -> None:
    """A paper whose title, abstract or organisation has changed lacks a summary, though it was refused for good."""
    refused = record(Rung.LISTING, refusals=MAX_REFUSALS)
    assert refused.serves(PAPER, findings())
    assert not refused.serves(PAPER.model_copy(update={field: "changed"}), findings())
    assert refused.serves(PAPER.model_copy(update={"upvotes": 9, "stars": 9, "comments": 9}), findings())


def test_what_came_of_a_request() -> None:
    """The record of a request has all that came of it, the run that wanted it and the model that was asked."""
    outcome = Outcome(summary(Rung.LISTING), used(2), "away", limited=True, refusals=1)
    request = SummaryRequest(day=DAY, paper_id=PAPER.id, attempt=7)
    expected = SummaryRecord(
        summary=summary(Rung.LISTING),
        input_hash="abc",
        attempt=7,
        written_at=NOW.replace(microsecond=0),
        model="m",
        calls=2,
        usage=used(2),
        reason="away",
        limited=True,
        refusals=1,
        refused_by="m",
        refused_input="abc",
    )
    assert expected == SummaryRecord.of(outcome, request, "abc", "m", NOW)


@pytest.mark.parametrize(
    ("new", "old", "text_changes"),
    [
        (Rung.MODEL, Rung.LISTING, True),
        (Rung.MODEL, Rung.MODEL, False),
        (Rung.LISTING, Rung.LISTING, False),
        (Rung.ABSTRACT, Rung.LISTING, True),
        (Rung.LISTING, Rung.MODEL, False),
    ],
)
def test_a_text_keeps_the_time_at_which_it_was_written(new: Rung, old: Rung, text_changes: bool) -> None:
    """A summary's time moves with its text and with nothing else: not with a call that wrote the same, or failed."""
    kept = record(new, written_at=NOW).after(record(old, written_at=BEFORE))
    assert kept.written_at == (NOW if text_changes else BEFORE)


def test_what_a_record_does_not_say() -> None:
    """A summary's record without what later releases added says that no model was called, refused or held back."""
    told = {"summary": summary().model_dump(), "input_hash": "0", "attempt": 1}
    added = {"model": None, "calls": 0, "usage": Usage(), "reason": None, "limited": False, "refusals": 0}
    assert added == {name: getattr(SummaryRecord.model_validate(told), name) for name in added}


def test_what_a_run_does_not_say() -> None:
    """A run's record without what later releases added was not due and went well."""
    whole = WHOLE.run
    assert whole
    added = {"due": False, "rejections": (), "broken_listing": ()}
    told = {name: value for name, value in whole.model_dump().items() if name not in added}
    assert added == {name: getattr(Run.model_validate(told), name) for name in added}


def used(calls: int) -> Usage:
    return Usage(calls=calls, input_tokens=100 * calls, output_tokens=10 * calls, cost=calls)


def test_the_first_record_stands() -> None:
    """Without a record before it a record stays as it is."""
    first = record(Rung.LISTING, refusals=1, usage=used(1))
    assert first.after(None) is first


@pytest.mark.parametrize("before", [Rung.MODEL, Rung.LISTING])
def test_a_models_summary_replaces_any(before: Rung) -> None:
    """A model's summary takes the place of the one before, whose refusals are over; what both took is added up."""
    old = record(before, of="0", refusals=2, usage=used(2))
    new = record(summary=summary(title="新"), attempt=2, calls=1, usage=used(1))
    assert new.replaced(usage=used(3)) == new.after(old)


def test_refusals_in_a_row_are_counted() -> None:
    """A low record after a low one is the newer one, with the refusals of both."""
    old = record(Rung.LISTING, refusals=1, usage=used(2), reason="old")
    new = record(Rung.ABSTRACT, attempt=2, refusals=1, usage=used(2), reason="new")
    assert new.replaced(usage=used(4), refusals=2) == new.after(old)


def test_a_models_summary_is_not_replaced_by_a_low_one() -> None:
    """Where the newer record is on a low rung the model's text stays, made of what it was, with the newer outcome."""
    old = record(of="0", refusals=1, usage=used(1), model="m")
    new = record(Rung.LISTING, attempt=2, calls=2, refusals=1, usage=used(2), reason="away", limited=True)
    expected = old.replaced(attempt=2, calls=2, refusals=2, usage=used(3), reason="away", limited=True)
    assert expected == new.after(old)


def digest(**values: Any) -> DigestRecord:
    made = {"attempt": 1, "ids": (PAPER.id,), "hashes": {}, "rungs": {Rung.MODEL: 1}, "open": False}
    return DigestRecord(**(made | {"published_at": dt.datetime(2026, 2, 4, tzinfo=dt.UTC)} | values))


WHOLE = dataclasses.replace(day(PAPER), digest=digest())


@pytest.mark.parametrize(
    ("records", "is_open"),
    [
        (DayRecords(DAY), True),
        (WHOLE, False),
        (day(), False),
        (dataclasses.replace(WHOLE, run=None), True),
        (dataclasses.replace(WHOLE, digest=None), True),
        (dataclasses.replace(WHOLE, digest=digest(open=True)), True),
        (dataclasses.replace(WHOLE, digest=digest(attempt=0)), True),
        (dataclasses.replace(WHOLE, digest=digest(attempt=2)), True),
        (dataclasses.replace(WHOLE, unreadable=frozenset({"RANKING"})), True),
        (dataclasses.replace(WHOLE, unreadable=frozenset({summary_key(PAPER.id)})), True),
        (dataclasses.replace(WHOLE, unreadable=frozenset({summary_key("2602.00009")})), False),
        (dataclasses.replace(WHOLE, unreadable=frozenset({paper_key("2602.00009")})), False),
    ],
    ids=[
        *("never visited", "done", "no papers", "no run", "not published", "can be mended"),
        *("newer run", "newer digest"),
        *("damaged ranking", "damaged summary", "damaged summary of another paper", "damaged paper"),
    ],
)
def test_open(records: DayRecords, is_open: bool) -> None:
    """A day is open while something of its newest run is to be done, or a record of its digest to be written anew."""
    assert is_open == records.open


def test_only_a_papers_own_record_makes_it_unreadable() -> None:
    """A paper is unreadable where its own record is, and not where its summary's or the day's is."""
    damaged = frozenset({paper_key("2602.00001"), summary_key("2602.00002"), "RANKING", "RUN"})
    assert frozenset({"2602.00001"}) == dataclasses.replace(WHOLE, unreadable=damaged).unreadable_papers


def test_last_attempt() -> None:
    """The newest attempt is that of whichever record has the highest."""
    assert 0 == DayRecords(DAY).last_attempt
    assert 1 == WHOLE.last_attempt
    assert 5 == dataclasses.replace(WHOLE, digest=digest(attempt=5)).last_attempt
    assert 6 == DayRecords(DAY, summaries={PAPER.id: record(attempt=6)}).last_attempt


@pytest.mark.parametrize("records", [DayRecords(DAY, papers={PAPER.id: PAPER}), WHOLE])
def test_lacks_summary(records: DayRecords) -> None:
    """A paper lacks a summary where there is none, and where it was made with another prompt than the run's."""
    assert records.lacks_summary(PAPER.id, findings())


def test_papers_hash() -> None:
    """The hash changes with any value of a paper and with the order, and an empty value is none."""
    one, two = paper(1), paper(2)
    hashes = [papers_hash(each) for each in ([one, two], [two, one], [one], [paper(1, upvotes=0), two], [])]
    assert 5 == len(set(hashes))
    assert papers_hash([one]) == papers_hash([paper(1, ai_summary=None)])


def test_hashes_stay() -> None:
    """A release that is not meant to changes no hash: with another one every day would be told, and paid for, anew."""
    whole = paper(title="引导", organization="Qwen", upvotes=1, stars=2, comments=3, ai_summary="It works.")
    assert ("7fd9ad1c8f662100", "cb238a860a6b89d5") == (papers_hash([whole, paper(1)]), input_hash(whole, "1"))


def test_keys() -> None:
    """Keys name the day and the paper, and what they name is read from them again."""
    assert ("DAY#2026-02-03", DAY) == (day_partition(DAY), day_of("DAY#2026-02-03"))
    assert ("PAPER", "2602.1") == kind_of(paper_key("2602.1"))
    assert ("SUMMARY", "2602.1") == kind_of(summary_key("2602.1"))
    assert ("RUN", "") == kind_of("RUN")
    assert "2026-01" == month_key(dt.datetime(2026, 2, 1, tzinfo=dt.UTC).timestamp() - 1)


def test_keys_stay() -> None:
    """Records are looked for where older releases wrote them."""
    assert ("DIGESTS", "BUDGET", "RUN", "RANKING") == (DIGESTS, BUDGET, RUN, RANKING)
    assert "2026-02-03" == digest_record_key(DAY)


@pytest.mark.parametrize(
    "partition", ["DIGESTS", "BUDGET", "BUDGET#2026-02-03", "DAY#", "DAY#tomorrow", "DAY", "DAYS#2026-02-03", ""]
)
def test_no_day(partition: str) -> None:
    """Other partitions name no day."""
    assert day_of(partition) is None
