"""What `paperboy status` tells of a stack, for a program and for a person."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from rich.text import Text

from paperboy.usage import Usage
from paperboy_cli.deployed import QUEUES
from paperboy_cli.steps import console

if TYPE_CHECKING:
    from paperboy.records import PublishedRecord
    from paperboy_cli.deployed import Deployed
    from paperboy_cli.links import Links

SHOWN = 10
"""Digests that a person is shown, the newest."""


def known(deployed: Deployed, days: int) -> dict[str, Any]:
    """What is known of a stack, for a program; signed links in it are good for `days`."""
    published = deployed.table.published_days(since=dt.date.min)
    links = deployed.links(days)
    spent = deployed.spent()
    return {
        "name": deployed.stack.name,
        "access": links.access,
        "latest": links.to("latest.html") if published else None,
        # The list links to its digests plainly: signed, it alone would open.
        "index": links.to("index.html") if published and not links.signed else None,
        "links_end": links.end.isoformat() if links.end else None,
        "links_end_with_credentials": links.end_with_credentials,
        "spent": spent.model_dump() if spent else None,
        "waiting": deployed.waiting(),
        "queues": {queue: deployed.outputs[queue] for queue in QUEUES},
        "digests": [_digest(day, record, links) for day, record in published.items()],
    }


def _digest(day: dt.date, record: PublishedRecord, links: Links) -> dict[str, Any]:
    return {
        "day": day.isoformat(),
        "papers": len(record.ids),
        "rungs": record.rungs,
        "open": record.open,
        "published_at": record.published_at.isoformat(),
        "link": links.to(f"digests/{day}.html"),
        "markdown": links.to(f"digests/{day}.md"),
    }


def show(known: dict[str, Any]) -> None:
    """Show a person what is `known`."""
    console.print()
    digests = known["digests"]
    number = f"{len(digests) or 'no'} digest{'s' * (len(digests) != 1)}"
    console.print(f"[bold]{known['name']}[/]: {number} published, {known['access']}")
    for name, key in (("newest", "latest"), ("all", "index")):
        if known[key]:
            console.print(f"  {name:<10}", Text(known[key]), soft_wrap=True)
    if known["spent"]:
        console.print(f"  this month: {_in_words(Usage.model_validate(known['spent']))}")
    for digest in digests[-SHOWN:]:
        rungs = ", ".join(f"{number} {rung}" for rung, number in sorted(digest["rungs"].items()))
        still_open = "; a later run can mend it" if digest["open"] else ""
        console.print(
            f"  {digest['day']}  {digest['papers']:>2} papers ({rungs}{still_open})",
            Text(digest["link"]),
            soft_wrap=True,
        )
    if known["links_end"] and digests:
        console.print(f"  {_end_in_words(known)}", soft_wrap=True)
    for queue, number in known["waiting"].items():
        if number:
            console.print(
                f"  [red]{number} failed for good[/] and wait in the queue {queue}: {known['queues'][queue]}",
                soft_wrap=True,
            )


def _in_words(spent: Usage) -> str:
    cost = f", about {spent.cost / 1_000_000:.2f} USD" if spent.cost else ""
    return f"{spent.calls:,} model calls, {spent.tokens:,} tokens{cost}"


def _end_in_words(known: dict[str, Any]) -> str:
    end = dt.datetime.fromisoformat(known["links_end"]).astimezone(dt.UTC)
    said = f"These links open until {end:%Y-%m-%d %H:%M} UTC"
    if known["links_end_with_credentials"]:
        said += ", and no longer than the temporary credentials that signed them"
    return f"{said}; `paperboy status` makes new ones."
