"""The site: every page that is published, with its key in the bucket, its content type and who writes it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from paperboy.days.digest import Digest
from paperboy.languages.language import Language
from paperboy.pages import html, json, markdown


@dataclass(frozen=True)
class PageFormat:
    """A format that every digest is published in."""

    suffix: str
    content_type: str
    write: Callable[[Digest, Language, str], str]
    """Its text of a digest. The last of what it takes leads from there to where the keys begin: ``../``."""


MARKDOWN = PageFormat(
    "md", "text/markdown; charset=utf-8", lambda digest, language, _: markdown.write(digest, language)
)
JSON = PageFormat("json", "application/json; charset=utf-8", lambda digest, language, _: json.write(digest, language))
HTML = PageFormat("html", "text/html; charset=utf-8", html.write)

PAGE_FORMATS = (MARKDOWN, JSON, HTML)


@dataclass(frozen=True)
class Page:
    """A text as it is to lie in the bucket."""

    key: str
    content_type: str
    text: str
    day: dt.date
    """The newest day that it is about."""
    gzipped: bool = False
    """Whether it is kept and sent compressed; every browser takes that, not every program."""

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


DIGESTS_PREFIX = "digests/"
"""What the key of every day's page begins with."""


def digest_key(day: dt.date, format: PageFormat = HTML) -> str:  # noqa: A002 - the glossary's word
    """The key of a day's digest: ``digests/2026-02-03.html``."""
    return f"{DIGESTS_PREFIX}{day}.{format.suffix}"


def day_of_key(key: str) -> dt.date | None:
    """The day whose JSON page lies at `key`; None where it is no day's."""
    day = key.removeprefix(DIGESTS_PREFIX).removesuffix(f".{JSON.suffix}")
    try:
        found = dt.date.fromisoformat(day)
    except ValueError:
        return None
    return found if key == digest_key(found, JSON) else None


def latest_key(format: PageFormat = HTML) -> str:  # noqa: A002 - the glossary's word
    """The key of the newest day's digest: ``latest.html``."""
    return f"latest.{format.suffix}"


def digest_keys(day: dt.date) -> list[str]:
    """The keys of a day's digest in all formats."""
    return [digest_key(day, each) for each in PAGE_FORMATS]


def latest_keys() -> list[str]:
    """The keys of the newest day's digest in all formats. An older day is never put there."""
    return [latest_key(each) for each in PAGE_FORMATS]


def root_of(key: str) -> str:
    """What leads from the page at `key` to where the keys begin, in front of another page's key: ``../``."""
    return "../" * key.count("/")


def digest_pages(digest: Digest, language: Language) -> list[Page]:
    """The digest in all formats, each as the day's page and as the newest day's."""
    return [
        Page(key, each.content_type, each.write(digest, language, root_of(key)), digest.day)
        for each in PAGE_FORMATS
        for key in (digest_key(digest.day, each), latest_key(each))
    ]
