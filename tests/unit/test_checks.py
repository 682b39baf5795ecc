"""What a model's texts may say of a paper: the seed's and the sample's as they are, and texts made bad on purpose."""

import json
from itertools import permutations
from pathlib import Path
from typing import Any, get_args

import pytest

from paperboy.adapters.sources.hugging_face import read_listing
from paperboy.languages.language import Code
from paperboy.papers.paper import Paper
from paperboy.summaries.checks import COMMON_TERMS, COPIED_WORDS, NUMBER, WRITING, plain, readings, refusals, same
from paperboy.summaries.reply import ReplyError, read_reply
from paperboy.summaries.summary import Rung
from tests.samples import EN, ROOT, ZH, paper, read_json, sample_papers, seed_texts

Texts = dict[str, dict[str, Any]]

NO_NUMBER = "is neither in the title nor in the abstract"
NO_NAME = "is neither in the title, the abstract nor the organisation"

SEED_PAGE = "the seed's"
SAMPLE = "the sample's"


def day_of(source: str, shared_data: Path) -> tuple[Texts, dict[str, Paper]]:
    """A source's texts and its papers, by id."""
    if source == SAMPLE:
        return read_json(ROOT / "events/sample/summaries.json"), sample_papers()
    listing = read_listing(read_json(shared_data / "data/seed_day/payload.json.gz"))
    return seed_texts(shared_data), {each.id: each for each in listing.papers}


def refused(text: dict[str, Any], about: Paper) -> str:
    """Why a text is refused for a paper; empty where it is not."""
    try:
        assert read_reply(json.dumps(text), about, ZH).model_dump(mode="json") == text | {"rung": Rung.MODEL}
    except ReplyError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(("source", "count"), [(SEED_PAGE, 16), (SAMPLE, 35)])
def test_good_texts_are_accepted(source: str, count: int, shared_data: Path) -> None:
    """The seed's own texts and the sample's are accepted as they stand."""
    texts, papers = day_of(source, shared_data)
    assert count == len(texts)
    assert {} == {id_: why for id_, text in texts.items() if (why := refused(text, papers[id_]))}


@pytest.mark.parametrize("source", [SEED_PAGE, SAMPLE])
def test_another_papers_text(source: str, shared_data: Path) -> None:
    """No text is accepted for another paper of its source, and each is refused for its names or numbers."""
    texts, papers = day_of(source, shared_data)
    pairs = list(permutations(texts, 2))
    assert [] == [pair for pair in pairs if "is neither in the title" not in refused(texts[pair[0]], papers[pair[1]])]


TITLE = "PixelGen: Five-Stage Pixel Diffusion for LLaMA-2-7B"
ABSTRACT = (
    "We train on 807,693 images for 3,000 hours, 64times64times4 in size. PixelGen is 4.5times faster and reaches "
    "75.3\\% on SWE-Bench Verified, 15-20% over Qwen3-VL-8B-Thinking, an FID-50K of 5.11 and an accuracy of 0.98, "
    "with a rate of $1.2 \\times 10^{-3}$, 14B parameters, 0.06 million rollouts, a $\\pi_0$ policy and VAEs, an "
    "order of magnitude faster. A vision-language model (mixture-of-experts, text-to-video) does tokenization "
    "out-of-distribution. We beat Gemini-2.5-pro on MATH500, $\\tau^2$-bench and Cramér's test in 2025, "
    "with half the data and 1e6 steps."
)
PIXELGEN = paper(title=TITLE, abstract=ABSTRACT, organization="Moonshot AI")


def complaints(text: str, field: str = "highlights.0") -> list[str]:
    """Why a text, with Chinese enough around it, is refused for PixelGen."""
    return refusals({field: text, "highlights.9": "提出统一的理论框架" * 20}, PIXELGEN, ZH)


@pytest.mark.parametrize(
    "text",
    [
        *("共 807,693 张图", "共 80 万张图", "共80万张图", "共 81 万张图", "共 80.8 万张图", "共 800K 张图"),
        *("共 0.8M 张图", "共 808k 张图", "共 807693 张图", "共 8×10⁵ 张图", "共 8.1e5 张图"),
        *("快 4.5 倍", "快 4.5× 之多", "快 4.5x 之多", "快 4.50 倍", "快４.５倍"),
        *("达到 75.3%", "达到75.3％的水平", "达到 75%", "达到 75.3 个百分点", "约 75.0%"),
        *("提升 15-20%", "提升 15%–20%", "提升15~20%", "提升 15% 到 20%", "达 5.11、0.98，提升 15，20%"),
        *("训练 3000 小时", "训练 3,000 小时", "准确率 98%", "准确率 0.98", "损失 5.1"),
        *("尺寸为 64x64x4", "尺寸为 64×64×4", "尺寸为 64 × 64 × 4", "尺寸为 64*64 或 64"),
        *("学习率 1.2e-3", "学习率 1.2×10^-3", "学习率 1.2 × 10⁻³", "学习率 0.0012"),
        *("140 亿参数", "14B 参数", "14B-参数", "0.06M 次采样", "6 万次采样", "100 万步", "10^6 步", "1M 步"),
        *("五阶段训练", "5 阶段训练", "快 10 倍", "快一个数量级", "快 2 个数量级", "数据只要 50%"),
        *("三个亮点", "3 个亮点", "两阶段", "两倍宽度", "十种任务", "2D 与 3D", "从 0 到 1", "① 提出 ② 验证"),
        *("自 2019 年以来", "自2019年以来", "在 2019-2023 年间", "2025 年 3 月"),
        *("胜过 LLaMA-2-7B", "胜过 Llama 2 7B", "以 7B 模型", "FID-50K 为 5.11", "胜过 Qwen3"),
    ],
)
def test_number_is_said(text: str) -> None:
    """A number of the paper is accepted in each notation, rounded or cut; so are small counts and years."""
    assert [] == complaints(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("提升 99.9%", "99.9%"), ("提升99.9%", "99.9%"), ("提升９９.９％", "99.9%"), ("提升 16-20%", "16")),
        *(("共 90 万张图", "90 万"), ("共 81 张图", "81"), ("共 81 亿张图", "81 亿"), ("共 800 张图", "800")),
        *(("共 807,694 张图", "807,694"), ("共 70 万张图", "70 万"), ("快 4.4 倍", "4.4 倍"), ("快 8 倍", "8 倍")),
        *(("快 4.6 倍", "4.6 倍"), ("快 3 倍", "3 倍"), ("提升 3%", "3%"), ("达到 75.4%", "75.4%")),
        *(("达到 75.31%", "75.31%"), ("达到 77%", "77%"), ("尺寸为 64x65x4", "65×"), ("14M 参数", "14M")),
        *(("1.2e-4 的学习率", "1.2e-4"), ("10^7 步", "1×10^7"), ("准确率 97%", "97%"), ("6 阶段训练", "6")),
        *(("共 1999 个样本", "1999"), ("共 500 题", "500"), ("第 95 百分位", "95"), ("得 41，42 分", "41")),
    ],
)
def test_number_is_not_said(text: str, number: str) -> None:
    """A number that the paper does not say is refused by name; what ends a name is no number (MATH500)."""
    assert f"highlights.0: the number {number} {NO_NUMBER}" in complaints(text)


@pytest.mark.parametrize(
    "text",
    [
        *("提出 PixelGen 框架", "提出pixelgen框架", "提出 Pixel-Gen 框架", "提出 Pixel Gen 框架", "提出PIXELGEN框架"),
        *("在 SWE-Bench 上", "在 SWE-bench Verified 上", "胜过 Qwen3-VL", "胜过 Qwen3-VL-8B", "胜过 Qwen", "无需 VAE"),
        *("胜过 Gemini-2.5-pro", "胜过 Gemini 2.5 Pro", "在 MATH500 上", "在 MATH-500 上", "在 τ²-Bench 上", "π0 策略"),
        *("π₀ 策略", "用 Cramer 检验", "用 Cramér 检验", "Moonshot AI 提出", "Moonshot团队", "基于 Pixel-Diffusion"),
        *(
            "刷新 SOTA",
            "优于 LDM",
            "面向 OOD",
            "用于 LLM、LLMs",
            "Token 级",
            "GPU 上",
            "训练 Agent",
            "Transformer 主干",
        ),
        *("面向 CV 与 ML", "操作 GUI", "提交 PR"),
        *(
            "采用 VLM",
            "多个 VLMs",
            "采用 MoE",
            "T2V 任务",
            "Token",
            "tokenization",
            "Stage",
            "Q 值与 A* 搜索",
        ),
    ],
)
def test_name_is_said(text: str) -> None:
    """A name is found whatever its case, hyphens, spaces and plural; so is an acronym, and a common term needs none."""
    assert [] == complaints(f"{text}的方法")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        *(("提出 FooNet 框架", "FooNet"), ("提出FooNet框架", "FooNet"), ("提出 PixelGen-XL", "PixelGen-XL")),
        *(("胜过 GPT-5", "GPT-5"), ("胜过 Qwen2.5", "Qwen2.5"), ("胜过 LLaMA-3-7B", "LLaMA-3-7B")),
        *(("胜过 Qwen3-VL-32B", "Qwen3-VL-32B"), ("胜过 Gemini-2", "Gemini-2"), ("在 MATH501 上", "MATH501")),
        *(("采用 GAN 训练", "GAN"), ("采用 GANs 训练", "GANs"), ("采用 ODE 求解", "ODE"), ("采用 VD 训练", "VD")),
        *(("字节 ByteDance 提出", "ByteDance"), ("提出 ＦｏｏＮｅｔ", "FooNet"), ("提出 Pixels2Gen", "Pixels2Gen")),
        ("采用 Toke 级", "Toke"),
    ],
)
def test_name_is_not_said(text: str, name: str) -> None:
    """A name that neither the paper nor its organisation says is refused; a model of another size is another."""
    assert [f"highlights.0: the name {name} {NO_NAME}"] == complaints(text)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("见 https://github.com/a/b", "a link: https://github.com/a/b"),
        ("见https://foo.com。", "a link: https://foo.com"),
        ("见 www.foo.com/a", "a link: www.foo.com/a"),
        ("见foo.com上的代码", "a link: foo.com"),
        ("见 foo.ai/demo", "a link: foo.ai/demo"),
        ("见 arxiv.org/abs/2602.02343", "a link: arxiv.org/abs/2602.02343"),
        ("见 [代码](/code)", "a link: [代码](/code)"),
        ("## 摘要", "Markdown: ##"),
        ("提出**统一**框架", "Markdown: **"),
        ("提出*统一*框架", "Markdown: *统一*"),
        ("提出 _统一_ 框架", "Markdown: _统一_"),
        ("提出 `统一` 框架", "Markdown: `"),
        ("- 提出统一框架", "Markdown: -"),
        ("方法：\n* 提出统一框架", "Markdown: *"),
        ("1. 提出统一框架", "Markdown: 1."),
        ("> 提出统一框架", "Markdown: >"),
        ("提出<b>统一</b>框架", "HTML: <b>"),
        ("提出统一框架<br/>", "HTML: <br/>"),
        ('提出<a href="x">统一</a>框架', 'HTML: <a href="x">'),
        ("提出&nbsp;统一框架", "HTML: &nbsp;"),
        ("<think>提出</think>统一框架", "a model's own tag: <think>"),
        ("提出</think>统一框架", "a model's own tag: </think>"),
        ("提出统一框架<|im_end|>", "a model's own tag: <|im_end|>"),
    ],
)
def test_markup(text: str, what: str) -> None:
    """Links, Markdown, HTML and a model's own tags are refused, told once, and not told again as names."""
    assert [f"highlights.0: holds {what}"] == complaints(text)


@pytest.mark.parametrize(("end", "reasons"), [("", []), (">", ["highlights.0: holds HTML: <a"])])
def test_long_tag(end: str, reasons: list[str]) -> None:
    """A long text that begins like a tag is HTML where it ends like one, and is seen through at once where it does not.

    What it shares with HTML could be read in more ways than can be tried.
    """
    found = complaints("提出 <a" + " x=1" * 400 + end)
    assert reasons == [reason.split(" x=1")[0] for reason in found if "HTML" in reason]


def test_letter_without_a_name() -> None:
    """A character among the Greek letters that stands for none does no harm."""
    assert [] == complaints("提出 \u03a2 方法")


@pytest.mark.parametrize(
    "text",
    ["A* 与 π* 策略", "当 x<y 且 y>z 时", "R_t 与 S_t 的和", "思考-调研-创作", "(a) 与 [b]", "5.11 的损失", "R&D 投入"],
)
def test_no_markup(text: str) -> None:
    """What only looks like markup is plain text."""
    assert [] == [reason for reason in complaints(text) if "holds" in reason]


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        ("title", "PixelGen", []),
        ("title", "像素扩散", []),
        ("title", "PixelGen Five Stage", ["title: not in Chinese"]),
        ("summary", "像素扩散", []),
        ("summary", "提出像素扩散 PixelGen", []),
        ("summary", "We train pixel diffusion on images", ["summary: not in Chinese"]),
        ("summary", "We train pixel diffusion on images。像素扩散", ["summary: not in Chinese"]),
        ("summary", "ピクセルをとおしてまなぶ方法", ["summary: not in Chinese"]),
        ("summary", "…", ["summary: not in Chinese"]),
        ("title", "ピクセル", ["title: not in Chinese"]),
        ("summary", "提出像素扩散の统一框架", ["summary: not in Chinese"]),
        ("summary", "提出像素扩散的统一框架，即 픽셀", ["summary: not in Chinese"]),
        ("summary", "提出像素扩散ー的统一框架・方法", []),
        ("highlights.0", "Pixel Diffusion 比 Qwen3-VL 高", []),
        ("highlights.0", "Pixel diffusion on images", ["highlights.0: not in Chinese"]),
    ],
)
def test_chinese(field: str, text: str, expected: list[str]) -> None:
    """A text is mostly Chinese, its names aside; a short title may be a name alone, and a highlight mostly names."""
    assert expected == complaints(text, field)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("面向ことば的数据", []), ("面向ことばと文的数据", ["title: not in Chinese"]), ("面向 한글 的数据", [])],
)
def test_another_script_in_a_name(text: str, expected: list[str]) -> None:
    """Kana and Hangul may stand in a text where they are the paper's own."""
    about = paper(title="ことば: Data for 한글")
    assert expected == refusals({"title": text}, about, ZH)


def test_same_highlights() -> None:
    """A highlight that is told twice is refused."""
    texts = {f"highlights.{place}": text for place, text in enumerate(["提出统一框架", "训练更快", "提出统一框架"])}
    assert ["highlights: two are the same"] == refusals(texts, PIXELGEN, ZH)


def told_in_english(text: str) -> list[str]:
    """Why an English text is refused for PixelGen."""
    return refusals({"summary": text}, PIXELGEN, EN)


@pytest.mark.parametrize(
    "text",
    [
        "Training takes 3,000 hours. PixelGen is 4.5 times as fast, and 4.5x is an order of magnitude.",
        'It reaches 75.3% (Verified). "Pixels" are what it learns from: Diffusion is not needed.',
        "LLM-based agents, diffusion-like training and state-of-the-art results, e.g. in open-source VLMs.",
        "Moonshot's team doesn't tokenize; it's out-of-distribution, and/or 2D. A GPU will do, I think.",
        "We beat Gemini-2.5-Pro on SWE-bench Verified and Qwen3-VL with π0, in five stages.",
    ],
)
def test_good_english(text: str) -> None:
    """An English text may say what the paper says, in plain words of its own."""
    assert [] == told_in_english(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("It is 9.9 times as fast.", f"the number 9.9 times {NO_NUMBER}"),
        ("It beats Claude by far.", f"the name Claude {NO_NAME}"),
        ("It beats GPT-5 by far.", f"the name GPT-5 {NO_NAME}"),
        ("GPT-5 is beaten.", f"the name GPT-5 {NO_NAME}"),
        ("FooNet learns from pixels.", f"the name FooNet {NO_NAME}"),
        ("It is a FooNet-like model.", f"the name FooNet-like {NO_NAME}"),
        ("It beats Qwen3-mini-4 by far.", f"the name Qwen3-mini-4 {NO_NAME}"),
        ("It learns from **pixels**.", "holds Markdown: **"),
        ("提出像素扩散的统一框架", "not in English"),
        ("It learns from pixels, 像素, and images.", "not in English"),
        ("ピクセルをとおしてまなぶ方法", "not in English"),
        ("Это метод обучения по пикселям.", "not in English"),
        ("…", "not in English"),
    ],
)
def test_bad_english(text: str, reason: str) -> None:
    """An English text is refused for Chinese in it, and for a name or number that its paper does not say."""
    reasons = told_in_english(text)
    assert reason.replace(" times", "×") in [each.removeprefix("summary: ") for each in reasons]


@pytest.mark.parametrize(
    ("count", "expected"), [(COPIED_WORDS - 1, []), (COPIED_WORDS, ["summary: it copies the abstract"])]
)
def test_copied_abstract(count: int, expected: list[str]) -> None:
    """A summary that is the abstract's own words, whatever their commas, is refused; one that quotes it is not."""
    words = [first + second for first in "abc" for second in "defghijklm"]
    about = paper(abstract=f"{' '.join(words)}.")
    assert expected == refusals({"summary": f"It is: {', '.join(words[2 : count + 2])}."}, about, EN)


def test_real_english(shared_data: Path) -> None:
    """What Hugging Face says in English of a day's papers is accepted for each, and mostly refused for another one."""
    items = read_json(shared_data / "data/hf_daily/2026-03-13.json.gz")
    papers = [each for each in read_listing(items).papers if each.ai_summary and each.abstract]
    texts = [{"summary": each.ai_summary or ""} for each in papers]
    assert [] == [why for text, own in zip(texts, papers, strict=True) if (why := refusals(text, own, EN))]
    others = [*papers[1:], papers[0]]
    refused_for_others = [bool(refusals(text, other, EN)) for text, other in zip(texts, others, strict=True)]
    assert sum(refused_for_others) > 0.7 * len(papers) > 10


def test_every_language_has_its_writing() -> None:
    """There is a rule for each language by which its texts are known."""
    assert set(get_args(Code)) == set(WRITING)


def test_each_reason_once() -> None:
    """What is wrong twice in a text is told once, and each field tells its own."""
    expected = [f"{field}: the name FooNet {NO_NAME}" for field in ("title", "summary")]
    assert expected == refusals({"title": "框架 FooNet，FooNet", "summary": "提出框架，名为 FooNet"}, PIXELGEN, ZH)


def test_paper_without_abstract() -> None:
    """Where there is only a title, a text can say no more than that."""
    bare = paper(title="Pixel Diffusion", abstract="", organization=None)
    assert [] == refusals({"title": "像素扩散（Pixel Diffusion）"}, bare, ZH)
    assert [f"title: the name PixelGen {NO_NAME}"] == refusals({"title": "像素扩散 PixelGen"}, bare, ZH)


@pytest.mark.parametrize(
    ("written", "exact", "expected"),
    [
        *(("800K", "807,693", True), ("807,693", "800K", False), ("95", "95.7", True), ("90", "95.7", False)),
        *(("5", "4.5", False), ("4", "4.5", False), ("9", "9.1", True), ("0", "0.04", False), ("0", "0", True)),
        *(("1", "0", False), ("19", "18.7", True), ("18", "18.7", True), ("20", "18.7", False), ("9.2", "9.14", False)),
    ],
)
def test_same(written: str, exact: str, expected: bool) -> None:
    """A number stands for an exact one that it rounds or cuts by less than a twentieth, and never for a rounder one."""
    values = [readings(match) for text in (written, exact) if (match := NUMBER.fullmatch(plain(text)))]
    ours, theirs = (value for each in values for value in each)
    assert expected == same(ours, theirs)


def test_common_terms_are_few() -> None:
    """The terms that need no source are few and written as they are compared."""
    assert len(COMMON_TERMS) <= 40
    assert {each.lower() for each in COMMON_TERMS} == COMMON_TERMS
