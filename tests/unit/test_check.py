"""`paperboy check`: the checks alone, on texts that are there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from paperboy_cli.errors import PaperboyError
from paperboy_cli.main import app
from tests.conftest import ROOT
from tests.samples import read_json

LISTING = ROOT / "events/sample/2026-02-03.json"
PAPER = "2602.02343"
GOOD = read_json(ROOT / "events/sample/summaries.json")[PAPER]


def check(tmp_path: Path, texts: object, *more: str) -> Result:
    summaries = tmp_path / "summaries.json"
    summaries.write_text(json.dumps(texts), encoding="utf-8")
    return CliRunner().invoke(app, ["check", str(LISTING), "--summaries", str(summaries), *more])


def reasons(tmp_path: Path, text: object, *more: str) -> list[str]:
    """Why a text would be refused."""
    result = check(tmp_path, {PAPER: text}, "--json", *more)
    said: dict[str, list[str]] = json.loads(result.stdout)
    assert int(bool(said[PAPER])) == result.exit_code
    return said[PAPER]


def test_good_texts(tmp_path: Path) -> None:
    """What the recorded model says of the day passes: every paper of the file is there, with no reason."""
    texts = {
        paper_id: text
        for paper_id, text in read_json(ROOT / "events/sample/summaries.json").items()
        if paper_id in LISTING.read_text("utf-8")
    }
    result = check(tmp_path, texts, "--json")
    assert (0, {paper_id: [] for paper_id in texts}) == (result.exit_code, json.loads(result.stdout))
    shown = check(tmp_path, texts)
    assert (0, f"{len(texts)} of {len(texts)} summaries pass the checks, 0 would be refused.\n") == (
        shown.exit_code,
        shown.stdout,
    )


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"summary": "太短"}, ["summary: 2 characters, expected"]),
        ({"title": GOOD["title"] + "99.9%"}, ["title: the number 99.9% is neither in the title nor in the abstract"]),
        (
            {"title": "见 *甲; 乙* 的框架", "summary": "太短"},
            ["summary: 2 characters", "title: holds Markdown: *甲; 乙*"],
        ),
        ({"highlights": GOOD["highlights"][:2]}, ["highlights: Tuple should have at least 3 items"]),
        ({"title": 1, "summary": None}, ["title: Input should be a valid string", "summary: Input should be a valid"]),
    ],
    ids=["too short", "a strange number", "a reason with a semicolon", "two highlights", "no texts"],
)
def test_bad_texts(tmp_path: Path, changed: dict[str, Any], expected: list[str]) -> None:
    """Shape, lengths and facts count as in a model's reply, and each reason is one entry."""
    said = reasons(tmp_path, GOOD | changed)
    assert len(expected) == len(said)
    assert all(reason.startswith(start) for reason, start in zip(said, expected, strict=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "reply: expected an object, got NoneType"),
        ("text", "reply: expected an object, got str"),
        ([GOOD], "reply: expected an object, got list"),
    ],
)
def test_what_is_no_object(tmp_path: Path, text: object, expected: str) -> None:
    """A text that is no object is refused with what it is."""
    assert [expected] == reasons(tmp_path, text)


def test_half_a_character(tmp_path: Path) -> None:
    """Half of a surrogate pair, which JSON can hold and no encoding can print, ends neither `check` nor `render`."""
    texts = {PAPER: GOOD | {"title": "\ud83c" + GOOD["title"], "highlights": ["\ud83c"] * 3}, "\ud83c": GOOD}
    assert {PAPER, "\ud83c"} == json.loads(check(tmp_path, texts, "--json").stdout).keys()
    assert "\ufffd" in check(tmp_path, texts).stdout
    page = CliRunner().invoke(app, ["render", str(LISTING), "--summaries", str(tmp_path / "summaries.json")])
    assert (0, True) == (page.exit_code, GOOD["title"] in page.stdout)


def test_a_paper_that_is_not_listed(tmp_path: Path) -> None:
    """A paper of the file that the listing lacks is a reason of its own, and told with the others."""
    result = check(tmp_path, {"1706.03762": GOOD, PAPER: GOOD}, "--json")
    assert {"1706.03762": ["the listing has no such paper"], PAPER: []} == json.loads(result.stdout)
    shown = check(tmp_path, {"1706.03762": GOOD, PAPER: GOOD})
    assert (1, 1) == (result.exit_code, shown.exit_code)
    assert ["1706.03762", "  the listing has no such paper"] == [
        each.rstrip() for each in shown.stdout.splitlines()[:2]
    ]
    assert "1 of 2 summaries pass the checks, 1 would be refused." == shown.stdout.splitlines()[-1]


def test_another_language(tmp_path: Path) -> None:
    """In English, Chinese texts are refused, and it is said that they are not in English."""
    assert any("not in English" in reason for reason in reasons(tmp_path, GOOD, "--language", "en"))


def test_nothing_to_check(tmp_path: Path) -> None:
    """A file without texts is no failure, and says so."""
    result = check(tmp_path, {})
    assert (0, "There is no summary to check.\n") == (result.exit_code, result.stdout)
    assert {} == json.loads(check(tmp_path, {}, "--json").stdout)


@pytest.mark.parametrize(
    ("texts", "more", "said"),
    [
        ([GOOD], (), "summaries.json: expected summaries by paper id, got a JSON list."),
        ({}, ("--language", "fr"), "--language: "),
    ],
)
def test_what_cannot_be_checked(tmp_path: Path, texts: object, more: tuple[str, ...], said: str) -> None:
    """A file that holds no texts by id, and a language that there is not, are each one sentence."""
    error = check(tmp_path, texts, *more).exception
    assert isinstance(error, PaperboyError)
    assert said in str(error)
