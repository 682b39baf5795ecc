"""The pages that lead to the days in a real browser: they fit every width, fetch nothing, and all can read them."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from paperboy.archive.archive import Archive
from paperboy.archive.overview import index_page, month_page, week_page, year_page
from paperboy.pages.site import Page, digest_key
from paperboy.summaries.summary import Rung
from tests.e2e.test_pages_browser import (
    BACKGROUNDS,
    COLOURS,
    EVERYTHING,
    SAMPLE,
    WIDTHS,
    hostile_day,
    overflow,
    visited,
)
from tests.samples import EN, ZH, archive_of, archived, listed_digest, sample_summaries

SUNDAY, MONDAY = dt.date(2026, 2, 8), dt.date(2026, 2, 9)
FEW = {"exclude": [f"{each}:nth-of-type(n + 4)" for each in ("article", "li", "tr", "section", ".months > div")]}
"""What the accessibility checker looks at: it takes long, and papers, days and months are alike."""


@cache
def archive() -> Archive:
    """Days whose calendars have every shade and mark, of two years, and a hostile one."""
    sample = archived(listed_digest(SAMPLE, sample_summaries())).model_copy(update={"open": False})
    hostile = archived(hostile_day())
    hostile = hostile.model_copy(update={"day": dt.date(2026, 2, 4), "papers": hostile.papers[:5]})
    low = tuple(each.model_copy(update={"rung": Rung.LISTING}) for each in sample.papers)
    others = [
        sample.model_copy(update={"day": dt.date(2026, 2, 5), "papers": low}),
        sample.model_copy(update={"day": dt.date(2026, 2, 6), "papers": sample.papers[:3]}),
        sample.model_copy(update={"day": MONDAY, "open": True}),
        *(sample.model_copy(update={"day": dt.date(2025, month, 10)}) for month in (11, 12)),
    ]
    days = [sample, hostile, *others]
    return archive_of(*days, empty=[SUNDAY, SUNDAY - dt.timedelta(days=1)])


def page_of(kind: str) -> Page:
    """A page that leads to days, in either language."""
    match kind:
        case "index":
            return index_page(archive(), ZH, has_feeds=True)
        case "month":
            return month_page(archive().read("2026-02"), ZH)
        case "year":
            return year_page(archive(), 2026, EN)
        case _:
            return week_page(archive(), "2026-W06", ZH)


def written(page: Page, folder: Path) -> Path:
    """A page as a file, at its key below a folder."""
    file = folder / page.key
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(page.text, "utf-8")
    return file


@pytest.mark.parametrize("kind", ["index", "month", "year", "week"])
def test_a_page_reads_well_everywhere(chromium: Browser, kind: str, tmp_path: Path) -> None:
    """At no width does a page scroll sideways; the accessibility checker finds nothing, in the light and in the dark;
    its style sheet passes its own policy; it asks for nothing but itself and has no error."""
    file = written(page_of(kind), tmp_path)
    page, heard = visited(chromium, file)
    assert dict.fromkeys(WIDTHS, 0) == overflow(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for scheme, background in BACKGROUNDS.items():
            page.emulate_media(color_scheme=scheme)
            assert background == page.evaluate("getComputedStyle(document.body).backgroundColor")
            found = Axe().run(page, FEW, EVERYTHING if scheme == "light" else COLOURS)
            assert 0 == found.violations_count, found.generate_report()
    assert [file.as_uri()] == heard
    page.close()


def test_from_the_index_to_a_paper_without_a_script(chromium: Browser, tmp_path: Path) -> None:
    """Where scripts are off, the ways lead from the index to a month, from there to a day of it and to its year, and
    from that to a week and to a day's page."""
    for kind in ("index", "month", "year", "week"):
        written(page_of(kind), tmp_path)
    (tmp_path / "digests").mkdir()
    (tmp_path / digest_key(dt.date(2026, 2, 3))).write_text("<title>the day</title>", "utf-8")
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((tmp_path / "index.html").as_uri())
    page.get_by_role("link", name="2026 年 2 月", exact=True).click()
    page.get_by_role("table").get_by_role("link", name="3 共").click()
    assert page.url.endswith("/months/2026-02.html#d2026-02-03")
    page.get_by_role("link", name="2026 年全年").click()
    page.get_by_role("link", name="W6").click()
    assert page.url.endswith("/weeks/2026-W06.html")
    page.go_back()
    page.get_by_role("link", name="3 Papers").click()
    assert "the day" == page.title()
    context.close()
