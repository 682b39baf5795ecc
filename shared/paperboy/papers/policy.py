"""The policy: labs, keywords, weights, thresholds and the cut, read from one TOML file that a user edits.

The bundled ``policy.toml`` explains each of its lines. Nothing that it says is repeated in code.
"""

from __future__ import annotations

import json
import re
import reprlib
import tomllib
from collections.abc import Iterable
from datetime import date
from functools import cache, cached_property
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, ValidationInfo, field_validator

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Tier = Literal["super", "frontier"]
"""The rank of a listed lab. An organisation that is on no list has none."""

# Strict, because TOML has types of its own: `true` is no weight, and 50.5 papers are no pool.
_Points = Annotated[float, Field(ge=0, allow_inf_nan=False, strict=True)]
_Count = Annotated[int, Field(ge=0, strict=True)]
_Decimals = Annotated[int, Field(ge=0, le=10, strict=True)]
_Day = Annotated[date, Field(strict=True)]
_Text = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"[^\W_]")]


class PolicyError(ValueError):
    """A policy that cannot be used. Names each key that is wrong, what was found there and what was expected."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Weights(_Table):
    """Points for each signal, times ln(1 + count); 0 or more."""

    upvotes: _Points
    stars: _Points
    comments: _Points


class Bonus(_Table):
    """Points for a paper from a listed lab, by tier; 0 or more."""

    super: _Points
    frontier: _Points


class Viral(_Table):
    """The counts that a Viral paper exceeds, one or the other."""

    stars: _Count
    upvotes: _Count


class Keywords(_Table):
    """Words to find in an English title."""

    keywords: tuple[_Text, ...]

    def found_in(self, title: str) -> bool:
        """Whether the title holds one of the keywords.

        A keyword counts at the start of a word, in any case, or of a CamelCase part: "Agent" is in "agentic" and in
        "WebAgent", "Vision" is not in "Supervision". A keyword in capitals is an acronym, which has to end its word or
        part, but may have letters before it and a plural s: "LLM" is in "MLLM", "LLMs" and "LLMRouter", "RAG" is in
        "GraphRAG" and not in "Leveraging" or "Ragged".
        """
        return any(_keyword(keyword).search(title) for keyword in self.keywords)


class MustRead(Keywords):
    """Keywords that make a paper a Must Read when it comes from a lab of the tier."""

    tier: Tier


class Relevant(Keywords):
    """The reader's own keywords, and the points they bring; without keywords nothing is relevant."""

    bonus: _Points


class Cut(_Table):
    """How many papers may be in the digest (`pool`), and how many are in at least (`floor`)."""

    pool: Annotated[_Count, Field(ge=1)]
    floor: _Count

    @field_validator("floor")
    @classmethod
    def _within_pool(cls, floor: int, info: ValidationInfo) -> int:
        if floor > (pool := info.data.get("pool", floor)):
            raise ValueError(f"expected at most the pool of {pool}, found {floor}")
        return floor


class Lab(_Table):
    """A lab by its names, on the list from the listing of `joined` up to, but not with, the listing of `left`."""

    name: _Text
    aliases: tuple[_Text, ...] = ()
    joined: _Day | None = None
    left: _Day | None = None

    @field_validator("left")
    @classmethod
    def _after_joined(cls, left: date | None, info: ValidationInfo) -> date | None:
        joined = info.data.get("joined")
        if left and joined and left <= joined:
            raise ValueError(f"expected a day after {joined}, when it joined, found {left}")
        return left

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The name and the aliases as words."""
        return tuple(_words(name) for name in (self.name, *self.aliases))

    def is_listed(self, day: date) -> bool:
        """Whether the list of this day has the lab."""
        return (self.joined or date.min) <= day and (self.left is None or day < self.left)


class Labs(_Table):
    """The listed labs by tier."""

    super: tuple[Lab, ...]
    frontier: tuple[Lab, ...]

    @field_validator("super", "frontier")
    @classmethod
    def _one_line_a_name(cls, labs: tuple[Lab, ...]) -> tuple[Lab, ...]:
        lines = sorted(((name, lab.joined or date.min, lab) for lab in labs for name in lab.names), key=lambda x: x[:2])
        for (name, _, lab), (next_name, next_joined, _) in pairwise(lines):
            if name == next_name and next_joined < (lab.left or date.max):
                raise ValueError(f"expected a name once at a time, found {name.strip()!r} twice")
        return labs


class Policy(_Table):
    """What ranks the papers of a listing."""

    decimals: _Decimals
    weights: Weights
    bonus: Bonus
    viral: Viral
    must_read: MustRead
    relevant: Relevant
    cut: Cut
    labs: Labs

    def tier_of(self, organization: str | None, day: date) -> Tier | None:
        """The tier of an organisation in the listing of a day, by its full name; super wins over frontier.

        A lab's name counts where it stands as whole words, so that "ITMO University" is not MIT; case, punctuation and
        spacing do not matter.
        """
        name = _words(organization or "")
        if _holds(name, self.labs.super, day):
            return "super"
        if _holds(name, self.labs.frontier, day):
            return "frontier"
        return None

    def fingerprint(self, day: date) -> str:
        """16 hex digits that change with anything in the policy that counts for the listing of this day.

        A lab that joins later changes nothing for the days before it.
        """
        rules = self.model_dump(mode="json", exclude={"labs"})
        for tier, labs in self.labs:
            rules[tier] = sorted(name for lab in labs if lab.is_listed(day) for name in lab.names)
        return sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()[:16]


def load_policy(path: Path | None = None) -> Policy:
    """The policy in a TOML file, by default the bundled one.

    Raises PolicyError when the file cannot be read, is not TOML, or holds a value that is no policy.
    """
    path = path or Path(__file__).with_name("policy.toml")
    try:
        return Policy.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise PolicyError(f"{path}: cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise PolicyError("\n".join(f"{path}: {_complaint(detail)}" for detail in error.errors())) from error
    except (ValueError, RecursionError) as error:
        raise PolicyError(f"{path}: expected TOML in UTF-8: {error}") from error


def _words(name: str) -> str:
    """The words of a name in lower case, a space around each. Chinese has no spaces: each character is a word."""
    return f" {' '.join(re.findall(r'[\u4e00-\u9fff]|[^\W_\u4e00-\u9fff]+', name.casefold()))} "


def _holds(name: str, labs: Iterable[Lab], day: date) -> bool:
    return any(alias in name for lab in labs if lab.is_listed(day) for alias in lab.names)


@cache
def _keyword(keyword: str) -> re.Pattern[str]:
    text, start, end = re.escape(keyword), "(?<![A-Za-z])", "(?![A-Za-z])"
    if keyword.isupper():
        return re.compile(f"{start}(?i:{text}s?){end}|{text}(?:s?{end}|(?=[A-Z][a-z]))")
    hump = re.escape(keyword[0].upper() + keyword[1:])
    return re.compile(f"{start}(?i:{text})|{hump}")


def _complaint(error: ErrorDetails) -> str:
    key = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error["loc"]).lstrip(".")
    match error["type"]:
        case "missing":
            return f"{key}: expected a value, found none"
        case "extra_forbidden":
            return f"{key}: expected a known key{_nearest(str(error['loc'][-1]))}"
        case "value_error":
            return f"{key}: {error['msg'].removeprefix('Value error, ')}"
        case "model_type":
            expected = "expected a table"
        case "tuple_type":
            expected = "expected an array"
        case "string_pattern_mismatch":
            expected = "expected a letter or digit in it"
        case _:
            expected = error["msg"].replace("Input should be", "expected")
    return f"{key}: {expected}, found {reprlib.repr(error['input'])}"


def _nearest(key: str) -> str:
    from difflib import get_close_matches  # only a wrong policy needs it

    tables = (Policy, Weights, Bonus, Viral, MustRead, Relevant, Cut, Labs, Lab)
    near = get_close_matches(key, {name for table in tables for name in table.model_fields}, n=1)
    return f", such as {near[0]!r}" if near else ""
