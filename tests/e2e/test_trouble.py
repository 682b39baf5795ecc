"""What goes wrong is said in one sentence with the way out, and no process is left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from functools import partial
from pathlib import Path

import pytest

from paperboy_cli.local.emulator import Local
from paperboy_cli.local.processes import is_free, wait_for
from paperboy_cli.project.sam import fingerprint
from tests.e2e.conftest import PAPERBOY, paperboy


@pytest.fixture
def local(tmp_path: Path, free_ports: int) -> Local:
    """A stack of its own that was never started."""
    return Local(home=tmp_path / "home", port=free_ports + 20)


@pytest.mark.parametrize("which", [0, 1])
def test_a_taken_port(local: Local, which: int) -> None:
    """With the emulator's or the sample's port taken, `up` names the port and how to choose another, at once."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", local.port + which))
        other.listen()
        said = paperboy(local, "up", "--sample", check=False)
    assert 1 == said.returncode
    assert [f"paperboy: port {local.port + which} on 127.0.0.1 is taken by another program."] == [
        said.stderr.strip().split(" Stop that one")[0]
    ]
    assert f"PAPERBOY_PORT={local.port + 100}" in said.stderr
    assert {} == local.running()
    assert not (local.home / "log" / "emulator.log").exists()


def test_a_failed_deploy(local: Local) -> None:
    """When sam refuses the template, `up` says why and where the whole story is."""
    (local.home / "build").mkdir(parents=True)
    (local.home / "built.json").write_text(json.dumps({"fingerprint": fingerprint()}))
    (local.home / "build" / "template.yaml").write_text("Resources: {Odd: {Type: 'No::Such::Type'}}")
    said = paperboy(local, "up", check=False)
    assert 1 == said.returncode
    assert said.stderr.startswith("paperboy: sam deploy failed: ")
    assert str(local.home / "log" / "deploy.log") in said.stderr
    assert 1 == len(said.stderr.strip().splitlines())
    assert {} == local.running()


@pytest.mark.parametrize("step", ["emulator.log", "build.log"])
def test_ctrl_c_while_a_stack_comes_up(local: Local, step: str) -> None:
    """Ctrl-C amid `up`, which a terminal sends to all that it started, ends with one sentence and leaves nothing."""
    own = {"PAPERBOY_HOME": str(local.home), "PAPERBOY_PORT": str(local.port)}
    with subprocess.Popen(  # noqa: S603 - our own command
        [PAPERBOY, "up", "--sample"],
        env=os.environ | own,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    ) as running:
        assert wait_for((local.home / "log" / step).exists, 60)
        os.killpg(running.pid, signal.SIGINT)
        _, said = running.communicate(timeout=60)
    sentence = "paperboy: stopped, and with it what this command had started. The same command begins again.\n"
    assert (130, sentence) == (running.returncode, said)
    assert {} == local.running()
    assert is_free(local.port)
    assert is_free(local.port + 1)


@pytest.mark.parametrize(
    ("command", "starts"),
    [(["run"], "up"), (["run", "2026-02-03"], "up"), (["run", "--sample", "2026-02-03"], "up --sample")],
)
def test_no_stack(local: Local, command: list[str], starts: str) -> None:
    """Without a running stack `run` says which command starts the one that was meant."""
    said = paperboy(local, *command, check=False)
    assert 1 == said.returncode
    assert f"paperboy: the local stack is not up: `paperboy {starts}` starts it.\n" == said.stderr


def test_down_and_status_without_a_stack(local: Local) -> None:
    """`down` and `status` have an answer where nothing runs."""
    assert "Nothing was running.\n" == paperboy(local, "down").stdout
    for options in ([], ["--sample"]):
        assert {"up": False, "url": None, "running": [], "stacks": []} == json.loads(
            paperboy(local, "status", "--json", *options).stdout
        )
        starts = " ".join(["up", *options])
        assert f"Nothing is running; `paperboy {starts}` starts it.\n" == paperboy(local, "status", *options).stdout


def test_status_of_what_is_half_up(local: Local) -> None:
    """`status` tells what runs where the emulator does not, or has nothing deployed, and how to go on."""
    try:
        local.start_sample()
        said = paperboy(local, "status", "--sample").stdout
        assert "Only sample is running; `paperboy up --sample` starts it.\n" == said
        local.start_emulator()
        said = paperboy(local, "status").stdout
        assert f"Up at {local.url}: emulator, sample. `paperboy up` deploys the stack.\n" == said
    finally:
        local.stop()
