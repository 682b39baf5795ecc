"""The list of the days: it follows what is published, and an older state of it cannot win."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from functions.render.handler import INDEX, publish_index, render_day
from paperboy.conflict import ConflictError
from paperboy.records import PublishedRecord
from paperboy.summary import Rung
from paperboy.table import Table
from tests.integration.conftest import DAY, Edges, run_of

OTHER = dt.date(2026, 2, 4)

RECORD = PublishedRecord(
    attempt=1,
    ids=("2602.02343",),
    hashes={},
    rungs={Rung.MODEL: 1},
    open=False,
    published_at=dt.datetime(2026, 2, 5, tzinfo=dt.UTC),
)


def puts(edges: Edges) -> list[str]:
    """The key of each object that is put from now on."""
    keys: list[str] = []
    edges.s3.meta.events.register("provide-client-params.s3.PutObject", lambda params, **_: keys.append(params["Key"]))
    return keys


class Overtaken(Table):
    """A table whose other days are published, and listed, just after the days were read."""

    def __init__(self, edges: Edges) -> None:
        super().__init__(edges.name, edges.dynamodb.Table(edges.name))
        self._edges = edges
        self._waiting = True

    def published_days(self, since: dt.date) -> dict[dt.date, PublishedRecord]:
        read = super().published_days(since)
        if self._waiting:
            self._waiting = False
            self.put_published(OTHER, RECORD, None)
            publish_index(self._edges.table, self._edges.bucket, self._edges.language)
        return read


def listed(edges: Edges) -> list[str]:
    """The links of the list as it stands, newest first."""
    page = edges.pages()[INDEX].decode()
    return [part.split('"')[0] for part in page.split('href="')[1:] if part.startswith("digests/")]


def test_a_published_day_is_listed(edges: Edges) -> None:
    """With its pages a day comes to stand in the list, which has the type of a page to open."""
    edges.whole_day()
    assert [f"digests/{DAY}.html"] == listed(edges)
    types = {key: edges.s3.head_object(Bucket=edges.name, Key=key)["ContentType"] for key in edges.pages()}
    assert {INDEX, f"digests/{DAY}.html", "latest.html"} == {
        key for key, kind in types.items() if kind == "text/html; charset=utf-8"
    }
    assert edges.pages()["latest.html"] == edges.pages()[f"digests/{DAY}.html"]


def test_again_with_nothing_new_nothing_is_put(edges: Edges) -> None:
    """The first time every page is put once; rendered again with nothing new, none is."""
    keys = puts(edges)
    edges.whole_day()
    pages = [f"{name}.{kind}" for name in (f"digests/{DAY}", "latest") for kind in ("html", "json", "md")]
    assert sorted([*pages, INDEX]) == sorted(keys)
    keys.clear()
    edges.whole_day(hour=4)
    edges.render()
    assert [] == keys


def test_a_list_that_was_missed_comes_out_with_the_next_render(edges: Edges) -> None:
    """When a render ends between the record and the list, the next one lists the day, though nothing else is new."""
    edges.whole_day()
    edges.s3.delete_object(Bucket=edges.name, Key=INDEX)
    keys = puts(edges)
    edges.render()
    assert [INDEX] == keys


def test_an_older_list_does_not_win(edges: Edges) -> None:
    """Whoever read the days before another was published finds the list changed, and must begin again."""
    edges.whole_day()
    edges.s3.delete_object(Bucket=edges.name, Key=INDEX)
    with pytest.raises(ConflictError):
        publish_index(Overtaken(edges), edges.bucket, edges.language)
    assert [f"digests/{OTHER}.html", f"digests/{DAY}.html"] == listed(edges)


def test_a_render_that_was_overtaken_begins_again(edges: Edges) -> None:
    """A day that is published while another is being listed ends in a list of both."""
    edges.ingest(run_of(3))
    edges.score()
    waiting: list[Any] = edges.asked()
    for message in waiting:
        edges.summarize(message)
    render_day(DAY, Overtaken(edges), edges.bucket, edges.language)
    assert [f"digests/{OTHER}.html", f"digests/{DAY}.html"] == listed(edges)
