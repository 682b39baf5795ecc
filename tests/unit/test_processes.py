"""The processes of a local stack: one that was started is remembered, or it has ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from paperboy_cli.errors import PaperboyError
from paperboy_cli.local import processes

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
NOWHERE = "http://127.0.0.1:9/"


@pytest.fixture(autouse=True)
def no_child_is_left() -> Iterator[None]:
    """Nothing that a test started runs on."""
    before = {*psutil.Process().children()}
    yield
    left = {each for each in psutil.Process().children() if each.status() != psutil.STATUS_ZOMBIE} - before
    processes.stop(left, ports=())
    assert not left


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C as a terminal has it: a shell starts what is in the background with SIGINT ignored."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, handler)


@pytest.mark.parametrize(
    ("hinder", "said"),
    [
        (lambda path: path.mkdir(), "Is a directory"),
        (lambda path: path.symlink_to("/dev/full"), "No space left on device"),
        (lambda path: path.symlink_to("/proc/none"), "No such file or directory"),
    ],
    ids=["not writable", "disk full", "folder gone"],
)
def test_what_cannot_be_remembered_has_ended(tmp_path: Path, hinder: Callable[[Path], object], said: str) -> None:
    """A process that `down` would not find is ended at once, and one sentence says so, why, and what to do."""
    hinder(tmp_path / "processes.json.new")
    with pytest.raises(PaperboyError) as error:
        processes.start(tmp_path, "emulator", SLEEPER, {}, NOWHERE)
    for each in (f"{tmp_path}/processes.json", f"{said}. So the emulator was stopped again", "PAPERBOY_HOME"):
        assert each in str(error.value)
    assert {} == processes.running(tmp_path)


@pytest.mark.parametrize("where", [(subprocess, "Popen"), (processes, "write_json")], ids=["start", "record"])
def test_ctrl_c_while_a_process_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interruptible: None, where: tuple[Any, str]
) -> None:
    """Ctrl-C between a process's start and its record waits for the record, so that the process can be stopped."""
    real = getattr(*where)

    def interrupted(*arguments: Any, **options: Any) -> Any:
        result = real(*arguments, **options)
        os.kill(os.getpid(), signal.SIGINT)
        return result

    monkeypatch.setattr(*where, interrupted)
    with pytest.raises(KeyboardInterrupt):
        processes.start(tmp_path, "emulator", SLEEPER, {}, NOWHERE)
    assert {"emulator"} == processes.running(tmp_path).keys()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    processes.stop(processes.running(tmp_path).values(), ports=())


def test_a_damaged_list_of_processes(tmp_path: Path) -> None:
    """Where the other processes cannot be read, nothing is started."""
    (tmp_path / "processes.json").write_text("{")
    with pytest.raises(PaperboyError, match=r"processes\.json is damaged"):
        processes.start(tmp_path, "emulator", SLEEPER, {}, NOWHERE)
