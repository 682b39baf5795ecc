"""The policy: what its file may say, which organisations are labs, and which titles hold a keyword."""

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from paperboy.papers.policy import Keywords, Policy, PolicyError, load_policy

BEFORE, SECOND_LIST, CORRECTED = date(2026, 2, 18), date(2026, 2, 19), date(2026, 11, 22)
BUNDLED = (Path(__file__).parents[2] / "shared/paperboy/papers/policy.toml").read_text("utf-8")


def policy_with(tmp_path: Path, old: str, new: str) -> Policy:
    """The bundled policy after one edit of its text."""
    assert BUNDLED.count(old) == 1, f"{old!r} has to be in the bundled policy once"
    file = tmp_path / "policy.toml"
    file.write_text(BUNDLED.replace(old, new), "utf-8")
    return load_policy(file)


def with_lab(tmp_path: Path, lab: str) -> Policy:
    return policy_with(tmp_path, "frontier = [\n", f"frontier = [\n    {lab},\n")


@pytest.mark.parametrize(
    ("organization", "before", "second_list", "corrected"),
    [
        ("OpenAI", "super", "super", "super"),
        ("bytedance-research", "super", "super", "super"),
        ("Mistral AI_", "super", "super", "super"),
        ("零一万物科技", "super", "super", "super"),
        ("Google", "frontier", "frontier", "frontier"),
        ("Google DeepMind", "super", "super", "super"),
        ("LAMM: MIT Laboratory", "frontier", "frontier", "frontier"),
        ("Baichuan Intelligent Technology", "super", "frontier", "frontier"),
        ("StepFun", None, "super", "super"),
        ("Tongyi-MAI", None, "super", "super"),
        ("Perception and LANguage Lab @UIUC", None, "frontier", "frontier"),
        ("Columbia University", None, "frontier", "frontier"),
        ("AI at Meta", None, None, "super"),
        ("Meta Research", None, None, "super"),
        ("Z.ai", None, None, "super"),
        ("shanghai ailab ", None, None, "frontier"),
        ("Carnegie  Mellon\nUniversity", None, None, "frontier"),
        ("Massachusetts Institute of Technology", None, None, "frontier"),
        ("Beijing Academy of Artificial Intelligence", None, None, "frontier"),
        ("University of British Columbia", None, None, None),
        ("University of Illinois Chicago", None, None, None),
        ("ITMO University", None, None, None),
        ("AI21", None, None, None),
        ("Fairfield University", None, None, None),
        ("", None, None, None),
        (None, None, None, None),
    ],
)
def test_tier(organization: str | None, before: str | None, second_list: str | None, corrected: str | None) -> None:
    """An organisation has the tier of a lab whose name it holds as whole words, as of the listing's own day."""
    policy = load_policy()
    actual = tuple(policy.tier_of(organization, day) for day in (BEFORE, SECOND_LIST, CORRECTED))
    assert (before, second_list, corrected) == actual


ACCIDENTS = {
    "University of British Columbia": "Columbia is a part of its name, not the university",
    "University of British Columbia - Okanagan Campus": "Columbia is a part of its name, not the university",
    "University of Illinois Chicago": "UIUC is the campus at Urbana-Champaign",
}
"""Organisations to which plain substring search gave a tier that is not theirs."""


@pytest.mark.parametrize(
    ("list_name", "day", "accidents"),
    [
        ("tier_original_feb2026", date(2026, 2, 3), set()),
        ("tier_original_latest", date(2026, 3, 31), set(ACCIDENTS)),
    ],
)
def test_tiers_of_a_year(shared_data: Path, list_name: str, day: date, accidents: set[str]) -> None:
    """Every organisation of a year has the tier that the list of the time gave it, but for the known accidents."""
    policy = load_policy()
    organizations = json.loads(gzip.decompress((shared_data / "data/organizations.json.gz").read_bytes()))
    differing = {
        row["fullname"] for row in organizations if (policy.tier_of(row["fullname"], day) or "none") != row[list_name]
    }
    assert accidents == differing


@pytest.mark.parametrize(
    ("day", "tier"),
    [
        (date(2026, 3, 1), None),
        (date(2026, 3, 2), "frontier"),
        (date(2026, 3, 8), "frontier"),
        (date(2026, 3, 9), None),
    ],
)
def test_joined_and_left(tmp_path: Path, day: date, tier: str | None) -> None:
    """A lab counts from the day it joined up to the day before it left."""
    policy = with_lab(tmp_path, '{ name = "Kyutai", joined = 2026-03-02, left = 2026-03-09 }')
    assert tier == policy.tier_of("Kyutai", day)


def test_super_wins(tmp_path: Path) -> None:
    """An organisation that matches labs of both tiers is Super."""
    assert with_lab(tmp_path, '{ name = "Moonshot" }').tier_of("Moonshot AI", BEFORE) == "super"


def test_a_name_may_return(tmp_path: Path) -> None:
    """A name may be there twice when the second line joins as the first one leaves."""
    policy = with_lab(tmp_path, '{ name = "Kyutai", left = 2026-03-02 }, { name = "Kyutai", joined = 2026-03-02 }')
    assert policy.tier_of("Kyutai", date(2026, 3, 2)) == "frontier"


@pytest.mark.parametrize(
    "lines",
    [
        '{ name = "Kyutai", joined = 2026-03-02 }, { name = "Kyutai", left = 2026-03-02 }',
        '{ name = "Kyutai", left = 2026-02-23 }, { name = "Kyutai", joined = 2026-03-02 }',
    ],
    ids=["the newer line first", "some days without"],
)
def test_a_name_may_return_in_any_order(tmp_path: Path, lines: str) -> None:
    """The two lines of a name that returns may stand in any order, and there may be days between them."""
    assert with_lab(tmp_path, lines).tier_of("Kyutai", date(2026, 3, 2)) == "frontier"


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("decimals = 2 ", "decimals = 0", {"decimals": 0}),
        ("decimals = 2 ", "decimals = 10", {"decimals": 10}),
        ("stars = 2000", "stars = 0", {"viral": {"stars": 0, "upvotes": 500}}),
        ("upvotes = 5 ", "upvotes = 0", {"weights": {"upvotes": 0, "stars": 6, "comments": 1}}),
        ("floor = 10", "floor = 0", {"cut": {"pool": 50, "floor": 0}}),
        ("floor = 10", "floor = 50", {"cut": {"pool": 50, "floor": 50}}),
        ("pool = 50", "pool = 10", {"cut": {"pool": 10, "floor": 10}}),
        ("keywords = []", 'keywords = [" RL ", "7"]', {"relevant": {"keywords": ("RL", "7"), "bonus": 10}}),
    ],
)
def test_least_and_most(tmp_path: Path, old: str, new: str, changed: dict[str, Any]) -> None:
    """A policy may have the least and the most of each number, and says then what its file says."""
    assert load_policy().model_dump() | changed == policy_with(tmp_path, old, new).model_dump()


@pytest.mark.parametrize(
    ("keyword", "title", "found"),
    [
        ("Agent", "Agentic search", True),
        ("Agent", "multi-agent debate", True),
        ("Agent", "WebAgent", True),
        ("Agent", "VLAAgent", True),
        ("Agent", "Reagents in chemistry", False),
        ("agent", "WebAgent", True),
        ("Vision", "OneVision", True),
        ("Vision", "VISION", True),
        ("Vision", "Self-Supervision", False),
        ("Vision", "SUPERVISION", False),
        ("World Model", "A world modeling benchmark", True),
        ("World Model", "The world of models", False),
        ("LLM", "MLLM", True),
        ("LLM", "vLLMs", True),
        ("LLM", "LLM4Rec", True),
        ("LLM", "LLMRouter", True),
        ("LLM", "llm", True),
        ("RAG", "GraphRAG: a survey", True),
        ("RAG", "RAGs", True),
        ("RAG", "Leveraging", False),
        ("RAG", "Ragged", False),
        ("RAG", "RAGE", False),
        ("RAG", "WebAgent", False),
        ("C++", "C++ code", True),
    ],
)
def test_keyword(keyword: str, title: str, found: bool) -> None:
    """A keyword counts at the start of a word or hump; an acronym ends one, and may carry a prefix and a plural s."""
    assert found == Keywords(keywords=(keyword,)).found_in(title)


def test_no_keywords() -> None:
    """Without keywords no title matches."""
    assert not Keywords(keywords=()).found_in("Agent")


ERRORS = {
    "negative": ("upvotes = 5 ", "upvotes = -5", "weights.upvotes: expected greater than or equal to 0, found -5"),
    "text": ("upvotes = 5 ", 'upvotes = "5"', "weights.upvotes: expected a valid number, found '5'"),
    "boolean": ("upvotes = 5 ", "upvotes = true", "weights.upvotes: expected a valid number, found True"),
    "infinite": ("upvotes = 5 ", "upvotes = inf", "weights.upvotes: expected a finite number, found inf"),
    "missing": ("upvotes = 5 ", "", "weights.upvotes: expected a value, found none"),
    "unknown": ("upvotes = 5 ", "upvotes = 5\nstar = 1", "weights.star: expected a known key, such as 'stars'"),
    "unlike": ("upvotes = 5 ", "upvotes = 5\nqqq = 1", "weights.qqq: expected a known key"),
    "unknown below": (
        '{ name = "Google" }',
        '{ name = "Google", alias = ["x"] }',
        "labs.frontier[0].alias: expected a known key, such as 'aliases'",
    ),
    "unknown on top": (
        "decimals = 2 ",
        "decimals = 2\ndecimal = 2",
        "decimal: expected a known key, such as 'decimals'",
    ),
    "below nothing": ("decimals = 2 ", "decimals = -1", "decimals: expected greater than or equal to 0, found -1"),
    "half a decimal": ("decimals = 2 ", "decimals = 2.0", "decimals: expected a valid integer, found 2.0"),
    "votes below nothing": ("stars = 2000", "stars = -1", "viral.stars: expected greater than or equal to 0, found -1"),
    "a line": (
        "keywords = []",
        'keywords = ["_"]',
        "relevant.keywords[0]: expected a letter or digit in it, found '_'",
    ),
    "left before": (
        '"Google"',
        '"Google", joined = 2026-03-02, left = 2026-03-01',
        "labs.frontier[0].left: expected a day after 2026-03-02, when it joined, found 2026-03-01",
    ),
    "decimals": ("decimals = 2 ", "decimals = 11", "decimals: expected less than or equal to 10, found 11"),
    "threshold": ("stars = 2000", "stars = 2000.5", "viral.stars: expected a valid integer, found 2000.5"),
    "tier": ('tier = "super"', 'tier = "hyper"', "must_read.tier: expected 'super' or 'frontier', found 'hyper'"),
    "keywords": ("keywords = []", 'keywords = "RL"', "relevant.keywords: expected an array, found 'RL'"),
    "keyword": (
        "keywords = []",
        'keywords = [" "]',
        "relevant.keywords[0]: expected a letter or digit in it, found ' '",
    ),
    "pool": ("pool = 50", "pool = 0", "cut.pool: expected greater than or equal to 1, found 0"),
    "floor": ("floor = 10", "floor = 51", "cut.floor: expected at most the pool of 50, found 51"),
    "nameless": ('{ name = "Google" }', "{}", "labs.frontier[0].name: expected a value, found none"),
    "blank": ('"Google"', '""', "labs.frontier[0].name: expected a letter or digit in it, found ''"),
    "no table": ('{ name = "Google" }', '"Google"', "labs.frontier[0]: expected a table, found 'Google'"),
    "no date": (
        '"Google"',
        '"Google", joined = "soon"',
        "labs.frontier[0].joined: expected a valid date, found 'soon'",
    ),
    "left": (
        '"Google"',
        '"Google", joined = 2026-03-02, left = 2026-03-02',
        "labs.frontier[0].left: expected a day after 2026-03-02, when it joined, found 2026-03-02",
    ),
    "twice": (
        '"FAIR"',
        '"FAIR", aliases = ["google"]',
        "labs.frontier: expected a name once at a time, found 'google' twice",
    ),
    "overlapping": (
        '"FAIR"',
        '"FAIR", left = 2026-03-02 }, { name = "fair", joined = 2026-03-01',
        "labs.frontier: expected a name once at a time, found 'fair' twice",
    ),
}


@pytest.mark.parametrize(("old", "new", "message"), ERRORS.values(), ids=ERRORS)
def test_wrong_value(tmp_path: Path, old: str, new: str, message: str) -> None:
    """A wrong policy is refused with its key, what was expected there and what was found."""
    with pytest.raises(PolicyError) as error:
        policy_with(tmp_path, old, new)
    assert f"{tmp_path / 'policy.toml'}: {message}" == str(error.value)


def test_every_complaint_is_told(tmp_path: Path) -> None:
    """A policy with two mistakes is refused with both, a line each."""
    with pytest.raises(PolicyError, match=r"weights\.upvotes: .*\n.*weights\.star: "):
        policy_with(tmp_path, "upvotes = 5 ", "upvotes = -1\nstar = 6")


def test_complaints_are_lines(tmp_path: Path) -> None:
    """Each line of what is wrong with a policy begins with its file, and holds one complaint and nothing else."""
    with pytest.raises(PolicyError) as error:
        policy_with(tmp_path, "upvotes = 5 ", "upvotes = -1\nstar = 6")
    file = tmp_path / "policy.toml"
    assert [
        f"{file}: weights.upvotes: expected greater than or equal to 0, found -1",
        f"{file}: weights.star: expected a known key, such as 'stars'",
    ] == str(error.value).split("\n")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"decimals = 2\nweights =\n", r"expected TOML in UTF-8: Invalid value \(at line 2, column 10\)"),
        (b"decimals = 2 # \xff", "expected TOML in UTF-8: .*invalid start byte"),
    ],
    ids=["missing", "no TOML", "no UTF-8"],
)
def test_unusable_file(tmp_path: Path, content: bytes | None, message: str) -> None:
    """A file that is missing or no TOML is refused with the reason, and the line where there is one."""
    file = tmp_path / "policy.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(PolicyError, match=message):
        load_policy(file)


def test_fingerprint_is_stable() -> None:
    """The fingerprint is 16 hex digits and the same for policies loaded apart."""
    assert load_policy().fingerprint(BEFORE) == load_policy().fingerprint(BEFORE)
    assert len(bytes.fromhex(load_policy().fingerprint(BEFORE))) == 8


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("upvotes = 5 ", "upvotes = 5.5"),
        ("decimals = 2 ", "decimals = 3"),
        ("stars = 2000", "stars = 2001"),
        ("pool = 50", "pool = 49"),
        ("keywords = []", 'keywords = ["RL"]'),
        ('{ name = "Google" },', ""),
    ],
)
def test_fingerprint_follows_the_rules(tmp_path: Path, old: str, new: str) -> None:
    """A change of any rule changes the fingerprint of every day."""
    assert load_policy().fingerprint(BEFORE) != policy_with(tmp_path, old, new).fingerprint(BEFORE)


def test_fingerprint_of_an_old_day(tmp_path: Path) -> None:
    """A lab that joins later changes the fingerprint from its own day on, and of no day before it."""
    old, new = load_policy(), with_lab(tmp_path, '{ name = "Kyutai", joined = 2026-02-19 }')
    assert old.fingerprint(BEFORE) == new.fingerprint(BEFORE)
    assert old.fingerprint(SECOND_LIST) != new.fingerprint(SECOND_LIST)


def test_fingerprint_ignores_spelling(tmp_path: Path) -> None:
    """The order and the letter case of the lines are no rules."""
    new = policy_with(tmp_path, '{ name = "Google" },\n    { name = "FAIR" }', '{ name = "fair" }, { name = "GOOGLE" }')
    assert load_policy().fingerprint(BEFORE) == new.fingerprint(BEFORE)
