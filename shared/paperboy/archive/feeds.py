"""The feeds: the newest days and papers, for the programs that people subscribe with.

An entry is a function of its day alone: it is told in that day's language, has no votes and no score, and its `updated`
is when its text was written.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from uuid import UUID, uuid5

from feedgenerator import Atom1Feed

from paperboy.archive import FOLDER
from paperboy.archive.archive import Archive
from paperboy.archive.month import ArchivedDay, ArchivedPaper
from paperboy.archive.site import DAILY_FEED_KEY, INDEX_KEY, JSON_FEED_KEY, PAPERS_FEED_KEY, TROPHIES_FEED_KEY
from paperboy.languages.language import Language, load_language
from paperboy.pages.site import Page, digest_key
from paperboy.pages.templates import templates
from paperboy.pages.text import notice_of, visible

MAX_DAYS = 10
MAX_PAPERS = 50
MAX_TROPHIES = 30
MAX_MONTHS = 12
"""Months with digests that papers are looked for in, so that a day never reads the whole archive."""

AUTHOR = "Paperboy"
ATOM = "application/atom+xml; charset=utf-8"
JSON_FEED = "application/feed+json"
_IDS = UUID("035e7bda-9ce0-49a0-b486-bd9487dd3810")
"""What all ids are made under. With another one, every reader would show every entry again."""


@dataclass(frozen=True)
class _Entry:
    """A day, or a paper of one."""

    id: str
    title: str
    link: str
    html: str
    language: str
    """As a browser is told it."""
    published: dt.datetime
    updated: dt.datetime


@dataclass(frozen=True)
class _Feed:
    """What is in a feed, whatever its format."""

    key: str
    title: str
    language: Language
    address: str
    """Of the pages' folder."""
    newest: ArchivedDay
    entries: list[_Entry]

    @property
    def link(self) -> str:
        return f"{self.address}/{self.key}"

    @property
    def home(self) -> str:
        return f"{self.address}/{INDEX_KEY}"

    @property
    def updated(self) -> dt.datetime:
        """When the newest text was written; without entries, when the newest day was over."""
        return max((entry.updated for entry in self.entries), default=_end_of(self.newest))


class _Atom(Atom1Feed):  # type: ignore[misc] # it has no types
    """Atom without a clock, and with the language of each entry."""

    def latest_post_date(self) -> dt.datetime:
        updated: dt.datetime = self.feed["updated"]
        return updated

    def item_attributes(self, item: dict[str, str]) -> dict[str, str]:
        return {"xml:lang": item["language"]}


def feed_pages(archive: Archive, language: Language, address: str) -> list[Page]:
    """The feeds of an archive, whose own titles are in `language`.

    `address` is where the pages' folder is on the web, without a slash at its end.
    """
    recent = Archive(archive.months[-MAX_MONTHS:], archive.read)
    days = [_day_entry(day, address) for day in islice(recent.days(), MAX_DAYS)]
    papers = [_paper_entry(*each, address) for each in islice(_papers(recent), MAX_PAPERS)]
    with_trophy = (each for each in _papers(recent) if each[1].trophy)
    trophies = [_paper_entry(*each, address) for each in islice(with_trophy, MAX_TROPHIES)]

    def feed(key: str, title: str, entries: list[_Entry]) -> _Feed:
        return _Feed(key, f"{language.labels.digest} · {title}", language, address, recent.newest, entries)

    titles = language.labels.feeds
    return [
        _atom(feed(DAILY_FEED_KEY, titles.daily, days)),
        _atom(feed(PAPERS_FEED_KEY, titles.papers, papers)),
        _atom(feed(TROPHIES_FEED_KEY, titles.trophies, trophies)),
        _json(feed(JSON_FEED_KEY, titles.daily, days)),
    ]


def _papers(archive: Archive) -> Iterator[tuple[ArchivedDay, ArchivedPaper]]:
    """The papers of all digests, the newest day's first. One that is on several days is on the newest alone."""
    ids = set[str]()
    for day in archive.days():
        for paper in day.selected:
            if paper.id not in ids:
                ids.add(paper.id)
                yield day, paper


def _day_entry(day: ArchivedDay, address: str) -> _Entry:
    language = load_language(day.language)
    updated = max((_written_at(day, paper) for paper in day.selected), default=_end_of(day))
    return _Entry(
        id=_id("day", language, str(day.day)),
        title=f"{language.labels.digest} - {day.day}",
        link=f"{address}/{digest_key(day.day)}",
        html=_html("feed_day.html", day),
        language=language.tag,
        published=min(_end_of(day), updated),
        updated=updated,
    )


def _paper_entry(day: ArchivedDay, paper: ArchivedPaper, address: str) -> _Entry:
    language, updated = load_language(day.language), _written_at(day, paper)
    return _Entry(
        id=_id("paper", language, paper.id),
        title=("🏆 " if paper.trophy else "") + visible(paper.title or paper.title_en),
        link=f"{address}/{digest_key(day.day)}#{paper.id}",
        html=_html("feed_paper.html", day, paper=paper),
        language=language.tag,
        published=min(_end_of(day), updated),
        updated=updated,
    )


def _html(template: str, day: ArchivedDay, **values: object) -> str:
    """The whole text of an entry, made with a template of this folder."""
    labels = load_language(day.language).labels
    return templates(FOLDER).get_template(template).render(labels=labels, day=day, notice=_notice, **values).strip()


def _notice(paper: ArchivedPaper, day: ArchivedDay) -> str | None:
    """What is said of a summary that is not the one that was wanted; whether the budget is why is not kept."""
    is_other = paper.summary_language not in (None, day.language)
    return notice_of(paper.rung, is_other, load_language(day.language).labels.low) if paper.rung else None


def _id(kind: str, language: Language, name: str) -> str:
    """An id for good: of what it names and the language that this is told in, not of where it lies."""
    return uuid5(_IDS, f"{kind} {language.code} {name}").urn


def _written_at(day: ArchivedDay, paper: ArchivedPaper) -> dt.datetime:
    """When a paper's text became what it is; where that is not known, it was there when its day was over."""
    return paper.written_at or _end_of(day)


def _end_of(day: ArchivedDay) -> dt.datetime:
    """The end of a day: its digest comes out on the next one."""
    return dt.datetime.combine(day.day + dt.timedelta(days=1), dt.time(), dt.UTC)


def _atom(feed: _Feed) -> Page:
    """The feed as RFC 4287 has it."""
    atom = _Atom(
        title=feed.title,
        link=feed.home,
        description=None,
        language=feed.language.tag,
        author_name=AUTHOR,
        feed_url=feed.link,
        feed_guid=_id("feed", feed.language, feed.key),
        updated=feed.updated,
    )
    for entry in feed.entries:
        atom.add_item(
            title=entry.title,
            link=entry.link,
            description=None,
            content=entry.html,
            unique_id=entry.id,
            pubdate=entry.published,
            updateddate=entry.updated,
            language=entry.language,
        )
    return Page(feed.key, ATOM, atom.writeString("utf-8"), feed.newest.day)


def _json(feed: _Feed) -> Page:
    """The feed as JSON Feed 1.1 has it."""
    content = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home,
        "feed_url": feed.link,
        "language": feed.language.tag,
        "authors": [{"name": AUTHOR}],
        "items": [
            {
                "id": entry.id,
                "url": entry.link,
                "title": entry.title,
                "content_html": entry.html,
                "date_published": entry.published.isoformat(),
                "date_modified": entry.updated.isoformat(),
                "language": entry.language,
            }
            for entry in feed.entries
        ],
    }
    return Page(feed.key, JSON_FEED, json.dumps(content, ensure_ascii=False, indent=1), feed.newest.day)
