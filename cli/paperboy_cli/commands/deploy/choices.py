"""What a stack in AWS is to be deployed with: what its user chose, then or now, and who may read its pages."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import typer
from rich.text import Text

from paperboy_cli.errors import PaperboyError
from paperboy_cli.terminal import console

if TYPE_CHECKING:
    from paperboy_cli.project.settings import Settings
    from paperboy_cli.stack.cloud import Cloud
    from paperboy_cli.stack.host import StackDescription

PREFIX_BYTES = 16
"""How much chance is in an unguessable prefix."""
PUBLIC_ACCESS_HINT = (
    "the account blocks public access to all of its buckets, so that AWS would refuse Access {access}. Switch that off"
    " (S3 console, Block Public Access settings for this account: both switches on policies), or deploy with"
    " --set Access=private."
)


def chosen_settings(
    kept: Settings, new: dict[str, str], unset: Collection[str], before: StackDescription | None, asks: bool
) -> dict[str, str]:
    """The values of parameters that the user chose: kept ones, `new` ones, and the answers of who deploys it first.

    Those are offered what this machine's own stack is set to. What a stack has that was deployed without this command
    is taken over where it is not the template's default.
    """
    from paperboy_cli.commands.deploy.questions import ask_settings
    from paperboy_cli.project.template import OPEN_PREFIX

    is_first = not kept.read()
    chosen = kept.parameters(unset)
    if is_first and before:
        chosen = {name: value for name, value in _taken_over(before).items() if name not in unset}
    chosen |= new
    if is_first and asks and not before:
        chosen |= ask_settings(chosen, _on_this_machine(kept))
    if chosen.get("Access") == "unlisted" and chosen.get("PagesPrefix", OPEN_PREFIX) == OPEN_PREFIX:
        chosen["PagesPrefix"] = secrets.token_hex(PREFIX_BYTES)
    return chosen


def _on_this_machine(kept: Settings) -> dict[str, str]:
    """What the stack on this machine is set to by now, and by the environment."""
    from paperboy_cli.project.settings import Settings, environment_settings

    return Settings.of_laptop(kept.folder).parameters() | environment_settings()


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


def check_access(cloud: Cloud, access: str, asks: bool) -> None:
    """Raises PaperboyError where the account lets nobody read the pages who is to, and stays so."""
    from paperboy_cli.stack.deployment import account_blocks_public_access

    hint = PUBLIC_ACCESS_HINT.format(access=access)
    while access != "private" and account_blocks_public_access(cloud, cloud.account):
        if not asks:
            raise PaperboyError(hint)
        console.print(f"\n{hint[0].upper()}{hint[1:]}", style="yellow")
        typer.confirm("Look again?", default=True, abort=True)


def asked_key(before: StackDescription | None, keys: Mapping[str, str], unset: Collection[str]) -> dict[str, str]:
    """The key of an endpoint, asked for where neither the environment nor a stack that had an endpoint has it."""
    from paperboy_cli.commands.deploy.questions import ask_key

    has_one = "LLM_API_KEY" in keys or (before and before.parameters.get("Summarizer") == "openai")
    key = "" if has_one or "LLM_API_KEY" in unset else ask_key("LLM_API_KEY")
    return {"LLM_API_KEY": key} if key else {}
