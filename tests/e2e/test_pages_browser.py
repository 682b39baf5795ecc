"""The HTML pages in a real browser: they fit every width, fetch nothing, and everybody can read them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from paperboy.days.digest import Digest, assemble
from paperboy.days.records import DigestRecord
from paperboy.pages import html
from paperboy.pages.site import index_page
from paperboy.papers.listing import Rejection
from paperboy.papers.paper import Authors
from paperboy.summaries.summary import Rung, Summary
from paperboy.summaries.usage import Usage
from tests.samples import EN, ENGLISH_REPLY, ROOT, ZH, day, listed_digest, paper, sample_summaries

REAL_DAY = "2026-03-13"
SAMPLE = ROOT / "events/sample/2026-02-03.json"

WIDTHS = [320, 768, 1440]
BACKGROUNDS: dict[Literal["light", "dark"], str] = {"light": "rgb(253, 252, 250)", "dark": "rgb(25, 24, 22)"}

HOSTILE = [
    "<script>document.title = 'taken'</script><img src=https://example.com/a.png onerror=\"document.title='taken'\">",
    "</style></head></bdi></main><style>@import 'https://example.com/a.css';</style><h1>after</h1>",
    "\u202e\u2066right to left \u05e9\u05dc\u05d5\u05dd\u200b\u2060\ufeff",
    "W" * 10_000,
    "中" * 10_000,
]

ADDRESS = "https://example.com/\"onclick='document.title=1'>" + "W" * 200

FEW_PAPERS = {"exclude": ["article:nth-of-type(n + 4):not(:last-of-type)"]}
"""What the accessibility checker looks at: it takes long, and papers are alike, so the first ones and the last."""
EVERYTHING: dict[str, object] = {"resultTypes": ["violations"]}
COLOURS = EVERYTHING | {"runOnly": ["color-contrast", "link-in-text-block"]}
"""What it looks for: in the dark nothing but colours can be another."""


def hostile_day() -> Digest:
    """A day whose every text wants to be something else."""
    papers = [
        paper(
            number,
            title=text,
            organization=text,
            abstract=text[:1000],
            authors=Authors.of([text[:100]] * (300 if number % 2 else 3)),
            stars=10**9,
            **dict.fromkeys(("pdf", "discussion", "repository", "project_page"), ADDRESS),
        )
        for number, text in enumerate([*HOSTILE, *HOSTILE, *HOSTILE])
    ]
    summaries = {
        one.id: Summary(title=one.title, summary=one.abstract, highlights=(one.abstract,) * 3, rung=Rung.MODEL)
        if number % 2
        else Summary(summary=one.abstract, rung=Rung.LISTING)
        for number, one in enumerate(papers)
    }
    rejections = tuple(Rejection(item=text[:1000], reason=text) for text in HOSTILE)
    digest = assemble(day(*papers, summaries=summaries, rejections=rejections))
    assert digest
    return digest


def list_of_days() -> str:
    """The list of many days, whole ones and others."""
    days = {
        dt.date(2026, 1, 1) + dt.timedelta(days=number): DigestRecord(
            attempt=1,
            ids=("2602.02343",) * (number + 1),
            hashes={},
            rungs={Rung.MODEL: 1, Rung.ABSTRACT: number % 3},
            open=number % 2 == 0,
            published_at=dt.datetime(2026, 2, 4, tzinfo=dt.UTC),
        )
        for number in range(12)
    }
    return index_page(days, ZH).text


def english_day() -> Digest:
    """The sample day in English: on a high rung, on low ones, one for the budget, one in Chinese, and with its cost."""
    summary = Summary.model_validate(ENGLISH_REPLY | {"rung": Rung.MODEL})
    [earlier, *others] = sample_summaries().items()
    digest = listed_digest(SAMPLE, dict([earlier, *((paper_id, summary) for paper_id, _ in others[::2])]))
    entries = tuple(entry.model_copy(update={"limited": entry.number % 3 == 0}) for entry in digest.entries)
    usage = Usage(calls=16, input_tokens=30_000, output_tokens=5_210, cost=12_345)
    return digest.model_copy(update={"entries": entries, "usage": usage})


def written(name: str, folder: Path, request: pytest.FixtureRequest) -> Path:
    """A page as a file."""
    match name:
        case "sample":
            text = html.write(listed_digest(SAMPLE, sample_summaries()), ZH)
        case "hostile":
            text = html.write(hostile_day(), ZH)
        case "english":
            text = html.write(english_day(), EN)
        case "days":
            text = list_of_days()
        case date:
            real: Path = request.getfixturevalue("shared_data")
            text = html.write(listed_digest(real / f"data/hf_daily/{date}.json.gz"), ZH)
    file = folder / "page.html"
    file.write_text(text, "utf-8")
    return file


def visited(browser: Browser, file: Path) -> tuple[Page, list[str]]:
    """A page opened in the light, and what it asks for and complains of from then on."""
    page = browser.new_page(viewport={"width": WIDTHS[0], "height": 900}, color_scheme="light")
    heard: list[str] = []
    page.on("request", lambda request: heard.append(request.url))
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.goto(file.as_uri())
    return page, heard


def overflow(page: Page) -> dict[int, int]:
    """At each width, by how many pixels a page is wider than its window."""
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found[width] = page.evaluate("Math.max(0, document.documentElement.scrollWidth - window.innerWidth)")
    return found


@pytest.mark.parametrize("name", ["sample", REAL_DAY, "hostile", "english", "days"])
def test_a_page_reads_well_everywhere(
    chromium: Browser, name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Closed and opened up, a page does not scroll sideways; the accessibility checker finds nothing; its style sheet
    passes its own policy; it asks for nothing but itself and has no error."""
    file = written(name, tmp_path, request)
    page, heard = visited(chromium, file)
    assert dict.fromkeys(WIDTHS, 0) == overflow(page)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert dict.fromkeys(WIDTHS, 0) == overflow(page)
    for scheme, background in BACKGROUNDS.items():
        page.emulate_media(color_scheme=scheme)
        assert background == page.evaluate("getComputedStyle(document.body).backgroundColor")
        found = Axe().run(page, FEW_PAPERS, EVERYTHING if scheme == "light" else COLOURS)
        assert 0 == found.violations_count, found.generate_report()
    assert page.title().startswith((ZH.labels.digest, EN.labels.digest))
    assert [file.as_uri()] == heard
    page.close()


@pytest.mark.parametrize("name", ["sample", "days"])
def test_the_keyboard_is_enough(chromium: Browser, name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Tab comes to the first link, which then has a visible outline; on a digest the one after the ways to other pages
    leads to the paper, and the Tab that comes past the paper's links to what Enter opens."""
    page, _ = visited(chromium, written(name, tmp_path, request))
    page.keyboard.press("Tab")
    assert ["A", "solid"] == page.evaluate(
        "[document.activeElement.tagName, getComputedStyle(document.activeElement).outlineStyle]"
    )
    if name == "sample":
        for _ in range(page.locator("header .ways a").count()):
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        article = page.locator("article").first
        assert f"#{article.get_attribute('id')}" == page.evaluate("location.hash")
        for _ in range(1 + article.locator("a, .authors summary").count()):
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.parentElement.open")
        assert page.evaluate("document.activeElement.closest('article') === document.querySelector('article')")
    page.close()


def test_the_tests_would_see_it(chromium: Browser, tmp_path: Path) -> None:
    """The checks above find what they look for: a request, a script, an overflow, and faults of access and colour."""
    file = tmp_path / "page.html"
    digest = assemble(day(paper()))
    assert digest
    text = html.write(digest, ZH)
    policy = '<meta http-equiv="Content-Security-Policy"'
    bad = (
        "<img src=https://example.invalid/a.png><hr width=2000><p style='color: #777; background: #666'>grey</p>"
        "<script>console.log('ran')</script></main>"
    )
    file.write_text(text.replace("</main>", bad).replace(policy, "<meta"), "utf-8")
    page, heard = visited(chromium, file)
    page.wait_for_load_state()
    assert {"https://example.invalid/a.png", "ran"} <= set(heard)
    assert overflow(page)[320] > 0
    page.emulate_media(color_scheme="dark")
    assert {"image-alt", "color-contrast"} <= {each["id"] for each in Axe().run(page).response["violations"]}
    page.close()
    file.write_text(text.replace("</main>", bad), "utf-8")
    page, heard = visited(chromium, file)
    assert any("Content Security Policy" in each for each in heard)
    assert "ran" not in heard
    page.close()
