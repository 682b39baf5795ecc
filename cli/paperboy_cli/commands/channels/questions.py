"""A new channel: of what is said as options, what the environment keeps secret, and what a person answers."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer
from rich.text import Text

from paperboy.announcements.channel import ChannelError, read_channel
from paperboy_cli.commands.channels.fields import FIELDS, Field, problem, value_of
from paperboy_cli.errors import PaperboyError
from paperboy_cli.terminal import console

if TYPE_CHECKING:
    from paperboy.announcements.channel import Channel


def new_channel(kind: str, gets: str, options: Mapping[str, str], asks: bool) -> Channel:
    """A channel of a kind. Where nobody can be asked, what is not said is as usual.

    Raises BadParameter for an option of another kind, and PaperboyError that names what is missing or wrong.
    """
    fields = FIELDS[kind]
    if others := sorted(options.keys() - {field.name for field in fields if not field.is_secret}):
        raise typer.BadParameter(f"--{others[0]} is nothing that a {kind} channel has.")
    values: dict[str, Any] = {}
    for field in fields:
        if field.name == "password" and not values.get("user"):
            continue
        values[field.name] = _said(kind, field, options) or (asks and field.is_asked and _asked(kind, field))
        if not values[field.name] and field.usual is None:
            raise PaperboyError(
                f"{field.source} is missing: {field.expected}. At a terminal, without --yes, it is asked for."
            )
    said = {name: value for name, value in values.items() if value}
    try:
        return read_channel(json.dumps(said | {"kind": kind, "gets": gets}))
    except ChannelError as error:
        raise PaperboyError(f"{error}.") from error


def _said(kind: str, field: Field, options: Mapping[str, str]) -> Any:
    """What an option or, of a secret, the environment says. Raises PaperboyError where the field cannot be that."""
    text = os.environ.get(field.variable, "") if field.is_secret else options.get(field.name, "")
    value = value_of(field, text)
    if value and (wrong := problem(kind, field, value)):
        raise PaperboyError(f"{field.source} {wrong}")
    if value and field.is_secret:
        console.print(f"{field.name}: taken from {field.variable}.")
    return value


def _asked(kind: str, field: Field) -> Any:
    """A person's answer, asked for until the field can be that; a secret is not shown while it is typed."""
    console.print(f"\n{field.text}")
    while True:
        text: str = typer.prompt(
            field.name,
            default="" if field.usual is None else field.usual,
            show_default=bool(field.usual),
            hide_input=field.is_secret,
        )
        value = value_of(field, text)
        wrong = problem(kind, field, value) if value else None
        if not wrong and (value or field.usual is not None):
            return value
        console.print(Text(f"It {wrong or 'cannot be empty.'}", style="yellow"), soft_wrap=True)
