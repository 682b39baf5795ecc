"""The list of the days: it follows what is published, and an older state of it cannot win."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from functions.render.handler import Render
from paperboy.adapters.table import Table
from paperboy.days.records import DayRecords, DigestRecord
from paperboy.errors import ConflictError
from paperboy.pages.site import INDEX_KEY, digest_keys, latest_keys
from paperboy.summaries.summary import Rung
from tests.integration.conftest import DAY, Stages, nothing_is_unreadable, run_of

OTHER = dt.date(2026, 2, 4)

RECORD = DigestRecord(
    attempt=1,
    ids=("2602.02343",),
    hashes={},
    rungs={Rung.MODEL: 1},
    open=False,
    published_at=dt.datetime(2026, 2, 5, tzinfo=dt.UTC),
)


def puts(stages: Stages) -> list[str]:
    """The key of each object that is put from now on."""
    keys: list[str] = []
    stages.s3.meta.events.register("provide-client-params.s3.PutObject", lambda params, **_: keys.append(params["Key"]))
    return keys


class Overtaken(Table):
    """A table whose other days are published, and listed, just after the days were read."""

    def __init__(self, stages: Stages) -> None:
        super().__init__(stages.name, nothing_is_unreadable, stages.client)
        self._stages = stages
        self._waiting = True

    def read_digests(self, since: dt.date) -> dict[dt.date, DigestRecord]:
        read = super().read_digests(since)
        if self._waiting:
            self._waiting = False
            self.put_digest(DayRecords(OTHER), RECORD)
            self._stages.rendering.publish_index()
        return read


def overtaken(stages: Stages) -> Render:
    return Render(Overtaken(stages), stages.bucket, stages.language)


def listed(stages: Stages) -> list[str]:
    """The links of the list as it stands, newest first."""
    page = stages.pages()[INDEX_KEY].decode()
    return [part.split('"')[0] for part in page.split('href="')[1:] if part.startswith("digests/")]


def test_a_published_day_is_listed(stages: Stages) -> None:
    """With its pages a day comes to stand in the list, which has the type of a page to open."""
    stages.whole_day()
    assert [f"digests/{DAY}.html"] == listed(stages)
    types = {key: stages.s3.head_object(Bucket=stages.name, Key=key)["ContentType"] for key in stages.pages()}
    assert {INDEX_KEY, f"digests/{DAY}.html", "latest.html"} == {
        key for key, kind in types.items() if kind == "text/html; charset=utf-8"
    }
    assert stages.pages()["latest.json"] == stages.pages()[f"digests/{DAY}.json"]


def test_again_with_nothing_new_nothing_is_put(stages: Stages) -> None:
    """The first time every page is put once; rendered again with nothing new, none is."""
    keys = puts(stages)
    stages.whole_day()
    assert sorted([*digest_keys(DAY), *latest_keys(), INDEX_KEY]) == sorted(keys)
    keys.clear()
    stages.whole_day(hour=4)
    stages.render()
    assert [] == keys


def test_a_list_that_was_missed_comes_out_with_the_next_render(stages: Stages) -> None:
    """When a render ends between the record and the list, the next one lists the day, though nothing else is new."""
    stages.whole_day()
    stages.s3.delete_object(Bucket=stages.name, Key=INDEX_KEY)
    keys = puts(stages)
    stages.render()
    assert [INDEX_KEY] == keys


def test_an_older_list_does_not_win(stages: Stages) -> None:
    """Whoever read the days before another was published finds the list changed, and must begin again."""
    stages.whole_day()
    stages.s3.delete_object(Bucket=stages.name, Key=INDEX_KEY)
    with pytest.raises(ConflictError):
        overtaken(stages).publish_index()
    assert [f"digests/{OTHER}.html", f"digests/{DAY}.html"] == listed(stages)


def test_a_render_that_was_overtaken_begins_again(stages: Stages) -> None:
    """A day that is published while another is being listed ends in a list of both."""
    stages.ingest(run_of(3))
    stages.score()
    waiting: list[Any] = stages.requests()
    for message in waiting:
        stages.summarize(message)
    overtaken(stages).render_day(DAY)
    assert [f"digests/{OTHER}.html", f"digests/{DAY}.html"] == listed(stages)
