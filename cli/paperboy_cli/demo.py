"""`paperboy demo`: two recorded days through the whole stack, and a model that goes away and comes back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from rich.text import Text

from paperboy_cli.deployed import Deployed
from paperboy_cli.errors import PaperboyError
from paperboy_cli.local import Local
from paperboy_cli.steps import bring_up, console, follow, receipt_line

REPLIES = 6
"""Replies that the model still gives of the second day's ten papers before it goes away."""
EXCERPT = 20
"""Lines of the digest that are shown: its head and the first paper."""


def play(day: dt.date) -> None:
    """Show `day`, and then the one after it in the second act, which is played once."""
    local = Local()
    deployed = bring_up(local, sample=True)
    last = follow(deployed, day)
    if last.step == "empty":
        raise PaperboyError(f"the sample has no papers: {last.text}.")
    _second_act(deployed, SampleModel(local.sample_url), day + dt.timedelta(days=1))
    _show_digest(deployed, day)


class SampleModel:
    """The sample's model, which counts its calls and can be sent away. Raises PaperboyError where it is not there."""

    def __init__(self, url: str) -> None:
        self._url = url

    def calls(self) -> int:
        """How many replies it was asked for and gave since it was started."""
        calls: dict[str, int] = self._asked("GET", "/calls")
        return calls.get("model", 0)

    @contextmanager
    def away_after(self, replies: int) -> Iterator[None]:
        """In here the model gives so many replies and then answers 503."""
        self._asked("PUT", "/model", {"answers": replies})
        try:
            yield
        finally:
            self._asked("PUT", "/model", {"answers": None})

    def _asked(self, method: str, path: str, body: object = None) -> dict[str, int]:
        try:
            answer = httpx.request(method, self._url + path, json=body, trust_env=False).raise_for_status()
        except httpx.HTTPError as error:
            raise PaperboyError(
                "the sample server does not do as it is told: `paperboy down` stops it, the next demo starts another."
            ) from error
        told: dict[str, int] = answer.json()
        return told


def _second_act(deployed: Deployed, model: SampleModel, day: dt.date) -> None:
    """The model goes away while `day` is made, and is back for the next run. What was done before is not done again."""
    if deployed.table.read_day(day).published is None:
        _say(f"{day}: the model goes away after {REPLIES} replies; the digest still comes out.")
        paid = model.calls()
        with model.away_after(REPLIES):
            follow(deployed, day)
        told, marked = _told_and_marked(deployed, day)
        paid = model.calls() - paid
        console.print(f"{told} of {told + marked} told by the model, {marked} marked. Model calls paid for: {paid}.")
        console.print("On the page a marked paper says:", Text(_mark(deployed.page(day)), style="cyan"))
    if deployed.table.read_day(day).open:
        _say(f"{day}: the model is back; the next run mends what is marked.")
        paid = model.calls()
        _, before = _told_and_marked(deployed, day)
        follow(deployed, day)
        told, marked = _told_and_marked(deployed, day)
        paid = model.calls() - paid
        console.print(
            f"{told} of {told + marked} told by the model, {marked} marked."
            f" Model calls paid for: {paid} more; healed: {before - marked}."
        )


def _say(text: str) -> None:
    console.print()
    console.print(Text(text, style="bold"))


def _told_and_marked(deployed: Deployed, day: dt.date) -> tuple[int, int]:
    """How many of the day's published papers a model told, and how many are marked."""
    published = deployed.table.read_day(day).published
    rungs = published.rungs if published else {}
    marked = sum(number for rung, number in rungs.items() if rung.low)
    return sum(rungs.values()) - marked, marked


def _mark(page: str) -> str:
    """The first line of a page that marks a paper."""
    return next((line for line in page.splitlines() if line.startswith("*") and not line.startswith("**")), "")


def _show_digest(deployed: Deployed, day: dt.date) -> None:
    console.print()
    console.print(receipt_line(deployed, day))
    console.print()
    for line in deployed.page(day).splitlines()[:EXCERPT]:
        console.print(Text(line), style="cyan", soft_wrap=True)
    console.print("…", style="cyan")
    console.print()
    console.print("A sample: its titles and votes are real, its texts were written for this project.", soft_wrap=True)
    console.print("The stack's own bucket serves it until `make down`:")
    console.print(Text(deployed.link(day)), soft_wrap=True)
