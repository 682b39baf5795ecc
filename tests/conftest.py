"""What every test has at hand."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[1]

EVIL_HOST = "evil.example"
"""A name that the browser takes for loopback, as if its owner had made it mean that (DNS rebinding)."""
QUIET = [
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", f"--host-resolver-rules=MAP {EVIL_HOST} 127.0.0.1"),
]
"""The browser asks for nothing of its own accord, and runs in a container."""

APART = (
    *("test_archive_browser.py", "test_pages_browser.py", "test_search_browser.py"),
    *("test_sam_local.py", "test_trouble.py"),
)
"""Files of e2e whose tests need no deployed stack, or take so long that one of their own is quicker."""

# The same examples at each run, without a limit of time that a busy machine would miss.
settings.register_profile("paperboy", derandomize=True, deadline=None, database=None)
settings.load_profile("paperboy")

# Metrics are written out after a hundred values, which a whole run of the tests has, and need a namespace then.
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "test")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--keep-records", action="store_true", help="write the small day of records of a new release")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that have nothing to reach have no sockets, so a forgotten stub reaches nothing."""
    for item in items:
        if item.path.parent.name in ("unit", "golden", "template"):
            item.add_marker(pytest.mark.disable_socket)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Side by side, the tests of a file run in one process, and so do all that share the deployed stack.

    pytest-xdist's own groups do nothing with pytest 9.2: they write a field that is no longer there.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByRoom(LoadScopeScheduling):  # type: ignore[misc] # it has no types
        def _split_scope(self, nodeid: str) -> str:
            file, _, _ = nodeid.partition("::")
            shares_the_stack = file.startswith("tests/e2e/") and not file.endswith(APART)
            return "stack" if shares_the_stack else file

    return ByRoom(config, log)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real listings beside the project; it does not travel with it. In CI it has to be there."""
    folder = ROOT.parent / "shared"
    if not (folder / "data").is_dir():
        missing = "needs the folder of real listings beside the project (../shared), which is not here"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    return folder


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium. In CI it has to be there."""
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium")
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("needs Chromium (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def free_ports() -> int:
    """The first of fifty ports on loopback that are free; processes side by side look in other places."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    start = 20_000 + 5_000 * worker + os.getpid() % 50 * 50
    for first in range(start, start + 2_500, 50):
        with contextlib.ExitStack() as probes:
            try:
                for port in range(first, first + 50):
                    probes.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise RuntimeError("no fifty free ports on loopback")


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
