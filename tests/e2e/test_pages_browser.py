"""The HTML pages in a real browser: they fit every width, fetch nothing, and everybody can read them."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from paperboy import html
from paperboy.digest import Digest, assemble
from paperboy.listing import Rejected
from paperboy.records import PublishedRecord
from paperboy.summary import Rung, Summary
from tests.samples import ROOT, day, listed_digest, paper, sample_summaries

REAL_DAY = "2026-03-13"

HOSTILE = [
    "<script>document.title = 'taken'</script><img src=https://example.com/a.png onerror=\"document.title='taken'\">",
    "</style></head></bdi></main><style>@import 'https://example.com/a.css';</style><h1>after</h1>",
    "\u202e\u2066right to left \u05e9\u05dc\u05d5\u05dd\u200b\u2060\ufeff",
    "W" * 10_000,
    "中" * 10_000,
]

QUIET = [
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
"""The browser asks for nothing of its own accord, and runs in a container."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium. In CI it has to be there."""
    found = shutil.which("chromium")
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("needs Chromium (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield browser
        browser.close()


def hostile_day() -> Digest:
    """A day whose every text wants to be something else."""
    papers = [
        paper(number, title=text, organization=text, abstract=text[:1000])
        for number, text in enumerate([*HOSTILE, *HOSTILE, *HOSTILE])
    ]
    told = {
        one.id: Summary(title=one.title, summary=one.abstract, highlights=(one.abstract,) * 3, rung=Rung.MODEL)
        if number % 2
        else Summary(summary=one.abstract, rung=Rung.LISTING)
        for number, one in enumerate(papers)
    }
    digest = assemble(day(*papers, summaries=told, rejected=tuple(Rejected(where=t[:1000], why=t) for t in HOSTILE)))
    assert digest
    return digest


def list_of_days() -> str:
    """The list of many days, whole ones and others."""
    days = {
        dt.date(2026, 1, 1) + dt.timedelta(days=number): PublishedRecord(
            attempt=1,
            ids=("2602.02343",) * (number + 1),
            hashes={},
            rungs={Rung.MODEL: 1, Rung.ABSTRACT: number % 3},
            open=number % 2 == 0,
            published_at=dt.datetime(2026, 2, 4, tzinfo=dt.UTC),
        )
        for number in range(40)
    }
    return html.index(days)


@pytest.fixture(scope="module", params=["sample", REAL_DAY, "hostile", "days"])
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page as a file."""
    match request.param:
        case "sample":
            text = html.page(listed_digest(ROOT / "events/sample/2026-02-03.json", sample_summaries()))
        case "hostile":
            text = html.page(hostile_day())
        case "days":
            text = list_of_days()
        case date:
            real: Path = request.getfixturevalue("shared_data")
            text = html.page(listed_digest(real / f"data/hf_daily/{date}.json.gz"))
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(text, "utf-8")
    return path


def visited(browser: Browser, file: Path, width: int, scheme: Literal["light", "dark"]) -> tuple[Page, list[str]]:
    """A page opened at a width and in a colour scheme, and what it asks for and complains of from then on."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    heard: list[str] = []
    page.on("request", lambda request: heard.append(request.url))
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.goto(file.as_uri())
    return page, heard


@pytest.mark.parametrize(
    ("width", "scheme", "background"),
    [
        (320, "light", "rgb(253, 252, 250)"),
        (320, "dark", "rgb(25, 24, 22)"),
        (768, "dark", "rgb(25, 24, 22)"),
        (1440, "light", "rgb(253, 252, 250)"),
    ],
)
def test_a_page_reads_well_everywhere(
    chromium: Browser, file: Path, width: int, scheme: Literal["light", "dark"], background: str
) -> None:
    """Closed and opened up, a page does not scroll sideways; the accessibility checker finds nothing; its style sheet
    passes its own policy; it asks for nothing but itself and has no error."""
    page, heard = visited(chromium, file, width, scheme)
    overflow = "document.documentElement.scrollWidth - window.innerWidth"
    assert page.evaluate(overflow) <= 0
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert page.evaluate(overflow) <= 0
    found = Axe().run(page)
    assert 0 == found.violations_count, found.generate_report()
    assert background == page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert page.title().startswith("每日论文汇总")
    assert [file.as_uri()] == heard
    page.close()


def test_the_keyboard_is_enough(chromium: Browser, file: Path) -> None:
    """Tab comes to the first link, which then has a visible outline; Enter on what comes next opens a paper's score."""
    page, _ = visited(chromium, file, 768, "light")
    page.keyboard.press("Tab")
    assert ["A", "solid"] == page.evaluate(
        "[document.activeElement.tagName, getComputedStyle(document.activeElement).outlineStyle]"
    )
    if page.locator("details").count():
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.parentElement.open")
    page.close()


def test_the_tests_would_see_it(chromium: Browser, tmp_path: Path) -> None:
    """The checks above find what they look for: a request, a script, an overflow and a fault of access."""
    file = tmp_path / "page.html"
    text = html.page(listed_digest(ROOT / "events/sample/2026-02-03.json", sample_summaries()))
    policy = '<meta http-equiv="Content-Security-Policy"'
    bad = "<img src=https://example.invalid/a.png><hr width=2000><script>console.log('ran')</script></main>"
    file.write_text(text.replace("</main>", bad).replace(policy, "<meta"), "utf-8")
    page, heard = visited(chromium, file, 320, "light")
    page.wait_for_load_state()
    assert {"https://example.invalid/a.png", "ran"} <= set(heard)
    assert page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    assert "image-alt" in {each["id"] for each in Axe().run(page).response["violations"]}
    page.close()
    file.write_text(text.replace("</main>", bad), "utf-8")
    page, heard = visited(chromium, file, 320, "light")
    assert any("Content Security Policy" in each for each in heard)
    assert "ran" not in heard
    page.close()
