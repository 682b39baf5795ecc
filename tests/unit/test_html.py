"""The pages to open: hostile texts are text and nothing more, scores and receipt add up, nothing is fetched."""

import re
from base64 import b64encode
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser, LexborNode

from paperboy.adapters.sources.hugging_face import read_listing
from paperboy.days.digest import Digest, Placed, Receipt, assemble
from paperboy.languages.language import Language
from paperboy.pages import html
from paperboy.papers.listing import Rejection
from paperboy.papers.paper import LAST_AUTHORS, Authors, Paper
from paperboy.papers.text import UNSEEN
from paperboy.summaries.checks import language_of
from paperboy.summaries.summary import Rung, Summary
from paperboy.summaries.usage import Usage
from tests.samples import (
    EN,
    ENGLISH_REPLY,
    REPLY,
    ROOT,
    ZH,
    day,
    listed_digest,
    paper,
    read_json,
    sample_summaries,
    seed_texts,
    summary,
)

HOSTILE = [
    "<script>alert(1)</script>",
    "</title></style></script><script>alert(1)</script>",
    "</bdi></h2></article></main></body></html><h1>after</h1>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "<a href='javascript:alert(1)'>javascript:alert(1)</a>",
    "[text](javascript:alert(1)) ![image](https://example.com/a.png) **bold** `code` # heading",
    "<base href=https://example.com><meta http-equiv=refresh content=0;url=https://example.com>",
    "<link rel=stylesheet href=//example.com/a.css><style>*{display:none}</style>",
    "<!-- hidden --> <![CDATA[x]]> <?php ?> <!DOCTYPE html>",
    "&lt;b&gt; &#60;script&#62; &amp; &copy &notit;",
    "{{ 7 * 7 }} {% include 'style.css' %} {# hidden #}",
    "\u202egnp.exe \u2066isolated \u061cmark",
    "pass\u200bword zero\u2060width \ufeffmark ta\U000e0041g",
    "a\x00null \x1b[31mcolour\x07 \x85next",
    "two\nlines \u2028and\u2029more",
    "שלום עולם مرحبا",
    "👩\u200d🔬 می\u200cخواهم",
    "W" * 10_000,
    "中" * 10_000,
    "<b>" * 3_000,
]
"""Texts that a page could take for markup, that hide what they are, or that are far too long."""

PLAIN, PLAIN_ENGLISH = "plain", "plain " * 20

ADDRESSES = ("pdf", "discussion", "repository", "project_page", "thumbnail")

JOINERS = "\u200c\u200d"


def seen(text: str) -> str:
    """A text as a reader sees it: on one line, without what cannot be seen."""
    return " ".join(UNSEEN.sub(" ", text).split())


def content(node: LexborNode | None) -> str:
    """The text of an element as a browser shows it, white space folded."""
    assert node is not None
    return " ".join(node.text().split())


def contents(page: LexborHTMLParser, selector: str) -> list[str]:
    return [content(node) for node in page.css(selector)]


def shape(page: LexborHTMLParser) -> list[tuple[str, dict[str, str | None]]]:
    """Every element of a page in order, with its attributes, as a browser's own parser reads it."""
    assert page.root
    return [(node.tag or "", dict(node.attributes)) for node in page.root.traverse()]


def full_of(text: str) -> Digest:
    """A digest whose every text from outside is `text`: on a high rung, on a low one, left out and rejected."""
    high = Summary(title=text, summary=text, highlights=(text, text, text), rung=Rung.MODEL)
    low = Summary(summary=text, rung=Rung.LISTING)
    papers = [whole_paper(number, text, text) for number in range(12)]
    texts = {one.id: low if number else high for number, one in enumerate(papers)}
    digest = assemble(day(*papers, summaries=texts, rejections=(Rejection(item=text, reason=text),)))
    assert digest
    return digest


def whole_paper(number: int, text: str, name: str, **values: Any) -> Paper:
    """A paper of which everything is known, each name cut to what a record takes."""
    names = (name[:100], "B. Two") * (4 if number else 1)
    addresses = {field: f"https://{field.replace('_', '-')}.example/{number}" for field in ADDRESSES}
    texts = {"title": text, "organization": text, "abstract": text}
    return paper(number, authors=Authors(names=names), keywords=names, **(texts | addresses | values))


def addresses_of(one: Paper) -> set[str | None]:
    """Where the page leads from a paper. Its thumbnail is not one of these: a page has no pictures from elsewhere."""
    return {one.link, one.pdf, one.discussion, one.repository, one.project_page}


def assembled(*papers: Paper) -> Digest:
    digest = assemble(day(*papers))
    assert digest
    return digest


def plain_like(text: str) -> str:
    """A plain text in the language that a page takes `text` for: a summary in English is marked on a Chinese page."""
    return PLAIN_ENGLISH.strip() if language_of(text) == "en" else PLAIN


def hashed(element: LexborNode) -> str:
    """How a policy names the text of an element."""
    return f"'sha256-{b64encode(sha256(element.text().encode()).digest()).decode()}'"


def parsed(digest: Digest, language: Language = ZH) -> LexborHTMLParser:
    return LexborHTMLParser(html.write(digest, language))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_add_nothing(text: str) -> None:
    """Whatever its texts say, a page has the elements and attributes that a plain one has, and no other."""
    assert shape(parsed(full_of(plain_like(text)))) == shape(parsed(full_of(text)))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_show_as_they_are(text: str) -> None:
    """Every text is on the page, as it was given but for what cannot be seen, wherever the plain one is."""
    like = plain_like(text)
    plain, page = parsed(full_of(like)), parsed(full_of(text))
    places = [
        *(".glance a bdi", ".glance .lab bdi", "article h2 bdi", ".organization"),
        *(".summary", ".highlights li", ".abstract", "#left-out bdi"),
        *("#receipt li bdi", *([".english bdi"] if like == PLAIN else [])),  # a heading has a second title or none
    ]
    for place in places:
        there = contents(plain, place)
        assert like in there, place
        assert [seen(text) if each == like else each for each in there] == contents(page, place), place
    names = [name for entry in full_of(text).entries for name in (entry.paper.authors or Authors(names=("",))).names]
    assert {seen(name) for name in names} == set(contents(page, ".authors bdi"))


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_unseen_is_left(text: str) -> None:
    """No control, bidirectional or zero-width character is on a page, save its own line breaks; joiners stay."""
    page = html.write(full_of(text), ZH)
    assert [] == UNSEEN.findall(page.replace("\n", ""))
    assert {mark for mark in text if mark in JOINERS} == {mark for mark in page if mark in JOINERS}


def test_nothing_is_fetched() -> None:
    """A page names no other address than its papers' own and its ways to other pages, and has no form, no frame, no
    picture that is not its own drawing, and no script but its own."""
    own = {one for entry in full_of(PLAIN).entries for one in (f"#{entry.paper.id}", *addresses_of(entry.paper))}
    own |= {f"../{key}" for key in ("months/2026-02.html#d2026-02-03", "index.html", "search.html")}
    own |= {placed.paper.link for placed in full_of(PLAIN).left_out}
    page = parsed(full_of(HOSTILE[5]))
    nodes = shape(page)
    addresses = {
        value for _, attributes in nodes for key, value in attributes.items() if key in ("href", "src", "action")
    }
    assert {"data:,"} | own == addresses
    tags = {tag for tag, _ in nodes}
    assert set() == tags & {"img", "iframe", "form", "object", "embed", "video", "audio", "base"}
    assert [{}] == [dict(node.attributes) for node in page.css("script")]
    assert {"svg", "rect"} >= tags & {"svg", "rect", "image", "use", "foreignobject", "animate", "set"}
    assert [] == [key for _, attributes in nodes for key in attributes if key.startswith("on") or key == "style"]
    style = page.css_first("style")
    assert style
    assert [] == re.findall(r"url\(|@import|@font-face", style.text())


@pytest.mark.parametrize("language", [ZH, EN], ids=lambda language: language.code)
def test_content_security_policy(language: Language) -> None:
    """The page's policy allows its own style sheet and script, by their hashes, and nothing else."""
    tree = parsed(full_of(PLAIN), language)
    style, meta = tree.css_first("style"), tree.css_first("meta[http-equiv=Content-Security-Policy]")
    assert style
    assert meta
    policy = f"default-src 'none'; style-src {hashed(style)}; img-src data:; base-uri 'none'; form-action 'none'"
    policy += "".join(f"; script-src {hashed(script)}" for script in tree.css("script"))
    assert policy == meta.attributes["content"]


def test_a_paper() -> None:
    """A paper shows place, trophy, both titles, link, organisation, signals, tags, summary, highlights and abstract."""
    whole = paper(title="Agents", organization="Qwen", upvotes=600, stars=1, comments=2)
    digest = assemble(day(whole, summaries={whole.id: summary(title="智能体", summary="智能体的研究。")}))
    assert digest
    page = parsed(digest)
    assert ["1. 🏆 智能体"] == contents(page, "article h2")
    assert ["Agents arXiv:2602.02343"] == contents(page, ".english")
    assert ["https://arxiv.org/abs/2602.02343"] == [link.attributes["href"] for link in page.css("article a")]
    assert ["组织 Qwen 得分 87.25 点赞 600 星标 1 评论 2"] == contents(page, ".about")
    assert ["Super Lab", "Viral", "Must Read"] == contents(page, ".tags li")
    assert ["智能体的研究。"] == contents(page, ".summary")
    assert ["提出统一的理论框架", "揭示偏好与效用的权衡", "提出新的引导方法"] == contents(page, ".highlights li")
    assert [whole.abstract] == contents(page, ".abstract")
    assert [] == page.css(".low")
    assert "每日论文汇总 - 2026-02-03" == content(page.css_first("title"))
    assert "2026 年 2 月 3 日，星期二 共 1 篇论文" == content(page.css_first("body > header p"))
    assert "暂缺" not in content(page.css_first("footer"))


@pytest.mark.parametrize(
    ("rung", "notice"),
    [
        (Rung.LISTING, "中文摘要暂缺，以下为 Hugging Face 提供的英文简介。"),
        (Rung.ABSTRACT, "中文摘要暂缺，以下为英文原文摘要的开头。"),
    ],
)
def test_low_rung(rung: Rung, notice: str) -> None:
    """On a low rung the English title stands alone, one line says what follows, and the footer counts such papers."""
    bare = paper(abstract="")
    digest = assemble(day(bare, summaries={bare.id: summary(rung)}))
    assert digest
    page = parsed(digest)
    assert ["1. Why Steering Works"] == contents(page, "article h2")
    assert ["arXiv:2602.02343"] == contents(page, ".english")
    assert [notice] == contents(page, ".low")
    assert ["en"] == [node.attributes["lang"] for node in page.css(".summary")]
    assert [] == page.css(".highlights") + page.css(".tags") + page.css(".abstract")
    assert "共 1 篇暂缺中文摘要" in content(page.css_first("footer"))


def test_limited() -> None:
    """Where a limit of the budget is why there is no model's summary, the line says so, and the reason's text is not on
    the page."""
    bare = paper()
    records = day(bare, summaries={bare.id: summary(Rung.LISTING)})
    records.summaries[bare.id] = records.summaries[bare.id].model_copy(update={"limited": True, "reason": "used up"})
    digest = assemble(records)
    assert digest
    assert ["已达模型用量上限，以下为 Hugging Face 提供的英文简介。"] == contents(parsed(digest), ".low")
    assert "used up" not in html.write(digest, ZH)


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        (Usage(), []),
        (
            Usage(calls=16, input_tokens=30_000, output_tokens=5_210, cost=12_345),
            ["调用模型 16 次，共用 35,210 个 token，约 0.012 美元。"],
        ),
        (Usage(calls=1, input_tokens=900, output_tokens=99), ["调用模型 1 次，共用 999 个 token。"]),
        (
            Usage(calls=2_000, input_tokens=9_000_000, cost=1_234_567_890),
            ["调用模型 2,000 次，共用 9,000,000 个 token，约 1,234.57 美元。"],
        ),
    ],
)
def test_what_the_day_took(usage: Usage, words: list[str]) -> None:
    """The receipt tells calls, tokens, and money where a price is known; nothing where no model was called."""
    assert words == contents(parsed(full_of(PLAIN).model_copy(update={"usage": usage})), "#receipt .quiet")


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        *((1, "0.000001"), (42, "0.000042"), (12_345, "0.012"), (95_000, "0.095"), (99_900, "0.100")),
        *((100_000, "0.10"), (456_000, "0.46"), (999_999, "1.00"), (10_000_000, "10.00")),
    ],
)
def test_dollars(cost: int, words: str) -> None:
    """A sum is told to the cent, and one below ten cents to its second digit."""
    paid = Usage(calls=1, cost=cost)
    [line] = contents(parsed(full_of(PLAIN).model_copy(update={"usage": paid}), EN), "#receipt .quiet")
    assert f"Model calls: 1, tokens: 0, cost: about {words} US dollars." == line


def test_english() -> None:
    """In English the page says so to the browser, tells all of its own words in English, and has the same elements."""
    whole = paper(title="Agents", organization="Qwen", upvotes=600, stars=1, comments=2)
    texts = {whole.id: summary(title=None, summary="On agents.", highlights=("One", "Two", "Three"))}
    digest = assemble(day(whole, summaries=texts))
    assert digest
    page = parsed(digest, EN)
    assert ["en"] == [node.attributes["lang"] for node in page.css("html")]
    assert "Daily AI Papers - 2026-02-03" == content(page.css_first("title"))
    assert "Tuesday, 3 February 2026 Papers: 1" == content(page.css_first("body > header p"))
    assert ["1. 🏆 Agents"] == contents(page, "article h2")
    assert ["arXiv:2602.02343"] == contents(page, ".english")
    assert ["Organization Qwen Score 87.25 Upvotes 600 Stars 1 Comments 2"] == contents(page, ".about")
    assert ["On agents."] == contents(page, ".summary")
    assert ["What makes up the score of 87.25", "Abstract"] == contents(page, "details summary")
    assert "1 listed + 0 kept from earlier = 1 in + 0 left out + 0 rejected" == content(page.css_first("#receipt .sum"))
    assert [tag for tag, _ in shape(page)] == [tag for tag, _ in shape(parsed(digest, ZH))]


@pytest.mark.parametrize(
    ("language", "told", "mark", "tag"),
    [
        (ZH, ENGLISH_REPLY, "中文摘要暂缺，以下为先前的英文摘要。", "en"),
        (EN, REPLY, "No English summary yet; this is the earlier one, in another language.", "zh-CN"),
    ],
)
def test_a_summary_in_another_language(language: Language, told: dict[str, Any], mark: str, tag: str) -> None:
    """A summary from when the digest was in another language is marked, and a browser is told which language it is."""
    digest = assemble(day(paper(), summaries={paper().id: Summary.model_validate(told | {"rung": Rung.MODEL})}))
    assert digest
    page = parsed(digest, language)
    assert [mark] == contents(page, ".low")
    assert [tag, tag] == [node.attributes["lang"] for node in page.css(".summary, .highlights")]
    assert ["1. Why Steering Works"] == contents(page, "article h2")


def test_nothing_to_tell() -> None:
    """A paper without abstract says that there is no summary."""
    bare = paper(abstract="")
    digest = assemble(day(bare, summaries={bare.id: summary(Rung.ABSTRACT, summary="")}))
    assert digest
    assert ["暂无"] == contents(parsed(digest), ".summary")


def test_parts_add_up(shared_data: Path) -> None:
    """Each part shows its count and points; they add up to the score, or the page says that rounding is why not."""
    uneven = 0
    for file in sorted((shared_data / "data/hf_daily").iterdir()):
        digest = listed_digest(file)
        articles = parsed(digest).css("article")
        assert len(digest.entries) == len(articles)
        for entry, article in zip(digest.entries, articles, strict=True):
            one, parts = entry.paper, entry.ranked.parts
            counts = [str(one.upvotes or 0), str(one.stars or 0), str(one.comments or 0), "—"]
            rows = [[content(cell) for cell in row.css("td")] for row in article.css("tbody tr")]
            assert counts == [row[0] for row in rows]
            points = [parts.upvotes, parts.stars, parts.comments, parts.bonus]
            assert [f"{part:.2f}" for part in points] == [row[1] for row in rows]
            total = content(article.css("tfoot td")[-1])
            assert f"{entry.ranked.score:.2f}" == total
            adds_up = f"{sum(float(row[1]) for row in rows):.2f}" == total
            assert adds_up == ("四舍五入" not in content(article.css_first("details:has(table)")))
            assert abs(sum(float(row[1]) for row in rows) - float(total)) < 0.021
            uneven += not adds_up
    assert uneven > 0


@pytest.mark.parametrize(
    ("stars", "comments", "adds_up"),
    [
        (1, 1, True),  # 4.16 + 0.69 = 4.85
        (3, 3, False),  # 8.32 + 1.39 = 9.71, and the score is 9.70
        (8, 1, False),  # 13.18 + 0.69 = 13.87, and the score is 13.88
    ],
)
def test_rounding_is_told(stars: int, comments: int, adds_up: bool) -> None:
    """Where the rounded parts come to more or less than the score, the page says so, and else it does not."""
    digest = assemble(day(paper(stars=stars, comments=comments)))
    assert digest
    assert adds_up == (ZH.labels.rounded not in html.write(digest, ZH))


def test_relevant_part() -> None:
    """The reader's own keywords have a row of their own where they gave points."""
    digest = full_of(PLAIN)
    first = digest.entries[0]
    parts = first.ranked.parts.model_copy(update={"relevant": 10.0})
    entry = first.model_copy(update={"ranked": first.ranked.model_copy(update={"parts": parts, "score": 10.0})})
    page = parsed(digest.model_copy(update={"entries": (entry,)}))
    assert ["点赞 0 0.00", "星标 0 0.00", "评论 0 0.00", "机构加分 — 0.00", "关键词加分 — 10.00"] == [
        " ".join(content(cell) for cell in row.css("th, td")) for row in page.css("tbody tr")
    ]


@pytest.mark.parametrize(
    ("receipt", "words", "reasons"),
    [
        (
            Receipt(listed=2, kept=0, selected=2, left_out=0),
            "列表 2 篇 + 先前保留 0 篇 = 入选 2 篇 + 未入选 0 篇 + 剔除 0 篇",
            [],
        ),
        (
            Receipt(
                listed=12, kept=4, selected=10, left_out=5, rejections=(Rejection(item="item 3", reason="got str"),)
            ),
            "列表 12 篇 + 先前保留 4 篇 = 入选 10 篇 + 未入选 5 篇 + 剔除 1 篇",
            ["item 3: got str"],
        ),
    ],
)
def test_receipt(receipt: Receipt, words: str, reasons: list[str]) -> None:
    """The receipt reads as the sum that it is, with the reason of each rejection."""
    page = parsed(full_of(PLAIN).model_copy(update={"receipt": receipt}))
    assert words == content(page.css_first("#receipt .sum"))
    assert reasons == contents(page, "#receipt li")


def test_left_out() -> None:
    """Below the cut stand the most-voted papers that were left out, equal ones in rank order."""
    votes = [*range(100, 90, -1), 5, 7, 5, 9, 5]
    papers = [paper(number, title=f"Paper {number}", upvotes=each) for number, each in enumerate(votes)]
    digest = assemble(day(*papers))
    assert digest
    assert 3 == html.MAX_LEFT_OUT
    assert ["Paper 13 点赞 9，差 83 票", "Paper 11 点赞 7，差 85 票", "Paper 10 点赞 5，差 87 票"] == contents(
        parsed(digest), "#left-out li"
    )
    assert "Paper 13 Upvotes 9, 83 more to be in" in contents(parsed(digest, EN), "#left-out li")
    assert [f"https://arxiv.org/abs/2602.{number:05}" for number in (13, 11, 10)] == [
        link.attributes["href"] for link in parsed(digest).css("#left-out a")
    ]


def test_left_out_beyond_reach() -> None:
    """Where no number of upvotes would bring a paper in, the page says nothing of them."""
    digest = assemble(day(*(paper(number, upvotes=2_000) for number in range(10)), paper(10, upvotes=5)))
    assert digest
    assert ["Why Steering Works 点赞 5"] == contents(parsed(digest), "#left-out li")


def test_at_a_glance() -> None:
    """First comes a line for each paper: place, trophy, a title that leads to it, lab, score and a bar of its parts."""
    first = paper(1, title="Agents", organization="Qwen", upvotes=600, stars=1)
    digest = assemble(day(first, paper(2, upvotes=9), summaries={first.id: summary(title="智能体")}, due=True))
    assert digest
    page = parsed(digest)
    assert ["1. 🏆 智能体 Qwen 86.15", "2. Why Steering Works Unknown 11.51"] == contents(page, ".glance li")
    anchors = [link.attributes["href"] for link in page.css(".glance a")]
    assert [f"#{article.attributes['id']}" for article in page.css("article")] == anchors
    drawn = [
        [(rect.attributes["class"], rect.attributes["x"], rect.attributes["width"]) for rect in bar.css("rect")]
        for bar in page.css("svg")
    ]
    assert [
        [("upvotes", "0.0", "37.1"), ("stars", "37.1", "4.8"), ("bonus", "42.0", "58.0")],
        [("upvotes", "0.0", "13.4")],
    ] == drawn
    assert "点赞 星标 机构加分" == content(page.css_first(".key"))


def test_bars_are_as_long_as_scores(shared_data: Path) -> None:
    """On real days the highest score fills its bar, and the stretches of each lie one after another."""
    for file in sorted((shared_data / "data/hf_daily").iterdir())[:20]:
        digest = listed_digest(file)
        most = max(entry.ranked.parts.total for entry in digest.entries)
        for entry, bar in zip(digest.entries, parsed(digest).css("svg"), strict=True):
            ends = [0.0]
            for rect in bar.css("rect"):
                assert abs(ends[-1] - float(rect.attributes["x"] or 0)) <= 0.11
                ends.append(float(rect.attributes["x"] or 0) + float(rect.attributes["width"] or 0))
            assert abs(ends[-1] - 100 * entry.ranked.parts.total / most) <= 0.11


def test_where_a_paper_leads() -> None:
    """A paper leads to its PDF, its discussion, its code with the stars and its project page; what it lacks is not
    there, and a hostile address is one attribute and nothing more."""
    hostile = "https://e.com/<\"'&>?a=1&lt;b"
    page = parsed(assembled(whole_paper(1, PLAIN, PLAIN, stars=2708, repository=hostile)))
    assert ["PDF Hugging Face 讨论 代码 ★ 2708 项目主页"] == contents(page, ".links")
    assert ["https://pdf.example/1", "https://discussion.example/1", hostile, "https://project-page.example/1"] == [
        link.attributes["href"] for link in page.css(".links a")
    ]
    assert [] == parsed(assembled(paper())).css(".links, .authors")
    assert ["代码"] == contents(parsed(assembled(paper(repository="https://e.com/"))), ".links")


@pytest.mark.parametrize(
    ("count", "seen_at_once", "unfolded"),
    [
        (1, "A 0", []),
        (5, "A 0, A 1, A 2, A 3, A 4", []),
        (6, "A 0, A 1, A 2, … A 4, A 5 等 6 人", ["A 0, A 1, A 2, A 3, A 4, A 5"]),
    ],
)
def test_authors(count: int, seen_at_once: str, unfolded: list[str]) -> None:
    """A few authors are all seen; of more the first and the last, and all of them where that is opened."""
    page = parsed(assembled(paper(authors=Authors.of([f"A {number}" for number in range(count)]))))
    assert [seen_at_once] == contents(page, "p.authors, .authors summary")
    assert unfolded == contents(page, "details.authors p")


def test_very_many_authors() -> None:
    """Where the middle of very many authors is not kept, the page says where, and how many there are."""
    page = parsed(assembled(paper(authors=Authors.of([f"A {number}" for number in range(664)]))))
    assert ["A 0, A 1, A 2, … A 662, A 663 等 664 人"] == contents(page, ".authors summary")
    [names] = contents(page, ".authors p")
    assert f"A 89, （此处略去 564 位） A {664 - LAST_AUTHORS}, " in names


def test_a_days_page_is_light(shared_data: Path) -> None:
    """A page of 16 papers, with real abstracts and authors, is 120 kilobytes at most."""
    papers = read_listing(read_json(shared_data / "data/seed_day/payload.json.gz")).papers
    texts = seed_texts(shared_data)
    told = {paper_id: Summary.model_validate(text | {"rung": Rung.MODEL}) for paper_id, text in texts.items()}
    digest = assemble(day(*papers, summaries=told, due=True))
    assert digest
    assert 16 == len(digest.entries)
    assert len(html.write(digest, ZH).encode()) <= 120_000


def test_none_left_out() -> None:
    """Where every paper is in, nothing is said of any left out."""
    digest = assemble(day(paper()))
    assert digest
    assert () == digest.left_out
    assert ZH.labels.most_voted not in html.write(digest, ZH)


def test_headings_in_order() -> None:
    """A page has one first heading, and each other one is at most a step below the one before."""
    page = parsed(listed_digest(ROOT / "events/sample/2026-02-03.json", sample_summaries()))
    levels = [int(tag[1]) for tag, _ in shape(page) if re.fullmatch("h[1-6]", tag)]
    assert 1 == levels.count(1)
    assert 1 == levels[0]
    assert [] == [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1]


def test_left_out_are_placed() -> None:
    """A paper that was left out knows its place in the day's ranking."""
    digest = full_of(PLAIN)
    assert [(Placed, 11), (Placed, 12)] == [(type(one), one.ranked.rank) for one in digest.left_out]


@given(st.text(st.sampled_from("<>\"'&;/=!-[]{}%#?abio x\n\x00\u200b\u202e中"), min_size=1, max_size=40).filter(seen))
def test_no_text_adds_anything(text: str) -> None:
    """Whatever a text is made of, the page has the elements and attributes that a plain one has, and shows it."""
    plain, page = parsed(full_of(PLAIN)), parsed(full_of(text))
    assert shape(plain) == shape(page)
    assert [seen(text)] * 10 == [content(node) for node in page.css(".summary")]
