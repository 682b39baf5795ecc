"""The options and arguments that commands share, and what is made of them."""

from __future__ import annotations

import datetime as dt
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paperboy_cli.days import Days, read_days

if TYPE_CHECKING:
    from paperboy_cli.stack.cloud import Cloud
    from paperboy_cli.stack.host import Host, Stack


def parse_day(text: str) -> dt.date:
    """`2026-02-03`. Raises BadParameter."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no day; write it as 2026-02-03.") from error


type DayOrFile = dt.date | Path
"""A listing: the live one of a day, or a saved one."""


def parse_listing(text: str) -> DayOrFile:
    """`2026-02-03`, or else the path of a file. Raises BadParameter."""
    return parse_day(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else Path(text)


def parse_days(text: str) -> Days:
    """`2026-02-03` or `2026-02-01..2026-02-28`. Raises BadParameter."""
    try:
        return read_days(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


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
NewSettings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Set a parameter of the template, and keep it; may be repeated."),
]
UnsetNames = Annotated[
    list[str] | None,
    typer.Option(
        "--unset",
        metavar="NAME",
        help="Forget what was set: a parameter has its default again, LLM_API_KEY or HF_TOKEN leaves the store.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program instead.")]
OwnPolicy = Annotated[Path | None, typer.Option("--policy", help="A policy file of your own.")]
_SUMMARIES = typer.Option(
    "--summaries", help='JSON with summaries by paper id: {"title", "summary", "highlights": [..]}.'
)
OwnSummaries = Annotated[Path, _SUMMARIES]
OptionalSummaries = Annotated[Path | None, _SUMMARIES]
OwnLanguage = Annotated[str, typer.Option("--language", help="What the texts are told in: zh or en.")]
SavedListing = Annotated[
    Path, typer.Argument(metavar="LISTING", help="A saved answer of the Daily Papers API, gzipped or not.")
]
AnyListing = Annotated[
    DayOrFile,
    typer.Argument(
        parser=parse_listing,
        metavar="DAY|LISTING",
        help="A day such as 2026-02-03, whose listing is asked for now (HF_BASE_URL, HF_TOKEN),"
        " or a saved answer of the Daily Papers API, gzipped or not.",
    ),
]
OptionalDays = Annotated[
    Days | None,
    typer.Argument(
        parser=parse_days, metavar="DAY|FROM..TO", help="A listing's day, or the first and last of several."
    ),
]


def stack_in_aws(
    name: str | None, profile: str | None, region: str | None, sample: bool = False
) -> tuple[Cloud, Stack] | None:
    """The stack in AWS that the options name, with its host; None for a local one.

    Raises BadParameter for options that only one in AWS or only a local one (`sample`) has. Nothing of the local stack
    is loaded: that needs Unix.
    """
    if name is None:
        if profile or region:
            raise typer.BadParameter("--profile and --region are of a stack in AWS: name it with --stack.")
        return None
    if sample:
        raise typer.BadParameter("--sample is of the local stack: leave it or --stack out.")
    from paperboy_cli.stack.host import Stack

    return cloud_of(name, profile, region), Stack(name, sample=False)


def named_stack(name: str | None, profile: str | None, region: str | None, sample: bool) -> tuple[Host, Stack]:
    """The stack that the options name, in AWS or on this machine, with its host. Raises as `stack_in_aws` does."""
    if in_aws := stack_in_aws(name, profile, region, sample):
        return in_aws
    from paperboy_cli.local.deployment import LIVE, SAMPLE
    from paperboy_cli.local.emulator import Local

    return Local(), SAMPLE if sample else LIVE


def cloud_of(name: str, profile: str | None, region: str | None) -> Cloud:
    """Where a stack in AWS is: what the options say, else the environment, else what is kept since it was deployed.

    Raises PaperboyError where what is kept cannot be read.
    """
    from paperboy_cli.project.settings import Settings
    from paperboy_cli.stack.cloud import Cloud

    kept = Settings.in_aws(name).read()
    if not os.environ.get("AWS_PROFILE"):
        profile = profile or kept.get("profile")
    if not (os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")):
        region = region or kept.get("region")
    return Cloud(profile, region)
