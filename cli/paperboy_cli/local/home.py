"""Where a local stack keeps its things: a folder, and two ports of loopback, its own and the next one."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from paperboy_cli.errors import PaperboyError

ROOT = Path(__file__).parents[3]
"""The project's folder."""
DEFAULT_PORT = 4566


def own_folder() -> Path:
    """PAPERBOY_HOME, else a folder in the project's."""
    return Path(os.environ.get("PAPERBOY_HOME") or ROOT / ".paperboy").resolve()


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
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
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


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file of the folder; empty where there is no file. Raises PaperboyError for a damaged one."""
    try:
        content = json.loads(path.read_text()) if path.exists() else {}
    except (ValueError, RecursionError) as error:
        raise damaged(path) from error
    if not isinstance(content, dict):
        raise damaged(path)
    return content


def damaged(path: Path) -> PaperboyError:
    """What is said of a file of the folder that does not hold what it should."""
    return PaperboyError(f"{path} is damaged: remove it and run this again.")


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON object to a file, which is at every moment whole: as it was before, or as it is now."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.write_text(json.dumps(content, indent=1))
    unfinished.replace(path)
