"""`paperboy up`: the local stack is started, built and deployed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from paperboy_cli.options import Sample
from paperboy_cli.terminal import console, show_waiting, step

if TYPE_CHECKING:
    from paperboy_cli.local.emulator import Local
    from paperboy_cli.stack.deployed import Deployed
    from paperboy_cli.stack.host import Stack


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
    from paperboy_cli.local.deployment import LIVE, SAMPLE
    from paperboy_cli.local.docker import invoke_options
    from paperboy_cli.local.emulator import Local
    from paperboy_cli.project.template import read_settings

    local = Local()
    with local.explained():
        deployed = bring_up(local, SAMPLE if sample else LIVE, read_settings(settings or []), docker)
        parameters = deployed.description.parameters
        console.print(f"The local stack is up at {local.url}, this machine's alone.")
        console.print(f"  listings from  {parameters['HfBaseUrl']}")
        console.print(f"  summaries from {_summaries_from(parameters)}")
        if docker:
            credentials = "AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test"  # the emulator's, known to all
            invoke = f"local invoke Ingest -e events/ingest.json {invoke_options(local)}"
            console.print(f"  {credentials} .tools/sam/bin/sam {invoke}", soft_wrap=True)
        if not sample:
            deployed.catch_up()
            console.print("It is making the last days' digests now: `paperboy status` shows them.")
        console.print(f"`paperboy run{local.options(deployed.stack)}` makes a digest, `paperboy down` stops it all.")


def bring_up(local: Local, stack: Stack, settings: Mapping[str, str] | None = None, docker: bool = False) -> Deployed:
    """Have a stack up and deployed, with `settings` for parameters of the template, and show each step."""
    from paperboy_cli.local.deployment import build, deploy, keep_keys, parameters_of
    from paperboy_cli.local.docker import open_to_docker
    from paperboy_cli.stack.deployed import Deployed

    parameters = parameters_of(stack, local.port, settings or {})  # raises before anything starts
    with local.lock(show_waiting), local.stopped_on_failure():
        if stack.sample:  # before the emulator, which takes longer to find out in vain
            step("sample server", local.start_sample, "started", "runs already")
        step("emulator", local.start_emulator, "started", "runs already")
        step("sam build", lambda: build(local), "built", "nothing changed")
        step("sam deploy", lambda: deploy(local, stack, parameters), f"{stack.name} deployed", "nothing changed")
        if not stack.sample:
            keep_keys(local, stack)
        if docker:
            step("docker", lambda: open_to_docker(local, stack), "opened", "is open already")
        return Deployed(local, stack)


def _summaries_from(parameters: Mapping[str, str]) -> str:
    match parameters["Summarizer"]:
        case "openai":
            return parameters["LlmBaseUrl"]
        case "none":
            return "the listing itself: LLM_BASE_URL names no model"
        case other:
            return other
