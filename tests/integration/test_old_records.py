"""Records grow old: each release keeps a small day of them, and the newest code takes it up where it was left.

A release's day is written once, by `pytest tests/integration/test_old_records.py --keep-records`, and never changed.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from paperboy import __version__
from paperboy.summaries.summary import Rung
from tests.integration.conftest import DAY, ROOT, Stages, run_of


def number(value: Decimal) -> int | float:
    return int(value) if value == int(value) else float(value)


KEPT = ROOT / "tests/data/records"
THIS_RELEASE = KEPT / f"{__version__}.json"


def small_day(stages: Stages) -> list[str]:
    """Has the source list three papers of the sample day; their ids."""
    stages.edit_listing(lambda items: items[:3])
    return [paper.id for paper in stages.source.listing(DAY).papers]


def test_this_release_keeps_a_day(stages: Stages, request: pytest.FixtureRequest) -> None:
    """The records that this release writes are kept: a day of three papers, one of which no model told of yet."""
    if request.config.getoption("--keep-records") and not THIS_RELEASE.exists():
        *_, last = small_day(stages)
        stages.recorded.replies.pop(last)
        stages.whole_day(hour=3)
        items = stages.dynamodb.Table(stages.name).scan(ConsistentRead=True)["Items"]
        items.sort(key=lambda item: (item["pk"], item["sk"]))
        THIS_RELEASE.write_text(json.dumps(items, ensure_ascii=False, indent=1, default=number) + "\n", "utf-8")
    assert THIS_RELEASE.exists(), (
        "keep this release's records: pytest tests/integration/test_old_records.py --keep-records"
    )


@pytest.mark.parametrize("release", sorted(KEPT.glob("*.json")), ids=lambda file: file.stem)
def test_an_old_day_goes_on(stages: Stages, release: Path) -> None:
    """Each release's records are read, ranked, summarised and rendered: the day is mended, pays for one paper,
    and is then done."""
    items: list[dict[str, Any]] = json.loads(release.read_text("utf-8"), parse_float=Decimal)
    with stages.dynamodb.Table(stages.name).batch_writer() as batch:
        for item in items:
            batch.put_item(Item=item)
    ids = small_day(stages)
    assert [ids[-1]] == [request.paper_id for request in stages.whole_day(hour=4)]
    assert "nothing new" == stages.ingest(run_of(5))["status"]
    records = stages.read_day()
    assert dict.fromkeys(ids, Rung.MODEL) == {
        paper_id: record.summary.rung for paper_id, record in records.summaries.items()
    }
    assert (1, False) == (stages.recorded.calls["model"], records.open)
    page = stages.pages()[f"digests/{DAY}.md"].decode()
    assert all(f"https://arxiv.org/abs/{paper_id}" in page for paper_id in ids)
