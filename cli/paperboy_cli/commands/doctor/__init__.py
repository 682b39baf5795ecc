"""`paperboy doctor`: what is wrong, and the way out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from rich.padding import Padding
from rich.text import Text

from paperboy_cli.errors import PaperboyError, StoppedError
from paperboy_cli.options import AsJson, InAws, Profile, Region, stack_in_aws
from paperboy_cli.terminal import console, print_json, printable, warn

if TYPE_CHECKING:
    from paperboy_cli.commands.doctor.diagnosis import Diagnosis
    from paperboy_cli.stack.cloud import Cloud
    from paperboy_cli.stack.host import Stack

STYLES = {"ok": "green", "wrong": "red", "unknown": "yellow"}
TEXT_COLUMN = 23
"""The column that texts begin at."""


def doctor(stack: InAws = None, profile: Profile = None, region: Region = None, as_json: AsJson = False) -> None:
    """Look at everything that a digest needs, and say what is wrong and the way out.

    Without --stack it looks at this machine: tools, folder, port, settings, proxy, clock, source, model, Docker. With
    it, at a stack in AWS: credentials, clock, source, key, model, the pages' address, schedule, alarms, quotas, and
    what failed. The model gets one short call, and the source is asked for one listing, both from this machine. It ends
    with 1 where something is wrong.
    """
    in_aws = stack_in_aws(stack, profile, region)
    diagnoses = _of_aws(*in_aws) if in_aws else _of_laptop()
    found = list(diagnoses if as_json else _shown(diagnoses))
    if as_json:
        print_json([{"subject": subject, **vars(diagnosis)} for subject, diagnosis in found], indent=1)
    if any(diagnosis.state == "wrong" for _, diagnosis in found):
        raise typer.Exit(1)


@contextmanager
def diagnosed(cloud: Cloud, stack: Stack) -> Iterator[None]:
    """Where something in here fails, say what else is wrong with the stack in AWS. Raises typer.Exit then."""
    try:
        yield
    except StoppedError:
        raise
    except PaperboyError as error:
        warn(str(error))
        show_what_is_wrong(cloud, stack)
        raise typer.Exit(error.exit_code) from error


def show_what_is_wrong(cloud: Cloud, stack: Stack) -> None:
    """Show a person what is wrong with a stack in AWS; nothing where all is well."""
    with console.status("looking …"):
        for subject, diagnosis in _of_aws(cloud, stack):
            if diagnosis.state == "wrong":
                _show(subject, diagnosis)


def _of_laptop() -> Iterator[tuple[str, Diagnosis]]:
    from paperboy_cli.commands.doctor.diagnosis import examine
    from paperboy_cli.commands.doctor.laptop import LaptopProbes
    from paperboy_cli.local.emulator import Local

    local = Local()
    return examine(local, LaptopProbes(local).all())


def _of_aws(cloud: Cloud, stack: Stack) -> Iterator[tuple[str, Diagnosis]]:
    """The stack's diagnoses; where it cannot be entered, only why not."""
    from paperboy_cli.commands.doctor.aws import AwsProbes
    from paperboy_cli.commands.doctor.diagnosis import examine

    probes = AwsProbes(cloud, stack)
    for subject, diagnosis in examine(cloud, probes.entrance()):
        yield subject, diagnosis
        if diagnosis.state != "ok":
            return
    yield from examine(cloud, probes.all())


def _shown(diagnoses: Iterable[tuple[str, Diagnosis]]) -> Iterator[tuple[str, Diagnosis]]:
    """The diagnoses, each shown to a person as it comes."""
    with console.status("looking …"):
        for subject, diagnosis in diagnoses:
            _show(subject, diagnosis)
            yield subject, diagnosis


def _show(subject: str, diagnosis: Diagnosis) -> None:
    state = Text(f"{diagnosis.state:<9}", style=STYLES[diagnosis.state])
    console.print(Text.assemble(state, (f"{subject:<14}", "bold"), printable(diagnosis.text)), soft_wrap=True)
    if diagnosis.remedy:
        console.print(Padding(Text(diagnosis.remedy), (0, 0, 0, TEXT_COLUMN), expand=False))
