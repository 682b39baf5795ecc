"""`paperboy render`: the Markdown page of a listing, without a stack."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paperboy_cli.errors import PaperboyError
from paperboy_cli.options import AnyListing, OptionalSummaries, OwnLanguage, OwnPolicy, parse_day
from paperboy_cli.terminal import warn

if TYPE_CHECKING:
    from paperboy.languages.language import Language
    from paperboy.papers.listing import Listing
    from paperboy.papers.policy import Policy
    from paperboy.summaries.summary import Summary


def render(
    listing: AnyListing,
    date: Annotated[
        dt.date | None,
        typer.Option(parser=parse_day, metavar="DAY", help="The digest's day; by default the listing's own."),
    ] = None,
    policy: OwnPolicy = None,
    summaries: OptionalSummaries = None,
    language: OwnLanguage = "zh",
) -> None:
    """Write the Markdown page of a day's listing, or of a saved one, to standard output."""
    from paperboy_cli.commands.inputs import load_listing, load_own_language, load_own_policy

    papers, own_day = load_listing(listing)
    day = date or own_day
    if day is None:
        raise PaperboyError(f"{listing} does not say which day it is of: name it with --date.")
    if own_day and own_day != day:
        warn(f"the listing is of {own_day}, and the page is dated {day} all the same.")
    own = load_summaries(summaries) if summaries else {}
    page = markdown_page(papers, load_own_policy(policy), day, own, load_own_language(language))
    sys.stdout.buffer.write(page.encode(errors="replace"))


def load_summaries(path: Path) -> dict[str, Summary]:
    """Summaries by paper id: `{id: {"title", "summary", "highlights": [..]}}`.

    Raises PaperboyError that names the first bad one.
    """
    from pydantic import TypeAdapter, ValidationError

    from paperboy.errors import validation_message
    from paperboy.summaries.summary import Rung, Summary
    from paperboy_cli.commands.inputs import load_json

    content = load_json(path)
    try:
        texts = TypeAdapter(dict[str, dict[str, Any]]).validate_python(content)
        with_rung = {paper_id: text | {"rung": Rung.MODEL} for paper_id, text in texts.items()}
        return TypeAdapter(dict[str, Summary]).validate_python(with_rung)
    except ValidationError as error:
        raise PaperboyError(
            f'{path}: expected {{paper id: {{"title", "summary", "highlights": [..]}}}}; {validation_message(error)}.'
        ) from error


def markdown_page(
    listing: Listing, policy: Policy, day: dt.date, summaries: Mapping[str, Summary], language: Language
) -> str:
    """The Markdown page of a listing. Papers without a summary show what the listing has.

    Raises PaperboyError where there are no papers.
    """
    from paperboy.days.digest import assemble
    from paperboy.days.records import DayRecords, RankingRecord, Run, SummaryRecord, papers_hash
    from paperboy.pages import markdown
    from paperboy.papers.ranking import rank
    from paperboy.summaries.prompt import NO_MODEL

    if not listing.papers:
        raise PaperboyError("the listing has no papers: there is no page to write.")
    run = Run(
        attempt=1,
        ids=tuple(paper.id for paper in listing.papers),
        papers_hash=papers_hash(listing.papers),
        policy_hash=policy.fingerprint(day),
        prompt_version=NO_MODEL,
        listed=len(listing.papers) + len(listing.rejections),
        kept=0,
        rejections=listing.rejections,
        scheduled_at=dt.datetime.min.replace(tzinfo=dt.UTC),
        due=True,
    )
    records = DayRecords(
        day=day,
        papers={paper.id: paper for paper in listing.papers},
        run=run,
        ranking=RankingRecord(attempt=run.attempt, rows=rank(listing.papers, policy, day).rows),
        summaries={
            paper_id: SummaryRecord(summary=summary, input_hash="", attempt=run.attempt)
            for paper_id, summary in summaries.items()
        },
    )
    digest = assemble(records)
    assert digest is not None  # noqa: S101 - a run that is due and has papers has a digest
    return markdown.write(digest, language)
