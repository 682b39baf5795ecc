"""Composing: each chat gets what fits, reads as it should, and can be made to do nothing by a paper's texts."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paperboy.announcements.announcement import Announcement, of_week
from paperboy.announcements.channel import SesChannel, SmtpChannel
from paperboy.announcements.chat import FOREMOST_PAPERS, chat_messages
from paperboy.announcements.compose import compose
from paperboy.announcements.markup import MARKUPS, json_bytes, utf8_bytes, utf16_units
from paperboy.announcements.message import Message
from paperboy.announcements.webhook import ANNOUNCEMENT_FORMAT, SentAnnouncement
from paperboy.archive.month import ArchivedDay
from paperboy.languages.language import Language
from paperboy.pages.text import visible
from paperboy.summaries.summary import Rung
from tests.announcements import (
    ADDRESS,
    CHATS,
    MAILS,
    WEBHOOK,
    alike,
    announced,
    papers_in,
    sample_day,
    spans,
    told_day,
    told_paper,
)
from tests.samples import DAY, EN, ENGLISH_REPLY, ZH

every_chat = pytest.mark.parametrize("kind", CHATS)
languages = pytest.mark.parametrize("language", [ZH, EN], ids=lambda language: language.code)

HOSTILE = [
    "<at id=all></at> <at user_id='ou_1'>x</at> <at email=a@b.example></at> <@userid> <@all> @all @everyone @channel",
    "&lt;at id=all&gt;&lt;/at&gt; &#60;@all&#62; &amp;lt;b&amp;gt;",
    "[here](https://a.example) ![picture](https://a.example/a.png) [ref]: https://a.example <https://a.example>",
    "https://a.example www.a.example a.example/path tg://user?id=1 10.0.0.1 javascript:alert(1) me@a.example t.me/x",
    "](https://a.example) **](https://a.example)** \\](https://a.example)",
    "<a href='https://a.example'>here</a> </a></b> <b>bold</b> <font color=warning>red</font> <script>x</script>",
    "# heading",
    "> quote",
    "- item",
    "+ item",
    "* item",
    "1. item",
    "1) item",
    "2) item",
    "---",
    "===",
    "***",
    "| a | b |",
    "`code` ```fence``` ~~~ ~~gone~~ **bold** __bold__ *a* _b_ \\$x\\$ $\\pi_i^{2}$ a_b_c 2*3*4 a|b",
    "/start /kick@bot #topic $TSLA and/or C# F# $5",
    "{text} {address} {0} %s %(name)s {{x}}",
    "line one\nline two\r\n\r\n# three\u2028four",
    "\u202egnp.exe \u200bzero \u2066x",
    "\t    indented code",
    "👩\u200d🔬 🏆 π שלום",
    "𝒜" * 2_000,
    "中" * 3_000,
    '"' * 3_000,
    "<" * 3_000,
    "a." * 2_000,
    "＠＃［",
]
"""Texts that a chat could take for markup, for a mention or for a link, or that are far too long."""

HOST = re.compile(r"[\w-]\.[^\W\d_]|\d\.\d+\.\d|://|(?<!\w)@\w|#\w")
"""What apps make a link or a mention of by themselves."""

texts = st.one_of(
    st.text(max_size=300),
    st.sampled_from(HOSTILE),
    st.lists(st.sampled_from([*HOSTILE, *"<>[]()*_`~@#&./\\|!-=+\n 1中🏆"]), max_size=12).map("".join),
)


def written(announcement: Announcement, kind: str, limit: int, language: Language = ZH) -> list[Message]:
    return chat_messages(announcement, dataclasses.replace(MARKUPS[kind], limit=limit), language)


def check(announcement: Announcement, kind: str, messages: list[Message], limit: int) -> None:
    """What holds of all messages to chats."""
    markup, told = MARKUPS[kind], []
    ours = {announcement.link_of(each) for each in announcement.papers} | {announcement.page}
    for number, message in enumerate(messages, 1):
        assert markup.count(message.text) <= limit
        found = spans(kind, message)  # nothing but our markup, and balanced
        assert {span.address for span in found if span.kind == "link"} <= ours
        assert not HOST.search("".join(f" {span.text}" for span in found))
        assert 1 - markup.has_head == sum(span.kind == "bold" for span in found)
        part = f" ({number}/{len(messages)})" if len(messages) > 1 else ""
        for head in [message.title, *(span.text for span in found if span.kind == "bold")]:
            assert part in head
        told += papers_in(found)
    whole = [(f"{place}. ", each) for place, each in enumerate(announcement.papers[:FOREMOST_PAPERS], 1)]
    assert [announcement.link_of(each) for _, each in whole] == [address for _, _, address in told]
    for (before, each), (title, line, _) in zip(whole, told, strict=True):
        trophy = "🏆 " if each.paper.trophy else ""
        assert is_beginning(title, before + trophy + visible(each.paper.title or each.paper.title_en))
        assert is_beginning(line, visible(each.paper.highlights[0]) or visible(each.paper.summary))


def is_beginning(shown: str, text: str) -> bool:
    """Whether a text is shown whole, or as far as the … that it ends with; look-alikes count as what they look like."""
    shown, text = alike(shown), alike(text)
    return shown == text or (shown.endswith("…") and text.startswith(shown[:-1].rstrip()))


@every_chat
@settings(max_examples=40)
@given(
    papers=st.lists(st.tuples(texts, texts, texts, st.booleans()), min_size=1, max_size=7),
    limit=st.integers(min_value=700, max_value=20_000),
    address=st.sampled_from([ADDRESS, None]),
    low=st.booleans(),
)
def test_any_texts_and_any_limit(
    kind: str, papers: list[tuple[str, str, str, bool]], limit: int, address: str | None, low: bool
) -> None:
    """Every piece fits as its chat counts it, has our markup alone, and nothing is lost but behind a …."""
    day = ArchivedDay(
        day=DAY,
        language="zh",
        papers=tuple(
            told_paper(
                place,
                title=title or None,
                title_en=title or "Title",
                highlights=(line,),
                summary=line and summary,
                trophy=trophy,
                rung=Rung.LISTING if low else Rung.MODEL,
            )
            for place, (title, line, summary, trophy) in enumerate(papers, 1)
        ),
    )
    announcement = announced(day, address)
    check(announcement, kind, written(announcement, kind, limit), limit)


@every_chat
@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12])
def test_hostile_texts_do_nothing(kind: str, text: str) -> None:
    """Each known way to mention, link, head or list makes a chat's message no other than a plain one."""
    announcement = announced(told_day(6, title=text, title_en=text, highlights=(text,), summary=text))
    check(announcement, kind, compose(announcement, CHATS[kind], ZH), MARKUPS[kind].limit)


@every_chat
def test_a_link_stays_a_link(kind: str) -> None:
    """An address with characters that could end it leads where it led, and nowhere else."""
    link = "https://a.example/(x)_[y]<z>*'\"`|\\^{}?a=1&amp;b=@all#c"
    announcement = announced(told_day(1, link=link), address=None)
    (message,) = compose(announcement, CHATS[kind], ZH)
    (address,) = {span.address for span in spans(kind, message) if span.kind == "link"}
    assert "https://a.example/%28x%29_%5By%5D%3Cz%3E%2A%27%22%60%7C%5C%5E%7B%7D?a=1&amp%3Bb=@all#c" == address


@pytest.mark.parametrize(
    ("text", "markdown", "telegram"),
    [
        (
            "Kimi K2.5: 64x64, $\\pi$ & AT&T",
            "Kimi K2.5: 64x64, $＼pi$ & AT&T",
            "Kimi K2.5: 64x64, $\\pi$ &amp; AT&amp;T",
        ),
        ("a < b, c > d", "a ＜ b, c ＞ d", "a &lt; b, c &gt; d"),
        ("@all #1", "＠all ＃1", "＠all ＃1"),
        ("Node.js 1.5 v1.5.33", "Node․js 1.5 v1․5.33", "Node․js 1.5 v1․5.33"),
        ("and/or /start $TSLA $5", "and/or /start $TSLA $5", "and/or ／start ＄TSLA $5"),
        ("2*3 a_b", "2＊3 a＿b", "2*3 a_b"),
    ],
)
def test_what_is_shown_alike(text: str, markdown: str, telegram: str) -> None:
    """Only what could act is changed: numbers, sums of money and most punctuation stay."""
    plain = {kind: markup.plain(text) for kind, markup in MARKUPS.items()}
    assert {"feishu": markdown, "wecom": markdown, "dingtalk": markdown, "telegram": telegram} == plain


@every_chat
@languages
@pytest.mark.parametrize("count", [1, 5, 6, 16, 50])
@pytest.mark.parametrize("address", [ADDRESS, None], ids=["public", "private"])
def test_days(kind: str, language: Language, count: int, address: str | None) -> None:
    """A day of any length is told: five papers, the rest as a count, and the way to all."""
    values: dict[str, Any] = {"title": None, **ENGLISH_REPLY} if language is EN else {}
    announcement = announced(told_day(count, language=language, **values), address)
    messages = compose(announcement, CHATS[kind], language)
    check(announcement, kind, messages, MARKUPS[kind].limit)
    text = "".join(span.text for message in messages for span in spans(kind, message))
    labels = language.labels.announcement
    assert (count > FOREMOST_PAPERS) is (labels.more.format(n=count - FOREMOST_PAPERS) in text)
    assert (address is not None) is (labels.on_web in text)
    assert labels.papers.format(n=count) in messages[0].title


@every_chat
def test_as_few_pieces_as_need_be(kind: str) -> None:
    """What fits to the last byte is one message; else no two neighbours would have fitted into one."""
    announcement = announced(told_day(50))
    (whole,) = compose(announcement, CHATS[kind], ZH)
    size = MARKUPS[kind].count(whole.text)
    assert [1, 2] == [len(written(announcement, kind, limit)) for limit in (size, size - 1)]
    for limit in range(700, 3_000, 100):
        messages = written(announcement, kind, limit)
        for one, two in pairwise(messages):
            body = two.text if MARKUPS[kind].has_head else two.text.split("\n", 1)[1]
            assert MARKUPS[kind].count(f"{one.text}\n\n{body}") > limit


@every_chat
def test_no_message_is_empty(kind: str) -> None:
    """Where not even an address fits, which no chat's limit is like, every paper has a message all the same."""
    messages = written(announced(told_day(5)), kind, 1)
    assert [1, 1, 1, 1, 1, 0] == [len(papers_in(spans(kind, message))) for message in messages]


@every_chat
@languages
def test_a_digest_is_one_message(kind: str, language: Language) -> None:
    """The longest texts that a model's reply may have, and a long title in English, make one message in every chat."""
    lengths, letter = language.lengths, {"zh": "中", "en": "x"}[language.code]
    values: dict[str, Any] = {
        "title": letter * lengths.title.most if lengths.title else None,
        "title_en": "x" * 250,
        "highlights": (letter * lengths.highlight.most,),
    }
    assert 1 == len(compose(announced(told_day(50, language=language, **values)), CHATS[kind], language))


@every_chat
def test_what_a_phone_shows_first(kind: str) -> None:
    """The title has the day, how many papers, and the best one; so does a text's beginning, or the head above it."""
    (message,) = compose(announced(sample_day()), CHATS[kind], ZH)
    best = "🏆 从控制信号看引导：统一解释语言模型的参数动态"
    assert f"2 月 3 日 星期二 · 16 篇论文 · {best}" == message.title
    first, second = "".join(span.text for span in spans(kind, message)).split("\n")[:2]
    shown = [f"1. {best}", "把微调、LoRA 与激活干预归为同一种动态权重更新"]
    assert [first, second] == (shown if MARKUPS[kind].has_head else ["2 月 3 日 星期二 · 16 篇论文", shown[0]])


@every_chat
def test_a_title_is_short(kind: str) -> None:
    """What a card or a notification shows is short and on one line, whatever the best paper is called."""
    (message, *_) = compose(announced(told_day(1, title="two\nlines " * 500)), CHATS[kind], ZH)
    assert len(message.title) <= 100
    assert message.title.endswith("…")
    assert "\n" not in message.title


@pytest.mark.parametrize("kind", ["feishu", "dingtalk"])
@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12])
def test_a_body_fits(kind: str, text: str) -> None:
    """With all that a card has around it, a message is within the 20,000 bytes that these two take."""
    announcement = announced(told_day(50, title=text, title_en=text, highlights=(text,)))
    for message in compose(announcement, CHATS[kind], ZH):
        card = {
            "timestamp": "1770000000",
            "sign": "x" * 44,
            "msg_type": "interactive",
            "card": {
                "config": {"wide_screen_mode": True},
                "header": {"title": {"tag": "plain_text", "content": message.title}, "template": "blue"},
                "elements": [{"tag": "div", "text": {"tag": "lark_md", "content": message.text}}],
            },
        }
        assert len(json.dumps(card, ensure_ascii=False).encode()) <= 20_000


@languages
def test_trophies_alone_are_told_as_such(language: Language) -> None:
    """A channel that gets trophies is told how many there are, as key papers."""
    (message,) = compose(announced(told_day(16), trophies=True), CHATS["wecom"], language)
    count = {"zh": "2 月 3 日 星期二 · 2 篇重点论文", "en": "Tuesday, 3 February · Key papers: 2"}[language.code]
    assert message.text.startswith(f"**{count}**\n")


@languages
def test_a_week(language: Language) -> None:
    """A week is told by its name, with the best of its papers, and leads to its page."""
    week = of_week([told_day(16), told_day(16, DAY + dt.timedelta(days=1), id="2602.77777")], "2026-W06", ADDRESS)
    assert week
    (message,) = compose(week, CHATS["wecom"], language)
    name = {"zh": "2026 年第 6 周 · 得分最高的 17 篇论文", "en": "Week 6 of 2026 · Best papers by score: 17"}[
        language.code
    ]
    assert message.text.startswith(f"**{name}**\n")
    assert f"({ADDRESS}/weeks/2026-W06.html)" in message.text


@every_chat
def test_marked_papers_are_told_of_once(kind: str) -> None:
    """A digest with marked papers says how many in one sentence; one without says nothing of it."""
    day = told_day(16, rung=Rung.LISTING, title=None, highlights=(), summary="We look at it. It works.")
    (message,) = compose(announced(day), CHATS[kind], ZH)
    assert 1 == message.text.count(ZH.labels.low_count.format(n=16))
    assert "暂缺" not in compose(announced(told_day(16)), CHATS[kind], ZH)[0].text


def test_lines() -> None:
    """A paper's line is its first highlight, else its summary's first sentences; without either it has none."""
    day = told_day(3, highlights=(), summary="First sentence here. " * 20)
    bare = told_paper(4, highlights=(), summary="", title=None)
    day = day.model_copy(update={"papers": (*day.papers, bare, told_paper(5))})
    (message,) = compose(announced(day), CHATS["telegram"], ZH)
    (_, first, _), *_, (title, none, _), (_, highlight, _) = papers_in(spans("telegram", message))
    assert ("4. One World Model for Many Kitchens", "") == (title, none)
    assert ("First sentence here. " * 9).strip() == first
    assert told_paper().highlights[0] == highlight


def test_counts() -> None:
    """Channels count differently: bytes, bytes within JSON, or UTF-16's units."""
    text = 'é中🏆"\n'
    assert (2 + 3 + 4 + 2, 2 + 3 + 4 + 4 + 2, 1 + 1 + 2 + 2) == (utf8_bytes(text), json_bytes(text), utf16_units(text))


def sent(announcement: Announcement, language: Language = ZH) -> dict[str, Any]:
    (message,) = compose(announcement, WEBHOOK, language)
    body: dict[str, Any] = json.loads(message.text)
    assert body == SentAnnouncement.model_validate_json(message.text).model_dump(mode="json")
    return body


def test_a_webhook_gets_all() -> None:
    """A program is sent every paper with its texts as they are, what is marked, and where all is."""
    text = HOSTILE[0]
    day = told_day(50, title=text, rung=Rung.ABSTRACT)
    body = sent(announced(day))
    papers = body.pop("papers")
    page = f"{ADDRESS}/digests/2026-02-03.html"
    assert body == {
        "format": ANNOUNCEMENT_FORMAT,
        "kind": "day",
        "name": "2026-02-03",
        "day": "2026-02-03",
        "language": "zh",
        "trophies": False,
        "page": page,
        "low": 50,
    }
    assert list(range(1, 51)) == [paper["number"] for paper in papers]
    assert papers[0] == {
        "number": 1,
        "day": "2026-02-03",
        "id": "2602.00001",
        "link": "https://arxiv.org/abs/2602.00001",
        "page": f"{page}#2602.00001",
        "title": text,
        "title_en": "One World Model for Many Kitchens",
        "organization": "A lab",
        "trophy": True,
        "low": True,
        "summary": told_paper().summary,
        "highlights": list(told_paper().highlights),
    }


def test_a_webhook_of_a_private_stack() -> None:
    """Where pages are private no address of one is sent."""
    body = sent(announced(told_day(2), address=None))
    assert [None] * 3 == [body["page"], *(paper["page"] for paper in body["papers"])]


def test_a_webhook_gets_a_week() -> None:
    """A week has its Monday, and each paper its place among the best and the day of its digest."""
    week = of_week([told_day(2), told_day(2, DAY + dt.timedelta(days=1), id="2602.77777", score=200)], "2026-W06", None)
    assert week
    body = sent(week)
    assert ("week", "2026-W06", "2026-02-02") == (body["kind"], body["name"], body["day"])
    assert [(1, "2026-02-04"), (2, "2026-02-03"), (3, "2026-02-03")] == [
        (paper["number"], paper["day"]) for paper in body["papers"]
    ]


@pytest.mark.parametrize("channel", MAILS, ids=lambda channel: channel.kind)
def test_a_mail_is_one_message(channel: SesChannel | SmtpChannel) -> None:
    """Whichever way a mail goes, it is one message with the whole digest, as HTML and as plain text."""
    (message,) = compose(announced(told_day(50)), channel, ZH)
    assert (
        50 == message.text.count("https://arxiv.org/abs/2602.") == len(set(re.findall("2602.000[0-9]+", message.html)))
    )


@every_chat
def test_the_same_is_composed_the_same(kind: str) -> None:
    """An announcement's messages are a function of it, so that what was sent is known again by its hash."""
    one, two = (compose(announced(sample_day()), CHATS[kind], ZH) for _ in range(2))
    assert [each.sha256 for each in one] == [each.sha256 for each in two]
