"""`paperboy check`: the checks on a model's texts alone, offline, on texts that are there."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import typer
from rich.padding import Padding
from rich.text import Text

from paperboy_cli.errors import PaperboyError
from paperboy_cli.options import AsJson, OwnLanguage, OwnSummaries, SavedListing
from paperboy_cli.terminal import console, print_json, printable

if TYPE_CHECKING:
    from paperboy.languages.language import Language
    from paperboy.papers.listing import Listing
    from paperboy.papers.paper import Paper

NEXT_REASON = re.compile(r"; (?=(?:reply|title|summary|highlights(?:\.\d+)?): )")
"""Where one of several reasons ends and the next one, which names its field, begins."""


def check(
    listing: SavedListing, summaries: OwnSummaries, language: OwnLanguage = "zh", as_json: AsJson = False
) -> None:
    """Hold summaries against the papers of a saved listing, offline, as the reply of a model is.

    Their shape, lengths, language, numbers and names. Ends with 1 where one of them would be refused.
    """
    from paperboy_cli.commands.inputs import load_json, load_listing, load_own_language

    papers, _ = load_listing(listing)
    texts = load_json(summaries)
    if not isinstance(texts, dict):
        raise PaperboyError(f"{summaries}: expected summaries by paper id, got a JSON {type(texts).__name__}.")
    reasons = refusals_of(papers, texts, load_own_language(language))
    if as_json:
        print_json(reasons, indent=1)
    else:
        _show(papers, reasons)
    if any(reasons.values()):
        raise typer.Exit(1)


def refusals_of(listing: Listing, texts: dict[str, Any], language: Language) -> dict[str, list[str]]:
    """For each paper of `texts` why its summary would be refused; nothing where it would not."""
    papers = {paper.id: paper for paper in listing.papers}
    return {
        paper_id: _refusals(text, papers[paper_id], language)
        if paper_id in papers
        else ["the listing has no such paper"]
        for paper_id, text in texts.items()
    }


def _refusals(text: object, paper: Paper, language: Language) -> list[str]:
    from paperboy.summaries.reply import ReplyError, read_reply

    if not isinstance(text, dict):
        return [f"reply: expected an object, got {type(text).__name__}"]
    try:
        read_reply(json.dumps(text, ensure_ascii=False), paper, language)
    except ReplyError as error:
        return NEXT_REASON.split(str(error))
    return []


def _show(listing: Listing, reasons: dict[str, list[str]]) -> None:
    titles = {paper.id: paper.title for paper in listing.papers}
    refused = {paper_id: each for paper_id, each in reasons.items() if each}
    for paper_id, paper_reasons in refused.items():
        console.print(
            Text.assemble((printable(paper_id), "bold"), printable(f" {titles.get(paper_id, '')}".rstrip())),
            soft_wrap=True,
        )
        for reason in paper_reasons:
            console.print(Padding(Text(printable(reason), style="yellow"), (0, 0, 0, 2), expand=False))
    passed = f"{len(reasons) - len(refused)} of {len(reasons)} summaries pass the checks"
    console.print(f"{passed}, {len(refused)} would be refused." if reasons else "There is no summary to check.")
