"""What the terminal shows: the steps of a command, what happens to a day, receipts and warnings."""

from __future__ import annotations

import datetime as dt
import io
import json
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

if TYPE_CHECKING:
    from paperboy.days.digest import Receipt
    from paperboy.papers.listing import Rejection

console = Console(highlight=False)

NOTE_COLUMN = 28
"""The column that notes begin at: below a paper's id."""
MAX_NAMED_ITEMS = 5
"""How many of the items that were rejected for one reason are named, a span of neighbours counting once."""


def replace_what_cannot_be_shown() -> None:
    """Have what the output's encoding lacks, such as 🏆 in GBK, shown as a question mark."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def print_json(content: object, indent: int | None = None) -> None:
    """Print JSON for a program. Nothing is lost where the output's encoding lacks a character: it is escaped then."""
    text = json.dumps(content, ensure_ascii=False, indent=indent)
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        text = json.dumps(content, indent=indent)
    print(text, flush=True)


def printable(text: str) -> str:
    """Somebody else's words with no character that the terminal would obey, or that no encoding has."""
    return "".join(each if each.isprintable() or each == "\n" else "\ufffd" for each in text)


def waiting(text: str) -> AbstractContextManager[object]:
    """Show a person at a terminal, on standard error, what is being waited for in here."""
    return Console(stderr=True, highlight=False).status(Text(text))


def warn(sentence: str) -> None:
    """Say on standard error what is wrong."""
    print(f"paperboy: {sentence}", file=sys.stderr)


def show_waiting() -> None:
    """Say that another command has to end first."""
    console.print("Another command starts or stops this stack; waiting for it …")


def step(name: str, action: Callable[[], bool], done: str, nothing: str) -> bool:
    """Do a step and show how long it took: with the text `done` where `action` did something, else with `nothing`.

    Returns whether it did something.
    """
    begun = time.monotonic()
    with console.status(f"{name} …"):
        did_something = action()
    show_step(time.monotonic() - begun, name, done if did_something else nothing)
    return did_something


def show_step(seconds: float, name: str, text: str, note: str = "") -> None:
    """Show a step; a paper's title is cut where the terminal ends, and a note stands below, indented."""
    line = Text.assemble(f"{seconds:6.1f} s  ", (f"{name:<14}", "bold"), Text(text))
    if name == "summarised":
        line.truncate(console.width, overflow="ellipsis")
    console.print(line, soft_wrap=True)
    if note:
        console.print(Padding(Text(note, style="yellow"), (0, 0, 0, NOTE_COLUMN), expand=False))


def receipt_line(day: dt.date, receipt: Receipt) -> Text:
    """A day's receipt in a line."""
    return Text(f"Receipt of {day}: {receipt_text(receipt)}")


def receipt_text(receipt: Receipt) -> str:
    """Where every paper went, and the reasons for which items were rejected."""
    reasons = f": {rejections_text(receipt.rejections)}" if receipt.rejections else ""
    return (
        f"{receipt.listed} listed + {receipt.kept} kept = {receipt.selected} in + {receipt.left_out} left out"
        f" + {len(receipt.rejections)} rejected{reasons}"
    )


def rejections_text(rejections: Iterable[Rejection]) -> str:
    """The rejected items by reason; each reason stands once: `item 1 to item 45: expected an object, got str`."""
    items: dict[str, list[str]] = {}
    for rejection in rejections:
        items.setdefault(rejection.reason, []).append(rejection.item)
    return "; ".join(f"{_items_text(names)}: {reason}" for reason, names in items.items())


def _items_text(items: list[str]) -> str:
    """The items' names: neighbours as a span, and MAX_NAMED_ITEMS at most."""

    def offset(numbered: tuple[int, str]) -> object:
        """What neighbours have in common: the same difference between place in the list and place in the listing."""
        index, item = numbered
        number = item.removeprefix("item ")
        return int(number) - index if item.startswith("item ") and number.isdecimal() else item

    groups = [[item for _, item in group] for _, group in groupby(enumerate(items), key=offset)]
    spans = [group[0] if len(group) == 1 else f"{group[0]} to {group[-1]}" for group in groups]
    more = f" and {sum(map(len, groups[MAX_NAMED_ITEMS:]))} more" if len(spans) > MAX_NAMED_ITEMS else ""
    return ", ".join(spans[:MAX_NAMED_ITEMS]) + more
