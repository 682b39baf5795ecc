"""The `paperboy` command."""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.text import Text

from paperboy_cli.errors import PaperboyError

if TYPE_CHECKING:
    from paperboy.listing import Listing
    from paperboy.policy import Policy
    from paperboy_cli.deployed import Deployed, Seen
    from paperboy_cli.local import Local

SAMPLE_DAY = dt.date(2026, 2, 3)
READERS = ZoneInfo("Asia/Shanghai")
EXCERPT = 20
"""Lines of the digest that `demo` shows: its head and the first paper."""

console = Console(highlight=False)


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="""The day's AI papers, ranked by a score you can check by hand, told in Chinese.

    The local stack (up, run, status, down) is the project's own template on an AWS emulator, on 127.0.0.1 alone: no
    account, no key. `rank` and `render` need no stack at all.""",
    epilog="PAPERBOY_PORT chooses the stack's port (4566; the next one serves the sample)."
    " HF_BASE_URL, LLM_BASE_URL and LLM_MODEL say where `up` takes listings and summaries from.",
)

Sample = Annotated[bool, typer.Option("--sample", help="The stack that replays the recorded sample day.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program instead.")]
OwnPolicy = Annotated[Path | None, typer.Option("--policy", help="A policy file of your own.")]
SavedListing = Annotated[Path, typer.Argument(help="A saved answer of the Daily Papers API, gzipped or not.")]


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no day; write it as 2026-02-03.") from error


OptionalDay = Annotated[
    dt.date | None, typer.Argument(parser=_day, metavar="[DAY]", help="A listing's day: 2026-02-03.")
]


@app.command()
def up(
    sample: Sample = False,
    docker: Annotated[
        bool, typer.Option("--docker", help="Open it to this machine's containers too, for `sam local invoke`.")
    ] = False,
) -> None:
    """Start the local stack: the emulator, and the template built and deployed to it.

    What was kept at the last `down` is there again. A second `up` changes only what has changed in the project.
    """
    from paperboy_cli.local import Local

    local = Local()
    deployed = _bring_up(local, sample, docker)
    told = deployed.stack.parameters(local.port)
    console.print(f"The local stack is up at {local.url}, this machine's alone.")
    console.print(f"  listings from  {told['HfBaseUrl']}")
    console.print(f"  summaries from {told['LlmBaseUrl'] or 'the listing itself: LLM_BASE_URL names no model'}")
    if docker:
        options = local.invoke_options()
        console.print(f"  .tools/sam/bin/sam local invoke Ingest -e events/ingest.json {options}", soft_wrap=True)
    which = " --sample" if sample else ""
    console.print(f"`paperboy run{which}` makes a digest, `paperboy down` stops it all.")


@app.command()
def down() -> None:
    """Stop everything that `up` or `demo` started. The data is kept for the next start."""
    from paperboy_cli.local import Local

    local = Local()
    with local.alone():
        stopped = local.stop()
    console.print(
        f"Stopped: {', '.join(stopped)}. The data is kept in {local.home}." if stopped else "Nothing was running."
    )


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show what runs, what is published, and what went wrong."""
    from paperboy_cli.deployed import Deployed
    from paperboy_cli.local import LIVE, SAMPLE, Local

    local = Local()
    running = sorted(local.running())
    up = "emulator" in running
    stacks = [Deployed(local, stack) for stack in (LIVE, SAMPLE) if up and local.outputs(stack)]
    known = {
        "up": up,
        "url": local.url if up else None,
        "running": running,
        "stacks": [_known(deployed) for deployed in stacks],
    }
    if as_json:
        print(json.dumps(known, ensure_ascii=False, indent=1))
        return
    console.print(f"Up at {local.url}: {', '.join(running)}." if up else "Nothing is running; `paperboy up` starts it.")
    for deployed in stacks:
        _show_status(deployed)


def _known(deployed: Deployed) -> dict[str, object]:
    published = deployed.table.published_days(since=dt.date.min)
    return {
        "name": deployed.stack.name,
        "waiting": deployed.waiting(),
        "digests": [
            {
                "day": day.isoformat(),
                "papers": len(record.ids),
                "rungs": record.rungs,
                "open": record.open,
                "published_at": record.published_at.isoformat(),
                "link": deployed.link(day),
            }
            for day, record in published.items()
        ],
    }


def _show_status(deployed: Deployed) -> None:
    published = deployed.table.published_days(since=dt.date.min)
    console.print(
        f"\n[bold]{deployed.stack.name}[/]: {len(published) or 'no'} digest{'s' * (len(published) != 1)} published"
    )
    for day, record in list(published.items())[-10:]:
        rungs = ", ".join(f"{number} {rung}" for rung, number in sorted(record.rungs.items()))
        still_open = "; a later run can mend it" if record.open else ""
        console.print(
            f"  {day}  {len(record.ids):>2} papers ({rungs}{still_open})", Text(deployed.link(day)), soft_wrap=True
        )
    for queue, number in deployed.waiting().items():
        if number:
            console.print(
                f"  [red]{number} failed for good[/] and wait in the queue {queue}: {deployed.outputs[queue]}"
            )


@app.command()
def run(
    day: OptionalDay = None,
    sample: Sample = False,
    due: Annotated[bool, typer.Option("--due", help="Publish now, even where summaries are still missing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make one day's digest now, and follow it until it is published.

    DAY is a listing's day, by default yesterday's (in Shanghai), the newest that is complete. A day that is out already
    takes in what is new, and nothing is done where nothing is.
    """
    from paperboy_cli.deployed import Deployed
    from paperboy_cli.local import LIVE, SAMPLE, Local

    local = Local()
    only_sample = not local.outputs(LIVE) if "emulator" in local.running() else False
    deployed = Deployed(local, SAMPLE if sample or (only_sample and local.outputs(SAMPLE)) else LIVE)
    yesterday = dt.datetime.now(READERS).date() - dt.timedelta(days=1)
    wanted = day or (SAMPLE_DAY if deployed.stack.sample else yesterday)
    last = _follow(deployed, wanted, due, show=not as_json)
    records = deployed.table.read_day(wanted)
    out = last.step != "empty" and records.published is not None
    if as_json:
        _print_run(deployed, wanted, last, out)
    elif out:
        console.print(_receipt(deployed, wanted))
        console.print(Text(deployed.link(wanted)), soft_wrap=True)
    else:
        console.print(f"{wanted}: {last.text}. There is nothing to publish.")


def _print_run(deployed: Deployed, day: dt.date, last: Seen, out: bool) -> None:
    from paperboy_cli.deployed import receipt

    found = receipt(deployed.table.read_day(day)).model_dump(mode="json") if out else None
    link = deployed.link(day) if out else None
    print(json.dumps({"day": str(day), "status": last.step, "receipt": found, "link": link}, ensure_ascii=False))


@app.command()
def rank(
    listing: SavedListing,
    policy: OwnPolicy = None,
    date: Annotated[
        dt.date | None,
        typer.Option(parser=_day, metavar="DAY", help="Rank as of this day; by default the listing's own."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Rank a saved listing, offline: the parts of each score, and where the cut fell."""
    from paperboy.ranking import rank as rank_papers
    from paperboy_cli.offline import load_listing, ranked_json, ranked_table

    found, own_day = load_listing(listing)
    day = date or own_day or dt.datetime.now(READERS).date()
    ranking = rank_papers(found.papers, _policy(policy), day)
    _warn_of_rejected(found)
    if as_json:
        print(ranked_json(found, ranking))
    else:
        console.print(ranked_table(found, ranking, day))


@app.command()
def render(
    listing: SavedListing,
    date: Annotated[dt.date, typer.Option(parser=_day, metavar="DAY", help="The digest's day.")],
    policy: OwnPolicy = None,
    summaries: Annotated[
        Path | None,
        typer.Option(help='JSON with summaries by paper id: {"title", "summary", "highlights": [..]}.'),
    ] = None,
) -> None:
    """Write the Markdown page of a saved listing to standard output, offline."""
    from paperboy_cli.offline import load_listing, load_summaries, markdown

    found, _ = load_listing(listing)
    _warn_of_rejected(found)
    page = markdown(found, _policy(policy), date, load_summaries(summaries) if summaries else {})
    sys.stdout.buffer.write(page.encode())


@app.command()
def demo() -> None:
    """The whole stack on this machine, with the recorded sample day: from nothing to a link."""
    from paperboy_cli.local import Local

    local = Local()
    deployed = _bring_up(local, sample=True)
    last = _follow(deployed, SAMPLE_DAY)
    if last.step == "empty":
        raise PaperboyError(f"the sample has no papers: {last.text}.")
    console.print()
    console.print(_receipt(deployed, SAMPLE_DAY))
    console.print()
    for line in deployed.page(SAMPLE_DAY).splitlines()[:EXCERPT]:
        console.print(Text(line), style="cyan", soft_wrap=True)
    console.print("…", style="cyan")
    console.print()
    console.print("A sample: its titles and votes are real, its texts were written for this project.", soft_wrap=True)
    console.print("The stack's own bucket serves it until `make down`:")
    console.print(Text(deployed.link(SAMPLE_DAY)), soft_wrap=True)


def _bring_up(local: Local, sample: bool, docker: bool = False) -> Deployed:
    from paperboy_cli.deployed import Deployed
    from paperboy_cli.local import LIVE, SAMPLE

    stack = SAMPLE if sample else LIVE
    stack.parameters(local.port)  # says what is wrong with the environment before anything starts
    with local.alone(), local.stopped_on_failure():
        _step("emulator", local.start_emulator, "started", "runs already")
        if sample:
            _step("sample server", local.start_sample, "started", "runs already")
        _step("sam build", local.build, "built", "nothing changed")
        _step("sam deploy", lambda: local.deploy(stack), f"{stack.name} deployed", "nothing changed")
        if docker:
            _step("docker", lambda: local.open_to_docker(stack), "opened", "is open already")
        return Deployed(local, stack)


def _step(name: str, do: Callable[[], bool], done: str, nothing: str) -> None:
    begun = time.monotonic()
    with console.status(f"{name} …"):
        text = done if do() else nothing
    console.print(f"{time.monotonic() - begun:6.1f} s  [bold]{name:<13}[/] {text}")


def _follow(deployed: Deployed, day: dt.date, due: bool = False, show: bool = True) -> Seen:
    """Run `day` and return what was seen last."""
    with console.status(f"{day} …"):
        for seen in deployed.run(day, due):
            last = seen
            if show:
                console.print(f"{seen.seconds:6.1f} s  [bold]{seen.step:<13}[/]", Text(seen.text), soft_wrap=True)
    return last


def _receipt(deployed: Deployed, day: dt.date) -> Text:
    from paperboy_cli.deployed import receipt

    return Text(f"Receipt of {day}: {receipt(deployed.table.read_day(day))}")


def _policy(path: Path | None) -> Policy:
    from paperboy.policy import PolicyError, load_policy

    try:
        return load_policy(path)
    except PolicyError as error:
        raise PaperboyError(str(error)) from error


def _warn_of_rejected(listing: Listing) -> None:
    for bad in listing.rejected:
        print(f"paperboy: {bad.where} is left out: {bad.why}", file=sys.stderr)


def main() -> None:
    """Run the command; what it cannot do is said in one sentence on standard error, and it ends with 1."""
    try:
        app()
    except PaperboyError as error:
        _give_up(str(error))
    except OSError as error:
        _give_up(
            f"{error.filename or 'the output'}: {error.strerror}. PAPERBOY_HOME chooses another folder to work in."
        )
    except Exception as error:
        from botocore.exceptions import ConnectionError as NoConnectionError
        from botocore.exceptions import HTTPClientError

        if not isinstance(error, NoConnectionError | HTTPClientError):
            raise
        _give_up("the local stack went away in the middle: `paperboy up` starts it again.")


def _give_up(why: str) -> NoReturn:
    print(f"paperboy: {why}", file=sys.stderr)
    sys.exit(1)
