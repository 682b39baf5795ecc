"""`paperboy announce`: each channel is told of a day that it was not told of yet."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from paperboy_cli.errors import PaperboyError
from paperboy_cli.options import AsJson, InAws, Profile, Region, Sample, named_stack, parse_day
from paperboy_cli.terminal import console, print_json

if TYPE_CHECKING:
    from paperboy.days.delivery import Delivery
    from paperboy_cli.stack.deployed import Announced


def announce(
    day: Annotated[dt.date, typer.Argument(parser=parse_day, metavar="DAY", help="The day of the digest.")],
    sample: Sample = False,
    stack: InAws = None,
    profile: Profile = None,
    region: Region = None,
    as_json: AsJson = False,
) -> None:
    """Tell each channel of a day's digest, where it was not told yet: an old one too, and one that was given up.

    A digest of yesterday is announced by itself. It ends with 1 where a channel was not told.
    """
    from paperboy_cli.stack.deployed import Deployed

    host, which = named_stack(stack, profile, region, sample)
    with host.explained():
        deployed = Deployed(host, which)
        if day not in deployed.table.read_digests(since=day):
            run = f"paperboy run {day}{host.options(which)}"
            raise PaperboyError(f"{day} is not published: `{run}` makes its digest.")
        announced = deployed.announce(day)
    if not announced:
        add = f"paperboy channels add NAME KIND{host.options(which)}"
        raise PaperboyError(
            f"no channel was told of {day}: `{add}` sets one up, unless it gets only what {day} has not."
        )
    is_told = all(delivery.sent_at for delivery in announced.values())
    if as_json:
        print_json([as_dict(place, delivery) for place, delivery in announced.items()], indent=1)
    else:
        show_announced(announced)
        if not is_told:  # nobody else does: what is asked for is in no queue
            again = f"`paperboy announce {day}{host.options(which)}` tries again what was not sent."
            console.print(again, soft_wrap=True)
    if not is_told:
        raise typer.Exit(1)


def show_announced(announced: Announced) -> None:
    """Show a person what became of each message, a line each."""
    for (name, channel, number), delivery in announced.items():
        text = f"  {name} to {channel} {number}  {outcome(delivery)}"
        console.print(Text(text, style="" if delivery.sent_at else "yellow"), soft_wrap=True)


def outcome(delivery: Delivery) -> str:
    """What became of a message, in words."""
    if delivery.sent_at:
        return f"sent {delivery.sent_at:%F %H:%M} UTC" + (f", {delivery.message_id}" if delivery.message_id else "")
    return f"{'given up' if delivery.given_up else 'not sent yet'}: {delivery.reason or 'it is being sent'}"


def as_dict(place: tuple[str, str, int], delivery: Delivery) -> dict[str, object]:
    """What became of a message, for a program."""
    name, channel, number = place
    return {"announcement": name, "channel": channel, "number": number, **delivery.model_dump(mode="json")}
