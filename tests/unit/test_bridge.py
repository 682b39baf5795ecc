"""How containers reach the local stack, asked of a `docker` that is on the path."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from paperboy_cli.errors import PaperboyError
from paperboy_cli.local.docker import Docker, find_docker

LINUX = Docker(host="172.17.0.1", subnet="172.17.0.0/16")
DESKTOP = Docker(host="host.docker.internal", subnet=None)


def install(folder: Path, system: str, network: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `docker` that says which system it runs on, and what its network is."""
    script = f"""#!/bin/sh
case "$1" in
info) echo '{system}' ;;
network) echo '{json.dumps([{"IPAM": {"Config": network}}])}' ;;
esac
"""
    (folder / "docker").write_text(script)
    (folder / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


@pytest.mark.parametrize(
    ("system", "network", "expected"),
    [
        ("Debian GNU/Linux 12 (bookworm)", [{"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1"}], LINUX),
        ("Debian GNU/Linux 12 (bookworm)", [{"Subnet": "172.17.0.0/16"}], LINUX),
        ("Docker Desktop", [{"Subnet": "192.168.65.0/24"}], DESKTOP),
    ],
    ids=["bridge", "bridge without a name for its gateway", "desktop"],
)
def test_how_containers_reach_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, network: object, expected: Docker
) -> None:
    """On Linux containers come over the bridge's gateway; Docker Desktop has its own name and needs no forwarder."""
    install(tmp_path, system, network, monkeypatch)
    assert expected == find_docker()


def test_docker_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Docker that is not running is told with the way out."""
    (tmp_path / "docker").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(PaperboyError, match="start it, or leave --docker out"):
        find_docker()


@pytest.mark.parametrize(
    ("address", "translated"),
    [
        ("http://127.0.0.1:4566/000000000000/queue", "http://host.docker.internal:4566/000000000000/queue"),
        ("http://localhost:11434/v1", "http://host.docker.internal:11434/v1"),
        ("https://localhost.example.com/v1", "https://localhost.example.com/v1"),
        ("https://huggingface.co", "https://huggingface.co"),
        ("paperboy-Table-127.0.0.1", "paperboy-Table-127.0.0.1"),
    ],
)
def test_addresses_as_containers_see_them(address: str, translated: str) -> None:
    """This machine's addresses become the name that containers have for it, and all else stays."""
    assert translated == DESKTOP.translate(address)
