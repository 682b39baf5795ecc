"""What every test has at hand."""

import os
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that have nothing to reach have no sockets: a forgotten stub reaches nothing."""
    for item in items:
        if item.path.parent.name in ("unit", "golden", "template"):
            item.add_marker(pytest.mark.disable_socket)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real listings beside the project; it does not travel with it. In CI it has to be there."""
    folder = ROOT.parent / "shared"
    if not (folder / "data").is_dir():
        missing = "needs the folder of real listings beside the project (../shared), which is not here"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    return folder


@pytest.fixture(scope="session")
def free_ports() -> int:
    """A port on loopback that is free, and so is the next."""
    for port in range(20_000, 30_000, 2):
        with socket.socket() as first, socket.socket() as second:
            try:
                first.bind(("127.0.0.1", port))
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise RuntimeError("no two free ports on loopback")


@pytest.fixture(scope="session")
def resources() -> dict[str, dict[str, Any]]:
    """The template's resources by logical id, as CloudFormation gets them: after the SAM transform."""
    from samtranslator.translator.transform import transform
    from samtranslator.yaml_helper import yaml_parse

    template = yaml_parse((ROOT / "template.yaml").read_text())
    for resource in template["Resources"].values():
        for code in {"CodeUri", "ContentUri"} & resource["Properties"].keys():
            resource["Properties"][code] = "s3://bucket/key"  # where `sam package` would have put it
    no_managed_policies = SimpleNamespace(load=dict)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        translated: dict[str, dict[str, Any]] = transform(template, {}, no_managed_policies)["Resources"]
    return translated
