"""The site: which pages a digest has, at which keys, and of which types."""

import hashlib
import re
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from paperboy.archive.site import INDEX_KEY, SEARCH_KEY, month_page_key
from paperboy.days.digest import assemble
from paperboy.pages.site import PAGE_FORMATS, digest_keys, digest_pages, latest_keys
from tests.samples import DAY, ZH, day, paper


def test_every_format_has_two_pages() -> None:
    """A digest is published in each format as its day's page and as the newest one, with the same text but for the
    root of the HTML page's ways to others."""
    digest = assemble(day(paper()))
    assert digest
    pages = digest_pages(digest, ZH)
    assert sorted([*digest_keys(DAY), *latest_keys()]) == sorted(page.key for page in pages)
    assert {DAY} == {page.day for page in pages}
    for kind in PAGE_FORMATS:
        twins = [page for page in pages if page.key.endswith(f".{kind.suffix}")]
        assert [kind.write(digest, ZH, root) for root in ("../", "")] == [page.text for page in twins]
        assert {kind.content_type} == {page.content_type for page in twins}


def test_keys() -> None:
    """A day's pages lie in a folder by their day, the newest ones beside it; every suffix is there once."""
    assert ["digests/2026-02-03.md", "digests/2026-02-03.json", "digests/2026-02-03.html"] == digest_keys(DAY)
    assert ["latest.md", "latest.json", "latest.html"] == latest_keys()
    assert len(PAGE_FORMATS) == len({kind.suffix for kind in PAGE_FORMATS})


def test_where_a_days_page_leads() -> None:
    """From a day's page, and from the newest one, its ways lead to its day on the month's page, to the index and to the
    search. Every other link leads into that very page or out of the bucket, so a page opened by a signed link, whose
    script takes the ways away, has none that would be refused."""
    digest = assemble(day(*map(paper, range(60))))
    assert digest
    others = [f"{month_page_key('2026-02')}#d2026-02-03", INDEX_KEY, SEARCH_KEY]
    for page in digest_pages(digest, ZH):
        markdown = page.text if page.key.endswith(".md") else ""
        tree = LexborHTMLParser(page.text)
        ways = [urljoin(page.key, link.attributes["href"] or "") for link in tree.css(".ways a")]
        assert (others * 2 if page.key.endswith(".html") else []) == ways
        links = [link.attributes["href"] or "" for link in tree.css("a:not(.ways a)")]
        links += re.findall(r"\]\(([^)]*)\)", markdown)
        assert page.key.endswith(".json") or len(links) >= 10
        assert [] == [each for each in links if each[0] != "#" and urlsplit(each).scheme not in ("http", "https")]


def test_content_types() -> None:
    """Each text says that it is UTF-8: without that a browser may take Chinese for something else."""
    assert {True} == {kind.content_type.endswith("; charset=utf-8") for kind in PAGE_FORMATS}


def test_types() -> None:
    """A browser is told of each page what it is, and the hash of a page is that of its text's bytes."""
    digest = assemble(day(paper()))
    assert digest
    pages = {page.key: page for page in digest_pages(digest, ZH)}
    assert {
        "latest.md": "text/markdown; charset=utf-8",
        "latest.json": "application/json; charset=utf-8",
        "latest.html": "text/html; charset=utf-8",
    } == {key: pages[key].content_type for key in latest_keys()}
    assert [hashlib.sha256(pages[key].text.encode()).hexdigest() for key in pages] == [
        page.sha256 for page in pages.values()
    ]
