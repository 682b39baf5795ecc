"""`paperboy open`: a stack's pages in the browser, private ones as well."""

from __future__ import annotations

import datetime as dt
import threading
import webbrowser
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from paperboy_cli.errors import PaperboyError, StoppedError
from paperboy_cli.options import InAws, Profile, Region, Sample, named_stack, parse_day
from paperboy_cli.terminal import console

if TYPE_CHECKING:
    from paperboy_cli.stack.deployed import Deployed
    from paperboy_cli.stack.page_server import PageServer

MAX_NAMED_DAYS = 5
"""How many of the days that are published are named, the newest."""


def open_(
    day: Annotated[
        dt.date | None,
        typer.Argument(parser=parse_day, metavar="DAY", help="The day to begin with; else the list of the days."),
    ] = None,
    sample: Sample = False,
    stack: InAws = None,
    profile: Profile = None,
    region: Region = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The port to serve at; else a free one.")] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address, and open no browser.")] = False,
) -> None:
    """Read a stack's pages in the browser, until Ctrl-C; also where the stack is private (Access).

    The pages are read with your own credentials and served on 127.0.0.1 alone, and all links among them work there.
    Whoever else is logged in on this machine can read them meanwhile; foreign web pages cannot.

    The address is printed; without a terminal no browser is opened.
    """
    from paperboy_cli.stack.deployed import Deployed
    from paperboy_cli.stack.page_server import PageServer

    host, which = named_stack(stack, profile, region, sample)
    with host.explained():
        deployed = Deployed(host, which)
        key = first_page(deployed, day)
        server = PageServer(deployed, port or 0)
    try:
        with server:
            _serve(server, key, browser=console.is_terminal and not no_browser)
    except KeyboardInterrupt:
        raise StoppedError("the pages are no longer served; the same command serves them again.") from None


def _serve(server: PageServer, key: str, browser: bool) -> None:
    """Serve pages until Ctrl-C, and say where the one is read that a `browser` is opened at."""
    address = server.link(key)
    console.print(Text(address), soft_wrap=True)
    console.print("All pages are served there, to this machine alone, until Ctrl-C.", soft_wrap=True)
    if browser:
        # In a thread: a browser that runs in the terminal is waited for.
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    server.serve_forever()


def first_page(deployed: Deployed, day: dt.date | None) -> str:
    """The key of the page to begin with. Raises PaperboyError where it is not published."""
    from paperboy.archive.site import INDEX_KEY
    from paperboy.pages.site import digest_key

    digests = deployed.table.read_digests(since=dt.date.min)
    if not digests:
        run = f"paperboy run{deployed.host.options(deployed.stack)}"
        raise PaperboyError(f"{deployed.stack.name} has published nothing yet: `{run}` makes a digest.")
    if day is None:
        return INDEX_KEY
    if day not in digests:
        newest = ", ".join(map(str, sorted(digests, reverse=True)[:MAX_NAMED_DAYS]))
        raise PaperboyError(f"{day} is not published. The newest days that are: {newest}.")
    return digest_key(day)
