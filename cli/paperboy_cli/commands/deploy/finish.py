"""What follows a deployment: the first digest, pages where they belong, and the address that readers have."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from rich.progress import track
from rich.text import Text

from paperboy_cli.commands.catalog import catalog_all, show_addresses
from paperboy_cli.commands.doctor import diagnosed, show_what_is_wrong
from paperboy_cli.commands.run import follow
from paperboy_cli.stack.deployed import Deployed
from paperboy_cli.terminal import console

if TYPE_CHECKING:
    from paperboy_cli.stack.cloud import Cloud
    from paperboy_cli.stack.host import Stack

FIRST_RUN_DAYS = 4
"""How many days back a first run looks for one that has papers: more than a weekend."""


def finish(cloud: Cloud, stack: Stack, is_changed: bool) -> None:
    """Make the first digest of a stack that has none, else look after one that has changed; then show the way to it."""
    deployed = Deployed(cloud, stack)
    options = cloud.options(stack)
    with diagnosed(cloud, stack):
        days = sorted(deployed.table.read_digests(since=dt.date.min))
        has_digest = bool(days) or _run_first(deployed)
        if days:
            _put_back(deployed, days)
        # Of a new bucket S3 tells nothing for about five minutes, so that catalog does not hear of the first digest.
        if has_digest and is_changed:
            catalog_all(deployed)
    if is_changed and days:
        show_what_is_wrong(cloud, stack)
    if has_digest:
        _show_way(deployed)
    else:
        console.print(
            "No digest yet: the schedule makes one when the next papers are listed;"
            f" `paperboy run DAY{options}` one of an older day."
        )
    console.print(f"Settings are kept: `paperboy deploy --stack {stack.name} --set NAME=VALUE` changes one.")


def _put_back(deployed: Deployed, days: list[dt.date]) -> None:
    """Publish the pages of all days again where the newest are missing, as they are below another prefix.

    What is made from many days follows: it would be made once for each of them here.
    """
    from paperboy.pages.site import latest_key

    if deployed.bucket.look(latest_key()) is not None:
        return
    for day in track(days, "pages", console=console, transient=True, disable=not console.is_terminal):
        deployed.restore(deployed.table.read_day(day), with_archive=False)
    console.print(f"The pages of {len(days)} day{'s' * (len(days) != 1)} were put where they belong now.")


def _run_first(deployed: Deployed) -> bool:
    """Run the newest day that has papers, among FIRST_RUN_DAYS. Returns whether there is one."""
    console.print("\nThe first digest:", style="bold")
    days = (deployed.today - dt.timedelta(days=back) for back in range(1, FIRST_RUN_DAYS + 1))
    return any(follow(deployed, day).step != "empty" for day in days)


def _show_way(deployed: Deployed) -> None:
    """Show the address that readers have, with a picture of it for a phone's camera where it stays the same."""
    from paperboy.pages.site import latest_key

    links = deployed.links()
    link = links.to(latest_key())
    console.print("\nThe newest digest, there now and every day:" if not links.signed else "\nThe newest digest:")
    console.print(Text(link), soft_wrap=True)
    if links.signed:
        console.print(
            f"It ends after seven days at most; `paperboy status{deployed.host.options(deployed.stack)}` signs another."
            f" One that stays, for a phone: `paperboy deploy --stack {deployed.stack.name} --set Access=unlisted`.",
            soft_wrap=True,
        )
        return
    if console.is_terminal:
        import segno

        segno.make(link, error="l").terminal(compact=True)
    show_addresses(deployed)
