"""The templates of the pages to open in a browser, and what all of these pages have.

Texts come from outside: every one is escaped by the template engine and freed of characters that cannot be seen,
without a word about it in the templates.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateSyntaxError
from markupsafe import Markup

from paperboy.languages.language import Language
from paperboy.pages.text import visible

PAGES = Path(__file__).parent


class TemplateError(ValueError):
    """A template of a page cannot be read; the message names its file and line."""


def check_templates(folder: Path = PAGES) -> None:
    """Read every template in a folder. Raises TemplateError for one with a mistake in its syntax."""
    for file in sorted(folder.glob("*.html")):
        try:
            templates(folder).get_template(file.name)
        except TemplateSyntaxError as error:
            raise TemplateError(f"{file}, line {error.lineno}: {error.message}") from error


@cache
def templates(folder: Path = PAGES) -> Environment:
    """The templates in a folder; those of `pages` can be included and imported in each."""
    environment = Environment(
        loader=FileSystemLoader([folder, PAGES]),
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["points"] = points
    return environment


@cache
def common(
    language: Language, script: Path | None = None, style: Path | None = None, sources: str = ""
) -> dict[str, object]:
    """What every page in a language needs of it: its labels, its style sheet, and its `script` if it has one.

    The page may use these very texts and fetch nothing: a text that became markup after all could do nothing. `sources`
    are directives of its policy besides, such as ``connect-src 'self'``.
    """
    own_style = (PAGES / "style.css").read_text("utf-8") + (style.read_text("utf-8") if style else "") + language.style
    own_script = script.read_text("utf-8") if script else ""
    policy = [
        "default-src 'none'",
        f"style-src {_hash(own_style)}",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    policy += [f"script-src {_hash(own_script)}"] if own_script else []
    policy += [sources] if sources else []
    return {
        "language": language,
        "labels": language.labels,
        "style": Markup(own_style),  # noqa: S704 - our own files
        "script": Markup(own_script),  # noqa: S704 - our own files
        "policy": "; ".join(policy),
    }


def points(number: float) -> str:
    """A score or a part of one, as the pages show it."""
    return f"{number:.2f}"


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _finalize(value: object) -> object:
    return visible(value) if type(value) is str else value
