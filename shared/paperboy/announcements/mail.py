"""A mail: the whole announcement in one message, as HTML and as plain text."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from unicodedata import combining, east_asian_width

from paperboy.announcements import FOLDER
from paperboy.announcements.announcement import Announcement, Told
from paperboy.announcements.message import Message
from paperboy.archive.site import week_page_key
from paperboy.languages.language import Language, load_language
from paperboy.pages.site import digest_key
from paperboy.pages.templates import templates
from paperboy.pages.text import notice_of, visible

MAX_HTML_BYTES = 100_000
"""Of a mail, in UTF-8: Gmail shows 102 KB and hides what comes after."""
MAX_SUBJECT_CHARS = 80

MAX_TITLE_CHARS = 300
MAX_LAB_CHARS = 100
MAX_SUMMARY_CHARS = 2_000
MAX_HIGHLIGHT_CHARS = 400
MAX_HIGHLIGHTS = 5
"""Of a paper: none is so long that it alone would fill a mail."""

TEXT_COLUMNS = 72
"""Of a line of the plain text, in which a Chinese character takes two. A single word or address may be longer."""

_WIDE = (
    r"\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6"
    r"\U00020000-\U0003fffd"
)
_PIECE = re.compile(rf"\s*[（「『《【“‘]*(?:[{_WIDE}]|[^\s{_WIDE}]+)[，。、；：？！）」』》】”’…—]*")
"""What stays together in a line: a word or a Chinese character, with the marks that open before and close after it."""


@dataclass(frozen=True)
class _Paper:
    """A paper as both texts show it: on one line each, without what cannot be seen, and cut to what a mail holds."""

    number: int
    trophy: bool
    title: str | None
    title_en: str
    link: str
    lab: str
    date: str
    """The day whose digest it was in; empty where the mail is of that day."""
    notice: str | None
    summary: str
    language: str | None
    """What the summary is in, as a browser is told it, where that is not the mail's."""
    highlights: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    """Labels and addresses."""


def mail_message(announcement: Announcement, language: Language) -> Message:
    """The announcement as a mail. Of more papers than MAX_HTML_BYTES hold it tells the first, and counts the others."""
    papers = [_paper(told, place, announcement, language) for place, told in enumerate(announcement.papers, 1)]
    title, total = _subject(announcement, papers[0], language), len(papers)

    def html(count: int) -> str:
        values = _frame(announcement, total - count, language) | {"title": title, "papers": papers[:count]}
        return templates(FOLDER).get_template("mail.html").render(values, language=language, labels=language.labels)

    count = bisect_right(range(total + 1), MAX_HTML_BYTES, key=lambda count: len(html(count).encode())) - 1
    return Message(title, _text(_frame(announcement, total - count, language), papers[:count], language), html(count))


def _paper(told: Told, place: int, announcement: Announcement, language: Language) -> _Paper:
    paper, labels = told.paper, language.labels
    other = paper.summary_language if paper.summary_language not in (None, language.code) else None
    links = ((paper.pdf, "PDF"), (paper.repository, labels.code), (paper.project_page, labels.project_page))
    return _Paper(
        number=place if announcement.is_week else paper.number or place,
        trophy=paper.trophy,
        title=_cut(paper.title, MAX_TITLE_CHARS) if paper.title else None,
        title_en=_cut(paper.title_en, MAX_TITLE_CHARS),
        link=paper.link,
        lab=_cut(paper.organization, MAX_LAB_CHARS),
        date=labels.date_of(told.day) if announcement.is_week else "",
        notice=notice_of(paper.rung, other is not None, labels.low) if paper.rung else None,
        summary=_cut(paper.summary, MAX_SUMMARY_CHARS) or labels.nothing,
        language=load_language(other).tag if other else None,
        highlights=tuple(_cut(each, MAX_HIGHLIGHT_CHARS) for each in paper.highlights[:MAX_HIGHLIGHTS]),
        links=tuple((label, address) for address, label in links if address),
    )


def _subject(announcement: Announcement, best: _Paper, language: Language) -> str:
    """The day or week and the best paper's title, of MAX_SUBJECT_CHARS at most."""
    labels, title = language.labels, best.title or best.title_en
    year, week, _ = announcement.day.isocalendar()
    if announcement.is_week:
        subject = labels.announcement.subject_of_week.format(year=year, week=week, title=title)
    else:
        month, day = labels.months[announcement.day.month - 1], announcement.day.day
        subject = labels.announcement.subject_of_day.format(month=month, day=day, title=title)
    return _cut(subject, MAX_SUBJECT_CHARS)


def _frame(announcement: Announcement, rest: int, language: Language) -> dict[str, str]:
    """What stands around the papers; `rest` is how many are not told."""
    labels, name = language.labels, announcement.name
    when = labels.week_of(name) if announcement.is_week else labels.date_of(announcement.day)
    key = week_page_key(name) if announcement.is_week else digest_key(announcement.day)
    counted = labels.archive.best if announcement.is_week else labels.papers
    count = counted.format(n=len(announcement.papers))
    low = labels.announcement.low.format(n=announcement.low) if announcement.low else ""
    unseen = labels.announcement.rest if announcement.address else labels.announcement.rest_private
    return {
        "head": when,
        "count": " · ".join(filter(None, (labels.digest, count, low))),
        "rest": unseen.format(n=rest) if rest else "",
        "page": f"{announcement.address}/{key}" if announcement.address else "",
    }


def _text(frame: dict[str, str], papers: list[_Paper], language: Language) -> str:
    """The plain text, in lines of TEXT_COLUMNS."""
    label, page = language.labels.announcement.on_web, frame["page"]
    blocks = ["\n".join([*_lines(frame["head"]), *_lines(frame["count"])])]
    blocks += [_text_of(paper) for paper in papers]
    blocks += ["\n".join([*_lines(frame["rest"]), *([f"{label}: {page}"] if page else [])])]
    return "\n\n\n".join(filter(None, blocks)) + "\n"


def _text_of(paper: _Paper) -> str:
    trophy = "🏆 " if paper.trophy else ""
    head = _lines(f"{paper.number}. {trophy}{paper.title or paper.title_en}")
    head += _lines(paper.title_en) if paper.title else []
    head += [paper.link, *_lines(" · ".join(filter(None, (paper.lab, paper.date))))]
    told = [*_lines(paper.notice or ""), *_lines(paper.summary)]
    highlights = [line for each in paper.highlights for line in _lines(each, "- ")]
    links = [f"{label}: {address}" for label, address in paper.links]
    return "\n\n".join("\n".join(lines) for lines in (head, told, highlights, links) if lines)


def _lines(text: str, mark: str = "") -> list[str]:
    """A text in lines of TEXT_COLUMNS, the first of which begins with a mark and the others as far to the right."""
    lines, line, width = list[str](), mark, len(mark)
    indent, is_empty = " " * len(mark), True
    for piece in _PIECE.findall(text):
        columns = _columns(piece)
        if not is_empty and width + columns > TEXT_COLUMNS:
            lines.append(line)
            line, width, is_empty = indent, len(indent), True
        shown = piece.lstrip() if is_empty else piece
        line, width, is_empty = line + shown, width + _columns(shown), False
    return lines if is_empty else [*lines, line]


def _columns(text: str) -> int:
    """How wide a text is in a terminal or a mail of plain text."""
    return sum(0 if combining(mark) else 2 if east_asian_width(mark) in "WF" else 1 for mark in text)


def _cut(text: str, chars: int) -> str:
    """A text as a reader sees it, on one line, of so many characters at most."""
    shown = " ".join(visible(text).split())
    return shown if len(shown) <= chars else f"{shown[: chars - 1].rstrip()}…"
