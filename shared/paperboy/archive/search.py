"""Search: all papers, those that were in and those that were left out, by the words of their texts.

There is no index. The shards of all months are small enough to be read whole, by `search.js` in a reader's browser and
by the `paperboy search` command, and looking for words in them takes milliseconds. What matches is said twice, here and
in `search.js`; a test holds that both say the same.
"""

from __future__ import annotations

import datetime as dt
import json
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from paperboy.archive import FOLDER
from paperboy.archive.html import html_page
from paperboy.archive.month import SHARD_FORMAT, ArchivedPaper, Month
from paperboy.archive.site import SEARCH_KEY, SHARDS_KEY, shard_key
from paperboy.languages.language import Language
from paperboy.pages.site import JSON, Page
from paperboy.pages.text import visible


def search_page(language: Language, day: dt.date) -> Page:
    """The page to search on, of an archive whose newest day is `day`; the text is the same whatever there is."""
    return html_page(
        SEARCH_KEY,
        "search.html",
        language,
        day,
        script=FOLDER / "search.js",
        sources="connect-src 'self'",
        format=SHARD_FORMAT,
        texts=language.labels.search.model_dump_json(),
    )


def shards_page(months: Sequence[str], day: dt.date) -> Page:
    """What a search loads first: the names of the `months` that have a shard, newest first."""
    listed = {"format": SHARD_FORMAT, "months": sorted(months, reverse=True)}
    return Page(SHARDS_KEY, JSON.content_type, json.dumps(listed, separators=(",", ":")), day)


def shard_page(month: Month) -> Page:
    """A month's shard, of its newest day; the month has one at least."""
    day = max([*month.empty, *(each.day for each in month.days)])
    return Page(shard_key(month.month), JSON.content_type, month.shard(), day, gzipped=True)


def fold(text: str) -> str:
    """`text` in the form that is compared: as it is seen, in NFKC, without case. ``Ｑ`` is ``q``, ``ß`` is ``ss``.

    It goes by way of capitals, as JavaScript can do it too, which has no case folding of its own. What that leaves is
    that lower() writes a sigma at the end of a word in another way.
    """
    seen = unicodedata.normalize("NFKC", visible(text))
    return unicodedata.normalize("NFKC", seen.upper().lower().replace("ς", "σ"))


def words_of(query: str) -> tuple[str, ...]:
    """The words that a query asks for, folded; each is to occur."""
    return tuple(fold(query).split())


@dataclass(frozen=True)
class Found:
    """A paper that was found, and the day whose listing it was in."""

    day: dt.date
    paper: ArchivedPaper


def find(month: Month, words: Sequence[str]) -> Iterator[Found]:
    """The papers of a month in which all folded `words` occur, newest first: in a day those of its digest in its order,
    then those that were left out."""
    for day in reversed(month.days):
        for paper in day.papers:
            text = _text(day.day, paper)
            if all(word in text for word in words):
                yield Found(day.day, paper)


def best_first(found: Iterable[Found]) -> list[Found]:
    """What was found, newest first, by score; of equal scores the newest stays first."""
    return sorted(found, key=lambda each: -each.paper.score)


def _text(day: dt.date, paper: ArchivedPaper) -> str:
    """All that a paper is found by, folded, each text on a line of its own: no word reaches from one into the next."""
    texts = (paper.title or "", paper.title_en, paper.summary, *paper.highlights, paper.organization)
    names = (*paper.authors, *paper.keywords, *paper.tags, paper.id, day.isoformat())
    return "\n".join(map(fold, (*texts, *names)))
