"""A model's reply, the low rungs, and what a summary was made from."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperboy.languages.language import Language
from paperboy.summaries.reply import (
    MAX_REASON_CHARS,
    MAX_REPLY_CHARS,
    ReplyError,
    find_object,
    read_reply,
    schema_of,
    wrong_lengths,
)
from paperboy.summaries.summary import Rung, Summary, first_sentences, from_paper, input_hash
from tests.samples import EN, ENGLISH_REPLY, REPLY, ZH, paper


def reply(**values: Any) -> str:
    return json.dumps(REPLY | values, ensure_ascii=False)


def wrong(text: str) -> str:
    """Why a reply is refused."""
    with pytest.raises(ReplyError) as error:
        read_reply(text, paper(), ZH)
    return str(error.value)


@pytest.mark.parametrize(
    ("rung", "low"), [("model", False), ("repaired", False), ("listing", True), ("abstract", True)]
)
def test_low(rung: str, low: bool) -> None:
    """The two rungs that no model wrote are low."""
    assert low == Rung(rung).low


@pytest.mark.parametrize(
    ("ai_summary", "abstract", "expected"),
    [
        ("It works.", "We look at it.", Summary(summary="It works.", rung=Rung.LISTING)),
        (None, "We look at it.", Summary(summary="We look at it.", rung=Rung.ABSTRACT)),
        ("", "We look at it.", Summary(summary="We look at it.", rung=Rung.ABSTRACT)),
        (None, "", Summary(summary="", rung=Rung.ABSTRACT)),
        (None, "We look. " * 60, Summary(summary="We look. " * 43 + "We look.", rung=Rung.ABSTRACT)),
    ],
)
def test_low_rungs(ai_summary: str | None, abstract: str, expected: Summary) -> None:
    """Without a model a paper has the listing's sentence, else its abstract's first ones, and nothing besides."""
    assert expected == from_paper(paper(ai_summary=ai_summary, abstract=abstract))


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("", ""),
        ("No end", "No end"),
        ("Just twenty letters.", "Just twenty letters."),
        ("Twenty without a dot", "Twenty without a dot"),
        ("Nineteen long here. And more.", "Nineteen long here."),
        ("Just twenty letters. And more.", "Just twenty letters."),
        ("Twenty-one is no fit. And more.", "Twenty-one is no…"),
        ("One. Two! Three? Four. Five.", "One. Two! Three?"),
        ("It is 4.5 times. As much as before.", "It is 4.5 times."),
        ("It is twice 4.5 times as much.", "It is twice 4.5…"),
        ("From twice 4.5.2 on it works.", "From twice 4.5.2 on…"),
        ("Onelongwordwithoutanyspaceinit", "Onelongwordwithoutan…"),
    ],
)
def test_first_sentences(text: str, first: str) -> None:
    """A text that fits stays whole; else it ends with the last sentence that fits, or is cut at a word."""
    assert first == first_sentences(text, 20)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("一二三四五。六七八九十。十一", "一二三四五。"),
        ("一二三四五！六七八九十一。十二", "一二三四五！"),
        ("一二三四五？六七八九十一。十二", "一二三四五？"),
        ("一二三四五六七八九。十一十二", "一二三四五六七八九。"),
        ("一二三四五六七八九十。十一", "一二三四五六七八九十…"),
        ("It is. So it is", "It is."),
    ],
)
def test_first_sentences_in_ten_characters(text: str, first: str) -> None:
    """A sentence ends with a stop, and a Chinese one without white space after it, where the stop itself still fits."""
    assert first == first_sentences(text, 10)


def test_good_reply() -> None:
    """A good reply is a summary on the first rung, without the white space around its texts."""
    expected = Summary(
        title="为何引导有效：统一的视角",
        summary="本文研究大模型的引导方法。" * 10,
        highlights=("提出统一的理论框架", "揭示偏好与效用的权衡", "提出新的引导方法"),
        rung=Rung.MODEL,
    )
    assert expected == read_reply(reply(), paper(), ZH)
    spaced = reply(title=f"\n {REPLY['title']} ", summary=f" {REPLY['summary']}\n", more="…")
    assert expected == read_reply(spaced, paper(), ZH)


WRAPPED = {
    "code fence": f"```json\n{reply()}\n```",
    "thoughts": f"<think>A draft: {{}} and {reply(summary='太短')}</think>\n{reply()}",
    "thoughts without a beginning": f"So {{it}} is {{}}.</think>{reply()}",
    "thoughts in brackets": f"◁think▷{{}}◁/think▷{reply()}",
    "prose": f"这是摘要（{{a}}）：\n{reply()}\n希望对您有用 {{}}",
    "another object first": f'{{"type": "object"}} {reply()}',
    "list": f"[{reply()}]",
    "line break in a text": reply(summary="本文研究\n大模型的引导方法。" * 10).replace("\\n", "\n"),
}


@pytest.mark.parametrize("text", WRAPPED.values(), ids=WRAPPED)
def test_wrapped_reply(text: str) -> None:
    """The object in a reply is found, whatever the model puts around it."""
    assert REPLY["title"] == read_reply(text, paper(), ZH).title


@pytest.mark.parametrize(
    "values",
    [
        {"title": "引导"},
        {"title": "引" * 120},
        {"summary": "引" * 80},
        {"summary": "引" * 350},
        {"highlights": [letter * 8 for letter in "引导法"]},
        {"highlights": [letter * 80 for letter in "引导法"]},
    ],
)
def test_length_within_bounds(values: dict[str, Any]) -> None:
    """Texts at the bounds of their lengths are accepted."""
    assert read_reply(reply(**values), paper(), ZH).rung is Rung.MODEL


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": {"summary": "b"}} {"c": 1}', {"c": 1}),
        ('{"a": {"b": 1}} {"summary": "c", "d": {}} {"summary": "e"}', {"summary": "e"}),
        ('{"summary": "a"} {"b": 2}', {"summary": "a"}),
        ('{"a": 1} {"b": 2}', {"b": 2}),
        ('{"summary": "a"} {', {"summary": "a"}),
        ('{"summary": "a</think>b"}', {"summary": "a</think>b"}),
        ('{"summary": "a"} b</think>', {"summary": "a"}),
        ('{"summary": "a"}</think>{"summary": "b"}</think> {"summary": "c"}', {"summary": "c"}),
        ('{"summary": "a"}</thinking>{"summary": "b"}', {"summary": "b"}),
        ('◁think▷{"summary": "a"}◁/think▷{"summary": "b"}', {"summary": "b"}),
        ('{a} {"summary": "b"}', {"summary": "b"}),
    ],
)
def test_the_object_of_several(text: str, found: dict[str, Any]) -> None:
    """Of the objects after a model's thoughts it is the last whole one with a summary, else the last whole one."""
    assert found == find_object(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "{a} {b",
            "its JSON is malformed: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        ('{"a": "{b}", "summary": "c', "it ends before its JSON object does"),
        (
            '{"a": "{b}", "summary": "c}',
            "its JSON is malformed: Unterminated string starting at: line 1 column 25 (char 24)",
        ),
        ('{"a": "b"} </think> {"a": "b', "it ends before its JSON object does"),
    ],
)
def test_no_whole_object(text: str, why: str) -> None:
    """Without a whole object the first thing that is wrong is told, and whether the reply ends too early."""
    with pytest.raises(ReplyError) as error:
        find_object(text)
    assert f"reply: {why}" == str(error.value)


def test_the_longest_reply() -> None:
    """A reply may have MAX_REPLY_CHARS characters, whatever they are."""
    assert REPLY == find_object(reply().ljust(MAX_REPLY_CHARS))
    with pytest.raises(ReplyError, match="far too long"):
        find_object(reply().ljust(MAX_REPLY_CHARS + 1))


def test_a_text_without_bounds() -> None:
    """A text that the language has no bounds for may have any length."""
    assert [] == list(wrong_lengths({"title": "It steers. " * 1000}, EN.lengths))


WRONG = {
    "no JSON": ("摘要如下：…", "reply: no JSON object in it"),
    "nothing": ("", "reply: no JSON object in it"),
    "cut off": (reply()[:-20], "reply: it ends before its JSON object does"),
    "cut off between texts": (reply().split('"highlights"')[0], "reply: it ends before its JSON object does"),
    "cut off in a fence": (f"```json\n{reply()[:40]}", "reply: it ends before its JSON object does"),
    "malformed": (reply().replace(":", "", 1), "reply: its JSON is malformed: Expecting ':' delimiter"),
    "deep": ('{"a":' + "[" * 40_000, "reply: its JSON is nested too deeply"),
    "far too long": (reply() + " " * MAX_REPLY_CHARS, "reply: it is far too long"),
    "long number": (f'{{"a": {"9" * 5000}}}', "reply: its JSON is malformed: Exceeds the limit"),
    "list": ("[]", "reply: no JSON object in it"),
    "text": ('"为何引导有效"', "reply: no JSON object in it"),
    "empty": ("{}", "title: Field required; summary: Field required; highlights: Field required"),
    "null": (reply(title=None), "title: Input should be a valid string"),
    "title": (reply(title=["引导"]), "title: Input should be a valid string"),
    "highlights": (reply(highlights="引" * 8), "highlights: Input should be a valid tuple"),
    "short title": (reply(title="引 "), "title: 1 characters, expected 2 to 120"),
    "long title": (reply(title="引" * 121), "title: 121 characters, expected 2 to 120"),
    "short": (reply(summary="引" * 79 + " "), "summary: 79 characters, expected 80 to 350"),
    "long": (reply(summary="引" * 351), "summary: 351 characters, expected 80 to 350"),
    "short highlight": (
        reply(highlights=["引" * 8, "引" * 7, "引" * 8]),
        "highlights.1: 7 characters, expected 8 to 80",
    ),
    "long highlight": (
        reply(highlights=["引" * 8, "引" * 8, "引" * 81]),
        "highlights.2: 81 characters, expected 8 to 80",
    ),
    "two highlights": (reply(highlights=["引" * 8] * 2), "highlights: Tuple should have at least 3 items"),
    "four highlights": (reply(highlights=["引" * 8] * 4), "highlights: Tuple should have at most 3 items"),
    "English": (
        reply(title="Why Steering Works", summary="We look at it. " * 10),
        "title: not in Chinese; summary: not in",
    ),
}


@pytest.mark.parametrize(("text", "why"), WRONG.values(), ids=WRONG)
def test_wrong_reply(text: str, why: str) -> None:
    """A reply that is no summary is refused with the place and the reason."""
    assert wrong(text).startswith(why)


def test_checks_are_asked() -> None:
    """A reply in the right shape that says what its paper does not is refused with each reason."""
    reasons = wrong(reply(summary="We look at it. " * 10, highlights=[*REPLY["highlights"][:2], "提升 99.9% 的效用"]))
    expected = [
        "summary: not in Chinese",
        "highlights.2: the number 99.9% is neither in the title nor in the abstract",
    ]
    assert expected == reasons.split("; ")


@pytest.mark.parametrize(
    "values",
    [
        {"title": None, "highlights": ["引" * 8] * 2},
        {"title": "引", "highlights": ["引" * 8, "导" * 8, "提升了 99.9%"]},
    ],
)
def test_every_reason(values: dict[str, Any]) -> None:
    """A reply that is wrong in two ways is refused with both: in its shape, or in length and content."""
    assert ["title", "highlights"] == [
        reason.split(":")[0].split(".")[0] for reason in wrong(reply(**values)).split("; ")
    ]


def test_long_texts() -> None:
    """Of texts that are far too long the lengths are told, each of them, and what is wrong with the others."""
    reasons = wrong(
        reply(title="https://" * 2000, summary="a-" * 10_000, highlights=["引导" * 5, "导" * 900, "提升 99.9% 的效用"])
    )
    expected = [
        "title: 16000 characters, expected 2 to 120",
        "summary: 20000 characters, expected 80 to 350",
        "highlights.1: 900 characters, expected 8 to 80",
        "highlights.2: the number 99.9% is neither in the title nor in the abstract",
    ]
    assert expected == reasons.split("; ")


@pytest.mark.parametrize(
    "values", [{"highlights": [1] * 3000}, {"summary": " ".join(f"Net{number}" for number in range(50))}]
)
def test_reason_is_short(values: dict[str, Any]) -> None:
    """However much is wrong with a reply, it is told in few words."""
    assert 0 < len(wrong(reply(**values))) <= MAX_REASON_CHARS


@pytest.mark.parametrize(("language", "reply"), [(ZH, REPLY), (EN, ENGLISH_REPLY)], ids=["zh", "en"])
def test_schema(language: Language, reply: dict[str, Any]) -> None:
    """An endpoint is told to give what a good reply in the language has, and no more."""
    schema = schema_of(language)
    assert [*reply] == [*schema["properties"]] == schema["required"]
    assert not schema["additionalProperties"]


@pytest.mark.parametrize(("language", "fields"), [(ZH, ["title", "summary"]), (EN, ["summary"])], ids=["zh", "en"])
def test_types_in_the_schema(language: Language, fields: list[str]) -> None:
    """The highlights are a list of texts, and everything else is a text."""
    text = {"type": "string"}
    properties = dict.fromkeys(fields, text) | {"highlights": {"type": "array", "items": text}}
    expected = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    assert expected == schema_of(language)


def test_the_longest_summary_is_checked() -> None:
    """A summary that is as long as one may be is checked as any other one."""
    name = "is neither in the title, the abstract nor the organisation"
    assert f"summary: the name FooNet {name}" == wrong(reply(summary="引" * 344 + "FooNet"))


@pytest.mark.parametrize("title", [{}, {"title": "为何引导有效"}, {"title": None}])
def test_english_reply(title: dict[str, Any]) -> None:
    """In English no title is asked for, and one that comes is dropped."""
    expected = Summary.model_validate({"title": None, "rung": Rung.MODEL} | ENGLISH_REPLY).model_dump()
    read = read_reply(json.dumps(title | ENGLISH_REPLY), paper(), EN).model_dump()
    assert expected | {"summary": expected["summary"].strip()} == read


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (REPLY, "summary: 130 characters, expected 350 to 1650; highlights.0: 9 characters, expected 40 to 270"),
        ({"summary": "It steers. " * 151}, "summary: 1660 characters, expected 350 to 1650"),
        ({"highlights": ["It steers."] * 3}, "highlights.0: 10 characters, expected 40 to 270"),
    ],
)
def test_wrong_english_reply(values: dict[str, Any], why: str) -> None:
    """English has lengths of its own, and a Chinese reply is refused."""
    with pytest.raises(ReplyError) as error:
        read_reply(json.dumps(ENGLISH_REPLY | values), paper(), EN)
    assert str(error.value).startswith(why)
    assert (values is REPLY) == ("summary: not in English; highlights.0: not in English" in str(error.value))


@pytest.mark.parametrize(
    "change",
    [{"title": "Why"}, {"organization": "alibaba"}, {"abstract": "We look."}, {"title": "Why Steering Works "}],
)
def test_source_changes(change: dict[str, Any]) -> None:
    """A summary is made anew when the title, the organisation or the abstract is another one."""
    assert input_hash(paper(), "1") != input_hash(paper(**change), "1")


@pytest.mark.parametrize(
    "change", [{"upvotes": 10}, {"stars": 1}, {"comments": 2}, {"ai_summary": "It works."}, {"id": "2602.00001"}]
)
def test_source_stays(change: dict[str, Any]) -> None:
    """Votes, stars, comments and the listing's own sentence make no summary anew."""
    assert input_hash(paper(), "1") == input_hash(paper(**change), "1")


def test_source_of_an_organisation() -> None:
    """A summary is made anew when the paper is another organisation's, and an empty name is none."""
    assert input_hash(paper(organization="A"), "1") != input_hash(paper(organization="B"), "1")
    assert input_hash(paper(organization=""), "1") == input_hash(paper(organization=None), "1")


def test_source_of_a_prompt() -> None:
    """A summary is made anew when the prompt is another one."""
    assert input_hash(paper(), "1") != input_hash(paper(), "2")


def test_source_keeps_fields_apart() -> None:
    """Text that moves from one field to the next is another source."""
    assert input_hash(paper(title="AB", organization="C"), "1") != input_hash(paper(title="A", organization="BC"), "1")


TEXTS = st.text(st.sampled_from('{}[]":,\\n<>/think 引导a1.%\u200b\ud835'), max_size=60)
"""Texts of little else than what a reply's JSON and thoughts are told by."""


def summary_or_reason(text: str) -> Summary | str:
    """What is read from a reply, or why it is refused."""
    try:
        return read_reply(text, paper(), ZH)
    except ReplyError as error:
        return str(error)


@given(TEXTS | st.builds("{}{}{}".format, TEXTS, st.just(reply()), TEXTS))
def test_any_reply_is_a_summary_or_a_reason(text: str) -> None:
    """Whatever a model answers, it is a whole summary or is refused in words, and nothing else happens."""
    read = summary_or_reason(text)
    assert (3 == len(read.highlights)) if isinstance(read, Summary) else (0 < len(read) <= MAX_REASON_CHARS)


@given(st.dictionaries(st.sampled_from([*REPLY]), st.text(max_size=400) | st.lists(st.text(max_size=90), max_size=4)))
def test_any_object_is_a_summary_or_a_reason(values: dict[str, Any]) -> None:
    """Whatever stands in the fields of a reply, it is a whole summary or is refused in words."""
    read = summary_or_reason(json.dumps(REPLY | values))
    assert (80 <= len(read.summary) <= 350) if isinstance(read, Summary) else read
