"""The project's folder, the one for what it keeps of its user's, and the JSON files in there."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import Any

from paperboy_cli.errors import PaperboyError

ROOT = Path(__file__).parents[3]
"""The project's folder."""


def own_folder() -> Path:
    """PAPERBOY_HOME, else a folder in the project's that git ignores."""
    return Path(os.environ.get("PAPERBOY_HOME") or ROOT / ".paperboy").resolve()


def make_own(folder: Path) -> None:
    """Make a folder that is open to its owner alone: it keeps keys, or what only their owner need know."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


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
    """Write a JSON object to a file of its owner's alone, at every moment whole: as it was before, or as it is now."""
    make_own(path.parent)
    unfinished = path.with_name(f"{path.name}.new")
    with open(unfinished, "w", encoding="utf-8", opener=partial(os.open, mode=0o600)) as file:
        file.write(f"{json.dumps(content, indent=1)}\n")
    unfinished.replace(path)
