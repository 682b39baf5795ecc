"""The house: pure modules know neither environment nor clock, and each function loads only what it uses.

Which module may import which other one is said in pyproject.toml and held by import-linter.
"""

import ast
import json
import subprocess
import sys
import tomllib

import pytest

from tests.conftest import ROOT

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
PURE, EDGES = CONTRACTS[0]["source_modules"], CONTRACTS[1]["modules"]

OUTSIDE = {"os", "random", "secrets", "socket", "subprocess", "threading", "time", "urllib", "uuid"}
"""Modules that tell a pure one something which it was not given."""
CLOCK = {"now", "today", "utcnow"}
"""What `datetime` and `date` read the clock with."""
HEAVY = {"aws_xray_sdk", "boto3", "httpx", "jinja2", "markdown_it", "requests", "typer"}
"""Packages that take long to load, and of which a function may need one."""


def test_every_module_is_pure_or_an_edge() -> None:
    """Each module of the layer stands in one of the contracts: a new one has to be placed."""
    modules = {f"paperboy.{file.stem}" for file in (ROOT / "shared/paperboy").glob("*.py")} - {"paperboy.__init__"}
    assert {*PURE, *EDGES} == modules


def outside(source: str) -> list[str]:
    """What a module's source takes from outside: imports of OUTSIDE, and readings of the clock."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found += [name.name for name in names if name.name.split(".")[0] in OUTSIDE]
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] in OUTSIDE:
                found.append(module)
            case ast.Attribute(attr=name) if name in CLOCK:
                found.append(name)
    return found


@pytest.mark.parametrize("module", PURE)
def test_pure(module: str) -> None:
    """A pure module reads neither the environment nor the clock, and throws no dice."""
    assert [] == outside((ROOT / "shared" / module.replace(".", "/")).with_suffix(".py").read_text("utf-8"))


@pytest.mark.parametrize(
    "source", ["import os", "import time as t", "from os import environ", "import os.path", "dt.datetime.now(dt.UTC)"]
)
def test_outside_is_seen(source: str) -> None:
    """The test above sees each way to the environment and the clock."""
    assert 1 == len(outside(source))


@pytest.mark.parametrize(
    ("function", "used"),
    [
        ("ingest", {"boto3", "httpx", "observe", "prompt", "secret", "settings", "source", "table"}),
        ("score", {"boto3", "doorbell", "observe", "queue", "settings", "table"}),
        ("summarize", {"boto3", "observe", "prompt", "queue", "settings", "table"}),
        (
            "render",
            {"boto3", "bucket", "digest", "doorbell", "html", "jinja2", "observe", "pages", "settings", "table"},
        ),
    ],
)
def test_function_loads_only_what_it_uses(function: str, used: set[str]) -> None:
    """A function loads its own edges and pages, and of what is heavy only what it works with."""
    code = f"import json, sys, functions.{function}.handler; print(json.dumps(list(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    loaded = set(json.loads(ran.stdout))
    ours = {"digest", "html", "pages", "prompt"} | {module.removeprefix("paperboy.") for module in EDGES}
    assert used == {module for module in HEAVY if module in loaded} | {m for m in ours if f"paperboy.{m}" in loaded}


@pytest.mark.parametrize(
    ("summarizer", "used"), [("none", set()), ("bedrock", {"bedrock"}), ("openai", {"openai", "secret", "httpx"})]
)
def test_only_the_provider_that_is_configured_is_loaded(summarizer: str, used: set[str]) -> None:
    """summarize loads the provider that it is told to use, and no other one's libraries."""
    code = (
        "import json, sys, functions.summarize.handler as it; it.collaborators(); print(json.dumps(list(sys.modules)))"
    )
    environment = {
        "SUMMARIZER": summarizer,
        "AWS_DEFAULT_REGION": "us-east-1",
        "TABLE_NAME": "table",
        "LANGUAGE": "zh",
        "BEDROCK_MODEL": "qwen.qwen3-32b-v1:0",
        "LLM_BASE_URL": "http://127.0.0.1:9/v1",
        "LLM_MODEL": "m",
        "LLM_KEY_NAME": "/paperboy/llm-api-key",
    }
    ran = subprocess.run(  # noqa: S603 - our own Python
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    loaded = {name.removeprefix("paperboy.") for name in json.loads(ran.stdout)}
    assert used == loaded & {"bedrock", "openai", "secret", "httpx"}
