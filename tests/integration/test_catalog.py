"""What is made from many days: it follows the days' pages, whatever happens to the events that say so."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import feedparser
import pytest
from typer.testing import CliRunner

from functions.catalog import handler as catalog_handler
from functions.catalog.handler import Catalog
from paperboy.adapters.archive import ArchiveReader
from paperboy.adapters.publications import publication_event
from paperboy.archive.month import Month
from paperboy.archive.site import (
    DAILY_FEED_KEY,
    FEED_KEYS,
    INDEX_KEY,
    SEARCH_KEY,
    SHARDS_KEY,
    month_page_key,
    shard_key,
)
from paperboy.days.digest import Digest, assemble
from paperboy.days.records import DayRecords, Run
from paperboy.errors import ConflictError
from paperboy.pages.site import JSON, digest_key, digest_pages
from paperboy_cli.commands import catalog as catalog_command
from paperboy_cli.errors import PaperboyError
from paperboy_cli.main import app
from paperboy_cli.stack.host import Stack, StackDescription
from tests.integration.conftest import DAY, Stages, run_of
from tests.integration.test_handlers import Context
from tests.samples import ZH, day, paper

NEXT_DAY = dt.date(2026, 2, 4)
LAST_MONTH = dt.date(2026, 1, 30)
DAYS = (LAST_MONTH, DAY, NEXT_DAY)


def digest(date: dt.date, upvotes: int = 10) -> Digest:
    made = assemble(day(*(paper(number, upvotes=upvotes + number) for number in range(12)), date=date))
    assert made
    return made


def publish(stages: Stages, date: dt.date, upvotes: int = 10) -> None:
    """Put a day's pages in the bucket, over those that are there."""
    for page in digest_pages(digest(date, upvotes), ZH):
        stages.bucket.put(page, stages.bucket.look(page.key))


def across(stages: Stages) -> dict[str, bytes]:
    """The pages across days by their keys."""
    return {key: page for key, page in stages.pages().items() if not key.startswith(("digests/", "latest."))}


def shard(stages: Stages, name: str = "2026-02") -> Month:
    return Month.of_shard(stages.bucket.read(shard_key(name)))


def put_again(stages: Stages, key: str) -> dict[str, Any]:
    """What a page has to be put with to stand there as it did."""
    head = stages.s3.head_object(Bucket=stages.name, Key=key)
    kept = ("ContentType", "CacheControl", "ContentEncoding", "Metadata")
    return {name: head[name] for name in kept if name in head}


@contextmanager
def each_put(stages: Stages, act: Callable[[int], object]) -> Iterator[list[str]]:
    """In here `act` is called before each put, with its number from 0; yields the keys that were to be put."""
    keys: list[str] = []

    def before(params: dict[str, Any], **_: object) -> None:
        keys.append(params["Key"])
        act(len(keys) - 1)

    events, name = stages.s3.meta.events, "provide-client-params.s3.PutObject"
    events.register(name, before)
    yield keys
    events.unregister(name, before)


def test_what_a_published_day_brings(stages: Stages) -> None:
    """With a day come index, month, search and feeds, each of its own type; the shard alone is kept compressed."""
    publish(stages, DAY)
    stages.cataloging.catalog_days([DAY])
    heads = {key: stages.s3.head_object(Bucket=stages.name, Key=key) for key in across(stages)}
    html, atom = "text/html; charset=utf-8", "application/atom+xml; charset=utf-8"
    daily, papers, trophies, json_feed = FEED_KEYS
    expected = {INDEX_KEY: html, SEARCH_KEY: html, month_page_key("2026-02"): html, daily: atom, papers: atom}
    expected |= {trophies: atom, json_feed: "application/feed+json", SHARDS_KEY: JSON.content_type}
    assert (expected | {shard_key("2026-02"): JSON.content_type}).items() <= {
        key: head["ContentType"] for key, head in heads.items()
    }.items()
    assert [shard_key("2026-02")] == [key for key, head in heads.items() if head.get("ContentEncoding") == "gzip"]
    assert [DAY] == [each.day for each in shard(stages).days]


def test_an_event_twice_late_or_out_of_order_gives_the_same(stages: Stages) -> None:
    """Whatever the order in which the days are heard of, and however often, the pages are the same in the end."""
    for date in DAYS:
        publish(stages, date)
        stages.cataloging.catalog_days([date])
    in_order = across(stages)
    with each_put(stages, lambda _: None) as keys:
        for date in (*DAYS, *reversed(DAYS), DAY):
            stages.cataloging.catalog_days([date])
    assert [] == keys
    for key in in_order:
        stages.s3.delete_object(Bucket=stages.name, Key=key)
    for date in (NEXT_DAY, LAST_MONTH, DAY):
        stages.cataloging.catalog_days([date])
    assert in_order == across(stages)


def test_a_death_around_any_put_loses_nothing(stages: Stages) -> None:
    """The function ends before each of its puts in turn; the message comes again, and all is as if it had not ended."""
    publish(stages, LAST_MONTH)
    publish(stages, DAY)
    for date in (LAST_MONTH, DAY):
        stages.cataloging.catalog_days([date])
    before = across(stages)
    heads = {key: put_again(stages, key) for key in before}
    publish(stages, NEXT_DAY)
    with each_put(stages, lambda _: None) as keys:
        stages.cataloging.catalog_days([NEXT_DAY])
    expected, changed = across(stages), list(keys)
    assert len(changed) >= 5

    class EndedError(Exception):
        pass

    for place in range(len(changed)):
        for key, text in before.items():
            stages.s3.put_object(Bucket=stages.name, Key=key, Body=text, **heads[key])
        for key in expected.keys() - before.keys():
            stages.s3.delete_object(Bucket=stages.name, Key=key)

        def end(number: int, place: int = place) -> None:
            if number == place:
                raise EndedError

        with each_put(stages, end), pytest.raises(EndedError):
            stages.cataloging.catalog_days([NEXT_DAY])
        stages.cataloging.catalog_days([NEXT_DAY])
        assert expected == across(stages), changed[place]


@pytest.mark.parametrize("key", [shard_key("2026-02"), INDEX_KEY])
def test_an_older_state_does_not_win(stages: Stages, key: str) -> None:
    """Whoever read the days before another came out finds the page changed, begins again, and ends with both."""
    publish(stages, DAY)
    stages.cataloging.catalog_days([DAY])
    publish(stages, DAY, upvotes=20)
    other = replace(stages)
    overtaken: list[bool] = []

    def overtake(_: int) -> None:
        if not overtaken:
            overtaken.append(True)
            publish(stages, NEXT_DAY)
            other.cataloging.catalog_days([NEXT_DAY])

    events = stages.s3.meta.events

    def before(params: dict[str, Any], **_: object) -> None:
        if params["Key"] == key:
            overtake(0)

    events.register("provide-client-params.s3.PutObject", before)
    stages.cataloging.catalog_days([DAY])
    events.unregister("provide-client-params.s3.PutObject", before)
    assert overtaken
    assert [DAY, NEXT_DAY] == [each.day for each in shard(stages).days]
    assert str(NEXT_DAY) in stages.pages()[INDEX_KEY].decode()
    pages = across(stages)
    stages.cataloging.catalog_days([DAY, NEXT_DAY])
    assert pages == across(stages)


def test_two_at_once_end_as_one_after_the_other(stages: Stages) -> None:
    """Two invocations side by side, of two days of a month, leave what one after the other would."""
    publish(stages, DAY)
    publish(stages, NEXT_DAY)

    def catalog(date: dt.date) -> None:
        try:
            stages.cataloging.catalog_days([date])
        except ConflictError:  # the queue brings the message again
            stages.cataloging.catalog_days([date])

    threads = [threading.Thread(target=catalog, args=(date,)) for date in (DAY, NEXT_DAY)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [DAY, NEXT_DAY] == [each.day for each in shard(stages).days]
    pages = across(stages)
    stages.cataloging.catalog_days([DAY, NEXT_DAY])
    assert pages == across(stages)


def test_a_mended_day_is_the_same_entry_of_the_feed(stages: Stages) -> None:
    """A day that came out without a model is marked on the index. Once its texts are the model's, it is not, and its
    entry in the feed has the same id and a later `updated`; new votes do not move that."""
    stages.ingest(run_of(3, due=True))
    stages.score()
    seen = []
    for step in ("published", "mended", "votes"):
        if step == "votes":
            stages.edit_listing(lambda items: [each | {"paper": each["paper"] | {"upvotes": 300}} for each in items])
            stages.ingest(run_of(6))
            stages.score()
        for request in stages.requests() if step != "published" else ():
            stages.summarize(request)
        stages.render()
        stages.cataloging.catalog_days([DAY])
        pages = stages.pages()
        [entry] = feedparser.parse(pages[DAILY_FEED_KEY]).entries
        seen.append(("†</span>" in pages[INDEX_KEY].decode(), entry.id, entry.updated_parsed, pages[INDEX_KEY]))
    before, mended, votes = seen
    assert (True, False, False) == (before[0], mended[0], votes[0])
    assert before[1] == mended[1]
    assert before[2] < mended[2]
    assert (mended[1:3], True) == (votes[1:3], mended[3] != votes[3])


def test_days_without_papers_are_told_from_days_that_nobody_looked_at(stages: Stages) -> None:
    """A weekend's empty listings are in the shard, those of a month's end with the next month's first digest."""
    empty = [dt.date(2026, 1, 31), dt.date(2026, 2, 1)]
    publish(stages, LAST_MONTH)
    stages.cataloging.catalog_days([LAST_MONTH])
    for date in empty:
        run = {
            "ids": (),
            "papers_hash": "",
            "policy_hash": "",
            "prompt_version": "",
            "listed": 0,
            "kept": 0,
            "attempt": 1,
        }
        stages.table.put_run(DayRecords(date), Run(**run, scheduled_at=dt.datetime(2026, 2, 2, tzinfo=dt.UTC)))
    assert () == shard(stages, "2026-01").empty
    publish(stages, DAY)
    stages.cataloging.catalog_days([DAY])
    assert [(empty[0],), (empty[1],)] == [shard(stages, name).empty for name in ("2026-01", "2026-02")]


def test_a_page_that_cannot_be_read_costs_itself(stages: Stages) -> None:
    """A day whose page is damaged is missing and named; the others are there, and so is it once it is mended."""
    named: list[str] = []
    stages.on_unreadable_page = lambda key, _: named.append(key)
    publish(stages, DAY)
    stages.s3.put_object(Bucket=stages.name, Key=digest_key(NEXT_DAY, JSON), Body=b'{"day"')
    stages.cataloging.catalog_days([DAY, NEXT_DAY])
    assert [digest_key(NEXT_DAY, JSON)] == named
    assert [DAY] == [each.day for each in shard(stages).days]
    stages.s3.put_object(Bucket=stages.name, Key=shard_key("2026-02"), Body=b"[]")
    publish(stages, NEXT_DAY)
    stages.cataloging.catalog_days([NEXT_DAY])
    assert [DAY, NEXT_DAY] == [each.day for each in shard(stages).days]


def test_of_an_archive_with_no_page_to_read_nothing_is_made(stages: Stages) -> None:
    """Where the only page is damaged there is nothing to make, and nothing fails."""
    stages.on_unreadable_page = lambda *_: None
    stages.s3.put_object(Bucket=stages.name, Key=digest_key(DAY, JSON), Body=b"")
    stages.cataloging.catalog_days([DAY])
    assert {} == across(stages)


def test_a_stack_without_a_digest(stages: Stages, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is published yet, the command says how a digest is made."""
    nothing = StackDescription({"Access": "public", "Pages": f"s3://{stages.name}/pages/"}, {})
    own = {"client": lambda *_: stages.s3, "explained": nullcontext, "options": lambda _: " --sample"}
    host: Any = SimpleNamespace(describe=lambda _: nothing, **own)
    monkeypatch.setattr(catalog_command, "named_stack", lambda *_: (host, Stack("paperboy-sample", sample=True)))
    answer = CliRunner().invoke(app, ["catalog", "--sample"])
    assert isinstance(answer.exception, PaperboyError)
    assert "has published nothing yet: `paperboy run --sample` makes a digest." in str(answer.exception)


def test_a_private_stack_has_no_feeds(stages: Stages) -> None:
    """Where nobody may read the pages without a signature, no feed is written, and the index says so."""
    publish(stages, DAY)
    reader = ArchiveReader(stages.bucket, stages.table, stages.on_unreadable_page)
    Catalog(reader, stages.bucket, ZH, None).catalog_days([DAY])
    assert set() == {*FEED_KEYS} & across(stages).keys()
    assert ZH.labels.feeds.private in stages.pages()[INDEX_KEY].decode()


def test_handler(stages: Stages, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a batch, what is no page of a day fails alone; the other messages' days are in the archive."""
    publish(stages, DAY)
    publish(stages, LAST_MONTH)
    monkeypatch.setattr(catalog_handler, "collaborators", lambda: stages.cataloging)
    event = publication_event([DAY, LAST_MONTH, DAY], "pages")
    bad = ["", "{}", json.dumps({"detail": {"object": {"key": "pages/digests/notes.json"}}}), "[1]"]
    event["Records"] += [{"messageId": f"bad {number}", "body": body} for number, body in enumerate(bad)]
    answer = catalog_handler.handler(event, Context(60))
    assert [f"bad {number}" for number in range(4)] == [each["itemIdentifier"] for each in answer["batchItemFailures"]]
    assert {shard_key("2026-01"), shard_key("2026-02")} <= across(stages).keys()


def test_a_month_that_fails_costs_no_other(stages: Stages, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two months in a batch, the one that fails comes again, and the other is done."""
    publish(stages, DAY)
    publish(stages, LAST_MONTH)
    catalog = stages.cataloging
    real = catalog.reader.month

    def month(name: str) -> Month | None:
        if name == "2026-01":
            raise RuntimeError
        return real(name)

    monkeypatch.setattr(catalog.reader, "month", month)
    monkeypatch.setattr(catalog_handler, "collaborators", lambda: catalog)
    answer = catalog_handler.handler(publication_event([LAST_MONTH, DAY], "pages"), Context(60))
    assert [str(LAST_MONTH)] == [each["itemIdentifier"] for each in answer["batchItemFailures"]]
    assert shard_key("2026-02") in across(stages)
