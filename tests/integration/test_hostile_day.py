"""A day whose every text wants to be something else, from its digest to the pages across days in a real browser."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

import feedparser
import httpx
import pytest
from playwright.sync_api import Browser, expect

from paperboy.adapters.bucket import Bucket
from paperboy.archive.site import (
    DAILY_FEED_KEY,
    FEED_KEYS,
    INDEX_KEY,
    JSON_FEED_KEY,
    SEARCH_KEY,
    month_page_key,
    week_name,
    week_page_key,
    year_page_key,
)
from paperboy.days.digest import Digest, assemble
from paperboy.pages.site import digest_key, digest_pages
from paperboy.summaries.summary import Rung, Summary
from paperboy_cli.local.emulator import Local
from tests.integration.conftest import DAY, Stages
from tests.integration.test_page_server import opened
from tests.samples import ZH, day, paper
from tests.unit.test_html import HOSTILE, whole_paper

NEXT_WEEK = DAY + dt.timedelta(days=7)
ALL = f"{SEARCH_KEY}?q=2602"
"""A search that finds every paper."""
PAGES = (INDEX_KEY, month_page_key("2026-02"), year_page_key(2026), week_page_key(week_name(DAY)), digest_key(DAY), ALL)


def digests() -> Iterator[Digest]:
    """The hostile day, with a model's summaries and without; and a day of the week after it, so that it has a week."""
    papers = [whole_paper(number, text, text) for number, text in enumerate(HOSTILE)]
    summaries = {
        each.id: Summary(title=text, summary=text, highlights=(text,) * 3, rung=Rung.MODEL)
        if number % 2
        else Summary(summary=text, rung=Rung.LISTING)
        for number, (each, text) in enumerate(zip(papers, HOSTILE, strict=True))
    }
    for records in (day(*papers, summaries=summaries), day(paper(9999), date=NEXT_WEEK)):
        digest = assemble(records)
        assert digest
        yield digest


@pytest.fixture
def site(emulator: Local, stages: Stages) -> Iterator[httpx.Client]:
    """The pages of both days and those across days, as `paperboy open` serves them."""
    published = replace(stages, bucket=Bucket(stages.name, stages.s3, "pages"))
    for digest in digests():
        for page in digest_pages(digest, ZH):
            published.bucket.put(page, published.bucket.look(page.key))
        published.cataloging.catalog_days([digest.day])
    with opened(emulator, stages.name, "public") as client:
        yield client


def test_hostile_texts_stay_texts(site: httpx.Client, chromium: Browser) -> None:
    """On no page a script of theirs runs or is refused, anything is fetched from elsewhere, or a heading is added; and
    every feed is read without a fault."""
    page = chromium.new_page()
    page.add_init_script("window.alert = console.log")
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", lambda request: heard.append(request.url))
    for key in PAGES:
        answer = page.goto(f"{site.base_url}{key}")
        assert answer is not None
        assert 200 == answer.status, key
        if key == ALL:
            expect(page.locator("#results li")).to_have_count(len(HOSTILE) + 1)
        elsewhere = [each for each in heard if not each.startswith(str(site.base_url))]
        assert [] == elsewhere, key
        assert 1 == page.locator("h1").count(), key
        assert 0 == page.locator("img, iframe, base, [onerror], [onload], a[href^=javascript]").count(), key
    page.close()
    feeds = {key: site.get(key).raise_for_status() for key in FEED_KEYS}
    assert 2 == len(feeds[JSON_FEED_KEY].json()["items"])
    for key in {*FEED_KEYS} - {JSON_FEED_KEY}:
        read = feedparser.parse(feeds[key].content)
        assert not read.bozo, key
    assert 2 == len(feedparser.parse(feeds[DAILY_FEED_KEY].content).entries)
