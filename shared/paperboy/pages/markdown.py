"""The Markdown page of a digest."""

from __future__ import annotations

import re

from paperboy.days.digest import Digest, Entry
from paperboy.languages.language import Language
from paperboy.pages.text import notice, title, visible


def write(digest: Digest, language: Language) -> str:
    """The Markdown page, in Chinese in the format of the reference digest, byte for byte.

    Titles and texts come from outside: what Markdown would read as markup in them is escaped, and only that.
    """
    labels = language.labels
    head = f"# {labels.digest} - {digest.day}\n\n**{labels.count}**: {len(digest.entries)}\n\n---\n"
    return head + "".join(f"\n{_entry(entry, language)}\n---\n" for entry in digest.entries)


def _entry(entry: Entry, language: Language) -> str:
    labels = language.labels
    trophy = "🏆" if entry.ranked.trophy else ""
    lines = [
        f"### {trophy} {entry.number}. {_heading(entry, language)}",
        "",
        f"**{labels.link}**: [{entry.paper.link}]({entry.paper.link})",
        f"**{labels.organization}**: {escape(entry.organization)}",
        f"**{labels.score}**: {entry.ranked.score}",
        f"**{labels.tags}**: {', '.join(entry.ranked.tags)}",
        f"**Upvotes**: {entry.paper.upvotes or 0} | **Stars**: {entry.paper.stars or 0}",
        "",
    ]
    summary = entry.summary
    if said := notice(entry, language):
        lines += [f"*{said}*", ""]
    lines += [f"**{labels.summary}**: {escape(summary.summary or labels.nothing)}", ""]
    if summary.highlights:
        lines += [
            f"**{labels.highlights}**:",
            *(f"  - {_block(escape(highlight))}" for highlight in summary.highlights),
            "",
        ]
    return "\n".join(lines)


def _heading(entry: Entry, language: Language) -> str:
    english, own = escape(entry.paper.title), title(entry, language)
    heading = f"{escape(own)} ({english})" if own else english
    # A heading's closing run of # would vanish.
    return re.sub(r"(?:(?<=\s)|^)(#+)$", r"\\\1", heading)


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
