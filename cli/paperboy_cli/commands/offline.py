"""What `rank` and `render` share: they read saved listings and need no stack."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import zlib
from pathlib import Path
from typing import Any

from paperboy.adapters.sources.hugging_face import day_of_listing, read_listing
from paperboy.papers.listing import Listing, ListingError
from paperboy.papers.policy import Policy, PolicyError, load_policy
from paperboy_cli.errors import PaperboyError
from paperboy_cli.terminal import warn

GZIP_MAGIC = b"\x1f\x8b"


def load_json(path: Path) -> Any:
    """The JSON in a file, gzipped or not. Raises PaperboyError that says what is wrong with the file."""
    try:
        content = path.read_bytes()
        return json.loads(gzip.decompress(content) if content.startswith(GZIP_MAGIC) else content)
    except (OSError, EOFError, zlib.error) as error:
        raise PaperboyError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    except (ValueError, RecursionError) as error:
        raise PaperboyError(f"{path} is no JSON that can be read: {error}.") from error


def load_listing(path: Path) -> tuple[Listing, dt.date | None]:
    """The listing in a saved answer of the Daily Papers API, and the day that it is of, if it says so.

    Each item that is no paper is said on standard error. Raises PaperboyError for a file that is no listing.
    """
    answer = load_json(path)
    try:
        listing = read_listing(answer)
    except ListingError as error:
        raise PaperboyError(f"{path} is no listing: {error}.") from error
    for rejection in listing.rejections:
        warn(f"{rejection.item} is left out: {rejection.reason}")
    return listing, day_of_listing(answer)


def load_own_policy(path: Path | None) -> Policy:
    """The policy in a file, or Paperboy's own. Raises PaperboyError that names the key and what was expected."""
    try:
        return load_policy(path)
    except PolicyError as error:
        raise PaperboyError(str(error)) from error
