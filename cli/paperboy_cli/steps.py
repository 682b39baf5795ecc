"""What the terminal shows while a stack comes up and a day is made."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from paperboy_cli.errors import StoppedError

if TYPE_CHECKING:
    from paperboy.digest import Receipt
    from paperboy.listing import Rejected
    from paperboy_cli.deployed import Deployed, Seen
    from paperboy_cli.local import Local

console = Console(highlight=False)

NOTES_AT = 28
"""The column that notes begin at: below a paper's id."""
NAMED = 5
"""How many of the items that were rejected for one reason are named."""


def bring_up(local: Local, sample: bool, docker: bool = False, chosen: Mapping[str, str] | None = None) -> Deployed:
    """Have the stack up and deployed, with the `chosen` parameters of the template, and show each step."""
    from paperboy_cli.deployed import Deployed
    from paperboy_cli.local import LIVE, SAMPLE

    stack = replace(SAMPLE if sample else LIVE, chosen=dict(chosen or {}))
    stack.parameters(local.port)  # says what is wrong with the environment before anything starts
    with local.alone(tell_of_waiting), local.stopped_on_failure():
        if sample:  # before the emulator, which takes longer to find out in vain
            step("sample server", local.start_sample, "started", "runs already")
        step("emulator", local.start_emulator, "started", "runs already")
        step("sam build", local.build, "built", "nothing changed")
        step("sam deploy", lambda: local.deploy(stack), f"{stack.name} deployed", "nothing changed")
        if not sample:
            local.keep_keys(stack)
        if docker:
            step("docker", lambda: local.open_to_docker(stack), "opened", "is open already")
        return Deployed(local, stack)


def tell_of_waiting() -> None:
    """Say that another command has to end first."""
    console.print("Another command starts or stops this stack; waiting for it …")


def step(name: str, do: Callable[[], bool], done: str, nothing: str) -> None:
    """Do a step and show how long it took, and whether there was anything to do."""
    begun = time.monotonic()
    with console.status(f"{name} …"):
        text = done if do() else nothing
    _tell(time.monotonic() - begun, name, Text(text))


def _tell(seconds: float, step: str, text: Text, note: str = "") -> None:
    """Show a step; a paper's title is cut where the terminal ends, and a note stands below, indented."""
    line = Text.assemble(f"{seconds:6.1f} s  ", (f"{step:<14}", "bold"), text)
    if step == "summarised":
        line.truncate(console.width, overflow="ellipsis")
    console.print(line, soft_wrap=True)
    if note:
        console.print(Padding(Text(note, style="yellow"), (0, 0, 0, NOTES_AT), expand=False))


def follow(deployed: Deployed, day: dt.date, due: bool = False, show: bool = True) -> Seen:
    """Run `day` and return what was seen last. Raises StoppedError at Ctrl-C."""
    try:
        with console.status(f"{day} …"):
            for seen in deployed.run(day, due):
                last = seen
                if show:
                    _tell(seen.seconds, seen.step, Text(seen.text), seen.note)
    except KeyboardInterrupt:
        options = deployed.place.options(deployed.stack)
        raise StoppedError(
            f"{day} is no longer followed. {deployed.place.stays} `paperboy run {day}{options}` follows it again."
        ) from None
    return last


def receipt_line(deployed: Deployed, day: dt.date) -> Text:
    """The receipt of a day that is published, in a line."""
    from paperboy_cli.deployed import receipt

    return Text(f"Receipt of {day}: {receipt_in_words(receipt(deployed.table.read_day(day)))}")


def receipt_in_words(receipt: Receipt) -> str:
    """Where every paper went, and why the rejected ones were."""
    why = f": {rejected_in_words(receipt.rejected)}" if receipt.rejected else ""
    return (
        f"{receipt.listed} listed + {receipt.kept} kept = {receipt.selected} in + {receipt.left_out} left out"
        f" + {len(receipt.rejected)} rejected{why}"
    )


def rejected_in_words(rejected: Iterable[Rejected]) -> str:
    """What was rejected, and why; equal reasons are told once: `item 1 to item 45: expected an object, got str`."""
    reasons: dict[str, list[str]] = {}
    for bad in rejected:
        reasons.setdefault(bad.why, []).append(bad.where)
    return "; ".join(f"{_places(where)}: {why}" for why, where in reasons.items())


def _places(where: list[str]) -> str:
    """The places of items: neighbours as a span, and not more than NAMED."""

    def offset(numbered: tuple[int, str]) -> object:
        index, place = numbered
        number = place.removeprefix("item ")
        return int(number) - index if place.startswith("item ") and number.isdecimal() else place

    groups = [[place for _, place in group] for _, group in groupby(enumerate(where), key=offset)]
    spans = [group[0] if len(group) == 1 else f"{group[0]} to {group[-1]}" for group in groups]
    more = f" and {sum(map(len, groups[NAMED:]))} more" if len(spans) > NAMED else ""
    return ", ".join(spans[:NAMED]) + more
