"""The command's offline half: `rank` and `render` on saved listings."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from paperboy_cli.errors import PaperboyError
from paperboy_cli.main import app
from tests.conftest import ROOT
from tests.samples import read_json

SAMPLE = ROOT / "events" / "sample" / "2026-02-03.json"
KEYS = [
    "rank",
    "id",
    "title",
    "organization",
    "upvotes",
    "stars",
    "comments",
    "tier",
    "tags",
    "trophy",
    "parts",
    "score",
    "selected",
]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_rank_as_json_gives_every_listed_paper(shared_data: Path) -> None:
    """The ranking of the seed's listing has every paper with every field, and the digest's rows are the seed's."""
    rows = json.loads(run("rank", shared_data / "data/seed_day/payload.json.gz", "--json").stdout)
    assert ([KEYS] * 45, list(range(1, 46))) == ([list(row) for row in rows], [row["rank"] for row in rows])
    expected = read_json(shared_data / "data/seed_day/expected.json")
    names = {"golden": "trophy", "org": "organization"}
    selected = [row for row in rows if row["selected"]]
    assert expected == [{key: row[names.get(key, key)] for key in expected[0]} for row in selected]


def test_rank_for_a_person_shows_the_cut_and_the_parts() -> None:
    """The table tells how many are in, and each part of each score."""
    printed = run("rank", SAMPLE).stdout
    assert "2026-02-03: 16 in, 9 left out by the cut" in printed
    first = next(line for line in printed.splitlines() if "79.63" in line)
    assert ["11.51", "47.43", "0.69", "20.00", "79.63"] == re.findall(r"\d+\.\d\d", first)


def test_rank_takes_the_listings_own_day() -> None:
    """Without --date a listing is ranked as of its own day, with it as of that one."""
    own, later = (json.loads(run("rank", SAMPLE, "--json", *more).stdout) for more in ([], ["--date", "2026-02-19"]))
    tiers = [next(row["tier"] for row in rows if row["organization"] == "Princeton AI Lab") for rows in (own, later)]
    assert [None, "frontier"] == tiers


def test_rank_with_a_policy_of_ones_own(tmp_path: Path) -> None:
    """A changed weight changes the scores."""
    policy = tmp_path / "policy.toml"
    text = (ROOT / "shared" / "paperboy" / "policy.toml").read_text(encoding="utf-8")
    policy.write_text(text.replace("stars = 6 ", "stars = 0 "), encoding="utf-8")
    rows = json.loads(run("rank", SAMPLE, "--policy", policy, "--json").stdout)
    assert 0 == max(row["parts"]["stars"] for row in rows)


def test_render_without_summaries_is_marked() -> None:
    """A page without summaries says of each paper that there is no Chinese one."""
    page = run("render", SAMPLE, "--date", "2026-02-03").stdout
    assert 16 == page.count("*中文摘要暂缺")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file or directory"),
        (b"{not json", "is no JSON"),
        (b"[" * 200_000, "is no JSON"),
        (b'{"error": "no"}', "is no listing: expected a JSON list of papers, got dict"),
        (gzip.compress(b"[]", mtime=0)[:-6], "cannot be read"),
        (b"\x1f\x8bgarbage", "cannot be read"),
        (b"\xff\xfe\x00", "is no JSON"),
    ],
)
def test_a_bad_listing_is_named(tmp_path: Path, content: bytes | None, said: str) -> None:
    """A file that is no listing is an error with its name and what is wrong."""
    listing = tmp_path / "listing.json"
    if content is not None:
        listing.write_bytes(content)
    error = run("rank", listing).exception
    assert isinstance(error, PaperboyError)
    assert str(error).startswith(str(listing))
    assert said in str(error)


def test_a_bad_item_is_told_and_costs_no_other(tmp_path: Path) -> None:
    """An item that is no paper is told on standard error; the others are ranked."""
    listing = tmp_path / "listing.json"
    listing.write_text(json.dumps([*json.loads(SAMPLE.read_text(encoding="utf-8")), "odd"]), encoding="utf-8")
    result = run("rank", listing, "--json")
    assert 25 == len(json.loads(result.stdout))
    assert "item 26 is left out" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["render", "EMPTY", "--date", "2026-02-03"], "the listing has no papers"),
        (["render", "SAMPLE", "--date", "2026-02-03", "--summaries", "ODD"], "2602.02343.summary: Field required"),
        (["rank", "SAMPLE", "--policy", "ODD"], "expected TOML"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, arguments: list[str], said: str) -> None:
    """An empty listing, bad summaries and a bad policy are each one error that says what was expected."""
    files = {"EMPTY": "[]", "ODD": '{"2602.02343": {"title": "题目"}}'}
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    places = {"SAMPLE": SAMPLE, **{name: tmp_path / name for name in files}}
    error = run(*(places.get(argument, argument) for argument in arguments)).exception
    assert isinstance(error, PaperboyError)
    assert said in str(error)


def test_a_bad_day_is_a_usage_error() -> None:
    """A day that is none is told with how to write one."""
    result = run("rank", SAMPLE, "--date", "tomorrow")
    assert 2 == result.exit_code
    assert "write it as 2026-02-03" in " ".join(result.stderr.replace("│", " ").split())
