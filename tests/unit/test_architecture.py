"""The house: every room has its floor, pure rooms know neither environment nor clock, and functions load what they use.

Which room may import which other one is said in pyproject.toml and held by import-linter.
"""

import ast
import dataclasses
import importlib
import json
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest
from pydantic import BaseModel

from tests.conftest import ROOT

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
FLOORS, PURE = CONTRACTS[0]["layers"], CONTRACTS[1]["source_modules"]
ROOTS = {
    "paperboy": ROOT / "shared/paperboy",
    "paperboy_cli": ROOT / "cli/paperboy_cli",
    "functions": ROOT / "functions",
}
CODE = sorted(file for folder in ROOTS.values() for file in folder.rglob("*.py"))

OUTSIDE = {"os", "random", "secrets", "socket", "subprocess", "threading", "time", "urllib", "uuid"}
"""Modules that tell a pure one something which it was not given."""
GIVEN = {"uuid.UUID", "uuid.uuid5"}
"""What these have that is made of what it is given alone."""
CLOCK = {"now", "today", "utcnow"}
"""What `datetime` and `date` read the clock with."""
HEAVY = {"aws_xray_sdk", "boto3", "feedgenerator", "httpx", "jinja2", "markdown_it", "requests", "typer"}
"""Packages that take long to load, and of which a function may need one."""
ADAPTERS = "paperboy.adapters."
MAX_HANDLER_LINES = 100


def modules_of(room: str) -> list[Path]:
    """The files of a room: a module, or a folder of them."""
    root, _, rest = room.partition(".")
    place = ROOTS[root] / rest.replace(".", "/")
    return sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]


def test_every_room_has_its_floor() -> None:
    """Each room of the three packages stands in the contract of the floors: a new one has to be placed."""
    rooms = {
        f"{root}.{place.stem}"
        for root, folder in ROOTS.items()
        for place in folder.iterdir()
        if (place.suffix == ".py" or place.is_dir()) and not place.name.startswith("__")
    }
    assert rooms == {room.strip() for floor in FLOORS for room in re.split(r"[|:]", floor)}


def test_every_room_is_pure_or_an_adapter() -> None:
    """Of the layer, only the adapters may know what is outside."""
    rooms = {room.strip() for floor in FLOORS for room in floor.split("|") if room.strip().startswith("paperboy.")}
    assert rooms == {*PURE, "paperboy.adapters"}


@pytest.mark.parametrize("handler", sorted(ROOT.glob("functions/*/handler.py")), ids=lambda file: file.parent.name)
def test_a_handler_reads_at_a_glance(handler: Path) -> None:
    """A handler has MAX_HANDLER_LINES lines at most: what it decides belongs into a room."""
    assert len(handler.read_text("utf-8").splitlines()) <= MAX_HANDLER_LINES


def test_one_name_has_one_value() -> None:
    """No two constants of the project have the same name and different values."""
    values = defaultdict(set)
    for file in CODE:
        for node in ast.parse(file.read_text("utf-8")).body:
            match node:
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=value)
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                ) if name.isupper():
                    values[name].add(ast.dump(value))
    assert len(values) > 50
    assert {} == {name: each for name, each in values.items() if len(each) > 1}


def outside(source: str) -> list[str]:
    """What a module's source takes from outside: imports of OUTSIDE, and readings of the clock."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found += [name.name for name in names if name.name.split(".")[0] in OUTSIDE]
            case ast.ImportFrom(module=str(module), names=names) if module.split(".")[0] in OUTSIDE:
                found += [taken for name in names if (taken := f"{module}.{name.name}") not in GIVEN]
            case ast.Attribute(attr=name) if name in CLOCK:
                found.append(name)
    return found


@pytest.mark.parametrize("room", PURE)
def test_pure(room: str) -> None:
    """A pure room reads neither the environment nor the clock, and throws no dice."""
    sources = {file.name: outside(file.read_text("utf-8")) for file in modules_of(room)}
    assert sources
    assert {} == {name: taken for name, taken in sources.items() if taken}


def thawed(room: str) -> list[str]:
    """The models and dataclasses of a room whose fields can be set anew."""
    names = [".".join(file.relative_to(ROOT / "shared").with_suffix("").parts) for file in modules_of(room)]
    made = {
        value
        for name in names
        for value in vars(importlib.import_module(name)).values()
        if isinstance(value, type) and value.__module__ == name
    }
    return sorted(
        kind.__name__
        for kind in made
        if (issubclass(kind, BaseModel) and not kind.model_config.get("frozen"))
        or (dataclasses.is_dataclass(kind) and not vars(kind)["__dataclass_params__"].frozen)
    )


@pytest.mark.parametrize("room", PURE)
def test_nothing_is_changed_after_it_was_made(room: str) -> None:
    """Each model and dataclass of a pure room is frozen: what was handed on is still what was checked."""
    assert [] == thawed(room)


@pytest.mark.parametrize(
    "source",
    [
        *("import os", "import time as t", "from os import environ", "import os.path", "dt.datetime.now(dt.UTC)"),
        *("import uuid", "from uuid import *", "from uuid import UUID, uuid1", "from uuid import uuid4 as uuid5"),
    ],
)
def test_outside_is_seen(source: str) -> None:
    """The test above sees each way to the environment, the clock and the dice."""
    assert 1 == len(outside(source))


def test_what_is_given_is_not_outside() -> None:
    """A name made of a text alone may be had from a module that throws dice as well."""
    assert [] == outside("from uuid import UUID, uuid5")


def loaded_by(code: str, **environment: str) -> set[str]:
    """The modules that are loaded after some code, those of adapters by their names in that room."""
    ran = subprocess.run(  # noqa: S603 - our own Python
        [sys.executable, "-c", f"import json, sys; {code}; print(json.dumps(list(sys.modules)))"],
        cwd=ROOT,
        env=environment or None,
        capture_output=True,
        text=True,
        check=True,
    )
    modules = set(json.loads(ran.stdout))
    return {module for module in HEAVY if module in modules} | {
        module.removeprefix(ADAPTERS) for module in modules if module.startswith(ADAPTERS)
    }


@pytest.mark.parametrize(
    ("function", "used"),
    [
        (
            "ingest",
            {
                "boto3",
                "http",
                "httpx",
                "items",
                "observe",
                "secret",
                "settings",
                "sources",
                "sources.hugging_face",
                "table",
            },
        ),
        ("score", {"batch", "boto3", "items", "observe", "queue", "settings", "stream", "table"}),
        (
            "summarize",
            {"batch", "boto3", "budget", "items", "models", "observe", "pacing", "queue", "settings", "table"},
        ),
        ("render", {"batch", "boto3", "bucket", "items", "jinja2", "observe", "settings", "stream", "table"}),
        (
            "announce",
            {
                *("batch", "boto3", "bucket", "channels", "channels.kept", "deliveries", "items", "jinja2"),
                *("observe", "publications", "queue", "settings"),
            },
        ),
        (
            "catalog",
            {
                *("archive", "batch", "boto3", "bucket", "feedgenerator", "items", "jinja2", "observe", "publications"),
                *("settings", "stream", "table"),
            },
        ),
    ],
)
def test_function_loads_only_what_it_uses(function: str, used: set[str]) -> None:
    """A function loads its own adapters, and of what is heavy only what it works with."""
    assert used == loaded_by(f"import functions.{function}.handler")


@pytest.mark.parametrize(
    ("summarizer", "used"),
    [("none", set()), ("bedrock", {"models.bedrock"}), ("openai", {"models.openai", "http", "secret", "httpx"})],
)
def test_only_the_provider_that_is_configured_is_loaded(summarizer: str, used: set[str]) -> None:
    """summarize loads the provider that it is told to use, and no other one's libraries."""
    loaded = loaded_by(
        "import functions.summarize.handler as it; it.collaborators()",
        SUMMARIZER=summarizer,
        AWS_DEFAULT_REGION="us-east-1",
        TABLE_NAME="table",
        LANGUAGE="zh",
        BEDROCK_MODEL="qwen.qwen3-32b-v1:0",
        LLM_BASE_URL="http://127.0.0.1:9/v1",
        LLM_MODEL="m",
        LLM_KEY_NAME="/paperboy/llm-api-key",
        QUEUE_URL="https://sqs.us-east-1.amazonaws.com/1/summaries",
    )
    assert used == loaded & {"models.bedrock", "models.openai", "http", "secret", "httpx"}


@pytest.mark.parametrize(
    ("channel", "used"),
    [
        ({"kind": "feishu", "url": "https://a.test/"}, {"channels.feishu", "channels.codes", "channels.post", "httpx"}),
        ({"kind": "webhook", "url": "https://a.test/", "secret": "s"}, {"channels.webhook", "channels.post", "httpx"}),
    ],
    ids=["feishu", "webhook"],
)
def test_only_the_channel_that_is_sent_to_is_loaded(channel: dict[str, str], used: set[str]) -> None:
    """What sends to one kind of channel loads no other kind's module, and none of AWS's library."""
    read = f"load_sender(read_channel({json.dumps(channel)!r}))"
    loaded = loaded_by(
        "from paperboy.adapters.channels import load_sender; "
        f"from paperboy.announcements.channel import read_channel; {read}"
    )
    assert used | {"channels", "http"} == loaded


def test_threads_share_clients() -> None:
    """Nothing takes boto3's resources, which are not safe among threads; its clients are, and load in less time."""
    texts = {file: file.read_text(encoding="utf-8") for file in CODE}
    assert [] == [file for file, text in texts.items() if re.search(r"(boto3|session)\.resource\(", text)]
