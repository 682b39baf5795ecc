"""A month of published days, in what the archive needs of them. It is read from the days' JSON pages, and is itself
published: as the *shard* of the month, which a search loads."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from functools import cached_property
from itertools import islice
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic_core import from_json

from paperboy.errors import validation_message
from paperboy.languages.language import Code
from paperboy.pages.json import FORMAT as PAGE_FORMAT
from paperboy.papers.paper import Address, PaperId
from paperboy.summaries.summary import Rung

SHARD_FORMAT = 1
"""The version of what a shard holds. A key that goes, or means something else, adds 1; a new key does not."""

MonthName = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
"""``2026-02``: names sort as months do."""


class ArchiveError(ValueError):
    """A day's page or a shard cannot be read; the message says what was wrong."""


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


class ArchivedPaper(_Kept):
    """A paper of a published day, without its votes."""

    id: PaperId
    link: Address
    """Where it is read."""
    number: int | None = None
    """Its place in the digest, from 1; None where the cut left it out."""
    title: str | None = None
    """The title that a model gave it in its day's language; None where there is none."""
    title_en: str
    organization: str
    authors: tuple[str, ...] = ()
    author_count: int = 0
    keywords: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    trophy: bool = False
    score: float
    summary: str = ""
    """Empty for a paper that was left out."""
    summary_language: Code | None = None
    """The language that the summary is in, whatever was wanted; None where that cannot be told."""
    highlights: tuple[str, ...] = ()
    rung: Rung | None = None
    written_at: AwareDatetime | None = None
    """When the summary became what it is; None where that is not known."""
    pdf: Address | None = None
    repository: Address | None = None
    project_page: Address | None = None


class ArchivedDay(_Kept):
    """A published day: the papers of its digest in its order, then those that were left out, by rank."""

    day: Annotated[dt.date, Field(ge=dt.date(1000, 1, 1), le=dt.date(9998, 12, 31))]
    """Of a year that is written with four digits, and with days before and after it."""
    language: Code
    """What its digest is told in."""
    open: bool = False
    """Whether a later run can still mend it."""
    papers: tuple[ArchivedPaper, ...]

    @classmethod
    def of_page(cls, text: str) -> Self:
        """The day of a JSON page, of this release or an earlier one. Raises ArchiveError where that cannot be read."""
        try:
            page: Any = from_json(text, allow_inf_nan=False)
            if page.get("format", 1) <= PAGE_FORMAT:
                return cls.model_validate(page | {"papers": _papers_of(page)})
        except ValidationError as error:
            raise ArchiveError(validation_message(error)) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ArchiveError(f"expected the JSON page of a digest: {error!r}") from error
        raise ArchiveError(f"format: expected {PAGE_FORMAT} at most, got {page['format']!r}")

    @cached_property
    def selected(self) -> tuple[ArchivedPaper, ...]:
        """The papers of the digest, in its order."""
        return tuple(paper for paper in self.papers if paper.number is not None)

    @property
    def low(self) -> int:
        """How many papers of the digest have no model's summary."""
        return sum(paper.rung is not None and paper.rung.low for paper in self.selected)

    @property
    def month(self) -> str:
        """The name of its month: ``2026-02``."""
        return month_of(self.day)


class Month(_Kept):
    """The published days of a month, oldest first, and the days that had no papers."""

    format: int = SHARD_FORMAT
    month: MonthName
    days: tuple[ArchivedDay, ...]
    empty: tuple[dt.date, ...] = ()
    """The days of the month whose listing had no papers: weekends and holidays."""

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        days = [each.day for each in self.days]
        if days != sorted(set(days)) or any(month_of(day) != self.month for day in [*days, *self.empty]):
            raise ValueError(f"expected days of {self.month}, each once and oldest first")
        return self

    @classmethod
    def of(cls, name: str, days: Iterable[ArchivedDay], empty: Iterable[dt.date]) -> Self:
        """The month of that name, of its `days` and its `empty` ones, in whatever order they come."""
        return cls(month=name, days=tuple(sorted(days, key=lambda each: each.day)), empty=tuple(sorted(empty)))

    @classmethod
    def of_shard(cls, text: str) -> Self:
        """The month in a shard. Raises ArchiveError for one that cannot be read, or is of another format."""
        try:
            shard: Any = from_json(text, allow_inf_nan=False)
            if shard["format"] == SHARD_FORMAT:
                return cls.model_validate(shard | {"days": _days_of(shard)})
        except ValidationError as error:
            raise ArchiveError(validation_message(error)) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ArchiveError(f"expected the shard of a month: {error!r}") from error
        raise ArchiveError(f"format: expected {SHARD_FORMAT}, got {shard['format']!r}")

    def shard(self) -> str:
        """The month as a search loads it: its days, each with the `count` of its papers, and each field of all papers,
        null where it has its default.

        So names stand by names and Chinese by Chinese, and gzip, which looks back 32 KB, makes it a seventh smaller.
        """
        kept = {"format": self.format} | self.model_dump(mode="json", exclude_defaults=True)
        papers = [paper for day in kept["days"] for paper in day["papers"]]
        kept["days"] = [day | {"count": len(day.pop("papers"))} for day in kept["days"]]
        names = [name for name in ArchivedPaper.model_fields if any(name in paper for paper in papers)]
        kept["papers"] = {name: [paper.get(name) for paper in papers] for name in names}
        return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def month_of(day: dt.date) -> str:
    """The name of a day's month: ``2026-02``."""
    return f"{day:%Y-%m}"


def _papers_of(page: dict[str, Any]) -> list[dict[str, Any]]:
    """The papers of a day's page: those of the digest, then those that were left out, by rank."""
    own_title = f"title_{page['language']}"
    selected = [paper | {"title": _own_title(paper, own_title)} for paper in page["papers"]]
    left_out = sorted(page["left_out"], key=lambda paper: paper["rank"])
    return [*selected, *(paper | {"number": None, "title": None} for paper in left_out)]


def _days_of(shard: dict[str, Any]) -> list[dict[str, Any]]:
    """The days in a shard, with their papers. Raises ValueError where fields or days have another number of those."""
    fields = shard["papers"]
    papers = [
        {name: value for name, value in zip(fields, values, strict=True) if value is not None}
        for values in zip(*fields.values(), strict=True)
    ]
    if len(papers) != sum(day["count"] for day in shard["days"]):
        raise ValueError("its days have another number of papers")
    rest = iter(papers)
    return [day | {"papers": list(islice(rest, day["count"]))} for day in shard["days"]]


def _own_title(paper: dict[str, Any], key: str) -> str | None:
    """The title under a key that is named after a language; an English digest's papers have none but their own."""
    title: str | None = paper[key]
    return title if key != "title_en" else None
