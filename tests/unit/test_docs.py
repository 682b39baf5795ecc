"""The documents against the project: what they name exists, and what a reader needs is named."""

import re
import shlex
from collections.abc import Iterator
from math import log1p
from pathlib import Path

import pytest
import typer
from samtranslator.yaml_helper import yaml_parse

from paperboy.papers.policy import load_policy
from paperboy_cli.main import app
from paperboy_cli.project.settings import PARAMETER_VARIABLES
from paperboy_cli.stack.keys import KEYS
from tests.conftest import ROOT
from tests.samples import DAY, ZH, read_json

README, CHINESE = ROOT / "README.md", ROOT / "README.zh-CN.md"
DOCS = [README, CHINESE, *(ROOT / name for name in ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"))]
DOCS += [ROOT / "events/sample/README.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
SETTINGS = {
    name
    for room in ("commands", "local", "project")
    for file in (ROOT / "cli/paperboy_cli" / room).glob("*.py")
    for name in re.findall(r'os\.environ(?:\.get\(|\[)"([A-Z]+_[A-Z_]+)"', file.read_text("utf-8"))
} | {*PARAMETER_VARIABLES.values(), *KEYS}

every_document = pytest.mark.parametrize("document", DOCS, ids=lambda path: path.relative_to(ROOT).as_posix())
both_languages = pytest.mark.parametrize("readme", [README, CHINESE], ids=lambda path: path.name)


def text_of(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def blocks(document: Path, language: str) -> list[str]:
    """The code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text_of(document), re.M | re.S)


def commands(document: Path) -> list[str]:
    """The lines of the shell blocks, without their comments."""
    lines = [line for block in blocks(document, "sh") for line in block.splitlines()]
    return [line for line in (re.sub(r"(^|\s+)#.*", "", line) for line in lines) if line]


def paperboy_lines() -> Iterator[list[str]]:
    """Each call of the command in the shell blocks, as arguments."""
    for document in DOCS:
        for line in commands(document):
            if line.startswith(".venv/bin/paperboy "):
                yield shlex.split(line)[1:]


def anchors(document: Path) -> set[str]:
    """The names by which a link finds a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text_of(document), flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@both_languages
@pytest.mark.parametrize("command", COMMANDS)
def test_every_subcommand_is_shown(readme: Path, command: str) -> None:
    """Each subcommand of `paperboy` is called in the README's shell blocks."""
    assert any(line.startswith(f".venv/bin/paperboy {command}") for line in commands(readme))


@pytest.mark.parametrize("arguments", list(paperboy_lines()), ids=" ".join)
def test_every_call_is_understood(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call of `paperboy` in a shell block is one that the command takes, and the project's files in it exist."""
    monkeypatch.chdir(ROOT)
    name, *rest = arguments
    command = COMMANDS[name]
    while hasattr(command, "commands"):
        name, *rest = rest
        command = command.commands[name]
    parameters = command.make_context(name, rest).params
    for path in (value for value in parameters.values() if isinstance(value, Path) and value.parts[0] == "events"):
        assert path.exists()


@both_languages
def test_every_parameter_is_told(readme: Path) -> None:
    """Each parameter of the template is in the README's table, with its default."""
    rows = [line for line in text_of(readme).splitlines() if line.startswith("| `")]
    for name, parameter in yaml_parse((ROOT / "template.yaml").read_text())["Parameters"].items():
        row = next((row for row in rows if f"`{name}`" in row.split("|")[1]), None)
        assert row is not None, name
        assert not parameter["Default"] or f"`{parameter['Default']}`" in row, name


@both_languages
@pytest.mark.parametrize("variable", sorted(SETTINGS))
def test_every_setting_is_told(readme: Path, variable: str) -> None:
    """Each environment variable that the local stack reads is in the README's table."""
    assert re.search(rf"^\| .*`{variable}`.* \|", text_of(readme), re.M)


def test_settings_are_found() -> None:
    """The search for variables in the code finds those that are known to be there."""
    assert {"PAPERBOY_PORT", "PAPERBOY_HOME", "HF_BASE_URL", "LLM_BASE_URL", "LLM_MODEL"} <= SETTINGS


@every_document
def test_every_relative_link_resolves(document: Path) -> None:
    """Each link to a file of the project leads to one, and to a heading where it names one."""
    prose = re.sub(r"^```.*?^```$", "", text_of(document), flags=re.M | re.S)
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", prose):
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@every_document
def test_every_make_target_exists(document: Path) -> None:
    """Each `make` target that is mentioned is one of the Makefile's."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    mentioned = set(re.findall(r"(?:`|^)make ([a-z]+)", text_of(document), re.M))
    assert mentioned <= targets


def test_both_languages_have_the_same_commands() -> None:
    """The shell blocks of both READMEs hold the same lines but for their comments, and the samples are the same."""
    assert commands(README) == commands(CHINESE)
    assert blocks(README, "markdown") == blocks(CHINESE, "markdown")
    assert blocks(README, "text") == blocks(CHINESE, "text")


def test_the_excerpt_is_the_samples_page() -> None:
    """The digest that the README opens with is the beginning of the sample day's page."""
    excerpt = blocks(README, "markdown")[0]
    assert text_of(ROOT / "tests/golden/sample_day.md").startswith(excerpt)


@both_languages
def test_the_worked_example_adds_up(readme: Path) -> None:
    """The README's score of the sample's first paper is made of its signals and the default policy."""
    items = read_json(ROOT / f"events/sample/{DAY}.json")
    item = next(item for item in items if item["paper"]["id"] == "2602.02343")
    signals = item["paper"]["upvotes"], item["paper"]["githubStars"], item["numComments"]
    policy = load_policy()
    weights = policy.weights.upvotes, policy.weights.stars, policy.weights.comments
    parts = [weight * log1p(signal) for weight, signal in zip(weights, signals, strict=True)]
    formula = " + ".join(f"{weight:g}·ln(1+{signal})" for weight, signal in zip(weights, signals, strict=True))
    added = " + ".join(f"{part:.2f}" for part in parts)
    bonus = policy.bonus.frontier
    score = round(sum(parts) + bonus, policy.decimals)
    assert f"{formula} + {bonus:g} = {added} + {bonus:g} = {score}" in text_of(readme)


def test_a_signal_has_one_word() -> None:
    """The Chinese README's formula calls the signals as the pages do."""
    weights = load_policy().weights
    signals = {ZH.labels.upvotes: weights.upvotes, ZH.labels.stars: weights.stars, ZH.labels.comments: weights.comments}
    formula = " + ".join(f"{weight:g}·ln(1+{signal})" for signal, weight in signals.items())
    assert f"{ZH.labels.score} = {formula}" in text_of(CHINESE)
