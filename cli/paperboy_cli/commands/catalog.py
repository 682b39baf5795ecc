"""`paperboy catalog`: everything that is made from many days is made anew."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from rich.progress import track
from rich.text import Text

from paperboy_cli.errors import PaperboyError
from paperboy_cli.options import InAws, Profile, Region, Sample, named_stack
from paperboy_cli.terminal import console

if TYPE_CHECKING:
    from paperboy_cli.stack.deployed import Deployed


def catalog(sample: Sample = False, stack: InAws = None, profile: Profile = None, region: Region = None) -> None:
    """Make all that is made from many days anew: the index, months, weeks and years, the search, and the feeds.

    It comes about by itself, day by day. This is for a stack whose days are older than that, and after a change of one
    of these pages. No listing is asked for, and no model. Pages that would be the same are not written again.
    """
    from paperboy_cli.stack.deployed import Deployed

    host, which = named_stack(stack, profile, region, sample)
    with host.explained():
        deployed = Deployed(host, which)
        days = catalog_all(deployed)
        if not days:
            run = f"paperboy run{host.options(which)}"
            raise PaperboyError(f"{which.name} has published nothing yet: `{run}` makes a digest.")
        console.print(f"Made from {days} day{'s' * (days != 1)}:")
        show_addresses(deployed)


def catalog_all(deployed: Deployed) -> int:
    """Have catalog take up every day that is published, a month at a time, and return how many days there are.

    Raises PaperboyError where it cannot.
    """
    months: dict[str, list[dt.date]] = deployed.archived_months()
    for month in track(months, "archive", console=console, transient=True, disable=not console.is_terminal):
        deployed.catalog(months[month])
    return sum(map(len, months.values()))


def show_addresses(deployed: Deployed) -> None:
    """Show where what is made from many days is read."""
    from paperboy.archive.site import DAILY_FEED_KEY, INDEX_KEY, SEARCH_KEY

    links = deployed.links()
    if links.signed:
        command = f"paperboy open{deployed.host.options(deployed.stack)}"
        console.print(f"`{command}` reads it on this machine; feeds need Access unlisted or public.", soft_wrap=True)
        return
    for name, key in (("all days", INDEX_KEY), ("search", SEARCH_KEY), ("feed", DAILY_FEED_KEY)):
        console.print(f"{name:<8} ", Text(links.to(key)), sep="", soft_wrap=True)
