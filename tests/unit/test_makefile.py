"""The Makefile in a folder whose path has spaces, with and without a uv of the machine's, as far as `make -n` tells."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

NEEDED = ("make", "sh")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What `make setup` looks at, in a folder that was never set up."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / name, folder)
    return folder


def planned(folder: Path, programs: Path) -> str:
    """What `make setup` would do, with no other programs at hand than NEEDED and those in a folder."""
    programs.mkdir(exist_ok=True)
    for name in NEEDED:
        found = shutil.which(name)
        assert found
        (programs / name).symlink_to(found)
    return subprocess.run(
        ["make", "-n", "setup"],  # noqa: S607 - found on the path that is given
        cwd=folder,
        env={"PATH": str(programs)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_without_uv(folder: Path, tmp_path: Path) -> None:
    """Where there is no uv, one is installed in the project's folder and used from there."""
    plan = planned(folder, tmp_path / "programs")
    assert plan.index("python3 -m venv .tools/uv") < plan.index(".tools/uv/bin/uv sync")
    assert "a folder" not in plan


def test_with_uv_somewhere(folder: Path, tmp_path: Path) -> None:
    """A uv that is on the path is used, though its own path has spaces."""
    programs = tmp_path / "some programs"
    programs.mkdir()
    (programs / "uv").write_text("#!/bin/sh\n")
    (programs / "uv").chmod(0o755)
    plan = planned(folder, programs)
    assert "uv sync" in plan
    assert ".tools/uv" not in plan
