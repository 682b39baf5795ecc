"""The `paperboy` command."""

from __future__ import annotations

import sys

import typer

from paperboy_cli.commands import demo, down, rank, render, run, status, up
from paperboy_cli.errors import PaperboyError
from paperboy_cli.terminal import warn

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="""The day's AI papers, ranked by a score you can check by hand, told in Chinese.

    The local stack (up, run, status, down) is the project's own template on an AWS emulator, on 127.0.0.1 alone: no
    account, no key. With --stack, `run` and `status` speak to one in AWS. `rank` and `render` need no stack at all.""",
    epilog="PAPERBOY_PORT chooses the stack's port (4566; the next one serves the sample)."
    " HF_BASE_URL, HF_TOKEN, LLM_BASE_URL, LLM_MODEL and LLM_API_KEY say where `up` takes listings and summaries from.",
)
for command in (up.up, down.down, status.status, run.run, rank.rank, render.render, demo.demo):
    app.command()(command)


def main() -> None:
    """Run the command; what it cannot do is said in one sentence on standard error, and it ends with 1."""
    try:
        app()
    except PaperboyError as error:
        warn(str(error))
        sys.exit(error.exit_code)
    except OSError as error:
        warn(f"{error.filename or 'the output'}: {error.strerror}. PAPERBOY_HOME chooses another folder to work in.")
        sys.exit(1)
