"""Search: what matches, in which order, and what is published for it."""

import datetime as dt
import json
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from paperboy.archive.month import ArchivedDay, ArchivedPaper, Month
from paperboy.archive.search import best_first, find, search_page, shard_page, shards_page, words_of
from tests.samples import DAY, EN, ROOT, ZH, archived, listed_digest, sample_summaries

SAMPLE = archived(listed_digest(ROOT / "events/sample/2026-02-03.json", sample_summaries()))
FEBRUARY = Month.of("2026-02", [SAMPLE], ())


def kept(**values: Any) -> ArchivedPaper:
    """A paper in the archive."""
    own = {
        "id": "2602.00001",
        "link": "https://arxiv.org/abs/2602.00001",
        "title_en": "T",
        "organization": "",
        "score": 1,
    }
    return ArchivedPaper(**(own | values))


def month_with(*papers: ArchivedPaper, day: dt.date = DAY) -> Month:
    return Month.of(f"{day:%Y-%m}", [ArchivedDay(day=day, language="zh", papers=papers)], ())


def ids(query: str, month: Month = FEBRUARY) -> list[str]:
    return [each.paper.id for each in find(month, words_of(query))]


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("qwen", "Qwen-Image"),
        ("QWEN", "qwen"),
        ("ｑｗｅｎ", "Qwen"),
        ("qwen３", "Ｑｗｅｎ3"),
        ("strasse", "Straße"),
        ("STRASSE", "straße"),
        ("office", "oﬃce"),
        ("ΣΟΦΟΣ", "σοφος"),
        ("σοφο", "ΣΟΦΟΣ"),
        ("ガイド", "ｶﾞｲﾄﾞ"),
        ("caf\u00e9", "cafe\u0301"),
        ("İ", "i\u0307"),
        ("扩散", "从扩散模型到语言"),
        ("散模", "扩散模型"),
        ("qwen 推理", "推理：来自 Qwen 的报告"),
        ("qwen\u3000推理", "推理 Qwen"),
        ("qwen\u200b推理", "推理 Qwen"),
        ("  qwen  ", "Qwen"),
        ("reason", "reasoning"),
        ("c++", "Fast C++"),
        (".*", "a .* b"),
        ("ℌ𝔢𝔩𝔩𝔬", "hello"),
        ("😀", "a 😀"),
    ],
)
def test_the_same_word_is_found(query: str, title: str) -> None:
    """Full-width letters, cases, ligatures, ways to compose a letter and what is not seen make no difference; a part of
    a word is enough, and words come in any order."""
    assert ["2602.00001"] == ids(query, month_with(kept(title_en=title)))


@pytest.mark.parametrize(
    ("query", "title"), [("扩敢", "扩散"), ("qwen 扩散", "Qwen"), ("ab", "a b"), (".*", "abc"), ("muller", "Müller")]
)
def test_another_word_is_not(query: str, title: str) -> None:
    """Where one word does not occur, the paper is not found."""
    assert [] == ids(query, month_with(kept(title_en=title)))


@pytest.mark.parametrize(
    "values",
    [
        {"title": "钥匙"},
        {"title_en": "钥匙"},
        {"summary": "一把钥匙。"},
        {"highlights": ("锁", "钥匙")},
        {"organization": "钥匙"},
        {"authors": ("A", "钥匙")},
        {"keywords": ("钥匙",)},
        {"tags": ("钥匙",)},
    ],
    ids=lambda values: next(iter(values)),
)
def test_every_text_is_searched(values: dict[str, Any]) -> None:
    """A word is found in each text of a paper, whether it was in or left out."""
    for number in (1, None):
        assert ["2602.00001"] == ids("钥匙", month_with(kept(number=number, **values)))


@pytest.mark.parametrize("query", ["2602.00001", "2602.", "2026-02", "2026-02-03", "2026-02-03 t"])
def test_ids_and_dates_are_searched(query: str) -> None:
    """A paper is found by its id, its day and its month."""
    assert ["2602.00001"] == ids(query, month_with(kept()))


def test_no_word_reaches_into_the_next_text() -> None:
    """The end of a text and the beginning of the next are no word."""
    assert [] == ids("ab", month_with(kept(title="a", title_en="b")))


def test_real_papers_are_found() -> None:
    """The sample's papers are found by what they say."""
    first = SAMPLE.papers[0]
    for query in (first.id, first.title_en, first.title or "", f"{first.organization} {first.tags[0]}"):
        assert first.id in ids(query)
    assert len(SAMPLE.papers) == len(ids("2026-02-03")) == 25


def test_the_newest_come_first() -> None:
    """Days come newest first, a day's papers as in its digest; the best first by score, of equal ones the newest."""
    days = [
        ArchivedDay(
            day=DAY + dt.timedelta(days=number), language="zh", papers=(kept(score=2), kept(id="9", score=score))
        )
        for number, score in enumerate((2, 3))
    ]
    found = list(find(Month.of("2026-02", days, ()), ()))
    assert [(4, 2), (4, 3), (3, 2), (3, 2)] == [(each.day.day, each.paper.score) for each in found]
    assert [(4, 3), (4, 2), (3, 2), (3, 2)] == [(each.day.day, each.paper.score) for each in best_first(found)]


@pytest.mark.parametrize("query", ["", "  ", "\u200b\u3000"])
def test_an_empty_query_has_no_words(query: str) -> None:
    """What shows nothing asks for nothing."""
    assert () == words_of(query)


def attribute(html: LexborHTMLParser, selector: str, name: str) -> str:
    found = html.css_first(selector)
    assert found
    return found.attributes[name] or ""


@pytest.mark.parametrize("language", [ZH, EN], ids=lambda language: language.code)
def test_the_page_is_always_the_same(language: Any) -> None:
    """The page does not depend on what is in the archive; it fetches from its own origin alone, and has one script."""
    page, later = search_page(language, DAY), search_page(language, dt.date(2036, 1, 1))
    assert (page.text, DAY, "search.html", False) == (later.text, page.day, page.key, page.gzipped)
    html = LexborHTMLParser(page.text)
    policy = attribute(html, "meta[http-equiv=Content-Security-Policy]", "content")
    assert "connect-src 'self'" in policy
    assert "'unsafe" not in policy
    assert 1 == page.text.count("<script") == page.text.count("</script")
    assert json.loads(attribute(html, "main", "data-labels")) == language.labels.search.model_dump(mode="json")


def test_the_script_makes_no_markup_of_texts() -> None:
    """The script has no way to make markup or code of a text."""
    script = (ROOT / "shared/paperboy/archive/search.js").read_text("utf-8")
    ways = (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "DOMParser",
        "http:",
    )
    assert [] == [way for way in ways if way in script]


def test_the_list_of_shards() -> None:
    """The months that have a shard are listed newest first, with the format."""
    page = shards_page(["2025-12", "2026-02", "2026-01"], DAY)
    assert {"format": 1, "months": ["2026-02", "2026-01", "2025-12"]} == json.loads(page.text)
    assert ("search/months.json", "application/json; charset=utf-8", DAY) == (page.key, page.content_type, page.day)


def test_a_shard_is_of_its_newest_day() -> None:
    """A month's shard is sent compressed; its day is the newest of the month, with papers or without."""
    page = shard_page(FEBRUARY)
    assert ("search/2026-02.json", DAY, True) == (page.key, page.day, page.gzipped)
    assert page.content_type == "application/json; charset=utf-8"
    assert FEBRUARY == Month.of_shard(page.text)
    assert dt.date(2026, 2, 8) == shard_page(Month.of("2026-02", [SAMPLE], [dt.date(2026, 2, 8)])).day
