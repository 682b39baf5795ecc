"""`paperboy up`: the local stack is started, built and deployed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from paperboy_cli.commands.catalog import catalog_all
from paperboy_cli.errors import StoppedError
from paperboy_cli.options import NewSettings, Sample, UnsetNames
from paperboy_cli.terminal import console, show_waiting, step

if TYPE_CHECKING:
    from paperboy_cli.local.emulator import Local
    from paperboy_cli.stack.deployed import Deployed
    from paperboy_cli.stack.host import Stack

# DeepSeek's models think unless they are told not to, and their thoughts would use MAX_OUTPUT_TOKENS up.
HOW_TO_SET_A_MODEL = """\
  No model is set, so the texts are the listing's own, in English. To have one write them, paste with your key:
    export LLM_BASE_URL=https://api.deepseek.com LLM_MODEL=deepseek-flash LLM_API_KEY=…
    export LLM_EXTRA='{"thinking": {"type": "disabled"}}'
  and call `paperboy up` again. The README has such lines for other providers and for a model on this machine."""


ANSWER_TIMEOUT_SECONDS = 5.0


def up(
    sample: Sample = False,
    docker: Annotated[
        bool, typer.Option("--docker", help="Open it to this machine's containers too, for `sam local invoke`.")
    ] = False,
    settings: NewSettings = None,
    unset: UnsetNames = None,
) -> None:
    """Start the local stack: the emulator, and the template built and deployed to it.

    What was kept at the last `down` is there again, and the days that were missed meanwhile are made. A second `up`
    changes only what has changed in the project. What was --set, or named by the environment, stays for the next `up`
    until it is --unset; `status` shows it. The sample forgets it.
    """
    from paperboy_cli.local.deployment import LIVE, SAMPLE
    from paperboy_cli.local.docker import invoke_options
    from paperboy_cli.local.emulator import Local
    from paperboy_cli.project.settings import Settings
    from paperboy_cli.project.template import read_settings
    from paperboy_cli.stack.keys import KEYS, environment_keys, keep_keys

    local = Local()
    with local.explained():
        new = read_settings(settings or [])
        forgotten = Settings.of_laptop(local.home).names_to_unset(unset or [], KEYS)
        if sample and forgotten:
            raise typer.BadParameter("--unset is of your own stack: the sample keeps no settings.")
        keys = environment_keys()
        own_settings = new if sample else kept_settings(local, new, forgotten)
        deployed = bring_up(local, SAMPLE if sample else LIVE, own_settings, docker)
        if not sample:
            keep_keys(local, deployed.stack, keys, forgotten)
        parameters = deployed.description.parameters
        console.print(f"The local stack is up at {local.url}, this machine's alone.")
        console.print(f"  listings from  {parameters['HfBaseUrl']}")
        console.print(f"  summaries from {_summaries_from(parameters)}")
        if own_settings and not sample:
            chosen = ", ".join(f"{name}={value}" for name, value in own_settings.items())
            console.print(Text(f"  set: {chosen} (`--unset NAME` forgets one)"), soft_wrap=True)
        if not sample and not answers(parameters["HfBaseUrl"]):
            console.print(Text(f"  {parameters['HfBaseUrl']} does not answer. {local.source_hint}"), style="yellow")
        if parameters["Summarizer"] == "none":
            console.print(Text(HOW_TO_SET_A_MODEL), soft_wrap=True)
        if docker:
            credentials = "AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test"  # the emulator's, known to all
            invoke = f"local invoke Ingest -e events/ingest.json {invoke_options(local)}"
            console.print(f"  {credentials} .tools/sam/bin/sam {invoke}", soft_wrap=True)
        if not sample:
            deployed.catch_up()
            console.print("It is making the last days' digests now: `paperboy status` shows them.")
        console.print(f"`paperboy run{local.options(deployed.stack)}` makes a digest, `paperboy down` stops it all.")


def kept_settings(local: Local, new: dict[str, str], unset: Collection[str]) -> dict[str, str]:
    """The live stack's settings: those that are kept, the environment's, and the `new` ones, which all are kept now.

    Raises PaperboyError for a value that a parameter cannot have, and for values that do not go together.
    """
    from paperboy_cli.local.deployment import LIVE, parameters_of
    from paperboy_cli.project.settings import Settings, environment_settings

    kept = Settings.of_laptop(local.home)
    chosen = environment_settings() | new
    values = kept.parameters(unset) | chosen
    parameters_of(LIVE, local.port, values)
    kept.change(chosen, unset)
    return values


def bring_up(
    local: Local, stack: Stack, settings: Mapping[str, str] = MappingProxyType({}), docker: bool = False
) -> Deployed:
    """Have a stack up and deployed, with `settings` for parameters of the template, and show each step.

    Raises StoppedError at Ctrl-C.
    """
    from paperboy_cli.local.deployment import parameters_of
    from paperboy_cli.project.sam import check_sources

    check_sources()
    parameters = parameters_of(stack, local.port, settings)  # raises before anything starts
    try:
        with local.lock(show_waiting), local.stopped_on_failure():
            return _take_steps(local, stack, parameters, docker)
    except KeyboardInterrupt:
        raise StoppedError(
            "stopped, and with it what this command had started. The same command begins again."
        ) from None


def _take_steps(local: Local, stack: Stack, parameters: Mapping[str, str], docker: bool) -> Deployed:
    from paperboy_cli.local.deployment import build, deploy
    from paperboy_cli.local.docker import open_to_docker
    from paperboy_cli.stack.deployed import Deployed

    if stack.sample:  # before the emulator, which takes longer to find out in vain
        step("sample server", local.start_sample, "started", "runs already")
    step("emulator", local.start_emulator, "started", "runs already")
    step("sam build", lambda: build(local), "built", "nothing changed")
    changed = step("sam deploy", lambda: deploy(local, stack, parameters), f"{stack.name} deployed", "nothing changed")
    if docker:
        step("docker", lambda: open_to_docker(local, stack), "opened", "is open already")
    deployed = Deployed(local, stack)
    if changed and (digests := deployed.table.read_digests(since=dt.date.min)):
        # Nothing else would have what is there show what changed in a page, a label or a format. Days have a summary
        # each that a person may have read: only the few of the sample are rendered again.
        if stack.sample:
            pages = "render", lambda: bool([key for day in digests for key in deployed.render(day)])
            step(*pages, "pages changed", "no page changed")
        step("catalog", lambda: bool(catalog_all(deployed)), "made anew", "nothing to make")
    return deployed


def answers(url: str) -> bool:
    """Whether there is an answer of any kind at an address within ANSWER_TIMEOUT_SECONDS."""
    import httpx

    try:
        httpx.head(url, timeout=ANSWER_TIMEOUT_SECONDS)
    except httpx.HTTPError:
        return False
    return True


def _summaries_from(parameters: Mapping[str, str]) -> str:
    match parameters["Summarizer"]:
        case "openai":
            return parameters["LlmBaseUrl"]
        case "none":
            return "the listing itself"
        case other:
            return other
