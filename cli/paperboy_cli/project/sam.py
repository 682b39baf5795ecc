"""SAM CLI, which builds the functions and deploys the template, for an emulator or for AWS."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from paperboy.__main__ import MISTAKES, check_files
from paperboy_cli.errors import PaperboyError
from paperboy_cli.project.folder import ROOT, make_own, read_json, write_json

SAM = ROOT / ".tools/sam/bin/sam"
SOURCES = ("template.yaml", "samconfig.toml", "uv.lock", "functions", "shared")
"""What the built functions are made from."""


def check_sources() -> None:
    """Raises PaperboyError for a mistake in the policy, a language or a page: it would stop a build in more words."""
    try:
        check_files()
    except MISTAKES as error:
        raise PaperboyError(str(error)) from error


def fingerprint() -> str:
    """A hash of everything that the built functions are made from."""
    files = (path for name in SOURCES for path in sorted([ROOT / name, *(ROOT / name).rglob("*")]))
    content = hashlib.sha256()
    for path in files:
        if path.is_file() and "__pycache__" not in path.parts:
            content.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return content.hexdigest()


def built_fingerprint(home: Path) -> str | None:
    """The fingerprint of what the build in `home` was made from; None where there is none."""
    built: str | None = read_json(home / "built.json").get("fingerprint")
    return built if (home / "build").is_dir() else None


def build(home: Path, environment: Mapping[str, str]) -> bool:
    """`sam build` into `home/build`. Returns whether anything had changed."""
    current, built = fingerprint(), home / "built.json"
    if built_fingerprint(home) == current:
        return False
    built.unlink(missing_ok=True)
    run_sam(home, "build", "--build-dir", str(home / "build"), environment=environment)
    write_json(built, {"fingerprint": current})
    return True


def run_sam(home: Path, command: str, *arguments: str, environment: Mapping[str, str]) -> None:
    """Run SAM CLI. Raises PaperboyError with its last error; all that it said is in `home/log/COMMAND.log`."""
    log, app = home / "log" / f"{command}.log", home / "sam"
    for folder in (home, log.parent, app):
        make_own(folder)
    # SAM CLI asks for its newest version once a week; a stack without a network does not.
    (app / "metadata.json").write_text(json.dumps({"lastVersionCheck": time.time()}))
    with log.open("w") as output:
        done = subprocess.run(  # noqa: S603 - our own tool with our own arguments
            [SAM, command, *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={
                **environment,
                # The project's Python and uv come first: `sam build` takes both from here.
                "PATH": f"{Path(sys.executable).parent}:{ROOT / '.tools/uv/bin'}:{os.environ['PATH']}",
                "SAM_CLI_TELEMETRY": "0",
                "__SAM_CLI_APP_DIR": str(app),
            },
            check=False,
        )
    if done.returncode:
        _, _, reason = log.read_text().rpartition("Error: ")
        raise PaperboyError(
            f"sam {command} failed: {' '.join(reason.split())[-500:]}"
            f" The whole story is in {log}; mend it and run this again."
        )
