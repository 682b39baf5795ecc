"""Samples of announcements, and messages read as their chats do."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt

from paperboy.announcements.announcement import Announcement, of_day
from paperboy.announcements.channel import (
    Channel,
    DingtalkChannel,
    FeishuChannel,
    SesChannel,
    SmtpChannel,
    TelegramChannel,
    WebhookChannel,
    WecomChannel,
)
from paperboy.announcements.message import Message
from paperboy.archive.month import ArchivedDay, ArchivedPaper
from paperboy.languages.language import Language
from paperboy.summaries.summary import Rung
from tests.samples import DAY, ROOT, ZH, archived, listed_digest, sample_summaries

ADDRESS = "https://bucket.s3.ap-northeast-1.amazonaws.com/4cc1b6f3a5d94d0e"
_URL: Any = "https://open.example/hook/0123456789"
_SECRET: Any = "a secret"  # noqa: S105 - of a test
CHATS: dict[str, Channel] = {
    "feishu": FeishuChannel(url=_URL, secret=_SECRET),
    "wecom": WecomChannel(url=_URL),
    "dingtalk": DingtalkChannel(url=_URL, secret=_SECRET),
    "telegram": TelegramChannel(token=_SECRET, chat="@papers"),
}
MAILS = [
    SesChannel(sender="papers@example.com", to=("a@example.com",)),
    SmtpChannel(sender="papers@example.com", to=("a@example.com",), host="smtp.example.com"),
]
WEBHOOK = WebhookChannel(url=_URL, secret=_SECRET)

LONG_TITLE = (
    "让机器人在从未见过的厨房里收拾碗碟："
    "把视觉、语言与动作放进同一个可以持续学习的世界模型，并用三千小时的演示数据检验它"
)
LONG_HIGHLIGHT = "在七种形态的机器人上用同一套权重完成四十二项家务，平均成功率比此前最好的方法高出十八个百分点"


def told_paper(place: int = 1, **values: Any) -> ArchivedPaper:
    """A paper of a digest that a model told of, with the longest texts that are usual."""
    own = {
        "id": f"2602.{place:05}",
        "link": f"https://arxiv.org/abs/2602.{place:05}",
        "number": place,
        "title": LONG_TITLE,
        "title_en": "One World Model for Many Kitchens",
        "organization": "A lab",
        "score": 100 - place,
        "trophy": place <= 2,
        "summary": f"{LONG_HIGHLIGHT}。" * 4,
        "highlights": (LONG_HIGHLIGHT, "第二点", "第三点"),
        "rung": Rung.MODEL,
    }
    return ArchivedPaper.model_validate(own | values)


def told_day(count: int = 16, day: dt.date = DAY, language: Language = ZH, **values: Any) -> ArchivedDay:
    """A published day of so many papers, each with the `values`."""
    papers = tuple(told_paper(place, **values) for place in range(1, count + 1))
    return ArchivedDay(day=day, language=language.code, papers=papers)


def announced(day: ArchivedDay, address: str | None = ADDRESS, trophies: bool = False) -> Announcement:
    """What is told of a day that has something to tell."""
    made = of_day(day, address, trophies)
    assert made
    return made


def sample_day() -> ArchivedDay:
    """The recorded sample day, as it is published."""
    return archived(listed_digest(ROOT / "events/sample/2026-02-03.json", sample_summaries()))


@dataclass(frozen=True)
class Span:
    """A run of text that looks one way."""

    kind: str
    """``text``, ``bold`` or ``link``."""
    text: str
    address: str = ""


def spans(kind: str, message: Message) -> list[Span]:
    """A message as the chat of that kind shows it; fails where it has markup other than bold and links."""
    return _html_spans(message.text) if kind == "telegram" else _markdown_spans(message.text)


def _html_spans(text: str) -> list[Span]:
    parts = list(
        re.finditer(r'<a href="(?P<address>[^"<>]+)">(?P<link>[^<>]+)</a>|<b>(?P<bold>[^<>]+)</b>|[^<>]+', text)
    )
    assert text == "".join(part[0] for part in parts), "a tag is none of ours, or is not closed"
    assert re.findall("&", text) == re.findall("&(?=(?:amp|lt|gt|quot|#x27);)", text), "an entity is cut or unknown"
    return [
        Span(name, html.unescape(part[name] if name != "text" else part[0]), html.unescape(part["address"] or ""))
        for part in parts
        for name in [part.lastgroup if part.lastgroup in ("link", "bold") else "text"]
    ]


_READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def _markdown_spans(text: str) -> list[Span]:
    found: list[Span] = []
    for block in _READER.parse(text):
        assert block.type in ("paragraph_open", "paragraph_close", "inline"), block
        kind, address = "text", ""
        for token in block.children or []:
            match token.type:
                case "strong_open" | "link_open":
                    kind, address = (
                        token.type.removesuffix("_open").replace("strong", "bold"),
                        str(token.attrGet("href") or ""),
                    )
                case "strong_close" | "link_close":
                    kind, address = "text", ""
                case "softbreak" | "hardbreak":
                    found.append(Span("text", "\n"))
                case "text" | "text_special":
                    found.append(Span(kind, token.content, address))
                case other:
                    raise AssertionError(f"{other} is no markup of ours")
        if block.type == "paragraph_close":
            found.append(Span("text", "\n\n"))
    return found


def papers_in(found: Iterable[Span]) -> list[tuple[str, str, str]]:
    """Of each paper that is told: its place and title, its line, and where it leads."""
    told: list[tuple[str, str, str]] = []
    is_open = False
    for span in found:
        if span.kind == "link":
            is_open = bool(re.match(r"\d+\. ", span.text))
            told += [(span.text, "", span.address)] if is_open else []
        elif is_open:
            line, end, _ = span.text.partition("\n\n")
            title, before, address = told[-1]
            told[-1] = (title, before + line.strip("\n"), address)
            is_open = not end
    return told


FULL_WIDTH = {char + 0xFEE0: char for char in range(0x21, 0x7F)} | {0x2024: ord(".")}


def alike(text: str) -> str:
    """A text with every look-alike as the character that it looks like."""
    return text.translate(FULL_WIDTH)
