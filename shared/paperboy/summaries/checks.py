"""The checks on a model's texts: are they in their language, plain, and about this paper and no other.

Each is a rule that a reader can apply with the abstract beside the text. The thresholds come from the 41 Chinese texts
that the tests hold them against, and from what Hugging Face says in English of 2,309 papers. Lengths are not here: they
are the language's, and `paperboy.summary` looks at them.
"""

from __future__ import annotations

import re
import string
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from paperboy.languages.language import Code, Language
from paperboy.papers.paper import Paper
from paperboy.papers.text import unhidden

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
NO_WORD = r"(?!)"

MIN_LETTERS = 0.5
"""The part of what a reader sees of a summary, and of the highlights together, that is letters at least. Good texts go
down to 0.79 in Chinese, and to 0.91 in English."""


MIN_TELLING_LETTERS = 40
"""Letters from which on a text tells its language. The shortest published Chinese summary has 87 characters."""


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
    "zh": Writing(letters=re.compile(CHINESE), share=0.4, strange=re.compile(f"[{KANA}{HANGUL}]+"), word=NO_WORD),
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

SITE_ENDINGS = (
    *("app", "art", "asia", "biz", "blog", "cc", "chat", "cloud", "club", "co", "dev", "email", "fun", "fyi", "icu"),
    *("info", "ink", "link", "live", "ltd", "me", "mobi", "name", "news", "online", "page", "ren", "shop", "site"),
    *("space", "store", "tech", "top", "tv", "vip", "website", "wiki", "win", "work", "world", "xyz", "zone"),
    *("au", "br", "ca", "ch", "de", "eu", "fr", "hk", "jp", "kr", "nl", "ru", "sg", "tw", "uk", "ai"),
)
"""What a domain ends in, besides what a link does. Endings that files have as well (py, sh, md, rs, so) and the English
words among them (in, it, is, so, to) are left out."""
SPELLED_ENDINGS = r"(?:ai|cn|co|com|edu|gov|io|net|org|xyz)(?![\w-])"
"""The same where a dot is a word: few, because a dot product is none."""

# A sign in brackets, or a word for it between spaces.
AT = r"(?:\s?[(\[{<（【]\s?(?:at|@|艾特)\s?[)\]}>）】]\s?|\s(?:at|艾特)\s)"
DOT = r"(?:\s?[(\[{<（【]\s?(?:dot|\.|点)\s?[)\]}>）】]\s?|\sdot\s)"
USER = r"(?<![\w.+-])[\w.+-]*\w"
"""What stands before the @ of a mail address."""
HOST = r"(?<![\w-])(?<!\w\.)(?<!://)[\w-]++(?:\.[\w-]+)*"
"""A domain from its beginning on, without its ending; what stands behind a scheme is a link."""
MESSENGER = (
    r"(?:we-?chat|weixin|微信|薇信|威信|(?<![a-z])v[x信]|QQ|扣扣|telegram|电报|whats-?app|skype|discord|dingtalk|钉钉|飞书"
    r"|kakao-?talk|公众号|微博)"
)
TELEPHONE = r"(?:电话|手机号?|致电|热线|短信|(?<![a-z])(?:(?:tele)?phone|call|hotline)(?![a-z]))"

MARKUP = {
    "a model's own tag": re.compile(
        r"</?(?:think|thinking|thoughts?|reasoning|seed:think)>|\[/?THINK\]|◁/?think▷|<\|\w+\|>", re.IGNORECASE
    ),
    "contact details": re.compile(
        rf"{USER}\s?@\s?[\w-]+(?:(?:\.|\s\.\s)[\w-]+)*(?:\.|\s\.\s)[a-z]{{2,24}}(?![\w-])"  # a@b.com, but no pass@1
        r"|(?<![\w@./])@[a-z_]\w{3,}"  # @name
        rf"|{USER}\s?[(\[{{<（【]\s?(?:at|@|艾特)\s?[)\]}}>）】]\s?[\w.-]+"  # a(at)b
        rf"|{USER}{AT}[\w-]+(?:{DOT}[\w-]+)*?{DOT}{SPELLED_ENDINGS}"  # a at b dot com
        r"|mailto:\s?[\w.@+-]*|(?<![a-z])tel:\s?[\d+-]*"  # the schemes without a //
        rf"|{MESSENGER}\s*(?:号码?|群号?|账号|帐号|ID|account)\s*[:：]?\s*@?[\w+-]{{3,}}"  # WeChat ID abc
        rf"|{MESSENGER}\s*[:：]\s*@?[\w+-]{{3,}}"  # WeChat: abc
        rf"|{MESSENGER}\s*(?:@\w{{2,}}|\+?\d[\d -]{{4,}}\d)"  # QQ 123456, Telegram @abc
        rf"|{TELEPHONE}[^\d+]{{0,6}}\+?\d(?:[ ()-]?\d){{6,}}"  # phone 1234567
        r"|(?<![\w+])\+\d{1,3}[ -]?(?:\(\d+\)[ -]?)?\d(?:[ -]?\d){6,}"  # +86 138 0000 0000
        r"|(?<![\w.,])1[3-9]\d(?:[ -]?\d{4}){2}(?!\d|[.,]\d)"  # a mobile phone in China
        r"|(?<![\w.,-])0\d{2,3}-\d{7,8}(?!\d)|\(\d{3}\)\s?\d{3}-\d{4}(?!\d)",  # a telephone with its area's prefix
        re.IGNORECASE | re.ASCII,
    ),
    "an address": re.compile(
        r"(?<![a-z])(?!https?:)[a-z][a-z0-9+-]*:/{2}[\w./:@-]*|hxxps?\b[\w./:@-]*"  # ftp://, hxxp://
        r"|(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?(?!\w|\.\w)"  # 192.168.0.1:8080, but no v1.2.3.4
        r"|\[[0-9a-f:.]*::[0-9a-f:.]*\](?::\d+)?|\[(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}\](?::\d+)?"  # [::1]:80
        rf"|(?<![\w.-])localhost:\d+|{HOST}\.[a-z][a-z-]+:\d{{2,5}}(?!\d)[\w./-]*"  # sub.domain.ai:8080
        rf"|{HOST}{DOT}(?:[\w-]+{DOT})*{SPELLED_ENDINGS}"  # foo dot com
        rf"|{HOST}\s?[。点]\s?(?-i:cn|com|net|org)(?![\w-])"  # foo。com: a browser takes that for a dot
        r"|[^\x00-\x7f]\.(?:cn|com|net|org|xyz)(?![\w-])"  # a domain in other letters than Latin ones
        rf"|(?!www\.){HOST}\.(?-i:{'|'.join(SITE_ENDINGS)}|{'|'.join(SITE_ENDINGS).upper()})(?![\w-]|\.\w|/\w)",
        re.IGNORECASE | re.ASCII,
    ),
    "a link": re.compile(
        r"https?:[\w./:-]*|www\.[\w./-]*|\[[^\]]*\]\([^)]*\)"
        r"|(?<![\w-])[\w-]+(?:\.[\w-]+)*\.(?:(?:cn|com|edu|gov|io|net|org)(?![\w.-])|[a-z]{2,}/\w)[\w./-]*",
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

SITE = re.compile(rf"{HOST}\.[a-z]{{2,}}(?![\w-]|\.\w|[/:]\w)", re.IGNORECASE | re.ASCII)
"""A domain, or a name like one, that stands by itself."""
ADDRESS_LEAD = re.compile(
    r"[/@:]\s*$"
    r"|\b(?:at|join|see|try|via|visit)\s$"
    r"|\b(?:contact|code|demo|homepage|links?|mail|page|site|url|visit|website)\b(?:(?!\.\s).)*$",  # in its sentence
    re.IGNORECASE,
)
"""What stands before a domain in an abstract and makes an address of it."""
NAME_LEAD = re.compile(r"\b(?:and|as|by|in|like|of|the|use|using|with)\s$", re.IGNORECASE)
"""What stands before one that is a name, though it has no capital."""
MAX_LEAD_CHARS = 60
"""Characters before a domain that are looked at."""

FULL_WIDTH = str.maketrans({chr(0xFEE0 + code): chr(code) for code in map(ord, string.printable[:62] + ".:@/-_+")})
"""What an address is made of, as it is written among Chinese."""

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
    what is wrong in it: ``summary: the number 99.9% is neither in the title nor in the abstract``. What a reader cannot
    see of a text does not count.
    """
    texts = {field: unhidden(text) for field, text in texts.items()}
    writing = WRITING[language.code]
    facts = Facts(paper, writing)
    blank = [field for field, text in texts.items() if not any(map(str.isalnum, text))]
    reasons = [f"{field}: nothing that can be seen" for field in blank]
    others = not_written(texts, paper, writing)
    reasons += [f"{field}: not in {language.name}" for field in others if field not in blank]
    highlights = [text for field, text in texts.items() if field.startswith("highlights")]
    if len(set(highlights)) < len(highlights):
        reasons.append("highlights: two are the same")
    if copies(texts.get("summary", ""), paper.abstract):
        reasons.append("summary: it copies the abstract")
    for field, text in texts.items():
        text, held = without_markup(text.translate(FULL_WIDTH), facts)
        reasons += [f"{field}: holds {what}" for what in held]
        for claim in CLAIMS[language.code].finditer(plain(text)):
            if (name := claim["name"]) and not facts.has_name(name):
                reasons.append(f"{field}: the name {name} is neither in the title, the abstract nor the organisation")
            if claim["digits"] and not facts.has_number(claim):
                reasons.append(f"{field}: the number {claim[0]} is neither in the title nor in the abstract")
    return list(dict.fromkeys(reasons))


def without_markup(text: str, facts: Facts) -> tuple[str, list[str]]:
    """`text` without what has no place in plain text, so that a link is not told once more as a name, and what it held,
    the first of each kind.
    """
    held = []
    for what, pattern in MARKUP.items():
        found = [match[0] for match in pattern.finditer(text) if not facts.has_site(match[0])]
        if found:
            held.append(f"{what}: {found[0].strip()}")
            text = pattern.sub(lambda match: match[0] if facts.has_site(match[0]) else " ", text)
    return text, held


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
            wrong = not any(map(str.isalpha, text)) or (wrong and len(text.split()) > MAX_NAME_WORDS)
        else:
            wrong = wrong or share_of(writing.letters, measured) < writing.share or is_sparse(measured)
        if wrong or any(run not in source for run in writing.strange.findall(text)):
            yield field


def language_of(text: str) -> Code | None:
    """The language that `text` is in by the share of its letters; None where it is in none that there is, or too short
    to tell: a text of names alone is in no language.
    """
    if sum(map(str.isalpha, text)) < MIN_TELLING_LETTERS:
        return None
    written = (code for code, writing in WRITING.items() if share_of(writing.letters, text) >= writing.share)
    return next(written, None)


def share_of(letters: re.Pattern[str], text: str) -> float:
    """The part of the letters in `text` that is of these, from 0 to 1."""
    return len(letters.findall(text)) / max(1, sum(map(str.isalpha, text)))


def is_sparse(text: str) -> bool:
    """Whether so little of `text` is letters that it is no sentence, whatever language they are of."""
    return sum(map(str.isalpha, text)) < MIN_LETTERS * len("".join(text.split()))


def copies(text: str, abstract: str) -> bool:
    """Whether `text` shares COPIED_WORDS words in a row with the abstract, whatever stands between them."""
    ours, theirs = (rows_of_words(plain(each).lower()) for each in (text, abstract))
    return not set(ours).isdisjoint(theirs)


def rows_of_words(text: str) -> Iterator[tuple[str, ...]]:
    """Each COPIED_WORDS words of `text` that stand in a row."""
    words = re.findall(r"\w+(?:['.-]\w+)*", text)
    return (tuple(words[start : start + COPIED_WORDS]) for start in range(len(words) - COPIED_WORDS + 1))


def plain(text: str) -> str:
    """`text` in one notation, in which numbers and names are compared.

    No LaTeX, accents, full-width digits or superscripts; Greek letters by their names; 64×64×4, 4.5×, 1.2×10^6. In
    listings the backslash of LaTeX's multiplication sign is often lost: 64times64times4.
    """
    text = re.sub(r"\\(?:emph|text|math)[a-z]*(?=\{)|[\\${}]", "", text)
    text = re.sub(r"[⁻⁰¹²³⁴-⁹]+", lambda power: f"^{power[0]}", text)
    # A full-width comma stands between two numbers, and must not become one inside a number.
    # Accents are left out before as well: a long run of them takes long to be put in order.
    text = without_accents(text.replace("，", "、"))
    text = without_accents(unicodedata.normalize("NFKD", text)).replace("−", "-")
    text = re.sub(r"[α-ωΑ-Ω]", lambda letter: unicodedata.name(letter[0], letter[0]).split()[-1].lower(), text)
    text = re.sub(r"(?<=\d)\s*(?:times|[xX×])\s*(?=\d)", "×", text)
    text = re.sub(r"(?<=\d)(?:\s*times|[xX])(?![a-z])", "×", text)
    return re.sub(r"(?<![×\d.])10\^", "1×10^", text)


def without_accents(text: str) -> str:
    """`text` without the accents that are characters of their own."""
    return "".join(each for each in text if not unicodedata.combining(each))


class Facts:
    """The facts of a paper: the numbers of its title and abstract, and the names in these and in its organisation."""

    def __init__(self, paper: Paper, writing: Writing) -> None:
        self._word = re.compile(writing.word)
        text = plain(f"{paper.title}. {paper.abstract}")
        in_digits = WORD.sub(lambda word: WORDS.get(word[0].lower(), "1"), text)
        self._numbers = sorted({number for match in NUMBER.finditer(in_digits) for number in readings(match)})
        texts = text, plain(paper.organization or "")
        self._names = COMMON_TERMS.union(*map(names_in, texts))
        self._in_order = sorted(COMMON_TERMS.union(*map(longest_names_in, texts)))
        self._sites = sites_of(paper)
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
            or (len(own) >= MIN_STEM_CHARS and own.isalpha() and self._has_beginning(own))
            or ("-" in name and all(map(self._has_part, name.split("-"))))
            or self._has_initials(name)
        )

    def _has_beginning(self, own: str) -> bool:
        """Of the names in their order, the first that is not before `own` begins with it, if any does."""
        place = bisect_left(self._in_order, own)
        return place < len(self._in_order) and self._in_order[place].startswith(own)

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
        return is_count or any(same(ours, theirs) for ours in readings(number) for theirs in self._near(ours))

    def _near(self, written: Decimal) -> list[Decimal]:
        """The paper's numbers that `written` may stand for: by ROUNDING, and by its last digit that is not 0."""
        unit = Decimal(1).scaleb(int(written.normalize().as_tuple().exponent))
        least = max(written - unit, written / (1 + ROUNDING))
        most = min(written + unit, written / (1 - ROUNDING))
        return self._numbers[bisect_left(self._numbers, least) : bisect_right(self._numbers, most)]

    def has_site(self, site: str) -> bool:
        """Whether a domain is in the paper's title or organisation, or is a name in its abstract (Character.AI)."""
        return site.lower() in self._sites


def names_in(text: str) -> set[str]:
    """All that may be a name in `text`: each run of its words, as `key` gives it."""
    parts = PART.findall(text)
    lengths = range(1, MAX_NAME_PARTS + 1)
    return {key("".join(parts[start : start + length])) for start in range(len(parts)) for length in lengths}


def longest_names_in(text: str) -> set[str]:
    """Of `names_in`, the longest from each word on: they begin as all the others do."""
    parts = PART.findall(text)
    return {key("".join(parts[start : start + MAX_NAME_PARTS])) for start in range(len(parts))}


def sites_of(paper: Paper) -> set[str]:
    """The domains that are the paper's own: in its title, its organisation's name, and as names in its abstract.

    Only what ends in .ai is a name like others (Character.AI, fast.ai), and only where the abstract never tells it as
    an address: an abstract is untrusted.
    """
    own = {site.lower() for text in (paper.title, paper.organization or "") for site in SITE.findall(text)}
    names, addresses = set[str](), set[str]()
    for match in SITE.finditer(paper.abstract):
        before = paper.abstract[max(0, match.start() - MAX_LEAD_CHARS) : match.start()]
        is_name = not match[0].islower() or NAME_LEAD.search(before)
        (names if is_name and not ADDRESS_LEAD.search(before) else addresses).add(match[0].lower())
    return own | {name for name in names - addresses if name.endswith(".ai")}


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
