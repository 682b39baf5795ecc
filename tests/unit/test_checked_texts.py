"""What a text may not smuggle to its readers, what they cannot see, and texts and abstracts of any length."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from paperboy.languages.language import Language
from paperboy.papers.text import seen
from paperboy.summaries.checks import (
    MIN_STEM_CHARS,
    WRITING,
    Facts,
    language_of,
    names_in,
    plain,
    refusals,
    same,
    sites_of,
)
from paperboy.summaries.reply import ReplyError, read_reply
from tests.samples import EN, ENGLISH_REPLY, REPLY, ZH, paper, sample_papers, sample_summaries

SMUGGLED = (
    "We study steering. Contact: a@b.com, a(at)b.com or a [at] b dot com. WeChat: abc_123, QQ 123456789, Telegram "
    "@some_name, WhatsApp +86 138 0000 0000, phone 555 000 1234. Visit example.xyz, sub.domain.ai:8080, "
    "192.168.0.1:8080, [::1]:80, hxxp://foo.com, foo dot com, 010-00000000, evil.ai and Evil.AI."
)
NAMED = (
    "We use v2.5.1 of Qwen2.5-VL-7B with config.json, Node.js and the fast.ai library, at pass@1 and mAP@0.5, against "
    "chatbots such as Character.AI, on WeChat, QQ and Telegram."
)
ABOUT = paper(title="A Study of Booking.com with Together.ai", abstract=f"{SMUGGLED} {NAMED}", organization="Z.ai")


def held(text: str, language: Language = ZH) -> list[str]:
    """What a text is refused for holding; the rest of it is good, and the paper itself says what it holds."""
    padding = {"zh": "提出统一的理论框架" * 20, "en": "We study steering of the model. " * 20}[language.code]
    reasons = refusals({"highlights.0": text, "highlights.1": padding}, ABOUT, language)
    return [reason.removeprefix("highlights.0: holds ") for reason in reasons if "holds" in reason]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        *(("联系邮箱 a@b.com", "a@b.com"), ("a.b+c@d-e.edu.cn。", "a.b+c@d-e.edu.cn"), ("ａ＠ｂ．ｃｏｍ", "a@b.com")),
        *(("a @ b.com", "a @ b.com"), ("a @ b . com", "a @ b . com"), ("邮箱123@qq.com。", "123@qq.com")),
        *(("a(at)b.com", "a(at)b.com"), ("a [at] b dot com", "a [at] b"), ("a（at）b", "a（at）b")),
        *(("a at b dot com", "a at b dot com"), ("a.b at c dot d dot edu", "a.b at c dot d dot edu"), ("a@b.c", None)),
        *(("微信号 abc_123", "微信号 abc_123"), ("加微信：abc_123", "微信:abc_123"), ("微信号：abc", "微信号:abc")),
        *(("WeChat: abc_123", "WeChat: abc_123"), ("WeChat ID abc", "WeChat ID abc"), ("vx：abc_123", "vx:abc_123")),
        *(("QQ 123456789", "QQ 123456789"), ("QQ群：123456", "QQ群:123456"), ("QQ号123456", "QQ号123456")),
        *(("Telegram @some_name", "Telegram @some_name"), ("Telegram: some_name", "Telegram: some_name")),
        *(("WhatsApp +86 138 0000 0000", "WhatsApp +86 138 0000 0000"), ("关注 @some_name", "@some_name")),
        *(
            ("+86 13800000000", "+86 13800000000"),
            ("+1 (555) 000-1234", "+1 (555) 000-1234"),
            ("13800000000", "13800000000"),
        ),
        *(
            ("138-0000-0000", "138-0000-0000"),
            ("电话：555 0001234", "电话:555 0001234"),
            ("010-00000000", "010-00000000"),
        ),
        *(("致电 8888 88888", "致电 8888 88888"), ("(555) 000-1234", "(555) 000-1234"), ("mailto:a", "mailto:a")),
    ],
)
def test_contact_details(text: str, found: str | None) -> None:
    """Ways to reach somebody are refused, in whatever spelling, though the abstract gives them."""
    assert ([f"contact details: {found}"] if found else []) == held(f"见 {text}")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        *(("example.xyz", "an address: example.xyz"), ("见EXAMPLE.XYZ。", "an address: EXAMPLE.XYZ")),
        *(("a.b-c.dev", "an address: a.b-c.dev"), ("exam\u200bple.xyz", "an address: example.xyz")),
        *(("sub.domain.ai:8080", "an address: sub.domain.ai:8080"), ("foo.com:80/a", "an address: foo.com:80/a")),
        *(("localhost:8000", "an address: localhost:8000"), ("foo.local:8000", "an address: foo.local:8000")),
        *(("192.168.0.1:8080", "an address: 192.168.0.1:8080"), ("192.168.0.1。", "an address: 192.168.0.1")),
        *(("[::1]:80", "an address: [::1]:80"), ("[fe80::1]", "an address: [fe80::1]")),
        *(("[2001:db8:0:1]:80", "an address: [2001:db8:0:1]:80"), ("ftp://foo/a", "an address: ftp://foo/a")),
        *(("hxxp://foo.com/a", "an address: hxxp://foo.com/a"), ("hxxps foo", "an address: hxxps")),
        *(("foo dot com", "an address: foo dot com"), ("foo[.]com", "an address: foo[.]com")),
        *(("foo（点）com", "an address: foo（点）com"), ("foo点com", "an address: foo点com")),
        *(("foo。com", "an address: foo。com"), ("evil.ai", "an address: evil.ai"), ("Evil.AI", "an address: Evil.AI")),
        *(("foo．ｃｏｍ", "a link: foo.com"), ("https：//foo.com", "a link: https://foo.com")),
        *(("www.evil.ai", "a link: www.evil.ai"), ("t.me/abc", "a link: t.me/abc"), ("例子.com", "an address: 子.com")),
        *(("https://a.xyz/b", "a link: https://a.xyz/b"), ("foo.com", "a link: foo.com")),
    ],
)
def test_addresses(text: str, found: str) -> None:
    """Addresses are refused like links, in whatever spelling, though the abstract gives them."""
    assert [found] == held(f"见 {text}")


@pytest.mark.parametrize(
    "text",
    [
        *("v2.5.1", "Qwen2.5-VL-7B", "config.json", "Node.js", "fast.ai 库", "Character.AI", "Booking.com 的评论"),
        *("Together.ai", "Z.ai", "pass@1 与 mAP@0.5", "WeChat、QQ 与 Telegram 上", "微信与 QQ 数据", "1:1 与 2:30"),
        *("e.g. 与 vs. 二者", "A. B", "A (at) 之后", "v1.2.3.4", "1.2.3", "2602.02343", "第 3 点 AI", "x[1:10:2]"),
        *("QQ 2024 年", "Telegram 5000 条", "共 12345678901 个", "138,000,000", "train.py 与 run.sh", "R@10 与 P@5"),
        *(
            "AI。Com",
            "1.5+2.5",
            "+12.34 与 +56.78",
            "calls 12345678",
            "电话 5 次",
            "dot product",
            "256-512-1024",
            "C++/Rust",
            "a://b"[:1],
        ),
    ],
)
def test_names_like_addresses(text: str) -> None:
    """Versions, models, files, metrics, and the names of the paper that end like a domain are no addresses."""
    assert [] == held(f"采用 {text}")


@pytest.mark.parametrize(
    "text",
    [
        "The dot product at each head is what we look at, e.g. in v2.5.1 and Node.js.",
        "It is used by Character.AI and in the fast.ai library. A call of a function takes 1.5 seconds.",
        "WeChat users phone less often than they write; see the dot com bubble at large.".replace("dot com", "great"),
    ],
)
def test_english_like_addresses(text: str) -> None:
    """Plain English is no address."""
    assert [] == held(text, EN)


@pytest.mark.parametrize(
    ("abstract", "sites"),
    [
        *(("We use the fast.ai library.", {"fast.ai"}), ("Chatbots such as Character.AI work.", {"character.ai"})),
        *(
            ("Like fast.ai, Character.AI and Scale.AI", {"fast.ai", "character.ai", "scale.ai"}),
            ("Use Foo.com.", set()),
        ),
        *(
            ("Code is at Foo.ai.", set()),
            ("Try Foo.ai now.", set()),
            ("Code: Foo.ai", set()),
            ("foo.ai is one.", set()),
        ),
        *(("The code and the models are found on Foo.ai.", set()), ("Our code is out. Foo.ai is one.", {"foo.ai"})),
        *(("We use Foo.ai. Visit Foo.ai.", set()), ("https://Foo.ai", set()), ("a@Foo.ai", set()), ("Foo.ai/x", set())),
        *(("Foo.ai:80", set()), ("We use Foo.AI, and foo.ai at foo.ai.", set())),
    ],
)
def test_a_name_in_an_abstract(abstract: str, sites: set[str]) -> None:
    """Of an abstract, only what ends in .ai and is never told as an address is a name."""
    assert sites == sites_of(paper(title="A Study", abstract=abstract, organization=None))


def test_own_sites() -> None:
    """The domains in a paper's title and in its organisation's name are its own, whatever their case."""
    assert {"booking.com", "together.ai", "z.ai"} <= sites_of(ABOUT)
    assert [] == held("见 BOOKING.COM 与 booking.com")
    assert ["a link: www.booking.com"] == held("见 www.booking.com")


def test_each_address_but_the_own() -> None:
    """An own domain does not hide another one behind it."""
    assert ["a link: foo.com"] == held("见 Booking.com 与 foo.com")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(("引导", "引导"), (" 引 \t 导 ", "引 导"), ("引\r\n\n 导\n", "引\n导"), ("引\u3000\xa0导", "引 导")),
        *(("\u200b\ufeff\u2060", ""), ("引\u200b导", "引导"), ("引 \u200b 导", "引 导"), ("\x00引\x1b导\x7f", "引导")),
        *(("\u202e引\u202c", "引"), ("引\u00ad导\ufe0f", "引导"), ("\u3164\u2800", ""), ("引\u2028导", "引\n导")),
        *(("引\n\u200b\n导", "引\n导"), ("é e\u0301", "é e\u0301"), ("", "")),
    ],
)
def test_seen(text: str, expected: str) -> None:
    """What cannot be seen is left out, and white space is one space or one line break."""
    assert expected == seen(text) == seen(seen(text))


@pytest.mark.parametrize("language", [ZH, EN])
@pytest.mark.parametrize(
    "text", ["", " ", "\u200b" * 90, "\x00\x01", "。", "。。。" * 40, "…", "\u3164", "\u2800" * 90, "*"]
)
def test_nothing_to_see(text: str, language: Language) -> None:
    """A text without a letter or digit that can be seen is refused as none, and for no other reason but its markup."""
    reasons = refusals({"title": text, "summary": text}, paper(), language)
    assert [f"{field}: nothing that can be seen" for field in ("title", "summary")] == reasons


@pytest.mark.parametrize(
    ("field", "text", "language", "written"),
    [
        *(
            ("summary", "引" + "。" * 90, ZH, False),
            ("summary", "引导1234", ZH, False),
            ("summary", "引导，12", ZH, False),
        ),
        *(
            ("summary", "引导，1", ZH, True),
            ("summary", "a " + "1 " * 90, EN, False),
            ("summary", "it is 123", EN, True),
        ),
        *(("title", "2024", ZH, False), ("title", "引 2024", ZH, True), ("title", "2 3 4 引", ZH, True)),
        ("summary", "引\u200b" * 9 + "\u200b" * 90, ZH, True),
    ],
)
def test_enough_letters(field: str, text: str, language: Language, written: bool) -> None:
    """At least half of what a reader sees of a summary is letters, and a title has one."""
    reasons = refusals({field: text}, paper(abstract="1 2 3 4 12 123 1234 2024"), language)
    assert ([] if written else [f"{field}: not in {language.name}"]) == reasons


def words_of(*parts: str, size: int = 40_000) -> str:
    text = " ".join(f"{part}{number}" for number in range(size // 8) for part in parts)
    return text[:size]


LONG = {
    "names": words_of("Net", "Foo"),
    "words": words_of("", "net-").replace("1", "x").replace("2", "y"),
    "letters": "aB " * 13_333,
    "one word": "a" * 40_000,
    "one number": "9" * 40_000,
    "thousands": "111," * 9_999 + "1111",
    "domains": "a.b." * 10_000,
    "accents": "\u0301\u0323" * 20_000,
    "backslashes": "\\text" * 8_000,
    "digits of another script": "٣" * 20_000 + " ½Ⅷ²" * 5_000,
}


@pytest.mark.parametrize("abstract", LONG.values(), ids=LONG)
def test_long_abstracts(abstract: str) -> None:
    """An abstract may be as long as a paper's can be: good texts pass, and invented ones do not."""
    about = paper(abstract=abstract)
    assert REPLY["highlights"] == [*read_reply(json.dumps(REPLY), about, ZH).highlights]
    invented = " ".join(f"Invented{number}Q" for number in range(200))[: EN.lengths.summary.most]
    reasons = refusals({"summary": invented}, about, EN)
    assert "summary: the name Invented0Q is neither in the title, the abstract nor the organisation" in reasons


@given(
    st.lists(st.sampled_from(["a", "as", "ass", "Glass", "Pixel", "Gen", "2", "RAG", "-", " "]), max_size=30),
    st.text("aslpixeg"),
)
def test_beginnings_of_names(parts: list[str], name: str) -> None:
    """Looking names up in their order finds what looking at each would."""
    about = paper(title="T", abstract="".join(parts), organization="Glas")
    own = (name * 2)[:9].removesuffix("s")
    assume(len(own) >= MIN_STEM_CHARS)
    said = names_in(plain(f"T. {about.abstract}")) | names_in("Glas")
    assert any(each.startswith(own) for each in said) == Facts(about, WRITING["zh"]).has_name(own)


NUMBERS = st.decimals(0, 10**9, places=3) | st.integers(0, 2000).map(Decimal) | st.decimals(90, 110, places=1)


@given(st.lists(NUMBERS, max_size=20), NUMBERS)
def test_numbers_nearby(exact: list[Decimal], written: Decimal) -> None:
    """Looking at the numbers nearby finds what looking at all would."""
    about = paper(title="T", abstract=" and ".join(f"{number:f}" for number in exact))
    text = f"共 {written:f} 个"
    expected = any(same(written, each) for each in exact) or f"{written:f}" in "0123"
    assert expected == (not [reason for reason in refusals({"title": text}, about, ZH) if "number" in reason])


FRAGMENTS = st.sampled_from(
    [
        *(
            "{",
            "}",
            '"',
            "\\",
            "\\ud835",
            "\ud835",
            "\ufeff",
            "\u200b",
            "\x00",
            "\n",
            " ",
            "<think>",
            "</think>",
            "引导",
        ),
        *(
            "\\times",
            "\\nu",
            "a",
            "B2",
            "9",
            "99.9%",
            "×10^",
            "，",
            "。",
            ".",
            "-",
            "@",
            "/",
            "(",
            "at",
            " dot ",
            ".com",
        ),
        *(
            "微信",
            "QQ",
            "138",
            "+86",
            "::",
            "<a",
            " x=1",
            "*",
            "万",
            "half",
            "\u0301",
            "\ufdfa",
            "Ⅷ",
            "½",
            "٣",
            "²",
            "\u03a2",
        ),
    ]
)
ANY = st.lists(
    st.builds(lambda part, times: part * times, FRAGMENTS | st.characters(), st.integers(1, 40)), max_size=9
).map("".join)


@given(ANY, ANY, ANY, st.sampled_from([(ZH, REPLY), (EN, ENGLISH_REPLY)]))
def test_any_text_and_any_paper(text: str, abstract: str, title: str, told: tuple[Language, dict[str, Any]]) -> None:
    """Whatever a model tells of whatever paper, its texts are whole Unicode that can be seen, or there is a reason."""
    language, good = told
    abstract, title = (each.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for each in (abstract, title))
    values = {"summary": good["summary"] + text, "highlights": [good["highlights"][0] + text, *good["highlights"][1:]]}
    try:
        summary = read_reply(json.dumps(good | values), paper(title=f"T{title}", abstract=abstract), language)
    except ReplyError as error:
        told_texts = [str(error)]
    else:
        told_texts = [seen(each) for each in (summary.summary, *summary.highlights)]
        assert told_texts == [summary.summary, *summary.highlights]
    assert all(each.encode() for each in told_texts)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (REPLY["summary"], "zh"),
        (ENGLISH_REPLY["summary"], "en"),
        ("Qwen2.5-VL-7B-Instruct 与 Llama-3.1-8B-Instruct 在多个基准上超过了此前最好的方法，训练成本也更低", "zh"),
        ("We look at the word 引导, which stands for steering, in a great many Chinese texts.", "en"),
        ("Управление моделью меняет то, что она говорит, без нового обучения.", None),
        ("GPT-5, Qwen3, Llama", None),
        ("", None),
    ],
    ids=["Chinese", "English", "Chinese full of names", "English with a word", "another", "names alone", "nothing"],
)
def test_language_of(text: str, code: str | None) -> None:
    """A text is in the language that most of its letters are of; one too short to tell is in none."""
    assert code == language_of(text)


def test_every_sample_text_is_in_its_language() -> None:
    """What the recorded model says is Chinese, and what the listings say is English."""
    assert {"zh"} == {language_of(each.summary) for each in sample_summaries().values()}
    assert {"en"} == {language_of(each.abstract) for each in sample_papers().values()}
