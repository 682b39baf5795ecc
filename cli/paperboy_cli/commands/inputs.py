"""What `rank`, `render`, `check` and `try` work on: listings, policies and texts of their own; they need no stack."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from paperboy.adapters.sources.hugging_face import HuggingFace, day_of_listing, read_listing
from paperboy.languages.language import Code, Language, LanguageError, load_language
from paperboy.papers.listing import Listing, ListingError, NotListedYetError, SourceError
from paperboy.papers.policy import Policy, PolicyError, load_policy
from paperboy_cli.days import to_come_text, today
from paperboy_cli.errors import PaperboyError
from paperboy_cli.project.settings import laptop_variables
from paperboy_cli.stack.keys import EnvironmentKey
from paperboy_cli.terminal import waiting, warn

if TYPE_CHECKING:
    from paperboy_cli.options import DayOrFile

GZIP_MAGIC = b"\x1f\x8b"
SOURCE_URL = "https://huggingface.co"
"""Where listings come from, unless HF_BASE_URL says otherwise."""


def load_json(path: Path) -> Any:
    """The JSON in a file, gzipped or not. Raises PaperboyError that says what is wrong with the file."""
    try:
        content = path.read_bytes()
        return json.loads(gzip.decompress(content) if content.startswith(GZIP_MAGIC) else content)
    except (OSError, EOFError, zlib.error) as error:
        raise PaperboyError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    except (ValueError, RecursionError) as error:
        raise PaperboyError(f"{path} is no JSON that can be read: {error}.") from error


def load_listing(place: DayOrFile) -> tuple[Listing, dt.date | None]:
    """The listing of a day as the source has it now, or a saved one, and the day that it is of, if it says so.

    Each item that is no paper is said on standard error. Raises PaperboyError for a file that is no listing, and for a
    day that has no papers or cannot be had.
    """
    listing, day = (_live_listing(place), place) if isinstance(place, dt.date) else _saved_listing(place)
    for rejection in listing.rejections:
        warn(f"{rejection.item} is left out: {rejection.reason}")
    if not listing.papers and isinstance(place, dt.date):
        raise PaperboyError(f"{place} has no papers, as a weekend may: ask for another day.")
    return listing, day


def _saved_listing(path: Path) -> tuple[Listing, dt.date | None]:
    answer = load_json(path)
    try:
        return read_listing(answer), day_of_listing(answer)
    except ListingError as error:
        raise PaperboyError(f"{path} is no listing: {error}.") from error


def _live_listing(day: dt.date) -> Listing:
    if refusal := to_come_text(day, today()):
        raise PaperboyError(refusal)
    url = laptop_variables().get("HF_BASE_URL") or SOURCE_URL
    if not re.fullmatch(r"https?://\S+", url):
        raise PaperboyError(f"HF_BASE_URL is {url!r}; it has to be an address such as {SOURCE_URL}.")
    token = EnvironmentKey("HF_TOKEN") if os.environ.get("HF_TOKEN") else None
    try:
        with waiting(f"asking {url} for {day} …"):
            return HuggingFace(url, token=token, warn=warn).listing(day)
    except NotListedYetError as error:
        raise PaperboyError(f"{day} is not listed yet at {url}: ask for a day that has begun there (UTC).") from error
    except SourceError as error:
        raise PaperboyError(
            f"the listing of {day} could not be had: {error}."
            " HF_BASE_URL names another source, and a saved listing can stand in the day's place."
        ) from error


def load_own_policy(path: Path | None) -> Policy:
    """The policy in a file, or Paperboy's own. Raises PaperboyError that names the key and what was expected."""
    try:
        return load_policy(path)
    except PolicyError as error:
        raise PaperboyError(str(error)) from error


def load_own_language(code: str) -> Language:
    """The language that is asked for. Raises PaperboyError that names those that there are."""
    try:
        return load_language(code)
    except LanguageError as error:
        is_known = code in get_args(Code)
        raise PaperboyError(str(error) if is_known else f"--language: {error}.") from error
