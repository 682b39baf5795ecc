"""`paperboy rank`: a listing is ranked, without a stack."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from paperboy_cli.days import today
from paperboy_cli.options import AnyListing, AsJson, OwnPolicy, parse_day
from paperboy_cli.terminal import console, print_json

if TYPE_CHECKING:
    from rich.table import Table

    from paperboy.papers.listing import Listing
    from paperboy.papers.paper import Paper
    from paperboy.papers.ranking import Ranked, Ranking


def rank(
    listing: AnyListing,
    policy: OwnPolicy = None,
    date: Annotated[
        dt.date | None,
        typer.Option(parser=parse_day, metavar="DAY", help="Rank as of this day; by default the listing's own."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Rank the listing of a day, or a saved one: the parts of each score, and where the cut fell."""
    from paperboy.papers.ranking import rank as rank_papers
    from paperboy_cli.commands.inputs import load_listing, load_own_policy

    papers, own_day = load_listing(listing)
    day = date or own_day or today()
    ranking = rank_papers(papers.papers, load_own_policy(policy), day)
    if as_json:
        print_json(ranked_papers(papers, ranking), indent=1)
    else:
        console.print(ranking_table(papers, ranking, day))


def ranked_papers(listing: Listing, ranking: Ranking) -> list[dict[str, object]]:
    """Every listed paper in rank order, for programs."""
    papers = {paper.id: paper for paper in listing.papers}
    return [_fields(papers[row.id], row) for row in ranking.rows]


def _fields(paper: Paper, row: Ranked) -> dict[str, object]:
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


def ranking_table(listing: Listing, ranking: Ranking, day: dt.date) -> Table:
    """The ranking for a person: the parts of each score, and where the cut fell."""
    from rich import box
    from rich.table import Table

    papers = {paper.id: paper for paper in listing.papers}
    selected = len(ranking.selected)
    table = Table(
        title=f"{day}: {selected} in, {len(ranking.rows) - selected} left out by the cut",
        caption="score = the points of upvotes, stars and comments + the bonus of the lab's tier and your own keywords",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for heading in ("#", "paper"):
        table.add_column(heading)
    for part in ("upvotes", "stars", "comm.", "bonus"):
        table.add_column(f"{part}\npoints", justify="right", no_wrap=True)  # the counts stand below the title
    table.add_column("score", justify="right", no_wrap=True)
    for row in ranking.rows:
        paper, parts = papers[row.id], row.parts
        points = (parts.upvotes, parts.stars, parts.comments, parts.bonus + parts.relevant, row.score)
        table.add_row(
            str(row.rank),
            _cell(paper, row),
            *(f"{part:.2f}" for part in points),
            style="" if row.selected else "dim",
            end_section=row.rank == selected,
        )
    return table


def _cell(paper: Paper, row: Ranked) -> Text:
    signals = f"{paper.upvotes or 0} upvotes, {paper.stars or 0} stars, {paper.comments or 0} comm."
    about = [row.id, paper.organization or "Unknown", *row.tags, signals]
    return Text.assemble("🏆 " if row.trophy else "", (paper.title, "bold"), "\n", (" · ".join(about), "dim"))
