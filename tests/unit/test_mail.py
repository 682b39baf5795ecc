"""The mail: the whole digest in one message that no mail program clips, in which hostile texts are texts."""

import re
import unicodedata
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from paperboy.announcements.announcement import Announcement, Told, of_day
from paperboy.announcements.mail import (
    MAX_HIGHLIGHT_CHARS,
    MAX_HTML_BYTES,
    MAX_LAB_CHARS,
    MAX_SUBJECT_CHARS,
    MAX_SUMMARY_CHARS,
    MAX_TITLE_CHARS,
    TEXT_COLUMNS,
    mail_message,
)
from paperboy.announcements.message import Message
from paperboy.archive.month import ArchivedPaper
from paperboy.languages.language import Language
from paperboy.papers.text import UNSEEN
from paperboy.summaries.summary import Rung
from tests.samples import DAY, EN, REPLY, ROOT, ZH, archived, listed_digest, sample_summaries
from tests.unit.test_html import HOSTILE, seen, shape

ADDRESS = "https://bucket.s3.ap-northeast-1.amazonaws.com/4cc1b6f3a5d94d0e"
SAMPLE = archived(listed_digest(ROOT / "events/sample/2026-02-03.json", sample_summaries()))
MARKED = archived(listed_digest(ROOT / "events/sample/2026-02-04.json"))
ELEMENTS = {
    *("html", "head", "meta", "title", "body", "div", "h1", "h2", "p", "span", "a", "bdi", "ul", "li", "!doctype"),
    *("-text", "-comment"),
}
LINK = re.compile(r"https?://[!-~]+")


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
    }
    return ArchivedPaper.model_validate(own | REPLY | values)


def of(*papers: ArchivedPaper, name: str = str(DAY), low: int = 0, address: str | None = ADDRESS) -> Announcement:
    return Announcement(name, tuple(Told(DAY, each) for each in papers), low, address)


def mail(announcement: Announcement | None, language: Language = ZH) -> Message:
    assert announcement
    return mail_message(announcement, language)


def parsed(message: Message) -> LexborHTMLParser:
    return LexborHTMLParser(message.html)


def headings(message: Message) -> list[str]:
    return [node.text() for node in parsed(message).css("h2")]


def links(message: Message) -> set[str | None]:
    return {node.attributes["href"] for node in parsed(message).css("a")}


def unwrapped(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_a_day_is_told_whole() -> None:
    """Both texts have each paper in its order: number, trophy, titles, lab, summary, highlights, and all its links."""
    message = mail(of_day(SAMPLE, ADDRESS))
    assert [
        f"{each.number}. {'🏆 ' if each.trophy else ''}{each.title or each.title_en}" for each in SAMPLE.selected
    ] == headings(message)
    shown, plain = parsed(message).text(), unwrapped(message.text)
    for each in SAMPLE.selected:
        parts = (each.title_en, each.organization, each.summary, *each.highlights)
        assert all(part in shown and unwrapped(part) in plain for part in parts)
        own = {each.link, each.pdf, each.repository, each.project_page} - {None}
        assert own <= links(message)
        assert own <= set(LINK.findall(message.text))
    assert f"{ADDRESS}/digests/{DAY}.html" in links(message)
    assert message.text.endswith(f"\n在网页上阅读: {ADDRESS}/digests/{DAY}.html\n")


def test_the_subject_is_what_a_phone_shows() -> None:
    """A subject has the day or the week, and the best paper's title, cut where it is too long for a line."""
    best = one(title="从控制信号看引导")
    assert "2 月 3 日论文：从控制信号看引导" == mail(of(best)).title
    assert "2026 年第 6 周：从控制信号看引导" == mail(of(best, name="2026-W06")).title
    assert "Papers of 3 February: Why Steering Works" == mail(of(one(title=None)), EN).title
    cut = mail(of(one(title="字" * 200))).title
    assert (MAX_SUBJECT_CHARS, "…") == (len(cut), cut[-1])


def test_a_week() -> None:
    """A week's papers are numbered through, each with the day it was in, and the link leads to the week's page."""
    message = mail(of(one(7), one(3, trophy=True), name="2026-W06"))
    assert ["1. 为何引导有效：统一的视角", "2. 🏆 为何引导有效：统一的视角"] == headings(message)
    assert f"{ADDRESS}/weeks/2026-W06.html" in links(message)
    for text in (message.text, parsed(message).text()):
        assert all(
            part in text for part in ("2026 年第 6 周", "本周得分最高的 2 篇", "alibaba · 2026 年 2 月 3 日，星期二")
        )


def test_trophies_keep_their_numbers() -> None:
    """Of the papers with a trophy alone, each has the number that it has in the digest."""
    assert ["2. 🏆 为何引导有效：统一的视角"] == headings(mail(of(one(2, trophy=True))))


@pytest.mark.parametrize(
    ("values", "notice", "lang"),
    [
        ({"rung": Rung.LISTING, "summary_language": "en"}, ZH.labels.low.listing, "en"),
        ({"rung": Rung.ABSTRACT, "summary_language": "en"}, ZH.labels.low.abstract, "en"),
        ({"rung": Rung.REPAIRED, "summary_language": "en"}, ZH.labels.low.earlier, "en"),
        ({"rung": Rung.ABSTRACT, "summary_language": None, "summary": ""}, ZH.labels.low.abstract, None),
        ({"rung": Rung.MODEL, "summary_language": None}, None, None),
        ({"rung": None}, None, None),
    ],
)
def test_a_marked_paper_says_so(values: dict[str, Any], notice: str | None, lang: str | None) -> None:
    """What stands in for a summary is told as such in both texts, and as being in another language."""
    message = mail(of(one(title=None, **values)))
    notices = [ZH.labels.low.listing, ZH.labels.low.abstract, ZH.labels.low.earlier]
    for text in (message.html, message.text):
        assert [notice] * bool(notice) == [each for each in notices if unwrapped(each) in unwrapped(text)]
    summary = parsed(message).css("p:has(bdi)")[-1]
    assert (values.get("summary", REPLY["summary"]) or "暂无", lang) == (summary.text(), summary.attributes.get("lang"))


def test_how_many_are_marked() -> None:
    """A mail begins with how many papers it is about, and how many of these have no summary."""
    message = mail(of_day(MARKED, ADDRESS))
    said = "每日论文汇总 · 共 10 篇论文 · 其中 10 篇暂缺中文摘要"
    assert said in message.html
    assert ["2026 年 2 月 4 日，星期三", said] == message.text.splitlines()[:2]
    assert "暂缺" not in mail(of(one())).html


def test_private_pages_have_no_link() -> None:
    """Where nobody can read the pages, a mail leads to the papers alone, and ends with the last one."""
    message = mail(of(one(), address=None))
    assert {"https://arxiv.org/abs/2602.00001"} == links(message)
    assert message.text.endswith("- 提出新的引导方法\n")


LONG = {
    "title": "“引导”\"'" * 60,
    "title_en": "<Steering> & 'more' " * 20,
    "summary": "长" * 5_000,
    "highlights": ["亮" * 5_000] * 9,
    "repository": "https://a.example/" + "'" * 280,
}


@pytest.mark.parametrize("address", [ADDRESS, None], ids=["address", "private"])
@pytest.mark.parametrize(("papers", "values"), [(16, LONG), (50, LONG), (50, {}), (200, {})])
def test_no_program_clips_it(papers: int, values: dict[str, Any], address: str | None) -> None:
    """However long a day, its mail stays within the bytes that are shown; it has the first papers whole, as many as
    there is room for, and counts the others. Both texts tell of the same papers."""
    message = mail(of(*(one(place, **values) for place in range(1, papers + 1)), address=address))
    assert len(message.html.encode()) <= MAX_HTML_BYTES
    assert len(message.text.encode()) <= MAX_HTML_BYTES
    told = [int(heading.split(".")[0]) for heading in headings(message)]
    assert list(range(1, len(told) + 1)) == told
    assert told == [int(number) for number in re.findall(r"(?m)^(\d+)\. ", message.text)]
    rest = f"另有 {papers - len(told)} 篇"
    assert (len(told) < papers) == (rest in message.html) == (rest in message.text)
    assert (len(told) < papers and not address) == ("paperboy open" in message.html)
    if len(told) < papers:  # nothing was left out without need
        one_more = len(message.html.encode()) // len(told) + 200
        assert len(message.html.encode()) + one_more > MAX_HTML_BYTES


def full_of(text: str) -> Announcement:
    """A day whose every text from outside is `text`, and every address has what an address may have."""
    address = "https://a.example/\"'><script>alert(1)</script>&amp;{{x}}"
    addresses = dict.fromkeys(("link", "pdf", "repository", "project_page"), address)
    named = {"title": text, "title_en": text, "organization": text, "summary": text, "highlights": (text, text)}
    return of(one(1, **named, **addresses, trophy=True), one(2, **named | {"title": None}))


@cache
def plain_shape() -> list[tuple[str, dict[str, str | None]]]:
    return shape(parsed(mail(full_of("plain"))))


def cut(text: str, chars: int) -> str:
    return text if len(text) <= chars else f"{text[: chars - 1].rstrip()}…"


def assert_harmless(text: str) -> None:
    """A mail has the elements that a plain text gives it, shows the text as it is, and has a subject of one line."""
    message = mail(full_of(text))
    assert plain_shape() == shape(parsed(message))
    shown = {node.text() for node in parsed(message).css("bdi")}
    limits = (MAX_TITLE_CHARS, MAX_LAB_CHARS, MAX_SUMMARY_CHARS, MAX_HIGHLIGHT_CHARS)
    assert {cut(seen(text), limit) for limit in limits} == shown
    assert [] == UNSEEN.findall(message.title + (message.text + message.html).replace("\n", ""))
    assert len(message.title) <= MAX_SUBJECT_CHARS
    assert len(message.html.encode()) <= MAX_HTML_BYTES
    assert all(unwrapped(each) in unwrapped(message.text) for each in shown)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:20]))
def test_hostile_texts_are_texts(text: str) -> None:
    """Whatever its texts say, a mail is well formed and has them as texts."""
    assert_harmless(text)


@settings(max_examples=50)
@given(st.text(st.characters(exclude_categories=())))
def test_any_text_is_a_text(text: str) -> None:
    """Any text at all is shown as it is, but for what cannot be seen."""
    assert_harmless(f"text {text}")


def test_nothing_is_fetched() -> None:
    """A mail is made of plain elements whose styles are its own: no script, picture, form, style sheet or address."""
    for node, attributes in shape(parsed(mail(full_of(HOSTILE[0])))):
        assert node in ELEMENTS
        assert {"href", "style", "lang", "title", "charset", "name", "content"} >= set(attributes)
        assert not re.search(r"url\(|@|expression", attributes.get("style") or "")


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(mark) in "WF" else 1 for mark in line)


def test_lines_of_the_plain_text() -> None:
    """A line has TEXT_COLUMNS at most, a Chinese character taking two; none begins with a mark that closes, no word is
    broken, and a highlight's lines stand below each other. An address is whole."""
    text = "一种名为 Steering-Works-Everywhere 的方法，在（preference）上“更好”，提升 45.6%。" * 6
    message = mail(of(one(summary=text, highlights=(text,))))
    lines = [line for line in message.text.splitlines() if not LINK.search(line)]
    assert max(map(columns, lines)) in range(TEXT_COLUMNS - 3, TEXT_COLUMNS + 1)
    assert [] == [line for line in lines if re.match(r"\s*[，。）”]", line) or line.endswith(("（", "“"))]
    assert message.text.count("Steering-Works-Everywhere") == 12
    highlight = lines[next(place for place, line in enumerate(lines) if line.startswith("- ")) :]
    assert all(line.startswith("  ") for line in highlight[1:-1] if line)
