"""What a channel is told, and how often: whatever happens to events, to the function and to the channel."""

from __future__ import annotations

import datetime as dt
import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from functions.announce.handler import Announce
from paperboy.adapters.deliveries import LEASE_SECONDS, Deliveries
from paperboy.adapters.observe import logger
from paperboy.adapters.publications import PendingError, handle_publications, publication_event
from paperboy.announcements.channel import Channel, read_channel
from paperboy.announcements.message import (
    ChannelBusyError,
    ChannelRefusedError,
    Message,
    NotSentError,
    OutcomeUnknownError,
)
from paperboy.days.delivery import Delivery
from paperboy.days.digest import Digest, assemble
from paperboy.days.keys import announced_partition
from paperboy.pages.site import digest_pages
from paperboy.summaries.summary import Rung
from tests.integration.conftest import DAY, Stages, nothing_is_unreadable
from tests.samples import ZH, day, paper, summary


class EndedError(BaseException):
    """The function's process ends."""


@dataclass
class Told:
    """A channel that keeps what it is told, and can fail: `act` is called with each message before it is kept."""

    act: Callable[[Message], object] = lambda _: None
    then: Callable[[Message], object] = lambda _: None
    messages: list[Message] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def send(self, message: Message, key: str) -> str | None:
        self.act(message)
        self.messages.append(message)
        self.keys.append(key)
        self.then(message)
        return f"om_{len(self.messages)}"


def failing(*errors: BaseException | None) -> Callable[[Message], None]:
    """Fails with each of these in turn, and then no more."""
    left = list(errors)

    def act(_: Message) -> None:
        if left and (error := left.pop(0)):
            raise error

    return act


def digest(date: dt.date = DAY, rung: Rung = Rung.MODEL, due: bool = True) -> Digest:
    """A digest of ten papers, which waits for nothing any more where it is `due`."""
    papers = [paper(number, upvotes=10 + number) for number in range(12)]
    texts = {each.id: summary(rung) for each in papers}
    made = assemble(day(*papers, summaries=texts, date=date, due=due))
    assert made
    return made


def publish(stages: Stages, made: Digest) -> None:
    for page in digest_pages(made, ZH):
        stages.bucket.put(page, stages.bucket.look(page.key))


def announce_of(stages: Stages, gets: str = "digests", **told: Told) -> Announce:
    """The function's work with these channels, each of which gets the same."""
    channels = {name: channel(name, gets) for name in told}
    return Announce(
        stages.bucket,
        Deliveries(stages.name, lambda *_: None, stages.client),
        lambda: channels,
        lambda each: next(told[name] for name, channel in channels.items() if channel == each),
        "https://pages.example.com",
        ZoneInfo("UTC"),
    )


def channel(name: str, gets: str = "digests") -> Channel:
    return read_channel(json.dumps({"kind": "feishu", "url": f"https://open.feishu.cn/{name}", "gets": gets}))


def outcome(stages: Stages, name: str = "one", of: dt.date | str = DAY) -> Delivery:
    """What is recorded of the first piece for a channel."""
    return Deliveries(stages.name, lambda *_: None, stages.client).read(str(of), nothing_is_unreadable)[name, 1]


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Have so many seconds go by for claims."""
    now = time.time() + seconds
    monkeypatch.setattr(time, "time", lambda: now)


def test_a_digest_is_announced_once(stages: Stages) -> None:
    """However often and in whatever state the day is heard of again, a channel is told once."""
    one = Told()
    announce = announce_of(stages, one=one)
    publish(stages, digest())
    for _ in range(3):
        announce.announce_day(DAY, asked=True)
    publish(stages, digest(rung=Rung.LISTING))
    announce.announce_day(DAY, asked=True)
    assert 1 == len(one.messages)
    assert ("om_1", one.messages[0].sha256, None) == (
        *(outcome(stages).message_id, outcome(stages).sha256, outcome(stages).reason),
    )


def test_news_is_told_by_itself_and_nothing_else(stages: Stages) -> None:
    """Yesterday's digest is told; one of the day before is no news, and one that can still be mended waits for its due
    run, which tells it as it is."""
    one = Told()
    announce = announce_of(stages, one=one)
    today = dt.datetime.now(dt.UTC).date()
    yesterday, before = today - dt.timedelta(days=1), today - dt.timedelta(days=2)
    publish(stages, digest(before))
    announce.announce_day(before)
    publish(stages, digest(yesterday, Rung.LISTING, due=False))
    announce.announce_day(yesterday)
    assert [] == one.messages
    publish(stages, digest(yesterday, Rung.LISTING))
    announce.announce_day(yesterday)
    publish(stages, digest(yesterday))
    announce.announce_day(yesterday)
    assert 1 == len(one.messages)
    announce.announce_day(before, asked=True)
    assert 2 == len(one.messages)


def test_a_day_that_is_not_published_is_not_announced(stages: Stages) -> None:
    """Nothing is told of a day without a page, whoever asks."""
    one = Told()
    announce_of(stages, one=one).announce_day(DAY, asked=True)
    assert [] == one.messages


@pytest.mark.parametrize(("place", "copies"), [("act", 1), ("then", 2)], ids=["before it is sent", "after it is sent"])
def test_the_function_ends_at_a_message(
    stages: Stages, monkeypatch: pytest.MonkeyPatch, place: str, copies: int
) -> None:
    """Where the function ends between claim and record, nobody knows whether it was sent: it is sent once more, after
    the claim has run out, and where it ends there again it is given up. So there are two copies at most."""
    one = Told()
    setattr(one, place, failing(EndedError()))
    announce = announce_of(stages, one=one)
    publish(stages, digest())
    with pytest.raises(EndedError):
        announce.announce_day(DAY, asked=True)
    with pytest.raises(PendingError):
        announce.announce_day(DAY, asked=True)
    later(monkeypatch, LEASE_SECONDS + 1)
    announce.announce_day(DAY, asked=True)
    assert (copies, 1) == (len(one.messages), outcome(stages).unknown)
    assert outcome(stages).sent_at


def test_the_function_ends_twice(stages: Stages, monkeypatch: pytest.MonkeyPatch) -> None:
    """After two times that nobody knows of, a message is given up, and the record says why."""
    one = Told(then=failing(EndedError(), EndedError()))
    announce = announce_of(stages, one=one)
    publish(stages, digest(yesterday := dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)))
    for number in range(2):
        later(monkeypatch, number * (LEASE_SECONDS + 1))
        with pytest.raises(EndedError):
            announce.announce_day(yesterday)
    later(monkeypatch, 2 * (LEASE_SECONDS + 1))
    announce.announce_day(yesterday)
    assert (2, True, 2) == (
        len(one.messages),
        outcome(stages, of=yesterday).given_up,
        outcome(stages, of=yesterday).unknown,
    )


@pytest.mark.parametrize("steps", ["claim", "settle"])
def test_the_function_ends_at_a_record(stages: Stages, monkeypatch: pytest.MonkeyPatch, steps: str) -> None:
    """Where the function ends before a claim nothing is sent; after a record is written, nothing is sent again."""
    one = Told()
    announce = announce_of(stages, one=one)
    publish(stages, digest())
    real = getattr(Deliveries, steps)

    def ends(self: Deliveries, *arguments: Any) -> Any:
        if steps == "settle":
            real(self, *arguments)
        raise EndedError

    with monkeypatch.context() as patch:
        patch.setattr(Deliveries, steps, ends)
        with pytest.raises(EndedError):
            announce.announce_day(DAY, asked=True)
    announce.announce_day(DAY, asked=True)
    assert 1 == len(one.messages)


def waits(announce: Announce, date: dt.date) -> float | None:
    """After how many seconds a day is to be announced again; None where it is done with."""
    try:
        announce.announce_day(date)
    except PendingError as error:
        return error.seconds
    return None


FAULTS: dict[str, tuple[list[NotSentError], int, bool]] = {
    "busy": ([ChannelBusyError("no room", 600.0)] * 3, 1, True),
    "refused": ([ChannelRefusedError("the key is wrong")], 0, False),
    "unknown once": ([OutcomeUnknownError("no answer came")], 1, True),
    "unknown twice": ([OutcomeUnknownError("no answer came")] * 2, 0, False),
}


@pytest.mark.parametrize(("errors", "told", "is_sent"), FAULTS.values(), ids=FAULTS)
def test_a_channel_that_fails(stages: Stages, errors: list[NotSentError], told: int, is_sent: bool) -> None:
    """A busy channel is told in the end, one that refuses is given up at once, one that stays silent after two tries;
    another channel is told at once and once."""
    bad, good = Told(act=failing(*errors)), Told()
    announce = announce_of(stages, bad=bad, good=good)
    yesterday = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
    publish(stages, digest(yesterday))
    for error in errors:
        assert waits(announce, yesterday) in (None, error.retry_seconds or 0.0)
        assert 1 == len(good.messages)
    announce.announce_day(yesterday)
    assert (told, 1) == (len(bad.messages), len(good.messages))
    assert (is_sent, not is_sent) == (
        outcome(stages, "bad", yesterday).sent_at is not None,
        outcome(stages, "bad", yesterday).given_up,
    )


def test_who_asks_for_it_has_it_tried_again(stages: Stages) -> None:
    """What was given up is sent where somebody asks for it, and what was sent is not sent again."""
    bad, good = Told(act=failing(ChannelRefusedError("the key is wrong"))), Told()
    announce = announce_of(stages, bad=bad, good=good)
    publish(stages, digest())
    announce.announce_day(DAY, asked=True)
    announce.announce_day(DAY, asked=True)
    assert (1, 1) == (len(bad.messages), len(good.messages))


def test_a_fault_of_ours_costs_one_channel(stages: Stages) -> None:
    """An exception that is no answer of a channel is tried again, and the other channels are told."""
    bad, good = Told(act=failing(RuntimeError("a mistake"))), Told()
    publish(stages, digest())
    with pytest.raises(PendingError):
        announce_of(stages, bad=bad, good=good).announce_day(DAY, asked=True)
    assert (0, 1) == (len(bad.messages), len(good.messages))


def test_two_at_once_tell_once(stages: Stages) -> None:
    """Two invocations side by side send one copy; the one that is too late leaves it to the other."""
    barrier = threading.Barrier(2, timeout=20)
    one = Told()
    publish(stages, digest())
    pending: list[PendingError] = []

    def run() -> None:
        announce = announce_of(stages, one=one)
        barrier.wait()
        try:
            announce.announce_day(DAY, asked=True)
        except PendingError as error:
            pending.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert 1 == len(one.messages)
    assert len(pending) <= 1


def test_a_week_is_told_with_the_next_ones_first_day(stages: Stages) -> None:
    """Who gets weeks is told of the week before, once, and of no day."""
    one = Told()
    announce = announce_of(stages, gets="weekly", one=one)
    for date in (DAY - dt.timedelta(days=6), DAY - dt.timedelta(days=5), DAY, DAY + dt.timedelta(days=1)):
        publish(stages, digest(date))
    announce.announce_day(DAY, asked=True)
    announce.announce_day(DAY + dt.timedelta(days=1), asked=True)
    assert 1 == len(one.messages)
    assert outcome(stages, of="2026-W05").sent_at


def test_what_waits_past_midnight_stays_news(stages: Stages) -> None:
    """A digest that was news when it was heard of is told when its channel has room again, a day later or two; one that
    was old then is not."""
    one = Told()
    announce = announce_of(stages, one=one)
    publish(stages, digest())
    for days_later, told in ((2, 0), (1, 1)):
        sent_at = dt.datetime(2026, 2, 3, 23, 59, tzinfo=dt.UTC) + dt.timedelta(days=days_later)
        event = publication_event([DAY], "pages")
        event["Records"][0]["attributes"] = {"SentTimestamp": str(int(sent_at.timestamp() * 1000))}
        answer = handle_publications(event, lambda _, at: announce.announce_day(DAY, heard_at=at))
        assert ({"batchItemFailures": []}, told) == (answer, len(one.messages))


@pytest.mark.parametrize("damage", [{"format": 99}, {"format": 1, "unknown": "often"}], ids=["newer", "damaged"])
def test_a_record_that_cannot_be_read_costs_itself(stages: Stages, damage: dict[str, Any]) -> None:
    """Nobody knows whether its message was sent, so that it is not; other channels are told, and theirs are read."""
    bad, good = Told(), Told()
    stages.dynamodb.Table(stages.name).put_item(Item={"pk": announced_partition(str(DAY)), "sk": "bad#1", **damage})
    publish(stages, digest())
    with pytest.raises(PendingError):
        announce_of(stages, bad=bad, good=good).announce_day(DAY, asked=True)
    assert (0, 1) == (len(bad.messages), len(good.messages))
    unreadable: list[tuple[str, ...]] = []
    found = Deliveries(stages.name, print, stages.client).read(str(DAY), lambda *what: unreadable.append(what))
    assert [("good", 1)] == [*found]
    assert [(announced_partition(str(DAY)), "bad#1")] == [each[:2] for each in unreadable]


def test_a_fault_is_logged_with_its_own_channel(stages: Stages, caplog: pytest.LogCaptureFixture) -> None:
    """Channels that fail side by side are each named in the line of their own fault."""
    barrier = threading.Barrier(2, timeout=20)

    def act(name: str) -> Callable[[Message], None]:
        def fails(_: Message) -> None:
            barrier.wait()
            raise RuntimeError(name)

        return fails

    publish(stages, digest())
    announce = announce_of(stages, one=Told(act=act("one")), two=Told(act=act("two")))
    monitored = logging.getLogger(logger.name or "")
    monitored.addHandler(caplog.handler)
    try:
        with pytest.raises(PendingError):
            announce.announce_day(DAY, asked=True)
    finally:
        monitored.removeHandler(caplog.handler)
    failed = [each for each in caplog.records if each.message == "channel failed"]
    assert {("one", "one"), ("two", "two")} == {
        (vars(each)["channel"], str(each.exc_info[1])) for each in failed if each.exc_info
    }


def test_nothing_follows_a_piece_that_was_given_up(stages: Stages) -> None:
    """A reader is not told the rest of what began nowhere: not when it is heard of again either. Where somebody asks,
    all pieces are sent, in order."""
    one = Told(act=failing(ChannelRefusedError("the key is wrong")))
    deliveries = Deliveries(stages.name, lambda *_: None, stages.client)
    pieces = [Message("1/2", "the best"), Message("2/2", "the rest")]
    for asked, told in ((False, []), (False, []), (True, pieces), (True, pieces)):
        assert deliveries.deliver(one, str(DAY), "one", pieces, asked) is None
        assert told == one.messages


def test_pieces_that_were_sent_are_not_sent_again(stages: Stages) -> None:
    """A channel that has no room after two of three pieces is sent the third alone, though the text changed since."""
    one = Told(act=failing(None, None, ChannelBusyError("no room", 60.0)))
    deliveries = Deliveries(stages.name, lambda *_: None, stages.client)
    for text, wait in (("before", 60.0), ("after", None)):
        pieces = [Message(f"{number}/3", text) for number in (1, 2, 3)]
        assert wait == deliveries.deliver(one, str(DAY), "one", pieces)
    assert [("1/3", "before"), ("2/3", "before"), ("3/3", "after")] == [
        (each.title, each.text) for each in one.messages
    ]
