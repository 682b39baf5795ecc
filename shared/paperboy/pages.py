"""The text of each page of a digest."""

from __future__ import annotations

import json
import re

from paperboy.digest import Digest, Entry, Placed
from paperboy.language import Labels, Language
from paperboy.summary import Rung

UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f"  # control characters
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # what turns the direction of writing
    r"\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # what has no width
    r"\u2028\u2029]+"  # line and paragraph separators
)
"""Characters that are no part of what a reader sees. Joiners are: they make emoji and scripts."""


def markdown(digest: Digest, language: Language) -> str:
    """The Markdown page, in Chinese in the format of the reference digest, byte for byte.

    Titles and texts come from outside: what Markdown would read as markup in them is escaped, and only that.
    """
    labels = language.labels
    head = f"# {labels.digest} - {digest.day}\n\n**{labels.count}**: {len(digest.entries)}\n\n---\n"
    return head + "".join(f"\n{_entry(entry, labels)}\n---\n" for entry in digest.entries)


def _entry(entry: Entry, labels: Labels) -> str:
    trophy = "🏆" if entry.ranked.trophy else ""
    lines = [
        f"### {trophy} {entry.number}. {_heading(entry)}",
        "",
        f"**{labels.link}**: [{entry.link}]({entry.link})",
        f"**{labels.organization}**: {escape(entry.organization)}",
        f"**{labels.score}**: {entry.ranked.score}",
        f"**{labels.tags}**: {', '.join(entry.ranked.tags)}",
        f"**Upvotes**: {entry.paper.upvotes or 0} | **Stars**: {entry.paper.stars or 0}",
        "",
    ]
    summary = entry.summary
    if summary.rung.low:
        lines += [f"*{notice(entry, labels)}*", ""]
    lines += [f"**{labels.summary}**: {escape(summary.summary or labels.nothing)}", ""]
    if summary.highlights:
        lines += [
            f"**{labels.highlights}**:",
            *(f"  - {_block(escape(highlight))}" for highlight in summary.highlights),
            "",
        ]
    return "\n".join(lines)


def notice(entry: Entry, labels: Labels) -> str:
    """What a page says of a summary that no model wrote: what it is instead, and whether the budget is why."""
    notices = labels.limited if entry.limited else labels.low
    return notices.listing if entry.summary.rung is Rung.LISTING else notices.abstract


def _heading(entry: Entry) -> str:
    english = escape(entry.paper.title)
    heading = f"{escape(entry.summary.title)} ({english})" if entry.summary.title else english
    # A heading's closing run of # would vanish.
    return re.sub(r"(?:(?<=\s)|^)(#+)$", r"\\\1", heading)


def visible(text: str) -> str:
    """`text` on one line, without the characters that turn, hide or break it: each run of them is a space."""
    return UNSEEN.sub(" ", text).strip()


def escape(text: str) -> str:
    """`text` as Markdown that shows it as it is, on one line: only what would be read as markup is escaped."""
    return re.sub(
        r"""
        \\(?=[!-/:-@\[-`{-~]|$)        # a backslash that would escape what follows
        | [`*\[\]]                     # code, emphasis, links
        | (?<![^\W_])_ | _(?![^\W_])   # emphasis again: inside a word _ is only itself
        | <(?=[A-Za-z/!?])             # a tag, a comment or an autolink
        | &(?=\#?\w+;)                 # an entity
        | ~(?=[^~]*~)                  # strike-through: the last of several has nothing to close
        """,
        r"\\\g<0>",
        visible(text),
        flags=re.VERBOSE,
    )


def _block(text: str) -> str:
    """`text` at the start of a list item, where a heading, quote, list or rule would open."""
    return re.sub(r"^(?=#{1,6}(?:\s|$)|>|[+-](?:\s|$)|(?:-\s*)+$)|^(\d{1,9})(?=[.)](?:\s|$))", r"\1\\", text)


def as_json(digest: Digest, language: Language) -> str:
    """The digest for programs: everything the pages say, each score's parts, the receipt, and what the model took."""
    return json.dumps(
        {
            "day": digest.day.isoformat(),
            "language": language.code,
            "count": len(digest.entries),
            "papers": [_paper(entry) for entry in digest.entries],
            "left_out": [_left_out(one) for one in digest.left_out],
            "receipt": digest.receipt.model_dump(mode="json"),
            "spent": digest.spent.model_dump(),
        },
        ensure_ascii=False,
        indent=1,
    )


def _paper(entry: Entry) -> dict[str, object]:
    ranked = entry.ranked.model_dump(mode="json", include={"tier", "tags", "trophy", "parts", "score"})
    return {
        "number": entry.number,
        "id": entry.paper.id,
        "link": entry.link,
        "title": entry.summary.title,
        "english_title": entry.paper.title,
        "organization": entry.organization,
        "upvotes": entry.paper.upvotes or 0,
        "stars": entry.paper.stars or 0,
        "comments": entry.paper.comments or 0,
        **ranked,
        "summary": entry.summary.summary,
        "highlights": entry.summary.highlights,
        "rung": entry.summary.rung,
        "limited": entry.limited,
        "abstract": entry.paper.abstract,
    }


def _left_out(one: Placed) -> dict[str, object]:
    return {
        "id": one.paper.id,
        "link": one.link,
        "english_title": one.paper.title,
        "organization": one.organization,
        "upvotes": one.paper.upvotes or 0,
        "rank": one.ranked.rank,
        "score": one.ranked.score,
    }
