"""Real days, published one after the other and announced to real senders: each is told once, and only where asked."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from functions.announce.handler import Announce
from paperboy.adapters.channels import load_sender, post
from paperboy.adapters.deliveries import Deliveries
from paperboy.adapters.sources.hugging_face import read_listing
from paperboy.pages import json as json_page
from paperboy.pages.site import JSON, Page, digest_key
from paperboy.summaries.summary import Rung, Summary
from tests.integration.channel_servers import ChannelServer, serving
from tests.integration.conftest import Stages, nothing_is_unreadable
from tests.samples import ZH, listed_digest, read_json

EVERY = 7
"""One of so many real days is announced: all of them take half a minute."""


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, ChannelServer]]:
    """Two channels that take as many messages as come."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    post.client.cache_clear()
    with ExitStack() as stack:
        started = {kind: stack.enter_context(serving(kind)) for kind in ("feishu", "telegram")}
        for server in started.values():
            server.per_minute = None
        yield started
    post.client.cache_clear()


def publish(stages: Stages, file: Path) -> dt.date:
    """Publish the JSON page of a real listing, whose papers a model told of in their own words."""
    summaries = {
        one.id: Summary(summary=one.ai_summary or one.abstract or one.title, highlights=(one.title,), rung=Rung.MODEL)
        for one in read_listing(read_json(file)).papers
    }
    digest = listed_digest(file, summaries)
    page = Page(digest_key(digest.day, JSON), JSON.content_type, json_page.write(digest, ZH), digest.day)
    stages.bucket.put(page, None)
    return digest.day


def test_real_days_are_announced_once(stages: Stages, servers: dict[str, ChannelServer], shared_data: Path) -> None:
    """Each day is told once to each channel when somebody asks for it, and by itself not at all, as it is old; when all
    are heard of again, asked for or not, no channel is called."""
    deliveries = Deliveries(stages.name, lambda *_: None, stages.client)
    channels = {kind: server.channel for kind, server in servers.items()}
    address, zone = "https://pages.example.com", ZoneInfo("Asia/Shanghai")
    announce = Announce(stages.bucket, deliveries, lambda: channels, load_sender, address, zone)
    days = [publish(stages, file) for file in sorted((shared_data / "data/hf_daily").iterdir())[::EVERY]]

    def calls() -> Counter[str]:
        return Counter({kind: len(server.requests) for kind, server in servers.items()})

    for day in days:
        announce.announce_day(day)
    assert not calls().total()
    for day in days:
        announce.announce_day(day, asked=True)
    recorded = [deliveries.read(str(day), nothing_is_unreadable) for day in days]
    assert all({*servers} == {channel for channel, _ in each} for each in recorded)
    assert all(delivery.sent_at for each in recorded for delivery in each.values())
    told = Counter(channel for each in recorded for channel, _ in each)
    assert told == calls() == Counter({kind: len({*server.titles}) for kind, server in servers.items()})
    for day in days:
        announce.announce_day(day)
        announce.announce_day(day, asked=True)
    assert told == calls()
