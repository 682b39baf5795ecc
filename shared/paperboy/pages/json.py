"""The JSON page of a digest, for programs."""

from __future__ import annotations

import json

from paperboy.days.digest import Digest, Entry, Placed
from paperboy.languages.language import Language
from paperboy.pages.text import title
from paperboy.summaries.checks import language_of


def write(digest: Digest, language: Language) -> str:
    """Everything that the pages say, each score's parts, the receipt, and what the model took.

    A title is named after its language: `title_en` is the paper's own, `title_zh` the model's, null on the low rungs.
    `summary_language` is the one that the summary is in, whatever was wanted; null where that cannot be told.
    """
    return json.dumps(
        {
            "day": digest.day.isoformat(),
            "language": language.code,
            "count": len(digest.entries),
            "papers": [_paper(entry, language) for entry in digest.entries],
            "left_out": [_left_out(placed) for placed in digest.left_out],
            "receipt": digest.receipt.model_dump(mode="json"),
            "usage": digest.usage.model_dump(),
        },
        ensure_ascii=False,
        indent=1,
    )


def _paper(entry: Entry, language: Language) -> dict[str, object]:
    ranked = entry.ranked.model_dump(mode="json", include={"tier", "tags", "trophy", "parts", "score"})
    return {
        "number": entry.number,
        "id": entry.paper.id,
        "link": entry.paper.link,
        f"title_{language.code}": title(entry, language),
        "title_en": entry.paper.title,
        "organization": entry.organization,
        "upvotes": entry.paper.upvotes or 0,
        "stars": entry.paper.stars or 0,
        "comments": entry.paper.comments or 0,
        **ranked,
        "summary": entry.summary.summary,
        "summary_language": language_of(entry.summary.summary),
        "highlights": entry.summary.highlights,
        "rung": entry.summary.rung,
        "limited": entry.limited,
        "abstract": entry.paper.abstract,
    }


def _left_out(placed: Placed) -> dict[str, object]:
    return {
        "id": placed.paper.id,
        "link": placed.paper.link,
        "title_en": placed.paper.title,
        "organization": placed.organization,
        "upvotes": placed.paper.upvotes or 0,
        "rank": placed.ranked.rank,
        "score": placed.ranked.score,
    }
