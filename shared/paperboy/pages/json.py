"""The JSON page of a digest, for programs."""

from __future__ import annotations

import json

from paperboy.days.digest import Digest, Entry, Placed
from paperboy.languages.language import Language
from paperboy.pages.text import title
from paperboy.summaries.checks import language_of

FORMAT = 2
"""The version of what the page holds. A key that goes, or means something else, adds 1; a new key does not."""


def write(digest: Digest, language: Language) -> str:
    """Everything that the pages say, each score's parts, the papers left out, the receipt, and what the model took.

    A title is named after its language: `title_en` is the paper's own, `title_zh` the model's, null on the low rungs.
    `summary_language` is the one that the summary is in, whatever was wanted; null where that cannot be told.
    `written_at` is when the summary became what it is; null where that is not known.
    Of many `authors` the middle is left out: `author_count` says how many there are.
    """
    return json.dumps(
        {
            "format": FORMAT,
            "day": digest.day.isoformat(),
            "language": language.code,
            "open": digest.open,
            "due": digest.due,
            "count": len(digest.entries),
            "papers": [_entry(entry, language) for entry in digest.entries],
            "left_out": [_left_out(placed) for placed in digest.left_out],
            "receipt": digest.receipt.model_dump(mode="json"),
            "usage": digest.usage.model_dump(),
        },
        ensure_ascii=False,
        indent=1,
    )


def _entry(entry: Entry, language: Language) -> dict[str, object]:
    return {
        "number": entry.number,
        f"title_{language.code}": title(entry, language),
        **_placed(entry),
        "summary": entry.summary.summary,
        "summary_language": language_of(entry.summary.summary),
        "highlights": entry.summary.highlights,
        "rung": entry.summary.rung,
        "written_at": entry.written_at.isoformat() if entry.written_at else None,
        "limited": entry.limited,
        "abstract": entry.paper.abstract,
    }


def _left_out(placed: Placed) -> dict[str, object]:
    ranked = placed.ranked
    return {"rank": ranked.rank, "lacking_upvotes": ranked.lacking_upvotes, **_placed(placed)}


def _placed(placed: Placed) -> dict[str, object]:
    paper, authors = placed.paper, placed.paper.authors
    return {
        "id": paper.id,
        "link": paper.link,
        "title_en": paper.title,
        "organization": placed.organization,
        "authors": authors.names if authors else (),
        "author_count": authors.count if authors else 0,
        "keywords": paper.keywords,
        **paper.model_dump(mode="json", include={"pdf", "discussion", "repository", "project_page", "thumbnail"}),
        "upvotes": paper.upvotes or 0,
        "stars": paper.stars or 0,
        "comments": paper.comments or 0,
        **placed.ranked.model_dump(mode="json", include={"tier", "tags", "trophy", "parts", "score"}),
    }
