"""The languages that a digest can be told in.

A language is data: `CODE.toml` with its labels and lengths, `CODE.md`, and in `paperboy.summaries.checks.WRITING`
how its texts are told from others. Nothing else in the project asks which language it is.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from paperboy.errors import validation_message

Code = Literal["zh", "en"]
"""The languages that there are, by their ISO 639 codes."""


class LanguageError(ValueError):
    """There is no such language, or its file has a mistake; the message names those that there are, or the key."""


def _with_places(*names: str) -> AfterValidator:
    """Of a label: it has these places to fill, such as ``{n}``, and no others."""

    def check(text: str) -> str:
        found = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
        if found != set(names):
            expected = " and ".join(f"{{{name}}}" for name in names) or "no {place}"
            raise ValueError(f"expected {expected} in it")
        return text

    return AfterValidator(check)


_Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
_Plain = Annotated[_Text, _with_places()]
_Counted = Annotated[_Text, _with_places("n")]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Bounds(_Table):
    """The characters that a text has, at least and at most."""

    least: Annotated[int, Field(ge=1)]
    most: int

    @model_validator(mode="after")
    def _in_order(self) -> Bounds:
        if self.least > self.most:
            raise ValueError("expected least to be no more than most")
        return self


class Lengths(_Table):
    """The bounds of a model's texts. Without those of a title none is asked for: the paper's own stands alone."""

    title: Bounds | None = None
    summary: Bounds
    highlight: Bounds


class Notices(_Table):
    """What is said of a summary that is not the one that was wanted, by what it is instead."""

    listing: _Plain
    abstract: _Plain
    earlier: _Plain
    """A model's, from when the digest was in another language."""


class ArchiveLabels(_Table):
    """What the pages across days say: the index, months, years and weeks."""

    ways: _Plain
    """The links from each to the others."""
    index: _Plain
    search: _Plain
    search_all: _Plain

    newest: _Plain
    whole: _Plain
    """The link from a digest's first lines to the whole."""
    months: _Plain
    """Above the calendars."""
    month: Annotated[_Text, _with_places("year", "month")]
    year: Annotated[_Text, _with_places("year")]
    years: _Plain
    """The links from a year to others."""
    whole_year: Annotated[_Text, _with_places("year")]
    jump: _Plain
    """The calendar of a month that leads to the days on its page."""

    week: Annotated[_Text, _with_places("year", "week")]
    week_column: _Plain
    week_row: Annotated[_Text, _with_places("week")]
    weekdays: Annotated[tuple[_Plain, ...], Field(min_length=7, max_length=7)]
    """From Monday on, as short as can be."""
    days_of_week: _Plain
    best: _Counted

    numbers: _Plain
    """What the numbers in a calendar count."""
    no_papers: _Plain
    some_low: _Plain


class FeedLabels(_Table):
    """What the feeds say, and what the index says of them."""

    subscribe: _Plain
    """How, above the feeds' links."""
    daily: _Plain
    papers: _Plain
    trophies: _Plain
    daily_json: _Plain
    """A link to each feed; what comes after the digest's name in its title."""
    private: _Plain
    """Why there are none where pages are private, and what to do."""


class AnnouncementLabels(_Table):
    """What a channel is told besides the papers."""

    date: Annotated[_Text, _with_places("month", "day", "weekday")]
    """A day, short enough for a phone's lock screen."""
    papers: _Counted
    trophies: _Counted
    """How many papers there are, after the day."""
    best: _Counted
    """The same after the week."""
    more: _Counted
    """How many papers a chat is not told."""
    on_web: _Plain
    """The link to the page."""

    subject_of_day: Annotated[_Text, _with_places("month", "day", "title")]
    subject_of_week: Annotated[_Text, _with_places("year", "week", "title")]
    """Of a mail, with the best paper's title."""
    low: _Counted
    rest: _Counted
    """Before the link to the page, where a mail does not hold all papers."""
    rest_private: _Counted
    """The same where there is no link."""


class ReadingLabels(_Table):
    """What a day's page says of the ways from it, and of a reader's marks."""

    month: _Plain
    """The way to the days before and after, on the page of their month."""
    bookmarked: _Plain
    read: _Plain


class SearchLabels(_Table):
    """What the page to search on says."""

    query: _Plain
    sort: _Plain
    newest: _Plain
    best: _Plain
    no_script: _Plain
    """Before the link to the index."""
    help: _Plain
    """What is searched, while nothing is asked for."""
    examples_label: _Plain
    examples: Annotated[tuple[_Plain, ...], Field(min_length=1)]
    keys: _Plain
    empty: _Plain
    """Where nothing is published yet."""
    selected: _Plain
    left_out: _Plain
    found: _Counted
    more: _Counted
    """How many more results a button shows."""
    nothing: _Plain
    nothing_hint: _Plain
    loading: Annotated[_Text, _with_places("months", "n", "all")]
    loading_months: _Plain
    failed: Annotated[_Text, _with_places("months")]
    failed_months: _Plain
    """Where not even the list of the months could be had."""
    retry: _Plain


class GreetingLabels(_Table):
    """What a channel is sent to show that it works: without a character that a channel's markup knows."""

    title: _Plain
    text: _Plain


class Labels(_Table):
    """All that the pages say of their own."""

    digest: _Plain
    date: Annotated[_Text, _with_places("year", "month", "day", "weekday")]
    months: Annotated[tuple[_Plain, ...], Field(min_length=12, max_length=12)]
    weekdays: Annotated[tuple[_Plain, ...], Field(min_length=7, max_length=7)]
    """From Monday on."""

    count: _Plain
    link: _Plain
    organization: _Plain
    score: _Plain
    tags: _Plain
    trophy: _Plain
    summary: _Plain
    nothing: _Plain
    """Where there is no summary of any kind."""
    highlights: _Plain
    abstract: _Plain
    authors: _Counted
    omitted: _Counted
    """In the middle of very many authors, of those that are not kept."""
    discussion: _Plain
    code: _Plain
    project_page: _Plain

    part: _Plain
    number: _Plain
    points: _Plain
    upvotes: _Plain
    stars: _Plain
    comments: _Plain
    bonus: _Plain
    relevant: _Plain
    total: _Plain
    score_parts: Annotated[_Text, _with_places("score")]
    rounded: _Plain
    """Where the parts of a score, each rounded, do not add up to it."""
    scoring: _Plain
    sources: _Plain

    receipt: _Plain
    listed: _Counted
    kept: _Counted
    selected: _Counted
    left_out: _Counted
    rejected: _Counted
    rejection_reasons: _Plain
    most_voted: _Plain
    lacking: _Counted
    """How many more upvotes would have brought a paper in."""
    usage: Annotated[_Text, _with_places("calls", "tokens")]
    usage_priced: Annotated[_Text, _with_places("calls", "tokens", "dollars")]

    glance: _Plain
    """The list of the day's papers, at its beginning."""
    papers: _Counted
    papers_of_day: _Counted
    low_of_day: _Counted
    open: _Plain
    low_count: _Counted

    low: Notices
    limited: Notices
    """Where a limit of the budget is why."""

    reading: ReadingLabels
    archive: ArchiveLabels
    feeds: FeedLabels

    search: SearchLabels
    announcement: AnnouncementLabels

    greeting: GreetingLabels

    def date_of(self, day: dt.date) -> str:
        """A day as its readers write it."""
        month, weekday = self.months[day.month - 1], self.weekdays[day.weekday()]
        return self.date.format(year=day.year, month=month, day=day.day, weekday=weekday)

    def short_date_of(self, day: dt.date) -> str:
        """A day of these weeks, without its year."""
        month, weekday = self.months[day.month - 1], self.weekdays[day.weekday()]
        return self.announcement.date.format(month=month, day=day.day, weekday=weekday)

    def month_of(self, name: str) -> str:
        """A month such as ``2026-02`` as its readers write it."""
        year, number = map(int, name.split("-"))
        return self.archive.month.format(year=year, month=self.months[number - 1])

    def week_of(self, name: str) -> str:
        """A week such as ``2026-W06`` as its readers write it."""
        year, number = map(int, name.split("-W"))
        return self.archive.week.format(year=year, week=number)


class Language(_Table):
    """A language that a digest is told in."""

    code: Code
    name: _Plain
    """In English, as a model is given it."""
    tag: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
    """As a browser is told it."""
    style: str = ""
    """What its pages add to `style.css`."""
    lengths: Lengths
    labels: Labels
    prompt: Annotated[str, StringConstraints(min_length=1)]
    """What a model is told to do (`paperboy.summaries.prompt`)."""


@cache
def load_language(code: str) -> Language:
    """The language of that code. Raises LanguageError where there is none, and for a mistake in its file."""
    if code not in get_args(Code):
        raise LanguageError(f"{code!r} is no language: expected {' or '.join(get_args(Code))}")
    folder = files("paperboy.languages")
    file, prompt = folder.joinpath(f"{code}.toml"), folder.joinpath(f"{code}.md")
    try:
        data = tomllib.loads(file.read_text("utf-8"))
        return Language.model_validate(data | {"code": code, "prompt": prompt.read_text("utf-8")})
    except ValidationError as error:
        raise LanguageError(f"{file}: {validation_message(error)}") from error
    except ValueError as error:
        raise LanguageError(f"{file}: expected TOML in UTF-8: {error}") from error
