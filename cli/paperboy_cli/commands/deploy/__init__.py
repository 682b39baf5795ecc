"""`paperboy deploy`: the stack in AWS, from its first questions to the link of its first digest."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from paperboy_cli.errors import PaperboyError, StoppedError
from paperboy_cli.options import NewSettings, Profile, Region, UnsetNames, cloud_of
from paperboy_cli.terminal import console, show_step, step

if TYPE_CHECKING:
    from paperboy_cli.stack.cloud import Cloud
    from paperboy_cli.stack.deployment import Deployment, Proposal

REGION_PATTERN = r"[a-z]{2}(-[a-z]+)+-\d"
USUAL_REGION = "ap-northeast-1"
"""Tokyo: it has the default model, at the default prices."""


def deploy(
    stack: Annotated[str, typer.Option("--stack", metavar="NAME", help="The stack's name.")] = "paperboy",
    profile: Profile = None,
    region: Region = None,
    settings: NewSettings = None,
    unset: UnsetNames = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: take what is set, and defaults.")] = False,
) -> None:
    """Create the stack in your AWS account, or bring it up to date, and make its first digest.

    It asks for what it must know, says what will change before it changes it, and ends with the link. Your answers, and
    what is --set, are kept in a file of this machine (`settings.json`), and hold for the next time; all else has the
    template's present default. A key for an endpoint, and a token for Hugging Face, are taken from LLM_API_KEY and
    HF_TOKEN and put into the account's Parameter Store.
    """
    from paperboy_cli.commands.deploy.choices import asked_key, check_access, chosen_settings
    from paperboy_cli.commands.deploy.finish import finish
    from paperboy_cli.commands.deploy.proposal import show_proposal
    from paperboy_cli.commands.deploy.questions import can_ask
    from paperboy_cli.project.folder import make_own
    from paperboy_cli.project.sam import check_sources
    from paperboy_cli.project.settings import Settings
    from paperboy_cli.project.template import check_parameters, parameters_with, read_settings
    from paperboy_cli.stack.deployment import Deployment
    from paperboy_cli.stack.host import Stack
    from paperboy_cli.stack.keys import KEYS, environment_keys, keep_keys

    check_sources()
    asks = not yes and can_ask()
    if not yes and not asks:
        raise PaperboyError("nobody is here to be asked: --yes deploys with what is set, and defaults.")
    new, kept = read_settings(settings or []), Settings.in_aws(stack)
    forgotten = kept.names_to_unset(unset or [], KEYS)
    if both := sorted({*new} & {*forgotten}):
        raise typer.BadParameter(f"{both[0]} cannot be set and unset at once.")
    keys = environment_keys()
    cloud = cloud_of(stack, profile, region)
    with cloud.explained(), stopped("nothing was changed in AWS."):
        cloud = _placed(cloud, asks)
        deployment = Deployment(cloud, Stack(stack, sample=False), kept.folder / "aws")
        console.print(f"The stack {stack} in {cloud.region}, account {cloud.account}.")
        before = deployment.before()
        chosen = chosen_settings(kept, new, forgotten, before, asks)
        parameters = parameters_with(chosen)
        check_parameters(parameters)
        check_access(cloud, parameters["Access"], asks)
        if asks and parameters["Summarizer"] == "openai":
            keys |= asked_key(before, keys, forgotten)
        make_own(kept.folder)
        step("sam build", deployment.build, "built", "nothing changed")
        proposal = _proposed(deployment, parameters)
        if proposal:
            show_proposal(proposal, chosen, before)
            if asks and not typer.confirm("\nDo it?", default=True):
                deployment.discard(proposal)
                raise StoppedError("nothing was changed in AWS.")
    with cloud.explained(), stopped(f"{cloud.stays} `paperboy status{cloud.options(deployment.stack)}` shows it."):
        kept.change(chosen | cloud.place, forgotten)
        keep_keys(cloud, deployment.stack, keys, forgotten)
        for variable in KEYS:
            if variable in keys or variable in forgotten:
                console.print(f"{variable} is {'kept in' if variable in keys else 'gone from'} Parameter Store.")
        if proposal:
            _carry_out(deployment, proposal)
        finish(cloud, deployment.stack, is_changed=proposal is not None)


@contextmanager
def stopped(sentence: str) -> Iterator[None]:
    """Have Ctrl-C in here said in a sentence. Raises StoppedError."""
    try:
        yield
    except (KeyboardInterrupt, typer.Abort):
        raise StoppedError(f"stopped. {sentence}") from None


def _placed(cloud: Cloud, asks: bool) -> Cloud:
    """The same account in a region, which is asked for where none is set. Raises PaperboyError where there is none."""
    from botocore.exceptions import NoCredentialsError

    if cloud.session.get_credentials() is None:
        raise NoCredentialsError
    region = cloud.session.region_name
    if region and not re.fullmatch(REGION_PATTERN, region):
        raise PaperboyError(f"{region} is no region of AWS: write it as {USUAL_REGION}, with --region or AWS_REGION.")
    if not region and not asks:
        raise PaperboyError("no AWS region is set: name one with --region or AWS_REGION.")
    if not region:
        console.print("\nWhere is it to run? A region of AWS; the default model is in Tokyo (ap-northeast-1), for one.")
    while not region:
        answer = typer.prompt("region", default=USUAL_REGION).strip()
        if re.fullmatch(REGION_PATTERN, answer):
            region = answer
        else:
            console.print(f"It has to be a region such as {USUAL_REGION}.", style="yellow")
    return replace(cloud, region=region)


def _proposed(deployment: Deployment, parameters: Mapping[str, str]) -> Proposal | None:
    begun = time.monotonic()
    with console.status("sam deploy …"):
        proposal = deployment.propose(parameters)
    text = f"{len(proposal.changes)} resources would change" if proposal else "nothing would change"
    show_step(time.monotonic() - begun, "sam deploy", text)
    return proposal


def _carry_out(deployment: Deployment, proposal: Proposal) -> None:
    begun = time.monotonic()
    with console.status("deploying …") as status:
        deployment.carry_out(proposal, lambda done: status.update(f"deploying: {done} …"))
    show_step(time.monotonic() - begun, "deployed", deployment.stack.name)
