"""The languages: each is whole, says the same things, and makes a prompt of its own."""

import datetime as dt
import re
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError
from samtranslator.yaml_helper import yaml_parse
from typer.testing import CliRunner

from paperboy.languages.language import (
    AnnouncementLabels,
    ArchiveLabels,
    Bounds,
    Code,
    FeedLabels,
    GreetingLabels,
    Labels,
    Language,
    LanguageError,
    load_language,
)
from paperboy.summaries.checks import CHINESE
from paperboy.summaries.prompt import Refusal, conversation, paper_json, prompt_version
from paperboy_cli.errors import PaperboyError
from paperboy_cli.main import app
from tests.conftest import ROOT
from tests.samples import EN, ZH, paper

LAYER = ROOT / "shared/paperboy"
PAGES = [f"pages/{name}" for name in ("markdown.py", "text.py", "html.py", "head.html", "digest.html")]
PAGES += [
    f"{room}/{file.name}"
    for room in ("announcements", "archive")
    for file in sorted((LAYER / room).iterdir())
    if file.suffix in (".py", ".html")
]
"""What writes the pages and the announcements."""
PARTS: dict[str, type[BaseModel]] = {
    "announcement": AnnouncementLabels,
    "archive": ArchiveLabels,
    "feeds": FeedLabels,
    "greeting": GreetingLabels,
}
"""Tables of labels that these use by their names."""

every_language = pytest.mark.parametrize("language", [ZH, EN], ids=lambda language: language.code)


def texts(value: Any) -> list[str]:
    """Every text in a label, or in a table of them."""
    if isinstance(value, BaseModel):
        return [text for field in type(value).model_fields for text in texts(getattr(value, field))]
    return [value] if isinstance(value, str) else list(value)


def test_languages_are_known_everywhere() -> None:
    """The languages that can be asked for are those that have files, and those that the template lets one choose."""
    codes = list(get_args(Code))
    assert sorted(codes) == sorted(file.stem for file in (LAYER / "languages").glob("*.toml"))
    assert sorted(codes) == sorted(file.stem for file in (LAYER / "languages").glob("*.md"))
    parameter = yaml_parse((ROOT / "template.yaml").read_text("utf-8"))["Parameters"]["Language"]
    assert (codes, "zh") == (parameter["AllowedValues"], parameter["Default"])


def test_every_label_is_used() -> None:
    """Pages and announcements use each label, and no other; that a language has them all is seen when it is loaded."""
    source = "".join((LAYER / file).read_text("utf-8") for file in [*PAGES, "languages/language.py"])
    names = set(re.findall(r"\blabels\.(\w+)", source)) - {"date_of", "short_date_of", "month_of", "week_of"}
    names |= set(re.findall(r"\bself\.(\w+)\b", source)) & {"date", "months", "weekdays"}
    assert set(Labels.model_fields) == names
    for part, labels in PARTS.items():
        assert set(labels.model_fields) == set(re.findall(rf"\b(?:labels|self)\.{part}\.(\w+)", source)), part


def test_pages_have_no_words_of_their_own() -> None:
    """What writes the pages and announcements holds no Chinese: a second language would not reach it."""
    assert [] == [file for file in PAGES if re.search(CHINESE, (LAYER / file).read_text("utf-8"))]


def test_each_language_speaks_its_own() -> None:
    """Every Chinese label holds Chinese, months' numbers aside, and no English one does."""
    chinese = {name: texts(getattr(ZH.labels, name)) for name in set(Labels.model_fields) - {"months"}}
    assert [] == [text for label in chinese.values() for text in label if not re.search(CHINESE, text)]
    assert [] == [text for text in texts(EN.labels) if re.search(CHINESE, text)]


@every_language
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"papers": "papers"}, "labels.papers: Value error, expected {n} in it"),
        ({"papers": "{n} of {m}"}, "labels.papers: Value error, expected {n} in it"),
        ({"receipt": "{n} receipts"}, "labels.receipt: Value error, expected no {place} in it"),
        ({"date": "{year}-{month}"}, "expected {year} and {month} and {day} and {weekday} in it"),
        ({"weekdays": ["Monday"]}, "labels.weekdays: Tuple should have at least 7 items"),
        ({"open": " "}, "labels.open: String should have at least 1 character"),
        ({"score": None}, "labels.score: Input should be a valid string"),
        ({"other": "text"}, "labels.other: Extra inputs are not permitted"),
    ],
)
def test_a_wrong_label_is_named(language: Language, wrong: dict[str, Any], message: str) -> None:
    """A label that is missing, unknown or lacks its places is refused when the language is loaded."""
    data = language.model_dump()
    with pytest.raises(ValidationError) as error:
        Language.model_validate(data | {"labels": data["labels"] | wrong})
    assert message in "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.value.errors())


@every_language
@pytest.mark.parametrize(
    ("label", "number"), [("months", 11), ("months", 13), ("weekdays", 6), ("weekdays", 8)], ids=lambda each: str(each)
)
def test_months_and_weekdays_are_all_there(language: Language, label: str, number: int) -> None:
    """A language names twelve months and seven weekdays, no more and no fewer."""
    data = language.model_dump()
    data["labels"][label] = ["name"] * number
    with pytest.raises(ValidationError, match=rf"labels\.{label}\n.*Tuple should have at"):
        Language.model_validate(data)


@pytest.mark.parametrize(
    ("day", "chinese", "english"),
    [
        (dt.date(2026, 1, 1), "2026 年 1 月 1 日，星期四", "Thursday, 1 January 2026"),
        (dt.date(2026, 2, 9), "2026 年 2 月 9 日，星期一", "Monday, 9 February 2026"),
        (dt.date(2025, 12, 28), "2025 年 12 月 28 日，星期日", "Sunday, 28 December 2025"),
    ],
)
def test_date(day: dt.date, chinese: str, english: str) -> None:
    """A day is written as its readers do, from the first month to the last and from Monday to Sunday."""
    assert (chinese, english) == (ZH.labels.date_of(day), EN.labels.date_of(day))


@pytest.mark.parametrize("tag", ["zh", "en", "zh-CN"])
def test_tag(tag: str) -> None:
    """A browser is told a language, and a country where that matters."""
    assert tag == Language.model_validate(EN.model_dump() | {"tag": tag}).tag


@pytest.mark.parametrize("tag", ["", "e", "EN", "eng", "xxen", "en-us", "en-USA", "en-", 'en" lang="zh'])
def test_no_tag(tag: str) -> None:
    """What a browser would not know for a language is refused."""
    with pytest.raises(ValidationError, match=r"tag\n.*should match pattern"):
        Language.model_validate(EN.model_dump() | {"tag": tag})


def test_a_language_has_a_prompt() -> None:
    """A prompt may be short, and is never empty."""
    assert "?" == Language.model_validate(EN.model_dump() | {"prompt": "?"}).prompt
    with pytest.raises(ValidationError, match=r"prompt\n.*at least 1 character"):
        Language.model_validate(EN.model_dump() | {"prompt": ""})


@pytest.mark.parametrize(("least", "most"), [(1, 1), (1, 2), (9, 9)])
def test_bounds(least: int, most: int) -> None:
    """A text may have one length alone, of one character at least."""
    data = EN.model_dump()
    data["lengths"]["summary"] = {"least": least, "most": most}
    assert Bounds(least=least, most=most) == Language.model_validate(data).lengths.summary


def test_no_text_is_empty() -> None:
    """A text that could be empty is refused."""
    data = EN.model_dump()
    data["lengths"]["summary"] = {"least": 0, "most": 9}
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        Language.model_validate(data)


def test_lengths_in_order() -> None:
    """A length that nothing can have is refused."""
    data = EN.model_dump()
    data["lengths"]["summary"] = {"least": 9, "most": 8}
    with pytest.raises(ValidationError, match="expected least to be no more than most"):
        Language.model_validate(data)


@pytest.mark.parametrize("code", ["fr", "", "EN", "zh-CN", "../zh"])
def test_no_such_language(code: str) -> None:
    """A language that there is not is an error that names those that there are."""
    with pytest.raises(LanguageError) as error:
        load_language(code)
    assert f"{code!r} is no language: expected zh or en" == str(error.value)


def test_prompt_versions() -> None:
    """Each language has a prompt, and so summaries, of its own; a changed text is another version."""
    changed = ZH.model_copy(update={"prompt": ZH.prompt + " "})
    assert 3 == len({prompt_version(each) for each in (ZH, EN, changed)})


@every_language
def test_messages(language: Language) -> None:
    """A model is told what to do in the language's prompt, then what is codes of the paper; then what was refused."""
    opening = conversation(paper(), language)
    assert [("system", language.prompt), ("user", paper_json(paper()))] == [(m.role, m.content) for m in opening]
    again = conversation(paper(), language, Refusal("{}", "title: Field required"))
    assert (opening, ["assistant", "user"]) == (again[:2], [message.role for message in again[2:]])
    assert "title: Field required" in again[3].content


def test_render_in_english() -> None:
    """`paperboy render --language en` writes the page in English, and says which languages there are."""
    listing = str(ROOT / "events/sample/2026-02-03.json")
    arguments = ["render", listing, "--date", "2026-02-03", "--language"]
    ran = CliRunner().invoke(app, [*arguments, "en"])
    assert (0, "# Daily AI Papers - 2026-02-03") == (ran.exit_code, ran.stdout.splitlines()[0])
    assert not re.search(CHINESE, ran.stdout)
    error = CliRunner().invoke(app, [*arguments, "fr"]).exception
    assert isinstance(error, PaperboyError)
    assert "--language: 'fr' is no language: expected zh or en." == str(error)
