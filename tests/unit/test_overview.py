"""The pages that lead to the days: they lead everywhere and nowhere else, and say of each day what is known."""

from __future__ import annotations

import datetime as dt
import posixpath
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from paperboy.archive.archive import Archive
from paperboy.archive.calendar import calendar_of
from paperboy.archive.month import ArchivedDay, ArchivedPaper, Month
from paperboy.archive.overview import index_page, is_over, month_page, week_page, year_page
from paperboy.archive.site import FEED_KEYS, SEARCH_KEY, week_name
from paperboy.days.digest import Digest, assemble
from paperboy.languages.language import Language
from paperboy.pages import html
from paperboy.pages.site import Page, digest_key
from paperboy.papers.text import UNSEEN
from paperboy.summaries.summary import Rung
from tests.samples import DAY, EN, ZH, archive_of, archived, day, paper
from tests.unit.test_html import HOSTILE, content, contents, full_of, plain_like, seen, shape

languages = pytest.mark.parametrize("language", [ZH, EN], ids=lambda language: language.code)


@cache
def digest(date: dt.date = DAY) -> Digest:
    """A digest of ten papers, those that are more are left out; each has an id of its day's."""
    ids = {number: f"{date:%y%m}.{date:%d}{number:03}" for number in range(12)}
    listed = [paper(id=each, organization="A lab", upvotes=20 - number) for number, each in ids.items()]
    made = assemble(day(*listed, date=date))
    assert made
    return made


@cache
def small_archive() -> tuple[Archive, tuple[Digest, ...]]:
    """Two years' end, with weekends, a gap, and a week over that is of both years; and its digests."""
    dates = [*(dt.date(2026, 12, day) for day in (1, 24, 30, 31)), *(dt.date(2027, 1, day) for day in (1, 4, 5))]
    digests = tuple(digest(date) for date in dates)
    return archive_of(*map(archived, digests), empty=[dt.date(2026, 12, 26), dt.date(2027, 1, 2)]), digests


def overview(archive: Archive, language: Language = ZH, has_feeds: bool = True) -> dict[str, Page]:
    """Every page that leads to the days of an archive, by its key."""
    weeks = sorted({week_name(each.day) for each in archive.days()})
    pages = [
        index_page(archive, language, has_feeds),
        *(month_page(archive.read(name), language) for name in archive.months),
        *(year_page(archive, year, language) for year in sorted({int(name[:4]) for name in archive.months})),
        *(week_page(archive, week, language) for week in weeks if is_over(archive, week)),
    ]
    return {page.key: page for page in pages}


def parsed(page: Page) -> LexborHTMLParser:
    return LexborHTMLParser(page.text)


def links(page: Page) -> list[str]:
    """Where a page leads within the site, from where the keys begin: ``digests/2026-02-03.html#2602.02343``."""
    found = [str(node.attributes["href"]) for node in parsed(page).css("a[href], link[rel=alternate]")]
    here = posixpath.dirname(page.key)
    own = [link for link in found if not link.startswith("https://")]
    return [page.key + link if link.startswith("#") else posixpath.normpath(posixpath.join(here, link)) for link in own]


def hostile_archive(text: str) -> Archive:
    """An archive of two weeks whose every text from outside is `text`."""
    made = full_of(text)
    return archive_of(archived(made), archived(made.model_copy(update={"day": DAY + dt.timedelta(days=7)})))


@languages
def test_every_link_leads_somewhere(language: Language) -> None:
    """A page leads to pages that there are, and to places on them; each page is led to from the index on."""
    archive, digests = small_archive()
    pages = overview(archive, language)
    texts = {key: page.text for key, page in pages.items()}
    texts |= {digest_key(each.day): html.write(each, language) for each in digests}
    texts |= dict.fromkeys([SEARCH_KEY, *FEED_KEYS], "")
    ids = {key: {node.attributes["id"] for node in LexborHTMLParser(text).css("[id]")} for key, text in texts.items()}
    for page in pages.values():
        for link in links(page):
            key, _, place = link.partition("#")
            assert key in texts, (page.key, link)
            assert not place or place in ids[key], (page.key, link)
    reached, ways = {"index.html"}, ["index.html"]
    while ways:
        found = {link.partition("#")[0] for link in links(pages[ways.pop()])} - reached
        reached |= found
        ways += sorted(found & pages.keys())
    assert texts.keys() == reached


@languages
def test_structure(language: Language) -> None:
    """A page has a title, one first heading, headings without a step left out, one main part, and ids once each."""
    archive, _ = small_archive()
    titles = []
    for key, page in overview(archive, language).items():
        tree = parsed(page)
        titles.append(content(tree.css_first("title")))
        levels = [int(tag[1]) for tag, _ in shape(tree) if tag in ("h1", "h2", "h3", "h4")]
        assert 1 == levels.count(1), key
        assert [] == [step for step in pairwise(levels) if step[1] > step[0] + 1], key
        assert (1, language.tag) == (len(tree.css("main")), tree.css("html")[0].attributes["lang"]), key
        ids = [node.attributes["id"] for node in tree.css("[id]")]
        assert sorted(set(ids), key=str) == sorted(ids, key=str), key
    assert len(set(titles)) == len(titles)
    assert all(title.startswith(language.labels.digest) for title in titles)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_add_nothing(text: str) -> None:
    """Whatever its texts say, a page has the elements and attributes that a plain one has; the text is there to see."""
    expected = {key: shape(parsed(page)) for key, page in overview(hostile_archive(plain_like(text))).items()}
    for key, page in overview(hostile_archive(text)).items():
        assert expected[key] == shape(parsed(page)), key
        assert [] == UNSEEN.findall(page.text.replace("\n", "")), key
        assert key.startswith("years/") or seen(text) in contents(parsed(page), "bdi"), key


@languages
def test_nothing_is_fetched(language: Language) -> None:
    """Pages have no script, form, frame or picture, no style but the one in their head, and their policy allows no
    more."""
    for page in overview(small_archive()[0], language).values():
        nodes = shape(parsed(page))
        assert set() == {tag for tag, _ in nodes} & {"script", "img", "iframe", "form", "object", "embed", "svg"}
        assert [] == [key for _, attributes in nodes for key in attributes if key.startswith("on") or key == "style"]
        policy = parsed(page).css_first("meta[http-equiv=Content-Security-Policy]")
        assert policy
        assert str(policy.attributes["content"]).startswith("default-src 'none'; style-src 'sha256-")


def test_the_index_begins_with_the_newest_digest() -> None:
    """The index names the newest day, how many papers are in and left out, and the first five with trophy and lab."""
    papers = [paper(number, upvotes=600 - number, organization="Qwen") for number in range(12)]
    made = assemble(day(*papers))
    assert made
    page = parsed(index_page(archive_of(archived(digest(dt.date(2026, 2, 2))), archived(made)), ZH, True))
    assert "2026 年 2 月 3 日，星期二" == content(page.css_first("#newest h2"))
    assert content(page.css_first("#newest .line")).startswith("最新一期 入选 12 篇 未入选 0 篇")
    first = made.entries[0]
    lines = contents(page, "#newest li")
    assert 5 == len(lines)
    assert f"1. 🏆 为何引导有效：统一的视角 Qwen {first.ranked.score:.2f}" == lines[0]


def test_the_index_has_the_newest_twelve_months() -> None:
    """The index has calendars of the newest twelve months that have digests, newest first, whatever is between, and
    leads to the newest year."""
    months = ["2024-12", "2025-01", *(f"2025-{month:02}" for month in range(3, 13)), "2026-02", "2026-04"]
    archive = archive_of(*(archived(digest(dt.date.fromisoformat(f"{name}-02"))) for name in months))
    ways = links(index_page(archive, ZH, has_feeds=False))
    assert [f"months/{name}.html" for name in months[:-13:-1]] == [way for way in ways if way.startswith("months/")]
    assert ["years/2026.html"] == [way for way in ways if way.startswith("years/")]


def test_a_month_has_a_line_a_paper() -> None:
    """A month's page has its days, newest first, with how many papers were in and left out and a line for each of the
    former."""
    days = [archived(digest(date)) for date in (DAY, DAY + dt.timedelta(days=1))]
    page = month_page(Month.of("2026-02", days, []), EN)
    sections = parsed(page).css("main > section")
    assert ["d2026-02-04", "d2026-02-03"] == [node.attributes["id"] for node in sections]
    assert ["10 in 2 left out To be completed"] * 2 == contents(parsed(page), "main > section > .line")
    assert [10, 10] == [len(node.css("li")) for node in sections]
    assert ["#d2026-02-03", "#d2026-02-04"] == [node.attributes["href"] for node in parsed(page).css(".calendar a")]


def test_what_is_known_of_a_day() -> None:
    """A calendar tells days with papers, with how many, those without, and nothing of the others; it marks open days
    and those that lack summaries."""
    whole = archived(digest()).model_copy(update={"open": False})
    open_day = whole.model_copy(update={"day": dt.date(2026, 2, 4), "open": True})
    low = tuple(each.model_copy(update={"rung": Rung.LISTING}) for each in whole.papers)
    low_day = whole.model_copy(update={"day": dt.date(2026, 2, 5), "papers": low})
    archive = archive_of(whole, open_day, low_day, empty=[dt.date(2026, 2, 1)])
    cells = contents(parsed(year_page(archive, 2026, EN)), "td")
    assert [
        *("1 – No papers", "2", "3 12 Papers: 12", "4 12 Papers: 12† To be completed"),
        *("5 12 Papers: 12* Without a model's summary: 10", "6", "7"),
    ] == [each for each in cells if each][:7]
    assert 28 == len([each for each in cells if each])


@pytest.mark.parametrize(
    ("month", "weeks"),
    [
        ("2026-02", ["2026-W05", "2026-W06", "2026-W07", "2026-W08", "2026-W09"]),
        ("2027-01", ["2026-W53", "2027-W01", "2027-W02", "2027-W03", "2027-W04"]),
        ("2027-02", ["2027-W05", "2027-W06", "2027-W07", "2027-W08"]),
        ("2025-12", ["2025-W49", "2025-W50", "2025-W51", "2025-W52", "2026-W01"]),
    ],
)
def test_a_calendar_has_the_weeks_of_its_month(month: str, weeks: list[str]) -> None:
    """The rows of a calendar are the weeks that have days in the month, each day once and in order."""
    rows = calendar_of(Month.of(month, [], []))
    assert weeks == [row.name for row in rows]
    assert all(7 == len(row.days) for row in rows)
    days = [each.day for row in rows for each in row.days if each]
    assert days == sorted(set(days))
    assert {month} == {f"{each:%Y-%m}" for each in days}
    assert 1 == days[0].day
    assert 1 == (days[-1] + dt.timedelta(days=1)).day


def test_a_row_leads_to_its_week() -> None:
    """A row leads to its week's page once that is over, where the row has a digest of it."""
    archive, _ = small_archive()
    page = overview(archive)["years/2026.html"]
    assert ["2026-W49", "2026-W52", "2026-W53"] == [link[6:14] for link in links(page) if link.startswith("weeks/")]
    january = overview(archive)["years/2027.html"]
    assert ["2026-W53"] == [link[6:14] for link in links(january) if link.startswith("weeks/")]


def test_years_lead_to_the_nearest() -> None:
    """A year's page leads to the nearest years that have digests, whatever is between."""
    days = [archived(digest(dt.date(year, 3, 2))) for year in (2019, 2023, 2024, 2026)]
    archive = archive_of(*days)
    ways = {
        year: [link for link in links(year_page(archive, year, ZH)) if link.startswith("years/")]
        for year in (2019, 2023, 2024, 2026)
    }
    assert {
        2019: ["years/2023.html"],
        2023: ["years/2019.html", "years/2024.html"],
        2024: ["years/2023.html", "years/2026.html"],
        2026: ["years/2024.html"],
    } == ways


def scored(name: int, score: float, **values: Any) -> ArchivedPaper:
    """A paper with a score, of which little else is known."""
    one: dict[str, Any] = {"title_en": f"Paper {name}", "organization": "Qwen", "summary": "S.", "number": 1}
    return ArchivedPaper(
        id=f"2602.{name:05}", link=f"https://arxiv.org/abs/2602.{name:05}", score=score, **(one | values)
    )


def test_the_best_of_a_week() -> None:
    """A week has its twenty best by score, a paper once with its best day, none that was left out; of equals the
    earlier stands first."""
    monday = [scored(number, 50 - number, number=number) for number in range(1, 16)]
    sunday = [scored(1, 90), scored(2, 48), *(scored(number, 48, number=number) for number in range(20, 31))]
    days = [
        ArchivedDay(day=dt.date(2026, 12, 28), language="en", papers=tuple(monday)),
        ArchivedDay(day=dt.date(2027, 1, 3), language="en", papers=(*sunday, scored(40, 99, number=None, summary=""))),
        ArchivedDay(day=dt.date(2027, 1, 4), language="en", papers=(scored(50, 99),)),
    ]
    page = week_page(archive_of(*days), "2026-W53", EN)
    places = [str(node.attributes["id"]) for node in parsed(page).css("article")]
    assert ["2602.00001", "2602.00002", *(f"2602.{number:05}" for number in range(20, 31))] == places[:13]
    assert (20, 20) == (len(places), len(set(places)))
    assert ["digests/2027-01-03.html#2602.00001", "digests/2026-12-28.html#2602.00002"] == [
        link for link in links(page) if "#" in link
    ][:2]
    assert ["months/2026-12.html", "months/2027-01.html"] == [link for link in links(page) if link.startswith("months")]
    assert "Week 53 of 2026" == content(parsed(page).css_first("h1"))
    assert 2 == len(parsed(page).css("#days li"))


def test_a_title_is_in_the_page_s_language() -> None:
    """On pages in another language than a day's, papers have their own titles; a summary is marked as what it is."""
    days = [archived(digest(date)) for date in (DAY, DAY + dt.timedelta(days=7))]
    for key, page in overview(archive_of(*days), EN).items():
        assert "为何引导有效" not in page.text, key
    week = parsed(overview(archive_of(*days), EN)["weeks/2026-W06.html"])
    assert {"zh-CN"} == {node.attributes["lang"] for node in week.css(".summary")}
    assert {"No English summary yet; this is the earlier one, in another language."} == set(contents(week, ".low"))


@languages
def test_a_private_stack_has_no_feeds(language: Language) -> None:
    """Where there are no feeds the index leads to none and says why; where there are, it leads to each, twice."""
    archive, _ = small_archive()
    private, public = (index_page(archive, language, has_feeds) for has_feeds in (False, True))
    assert [] == [link for link in links(private) if link.startswith("feeds/")]
    assert [language.labels.feeds.private] == contents(parsed(private), "#feeds p")
    assert sorted([*FEED_KEYS, *FEED_KEYS]) == sorted(link for link in links(public) if link.startswith("feeds/"))
    types = {node.attributes["href"]: node.attributes["type"] for node in parsed(public).css("link[rel=alternate]")}
    assert types == {node.attributes["href"]: node.attributes["type"] for node in parsed(public).css("#feeds a")}


def test_no_page_grows_with_the_years() -> None:
    """The index and a year's page are as long after ten years as after one."""
    template = archived(digest())
    sizes = []
    for years in (1, 10):
        first = dt.date(2026 - years, 2, 4)
        dates = [first + dt.timedelta(days=number) for number in range((DAY - first).days + 1)]
        archive = archive_of(*(template.model_copy(update={"day": date}) for date in dates))
        sizes.append([len(page.text) for page in (index_page(archive, ZH, True), year_page(archive, 2026, ZH))])
    [[index, year], [later_index, later_year]] = sizes
    assert abs(index - later_index) < 300
    assert abs(year - later_year) < 300
    assert later_index < 110_000
