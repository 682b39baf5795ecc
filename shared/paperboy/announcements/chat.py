"""What a chat is told: the foremost papers, how many more there are, and where they all are; in the fewest pieces."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

from paperboy.announcements.announcement import Announcement, Told
from paperboy.announcements.markup import Markup
from paperboy.announcements.message import Message
from paperboy.languages.language import Language
from paperboy.pages.text import visible
from paperboy.summaries.summary import first_sentences

FOREMOST_PAPERS = 5
"""How many papers a chat is told."""
LINE_CHARS = 200
"""How much of a summary stands in for a highlight, where there is none."""
TITLE_CHARS = 100
"""The most of a message's title: a card's head, or what a phone shows of it."""


def chat_messages(announcement: Announcement, markup: Markup, language: Language) -> list[Message]:
    """The announcement in a chat's markup: in pieces that each fit, and are each complete.

    Papers are never parted; one that does not fit into a message by itself is cut with ``…``.
    """
    heading = headline(announcement, language)

    def text_of(blocks: Sequence[str], part: str) -> str:
        above = "" if markup.has_head else markup.strong(heading + part) + markup.line_break
        return above + "\n\n".join(blocks)

    def fit(blocks: Sequence[str], part: str = _part(9, 9)) -> bool:
        return markup.count(text_of(blocks, part)) <= markup.limit

    blocks = _blocks(announcement, markup, language, lambda block: fit([block]))
    pieces = [blocks] if fit(blocks, "") else _packed(blocks, fit)
    parts = [_part(number, len(pieces)) for number in range(1, len(pieces) + 1)]
    best = _title(announcement.papers[0])
    titles = [cut(f"{heading}{parts[0]} · {best}", TITLE_CHARS), *(heading + part for part in parts[1:])]
    return [Message(title, text_of(piece, part)) for title, piece, part in zip(titles, pieces, parts, strict=True)]


def headline(announcement: Announcement, language: Language) -> str:
    """What it is of, and how many papers: ``Tuesday, 3 February · Papers: 16``."""
    labels, count = language.labels, len(announcement.papers)
    if announcement.is_week:
        return f"{labels.week_of(announcement.name)} · {labels.announcement.best.format(n=count)}"
    counted = labels.announcement.trophies if announcement.trophies else labels.announcement.papers
    return f"{labels.short_date_of(announcement.day)} · {counted.format(n=count)}"


def cut(text: str, chars: int) -> str:
    """`text` in so many characters; a longer one ends with ``…``."""
    return text if len(text) <= chars else text[: max(chars - 1, 0)].rstrip() + "…"


def _part(number: int, count: int) -> str:
    return f" ({number}/{count})" if count > 1 else ""


def _packed(blocks: Sequence[str], fit: Callable[[Sequence[str]], bool]) -> list[list[str]]:
    """The blocks in their order, as many in each piece as fit."""
    pieces: list[list[str]] = [[]]
    for block in blocks:
        if pieces[-1] and not fit([*pieces[-1], block]):
            pieces.append([])
        pieces[-1].append(block)
    return pieces


def _blocks(announcement: Announcement, markup: Markup, language: Language, fits: Callable[[str], bool]) -> list[str]:
    """A block a paper that is told, and one of what comes after these."""
    papers = [
        _paper(number, told, announcement.link_of(told), markup, fits)
        for number, told in enumerate(announcement.papers[:FOREMOST_PAPERS], 1)
    ]
    return [*papers, *_end(announcement, markup, language)]


def _paper(number: int, told: Told, link: str, markup: Markup, fits: Callable[[str], bool]) -> str:
    """A paper's title, which is the link, and a line on it; of both as many characters as fit."""
    title, line = _title(told), _line(told)

    def written(chars: int) -> str:
        first = markup.linked(cut(title, chars), link, f"{number}. ")
        return first + (markup.line_break + markup.plain(cut(line, chars)) if line else "")

    longest = max(len(title), len(line))
    return written(bisect_left(range(1, longest + 1), True, key=lambda chars: not fits(written(chars))))


def _title(told: Told) -> str:
    """The title in the digest's language, where there is one: two would fill a phone's screen with two papers."""
    return ("🏆 " if told.paper.trophy else "") + visible(told.paper.title or told.paper.title_en)


def _line(told: Told) -> str:
    """The first highlight; where there is none, the summary's first sentences."""
    highlight = next(iter(told.paper.highlights), "")
    return visible(highlight) or first_sentences(visible(told.paper.summary), LINE_CHARS)


def _end(announcement: Announcement, markup: Markup, language: Language) -> list[str]:
    """How many papers were not told and the way to all of them, then how many are marked; nothing where neither is."""
    labels, rest = language.labels, len(announcement.papers) - FOREMOST_PAPERS
    counted = [markup.plain(labels.announcement.more.format(n=rest))] if rest > 0 else []
    way = [markup.linked(labels.announcement.on_web, announcement.page)] if announcement.page else []
    marked = [markup.plain(labels.low_count.format(n=announcement.low))] if announcement.low else []
    lines = [" · ".join([*counted, *way]), *marked]
    return ["\n\n".join(filter(None, lines))] if any(lines) else []
