"""`sam local invoke` of each function and case, in the runtime's own image, against the local stack."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from paperboy_cli.project.folder import ROOT
from tests.e2e.conftest import Demo

IMAGE = "public.ecr.aws/lambda/python:3.13-x86_64"


@pytest.fixture(scope="module")
def options(demo: Demo) -> list[str]:
    """What `paperboy up --docker` says to give to `sam local invoke`."""
    docker = shutil.which("docker") or "docker"
    try:
        subprocess.run([docker, "image", "inspect", IMAGE], capture_output=True, check=True)  # noqa: S603 - asks Docker
    except (OSError, subprocess.CalledProcessError):
        missing = f"needs Docker and the image {IMAGE}"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    said = demo.paperboy("up", "--sample", "--docker").stdout
    line = next(line for line in said.splitlines() if "sam local invoke" in line)
    return shlex.split(line.split("events/ingest.json")[1])


@pytest.mark.parametrize(
    ("function", "case", "expected"),
    [
        ("Ingest", "ingest", '"nothing new"'),
        ("Score", "score", '{"batchItemFailures": []}'),
        ("Summarize", "summarize_again", '{"batchItemFailures": []}'),
        ("Announce", "announce", '{"batchItemFailures": []}'),
        ("Catalog", "catalog_again", '{"batchItemFailures": []}'),
        ("Render", "render", '{"batchItemFailures": []}'),
    ],
)
def test_each_function_is_invoked(demo: Demo, options: list[str], function: str, case: str, expected: str) -> None:
    """A function in the runtime's image reads an event, works with the local stack, and answers without an error."""
    done = subprocess.run(  # noqa: S603 - our own tool
        [
            *(ROOT / ".tools/sam/bin/sam", "local", "invoke", function, "-e", ROOT / "events" / f"{case}.json"),
            *("--skip-pull-image", "--region", "us-east-1"),
            *options,
        ],
        env=os.environ | {"SAM_CLI_TELEMETRY": "0", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"},
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(demo.local.home),
    )
    print(done.stderr)
    assert 0 == done.returncode
    assert expected in done.stdout
    assert "errorMessage" not in json.dumps(done.stdout)
