"""The feeds: what RFC 4287 and JSON Feed ask for, ids and dates that hold, and hostile texts that stay text."""

import datetime as dt
import io
import json
import re
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from typing import Any

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from paperboy.archive.archive import Archive
from paperboy.archive.feeds import MAX_DAYS, MAX_MONTHS, MAX_PAPERS, MAX_TROPHIES, feed_pages
from paperboy.archive.month import ArchivedDay, ArchivedPaper, Month
from paperboy.archive.site import DAILY_FEED_KEY, FEED_KEYS, JSON_FEED_KEY, PAPERS_FEED_KEY, TROPHIES_FEED_KEY
from paperboy.days.digest import assemble
from paperboy.languages.language import Language
from paperboy.pages import json as json_page
from paperboy.papers.text import UNSEEN
from paperboy.summaries.summary import Rung
from tests.samples import (
    DAY,
    EN,
    REPLY,
    ROOT,
    ZH,
    archive_of,
    archived,
    day,
    listed_digest,
    paper,
    sample_summaries,
    summary,
)

ADDRESS = "https://bucket.s3.ap-northeast-1.amazonaws.com/4cc1b6f3a5d94d0e"
ATOM_KEYS = (DAILY_FEED_KEY, PAPERS_FEED_KEY, TROPHIES_FEED_KEY)
SAMPLE = archived(listed_digest(ROOT / "events/sample/2026-02-03.json", sample_summaries()))
MARKED = archived(listed_digest(ROOT / "events/sample/2026-02-04.json"))
WRITTEN = dt.datetime(2026, 2, 4, 3, 20, tzinfo=dt.UTC)

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
URN = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
XML_FORBIDS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
ELEMENTS = {"html", "head", "body", "h3", "p", "a", "bdi", "br", "em", "ul", "li"}
"""What the text of an entry may be made of, and what a parser adds around it."""

HOSTILE = [
    "<script>alert(1)</script></script><style>*{display:none}</style>",
    "\"><img src=x onerror=alert(1)> '><svg/onload=alert(1)> <iframe src=//a.example></iframe>",
    "<a href='javascript:alert(1)'>here</a> <a href=relative>there</a> <base href=//a.example>",
    "[text](javascript:alert(1)) ![image](https://a.example/a.png) **bold** `code` # heading",
    "]]> <![CDATA[x]]> <?php ?> <!-- hidden --> <!DOCTYPE html [<!ENTITY a 'b'>]> &a;",
    "</content></entry></feed><entry><id>urn:x</id></entry>",
    "&amp; &lt;b&gt; &#60;script&#62; &copy &notit; AT&T",
    "{{ 7 * 7 }} {% include 'style.css' %} {# hidden #}",
    "\u202egnp.exe \u2066isolated \u061cmark \u200bzero",
    "a\x00null \x1b[31mcolour\x07 \x85next \x0bthen",
    "half \ud800 of a pair, \udfff and none \ufffe at all \uffff",
    "two\nlines\r\nand \u2028more",
    "👩\u200d🔬 🏆 שלום مرحبا",
    "W" * 10_000,
    "中" * 10_000,
]
"""Texts that a feed could take for markup, that XML cannot hold, or that are far too long."""


def one(place: int = 1, **values: Any) -> ArchivedPaper:
    """A paper of a digest that a model told of."""
    own = {
        "id": f"2602.{place:05}",
        "link": f"https://arxiv.org/abs/2602.{place:05}",
        "number": place,
        "title_en": "Why Steering Works",
        "organization": "alibaba",
        "score": 79.63,
        "summary_language": "zh",
        "rung": Rung.MODEL,
        "written_at": WRITTEN,
    }
    return ArchivedPaper.model_validate(own | REPLY | values)


def of(date: dt.date, papers: Iterable[ArchivedPaper], language: Language = ZH) -> ArchivedDay:
    return ArchivedDay(day=date, language=language.code, papers=tuple(papers))


def days_before(count: int, papers: int = 1, step: int = 1, **values: Any) -> list[ArchivedDay]:
    """So many days up to DAY, every `step` days, each with papers of its own."""
    return [
        of(DAY - dt.timedelta(days=step * place), (one(place * papers + each, **values) for each in range(papers)))
        for place in range(count)
    ]


def texts(archive: Archive, language: Language = ZH, address: str = ADDRESS) -> dict[str, str]:
    """The feeds' texts by their keys."""
    return {page.key: page.text for page in feed_pages(archive, language, address)}


def parsed(text: str) -> Any:
    """An Atom feed as a reader takes it, with nothing mended."""
    read = feedparser.parse(io.BytesIO(text.encode()), sanitize_html=False, resolve_relative_uris=False)
    assert (False, "atom10") == (read.bozo, read.version), read.get("bozo_exception")
    return read


def feed(archive: Archive, key: str, language: Language = ZH) -> Any:
    return parsed(texts(archive, language)[key])


def ids(read: Any) -> list[str]:
    return [entry.id for entry in read.entries]


def seen(text: str) -> str:
    """A text as a reader sees it: on one line, without what cannot be seen."""
    return " ".join(UNSEEN.sub(" ", text).split())


def test_pages() -> None:
    """There are four feeds, each of the newest day, with its content type and not compressed."""
    pages = feed_pages(archive_of(SAMPLE, MARKED), ZH, ADDRESS)
    atom, of_json = "application/atom+xml; charset=utf-8", "application/feed+json"
    assert list(zip(FEED_KEYS, (atom, atom, atom, of_json), strict=True)) == [
        (page.key, page.content_type) for page in pages
    ]
    assert {(MARKED.day, False)} == {(page.day, page.gzipped) for page in pages}


@pytest.mark.parametrize("language", [ZH, EN], ids=lambda language: language.code)
@pytest.mark.parametrize("key", ATOM_KEYS)
def test_an_atom_feed_is_as_the_rfc_has_it(key: str, language: Language) -> None:
    """A feed and its entries have all that RFC 4287 asks for, at absolute addresses; the link to itself is exact."""
    text = texts(archive_of(SAMPLE, MARKED), language)[key]
    read = parsed(text)
    assert {"alternate": f"{ADDRESS}/index.html", "self": f"{ADDRESS}/{key}"} == {
        link.rel: link.href for link in read.feed.links
    }
    assert (read.feed.author, language.tag) == ("Paperboy", read.feed.language)
    assert read.feed.title.startswith(language.labels.digest)
    assert len(read.entries) == text.count('rel="alternate"') - 1 == text.count("</content>") > 0
    assert len(ids(read)) == len({*ids(read), read.feed.id}) - 1
    for each in (read.feed, *read.entries):
        assert URN.fullmatch(each.id)
        assert RFC_3339.fullmatch(each.updated)
        assert each.title
    for entry in read.entries:
        assert ["alternate"] == [link.rel for link in entry.links]
        assert entry.link.startswith(f"{ADDRESS}/digests/")
        assert entry.published <= entry.updated <= read.feed.updated
        assert ["text/html"] == [content.type for content in entry.content]


@pytest.mark.parametrize("language", [ZH, EN], ids=lambda language: language.code)
def test_a_json_feed_is_as_its_specification_has_it(language: Language) -> None:
    """The JSON feed has all that version 1.1 asks for, and tells of the days what the Atom feed tells."""
    made = texts(archive_of(SAMPLE, MARKED), language)
    read, atom = json.loads(made[JSON_FEED_KEY]), parsed(made[DAILY_FEED_KEY])
    assert ("https://jsonfeed.org/version/1.1", atom.feed.title) == (read["version"], read["title"])
    assert (f"{ADDRESS}/index.html", f"{ADDRESS}/{JSON_FEED_KEY}") == (read["home_page_url"], read["feed_url"])
    assert ([{"name": "Paperboy"}], language.tag) == (read["authors"], read["language"])
    names = {"id": "id", "link": "url", "title": "title", "published": "date_published", "updated": "date_modified"}
    for entry, item in zip(atom.entries, read["items"], strict=True):
        assert {name: entry[name] for name in names} == {name: item[key] for name, key in names.items()}
        content = entry.content[0]
        assert (content.value, content.language) == (item["content_html"], item["language"])


def test_a_day_is_told_whole() -> None:
    """A day's entry has each paper of its digest in its order: title, the paper's own, lab, text, highlights, links."""
    entry = feed(archive_of(SAMPLE), DAILY_FEED_KEY).entries[0]
    assert (f"每日论文汇总 - {DAY}", f"{ADDRESS}/digests/{DAY}.html") == (entry.title, entry.link)
    tree = LexborHTMLParser(entry.content[0].value)
    headings = [node.text() for node in tree.css("h3")]
    assert [
        f"{each.number}. {'🏆 ' if each.trophy else ''}{each.title or each.title_en}" for each in SAMPLE.selected
    ] == headings
    text, links = tree.text(), {node.attributes["href"] for node in tree.css("a")}
    for each in SAMPLE.selected:
        assert all(part in text for part in (each.title_en, each.organization, each.summary, *each.highlights))
        own = {each.link, each.pdf, each.repository, each.project_page} - {None}
        assert own <= links


def test_a_paper_is_told_whole() -> None:
    """A paper's entry leads to its place on the day's page, and says what the day's entry says of it."""
    archive = archive_of(SAMPLE)
    whole = feed(archive, DAILY_FEED_KEY).entries[0].content[0].value
    entries = feed(archive, PAPERS_FEED_KEY).entries
    for each, entry in zip(SAMPLE.selected, entries, strict=True):
        assert f"{ADDRESS}/digests/{DAY}.html#{each.id}" == entry.link
        assert ("🏆 " if each.trophy else "") + (each.title or each.title_en) == entry.title
        assert entry.content[0].value in whole


def test_a_feed_has_no_votes() -> None:
    """No score is in any feed, nor a word of votes, stars or comments."""
    for text in texts(archive_of(of(DAY, [one(score=79.63, trophy=True)]))).values():
        assert [] == [word for word in ("79.63", "得分", "点赞", "星标", "评论", "★") if word in text]


@pytest.mark.parametrize(
    ("values", "notice", "lang"),
    [
        ({"rung": Rung.LISTING, "summary_language": "en"}, ZH.labels.low.listing, "en"),
        ({"rung": Rung.ABSTRACT, "summary_language": "en"}, ZH.labels.low.abstract, "en"),
        ({"rung": Rung.REPAIRED, "summary_language": "en"}, ZH.labels.low.earlier, "en"),
        ({"rung": Rung.ABSTRACT, "summary_language": None, "summary": ""}, ZH.labels.low.abstract, None),
        ({"rung": Rung.MODEL, "summary_language": None}, None, None),
    ],
)
def test_a_marked_paper_says_so(values: dict[str, Any], notice: str | None, lang: str | None) -> None:
    """What stands in for a summary is told as such, in the language's own words, and as being in another language."""
    made = of(DAY, [one(**{"title": None, "highlights": ()} | values)])
    tree = LexborHTMLParser(feed(archive_of(made), PAPERS_FEED_KEY).entries[0].content[0].value)
    assert [notice] * bool(notice) == [node.text() for node in tree.css("em")]
    paragraph = tree.css("p")[2 if notice else 1]
    assert (values.get("summary", REPLY["summary"]) or "暂无", lang) == (
        paragraph.text(),
        paragraph.attributes.get("lang"),
    )
    link = tree.css_first("a")
    assert link
    assert ("https://arxiv.org/abs/2602.00001", "论文链接") == (link.attributes["href"], link.text())


def test_ids_never_change() -> None:
    """An id is for good: with another one, every reader would show everything again."""
    archive = archive_of(of(DAY, [one(2343, trophy=True)]))
    made = {key: feed(archive, key) for key in ATOM_KEYS}
    assert [
        "urn:uuid:63cb95a5-d083-5271-9876-78bc9c29e356",
        "urn:uuid:bb2e4a5a-31a3-5938-ad72-9f48cf3ed9fb",
        "urn:uuid:4c89b132-9a0d-58a6-9c34-e2c0497ade5e",
    ] == [read.feed.id for read in made.values()]
    a_day, a_paper = "urn:uuid:382d939a-0a85-5ced-8137-026a756c5967", "urn:uuid:696adeb8-0e15-58d5-b2a9-23be60f9d77c"
    assert [[a_day], [a_paper], [a_paper]] == [ids(read) for read in made.values()]


def test_an_address_is_in_no_id() -> None:
    """After a move nothing differs but where the pages are: ids, dates and texts are the same."""
    archive, other = archive_of(SAMPLE, MARKED), "https://elsewhere.example/pages"
    moved = texts(archive, address=other)
    assert moved == {key: text.replace(ADDRESS, other) for key, text in texts(archive).items()}
    assert not any(other in each.content[0].value for key in ATOM_KEYS for each in parsed(moved[key]).entries)


def test_each_language_has_ids_of_its_own() -> None:
    """Who reads two stacks, one in each language, misses nothing. A day's entry is in the day's, not in the stack's."""
    chinese, english = of(DAY, [one()]), of(DAY, [one(title=None, summary_language="en")], EN)
    for key in ATOM_KEYS:
        mine, other = (feed(archive_of(each), key, language) for each, language in ((chinese, ZH), (english, EN)))
        assert not {mine.feed.id, *ids(mine)} & {other.feed.id, *ids(other)}
    now, before = (feed(archive_of(chinese), DAILY_FEED_KEY, language) for language in (EN, ZH))
    assert (now.entries[0].id, now.entries[0].content) == (before.entries[0].id, before.entries[0].content)
    assert ("en", "zh-CN") == (now.feed.language, now.entries[0].content[0].language)


def digest_of(rung: Rung, written_at: dt.datetime, upvotes: int = 0) -> ArchivedDay:
    """A day of three papers, the last one's summary on that rung and written then, each with so many votes more."""
    papers = [paper(number, upvotes=100 - 10 * number + upvotes) for number in range(3)]
    told = {each.id: summary(Rung.MODEL if number < 2 else rung) for number, each in enumerate(papers)}
    digest = assemble(day(*papers, summaries=told))
    assert digest
    dates = [WRITTEN, WRITTEN, written_at]
    entries = [entry.model_copy(update={"written_at": date}) for entry, date in zip(digest.entries, dates, strict=True)]
    return ArchivedDay.of_page(json_page.write(digest.model_copy(update={"entries": tuple(entries)}), ZH))


def test_a_healed_day_moves_once_and_a_vote_never() -> None:
    """`updated` moves when a text is written anew, for the day and that paper alone; a vote changes no byte."""
    later = WRITTEN + dt.timedelta(days=1)
    marked, healed = digest_of(Rung.LISTING, WRITTEN), digest_of(Rung.MODEL, later)
    voted = digest_of(Rung.MODEL, later, upvotes=7)
    assert healed.papers[0].score != voted.papers[0].score
    assert texts(archive_of(healed)) == texts(archive_of(voted))
    for key, moved in ((DAILY_FEED_KEY, [True]), (PAPERS_FEED_KEY, [False, False, True])):
        before, after = (feed(archive_of(each), key) for each in (marked, healed))
        assert ids(before) == ids(after)
        assert (WRITTEN.isoformat(), later.isoformat()) == (before.feed.updated, after.feed.updated)
        assert moved == [one.updated < two.updated for one, two in zip(before.entries, after.entries, strict=True)]
        assert [each.published for each in before.entries] == [each.published for each in after.entries]


@pytest.mark.parametrize(
    ("written_at", "published", "updated"),
    [
        (None, "2026-02-04T00:00:00+00:00", "2026-02-04T00:00:00+00:00"),
        ("2026-02-03T09:00:00Z", "2026-02-03T09:00:00+00:00", "2026-02-03T09:00:00+00:00"),
        ("2026-03-01T09:00:00+08:00", "2026-02-04T00:00:00+00:00", "2026-03-01T09:00:00+08:00"),
    ],
)
def test_dates(written_at: str | None, published: str, updated: str) -> None:
    """A text whose date is not known, as on an earlier release's page, was there when its day was over."""
    made = archive_of(of(DAY, [one(written_at=written_at, trophy=True)]))
    for key in ATOM_KEYS:
        (entry,) = feed(made, key).entries
        assert (published, updated) == (entry.published, entry.updated)


def test_an_earlier_release_s_page_is_told() -> None:
    """A page that says neither when its texts were written nor where else a paper is makes a feed all the same."""
    page = json.loads(json_page.write(listed_digest(ROOT / "events/sample/2026-02-03.json", sample_summaries()), ZH))
    for each in page["papers"]:
        for name in ("written_at", "pdf", "repository", "project_page", "summary_language"):
            del each[name]
    archive = archive_of(ArchivedDay.of_page(json.dumps(page)))
    for key in (DAILY_FEED_KEY, PAPERS_FEED_KEY):
        read = feed(archive, key)
        assert {"2026-02-04T00:00:00+00:00"} == {each.updated for each in (read.feed, *read.entries)}
        for html in (each.content[0].value for each in read.entries):
            assert (html.count("<p"), 0) == (html.count("</p>"), html.count("<p></p>"))


def test_a_paper_on_two_days_is_told_once() -> None:
    """Of a paper that is on two days the newest tells, in the feeds of papers; each day tells of all its papers."""
    next_day = DAY + dt.timedelta(days=1)
    older = of(DAY, [one(1, trophy=True), one(2, trophy=True)])
    newer = of(next_day, [one(1, trophy=True, number=2), one(3), one(2, number=4)])
    archive = archive_of(older, newer)
    papers = feed(archive, PAPERS_FEED_KEY).entries
    assert [f"{ADDRESS}/digests/{next_day}.html#2602.0000{number}" for number in (1, 3, 2)] == [
        entry.link for entry in papers
    ]
    assert ids(feed(archive, TROPHIES_FEED_KEY)) == [papers[0].id]
    assert [3, 2] == [entry.content[0].value.count("<h3>") for entry in feed(archive, DAILY_FEED_KEY).entries]


def test_a_feed_has_the_newest() -> None:
    """However long the archive, a feed has its newest days and papers, newest first, and reads twelve months of it."""
    archive = archive_of(*days_before(40, papers=2, trophy=True))
    daily, papers, trophies = (feed(archive, key).entries for key in ATOM_KEYS)
    assert (MAX_DAYS, MAX_PAPERS, MAX_TROPHIES) == tuple(map(len, (daily, papers, trophies)))
    assert all(newer.link >= older.link for newer, older in pairwise(daily))
    assert [entry.id for entry in trophies] == [entry.id for entry in papers][:MAX_TROPHIES]
    read = set[str]()
    monthly = archive_of(*days_before(14, step=31))

    def reading(name: str) -> Month:
        read.add(name)
        return monthly.read(name)

    feed_pages(Archive(monthly.months, reading), ZH, ADDRESS)
    assert (14, set(monthly.months[-MAX_MONTHS:])) == (len(monthly.months), read)


def test_without_papers() -> None:
    """A feed without entries is valid, and is as old as the newest day: no clock is in it."""
    trophies = feed(archive_of(of(DAY, [one()])), TROPHIES_FEED_KEY)
    assert ([], "2026-02-04T00:00:00+00:00") == (trophies.entries, trophies.feed.updated)
    archive = archive_of(of(DAY, []))
    assert [1, 0, 0] == [len(feed(archive, key).entries) for key in ATOM_KEYS]
    assert {"2026-02-04T00:00:00+00:00"} == {feed(archive, key).feed.updated for key in ATOM_KEYS}


def full_of(text: str) -> Archive:
    """An archive in which every text from outside is `text`, and every address has what an address may have."""
    address = "https://a.example/\"'><script>alert(1)</script>&amp;{{x}}"
    addresses = dict.fromkeys(("link", "pdf", "repository", "project_page"), address)
    named = {"title": text, "title_en": text, "organization": text, "summary": text, "highlights": (text, text)}
    return archive_of(of(DAY, [one(1, **named, **addresses, trophy=True), one(2, **named | {"title": None})]))


def shape(html: str) -> list[tuple[str, dict[str, str | None]]]:
    """Every element of a text in order, with its attributes, as a browser's own parser reads it."""
    root = LexborHTMLParser(html).root
    assert root
    return [(node.tag or "", dict(node.attributes)) for node in root.traverse()]


def told(archive: Archive) -> dict[str, list[tuple[str, str]]]:
    """The titles and texts of each feed's entries."""
    made = texts(archive)
    assert [] == [key for key, text in made.items() if XML_FORBIDS.search(text)]
    entries = {key: [(each.title, each.content[0].value) for each in parsed(made[key]).entries] for key in ATOM_KEYS}
    items = json.loads(made[JSON_FEED_KEY])["items"]
    return entries | {JSON_FEED_KEY: [(item["title"], item["content_html"]) for item in items]}


@cache
def plain_shapes() -> dict[str, list[list[tuple[str, dict[str, str | None]]]]]:
    """The shape of each feed's entries where every text is a plain one."""
    return {key: [shape(html) for _, html in entries] for key, entries in told(full_of("plain")).items()}


def assert_harmless(text: str) -> None:
    """Every feed can be read, shows `text` as it is, and has the elements that a plain text gives it."""
    hostile = told(full_of(text))
    for key, entries in hostile.items():
        assert plain_shapes()[key] == [shape(html) for _, html in entries]
        for _, html in entries:
            shown = {" ".join(node.text().split()) for node in LexborHTMLParser(html).css("bdi, li, p:not(:has(*))")}
            assert {seen(text)} == shown
    titles = [title for title, _ in hostile[PAPERS_FEED_KEY]]
    assert [seen(f"🏆 {text}"), seen(text)] == [seen(title) for title in titles]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:20]))
def test_hostile_texts_are_texts(text: str) -> None:
    """Whatever its texts say, a feed can be read and they are in it as texts."""
    assert_harmless(text)


@settings(max_examples=50)
@given(st.text(st.characters(exclude_categories=())))
def test_any_text_is_a_text(text: str) -> None:
    """Any text at all is shown as it is, but for what cannot be seen, and breaks no feed."""
    assert_harmless(f"text {text}")


def test_a_text_runs_and_fetches_nothing() -> None:
    """An entry is made of plain elements: no script, style, picture or handler, and no link that is not absolute."""
    for entries in told(full_of(HOSTILE[0])).values():
        for node, attributes in (each for _, html in entries for each in shape(html)):
            assert node in ELEMENTS
            assert set(attributes) <= {"href", "lang"}
            assert (attributes.get("href") or "https://").startswith("https://")


def test_size() -> None:
    """Ten days of sixteen papers with texts of the usual length are a feed that a phone takes at once."""
    values: Any = {name: f"https://example.com/{name}" for name in ("pdf", "repository", "project_page")}
    sizes = {key: len(text.encode()) for key, text in texts(archive_of(*days_before(10, 16, **values))).items()}
    assert max(sizes.values()) < 300_000
