"""`paperboy deploy` as a person meets it at a terminal: questions, what will change, the first digest and its link.

The real SAM CLI builds and deploys; the emulator stands for AWS.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pexpect
import pytest

from paperboy_cli.days import today
from paperboy_cli.local.emulator import SAMPLE_DAYS
from paperboy_cli.local.sample import Recorded, server
from paperboy_cli.project.settings import Settings
from paperboy_cli.stack.host import StackDescription
from tests.conftest import ROOT
from tests.e2e.conftest import PAPERBOY, Demo

STACK = "asked"
TIMEOUT_SECONDS = 120
EXTRA = {"enable_thinking": False, "stop": ['"', "a \\ b"]}
"""What SAM CLI would spoil on its command line."""


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Source and model, with the sample's papers on the newest day that is complete where the readers are."""
    folder = Path(shutil.copytree(SAMPLE_DAYS, tmp_path_factory.mktemp("upstream") / "sample"))
    day = today("Europe/Berlin") - dt.timedelta(days=1)
    (folder / f"{day}.json").write_bytes((SAMPLE_DAYS / "2026-02-04.json").read_bytes())
    with server(Recorded(folder), 0) as upstream:
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{upstream.server_port}"
        upstream.shutdown()


@pytest.fixture(scope="module")
def home(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which nothing was ever set, with the demo's build, which is of the same code."""
    home = tmp_path_factory.mktemp("deploy home")
    shutil.copytree(demo.local.home / "build", home / "aws/build")
    shutil.copy(demo.local.home / "built.json", home / "aws/built.json")
    return home


def deploy(demo: Demo, home: Path, *arguments: str, answers: list[tuple[str, str]] | None = None) -> tuple[int, str]:
    """Run `paperboy deploy` at a terminal, and give each answer when its question is there. Returns status and text."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "AWS_ENDPOINT_URL": demo.local.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PAPERBOY_HOME": str(home),
        "LLM_API_KEY": "sk-of-the-test",
        "SAM_CLI_POLL_DELAY": "0.5",
        "NO_COLOR": "1",
        "TERM": "dumb",
    }
    command = ["deploy", "--stack", STACK, *arguments]
    with pexpect.spawn(
        str(PAPERBOY), command, env=environment, encoding="utf-8", timeout=TIMEOUT_SECONDS, dimensions=(60, 200)
    ) as terminal:
        said = ""
        for question, answer in answers or []:
            terminal.expect(f"{question}[^\n]*: $")
            said += str(terminal.before) + str(terminal.after)
            terminal.sendline(answer)
        terminal.expect(pexpect.EOF)
        said += str(terminal.before)
    return int(terminal.exitstatus or 0), said


def test_the_first_deployment(demo: Demo, home: Path, upstream: str) -> None:
    """It asks, keeps the answers where git sees none, and ends with a digest that whoever has the link reads."""
    config = (ROOT / "samconfig.toml").read_bytes()
    status, said = deploy(
        *(demo, home, "--set", f"HfBaseUrl={upstream}", "--set", f"LlmExtra={json.dumps(EXTRA)}"),
        answers=[
            ("region", "mars-north-1"),
            ("region", "us-east-1"),
            ("Language", "zh"),
            ("TimeZone", "Europe/Berlin"),
            ("Summarizer", "openai"),
            ("LlmBaseUrl", "no address"),
            ("LlmBaseUrl", f"{upstream}/v1"),
            ("LlmModel", "sample"),
            ("Access", "unlisted"),
            ("AlarmEmail", ""),
            ("Do it", "y"),
        ],
    )
    assert 0 == status, said
    kept = Settings.in_aws(STACK, home).read()
    prefix, extra = kept.pop("PagesPrefix"), kept.pop("LlmExtra")
    assert {
        "region": "us-east-1",
        "TimeZone": "Europe/Berlin",
        "HfBaseUrl": upstream,
        "Summarizer": "openai",
        "LlmBaseUrl": f"{upstream}/v1",
        "LlmModel": "sample",
        "Access": "unlisted",
    } == kept
    assert 32 == len(prefix)
    assert EXTRA == json.loads(extra) == json.loads(summarize_variables(demo)["LLM_EXTRA"])
    assert config == (ROOT / "samconfig.toml").read_bytes()
    link = next(line.strip() for line in said.splitlines() if line.strip().endswith(f"/{prefix}/latest.html"))
    assert 10 == httpx.get(link).text.count("<article")
    assert "sk-of-the-test" not in said + "".join(path.read_text() for path in home.rglob("*.json"))
    key = demo.local.client("ssm").get_parameter(Name=f"/{STACK}/llm-api-key", WithDecryption=True)
    assert ("SecureString", "sk-of-the-test") == (key["Parameter"]["Type"], key["Parameter"]["Value"])


def summarize_variables(demo: Demo) -> dict[str, str]:
    """The environment of the stack's function summarize."""
    functions = demo.local.client("lambda")
    names = [each["FunctionName"] for each in functions.list_functions()["Functions"]]
    name = next(name for name in names if name.startswith(f"{STACK}-Summarize-"))
    variables: dict[str, str] = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    return variables


def test_what_changes_is_said_before_it_is_done(demo: Demo, home: Path) -> None:
    """A change is shown with its old value, and is not done unless it is wanted."""

    def retention() -> str:
        answer = demo.local.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
        return StackDescription.of(answer).parameters["LogRetentionDays"]

    status, said = deploy(demo, home, "--set", "LogRetentionDays=7", answers=[("Do it", "n")])
    assert (130, "30") == (status, retention()), said
    assert "LogRetentionDays is 7, and was 30" in said
    assert "nothing was changed in AWS" in said
    assert "LogRetentionDays" not in Settings.in_aws(STACK, home).read()
