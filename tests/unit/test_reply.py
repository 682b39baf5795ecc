"""How a model's reply is read: among thoughts and drafts, with LaTeX in its JSON, and with a bound to the work."""

import json
from typing import Any

import pytest

from paperboy.languages.language import Language
from paperboy.papers.paper import Paper
from paperboy.summaries.reply import MAX_BEGINNINGS, MAX_REPLY_CHARS, ReplyError, find_object, read_reply
from paperboy.summaries.summary import Summary
from tests.samples import EN, ENGLISH_REPLY, REPLY, ZH, paper

DRAFT = REPLY | {"title": "草稿"}


def reply(**values: Any) -> str:
    return json.dumps(REPLY | values, ensure_ascii=False)


def with_end(end: str) -> str:
    """A good reply whose summary has more behind it, as it stands in the JSON."""
    return reply().replace('。", "highlights"', f'。{end}", "highlights"')


def read(text: str, about: Paper | None = None) -> Summary:
    return read_reply(text, about or paper(), ZH)


DRAFTS = {
    "two": f"{json.dumps(DRAFT)} Better: {reply()}",
    "an unfinished one": f'{{"title": "草稿", "summary": "本文 {reply()}',
    "an empty one behind it": f"{json.dumps(DRAFT)} {reply()} {{}}",
    "a shape behind it": f'{reply()} {{"type": "object"}}',
    "<think>": f"<think>{json.dumps(DRAFT)}</think>{reply()}",
    "<thinking>": f"<thinking>{json.dumps(DRAFT)}</thinking>{reply()}",
    "<thought>": f"<thought>So {{it}} {json.dumps(DRAFT)}</thought>{reply()}",
    "<reasoning>": f"<reasoning>{json.dumps(DRAFT)}</reasoning>\n{reply()}",
    "[THINK]": f"[THINK]{json.dumps(DRAFT)}[/THINK]{reply()}",
    "<seed:think>": f"<seed:think>{json.dumps(DRAFT)}</seed:think>{reply()}",
    "◁think▷": f"◁think▷{json.dumps(DRAFT)}◁/think▷{reply()}",
    "harmony": (
        f"<|channel|>analysis<|message|>{json.dumps(DRAFT)}<|end|><|start|>assistant<|channel|>final<|message|>{reply()}"
        "<|return|>"
    ),
    "harmony in JSON": f"<|channel|>analysis<|message|>{{<|end|>"
    f"<|start|>assistant<|channel|>final <|constrain|>json<|message|>{reply()}",
    "harmony without its marks": f"analysis{json.dumps(DRAFT)}assistantfinal{reply()}",
    "thoughts alone": f"We need JSON. Draft: {json.dumps(DRAFT)}. The title can be better. Final: {reply()}",
    "a byte order mark": f"\ufeff{reply()}",
    "an end": f"<think>{json.dumps(DRAFT)}</think>{reply()}<|end|>",
}


@pytest.mark.parametrize("text", DRAFTS.values(), ids=DRAFTS)
def test_the_last_object_with_a_summary(text: str) -> None:
    """Of several objects the last whole one with a summary is read, whatever marks a model's thoughts."""
    assert REPLY["title"] == read(text).title


MARKS = [
    *("</think>", "</thinking>", "</thought>", "</thoughts>", "</reasoning>", "[/THINK]", "</seed:think>", "◁/think▷"),
    *("<|end|>", "<|channel|>final<|message|>", "<|channel|>final <|constrain|>json<|message|>", "</THINK>"),
]


@pytest.mark.parametrize("mark", MARKS)
def test_a_draft_does_not_stand_for_an_answer_that_was_cut_off(mark: str) -> None:
    """What a model wrote in its thoughts is no answer where the answer has begun."""
    with pytest.raises(ReplyError, match="it ends before its JSON object does"):
        read(f"{reply()}{mark}{reply()[:-30]}")


@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_inside_a_text(mark: str) -> None:
    """A mark of thoughts inside an object hides no part of it."""
    assert {"summary": f"a{mark}b"} == find_object(json.dumps({"summary": f"a{mark}b"}))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *((r"在 $\tau$-bench 上", r"在 $\tau$-bench 上"), (r"提速 4.5$\times$", r"提速 4.5$\times$"), (r"\to", r"\to")),
        *((r"$\beta$-VAE", r"$\beta$-VAE"), (r"$\rho$-退火", r"$\rho$-退火"), (r"\frac{1}{2}", r"\frac{1}{2}")),
        *(
            (r"\text{a}", r"\text{a}"),
            (r"\textbf{a}", r"\textbf{a}"),
            (r"\theta", r"\theta"),
            (r"\tilde a", r"\tilde a"),
        ),
        *((r"\top", r"\top"), (r"\nu", r"\nu"), (r"\nabla f", r"\nabla f"), (r"a\neq b", r"a\neq b"), (r"\ne", r"\ne")),
        *(
            (r"\not\in", r"\not\in"),
            (r"\notin", r"\notin"),
            (r"\bar x", r"\bar x"),
            (r"\bf", r"\bf"),
            (r"\big", r"\big"),
        ),
        *((r"\begin{a}", r"\begin{a}"), (r"\rm", r"\rm"), (r"\rightarrow", r"\rightarrow"), (r"\Re", r"\Re")),
        *((r"\forall", r"\forall"), (r"\alpha", r"\alpha"), (r"\(x\)", r"\(x\)"), (r"\mathcal{L}", r"\mathcal{L}")),
        *((r"\upsilon", r"\upsilon"), (r"\u12", r"\u12"), (r"\$5", r"\$5"), (r"5\%", r"5\%"), (r"a\ b", r"a\ b")),
        *((r"\\times", r"\times"), (r"\\nu", r"\nu"), (r"\\", "\\"), (r"\\\\", r"\\"), (r"\\\tau", r"\\tau")),
        *((r"\"a\"", '"a"'), (r"\/", "/"), (r"\u5f15", "引"), (r"\ud835\udc65", "\U0001d465")),
        *(
            (r"\nThe", "\nThe"),
            (r"\nnear", "\nnear"),
            (r"\nless", "\nless"),
            (r"\ne.g. a", "\ne.g. a"),
            (r"\n引", "\n引"),
        ),
        *((r"a\r\nb", "a\r\nb"), (r"a\tThe", "a\tThe"), (r"a\t引", "a\t引"), (r"a\b", "a\b"), (r"\f引", "\f引")),
    ],
)
def test_backslash(written: str, meant: str) -> None:
    """A backslash of LaTeX stays one where JSON would read a tab, a line break or nothing; JSON's escapes are read."""
    assert {"summary": f"引{meant}"} == find_object(f'{{"summary": "引{written}"}}')


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (r"在 $\tau$-bench 上有效。", r"在 $\tau$-bench 上有效。"),
        (r"提速 4.5$\times$。", r"提速 4.5$\times$。"),
        (r"采用 $\beta$-VAE。", r"采用 $\beta$-VAE。"),
        (r"采用 $\rho$-退火与 \(\alpha\)。", r"采用 $\rho$-退火与 \(\alpha\)。"),
        (r"\n有效。", "\n有效。"),
        (r"\t有效。", " 有效。"),
        (r"有\ud835效。", "有�效。"),
        ("有\ud835效。", "有�效。"),
        (r"有\udc65\ud835效。", "有��效。"),
        ("有\ufeff\u200b效。", "有效。"),
    ],
)
def test_a_text_as_it_is_read(end: str, expected: str) -> None:
    """A summary keeps its LaTeX, has a mark for half a character, and holds nothing that cannot be seen."""
    about = paper(abstract="On tau-bench, 4.5 times as fast, with beta-VAE, rho and alpha.")
    assert f"{REPLY['summary']}{expected}" == read(with_end(end), about).summary


def test_half_a_character_in_each_text() -> None:
    """Half of a surrogate pair costs no reply, in whatever text it stands."""
    summary = read(reply().replace("引", "\\ud835"))
    assert ("为何�导有效：统一的视角", "提出新的�导方法") == (summary.title, summary.highlights[2])
    summary.model_dump_json()


@pytest.mark.parametrize(
    ("values", "reasons"),
    [
        ({"title": "引\u200b\u200b"}, ["title: 1 characters, expected 2 to 120"]),
        ({"title": "引  \ufeff  "}, ["title: 1 characters, expected 2 to 120"]),
        (
            {"title": "\u200b\u200b\u200b"},
            ["title: 0 characters, expected 2 to 120", "title: nothing that can be seen"],
        ),
        ({"title": "\x00\x01\x02"}, ["title: 0 characters, expected 2 to 120", "title: nothing that can be seen"]),
        ({"title": "。。"}, ["title: nothing that can be seen"]),
        ({"title": "\u3164\u3164"}, ["title: 0 characters, expected 2 to 120", "title: nothing that can be seen"]),
        ({"summary": "引 \u200d " * 40}, ["summary: 79 characters, expected 80 to 350"]),
        ({"summary": "引导" + " " * 90}, ["summary: 2 characters, expected 80 to 350"]),
        ({"summary": "引\n" * 40}, ["summary: 79 characters, expected 80 to 350"]),
        ({"summary": "。" * 90}, ["summary: nothing that can be seen"]),
        ({"summary": "引导" + "…" * 90}, ["summary: not in Chinese"]),
    ],
)
def test_what_cannot_be_seen_has_no_length(values: dict[str, Any], reasons: list[str]) -> None:
    """A text is as long as what a reader sees of it, and one of which nothing is seen is none."""
    with pytest.raises(ReplyError) as error:
        read(reply(**values))
    assert reasons == str(error.value).split("; ")


def test_a_long_text_that_cannot_be_seen() -> None:
    """However much of a text cannot be seen, what can is checked."""
    with pytest.raises(ReplyError, match="the name FooNet is neither"):
        read(reply(summary=("引" * 80).replace("引", "引\u200b" * 3) + "FooNet"))


def test_many_beginnings() -> None:
    """However many drafts stand before the answer, and braces before and behind it, it is found."""
    assert REPLY == find_object('{"a": 1} {"b": ' * MAX_BEGINNINGS + reply())
    assert REPLY == find_object("{x} {" * MAX_BEGINNINGS + reply() + "{x} {" * MAX_BEGINNINGS)


LONG = {
    "objects in objects": '{"a":' * MAX_REPLY_CHARS,
    "objects that do not end": '{"a":' * 900 + '["b",' + '"b",' * MAX_REPLY_CHARS,
    "a text that does not end": '{"a":' * 900 + '"' + "b" * MAX_REPLY_CHARS,
    "braces": "{" * MAX_REPLY_CHARS,
    "quotes": '{"' * MAX_REPLY_CHARS,
    "lone backslashes": '{"a":"\\times' * MAX_REPLY_CHARS,
    "thoughts": "</think>{" * MAX_REPLY_CHARS,
    "numbers": f'{{"a":{"9" * 4000}' * MAX_REPLY_CHARS,
    "spaces": "{ " + " " * MAX_REPLY_CHARS,
    "half objects": ('{"a":' * 10 + "}") * MAX_REPLY_CHARS,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
@pytest.mark.parametrize(("language", "good"), [(ZH, REPLY), (EN, ENGLISH_REPLY)], ids=["zh", "en"])
def test_work_is_bounded(text: str, language: Language, good: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """However often an object may begin in a long reply, it is looked for a bounded number of times, and found."""
    decoded = []

    class Counting(json.JSONDecoder):
        def raw_decode(self, text: str, idx: int = 0) -> Any:
            decoded.append(idx)
            return super().raw_decode(text, idx)

    monkeypatch.setattr("paperboy.summaries.reply.DECODER", Counting(strict=False))
    with pytest.raises(ReplyError):
        read_reply(text[:MAX_REPLY_CHARS], paper(), language)
    assert 1 <= len(decoded) <= MAX_BEGINNINGS
    answer = json.dumps(good)
    summary = read_reply(text[: MAX_REPLY_CHARS - len(answer)] + answer, paper(), language)
    assert good["summary"].strip() == summary.summary
