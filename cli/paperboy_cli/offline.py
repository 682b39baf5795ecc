"""What can be done with a saved listing and no stack: rank it, and write its page."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from rich import box
from rich.table import Table as Grid
from rich.text import Text

from paperboy import pages
from paperboy.digest import assemble
from paperboy.language import Language
from paperboy.listing import Listing, ListingError, read_listing
from paperboy.paper import Paper
from paperboy.policy import Policy
from paperboy.ranking import Ranked, Ranking, rank
from paperboy.records import Day, RankingRecord, Run, SummaryRecord, papers_hash
from paperboy.summary import Rung, Summary
from paperboy.wrong import in_words
from paperboy_cli.errors import PaperboyError

GZIP = b"\x1f\x8b"


def load_json(path: Path) -> Any:
    """The JSON in a file, gzipped or not. Raises PaperboyError that says what is wrong with the file."""
    try:
        content = path.read_bytes()
        return json.loads(gzip.decompress(content) if content.startswith(GZIP) else content)
    except (OSError, EOFError, zlib.error) as error:
        raise PaperboyError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    except (ValueError, RecursionError) as error:
        raise PaperboyError(f"{path} is no JSON that can be read: {error}.") from error


def load_listing(path: Path) -> tuple[Listing, dt.date | None]:
    """A saved answer of the Daily Papers API, and the day that it is of, if it says so."""
    answer = load_json(path)
    try:
        return read_listing(answer), _day_of(answer)
    except ListingError as error:
        raise PaperboyError(f"{path} is no listing: {error}.") from error


def _day_of(answer: list[Any]) -> dt.date | None:
    """The day on which most of the items joined the Daily Papers: in every real listing it is the listing's own."""
    papers = (item["paper"] for item in answer if isinstance(item, dict) and isinstance(item.get("paper"), dict))
    joined = Counter(str(paper.get("submittedOnDailyAt"))[:10] for paper in papers)
    for day, _ in joined.most_common(1):
        try:
            return dt.date.fromisoformat(day)
        except ValueError:
            return None
    return None


def ranked_json(listing: Listing, ranking: Ranking) -> str:
    """Every listed paper in rank order, for programs."""
    papers = {paper.id: paper for paper in listing.papers}
    return json.dumps([_row(papers[row.id], row) for row in ranking.rows], ensure_ascii=False, indent=1)


def _row(paper: Paper, row: Ranked) -> dict[str, object]:
    ranked = row.model_dump()
    return {
        "rank": row.rank,
        "id": row.id,
        "title": paper.title,
        "organization": paper.organization or "Unknown",
        "upvotes": paper.upvotes or 0,
        "stars": paper.stars or 0,
        "comments": paper.comments or 0,
        **{name: ranked[name] for name in ("tier", "tags", "trophy", "parts", "score", "selected")},
    }


def ranked_table(listing: Listing, ranking: Ranking, day: dt.date) -> Grid:
    """The ranking for a person: the parts of each score, and where the cut fell."""
    papers = {paper.id: paper for paper in listing.papers}
    selected = len(ranking.selected)
    grid = Grid(
        title=f"{day}: {selected} in, {len(ranking.rows) - selected} left out by the cut",
        caption="score = the points of upvotes, stars and comments + the bonus of the lab's tier and your own keywords",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for heading in ("#", "paper"):
        grid.add_column(heading)
    for heading in ("upvotes", "stars", "comm.", "bonus", "score"):
        grid.add_column(heading, justify="right", no_wrap=True)
    for row in ranking.rows:
        paper, parts = papers[row.id], row.parts
        points = (parts.upvotes, parts.stars, parts.comments, parts.bonus + parts.relevant, row.score)
        grid.add_row(
            str(row.rank),
            _cell(paper, row),
            *(f"{part:.2f}" for part in points),
            style="" if row.selected else "dim",
            end_section=row.rank == selected,
        )
    return grid


def _cell(paper: Paper, row: Ranked) -> Text:
    signals = f"{paper.upvotes or 0} upvotes, {paper.stars or 0} stars, {paper.comments or 0} comm."
    about = [row.id, paper.organization or "Unknown", *row.tags, signals]
    return Text.assemble("🏆 " if row.trophy else "", (paper.title, "bold"), "\n", (" · ".join(about), "dim"))


def load_summaries(path: Path) -> dict[str, Summary]:
    """Summaries by paper id: `{id: {"title", "summary", "highlights": [..]}}`.

    Raises PaperboyError that names the first bad one.
    """
    given = load_json(path)
    try:
        texts = TypeAdapter(dict[str, dict[str, Any]]).validate_python(given)
        marked = {paper_id: text | {"rung": Rung.MODEL} for paper_id, text in texts.items()}
        return TypeAdapter(dict[str, Summary]).validate_python(marked)
    except ValidationError as error:
        raise PaperboyError(
            f'{path}: expected {{paper id: {{"title", "summary", "highlights": [..]}}}}; {in_words(error)}.'
        ) from error


def markdown(listing: Listing, policy: Policy, day: dt.date, summaries: dict[str, Summary], language: Language) -> str:
    """The Markdown page of a listing. Papers without a summary show what the listing has."""
    if not listing.papers:
        raise PaperboyError("the listing has no papers: there is no page to write.")
    run = Run(
        ids=tuple(paper.id for paper in listing.papers),
        papers_hash=papers_hash(listing.papers),
        policy_hash=policy.fingerprint(day),
        prompt="",
        listed=len(listing.papers) + len(listing.rejected),
        kept=0,
        rejected=listing.rejected,
        asked=dt.datetime.min.replace(tzinfo=dt.UTC),
        due=True,
    )
    records = Day(
        day=day,
        papers={paper.id: paper for paper in listing.papers},
        run=run,
        ranking=RankingRecord(attempt=run.attempt, ranking=rank(listing.papers, policy, day)),
        summaries={
            paper_id: SummaryRecord(summary=summary, source="", attempt=run.attempt)
            for paper_id, summary in summaries.items()
        },
    )
    digest = assemble(records)
    assert digest is not None  # noqa: S101 - a run that is due and has papers has a digest
    return pages.markdown(digest, language)
