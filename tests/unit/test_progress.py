"""What the command says of a summary as it is made."""

from __future__ import annotations

import dataclasses

import pytest

from paperboy.days.records import SummaryRecord
from paperboy.summaries.summary import Rung
from paperboy_cli.stack.progress import progress_between
from tests.samples import day, paper, summary

PAPER = paper()


def record(rung: Rung, made_from: str = "new", reason: str | None = None, limited: bool = False) -> SummaryRecord:
    return SummaryRecord(summary=summary(rung), input_hash=made_from, attempt=1, reason=reason, limited=limited)


def note(made: SummaryRecord, earlier: SummaryRecord | None = None) -> str:
    """What is said of a summary record that takes the place of an earlier one."""
    before = dataclasses.replace(day(PAPER), summaries={PAPER.id: earlier} if earlier else {})
    now = dataclasses.replace(before, summaries={PAPER.id: made})
    [summarised] = progress_between(before, now, 0)
    return summarised.note


@pytest.mark.parametrize("rung", [Rung.MODEL, Rung.REPAIRED])
@pytest.mark.parametrize("reason", ["summary: not in English", "the month's limit is reached", "away"])
def test_a_text_that_stays_is_told_as_such(rung: Rung, reason: str) -> None:
    """Where no new text could be had the note says that the earlier one was kept, and why; no repair was accepted."""
    earlier = record(rung, "old", reason="highlights: two are the same" if rung is Rung.REPAIRED else None)
    kept = record(Rung.LISTING, reason=reason).after(earlier)
    assert f"the earlier text was kept, because no new one could be had: {reason}" == note(kept, earlier)


def test_a_new_text_is_told_as_such() -> None:
    """A new text in place of an earlier one is a repair that was accepted, or nothing to speak of, or is mended."""
    repaired = record(Rung.REPAIRED, reason="title: too long")
    accepted = "refused at first (title: too long); asked again with that, and the repair was accepted"
    assert [accepted] * 3 == [note(repaired, each) for each in (None, record(Rung.MODEL, "old"), record(Rung.LISTING))]
    assert ["", ""] == [note(record(Rung.MODEL), each) for each in (None, record(Rung.REPAIRED, "old", "bad"))]
    assert "mended: it was on the rung listing" == note(record(Rung.MODEL), record(Rung.LISTING))
    assert "marked (listing): away" == note(record(Rung.LISTING, reason="away"), record(Rung.LISTING))
