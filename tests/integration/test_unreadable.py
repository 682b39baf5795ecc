"""Records that cannot be read cost themselves: not the day, and the next run mends what it can."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from paperboy.adapters.table import Table
from paperboy.days.digest import assemble
from paperboy.days.keys import DIGESTS, day_partition, digest_record_key, paper_key, summary_key
from paperboy.days.records import RECORD_FORMATS, DayRecords
from paperboy.days.run import RunRequest
from paperboy.errors import ConflictError
from tests.integration.conftest import DAY, Stages

PAPER_ID = "2602.02343"
"""The sample's first paper."""
KEYS = {
    "paper": (day_partition(DAY), paper_key(PAPER_ID)),
    "run": (day_partition(DAY), "RUN"),
    "ranking": (day_partition(DAY), "RANKING"),
    "summary": (day_partition(DAY), summary_key(PAPER_ID)),
    "digest": (DIGESTS, digest_record_key(DAY)),
}
FIELDS = {"paper": "title", "run": "listed", "ranking": "rows", "summary": "summary", "digest": "ids"}
"""A field of each record that it cannot be without."""


@pytest.fixture
def reported(stages: Stages) -> list[tuple[str, str, str]]:
    """What is reported of records that cannot be read, from now on."""
    reports: list[tuple[str, str, str]] = []
    stages.table = Table(stages.name, lambda *report: reports.append(report), stages.client)
    return reports


def change(stages: Stages, kind: str, field: str, value: Any) -> None:
    """Put another value into a record, past all checks."""
    partition, sort_key = KEYS[kind]
    stages.dynamodb.Table(stages.name).update_item(
        Key={"pk": partition, "sk": sort_key},
        UpdateExpression="SET #field = :value",
        ExpressionAttributeNames={"#field": field},
        ExpressionAttributeValues={":value": value},
    )


def others(records: DayRecords) -> tuple[int, int, int]:
    """How many papers and summaries a day has, and how many of its three other records."""
    single = sum(record is not None for record in (records.run, records.ranking, records.digest))
    return len(records.papers), len(records.summaries), single


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("damage", ["field", "newer format", "no format", "format in words"])
def test_it_is_reported_and_the_others_are_read(
    stages: Stages, reported: list[tuple[str, str, str]], kind: str, damage: str
) -> None:
    """A record with a bad field, of a newer format or of none is reported with its keys; all others are still read."""
    stages.whole_day()
    before = others(stages.read_day())
    if damage == "field":
        change(stages, kind, FIELDS[kind], {"of": "another kind"})
    else:
        change(stages, kind, "format", {"newer format": 99, "format in words": "one"}.get(damage))
    assert 1 == sum(before) - sum(others(stages.read_day()))
    assert [KEYS[kind]] == [report[:2] for report in reported]
    assert reported[0][2].startswith(FIELDS[kind] if damage == "field" else "its format is")


@pytest.mark.parametrize("kind", ["run", "ranking", "summary", "digest"])
def test_a_newer_versions_record_is_left_alone(stages: Stages, reported: list[tuple[str, str, str]], kind: str) -> None:
    """After a step back to an older version, what the newer one wrote stays as it is, and whoever would write over it
    begins again in vain."""
    stages.whole_day(hour=3)
    change(stages, kind, "format", 99)
    before = stages.records()[KEYS[kind]]
    with pytest.raises(ConflictError):
        stages.whole_day(hour=4)
    assert before == stages.records()[KEYS[kind]]
    assert reported


@pytest.mark.parametrize("kind", KEYS)
def test_the_next_run_mends_it(stages: Stages, reported: list[tuple[str, str, str]], kind: str) -> None:
    """The next run writes over a record that cannot be read, and the day comes out whole again."""
    stages.whole_day(hour=3)
    pages = {key: page for key, page in stages.pages().items() if not key.endswith(".json")}
    change(stages, kind, FIELDS[kind], {"of": "another kind"})
    stages.whole_day(hour=4)
    reported.clear()
    mended = stages.read_day()
    assert ([], (25, 16, 3), False) == (reported, others(mended), mended.open)
    assert pages == {key: page for key, page in stages.pages().items() if not key.endswith(".json")}
    assert (17 if kind == "summary" else 16) == stages.recorded.calls["model"]


def test_a_paper_that_cannot_be_read_leaves_the_digest_and_is_in_the_receipt(
    stages: Stages, reported: list[tuple[str, str, str]]
) -> None:
    """Until it is mended the digest is made of the other papers, and the receipt says so and adds up."""
    stages.whole_day()
    change(stages, "paper", "title", "")
    stages.score()
    digest = assemble(stages.read_day())
    assert digest is not None
    receipt = digest.receipt
    assert PAPER_ID not in [entry.paper.id for entry in digest.entries]
    assert [(PAPER_ID, "its record cannot be read")] == [(each.item, each.reason) for each in receipt.rejections]
    assert 25 == receipt.listed + receipt.kept == receipt.selected + receipt.left_out + len(receipt.rejections)
    assert reported


def test_a_run_still_visits_the_day(stages: Stages, reported: list[tuple[str, str, str]]) -> None:
    """An older day whose run cannot be read counts as open, so that the next run visits and mends it."""
    stages.whole_day()
    at = RunRequest(time=dt.datetime(2026, 2, 20, 3, 17, tzinfo=dt.UTC))
    stages.table.put_digest(DayRecords(dt.date(2026, 2, 19)), stages.table.read_digests(DAY)[DAY])
    assert DAY not in stages.ingesting.days(at)
    change(stages, "run", "listed", "many")
    assert DAY in stages.ingesting.days(at)
    assert [KEYS["run"]] == [report[:2] for report in reported]


def test_every_record_says_its_format(stages: Stages) -> None:
    """Each record of a day, what is published of it and what the month took carry the version of their format."""
    stages.whole_day()
    kinds = {(key[0].partition("#")[0], key[1].partition("#")[0]): item for key, item in stages.records().items()}
    assert {1} == {int(item["format"]) for item in kinds.values()} == set(RECORD_FORMATS.values())
