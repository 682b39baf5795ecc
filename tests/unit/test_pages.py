"""The pages: hostile texts show as they are, low rungs are marked, and programs find all that readers do."""

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from paperboy.adapters.sources.hugging_face import read_listing
from paperboy.days.digest import Digest, Entry, Receipt, assemble
from paperboy.languages.language import Language
from paperboy.pages import json as json_page
from paperboy.pages import markdown
from paperboy.pages.markdown import escape
from paperboy.pages.text import notice, title, visible
from paperboy.papers.listing import Rejection
from paperboy.papers.paper import Authors, Paper
from paperboy.papers.policy import load_policy
from paperboy.papers.ranking import rank
from paperboy.summaries.checks import language_of
from paperboy.summaries.summary import Rung, Summary, input_hash
from paperboy.summaries.usage import Usage
from tests.samples import DAY, EN, ENGLISH_REPLY, REPLY, ZH, day, paper, read_json, summary

READER = MarkdownIt("commonmark").enable("strikethrough")

HOSTILE = [
    "**bold** *slanted* __bold__ _slanted_ ***both*** a*b*c snake_case _x_y_",
    "`code` ``two`` ```js",
    "[text](https://example.com) ![image](https://example.com/a.png) [ref][1] [1]: https://example.com",
    "<b>bold</b> <img src=x onerror=alert(1)> </p> <!-- hidden --> <?php ?> <![CDATA[x]]> <!DOCTYPE html>",
    "<https://example.com> <me@example.com> a < b > c 3<4 <-",
    "&amp; &lt;b&gt; &#42; &#x41; AT&T R&D; & &copy",
    "~~struck~~ ~one~ ~~~fence",
    r"\* \_ \# \\ \$O(n \log n)\$ $\alpha$ \alpha c:\dir \&amp; \<b> \[x]",
    "# heading",
    "###### heading #",
    "## C ##",
    "C# and F # too",
    "> quote",
    "- item",
    "-",
    "+ item",
    "* item",
    "* * *",
    "---",
    "- - -",
    "===",
    "___",
    "***",
    "1. one",
    "1) one",
    "123456789. one",
    "1984. A Study",
    "2.5 times",
    "-1 is below 0",
    "~~~",
    "```",
    "| a | b |",
    "|---|---|",
    "[1]: https://example.com",
    "[x] done",
    "(closed) )open( ]open[",
    "!not an image",
    "🏆 π ≤ 中文，标点。「引号」_强调_**强调**",
    "e\u0301 na\u00efve \u212b",
]
"""Texts that Markdown or HTML would take for markup, or could."""

BREAKS = [
    "ends in \\",
    "two\nlines",
    "two\n\nparagraphs",
    "two\r\nlines",
    "end\n---",
    "end\n\n### heading",
    "a\ttab",
    "a\x00null",
    "a\x1bcolour",
    "a\u2028line\u2029paragraph",
    "a\u200bspace",
    "a\u202eright to left\u202cb",
    "a\ufeffmark",
    "\u202eright to left\u202c",
    "a \u200b",
    "\u200b# heading",
    "\ufeff- item",
    "\u200b> quote",
]
"""Texts with characters that break a line or cannot be seen: each is seen as a space, or not at all at an end."""

INVISIBLE = str.maketrans(dict.fromkeys("\x00\x1b\u200b\u2028\u2029\u202c\u202e\ufeff", " "))

PLAIN = [
    "",
    "Why Steering Works: Toward a Unified View (Part 2)",
    "FSVideo：高压缩潜空间下的快速视频扩散模型",
    "snake_case, 64x64x4, 3 < 4, AT&T, ~5%, $x$, 50% – “quoted” 'text'!",
    r"\alpha",
    "🏆 π ≤",
]


def folded(text: str) -> str:
    """A text as a reader sees it: without invisible characters, white space folded."""
    return " ".join(text.translate(INVISIBLE).split())


def markup(token: Token) -> str:
    """An inline token as a reader sees it; what is not text stands in white brackets."""
    match token.type:
        case "text":
            return token.content
        case "softbreak":
            return "\n"
        case "link_open":
            return f"⟦a {token.attrs['href']}⟧"
    return f"⟦{'/' if token.nesting < 0 else ''}{token.tag or token.type}⟧"


def blocks(page: str) -> list[str]:
    """The blocks of a Markdown page, each with its tag, as a reader sees them."""
    seen: list[str] = []
    for token in READER.parse(page):
        if token.type == "inline":
            lines = "".join(markup(child) for child in token.children or ()).split("\n")
            seen[-1] += " " + "\n".join(" ".join(line.split()) for line in lines)
        elif token.nesting >= 0:
            seen.append(token.tag if token.markup != "###" else "h3")
    return seen


def expected_blocks(digest: Digest) -> list[str]:
    """The blocks that the page of a digest has to have, and no other."""
    wanted = [f"h1 每日论文汇总 - {digest.day}", f"p ⟦strong⟧论文数量⟦/strong⟧: {len(digest.entries)}", "hr"]
    for entry in digest.entries:
        trophy = "🏆 " if entry.ranked.trophy else ""
        english, chinese = folded(entry.paper.title), folded(title(entry, ZH) or "")
        said = notice(entry, ZH)
        lines = [
            f"论文链接⟦/strong⟧: ⟦a {entry.paper.link}⟧{entry.paper.link}⟦/a⟧",
            f"组织⟦/strong⟧: {folded(entry.organization)}",
            f"得分⟦/strong⟧: {entry.ranked.score}",
            f"标签⟦/strong⟧: {', '.join(entry.ranked.tags)}".rstrip(),
            f"Upvotes⟦/strong⟧: {entry.paper.upvotes or 0} | ⟦strong⟧Stars⟦/strong⟧: {entry.paper.stars or 0}",
        ]
        wanted += [
            f"h3 {trophy}{entry.number}. " + (f"{chinese} ({english})" if chinese else english),
            "p ⟦strong⟧" + "\n⟦strong⟧".join(lines),
            *([f"p ⟦em⟧{said}⟦/em⟧"] if said else []),
            f"p ⟦strong⟧摘要⟦/strong⟧: {folded(entry.summary.summary)}",
        ]
        if entry.summary.highlights:
            wanted += ["p ⟦strong⟧亮点⟦/strong⟧:", "ul"]
            for highlight in entry.summary.highlights:
                wanted += ["li", f"p {folded(highlight)}"]
        wanted.append("hr")
    return wanted


def digest_of(papers: list[Paper], summaries: list[Summary]) -> Digest:
    """All of the papers, in rank order, each with its summary."""
    by_id = {one.id: (one, text) for one, text in zip(papers, summaries, strict=True)}
    return Digest(
        day=DAY,
        entries=tuple(
            Entry(number=row.rank, paper=by_id[row.id][0], ranked=row, summary=by_id[row.id][1])
            for row in rank(papers, load_policy(), DAY).rows
        ),
        receipt=Receipt(listed=len(papers), kept=0, selected=len(papers), left_out=0),
    )


def full_of(text: str) -> Digest:
    """A digest whose every text is `text`."""
    told = Summary(title=text, summary=text, highlights=(text, text, text), rung=Rung.MODEL)
    return digest_of([paper(title=text, organization=text)], [told])


@pytest.mark.parametrize("text", [*HOSTILE, *BREAKS, "-- -- --"])
def test_every_text_shows_as_it_is(text: str) -> None:
    """A text shows as it was given, as a title, organisation, summary or highlight, and opens no block or markup."""
    assert expected_blocks(full_of(text)) == blocks(markdown.write(full_of(text), ZH))


@pytest.mark.parametrize(
    "text",
    [
        *HOSTILE,
        *BREAKS,
        "#",
        "C #\u200b",
    ],
)
def test_title_en_alone(text: str) -> None:
    """A title that is alone in its heading shows as it was given."""
    page = markdown.write(digest_of([paper(title=text)], [summary(Rung.ABSTRACT)]), ZH)
    assert f"h3 1. {folded(text)}" == blocks(page)[3]


def test_real_texts_show_as_they_are(shared_data: Path) -> None:
    """Every title, organisation, abstract and one-sentence summary of the real listings shows as it was given."""
    for file in sorted((shared_data / "data/hf_daily").iterdir()):
        papers = list(read_listing(read_json(file)).papers)
        summaries = [
            Summary(summary=one.abstract or one.title, highlights=(one.ai_summary or one.title,), rung=Rung.MODEL)
            for one in papers
        ]
        digest = digest_of(papers, summaries)
        assert expected_blocks(digest) == blocks(markdown.write(digest, ZH)), file.name


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        *(("a\u200b\u202e\nb", "a b"), ("\u200ba\n", "a"), ("a  b", "a  b"), ("a \u200b b", "a   b"), ("\x00", "")),
        *(("👩\u200d🔬", "👩\u200d🔬"), ("می\u200cخ", "می\u200cخ")),
    ],
)
def test_visible(text: str, seen: str) -> None:
    """A run of characters that cannot be seen is one space, and none at an end; other spaces and joiners stay."""
    assert seen == visible(text)


@pytest.mark.parametrize("text", PLAIN)
def test_plain_text_is_untouched(text: str) -> None:
    """A text that holds no markup is written as it is, byte for byte."""
    assert text == escape(text)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        *(("snake_case", "snake_case"), ("_x_", r"\_x\_"), ("a_ _b", r"a\_ \_b"), ("__init__", r"\_\_init\_\_")),
        *(("中_文", "中_文"), ("_", r"\_"), ("a*b", r"a\*b"), ("[x](y)", r"\[x\](y)"), ("`", r"\`")),
        *((r"\{x\}", r"\\{x\\}"), (r"\| \~ \@ \^ \/", r"\\| \\~ \\@ \\^ \\/"), (r"\alpha \1 \中", r"\alpha \1 \中")),
        *(("a\\", r"a\\"), ("<a <Z </ <! <?", r"\<a \<Z \</ \<! \<?"), ("<3 <- < <", "<3 <- < <")),
        *(("&amp; &#42; &#x2A;", r"\&amp; \&#42; \&#x2A;"), ("&; &# & AT&T", "&; &# & AT&T")),
        *(("~5", "~5"), ("~a~", r"\~a~"), ("~~a b~~", r"\~\~a b\~~"), ("a#b > c - d. 1) +", "a#b > c - d. 1) +")),
    ],
)
def test_only_markup_is_escaped(text: str, escaped: str) -> None:
    """A character is escaped where it would be markup, and nowhere else; a reader sees the text as it was given."""
    assert escaped == escape(text)
    assert [f"p {text}"] == blocks(f"{escape(text)}\n")


@pytest.mark.parametrize(
    ("title", "heading"),
    [
        *(("C #", r"C \#"), ("C ###", r"C \###"), ("#", r"\#"), ("C#", "C#"), ("F # too", "F # too")),
        *(("# C", "# C"), ("#1 C", "#1 C"), ("C", "C"), ("\u200b", "")),
    ],
)
def test_only_a_closing_run_is_escaped(title: str, heading: str) -> None:
    """In a heading a run of # is escaped where it would close it, and stays as it is elsewhere."""
    page = markdown.write(digest_of([paper(title=title)], [summary(Rung.ABSTRACT)]), ZH)
    assert f"###  1. {heading}" == page.splitlines()[6]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        *(("# a", r"\# a"), ("###### a", r"\###### a"), ("#", r"\#"), ("####### a", "####### a"), ("#a", "#a")),
        *(("> a", r"\> a"), (">a", r"\>a"), ("a > b", "a > b"), ("a # b", "a # b"), ("a + b", "a + b")),
        *(("+ a", r"\+ a"), ("+", r"\+"), ("+a", "+a"), ("- a", r"\- a"), ("-1 a", "-1 a"), ("-", r"\-")),
        *(("--", r"\--"), ("- - -", r"\- - -"), ("a -", "a -"), ("-- a", "-- a"), ("a", "a"), ("\u200b", "")),
        *(("1. a", r"1\. a"), ("1) a", r"1\) a"), ("1.", r"1\."), ("123456789. a", r"123456789\. a"), (". a", ". a")),
        *(("1234567890. a", "1234567890. a"), ("1.5 a", "1.5 a"), ("v1. a", "v1. a"), ("1 a", "1 a")),
        ("a 1. b", "a 1. b"),
    ],
)
def test_only_what_opens_a_block_is_escaped(text: str, line: str) -> None:
    """A highlight is escaped where it would open a heading, quote, list or rule, and stays as it is elsewhere."""
    page = markdown.write(digest_of([paper()], [summary(highlights=(text, "b", "c"))]), ZH)
    assert [f"  - {line}", "  - b", "  - c"] == [each for each in page.splitlines() if each.startswith("  - ")]


def test_reference_entry() -> None:
    """A page is its head and an entry for each paper, with a rule after each."""
    whole = paper(title="Agents", organization="Qwen", upvotes=600, stars=1)
    assert (
        "# 每日论文汇总 - 2026-02-03\n\n**论文数量**: 1\n\n---\n\n"
        "### 🏆 1. 智能体 (Agents)\n\n"
        "**论文链接**: [https://arxiv.org/abs/2602.02343](https://arxiv.org/abs/2602.02343)\n"
        "**组织**: Qwen\n"
        "**得分**: 86.15\n"
        "**标签**: Super Lab, Viral, Must Read\n"
        "**Upvotes**: 600 | **Stars**: 1\n\n"
        "**摘要**: 智能体的研究。\n\n"
        "**亮点**:\n  - 其一\n  - 其二\n  - 其三\n\n---\n"
    ) == markdown.write(
        digest_of([whole], [summary(title="智能体", summary="智能体的研究。", highlights=("其一", "其二", "其三"))]), ZH
    )


def test_english_entry() -> None:
    """In English a page has the same layout, and the paper's own title alone."""
    whole = paper(title="Agents", organization="Qwen", upvotes=600, stars=1)
    assert (
        "# Daily AI Papers - 2026-02-03\n\n**Papers**: 1\n\n---\n\n"
        "### 🏆 1. Agents\n\n"
        "**Paper**: [https://arxiv.org/abs/2602.02343](https://arxiv.org/abs/2602.02343)\n"
        "**Organization**: Qwen\n"
        "**Score**: 86.15\n"
        "**Tags**: Super Lab, Viral, Must Read\n"
        "**Upvotes**: 600 | **Stars**: 1\n\n"
        "**Summary**: On agents.\n\n"
        "**Highlights**:\n  - One\n  - Two\n  - Three\n\n---\n"
    ) == markdown.write(
        digest_of([whole], [summary(title=None, summary="On agents.", highlights=("One", "Two", "Three"))]), EN
    )


@pytest.mark.parametrize(
    ("language", "rung", "limited", "mark"),
    [
        (ZH, Rung.LISTING, False, "*中文摘要暂缺，以下为 Hugging Face 提供的英文简介。*"),
        (ZH, Rung.ABSTRACT, False, "*中文摘要暂缺，以下为英文原文摘要的开头。*"),
        (ZH, Rung.LISTING, True, "*已达模型用量上限，以下为 Hugging Face 提供的英文简介。*"),
        (ZH, Rung.ABSTRACT, True, "*已达模型用量上限，以下为英文原文摘要的开头。*"),
        (EN, Rung.LISTING, False, "*No model's summary yet; this is the one that Hugging Face gives.*"),
        (EN, Rung.ABSTRACT, True, "*The model's usage limit is reached; this is the beginning of the abstract.*"),
    ],
)
def test_notice(language: Language, rung: Rung, limited: bool, mark: str) -> None:
    """A low rung is marked by one line that says what stands there instead, and whether the budget is why."""
    digest = digest_of([paper()], [summary(rung)])
    entry = digest.entries[0].model_copy(update={"limited": limited})
    page = markdown.write(digest.model_copy(update={"entries": (entry,)}), language)
    assert mark == page.split("\n\n")[5]


@pytest.mark.parametrize(
    ("rung", "mark"),
    [
        (Rung.LISTING, "*中文摘要暂缺，以下为 Hugging Face 提供的英文简介。*"),
        (Rung.ABSTRACT, "*中文摘要暂缺，以下为英文原文摘要的开头。*"),
    ],
)
def test_low_rung(rung: Rung, mark: str) -> None:
    """On a low rung the title is the English one alone, and there are no highlights."""
    page = markdown.write(digest_of([paper(organization="Google")], [summary(rung)]), ZH)
    assert (
        "###  1. Why Steering Works\n\n"
        "**论文链接**: [https://arxiv.org/abs/2602.02343](https://arxiv.org/abs/2602.02343)\n"
        "**组织**: Google\n**得分**: 20.0\n**标签**: Frontier Lab\n**Upvotes**: 0 | **Stars**: 0\n\n"
        f"{mark}\n\n**摘要**: We look at steering.\n\n---\n"
    ) == page.split("---\n\n", 1)[1]


@pytest.mark.parametrize("rung", [Rung.MODEL, Rung.REPAIRED])
@pytest.mark.parametrize("limited", [False, True])
def test_high_rung(rung: Rung, limited: bool) -> None:
    """What a model wrote carries no mark, even where the budget let it write nothing newer."""
    digest = digest_of([paper()], [summary(rung)])
    entry = digest.entries[0].model_copy(update={"limited": limited})
    assert markdown.write(digest, ZH) == markdown.write(digest.model_copy(update={"entries": (entry,)}), ZH)
    assert "暂缺" not in markdown.write(digest, ZH)


@pytest.mark.parametrize(
    ("language", "told", "limited", "mark"),
    [
        (ZH, ENGLISH_REPLY, False, "中文摘要暂缺，以下为先前的英文摘要。"),
        (ZH, ENGLISH_REPLY, True, "已达模型用量上限，以下为先前的英文摘要。"),
        (EN, REPLY, False, "No English summary yet; this is the earlier one, in another language."),
        (EN, REPLY, True, "The model's usage limit is reached; this is the earlier summary, in another language."),
    ],
)
@pytest.mark.parametrize("rung", [Rung.MODEL, Rung.REPAIRED])
def test_a_summary_in_another_language(
    language: Language, told: dict[str, Any], limited: bool, mark: str, rung: Rung
) -> None:
    """A model's text in a language that the digest was in before is marked as such, under the paper's own title."""
    digest = digest_of([paper()], [Summary.model_validate(told | {"rung": rung})])
    entry = digest.entries[0].model_copy(update={"limited": limited})
    digest = digest.model_copy(update={"entries": (entry,)})
    heading, _, said, summary, *_ = markdown.write(digest, language).split("---\n\n", 1)[1].split("\n\n")
    assert ("###  1. Why Steering Works", f"*{mark}*") == (heading, said)
    assert summary.endswith(str(told["summary"]).strip())
    [one] = json.loads(json_page.write(digest, language))["papers"]
    assert ({"zh", "en"} - {language.code}, "Why Steering Works") == ({one["summary_language"]}, one["title_en"])
    assert one.get("title_zh") is None


def test_no_cost() -> None:
    """The Markdown page never says what a day took: its format is fixed."""
    digest = digest_of([paper()], [summary()])
    paid = digest.model_copy(update={"usage": Usage(calls=2, input_tokens=900, output_tokens=99, cost=12_345)})
    assert markdown.write(digest, ZH) == markdown.write(paid, ZH)


def test_nothing_to_tell() -> None:
    """A paper without abstract says that there is no summary."""
    page = markdown.write(digest_of([paper(abstract="")], [summary(Rung.ABSTRACT, summary="")]), ZH)
    assert "**摘要**: 暂无\n" in page


def test_json() -> None:
    """The JSON page says all that the other pages say, and each score's parts, the rung and the receipt besides."""
    rejected = (Rejection(item="item 3", reason="expected an object, got str"),)
    addresses = {
        "pdf": "https://arxiv.org/pdf/2602.00001",
        "discussion": "https://huggingface.co/papers/2602.00001",
        "repository": "https://github.com/a/b",
        "project_page": "https://example.com/agents",
        "thumbnail": "https://cdn.example.com/1.png",
    }
    whole = paper(
        1,
        title="Agents",
        organization="Qwen",
        stars=1,
        comments=1,
        authors=Authors(names=("A. One", "B. Two")),
        keywords=("agents", "tools"),
        **addresses,
    )
    records = day(whole, paper(2), summaries={whole.id: summary()}, due=True, rejections=rejected)
    paid = Usage(calls=2, input_tokens=900, output_tokens=99, cost=12_345)
    record = {"usage": paid, "written_at": dt.datetime(2026, 2, 4, 3, 17, tzinfo=dt.UTC)}
    records.summaries[whole.id] = records.summaries[whole.id].model_copy(update=record)
    digest = assemble(records)
    assert digest
    expected = {
        "format": 2,
        "day": "2026-02-03",
        "language": "zh",
        "open": True,
        "due": True,
        "count": 2,
        "papers": [
            {
                "number": 1,
                "id": "2602.00001",
                "link": "https://arxiv.org/abs/2602.00001",
                "title_zh": "为何引导有效：统一的视角",
                "title_en": "Agents",
                "organization": "Qwen",
                "authors": ["A. One", "B. Two"],
                "author_count": 2,
                "keywords": ["agents", "tools"],
                **addresses,
                "upvotes": 0,
                "stars": 1,
                "comments": 1,
                "score": 54.85,
                "parts": {
                    "upvotes": 0,
                    "stars": 4.1588830833596715,
                    "comments": 0.6931471805599453,
                    "bonus": 50,
                    "relevant": 0,
                },
                "tier": "super",
                "tags": ["Super Lab", "Must Read"],
                "trophy": True,
                "summary": "本文研究大模型的引导方法。" * 10,
                "summary_language": "zh",
                "highlights": ["提出统一的理论框架", "揭示偏好与效用的权衡", "提出新的引导方法"],
                "rung": "model",
                "written_at": "2026-02-04T03:17:00+00:00",
                "limited": False,
                "abstract": "We look at steering. It works.",
            },
            {
                "number": 2,
                "id": "2602.00002",
                "link": "https://arxiv.org/abs/2602.00002",
                "title_zh": None,
                "title_en": "Why Steering Works",
                "organization": "Unknown",
                "authors": [],
                "author_count": 0,
                "keywords": [],
                **dict.fromkeys(addresses),
                "upvotes": 0,
                "stars": 0,
                "comments": 0,
                "score": 0,
                "parts": {"upvotes": 0, "stars": 0, "comments": 0, "bonus": 0, "relevant": 0},
                "tier": None,
                "tags": [],
                "trophy": False,
                "summary": "We look at steering. It works.",
                "summary_language": None,
                "highlights": [],
                "rung": "abstract",
                "written_at": None,
                "limited": False,
                "abstract": "We look at steering. It works.",
            },
        ],
        "left_out": [],
        "receipt": {
            "listed": 3,
            "kept": 0,
            "selected": 2,
            "left_out": 0,
            "rejections": [{"item": "item 3", "reason": "expected an object, got str"}],
        },
        "usage": {"calls": 2, "input_tokens": 900, "output_tokens": 99, "cost": 12_345},
    }
    assert expected == json.loads(json_page.write(digest, ZH))
    assert "为何引导有效" in json_page.write(digest, ZH)


def test_json_left_out() -> None:
    """The JSON page tells of every paper that was left out, the most-voted first, with its place in the ranking."""
    votes = [*range(100, 90, -1), 5, 7, 5, 9, 5]
    authors = Authors.of([f"Author {number}" for number in range(664)])
    assert authors
    papers = [paper(number, upvotes=each, authors=authors) for number, each in enumerate(votes)]
    digest = assemble(day(*papers))
    assert digest
    left_out = json.loads(json_page.write(digest, ZH))["left_out"]
    assert [(13, 11), (11, 12), (10, 13), (12, 14), (14, 15)] == [
        (int(one["id"].removeprefix("2602.")), one["rank"]) for one in left_out
    ]
    assert {
        "id": "2602.00013",
        "link": "https://arxiv.org/abs/2602.00013",
        "title_en": "Why Steering Works",
        "organization": "Unknown",
        "authors": list(authors.names),
        "author_count": 664,
        "keywords": [],
        **dict.fromkeys(["pdf", "discussion", "repository", "project_page", "thumbnail"]),
        "upvotes": 9,
        "stars": 0,
        "comments": 0,
        "rank": 11,
        "lacking_upvotes": 83,
        "score": 11.51,
        "parts": {"upvotes": 11.51292546497023, "stars": 0, "comments": 0, "bonus": 0, "relevant": 0},
        "tier": None,
        "tags": [],
        "trophy": False,
    } == left_out[0]


@pytest.mark.parametrize(("rung", "is_open"), [(Rung.MODEL, False), (Rung.LISTING, True)])
def test_json_open(rung: Rung, is_open: bool) -> None:
    """The JSON page says whether a later run can still mend the day."""
    records = day(paper(), summaries={paper().id: summary(rung)})
    own = records.summaries[paper().id].replaced(input_hash=input_hash(paper(), "1"))
    digest = assemble(replace(records, summaries={paper().id: own}))
    assert digest
    assert is_open == json.loads(json_page.write(digest, ZH))["open"]


def test_json_counts() -> None:
    """The JSON page tells of votes, stars and comments as they are listed, and of those that nobody knows as 0."""
    papers = [paper(number, upvotes=3, stars=2, comments=1) for number in range(10)] + [paper(10), paper(11, upvotes=0)]
    digest = assemble(day(*papers))
    assert digest
    page = json.loads(json_page.write(digest, ZH))
    assert [(3, 2, 1)] * 10 == [(one["upvotes"], one["stars"], one["comments"]) for one in page["papers"]]
    assert [0, 0] == [one["upvotes"] for one in page["left_out"]]


def test_json_parts_add_up(shared_data: Path) -> None:
    """The parts of every score of the seed's day add up to the score."""
    papers = list(read_listing(read_json(shared_data / "data/seed_day/payload.json.gz")).papers)
    page = json.loads(json_page.write(digest_of(papers, [summary()] * len(papers)), ZH))
    assert {one["id"]: one["score"] for one in page["papers"]} == {
        one["id"]: round(sum(one["parts"].values()), 2) for one in page["papers"]
    }


@pytest.mark.parametrize("text", [*HOSTILE, *BREAKS, 'quoted "text"', "\ud7ff\uffff\U0001f3c6"])
def test_json_keeps_every_text(text: str) -> None:
    """The JSON page holds each text exactly as it was given."""
    [one] = json.loads(json_page.write(full_of(text), ZH))["papers"]
    assert [text] * 3 + [[text] * 3] == [one[key] for key in ("title_en", "organization", "summary", "highlights")]
    assert one["title_zh"] == (None if language_of(text) == "en" else text)


MARKS = st.text(
    st.sampled_from("\\`*_[]()<>!&;#~+-=.|:/'\"$ \n\t19aZ中。🏆\u200b\u202e\u00a0"), min_size=1, max_size=40
)
"""Texts of little else than what Markdown reads as markup."""


@given(MARKS.filter(lambda text: folded(text) != ""))
def test_any_text_shows_as_it_is(text: str) -> None:
    """Whatever marks a text is made of, a page shows it as it was given, and opens no block or markup."""
    assert expected_blocks(full_of(text)) == blocks(markdown.write(full_of(text), ZH))
