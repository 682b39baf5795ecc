"""The `paperboy` command."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated

import typer

from paperboy import __version__
from paperboy_cli.commands import (
    announce,
    catalog,
    channels,
    check,
    demo,
    deploy,
    doctor,
    down,
    open_,
    rank,
    render,
    run,
    search,
    status,
    try_,
    up,
)
from paperboy_cli.errors import PaperboyError
from paperboy_cli.terminal import replace_what_cannot_be_shown, warn

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="""The day's AI papers, ranked by a score you can check by hand, told in Chinese.

    The local stack (up, run, status, down) is the project's own template on an AWS emulator, on 127.0.0.1 alone: no
    account, no key. With --stack, `run`, `open`, `search`, `status`, `channels` and `try` speak to one in AWS. `rank`,
    `render`, `check` and `try` need no stack at all.""",
    epilog="PAPERBOY_PORT chooses the stack's port (4566; the next one serves the sample)."
    " HF_BASE_URL and HF_TOKEN say where listings come from, and LLM_BASE_URL, LLM_MODEL, LLM_API_KEY, LLM_EXTRA and"
    " MAX_OUTPUT_TOKENS which model `up` and `try` take.",
)
COMMANDS: dict[str, Callable[..., None]] = {
    "up": up.up,
    "down": down.down,
    "status": status.status,
    "run": run.run,
    "open": open_.open_,
    "search": search.search,
    "catalog": catalog.catalog,
    "announce": announce.announce,
    "deploy": deploy.deploy,
    "doctor": doctor.doctor,
    "rank": rank.rank,
    "render": render.render,
    "try": try_.try_,
    "check": check.check,
    "demo": demo.demo,
}
for name, command in COMMANDS.items():
    app.command(name)(command)
app.add_typer(channels.app, name="channels")


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"paperboy {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """What stands before the subcommand; `_show_version` does it all."""


def main() -> None:
    """Run the command; what it cannot do is said in one sentence on standard error, and it ends with 1."""
    replace_what_cannot_be_shown()
    try:
        app()
    except PaperboyError as error:
        warn(str(error))
        sys.exit(error.exit_code)
    except OSError as error:
        warn(f"{error.filename or 'the output'}: {error.strerror}. PAPERBOY_HOME chooses another folder to work in.")
        sys.exit(1)
