"""The text of each page of a digest."""

from __future__ import annotations

import json
import re

from paperboy.digest import Digest, Entry, Placed
from paperboy.summary import Rung

LOW_RUNGS = {
    Rung.LISTING: "中文摘要暂缺，以下为 Hugging Face 提供的英文简介。",
    Rung.ABSTRACT: "中文摘要暂缺，以下为英文原文摘要的开头。",
}
"""What a page says of a summary that no model wrote."""

UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f"  # control characters
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # what turns the direction of writing
    r"\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # what has no width
    r"\u2028\u2029]+"  # line and paragraph separators
)
"""Characters that are no part of what a reader sees. Joiners are: they make emoji and scripts."""


def markdown(digest: Digest) -> str:
    """The Markdown page, in the format of the reference digest, byte for byte.

    Titles and texts come from outside: what Markdown would read as markup in them is escaped, and only that.
    """
    head = f"# 每日论文汇总 - {digest.day}\n\n**论文数量**: {len(digest.entries)}\n\n---\n"
    return head + "".join(f"\n{_entry(entry)}\n---\n" for entry in digest.entries)


def _entry(entry: Entry) -> str:
    trophy = "🏆" if entry.ranked.trophy else ""
    lines = [
        f"### {trophy} {entry.number}. {_heading(entry)}",
        "",
        f"**论文链接**: [{entry.link}]({entry.link})",
        f"**组织**: {escape(entry.organization)}",
        f"**得分**: {entry.ranked.score}",
        f"**标签**: {', '.join(entry.ranked.tags)}",
        f"**Upvotes**: {entry.paper.upvotes or 0} | **Stars**: {entry.paper.stars or 0}",
        "",
    ]
    summary = entry.summary
    if summary.rung in LOW_RUNGS:
        lines += [f"*{LOW_RUNGS[summary.rung]}*", ""]
    lines += [f"**摘要**: {escape(summary.summary or '暂无')}", ""]
    if summary.highlights:
        lines += ["**亮点**:", *(f"  - {_block(escape(highlight))}" for highlight in summary.highlights), ""]
    return "\n".join(lines)


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


def as_json(digest: Digest) -> str:
    """The digest for programs: everything the pages say, each score's parts, and the receipt."""
    return json.dumps(
        {
            "day": digest.day.isoformat(),
            "count": len(digest.entries),
            "papers": [_paper(entry) for entry in digest.entries],
            "left_out": [_left_out(one) for one in digest.left_out],
            "receipt": digest.receipt.model_dump(mode="json"),
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
