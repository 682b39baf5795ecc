"""`paperboy demo`: two recorded days through the whole stack, and a model that goes away and comes back."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.text import Text

from paperboy_cli.commands.run import follow
from paperboy_cli.commands.up import bring_up
from paperboy_cli.days import SAMPLE_DAY
from paperboy_cli.errors import PaperboyError
from paperboy_cli.terminal import console, receipt_line, step

if TYPE_CHECKING:
    from paperboy.days.records import DayRecords
    from paperboy_cli.stack.deployed import Deployed

REPLIES_BEFORE_AWAY = 6
"""Replies that the model still gives of the second day's ten papers before it goes away."""
CATALOG_TIMEOUT_SECONDS = 60.0
"""How long the demo waits for what is made from many days."""
CHANNEL = "terminal"
"""What the sample's channel is called."""
EXCERPT_LINES = 20
"""Lines of the digest that are shown: its head and the first paper."""


def demo() -> None:
    """The whole stack on this machine, with two recorded sample days: from nothing to a link.

    On the second day the model goes away, and comes back.
    """
    from paperboy_cli.local.deployment import SAMPLE
    from paperboy_cli.local.emulator import Local

    local = Local()
    with local.explained():
        deployed = bring_up(local, SAMPLE)
        last = follow(deployed, SAMPLE_DAY)
        if last.step == "empty":
            raise PaperboyError(f"the sample has no papers: {last.text}.")
        _second_act(deployed, SampleServer(local.sample_url), SAMPLE_DAY + dt.timedelta(days=1))
        _third_act(deployed, SampleServer(local.sample_url), SAMPLE_DAY)
        _await_catalog(deployed)
        _show_digest(deployed, last.records)


class SampleServer:
    """The sample's model, which counts its calls and can be sent away, and its channel, which keeps what it is told.

    Raises PaperboyError where it is not there.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def calls(self) -> int:
        """How many replies it was asked for and gave since it was started."""
        calls: int = self._request("GET", "/calls").get("model", 0)
        return calls

    @contextmanager
    def away_after(self, replies: int) -> Iterator[None]:
        """In here the model gives so many replies and then answers 503."""
        self._request("PUT", "/model", {"answers": replies})
        try:
            yield
        finally:
            self._request("PUT", "/model", {"answers": None})

    @property
    def channel(self) -> str:
        """The address of its channel."""
        from paperboy_cli.local.sample import CHANNEL_PATH

        return self._url + CHANNEL_PATH

    def told(self) -> list[str]:
        """What its channel was told since it was started."""
        from paperboy_cli.local.sample import CHANNEL_PATH

        return [each["markdown"]["text"] for each in self._request("GET", CHANNEL_PATH)]

    def _request(self, method: str, path: str, body: object = None) -> Any:
        import httpx

        try:
            response = httpx.request(method, self._url + path, json=body, trust_env=False).raise_for_status()
        except httpx.HTTPError as error:
            raise PaperboyError(
                "the sample server does not do as it is told: `paperboy down` stops it, the next demo starts another."
            ) from error
        return response.json()


def _second_act(deployed: Deployed, model: SampleServer, day: dt.date) -> None:
    """The model goes away while `day` is made, and is back for the next run.

    What was done before is not done again, so that the act is played once.
    """
    records = deployed.table.read_day(day)
    if records.digest is None:
        _print_heading(f"{day}: the model goes away after {REPLIES_BEFORE_AWAY} replies; the digest still comes out.")
        calls_before = model.calls()
        with model.away_after(REPLIES_BEFORE_AWAY):
            records = follow(deployed, day).records
        calls = model.calls() - calls_before
        console.print(f"{_told_and_marked(records)} Model calls paid for: {calls}.")
        console.print("On the page a marked paper says:", Text(_notice(deployed.page(day)), style="cyan"))
    if records.open:
        _print_heading(f"{day}: the model is back; the next run mends what is marked.")
        calls_before, marked_before = model.calls(), _marked(records)
        records = follow(deployed, day).records
        calls, mended = model.calls() - calls_before, marked_before - _marked(records)
        console.print(f"{_told_and_marked(records)} Model calls paid for: {calls} more; mended: {mended}.")


def _third_act(deployed: Deployed, sample: SampleServer, day: dt.date) -> None:
    """A channel is told of `day`, and shows what it was told. An old day is no news, so that it is asked for.

    A channel that was told once is not told again.
    """
    from pydantic import SecretStr

    from paperboy.announcements.channel import DingtalkChannel
    from paperboy_cli.stack.channels import ChannelStore

    store = ChannelStore(deployed.host, deployed.stack)
    store.put(CHANNEL, DingtalkChannel(url=SecretStr(sample.channel)))
    told_before = len(sample.told())
    deployed.announce(day)
    for text in sample.told()[told_before:]:
        _print_heading(f"{day}: the channel is told, as a bot of DingTalk would show it.")
        console.print(Text(text), style="cyan", soft_wrap=True)


def _await_catalog(deployed: Deployed) -> None:
    """Wait until the pages across days have both days, as they have by themselves some seconds after a digest."""
    days = [SAMPLE_DAY, SAMPLE_DAY + dt.timedelta(days=1)]

    def is_done() -> bool:
        end = time.monotonic() + CATALOG_TIMEOUT_SECONDS
        while not (done := all(map(deployed.is_catalogued, days))) and time.monotonic() < end:
            time.sleep(deployed.host.poll_seconds)
        return done

    console.print()
    step("catalogued", is_done, "all days, search and feeds", "not yet: `paperboy catalog --sample` makes it")


def _print_heading(text: str) -> None:
    console.print()
    console.print(Text(text, style="bold"))


def _marked(records: DayRecords) -> int:
    """How many of the day's published papers are marked, because no model told of them."""
    return records.digest.low if records.digest else 0


def _told_and_marked(records: DayRecords) -> str:
    papers, marked = len(records.digest.ids) if records.digest else 0, _marked(records)
    return f"{papers - marked} of {papers} told by the model, {marked} marked."


def _notice(page: str) -> str:
    """The first line of a page that marks a paper."""
    return next((line for line in page.splitlines() if line.startswith("*") and not line.startswith("**")), "")


def _show_digest(deployed: Deployed, records: DayRecords) -> None:
    from paperboy.archive.site import DAILY_FEED_KEY, INDEX_KEY, SEARCH_KEY
    from paperboy.pages.site import MARKDOWN, digest_key
    from paperboy_cli.stack.progress import receipt

    console.print()
    console.print(receipt_line(records.day, receipt(records)))
    console.print()
    for line in deployed.page(records.day).splitlines()[:EXCERPT_LINES]:
        console.print(Text(line), style="cyan", soft_wrap=True)
    console.print("…", style="cyan")
    console.print()
    console.print("A sample: its titles and votes are real, its texts were written for this project.", soft_wrap=True)
    console.print("The stack's own bucket serves it until `make down`:")
    links = deployed.links()
    addresses = {
        "the day": digest_key(records.day),
        "Markdown": digest_key(records.day, MARKDOWN),
        "all days": INDEX_KEY,
        "search": SEARCH_KEY,
        "feed": DAILY_FEED_KEY,
    }
    for name, key in addresses.items():
        console.print(f"{name:<8} ", Text(links.to(key)), sep="", soft_wrap=True)
