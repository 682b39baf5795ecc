"""The `paperboy` command."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn
from zoneinfo import ZoneInfo

import typer
from rich.text import Text

from paperboy_cli.days import Days, read_days
from paperboy_cli.errors import PaperboyError, StoppedError
from paperboy_cli.steps import bring_up, console, follow, receipt_in_words, tell_of_waiting

if TYPE_CHECKING:
    from paperboy.language import Language
    from paperboy.listing import Listing
    from paperboy.policy import Policy
    from paperboy_cli.deployed import Deployed
    from paperboy_cli.local import Stack
    from paperboy_cli.place import Place

SAMPLE_DAY = dt.date(2026, 2, 3)
READERS = ZoneInfo("Asia/Shanghai")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="""The day's AI papers, ranked by a score you can check by hand, told in Chinese.

    The local stack (up, run, status, down) is the project's own template on an AWS emulator, on 127.0.0.1 alone: no
    account, no key. With --stack, `run` and `status` speak to one in AWS. `rank` and `render` need no stack at all.""",
    epilog="PAPERBOY_PORT chooses the stack's port (4566; the next one serves the sample)."
    " HF_BASE_URL, HF_TOKEN, LLM_BASE_URL, LLM_MODEL and LLM_API_KEY say where `up` takes listings and summaries from.",
)

Sample = Annotated[bool, typer.Option("--sample", help="The stack that replays the recorded sample days.")]
InAws = Annotated[
    str | None, typer.Option("--stack", metavar="NAME", help="A stack in AWS, reached with your own credentials.")
]
Profile = Annotated[
    str | None, typer.Option("--profile", metavar="NAME", help="With --stack: the AWS profile; else AWS_PROFILE's.")
]
Region = Annotated[
    str | None,
    typer.Option("--region", metavar="NAME", help="With --stack: its region; else AWS_REGION or the profile's."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program instead.")]
OwnPolicy = Annotated[Path | None, typer.Option("--policy", help="A policy file of your own.")]
SavedListing = Annotated[Path, typer.Argument(help="A saved answer of the Daily Papers API, gzipped or not.")]


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no day; write it as 2026-02-03.") from error


def _days(text: str) -> Days:
    try:
        return read_days(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


OptionalDays = Annotated[
    Days | None,
    typer.Argument(parser=_days, metavar="DAY|FROM..TO", help="A listing's day, or the first and last of several."),
]


@app.command()
def up(
    sample: Sample = False,
    docker: Annotated[
        bool, typer.Option("--docker", help="Open it to this machine's containers too, for `sam local invoke`.")
    ] = False,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Set a parameter of the template; may be given again."),
    ] = None,
) -> None:
    """Start the local stack: the emulator, and the template built and deployed to it.

    What was kept at the last `down` is there again, and the days that were missed meanwhile are made. A second `up`
    changes only what has changed in the project. A parameter that is not --set this time has its default again.
    """
    from paperboy_cli import template
    from paperboy_cli.local import Local

    local = Local()
    deployed = bring_up(local, sample, docker, template.chosen(settings or []))
    told = deployed.stack.parameters(local.port)
    console.print(f"The local stack is up at {local.url}, this machine's alone.")
    console.print(f"  listings from  {told['HfBaseUrl']}")
    console.print(f"  summaries from {_summaries_from(told)}")
    if docker:
        credentials = "AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test"  # the emulator's, known to all
        invoke = f"local invoke Ingest -e events/ingest.json {local.invoke_options()}"
        console.print(f"  {credentials} .tools/sam/bin/sam {invoke}", soft_wrap=True)
    if not sample:
        deployed.catch_up()
        console.print("It is making the last days' digests now: `paperboy status` shows them.")
    which = " --sample" if sample else ""
    console.print(f"`paperboy run{which}` makes a digest, `paperboy down` stops it all.")


def _summaries_from(told: dict[str, str]) -> str:
    match told["Summarizer"]:
        case "openai":
            return told["LlmBaseUrl"]
        case "none":
            return "the listing itself: LLM_BASE_URL names no model"
        case other:
            return other


@app.command()
def down() -> None:
    """Stop everything that `up` or `demo` started. The data is kept for the next start."""
    from paperboy_cli.local import Local

    local = Local()
    with local.alone(tell_of_waiting):
        stopped = local.stop()
    console.print(
        f"Stopped: {', '.join(stopped)}. The data is kept in {local.home}." if stopped else "Nothing was running."
    )


@app.command()
def status(
    stack: InAws = None,
    profile: Profile = None,
    region: Region = None,
    days: Annotated[int, typer.Option(min=1, max=7, help="How long signed links open, in days.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Show what runs, what is published and where it is read, what the model took, and what went wrong.

    The pages of a private stack (Access) are read through signed links, and it says when those end.
    """
    from paperboy_cli import status as told
    from paperboy_cli.deployed import Deployed
    from paperboy_cli.local import LIVE, SAMPLE, Local

    place, named = _place(stack, profile, region)
    with place.explained():
        known: dict[str, Any] = {}
        if isinstance(place, Local):
            running = sorted(place.running())
            up = "emulator" in running
            known = {"up": up, "url": place.url if up else None, "running": running}
            stacks = [each for each in (LIVE, SAMPLE) if up and place.outputs(each)]
        else:
            stacks = [named]
        deployed = [Deployed(place, each) for each in stacks]
        known["stacks"] = [told.known(each, days) for each in deployed]
    if as_json:
        print(json.dumps(known, ensure_ascii=False, indent=1))
        return
    if "up" in known:
        console.print(
            f"Up at {known['url']}: {', '.join(known['running'])}."
            if known["up"]
            else "Nothing is running; `paperboy up` starts it."
        )
    for each in known["stacks"]:
        told.show(each)


def _place(stack: str | None, profile: str | None, region: str | None, sample: bool = False) -> tuple[Place, Stack]:
    """Where the stack is that was named, and which it is; locally the live one, where that or none is deployed."""
    from paperboy_cli.cloud import Cloud
    from paperboy_cli.local import LIVE, SAMPLE, Local, Stack

    if stack:
        if sample:
            raise typer.BadParameter("--sample is of the local stack: leave it or --stack out.")
        return Cloud(profile, region), Stack(stack, sample=False)
    if profile or region:
        raise typer.BadParameter("--profile and --region are of a stack in AWS: name it with --stack.")
    local = Local()
    only_sample = "emulator" in local.running() and not local.outputs(LIVE) and local.outputs(SAMPLE)
    return local, SAMPLE if sample or only_sample else LIVE


@app.command()
def run(
    days: OptionalDays = None,
    sample: Sample = False,
    stack: InAws = None,
    profile: Profile = None,
    region: Region = None,
    due: Annotated[bool, typer.Option("--due", help="Publish now, even where summaries are still missing.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="With FROM..TO: ask for the days that are done all the same.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the digest of a day, or of each day FROM..TO, and follow it until it is published.

    Without a day it is yesterday's (where the readers are), the newest that is complete. A day that is out already
    takes in what is new, and nothing is done where nothing is; pages that are missing in the bucket are put back.

    FROM..TO, such as 2026-02-01..2026-02-28, takes the days one after the other, oldest first, 366 at most, and asks
    the source for one every 2 seconds at most. It can be stopped and started again: days that are done, and those that
    are known to have no papers, are not asked for again. One day that fails does not stop the others. Each paper that
    is in costs its summary, as on any day. Old days are published under digests/ and listed in index.html; they are no
    news, and latest.* stays the newest day's.
    """
    from paperboy_cli.deployed import Deployed

    place, which = _place(stack, profile, region, sample)
    with place.explained():
        deployed = Deployed(place, which)
        if days is None:
            newest = SAMPLE_DAY if which.sample else deployed.today - dt.timedelta(days=1)
            days = Days(newest, newest, span=False)
        if not days.span:
            _run_day(deployed, days.first, due, as_json)
        elif days.last > deployed.today:
            raise typer.BadParameter(f"{days.last} is yet to come: {deployed.today} is the last day to ask for.")
        else:
            _run_span(deployed, days, due, again, as_json)


def _run_day(deployed: Deployed, day: dt.date, due: bool, as_json: bool) -> None:
    from paperboy_cli.backfill import result

    done = result(deployed, day, follow(deployed, day, due, show=not as_json))
    if as_json:
        print(json.dumps(done.as_json(), ensure_ascii=False))
    else:
        receipt = receipt_in_words(done.receipt) if done.receipt else ""
        if receipt:
            console.print(Text(f"Receipt of {day}: {receipt}"), soft_wrap=True)
        if done.status in ("empty", "failed") and done.text != receipt:
            console.print(Text(f"{day}: {done.text}."), soft_wrap=True)
        if done.link:
            console.print(Text(done.link), soft_wrap=True)
    if done.status == "failed":
        raise typer.Exit(1)


def _run_span(deployed: Deployed, days: Days, due: bool, again: bool, as_json: bool) -> None:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from paperboy_cli.backfill import in_words, run_days

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    results = []
    try:
        with Progress(*columns, console=console, transient=True, disable=as_json or not console.is_terminal) as bar:
            task = bar.add_task(str(days), total=len(days))
            for done in run_days(deployed, days, due, again):
                results.append(done)
                bar.advance(task)
                if as_json:
                    print(json.dumps(done.as_json(), ensure_ascii=False), flush=True)
                else:
                    console.print(Text(str(done)), soft_wrap=True)
    except KeyboardInterrupt:
        raise StoppedError(f"stopped. {deployed.place.stays} The same command goes on where it stopped.") from None
    finally:
        if not as_json:
            console.print(Text(in_words(results, days)), soft_wrap=True)
    if any(done.status == "failed" for done in results):
        raise typer.Exit(1)


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
    language: Annotated[str, typer.Option(help="What the page is told in: zh or en.")] = "zh",
) -> None:
    """Write the Markdown page of a saved listing to standard output, offline."""
    from paperboy_cli.offline import load_listing, load_summaries, markdown

    found, _ = load_listing(listing)
    _warn_of_rejected(found)
    given = load_summaries(summaries) if summaries else {}
    page = markdown(found, _policy(policy), date, given, _language(language))
    sys.stdout.buffer.write(page.encode())


@app.command()
def demo() -> None:
    """The whole stack on this machine, with two recorded sample days: from nothing to a link.

    On the second day the model goes away, and comes back.
    """
    from paperboy_cli.demo import play

    play(SAMPLE_DAY)


def _policy(path: Path | None) -> Policy:
    from paperboy.policy import PolicyError, load_policy

    try:
        return load_policy(path)
    except PolicyError as error:
        raise PaperboyError(str(error)) from error


def _language(code: str) -> Language:
    from paperboy.language import LanguageError, load_language

    try:
        return load_language(code)
    except LanguageError as error:
        raise PaperboyError(f"--language: {error}.") from error


def _warn_of_rejected(listing: Listing) -> None:
    for bad in listing.rejected:
        print(f"paperboy: {bad.where} is left out: {bad.why}", file=sys.stderr)


def main() -> None:
    """Run the command; what it cannot do is said in one sentence on standard error, and it ends with 1."""
    try:
        app()
    except PaperboyError as error:
        _give_up(str(error), error.exit_code)
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


def _give_up(why: str, exit_code: int = 1) -> NoReturn:
    print(f"paperboy: {why}", file=sys.stderr)
    sys.exit(exit_code)
