"""The HTML pages in a real browser: they fit every width, fetch nothing, and everybody can read them."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from paperboy.days.digest import Digest, assemble
from paperboy.pages import html
from paperboy.pages.site import digest_key, digest_pages, latest_key
from paperboy.papers.listing import Rejection
from paperboy.papers.paper import Authors
from paperboy.summaries.summary import Rung, Summary
from paperboy.summaries.usage import Usage
from tests.samples import DAY, EN, ENGLISH_REPLY, ROOT, ZH, day, listed_digest, paper, sample_summaries

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
        case date:
            real: Path = request.getfixturevalue("shared_data")
            text = html.write(listed_digest(real / f"data/hf_daily/{date}.json.gz"), ZH)
    file = folder / "page.html"
    file.write_text(text, "utf-8")
    return file


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder. Below `/blocked` a page has no origin of its own, and so a browser keeps nothing for it."""

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix("/blocked"))

    def end_headers(self) -> None:
        if self.path.startswith("/blocked"):
            self.send_header("Content-Security-Policy", "sandbox allow-scripts")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a folder with the sample day's pages and something where its ways lead, served over HTTP."""
    folder = tmp_path_factory.mktemp("site")
    texts = {page.key: page.text for page in digest_pages(listed_digest(SAMPLE, sample_summaries()), ZH)}
    ways = dict.fromkeys(("months/2026-02.html", "index.html", "search.html"), "<p>another page")
    for key, text in (texts | ways).items():
        (folder / key).parent.mkdir(exist_ok=True)
        (folder / key).write_text(text, "utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), lambda *request: Quiet(*request, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def visited(browser: Browser, file: Path | str) -> tuple[Page, list[str]]:
    """A page, of a file or at an address, opened in the light; and what it asks for and complains of from then on."""
    page = browser.new_page(viewport={"width": WIDTHS[0], "height": 900}, color_scheme="light")
    heard: list[str] = []
    page.on("request", lambda request: heard.append(request.url))
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.goto(file if isinstance(file, str) else file.as_uri())
    return page, heard


def overflow(page: Page) -> dict[int, int]:
    """At each width, by how many pixels a page is wider than its window."""
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found[width] = page.evaluate("Math.max(0, document.documentElement.scrollWidth - window.innerWidth)")
    return found


@pytest.mark.parametrize("name", ["sample", REAL_DAY, "hostile", "english"])
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
    if name == "sample":  # marked papers, and others; what is beside what differs from width to width
        for place in (0, 1, 2, 5):
            page.locator("article button").nth(place).click()
        for width in WIDTHS[:-1]:
            page.set_viewport_size({"width": width, "height": 900})
            found = Axe().run(page, FEW_PAPERS, EVERYTHING)
            assert 0 == found.violations_count, found.generate_report()
        assert dict.fromkeys(WIDTHS, 0) == overflow(page)
    for scheme, background in BACKGROUNDS.items():
        page.emulate_media(color_scheme=scheme)
        assert background == page.evaluate("getComputedStyle(document.body).backgroundColor")
        found = Axe().run(page, FEW_PAPERS, EVERYTHING if scheme == "light" else COLOURS)
        assert 0 == found.violations_count, found.generate_report()
    assert page.title().startswith((ZH.labels.digest, EN.labels.digest))
    assert [file.as_uri()] == heard
    page.close()


def test_the_keyboard_is_enough(chromium: Browser, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Tab comes to the first link, which then has a visible outline; on a digest the one after the ways to other pages
    leads to the paper, and the Tab that comes past the paper's links to what Enter opens."""
    page, _ = visited(chromium, written("sample", tmp_path, request))
    page.keyboard.press("Tab")
    assert ["A", "solid"] == page.evaluate(
        "[document.activeElement.tagName, getComputedStyle(document.activeElement).outlineStyle]"
    )
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
        "<script>console.log('ran')</script><svg onload=\"console.log('handled')\"></svg></main>"
    )
    file.write_text(text.replace("</main>", bad).replace(policy, "<meta"), "utf-8")
    page, heard = visited(chromium, file)
    page.wait_for_load_state()
    assert {"https://example.invalid/a.png", "ran", "handled"} <= set(heard)
    assert overflow(page)[320] > 0
    page.emulate_media(color_scheme="dark")
    assert {"image-alt", "color-contrast"} <= {each["id"] for each in Axe().run(page).response["violations"]}
    page.close()
    file.write_text(text.replace("</main>", bad), "utf-8")
    page, heard = visited(chromium, file)
    assert any("Content Security Policy" in each for each in heard)
    assert set() == {"ran", "handled"} & set(heard)
    assert 2 == page.locator("article button").count()
    page.close()


MARKS = "paperboy.marks"
DAMAGED = ["{", "5", '"read"', '[1, [2], null, {"a": 1}, "<img src=x onerror=alert(1)>"]']
"""What can stand where a browser keeps marks, and is none of ours."""


def kept(page: Page) -> list[str]:
    """The marks that the browser keeps."""
    found: list[str] = json.loads(page.evaluate(f"localStorage.getItem('{MARKS}')"))
    return found


def test_marks_stay(chromium: Browser, site: str) -> None:
    """The keyboard marks a paper, in its entry and in the list at the top; a reload, the newest day's page and another
    window have the mark, and a second press takes it away there as well."""
    page, heard = visited(chromium, f"{site}/{digest_key(DAY)}")
    paper_id = page.locator("article").nth(1).get_attribute("id")
    bookmark, read = page.locator("article").nth(1).get_by_role("button").all()
    expect(bookmark).to_have_accessible_name(ZH.labels.reading.bookmarked)
    expect(read).to_have_accessible_name(ZH.labels.reading.read)
    bookmark.focus()
    assert "solid" == page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert [f"bookmarked {paper_id}", f"read {paper_id}"] == kept(page)
    with page.expect_popup() as opened:
        page.evaluate("address => { open(address) }", f"{site}/{latest_key()}")
    other = opened.value
    page.reload()
    for each in (page, other):
        assert 2 == each.locator("article button[aria-pressed=true]").count()
        expect(each.locator(".glance .read")).to_have_class("bookmarked read")
        expect(each.locator(".glance .read")).to_have_attribute("href", f"#{paper_id}")
    other.locator(f"[id='{paper_id}'] button").last.click()
    expect(page.locator(".glance .read")).to_have_count(0)
    expect(read).to_have_attribute("aria-pressed", "false")
    expect(bookmark).to_have_attribute("aria-pressed", "true")
    assert [f"bookmarked {paper_id}"] == kept(page)
    assert [f"{site}/{digest_key(DAY)}"] * 2 == heard
    page.context.close()


def test_nothing_is_kept_without_bounds(chromium: Browser, site: str) -> None:
    """Of very many marks the oldest makes room for a new one; those of papers that are not on the page stay."""
    page, _ = visited(chromium, f"{site}/{latest_key()}")
    page.evaluate(
        f"localStorage.setItem('{MARKS}', JSON.stringify(Array.from({{length: 5000}}, (_, n) => `read ${{n}}`)))"
    )
    page.locator("article button").first.click()
    paper_id = page.locator("article").first.get_attribute("id")
    assert [*(f"read {number}" for number in range(1, 5000)), f"bookmarked {paper_id}"] == kept(page)
    page.context.close()


def test_damaged_marks_do_no_harm(chromium: Browser, site: str) -> None:
    """Whatever stands where marks are kept, a page has no error, marks nothing by itself, and keeps what comes next."""
    page, heard = visited(chromium, f"{site}/{latest_key()}")
    paper_id = page.locator("article").first.get_attribute("id")
    for text in DAMAGED:
        page.evaluate(f"text => localStorage.setItem('{MARKS}', text)", text)
        page.reload()
        expect(page.locator("[aria-pressed=true]")).to_have_count(0)
        page.locator("article button").first.click()
        expect(page.locator("[aria-pressed=true]")).to_have_count(1)
        assert f"bookmarked {paper_id}" == kept(page)[-1]
    assert {f"{site}/{latest_key()}"} == set(heard)
    page.context.close()


@pytest.mark.parametrize("storage", ["blocked", "full"])
def test_marks_without_storage(chromium: Browser, site: str, storage: str) -> None:
    """Where the browser keeps nothing, or has no room, a mark is shown all the same, and there is no error."""
    page, heard = visited(chromium, f"{site}{'/blocked' if storage == 'blocked' else ''}/{latest_key()}")
    if storage == "full":
        page.evaluate(
            "() => { for (let n = 1 << 20; n; n >>= 1)"
            " try { for (let m = 0; ; m++) localStorage.setItem(`${n} ${m}`, 'x'.repeat(n)) } catch {} }"
        )
    page.locator("article button").first.click()
    expect(page.locator("[aria-pressed=true]")).to_have_count(1)
    expect(page.locator(".glance .bookmarked")).to_have_count(1)
    assert 1 == len(heard)
    page.reload()
    expect(page.locator("article button")).to_have_count(32)
    expect(page.locator("[aria-pressed=true]")).to_have_count(0)
    page.context.close()


SIGNED = "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=604800&X-Amz-SignedHeaders=host&X-Amz-Signature=0f3a"
SIGNED_OTHERWISE = "?AWSAccessKeyId=AKIA0&Signature=vjbyPxybdZaNmGa%2ByT272YEAiv4%3D&Expires=1141889120"


def test_a_signed_link_opens_a_page_without_ways(chromium: Browser, site: str) -> None:
    """A page that a signed link opens leads nowhere but into itself and out of the bucket; it can be marked as any."""
    page, heard = visited(chromium, f"{site}/{digest_key(DAY)}")
    for query, ways in (("?from=mail", 6), (SIGNED, 0), (SIGNED_OTHERWISE, 0)):
        page.goto(f"{site}/{digest_key(DAY)}{query}")
        assert ways == page.locator(".ways a").count()
        links = page.evaluate("Array.from(document.querySelectorAll('[href]'), link => link.getAttribute('href'))")
        assert len(links) > 80
        assert ways == len([link for link in links if not re.match(r"#|https?://|data:,$", link)])
    page.locator("article button").first.click()
    assert [f"bookmarked {page.locator('article').first.get_attribute('id')}"] == kept(page)
    assert 4 == len(heard)
    page.context.close()


def test_a_page_without_its_script(chromium: Browser, site: str) -> None:
    """Without scripts there is no button; the list leads to papers, details open, and the ways lead to other pages."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    for key, place, way in ((digest_key(DAY), 0, f"months/2026-02.html#d{DAY}"), (latest_key(), 2, "search.html")):
        page.goto(f"{site}/{key}")
        expect(page.get_by_role("button")).to_have_count(0)
        page.locator(".glance a").nth(2).click()
        assert page.url.endswith(f"{key}#{page.locator('article').nth(2).get_attribute('id')}")
        page.locator("article summary").last.click()
        expect(page.locator("article .abstract").last).to_be_visible()
        page.locator(".ways a").nth(place).click()
        expect(page.get_by_text("another page")).to_be_visible()
        assert f"{site}/{way}" == page.url
    context.close()


def test_a_printed_page(chromium: Browser, site: str) -> None:
    """On paper there is nothing to press, and no way to other pages; texts and links are there."""
    page, _ = visited(chromium, f"{site}/{digest_key(DAY)}")
    shown = [page.locator(each).first for each in ("article button", "header .ways", "footer .ways")]
    assert [True] * 3 == [each.is_visible() for each in shown]
    page.emulate_media(media="print")
    assert [False] * 3 == [each.is_visible() for each in shown]
    assert page.locator("article .summary").last.is_visible()
    assert page.locator("article .links a").last.is_visible()
    page.context.close()
