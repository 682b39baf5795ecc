"""The checks on a model's texts: are they in their language, plain, and about this paper and no other.

Each is a rule that a reader can apply with the abstract beside the text. The thresholds come from the 41 Chinese texts
that the tests hold them against, and from what Hugging Face says in English of 2,309 papers. Lengths are not here: they
are the language's, and `paperboy.summary` looks at them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from paperboy.languages.language import Code, Language
from paperboy.papers.paper import Paper

COMMON_TERMS = {
    "agent", "agi", "ai", "api", "cot", "cpu", "cv", "fps", "gb", "gpu", "gui", "kv", "latex", "ldm", "llm", "mb", "ml",
    "mllm", "ms", "nlp", "ood", "pr", "prompt", "rag", "rl", "rlhf", "sft", "sota", "tb", "token", "transformer", "vlm",
}  # fmt: skip
"""What may stand in a text though its paper does not say it: Chinese readers read these in English, and none of them is
the name of one model, data set or method, which could be invented."""

CHINESE = r"[\u3400-\u9fff]"
# Without the long vowel's mark and the middle dot, which stand in Chinese texts too.
KANA = r"\u3041-\u3096\u30a1-\u30fa\u31f0-\u31ff\uff66-\uff6f\uff71-\uff9d"
HANGUL = r"\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3"
NOTHING = r"(?!)"


@dataclass(frozen=True)
class Writing:
    """How a text is seen to be in a language, and which of its words are no names."""

    letters: re.Pattern[str]
    """The language's own."""
    share: float
    """The part of the letters of a summary, and of the highlights together, that is the language's own at least."""
    strange: re.Pattern[str]
    """A run of letters that no text in the language holds, unless its paper does."""
    word: str
    """A pattern of its words, which names are not written like."""


WRITING: dict[Code, Writing] = {
    # A long English name has as many letters as a Chinese sentence: good texts go down to 0.54, and English is at 0.
    # Whatever is in Latin letters is a name or a term.
    "zh": Writing(letters=re.compile(CHINESE), share=0.4, strange=re.compile(f"[{KANA}{HANGUL}]+"), word=NOTHING),
    # Some letters are Greek. What has a capital or a digit is a name, but for the capital that a sentence begins with.
    "en": Writing(
        letters=re.compile(r"[A-Za-z\u00c0-\u024f]"),
        share=0.9,
        strange=re.compile(f"{CHINESE}+"),
        word=r"[a-z]+(?:[-.'/][a-z]+)*",
    ),
}

ROUNDING = Decimal("0.05")
"""A rounded number is off by less than this part of the exact one: 75 may stand for 75.3, but not 80."""

MARKUP = {
    "a model's own tag": re.compile(r"</?think(?:ing)?>|◁/?think▷|<\|\w+\|>"),
    "a link": re.compile(
        r"https?:[\w./:-]*|www\.[\w./-]*|\[[^\]]*\]\([^)]*\)"
        r"|[\w-]+(?:\.[\w-]+)*\.(?:(?:cn|com|edu|gov|io|net|org)(?![\w.-])|[a-z]{2,}/\w)[\w./-]*",
        re.IGNORECASE | re.ASCII,
    ),
    # A value holds spaces, so it could be split in many ways: the possessive *+ tries one.
    "HTML": re.compile(r"</?[A-Za-z][A-Za-z0-9-]*(?:\s+[A-Za-z-]+(?:=[^<>]*+)?)*+\s*/?>|<!--|&(?:[a-z]{2,6}|#\d+);"),
    # A lone * stays: A* is a search, and π* a policy.
    "Markdown": re.compile(
        r"^\s*(?:#{1,6}\s|[-*+•>]\s|\d{1,2}[.)、](?!\d))|`+|\*\*|~~|(?<![A-Za-z0-9*])\*(?!\s)[^*\n]+\*"
        r"|(?<!\w)_{1,2}[^\s_][^_\n]*_",
        re.MULTILINE,
    ),
}
"""What has no place in plain text, by the name that it is told with."""

# A small m is as often a metre as a million.
SCALES = {
    "k": 3, "K": 3, "M": 6, "b": 9, "B": 9, "T": 12,
    "hundred": 2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12,
    "万": 4, "十万": 5, "百万": 6, "千万": 7, "亿": 8, "十亿": 9, "百亿": 10, "千亿": 11, "万亿": 12,
}  # fmt: skip
"""Powers of ten that follow a number: 14B, 0.8 million, 80 万."""

WORDS = {
    "zero": "0", "half": "0.5", "one": "1", "two": "2", "twice": "2", "double": "2", "doubled": "2", "doubles": "2",
    "doubling": "2", "three": "3", "triple": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "magnitude": "10", "eleven": "11", "twelve": "12", "dozen": "12", "thirteen": "13",
    "fourteen": "14", "fifteen": "15", "sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19",
    "twenty": "20", "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80",
    "ninety": "90",
}  # fmt: skip
"""A paper's words that a text may give in digits; what is an order of magnitude faster is ten times as fast."""

SMALL_WORDS = {"a", "an", "and", "by", "for", "from", "in", "of", "on", "the", "to", "via", "with"}
"""Words that an acronym may leave out."""

MAX_NAME_WORDS = 2
"""English words up to which a title may be a name alone."""

MIN_STEM_CHARS = 5
"""Letters from which on the beginning of a word stands for the word."""

COPIED_WORDS = 25
"""Words in a row that a summary shares with the abstract, from which on it is a copy. Of the 2,309 papers that Hugging
Face tells of in English it does so in six, and no more than these share 20."""

MAX_NAME_PARTS = 12
"""Parts that a name has at most; Qwen2.5-VL-7B-Instruct has seven."""

NUMBER = re.compile(
    r"(?<![A-Za-z0-9.^])(?P<digits>\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:(?:×10\^|[eE]\+?)(?P<power>-?\d{1,2})(?![A-Za-z0-9]))?"
    r"(?P<scale>[kKMBbT](?![A-Za-z])|[\s-]*(?:hundred|thousand|million|billion|trillion|万亿|[十百千]?[万亿]))?"
    r"(?P<measure>\s*(?:%|percent(?:age)?|×|倍|个百分点))?"
)
NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9]|[-_.@^'&+](?=[A-Za-z0-9]))*")
OPENING = r"""(?:^|(?<=[.!?:][\s"')])|(?<=["'(]))"""
"""Where a sentence, a quotation or a remark in brackets begins."""
CLAIMS = {
    code: re.compile(
        rf"(?P<word>(?:{OPENING}[A-Z])?{writing.word})(?![A-Za-z0-9]|[-_.@^'&+][A-Za-z0-9])|(?P<name>{NAME.pattern})"
        rf"|(?P<year>(?:19|20)\d\d(?=(?:\s*[-–~至到]\s*\d{{4}})?\s*年))|{NUMBER.pattern}"
    )
    for code, writing in WRITING.items()
}
"""A word, a name or a number in a text, whichever begins first: what is inside a name is no number (GPT-5, FID-50K)."""
PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+(?:\.\d+)*")
"""What a name is made of: words, the humps of CamelCase, numbers."""
WORD = re.compile(rf"\b(?:{'|'.join(WORDS)}|an?(?=\s(?:hundred|thousand|million|billion|trillion)))\b", re.IGNORECASE)


def refusals(texts: Mapping[str, str], paper: Paper, language: Language) -> list[str]:
    """Why `texts` cannot stand for `paper`, in words that a model can be told; empty where they can.

    The texts go by their field's name: ``title``, ``summary``, ``highlights.0`` and on. A reason names the field and
    what is wrong in it: ``summary: the number 99.9% is neither in the title nor in the abstract``.
    """
    writing = WRITING[language.code]
    facts = Facts(paper, writing)
    reasons = [f"{field}: not in {language.name}" for field in not_written(texts, paper, writing)]
    highlights = [text for field, text in texts.items() if field.startswith("highlights")]
    if len(set(highlights)) < len(highlights):
        reasons.append("highlights: two are the same")
    if copies(texts.get("summary", ""), paper.abstract):
        reasons.append("summary: it copies the abstract")
    for field, text in texts.items():
        for what, pattern in MARKUP.items():
            if match := pattern.search(text):
                reasons.append(f"{field}: holds {what}: {match[0].strip()}")
                text = pattern.sub(" ", text)  # so that a link is not told once more as a name
        for claim in CLAIMS[language.code].finditer(plain(text)):
            if (name := claim["name"]) and not facts.has_name(name):
                reasons.append(f"{field}: the name {name} is neither in the title, the abstract nor the organisation")
            if claim["digits"] and not facts.has_number(claim):
                reasons.append(f"{field}: the number {claim[0]} is neither in the title nor in the abstract")
    return list(dict.fromkeys(reasons))


def not_written(texts: Mapping[str, str], paper: Paper, writing: Writing) -> Iterator[str]:
    """The fields that are not in the language. A title of one or two words may be a name and nothing else.

    The share is that of the highlights together, for one alone may be mostly names.
    """
    joined = "".join(text for field, text in texts.items() if field.startswith("highlights"))
    source = f"{paper.title}\n{paper.abstract}"
    for field, text in texts.items():
        measured = joined if field.startswith("highlights") else text
        wrong = not writing.letters.search(text)
        if field == "title":
            wrong = wrong and len(text.split()) > MAX_NAME_WORDS
        else:
            wrong = wrong or share_of(writing.letters, measured) < writing.share
        if wrong or any(run not in source for run in writing.strange.findall(text)):
            yield field


def share_of(letters: re.Pattern[str], text: str) -> float:
    """The part of the letters in `text` that is of these, from 0 to 1."""
    return len(letters.findall(text)) / max(1, sum(map(str.isalpha, text)))


def copies(text: str, abstract: str) -> bool:
    """Whether `text` shares COPIED_WORDS words in a row with the abstract, whatever stands between them."""
    ours, theirs = (re.findall(r"\w+(?:['.-]\w+)*", plain(each).lower()) for each in (text, abstract))
    source = f" {' '.join(theirs)} "
    starts = range(len(ours) - COPIED_WORDS + 1)
    return any(f" {' '.join(ours[start : start + COPIED_WORDS])} " in source for start in starts)


def plain(text: str) -> str:
    """`text` in one notation, in which numbers and names are compared.

    No LaTeX, accents, full-width digits or superscripts; Greek letters by their names; 64×64×4, 4.5×, 1.2×10^6. In
    listings the backslash of LaTeX's multiplication sign is often lost: 64times64times4.
    """
    text = re.sub(r"\\(?:emph|text|math)[a-z]*(?=\{)|[\\${}]", "", text)
    text = re.sub(r"[⁻⁰¹²³⁴-⁹]+", lambda power: f"^{power[0]}", text)
    # A full-width comma stands between two numbers, and must not become one inside a number.
    text = unicodedata.normalize("NFKD", text.replace("，", "、")).replace("−", "-")
    text = "".join(each for each in text if not unicodedata.combining(each))
    text = re.sub(r"[α-ωΑ-Ω]", lambda letter: unicodedata.name(letter[0], letter[0]).split()[-1].lower(), text)
    text = re.sub(r"(?<=\d)\s*(?:times|[xX×])\s*(?=\d)", "×", text)
    text = re.sub(r"(?<=\d)(?:\s*times|[xX])(?![a-z])", "×", text)
    return re.sub(r"(?<![×\d.])10\^", "1×10^", text)


class Facts:
    """The facts of a paper: the numbers of its title and abstract, and the names in these and in its organisation."""

    def __init__(self, paper: Paper, writing: Writing) -> None:
        self._word = re.compile(writing.word)
        text = plain(f"{paper.title}. {paper.abstract}")
        in_digits = WORD.sub(lambda word: WORDS.get(word[0].lower(), "1"), text)
        self._numbers = {number for match in NUMBER.finditer(in_digits) for number in readings(match)}
        self._names = COMMON_TERMS | names_in(text) | names_in(plain(paper.organization or ""))
        words = re.findall(r"[A-Za-z]+|\d+", text.lower())
        self._initials = tuple(
            "".join(word if word.isdigit() else word[0] for word in words if word not in left_out)
            for left_out in ((), SMALL_WORDS)
        )

    def has_name(self, name: str) -> bool:
        """Whether the paper says `name`, whatever its case, hyphens, spaces and plural s.

        A single letter is no name. A word may be the beginning of one of the paper's (Token, tokenization), a compound
        be made of names that it says and of plain words, and an acronym be the initials of its words.
        """
        own = key("".join(PART.findall(name)))
        return (
            len(own) <= 1
            or own in self._names
            or (len(own) >= MIN_STEM_CHARS and own.isalpha() and any(each.startswith(own) for each in self._names))
            or ("-" in name and all(map(self._has_part, name.split("-"))))
            or self._has_initials(name)
        )

    def _has_part(self, part: str) -> bool:
        """A number is no part that stands for itself: GPT-5 is not said by a paper that says GPT and 5."""
        return part[0].isalpha() and (self._word.fullmatch(part) is not None or self.has_name(part))

    def _has_initials(self, name: str) -> bool:
        """VLM for vision-language model, T2V for text-to-video. Any two letters would be found in most abstracts."""
        acronym = name.removesuffix("s").lower().replace("2", "t")
        capitals = sum(map(str.isupper, name))
        return capitals >= 2 and len(acronym) >= 3 and any(acronym in each for each in self._initials)

    def has_number(self, number: re.Match[str]) -> bool:
        """Whether the paper says `number`, exact or rounded. A bare 0 to 3 counts what the text itself tells."""
        is_count = number[0] in ("0", "1", "2", "3")
        return is_count or any(same(ours, theirs) for ours in readings(number) for theirs in self._numbers)


def names_in(text: str) -> set[str]:
    """All that may be a name in `text`: each run of its words, as `key` gives it."""
    parts = PART.findall(text)
    lengths = range(1, MAX_NAME_PARTS + 1)
    return {key("".join(parts[start : start + length])) for start in range(len(parts)) for length in lengths}


def key(name: str) -> str:
    """A name as it is compared: without case and plural s."""
    return name.lower().removesuffix("s") if len(name) > 2 else name.lower()


def readings(number: re.Match[str]) -> set[Decimal]:
    """The values of a number: 98% is also 0.98."""
    value = Decimal(number["digits"].replace(",", "")).scaleb(int(number["power"] or 0))
    value = value.scaleb(SCALES.get((number["scale"] or "").strip(" -"), 0))
    return {value, value / 100} if (number["measure"] or "").strip() in ("%", "percent") else {value}


def same(written: Decimal, exact: Decimal) -> bool:
    """Whether `written` is `exact`, or this rounded or cut at the last digit of `written` that is not 0."""
    if written == exact:
        return True
    if abs(written - exact) >= abs(exact) * ROUNDING:
        return False
    last = int(written.normalize().as_tuple().exponent)
    at_last = exact.scaleb(-last)
    return written.scaleb(-last) in (at_last.to_integral_value(ROUND_DOWN), at_last.to_integral_value(ROUND_HALF_UP))
