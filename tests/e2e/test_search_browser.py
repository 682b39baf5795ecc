"""The page to search on in a real browser, which loads its shards over real HTTP."""

from __future__ import annotations

import datetime as dt
import sys
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from paperboy.archive.month import ArchivedDay, ArchivedPaper, Month
from paperboy.archive.search import Found, best_first, find, fold, search_page, shard_page, shards_page, words_of
from paperboy.languages.language import Language
from tests.samples import DAY, EN, ROOT, ZH, archived, listed_digest, sample_summaries
from tests.served import Served, served

SAMPLE_DAYS = ("2026-02-03", "2026-02-04")
ADDRESS = "https://example.com/"

WIDTHS = (320, 768, 1440)
EVERYTHING: dict[str, object] = {"resultTypes": ["violations"]}
COLOURS = EVERYTHING | {"runOnly": ["color-contrast", "link-in-text-block"]}
"""What the accessibility checker looks for: in the dark nothing but colours can be another."""
FEW = {"exclude": ["#results li:nth-of-type(n + 8)"]}

HOSTILE = (
    "<script>document.title = 'taken'</script><img src=https://example.com/a.png onerror=\"document.title='taken'\">",
    "</script></style></template></main><h1>after</h1>",
    "]]> --> ${document.title='taken'} {{ 7 * 7 }} {n} $& \\u003cb>",
    "\u202e\u2066right to left \u05e9\u05dc\u05d5\u05dd\u200b\u2060\ufeff",
    "W" * 10_000,
    "中" * 10_000,
    "𝔇" * 200 + "e\u0301" * 200,
)


def january() -> Month:
    """Sixty papers, of which ten were in; they have authors, labs and keywords of their own."""
    papers = tuple(
        ArchivedPaper(
            id=f"2601.{number:05}",
            link=f"{ADDRESS}{number}",
            number=number + 1 if number < 10 else None,
            title=f"第{number}篇：Straße 与 ｶﾞｲﾄﾞ" if number < 10 else None,
            title_en=f"A Guide to Diffusion, Part {number}",
            organization="Zhejiang University" if number % 2 else "",
            authors=("Ada Lovelace", "李明") if number == 3 else (),
            keywords=("graph of thoughts",) if number == 7 else (),
            tags=("Must Read",) if number == 0 else (),
            trophy=number == 0,
            score=90 - number % 7,
            summary="扩散模型的采样很慢。这里把它做快了。" * 3 if number < 10 else "",
            summary_language="zh" if number < 10 else None,
        )
        for number in range(60)
    )
    return Month.of("2026-01", [ArchivedDay(day=dt.date(2026, 1, 15), language="zh", papers=papers)], ())


def february() -> Month:
    """The sample days."""
    days = [archived(listed_digest(ROOT / f"events/sample/{day}.json", sample_summaries())) for day in SAMPLE_DAYS]
    return Month.of("2026-02", days, ())


def hostile() -> Month:
    """A day whose every text wants to be something else."""
    papers = tuple(
        ArchivedPaper(
            id=f"2512.{number:05}",
            link=ADDRESS,
            number=number if number % 2 else None,
            title=text,
            title_en=text,
            organization=text,
            authors=(text,) * 3,
            keywords=(text,),
            tags=(text,),
            trophy=True,
            score=1e9,
            summary=text,
            summary_language="en",
            highlights=(text,) * 3,
        )
        for number, text in enumerate(HOSTILE)
    )
    return Month.of("2025-12", [ArchivedDay(day=dt.date(2025, 12, 31), language="zh", papers=papers)], ())


MONTHS = (hostile(), january(), february())


def pages(months: Sequence[Month] = MONTHS, language: Language = ZH) -> list[Any]:
    """All that a search needs, with an empty page for each day so that its links lead somewhere."""
    listed = shards_page([month.month for month in months], DAY)
    return [search_page(language, DAY), listed, *map(shard_page, months)]


@dataclass
class Searched:
    """The page to search on, opened, and what its reader sees."""

    page: Page
    site: Served
    heard: list[str]
    """What it complains of, and what it asks other origins for."""

    def open(self, query: str = "") -> None:
        """Open the page with the query of its address, and wait until all months are in."""
        self.page.goto(f"{self.site.url}search.html{query}")
        self.wait()

    def wait(self) -> None:
        """Wait until no month is loading."""
        self.page.wait_for_selector("#results[aria-busy=false]", state="attached")

    def ask(self, query: str) -> None:
        """Write into the field; what is shown then is this query's."""
        self.page.locator("#query").fill(query)
        self.wait()

    @property
    def count(self) -> str:
        return self.page.locator("#found").inner_text()

    @property
    def links(self) -> list[str]:
        """Where the results lead, in order."""
        found: list[str] = self.page.evaluate(
            "[...document.querySelectorAll('#results a')].map(one => one.getAttribute('href'))"
        )
        return found


@pytest.fixture(scope="module")
def site() -> Iterator[Served]:
    with served(pages()) as site:
        yield site


@pytest.fixture
def searched(chromium: Browser, site: Served) -> Iterator[Searched]:
    yield from opened(chromium, site)


def opened(chromium: Browser, site: Served, **context: Any) -> Iterator[Searched]:
    page = chromium.new_page(viewport={"width": WIDTHS[0], "height": 900}, color_scheme="light", **context)
    heard: list[str] = []
    page.on("request", lambda request: heard.extend([request.url] * (not request.url.startswith(site.url))))
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    yield Searched(page, site, heard)
    page.close()


@cache
def found_in_python(query: str) -> list[Found]:
    return [each for month in reversed(MONTHS) for each in find(month, words_of(query))]


def expected(query: str, best: bool = False) -> list[str]:
    """Where the papers lead that Python finds, as the page orders them."""
    found = found_in_python(query)
    return [
        each.paper.link if each.paper.number is None else f"digests/{each.day}.html#{each.paper.id}"
        for each in (best_first(found) if best else found)
    ]


FIRST = february().days[0].papers[0]
QUERIES = [
    *("扩散", "Qwen 推理", "推理 qwen", "ada lovelace", "李明", "Lovelace 2026-01", "2602.02343", "2602.", "alibaba"),
    *(
        "ZHEJIANG part",
        "2026-01",
        "2026-02-04",
        "must read",
        "graph of",
        "STRASSE",
        "ガイド",
        "ｄｉｆｆｕｓｉｏｎ",
        ".*",
    ),
    *(
        "{n}",
        "right left",
        "<script>",
        "</script>",
        "]]>",
        "\u202eright",
        "nothing has this",
        FIRST.title_en,
        "W" * 300,
    ),
    *("é", "𝔡"),
]


def test_both_searches_agree(searched: Searched) -> None:
    """The page finds what the terminal does, in the same order, whatever is asked for; nothing goes wrong meanwhile,
    and nothing is asked of another origin, whatever the texts say."""
    searched.open()
    for best in (False, True):
        searched.page.locator(f"[value={'best' if best else 'newest'}]").check()
        for query in QUERIES[:: 4 if best else 1]:
            searched.ask(query)
            links = expected(query, best)
            assert ("" if not links else ZH.labels.search.found.format(n=len(links))) in searched.count, query
            if searched.page.locator("#more").is_visible():
                searched.page.locator("#more").click()
            assert links[:100] == searched.links, query
    assert [] == searched.heard
    assert "taken" not in searched.page.title()
    assert 0 == searched.page.locator("#results :is(script, img, style, h1)").count()


def test_both_fold_alike(searched: Searched) -> None:
    """Every character is folded in the browser as in Python, within words and at their end."""
    searched.open()
    known = [each for each in map(chr, range(sys.maxunicode)) if unicodedata.category(each) not in ("Cn", "Co", "Cs")]
    text = "|".join(f"x{each}y {each}" for each in known if each != "|")
    both = zip(fold(text).split("|"), searched.page.evaluate("fold", text).split("|"), strict=True)
    assert [] == [each for each in both if each[0] != each[1]]


def test_what_a_result_shows(searched: Searched) -> None:
    """A result has the title in its language, the English one, the lab, the date, the score, the trophy, and whether it
    was in; the words are marked wherever they stand, as the reader wrote them or not."""
    searched.open()
    searched.ask("strasse ガイド 采样 2026-01 must")
    item = searched.page.locator("#results li")
    expect(item).to_have_count(1)
    assert ["Straße", "ｶﾞｲﾄﾞ", "2026-01", *["采样"] * 3, "Must"] == item.locator("mark").all_inner_texts()
    assert "第0篇：Straße 与 ｶﾞｲﾄﾞ" == item.locator("h2 a").inner_text()
    assert "zh" == item.locator(".title").get_attribute("lang")
    assert "A Guide to Diffusion, Part 0" == item.locator("[lang=en]").inner_text()
    assert ["2026-01-15", "90.00", ZH.labels.search.selected] == [
        item.locator(part).inner_text() for part in ("time", ".score", ".in")
    ]
    assert item.get_by_role("img", name=ZH.labels.trophy).is_visible()
    searched.ask("Part 58")
    assert "en" == item.locator(".title").get_attribute("lang")
    assert ZH.labels.search.left_out == item.locator(".in").inner_text()
    assert 0 == item.locator(".trophy, .english, .excerpt").count()


def test_a_link_repeats_a_search(searched: Searched) -> None:
    """What is asked for, and the order, are in the address, and opening that shows the same again."""
    searched.open()
    searched.ask("Qwen 推理 & ?")
    searched.page.locator("[value=best]").check()
    searched.page.wait_for_url("**/search.html?q=Qwen+%E6%8E%A8%E7%90%86+%26+%3F&sort=best")
    searched.page.reload()
    searched.wait()
    assert "Qwen 推理 & ?" == searched.page.locator("#query").input_value()
    assert searched.page.locator("[value=best]").is_checked()
    searched.open("?q=diffusion&sort=best")
    assert expected("diffusion", best=True)[:50] == searched.links
    searched.ask("")
    searched.page.locator("[value=newest]").check()
    searched.page.wait_for_url("**/search.html")


def test_the_keyboard_is_enough(searched: Searched) -> None:
    """`/` goes to the field, the arrows through the results and past the first fifty, Escape clears; the keys that
    choose among Chinese characters are left to the input method."""
    searched.open("?q=Part")
    page = searched.page
    page.keyboard.press("/")
    assert "query" == page.evaluate("document.activeElement.id")
    page.keyboard.type("/")
    assert "/" == page.locator("#query").input_value()
    searched.ask("Part")
    for _ in range(51):
        page.keyboard.press("ArrowDown")
    assert "more" == page.evaluate("document.activeElement.id")
    page.keyboard.press("Enter")
    assert expected("Part")[50] == page.evaluate("document.activeElement.getAttribute('href')")
    page.keyboard.press("ArrowUp")
    assert expected("Part")[49] == page.evaluate("document.activeElement.getAttribute('href')")
    assert "solid" == page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    page.evaluate("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', isComposing: true}))")
    assert "Part" == page.locator("#query").input_value()
    page.keyboard.press("Escape")
    assert ("", "query") == (page.locator("#query").input_value(), page.evaluate("document.activeElement.id"))
    assert page.locator("#help").is_visible()
    page.keyboard.type("2602.02343")
    expect(page.locator("#results a")).to_have_count(1)
    page.keyboard.press("Enter")
    page.locator("#results a:focus").press("Enter")
    page.wait_for_url("**/digests/2026-02-03.html#2602.02343")


def test_examples_are_searched_for(searched: Searched) -> None:
    """While nothing is asked for, the page says what can be, with examples to press; one is the newest month."""
    searched.open()
    names = [*ZH.labels.search.examples, "Must Read", "2026-02"]
    assert names == searched.page.locator("#help button").all_inner_texts()
    searched.page.get_by_role("button", name="2026-02").click()
    expect(searched.page.locator("#found")).to_have_text(ZH.labels.search.found.format(n=len(expected("2026-02"))))
    assert searched.page.locator("#help").is_hidden()


def test_a_month_that_cannot_be_loaded(chromium: Browser) -> None:
    """A shard that is missing, damaged or of another format costs itself: it is named, the others are searched, and it
    can be tried again; a focus on a result stays where it is."""
    with served(pages()) as site:
        missing = site.pages.pop("search/2026-01.json")
        damaged = site.pages["search/2025-12.json"]
        site.pages[damaged.key] = shards_page([], DAY)
        for searched in opened(chromium, site):
            searched.open("?q=2")
            told = searched.page.locator("#failed span")
            expect(told).to_have_text(ZH.labels.search.failed.format(months="2026-01, 2025-12"))
            assert expected("2026-02 2")[:50] == searched.links
            site.pages |= {missing.key: missing, damaged.key: damaged}
            searched.page.locator("#results a").first.focus()
            searched.page.evaluate("document.querySelector('#failed button').click()")
            searched.wait()
            expect(searched.page.locator("#failed")).to_be_hidden()
            assert expected("2")[0] == searched.page.evaluate("document.activeElement.getAttribute('href')")
            searched.ask("Part 58")
            assert expected("Part 58") == searched.links


def test_no_list_of_months(chromium: Browser) -> None:
    """Where the list of the months cannot be had, the page says so and tries again when asked to."""
    with served(pages()) as site:
        months = site.pages.pop("search/months.json")
        for searched in opened(chromium, site):
            searched.page.goto(f"{site.url}search.html?q=2602.02343")
            expect(searched.page.locator("#failed span")).to_have_text(ZH.labels.search.failed_months)
            site.pages[months.key] = months
            searched.page.locator("#failed button").click()
            expect(searched.page.locator("#results a")).to_have_count(1)


def test_it_is_useful_before_all_is_there(chromium: Browser) -> None:
    """The newest month is searched while the others are on their way, and the page says which those are; that nothing
    is found it says at the end alone."""
    gate = threading.Event()
    with served(pages()) as site:
        site.before = lambda key: _hold(gate) if key in ("search/2026-01.json", "search/2025-12.json") else None
        for searched in opened(chromium, site):
            searched.page.goto(f"{site.url}search.html?q=2602.02343")
            expect(searched.page.locator("#results a")).to_have_count(1)
            loading = ZH.labels.search.loading.format(n=1, all=3, months="2026-01, 2025-12")
            expect(searched.page.locator("#loading")).to_have_text(loading)
            searched.page.locator("#query").fill("nothing has this")
            expect(searched.page.locator("#results a")).to_have_count(0)
            assert ("", True) == (searched.count, searched.page.locator("#nothing").is_hidden())
            gate.set()
            searched.wait()
            assert ZH.labels.search.nothing == searched.count
            assert searched.page.locator("#nothing").is_visible()


def _hold(gate: threading.Event) -> None:
    assert gate.wait(30)


def test_an_archive_without_papers(chromium: Browser) -> None:
    """An archive without a month says that there is nothing to search yet."""
    with served(pages([], EN)) as site:
        for searched in opened(chromium, site):
            searched.open("?q=any")
            assert searched.page.locator("#empty").is_visible()
            assert searched.page.locator("#help, #nothing, #failed").filter(visible=True).count() == 0


def test_without_a_script(chromium: Browser, site: Served) -> None:
    """Without a script the page says why it does nothing, and leads to the days."""
    for searched in opened(chromium, site, java_script_enabled=False):
        searched.page.goto(f"{site.url}search.html")
        body = searched.page.locator("body").inner_text()
        assert ZH.labels.search.no_script in body
        links = searched.page.locator("main a")
        assert ["index.html"] == [each.get_attribute("href") for each in links.all()]
        assert searched.page.locator("form").is_hidden()


@pytest.mark.parametrize("query", ["", "?q=扩散", "?q=2025-12", "?q=nothing+has+this"])
def test_it_reads_well_everywhere(searched: Searched, query: str) -> None:
    """At every width, in the light and in the dark, the page does not scroll sideways, and the accessibility checker
    finds nothing."""
    searched.open(query)
    page = searched.page
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert 0 == page.evaluate("Math.max(0, document.documentElement.scrollWidth - window.innerWidth)"), width
        for scheme in schemes if width == WIDTHS[0] else schemes[:1]:
            page.emulate_media(color_scheme=scheme)
            found = Axe().run(page, FEW, EVERYTHING if scheme == "light" else COLOURS)
            assert 0 == found.violations_count, found.generate_report()
    assert [] == searched.heard
