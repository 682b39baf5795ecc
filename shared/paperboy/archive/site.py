"""Where the pages across days lie in the bucket."""

from __future__ import annotations

import datetime as dt
import re

INDEX_KEY = "index.html"
"""The newest digest's first lines, and the way to all days."""
SEARCH_KEY = "search.html"
SHARDS_KEY = "search/months.json"
"""The names of the months that have a shard."""
DAILY_FEED_KEY = "feeds/daily.atom"
PAPERS_FEED_KEY = "feeds/papers.atom"
TROPHIES_FEED_KEY = "feeds/trophies.atom"
JSON_FEED_KEY = "feeds/daily.json"
FEED_KEYS = (DAILY_FEED_KEY, PAPERS_FEED_KEY, TROPHIES_FEED_KEY, JSON_FEED_KEY)

SHARDS_PREFIX = "search/"
"""What the key of every shard begins with."""
_SHARD_KEY = re.compile(r"search/([1-9]\d{3}-(0[1-9]|1[0-2]))\.json")


def shard_key(month: str) -> str:
    """The key of what a search loads of a month: ``search/2026-02.json``."""
    return f"{SHARDS_PREFIX}{month}.json"


def month_of_shard(key: str) -> str | None:
    """The month whose shard lies at `key`; None where it is none's."""
    found = _SHARD_KEY.fullmatch(key)
    return found[1] if found else None


def month_page_key(month: str) -> str:
    """The key of a month's page: ``months/2026-02.html``."""
    return f"months/{month}.html"


def year_page_key(year: int) -> str:
    """The key of a year's page: ``years/2026.html``."""
    return f"years/{year}.html"


def week_name(day: dt.date) -> str:
    """The name of a day's week, as ISO 8601 counts them: ``2026-W06``. Its year can be another than the day's."""
    return f"{day:%G-W%V}"


def week_page_key(week: str) -> str:
    """The key of a week's page: ``weeks/2026-W06.html``."""
    return f"weeks/{week}.html"
