"""`paperboy render`: the Markdown page of a saved listing, offline."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paperboy_cli.errors import PaperboyError
from paperboy_cli.options import OwnPolicy, SavedListing, parse_day

if TYPE_CHECKING:
    from paperboy.languages.language import Language
    from paperboy.papers.listing import Listing
    from paperboy.papers.policy import Policy
    from paperboy.summaries.summary import Summary


def render(
    listing: SavedListing,
    date: Annotated[dt.date, typer.Option(parser=parse_day, metavar="DAY", help="The digest's day.")],
    policy: OwnPolicy = None,
    summaries: Annotated[
        Path | None,
        typer.Option(help='JSON with summaries by paper id: {"title", "summary", "highlights": [..]}.'),
    ] = None,
    language: Annotated[str, typer.Option(help="What the page is told in: zh or en.")] = "zh",
) -> None:
    """Write the Markdown page of a saved listing to standard output, offline."""
    from paperboy_cli.commands.offline import load_listing, load_own_policy

    papers, _ = load_listing(listing)
    own = load_summaries(summaries) if summaries else {}
    page = markdown_page(papers, load_own_policy(policy), date, own, _load_language(language))
    sys.stdout.buffer.write(page.encode())


def load_summaries(path: Path) -> dict[str, Summary]:
    """Summaries by paper id: `{id: {"title", "summary", "highlights": [..]}}`.

    Raises PaperboyError that names the first bad one.
    """
    from pydantic import TypeAdapter, ValidationError

    from paperboy.errors import validation_message
    from paperboy.summaries.summary import Rung, Summary
    from paperboy_cli.commands.offline import load_json

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


def _load_language(code: str) -> Language:
    from paperboy.languages.language import LanguageError, load_language

    try:
        return load_language(code)
    except LanguageError as error:
        raise PaperboyError(f"--language: {error}.") from error
