"""What a model's texts may say of a paper: the seed's and the sample's as they are, and texts made bad on purpose."""

import json
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from typing import Any, get_args

import pytest

from paperboy.adapters.sources.hugging_face import read_listing
from paperboy.languages.language import Code, Language
from paperboy.papers.paper import Paper
from paperboy.summaries.checks import (
    COMMON_TERMS,
    COPIED_WORDS,
    MARKUP,
    NAME,
    NUMBER,
    PART,
    WRITING,
    Facts,
    copies,
    plain,
    readings,
    refusals,
    same,
    share_of,
)
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
        ("summary", "…", ["summary: nothing that can be seen"]),
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
        ("…", "nothing that can be seen"),
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


def value_of(text: str) -> set[Decimal]:
    """The values of a text that is one number."""
    match = NUMBER.fullmatch(plain(text))
    assert match
    return readings(match)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("2k", "2e3"), ("2K", "2e3"), ("2M", "2e6"), ("2b", "2e9"), ("2B", "2e9"), ("2T", "2e12")),
        *(
            ("2 hundred", "2e2"),
            ("2 thousand", "2e3"),
            ("2-million", "2e6"),
            ("2billion", "2e9"),
            ("2 trillion", "2e12"),
        ),
        *(("2 万", "2e4"), ("2 十万", "2e5"), ("2百万", "2e6"), ("2千万", "2e7"), ("2亿", "2e8"), ("2十亿", "2e9")),
        *(("2 百亿", "2e10"), ("2千亿", "2e11"), ("2 万亿", "2e12"), ("2.5万", "25000"), ("1,234.5 万", "12345000")),
        *(
            ("2e3", "2e3"),
            ("2E+3", "2e3"),
            ("2e-3", "2e-3"),
            ("2×10^-3", "2e-3"),
            ("10^12", "1e12"),
            ("2×10⁻³", "2e-3"),
        ),
        *(
            ("2", "2"),
            ("2×", "2"),
            ("2 倍", "2"),
            ("2个百分点", "2"),
            ("1,234,567", "1234567"),
            ("1,234.56", "1234.56"),
        ),
    ],
)
def test_value(text: str, value: str) -> None:
    """A number has one value, whatever its notation."""
    assert {Decimal(value)} == value_of(text)


@pytest.mark.parametrize("text", ["98%", "98 %", "98percent", "98 percent"])
def test_percent(text: str) -> None:
    """A percentage is also the part of the whole that it is."""
    assert {Decimal(98), Decimal("0.98")} == value_of(text)


@pytest.mark.parametrize(
    "text",
    [
        *("12,34", "1,2345", "1,234,", "1,234.", "1234,567", ",123", "2m", "2ms", "2Mb", "a2", "2e", "2e-", "2e123"),
        *("2.", ".5", "2.5.1"),
    ],
)
def test_no_number(text: str) -> None:
    """What is not written as one number is none: a comma stands before three digits, and a unit is no scale."""
    assert NUMBER.fullmatch(plain(text)) is None


@pytest.mark.parametrize(
    ("word", "digits"),
    [
        *(
            ("half of", "0.5"),
            ("four", "4"),
            ("five", "5"),
            ("six", "6"),
            ("seven", "7"),
            ("eight", "8"),
            ("nine", "9"),
        ),
        *(("ten", "10"), ("Eleven", "11"), ("twelve", "12"), ("a dozen", "12"), ("thirteen", "13"), ("fourteen", "14")),
        *(("fifteen", "15"), ("sixteen", "16"), ("seventeen", "17"), ("eighteen", "18"), ("nineteen", "19")),
        *(("twenty", "20"), ("thirty", "30"), ("forty", "40"), ("fifty", "50"), ("sixty", "60"), ("seventy", "70")),
        *(
            ("eighty", "80"),
            ("ninety", "90"),
            ("a hundred", "100"),
            ("a million", "1,000,000"),
            ("An order of magnitude", "10"),
        ),
        *(
            ("a thousand", "1,000"),
            ("a billion", "1B"),
            ("a trillion", "1T"),
            ("two hundred", "200"),
            ("zero", "0.0"),
            ("one", "1.0"),
            ("twice", "2.0"),
            ("Doubles", "2.0"),
            ("triple", "3.0"),
        ),
    ],
)
def test_number_in_words(word: str, digits: str) -> None:
    """A number that the paper says in words may be told in digits, and no other may."""
    about = paper(title="A Study", abstract=f"We need {word} steps.")
    assert [] == refusals({"title": f"只需 {digits} 步"}, about, ZH)
    assert [f"title: the number 99 {NO_NUMBER}"] == refusals({"title": "只需 99 步"}, about, ZH)


@pytest.mark.parametrize("word", ["a step", "tenfold", "often", "stone", "Half-Life"])
def test_no_number_in_words(word: str) -> None:
    """A word that only holds one of a number, or stands before none, is no number."""
    about = paper(title="A Study", abstract=f"We need {word}.")
    numbers = {"title": "只需 1.0、10 与 100 步"}
    expected = [f"title: the number {number} {NO_NUMBER}" for number in ("1.0", "10", "100")]
    assert expected == refusals(numbers, about, ZH)


MODELS = paper(
    title="Steganography in a Sparse-Query Map of the World for Text-to-Video Generation",
    abstract="Qwen250 is used. AaBbCcDdEeFfGgHhIiJjKkLl is too, and MmNnOoPpQqRrSsTtUuVvWwXxYy as well. We train TTS.",
    organization=None,
)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        *(("Stega", True), ("Steganog", True), ("STEGANOGRAPHY", True), ("Steganographys", True)),
        *(("Steg", False), ("Stegs", False), ("Ganography", False), ("Steganographyx", False)),
        *(("Qwen250", True), ("Qwen25", False), ("Qwen2505", False), ("Qwen", True), ("Qwe", False), ("QWENS", True)),
        *(("TTS", True), ("OS", False), ("IS", True), ("S", True)),
        *(("AaBbCcDdEeFfGgHhIiJjKkLl", True), ("MmNnOoPpQqRrSsTtUuVvWwXxYy", False)),
    ],
)
def test_beginning_of_a_word(name: str, said: bool) -> None:
    """Five letters at the beginning of a word stand for it, but no fewer, no other part of it, and nothing with digits;
    a plural s makes no other name of it, and a name has twelve parts at most."""
    assert said == Facts(MODELS, WRITING["zh"]).has_name(name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        *(("SQM", True), ("SQMs", True), ("sQM", True), ("SQm", True), ("SQMW", True), ("SQMOTW", True), ("T2V", True)),
        *(("TTVG", True), ("SIASQMOTWFTTVG", True), ("SQ", False), ("Sqm", False), ("sqm", False), ("QMS", False)),
        *(("SQMG", False), ("SQW", False), ("T2W", False), ("SMQ", False)),
    ],
)
def test_initials(name: str, said: bool) -> None:
    """An acronym is the initials of three words in a row or more, small words left out or not, with two capitals."""
    assert said == Facts(MODELS, WRITING["zh"]).has_name(name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        *(
            ("Pixel-Qwen3", True),
            ("Qwen3-Pixel", True),
            ("LLM-PixelGen", True),
            ("SWE-LLM-VAE", True),
            ("Pixel-7B", False),
        ),
        *(
            ("GPT-Pixel", False),
            ("Pixel-GPT", False),
            ("Pixel-5.11", False),
            ("Pixel.Foo", False),
            ("LLM-based", False),
        ),
    ],
)
def test_compound(name: str, said: bool) -> None:
    """A compound of names that the paper says is said, where hyphens part them and each begins with a letter."""
    assert said == Facts(PIXELGEN, WRITING["zh"]).has_name(name)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("", 0.0),
        ("…1", 0.0),
        ("a", 0.0),
        ("像", 1.0),
        ("像 1…", 1.0),
        ("像a", 0.5),
        ("像素abc", 0.4),
        ("像素abcd", 1 / 3),
    ],
)
def test_share(text: str, share: float) -> None:
    """The share is that of a text's letters, from none to all; what is no letter does not count."""
    assert share == share_of(WRITING["zh"].letters, text)


@pytest.mark.parametrize(
    ("text", "language", "written"),
    [
        *(
            ("像素AI，API", ZH, False),
            ("像素像素AI，API", ZH, True),
            ("像素AI，K", ZH, True),
            ("像素AI，GB", ZH, False),
        ),
        *(
            ("it is on πππ", EN, False),
            ("it is a test π", EN, True),
            ("it is a tes π", EN, False),
        ),
    ],
)
def test_least_share(text: str, language: Language, written: bool) -> None:
    """Two letters of five of a Chinese text are Chinese, and nine of ten of an English one are English, at least."""
    reasons = refusals({"summary": text}, paper(title="π", abstract=""), language)
    assert written == (f"summary: not in {language.name}" not in reasons)


@pytest.mark.parametrize(
    ("title", "written"), [("Pixel", True), ("Pixel Diffusion", True), ("Five Pixel Stage", False)]
)
def test_title_of_names(title: str, written: bool) -> None:
    """A title of up to two English words may be a name."""
    assert written == ([] == complaints(title, "title"))


def test_a_text_of_the_abstracts_words_is_no_copy() -> None:
    """A summary that has the abstract's words one by one, with others between them, is no copy."""
    words = [first + second for first in "abc" for second in "defghijklm"]
    about = paper(abstract=f"it is {' '.join(words)}.")
    assert [] == refusals({"summary": f"it is: {' so '.join(words)}."}, about, EN)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        *(
            ("2e3D", ["2"]),
            ("2e3d", ["2"]),
            ("2e123", ["2"]),
            ("2km", ["2"]),
            ("2KB", ["2"]),
            ("2Mb", ["2"]),
            ("2K", ["2K"]),
        ),
        *(
            ("1,2345", ["1", "2345"]),
            ("1,234,5", ["1,234", "5"]),
            ("2^9", ["2"]),
            (".5", []),
            ("MATH587", []),
            ("v1.75", []),
        ),
        *(("2-3", ["2", "3"]), ("2 million-3", ["2 million", "3"]), ("2 mill", ["2"]), ("2%3", ["2%", "3"])),
    ],
)
def test_numbers_in_a_text(text: str, found: list[str]) -> None:
    """A number ends where it is no number any more, and none begins inside a name, another number or a power."""
    assert found == [match[0] for match in NUMBER.finditer(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(
            (r"\textbf{Pixel}", "Pixel"),
            (r"$\mathcal{L}_1$", "L_1"),
            (r"\emph{a} \text b", "a text b"),
            (r"75.3\%", "75.3%"),
        ),
        *(
            (r"\alpha{b}$c$", "alphabc"),
            ("Ω π0 Σ", "omega pi0 sigma"),
            ("τ²", "tau^2"),
            ("é Å ü", "e A u"),
            ("−1", "-1"),
        ),
        *(
            ("１，２", "1、2"),
            ("Ｆｏｏ ９.９％", "Foo 9.9%"),
            ("10⁶", "1×10^6"),
            ("2×10⁻³", "2×10^-3"),
            ("x¹⁰", "x^10"),
        ),
        *(("64times64", "64×64"), ("64 times 64", "64×64"), ("64x64X64", "64×64×64"), ("64 × 64", "64×64")),
        *(("4.5 times", "4.5×"), ("4.5times faster", "4.5× faster"), ("4.5x", "4.5×"), ("4.5X.", "4.5×.")),
        *(
            ("4xyz", "4xyz"),
            ("4 timestamps", "4 timestamps"),
            ("4 x", "4 x"),
            ("ax64", "ax64"),
            ("sometimes 6", "sometimes 6"),
        ),
        *(("10^6", "1×10^6"), ("2×10^6", "2×10^6"), ("210^6", "210^6"), ("2.10^6", "2.10^6"), ("100^6", "100^6")),
    ],
)
def test_plain(text: str, expected: str) -> None:
    """A text in plain notation has no LaTeX, accents, full-width digits, superscripts or Greek letters."""
    assert expected == plain(text)


def test_small_counts() -> None:
    """Up to three things may be counted though the paper counts none, and four or a percentage may not."""
    about = paper(title="A Study", abstract="We look.")
    assert [] == refusals({"title": "共 0、1、2 与 3 种"}, about, ZH)
    expected = [f"title: the number {number} {NO_NUMBER}" for number in ("4", "1%", "3 倍", "2K")]
    assert expected == refusals({"title": "共 4 种，1%，3 倍，2K"}, about, ZH)


def test_numbers_are_initials() -> None:
    """In an acronym a number stands whole."""
    facts = Facts(paper(title="Sparse 35 Maps", abstract=""), WRITING["zh"])
    assert [True, False] == [facts.has_name(name) for name in ("S35M", "S3M")]


def test_only_highlights_are_compared() -> None:
    """A title and a summary may be the same text."""
    assert [] == refusals({"title": "像素扩散", "summary": "像素扩散"}, PIXELGEN, ZH)


def test_highlights_have_a_share_of_their_own() -> None:
    """A Chinese summary does not make up for highlights that are mostly not Chinese."""
    texts = {"summary": "提出像素扩散的统一框架" * 5, "highlights.0": "PixelGen Diffusion 像素"}
    assert ["highlights.0: not in Chinese"] == refusals(texts, PIXELGEN, ZH)
    assert [] == refusals(texts | {"highlights.1": "提出像素扩散的统一框架"}, PIXELGEN, ZH)


WORDS_IN_A_ROW = [first + second for first in "abc" for second in "defghijklm"]


@pytest.mark.parametrize(
    ("text", "copied"),
    [
        (" ".join(WORDS_IN_A_ROW[:25]).upper(), True),
        (f"so {'; '.join(WORDS_IN_A_ROW[3:28])} it is", True),
        (" ".join(WORDS_IN_A_ROW[:24]), False),
        (" ".join(WORDS_IN_A_ROW[:24]) + " xx", False),
        (f"x{' '.join(WORDS_IN_A_ROW[:25])}", False),
        (f"{' '.join(WORDS_IN_A_ROW[:25])}x", False),
        (" ".join(WORDS_IN_A_ROW[:12] + WORDS_IN_A_ROW[13:30]), False),
        ("", False),
    ],
    ids=[
        "upper case",
        "in the middle",
        "24",
        "24 and another",
        "first word",
        "last word",
        "a word left out",
        "nothing",
    ],
)
def test_copies(text: str, copied: bool) -> None:
    """A copy is 25 whole words in a row, wherever they stand and whatever their case and what is between them."""
    assert copied == copies(text, f"We say: {', '.join(WORDS_IN_A_ROW)}.")


@pytest.mark.parametrize(
    "before",
    [
        *("", "It works. ", "It works! ", "It works? ", "It works: ", 'It works."', "It works.'", "It works.)"),
        *('it is "', "it is '", "it is ("),
    ],
)
def test_english_openings(before: str) -> None:
    """The capital of a word that begins a sentence, a quotation or a remark makes no name of it."""
    assert [] == told_in_english(f"{before}Widely used it is.")


@pytest.mark.parametrize("before", ["it is ", "it is, ", "it is; ", "it is – "])
def test_no_english_opening(before: str) -> None:
    """A capital elsewhere makes a name of a word."""
    assert [f"summary: the name Widely {NO_NAME}"] == told_in_english(f"{before}Widely used it is.")


@pytest.mark.parametrize(
    ("text", "link"),
    [
        *(("http:", "http:"), ("见http://a。", "http://a"), ("https://a.b:80/c_d-e", "https://a.b:80/c_d-e")),
        *(
            ("HTTPS://A", "HTTPS://A"),
            ("www.", "www."),
            ("www.a-b/c_d", "www.a-b/c_d"),
            ("[](x)", "[](x)"),
            ("[a]()", "[a]()"),
        ),
        *(
            ("a.cn", "a.cn"),
            ("a.com", "a.com"),
            ("a.edu", "a.edu"),
            ("a.gov", "a.gov"),
            ("a.io", "a.io"),
            ("a.net", "a.net"),
        ),
        *(("见a.org。", "a.org"), ("A.COM", "A.COM"), ("a-b.cd-e.com", "a-b.cd-e.com"), ("a_1.com", "a_1.com")),
        *(("a.ai/x", "a.ai/x"), ("a.b.ai/x/y.z-1_2", "a.b.ai/x/y.z-1_2"), ("a.com/x.html", "a.com/x.html")),
        *(
            ("a.com, b", "a.com"),
            ("a.comx", None),
            ("a.com-b", None),
            ("a.com.b", None),
            (".com", None),
            ("a..com", None),
        ),
        *(("a.i/x", None), ("a.ai/", None), ("a.ai", None), ("v1.0", None), ("e.g. 1/2", None), ("and/or", None)),
        *(
            ("[a] (b)", None),
            ("[a]", None),
            ("https", None),
            ("www", None),
            ("wwwa", None),
            ("(b)[a]", None),
            ("comcom", None),
        ),
    ],
)
def test_link(text: str, link: str | None) -> None:
    """An address and a link are told as a whole, and what only looks like a part of one is none."""
    assert link == ((match := MARKUP["a link"].search(text)) and match[0])


@pytest.mark.parametrize(
    ("what", "texts"),
    [
        (
            "a model's own tag",
            ["<think>", "</think>", "<thinking>", "</thinking>", "◁think▷", "◁/think▷", "<|im_end|>"],
        ),
        ("HTML", ["<b>", "</b>", "<br/>", "<br />", "<h1>", "<x-y>", "<a b>", "<a b c-d>", "<a href=x>", "<a\nb=1>"]),
        ("HTML", ["<a b='c d' e>", "<A B=C/>", "<!--", "&lt;", "&nbsp;", "&abcdef;", "&#60;", "&#1234;", "a<b>c</b>d"]),
        ("Markdown", ["# a", "###### a", "  ## a", "a\n# b", "- a", "* a", "+ a", "• a", "> a", "a\n\n - b"]),
        (
            "Markdown",
            [
                "1. a",
                "12) a",
                "1、提出",
                "1.提出",
                " 2. a",
                "`",
                "``a``",
                "**",
                "a**b",
                "~~",
                "*a*",
                "提*出*",
                "*a b*c",
            ],
        ),
        ("Markdown", ["_a_", "__a__", "提 _出 b_", "(_a_)", "**_a", "_a*_"]),
    ],
)
def test_markup_is_known(what: str, texts: list[str]) -> None:
    """Each kind of markup is told as what it is."""
    assert [what] * len(texts) == [next(kind for kind, found in MARKUP.items() if found.search(text)) for text in texts]


@pytest.mark.parametrize(
    "texts",
    [
        ["<|a|", "<||>", "<| a|>", "|a|>", "◁think", "◁thinking▷", "think>", "< think>"],
        ["< b>", "<3>", "x<y", "a<b 且 c>d", "<b", "<!-", "<>", "</>", "<a,b>", "<a =1", "<é>"],
        ["&", "&x;", "&abcdefg;", "&#;", "&#x3c;", "&LT;", "&lt", "AT&T", "R&D;"],
        [
            "####### a",
            "#a",
            "-a",
            "•a",
            ">a",
            "a # b",
            "a - b",
            "a > b",
            "#",
            "123. a",
            "1.5 a",
            "1)5",
            "1 a",
            "a 1. b",
        ],
        ["A*", "A* B*", "π* 与 B*", "2 * 3 * 4", "a*b*", "3*4*", "*a", "*a\nb*", "* a*"[1:], "~", "~a~"],
        ["_", "a_b", "a_b_", "提_出_", "_ a_", "_a", "_a\nb_", "__", "R_t 与 S_t"],
    ],
)
def test_what_is_no_markup(texts: list[str]) -> None:
    """A sign that stands for itself is no markup."""
    assert [[]] * len(texts) == [[kind for kind, found in MARKUP.items() if found.search(text)] for text in texts]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        *(("A* 搜索 v1.0. gpt-4o, R&D C++ x", ["A", "v1.0", "gpt-4o", "R&D", "C", "x"]), ("2D 9x", ["D", "x"])),
        *(("a_b a@b a^2 O'Neil C+1 a.b", ["a_b", "a@b", "a^2", "O'Neil", "C+1", "a.b"]), ("a- b_ -c", ["a", "b", "c"])),
        *(("a--b a._b Zz9", ["a", "b", "a", "b", "Zz9"]), ("提出Pixel框架", ["Pixel"])),
    ],
)
def test_names_in_a_text(text: str, names: list[str]) -> None:
    """A name begins with a letter and ends with a letter or digit, with single signs between them."""
    assert names == NAME.findall(text)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        *(("GraphRAG2.5.10", ["Graph", "RAG", "2.5.10"]), ("LLaMA", ["L", "La", "MA"]), ("ABc", ["A", "Bc"])),
        *(
            ("vLLMs-12b", ["v", "LL", "Ms", "12", "b"]),
            ("GPT", ["GPT"]),
            ("x", ["x"]),
            ("2.", ["2"]),
            ("10.25", ["10.25"]),
        ),
        *(("aB_c", ["a", "B", "c"]), ("-", [])),
    ],
)
def test_parts_of_a_name(name: str, parts: list[str]) -> None:
    """A name is made of words, humps and numbers."""
    assert parts == PART.findall(name)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        *(("自 1900 年", []), ("自2099年起", []), ("2019–2023 年", []), ("2019 ~ 2023 年", []), ("2019至2023年", [])),
        *(
            ("2019 到 2023年", []),
            ("1899 年", ["1899"]),
            ("2100 年", ["2100"]),
            ("2019 个", ["2019"]),
            ("20199 年", ["20199"]),
        ),
        *(("2019-23 年", ["2019", "23"]), ("2019、2023 年", ["2019"]), ("2019-20234 年", ["2019", "20234"])),
        *(("2019 与 2023 年", ["2019"]), ("1950 题，2050 年", ["1950"])),
    ],
)
def test_years(text: str, numbers: list[str]) -> None:
    """A year, or a span of two, of the last century and this one needs no source; other numbers of four digits do."""
    about = paper(title="A Study", abstract="We look.")
    expected = [f"title: the number {number} {NO_NUMBER}" for number in numbers]
    assert expected == refusals({"title": text}, about, ZH)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        *(
            ("it is state-of-the-art, and/or e.g. plain", []),
            ("it isn't plain-text", []),
            ("it is text-2-video", ["text-2-video"]),
        ),
        *(
            ("it is text2video", ["text2video"]),
            ("it is aB", ["aB"]),
            ("it is plain.Foo", ["plain.Foo"]),
            ("it is a+b1", ["a+b1"]),
        ),
        *(
            ("it is Plain", ["Plain"]),
            ("Plain it is", []),
            ("PLAIN it is", ["PLAIN"]),
            ("Plain-Text it is", ["Plain-Text"]),
        ),
        *(("Text2 it is", ["Text2"]), ("A plain one", []), ("it is B", [])),
    ],
)
def test_english_words(text: str, names: list[str]) -> None:
    """In English what is written small, with hyphens, stops and strokes, is words; a capital or digit makes a name."""
    about = paper(title="A Study", abstract="We look.")
    assert [f"summary: the name {name} {NO_NAME}" for name in names] == refusals({"summary": text}, about, EN)


@pytest.mark.parametrize(("name", "said"), [("LM", True), ("LMs", True), ("VAEs", True), ("LN", False), ("LNs", False)])
def test_plural_of_a_short_name(name: str, said: bool) -> None:
    """A name of two letters has a plural as any other one has."""
    assert said == Facts(paper(title="A Study", abstract="We use an LM and a VAE."), WRITING["zh"]).has_name(name)


@pytest.mark.parametrize("text", ["<TD>", "<a  b>", "<a b=>", "<td\n\n>"])
def test_more_html(text: str) -> None:
    """A tag may be in capitals, have white space and an empty value."""
    assert text == ((match := MARKUP["HTML"].search(f"像素{text}")) and match[0])


@pytest.mark.parametrize("text", ["<ab=c>", "<a =1>", "<a b=<3>", ". a", ")a", "、提出", "A*搜索与 B*", "a*搜索与 b*"])
def test_no_markup_either(text: str) -> None:
    """A comparison, a line that a stop begins and two searches are no markup."""
    assert [] == [kind for kind, found in MARKUP.items() if found.search(text)]


@pytest.mark.parametrize(("text", "told"), [("```a```", "```"), ("提*出*框*架*", "*出*")])
def test_markup_is_told_as_it_stands(text: str, told: str) -> None:
    """A run of marks is told as a whole, and a slanted text up to its own end."""
    assert told == ((match := MARKUP["Markdown"].search(text)) and match[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(
            ("x⁰", "x^0"),
            ("x³", "x^3"),
            ("x²⁰", "x^20"),
            ("64 x 64", "64×64"),
            ("64 X 64", "64×64"),
            ("64  ×  64", "64×64"),
        ),
        *(("64 ×64", "64×64"), ("64× 64", "64×64"), ("64 times  64", "64×64")),
    ],
)
def test_plain_powers_and_sizes(text: str, expected: str) -> None:
    """Every power is written after ^, and a size without spaces."""
    assert expected == plain(text)


@pytest.mark.parametrize("name", ["ab_cd", "ab@cd", "ab^cd", "ab'Cd", "ab&cd", "ab+cd", "ab.Cd", "ab-Cd", "ab-2"])
def test_english_names_of_small_letters(name: str) -> None:
    """In English a word that a sign joins to another one is a name, unless the sign is a word's own."""
    assert [f"summary: the name {name} {NO_NAME}"] == told_in_english(
        f"it is said that they're plain and {name} is not"
    )


@pytest.mark.parametrize("sign", ["'", ".", "-"])
def test_a_compound_is_one_word_of_a_copy(sign: str) -> None:
    """A compound counts as one word: 24 of them are no copy, and 25 are."""
    words = [f"{word}{sign}{word}" for word in WORDS_IN_A_ROW]
    assert [False, True] == [copies(" ".join(words[:count]), " ".join(words)) for count in (24, 25)]
