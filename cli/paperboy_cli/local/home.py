"""What a local stack has of this machine: its folder, locked while it changes, and two ports of loopback."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from paperboy_cli.errors import PaperboyError
from paperboy_cli.project.folder import make_own, own_folder

DEFAULT_PORT = 4566


def own_port() -> int:
    """PAPERBOY_PORT, else the port that the stack in `own_folder` was last started at. Raises PaperboyError."""
    text = os.environ.get("PAPERBOY_PORT") or last_port(own_folder())
    if not text.isdecimal() or not 1024 <= int(text) < 65535:
        raise PaperboyError(f"PAPERBOY_PORT is {text!r}; it has to be a number from 1024 to 65534.")
    return int(text)


def last_port(folder: Path) -> str:
    """The port that the stack in `folder` was last started at."""
    remembered = folder / "port"
    return remembered.read_text(errors="replace").strip() if remembered.exists() else str(DEFAULT_PORT)


@contextlib.contextmanager
def lock(folder: Path, on_wait: Callable[[], object]) -> Iterator[None]:
    """Keep other commands from starting or stopping the stack in `folder`, which is made where it is not there.

    `on_wait` is called where another command has to end first.
    """
    # It keeps the keys of a model's endpoint and of Hugging Face, which are their owner's alone.
    make_own(folder)
    state = folder / "state"
    state.mkdir(exist_ok=True)
    state.chmod(0o700)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
