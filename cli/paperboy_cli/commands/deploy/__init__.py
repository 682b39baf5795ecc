"""`paperboy deploy`: the stack in AWS, from its first questions to the link of its first digest."""

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from paperboy_cli.errors import PaperboyError, StoppedError
from paperboy_cli.options import NewSettings, Profile, Region, UnsetNames, cloud_of
from paperboy_cli.terminal import console, show_step, step

if TYPE_CHECKING:
    from paperboy_cli.project.settings import Settings
    from paperboy_cli.stack.cloud import Cloud
    from paperboy_cli.stack.deployed import Deployed
    from paperboy_cli.stack.deployment import Change, Deployment, Proposal
    from paperboy_cli.stack.host import Stack, StackDescription

FIRST_RUN_DAYS = 4
"""How many days back a first run looks for one that has papers: more than a weekend."""
PREFIX_BYTES = 16
"""How much chance is in an unguessable prefix."""
PUBLIC_ACCESS_HINT = (
    "the account blocks public access to all of its buckets, so that AWS would refuse Access {access}. Switch that off"
    " (S3 console, Block Public Access settings for this account: both switches on policies), or deploy with"
    " --set Access=private."
)


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
    from paperboy_cli.commands.questions import can_ask
    from paperboy_cli.project.sam import check_sources
    from paperboy_cli.project.settings import Settings
    from paperboy_cli.project.template import check_parameters, defaults, read_settings
    from paperboy_cli.stack.deployment import Deployment
    from paperboy_cli.stack.host import Stack
    from paperboy_cli.stack.keys import KEYS, environment_keys, keep_keys

    check_sources()
    asks = not yes and can_ask()
    if not yes and not asks:
        raise PaperboyError("nobody is here to be asked: --yes deploys with what is set, and defaults.")
    new, kept = read_settings(settings or []), Settings.in_aws(stack)
    forgotten = kept.names_to_unset(unset or [], KEYS)
    keys = environment_keys()
    cloud = cloud_of(stack, profile, region)
    with cloud.explained(), stopped("nothing was changed in AWS."):
        cloud = _placed(cloud, asks)
        deployment = Deployment(cloud, Stack(stack, sample=False), kept.folder / "aws")
        console.print(f"The stack {stack} in {cloud.region}, account {cloud.account}.")
        before = deployment.before()
        chosen = chosen_settings(kept, new, forgotten, before, asks)
        parameters = defaults() | chosen
        check_parameters(parameters)
        _check_access(cloud, parameters["Access"], asks)
        if asks and parameters["Summarizer"] == "openai":
            keys |= _asked_key(before, keys)
        step("sam build", deployment.build, "built", "nothing changed")
        proposal = _proposed(deployment, parameters)
        if proposal:
            _show_proposal(proposal, chosen, before)
            if asks and not typer.confirm("\nDo it?", default=True):
                deployment.discard(proposal)
                raise StoppedError("nothing was changed in AWS.")
    with cloud.explained(), stopped(f"{cloud.stays} `paperboy status{cloud.options(deployment.stack)}` shows it."):
        kept.change(chosen | cloud.place, forgotten)
        keep_keys(cloud, deployment.stack, keys, forgotten)
        if proposal:
            _carry_out(deployment, proposal)
        _finish(cloud, deployment.stack)


@contextmanager
def stopped(sentence: str) -> Iterator[None]:
    """Have Ctrl-C in here said in a sentence. Raises StoppedError."""
    try:
        yield
    except (KeyboardInterrupt, typer.Abort):
        raise StoppedError(f"stopped. {sentence}") from None


def _placed(cloud: Cloud, asks: bool) -> Cloud:
    """The same account in a region, which is asked for where none is set. Raises PaperboyError where nobody answers."""
    if cloud.session.region_name:
        return replace(cloud, region=cloud.session.region_name)
    if not asks:
        raise PaperboyError("no AWS region is set: name one with --region or AWS_REGION.")
    console.print("\nWhere is it to run? A region of AWS such as ap-northeast-1 (Tokyo), which has the default model.")
    regions = cloud.session.get_available_regions("cloudformation")
    while (region := typer.prompt("region").strip()) not in regions:
        console.print("AWS has no such region.", style="yellow")
    return replace(cloud, region=region)


def chosen_settings(
    kept: Settings, new: dict[str, str], unset: Collection[str], before: StackDescription | None, asks: bool
) -> dict[str, str]:
    """The values of parameters that the user chose: kept ones, `new` ones, and the answers of who deploys it first.

    What a stack has that was deployed without this command is taken over where it is not the template's default.
    """
    from paperboy_cli.commands.questions import ask_settings
    from paperboy_cli.project.template import OPEN_PREFIX

    is_first = not kept.read()
    chosen = kept.parameters(unset)
    if is_first and before:
        chosen = {name: value for name, value in _taken_over(before).items() if name not in unset}
    chosen |= new
    if is_first and asks and not before:
        chosen |= ask_settings(chosen)
    if chosen.get("Access") == "unlisted" and chosen.get("PagesPrefix", OPEN_PREFIX) == OPEN_PREFIX:
        chosen["PagesPrefix"] = secrets.token_hex(PREFIX_BYTES)
    return chosen


def _taken_over(before: StackDescription) -> dict[str, str]:
    """What a deployed stack has otherwise than the template's defaults, and the template still takes."""
    from paperboy_cli.project.template import acceptable, defaults

    usual = defaults()
    own = {name: value for name, value in before.parameters.items() if usual.get(name, value) != value}
    taken = acceptable(own)
    if taken:
        console.print("Taken over from the stack as it stands; --unset NAME gives one its default:")
        for name, value in taken.items():
            console.print(Text(f"  {name}={value}"), soft_wrap=True)
    return taken


def _check_access(cloud: Cloud, access: str, asks: bool) -> None:
    """Raises PaperboyError where the account lets nobody read the pages who is to, and stays so."""
    from paperboy_cli.stack.deployment import account_blocks_public_access

    hint = PUBLIC_ACCESS_HINT.format(access=access)
    while access != "private" and account_blocks_public_access(cloud, cloud.account):
        if not asks:
            raise PaperboyError(hint)
        console.print(f"\n{hint[0].upper()}{hint[1:]}", style="yellow")
        typer.confirm("Look again?", default=True, abort=True)


def _asked_key(before: StackDescription | None, keys: Mapping[str, str]) -> dict[str, str]:
    """The key of an endpoint, asked for where neither the environment nor a stack that had an endpoint has it."""
    from paperboy_cli.commands.questions import ask_key

    has_one = "LLM_API_KEY" in keys or (before and before.parameters.get("Summarizer") == "openai")
    key = "" if has_one else ask_key("LLM_API_KEY")
    return {"LLM_API_KEY": key} if key else {}


def _proposed(deployment: Deployment, parameters: Mapping[str, str]) -> Proposal | None:
    begun = time.monotonic()
    with console.status("sam deploy …"):
        proposal = deployment.propose(parameters)
    text = f"{len(proposal.changes)} resources would change" if proposal else "nothing would change"
    show_step(time.monotonic() - begun, "sam deploy", text)
    return proposal


def _show_proposal(proposal: Proposal, chosen: Mapping[str, str], before: StackDescription | None) -> None:
    """Show what a deployment would do: every resource of a stack that is there, the kinds of a new one's."""
    console.print("\nThis will be done:", style="bold")
    if before is None:
        kinds = Counter(change.kind.split("::")[-1] for change in proposal.changes)
        counts = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())
        console.print(Text(f"  {len(proposal.changes)} resources are created: {counts}"), soft_wrap=True)
        for name, value in chosen.items():
            console.print(Text(f"  {name} is {value}"), soft_wrap=True)
        return
    for change in proposal.changes:
        console.print(change_line(change), soft_wrap=True)
    for name, (old, value) in proposal.parameters.items():
        console.print(Text(f"  {name} is {value or 'empty'}, and was {old or 'empty'}"), soft_wrap=True)


def change_line(change: Change) -> Text:
    line = Text(f"  {change.action.lower():<7} {change.resource} ({change.kind})")
    if change.loses:
        line.append(": a new one takes its place, and what it holds stays behind", style="red")
    return line


def _carry_out(deployment: Deployment, proposal: Proposal) -> None:
    begun = time.monotonic()
    with console.status("deploying …") as status:
        deployment.carry_out(proposal, lambda done: status.update(f"deploying: {done} …"))
    show_step(time.monotonic() - begun, "deployed", deployment.stack.name)


def _finish(cloud: Cloud, stack: Stack) -> None:
    """Make the first digest of a stack that has none, and say where the digests are read."""
    from paperboy_cli.commands.doctor import diagnosed
    from paperboy_cli.stack.deployed import Deployed

    deployed = Deployed(cloud, stack)
    with diagnosed(cloud, stack):
        has_digest = bool(deployed.table.read_digests(since=dt.date.min)) or _run_first(deployed)
    if has_digest:
        _show_way(deployed)
    else:
        console.print("No digest yet: the schedule makes one when the next papers are listed.")
    console.print(f"Settings are kept: `paperboy deploy --stack {stack.name} --set NAME=VALUE` changes one.")


def _run_first(deployed: Deployed) -> bool:
    """Run the newest day that has papers, among FIRST_RUN_DAYS. Returns whether there is one."""
    from paperboy_cli.commands.run import follow

    console.print("\nThe first digest:", style="bold")
    days = (deployed.today - dt.timedelta(days=back) for back in range(1, FIRST_RUN_DAYS + 1))
    return any(follow(deployed, day).step != "empty" for day in days)


def _show_way(deployed: Deployed) -> None:
    """Show the address that readers have, with a picture of it for a phone's camera where it stays the same."""
    from paperboy.pages.site import latest_key

    links = deployed.links()
    link = links.to(latest_key())
    console.print("\nThe newest digest, there now and every day:" if not links.signed else "\nThe newest digest:")
    console.print(Text(link), soft_wrap=True)
    if links.signed:
        console.print(
            f"It ends after seven days at most; `paperboy status{deployed.host.options(deployed.stack)}` signs another."
            f" One that stays, for a phone: `paperboy deploy --stack {deployed.stack.name} --set Access=unlisted`.",
            soft_wrap=True,
        )
    elif console.is_terminal:
        import segno

        segno.make(link, error="l").terminal(compact=True)
