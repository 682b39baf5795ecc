"""`paperboy run`: the digest of a day, or of each day of a span."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from paperboy_cli.days import SAMPLE_DAY, Days, to_come_text
from paperboy_cli.errors import PaperboyError, StoppedError
from paperboy_cli.options import AsJson, InAws, OptionalDays, Profile, Region, Sample, stack_in_aws
from paperboy_cli.terminal import console, print_json, receipt_line, receipt_text, show_step

if TYPE_CHECKING:
    from paperboy_cli.commands.span import Result
    from paperboy_cli.stack.deployed import Deployed
    from paperboy_cli.stack.host import Host, Stack
    from paperboy_cli.stack.progress import Progress


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
    render: Annotated[
        bool, typer.Option("--render", help="Write the pages again from the records: no listing, no call of the model.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the digest of a day, or of each day FROM..TO, and follow it until it is published.

    Without a day it is yesterday's (where the readers are), the newest that is complete. A day that is out already
    takes in what is new, and nothing is done where nothing is; pages that are missing in the bucket are put back.

    FROM..TO, such as 2026-02-01..2026-02-28, takes the days one after the other, oldest first, 366 at most, and asks
    the source for one every 2 seconds at most. It can be stopped and started again: days that are done, and those that
    are known to have no papers, are not asked for again. One day that fails does not stop the others; three in a row
    that fail alike do. Each paper that is in costs its summary, as on any day. Old days are published under digests/
    and listed in index.html; they are no news, and latest.* stays the newest day's.

    With --render the days that are out have their pages written again, for a page, a label or a format that changed.
    """
    from paperboy_cli.commands.doctor import diagnosed
    from paperboy_cli.commands.span import render_days, run_days
    from paperboy_cli.stack.deployed import Deployed

    in_aws = stack_in_aws(stack, profile, region, sample)
    if render and (due or again):
        raise typer.BadParameter("--render asks for no run: leave --due and --again out.")
    host, which = in_aws or _local_stack(sample)
    with host.explained():
        deployed = Deployed(host, which)
        if days is None:
            newest = SAMPLE_DAY if which.sample else deployed.today - dt.timedelta(days=1)
            days = Days(newest, newest, span=False)
        if refusal := to_come_text(days.last, deployed.today):
            raise typer.BadParameter(refusal)
        if render:
            _show_results(deployed, days, render_days(deployed, days), as_json)
        elif days.span:
            _show_results(deployed, days, run_days(deployed, days, due, again), as_json)
        else:
            with diagnosed(*in_aws) if in_aws and not as_json else nullcontext():
                _run_day(deployed, days.first, due, as_json)


def _local_stack(sample: bool) -> tuple[Host, Stack]:
    """The local stack: the sample's where that is wanted, else the live one.

    Raises PaperboyError where the live one is wanted and the sample's alone is there.
    """
    from paperboy_cli.local.deployment import LIVE, SAMPLE
    from paperboy_cli.local.emulator import Local

    local = Local()
    with local.explained():
        there = [
            stack for stack in (LIVE, SAMPLE) if "emulator" in local.running() and local.describe_if_deployed(stack)
        ]
    if not sample and there == [SAMPLE]:
        raise PaperboyError(
            "only the sample is up: `paperboy up` starts a stack of your own, and `paperboy run --sample` makes the"
            " sample's days."
        )
    return local, SAMPLE if sample else LIVE


def follow(deployed: Deployed, day: dt.date, due: bool = False, show: bool = True) -> Progress:
    """Run `day` and return its last progress. Raises StoppedError at Ctrl-C."""
    try:
        with console.status(f"{day} …"):
            for progress in deployed.run(day, due):
                last = progress
                if show:
                    show_step(progress.seconds, progress.step, progress.text, progress.note)
    except KeyboardInterrupt:
        options = deployed.host.options(deployed.stack)
        raise StoppedError(
            f"{day} is no longer followed. {deployed.host.stays} `paperboy run {day}{options}` follows it again."
        ) from None
    return last


def _run_day(deployed: Deployed, day: dt.date, due: bool, as_json: bool) -> None:
    from paperboy_cli.commands.span import result_of

    result = result_of(deployed, follow(deployed, day, due, show=not as_json))
    if as_json:
        print_json(result.as_json())
    else:
        if result.receipt:
            console.print(receipt_line(day, result.receipt), soft_wrap=True)
        is_said = result.receipt and result.text == receipt_text(result.receipt)
        if result.status in ("empty", "failed") and not is_said:
            console.print(Text(f"{day}: {result.text}."), soft_wrap=True)
        if result.link:
            console.print(Text(result.link), soft_wrap=True)
        _tell_sample_days(deployed, [result])
    if result.status == "failed":
        raise typer.Exit(1)


def _show_results(deployed: Deployed, days: Days, coming: Iterator[Result], as_json: bool) -> None:
    """Show the result of each day as it comes. Raises StoppedError at Ctrl-C, and ends with 1 where a day failed."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from paperboy_cli.commands.span import totals

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    results = []
    try:
        with Progress(*columns, console=console, transient=True, disable=as_json or not console.is_terminal) as bar:
            task = bar.add_task(str(days), total=len(days))
            for result in coming:
                results.append(result)
                bar.advance(task)
                if as_json:
                    print_json(result.as_json())
                elif result.status == "failed":  # its reason stands below, once for all that failed alike
                    console.print(Text(f"{result.day}  failed"), soft_wrap=True)
                else:
                    console.print(Text(str(result)), soft_wrap=True)
    except KeyboardInterrupt:
        raise StoppedError(f"stopped. {deployed.host.stays} The same command goes on where it stopped.") from None
    finally:
        if not as_json:
            console.print(Text(totals(results, days)), soft_wrap=True)
            _tell_sample_days(deployed, results)
    if any(result.status == "failed" for result in results):
        raise typer.Exit(1)


def _tell_sample_days(deployed: Deployed, results: list[Result]) -> None:
    """Say which days the sample has, where others were asked for."""
    if deployed.stack.sample and any(result.status == "empty" for result in results):
        from paperboy_cli.local.emulator import SAMPLE_DAYS

        days = sorted(path.stem for path in SAMPLE_DAYS.glob("????-??-??.json"))
        console.print(f"The sample has {' and '.join(days)}.")
