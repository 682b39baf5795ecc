"""Pages and shards that somebody damaged, or that another version wrote: each costs itself alone."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from typing import Any

import pytest

from paperboy.archive.month import Month
from paperboy.archive.site import INDEX_KEY, month_page_key, shard_key
from paperboy.days.digest import assemble
from paperboy.pages.site import JSON, digest_key, digest_pages
from tests.integration.conftest import DAY, Stages
from tests.samples import ZH, day, paper

NEXT_DAY = dt.date(2026, 2, 4)
LAST_MONTH = dt.date(2026, 1, 30)


def publish(stages: Stages, *dates: dt.date) -> None:
    """Put days' pages in the bucket."""
    for date in dates:
        digest = assemble(day(*(paper(number) for number in range(3)), date=date))
        assert digest
        for page in digest_pages(digest, ZH):
            stages.bucket.put(page, stages.bucket.look(page.key))


def put(stages: Stages, key: str, content: bytes, **values: Any) -> None:
    stages.s3.put_object(Bucket=stages.name, Key=stages.bucket.path(key), Body=content, **values)


def unreadable(stages: Stages) -> list[str]:
    """What is named as unreadable from now on, by its key."""
    named: list[str] = []
    stages.on_unreadable_page = lambda key, _: named.append(key)
    return named


def shard(stages: Stages, name: str = "2026-02") -> Month:
    return Month.of_shard(stages.bucket.read(shard_key(name)))


PAGES: dict[str, tuple[Any, dict[str, str]]] = {
    "no UTF-8": (b'{"day": "\xff"}', {}),
    "not compressed as it is said to be": (b"{}", {"ContentEncoding": "gzip"}),
    "compressed and cut off": (gzip.compress(b"{}" * 99)[:-9], {"ContentEncoding": "gzip"}),
    "another day's of the month": ({"day": str(DAY)}, {}),
    "another month's": ({"day": "2026-03-04"}, {}),
    "of a newer format": ({"format": 3}, {}),
    "no number": ({"receipt": float("nan")}, {}),
    "half a character": ({"receipt": "\ud800"}, {}),
}
"""What can stand where the page of NEXT_DAY is: bytes, or what that page says otherwise."""


@pytest.mark.parametrize(("content", "values"), PAGES.values(), ids=list(PAGES))
def test_a_bad_page_costs_itself(stages: Stages, content: Any, values: dict[str, str]) -> None:
    """A page that is no text, or another day's, is missing and named; the month's other days are there."""
    named, key = unreadable(stages), digest_key(NEXT_DAY, JSON)
    publish(stages, DAY, NEXT_DAY)
    if isinstance(content, dict):
        content = json.dumps(json.loads(stages.bucket.read(key)) | content).encode()
    put(stages, key, content, **values)
    stages.cataloging.catalog_days([DAY, NEXT_DAY])
    assert ([key], [DAY]) == (named, [each.day for each in shard(stages).days])
    assert INDEX_KEY in stages.pages()


@pytest.mark.parametrize("date", [dt.date(1, 1, 1), dt.date(999, 5, 5), dt.date(9999, 12, 31)], ids=str)
def test_a_day_at_the_end_of_time_costs_itself(stages: Stages, date: dt.date) -> None:
    """A day whose year has no four digits, or none after it, is in no month; the pages of the others come out."""
    unreadable(stages)
    publish(stages, DAY)
    text = stages.bucket.read(digest_key(DAY, JSON)).replace(str(DAY), str(date))
    put(stages, digest_key(date, JSON), text.encode())
    stages.cataloging.catalog_days([date])
    stages.cataloging.catalog_days([DAY])
    assert [DAY] == [each.day for each in shard(stages).days]
    assert f'datetime="{DAY}"' in stages.pages()[INDEX_KEY].decode()


@pytest.mark.parametrize(
    "content",
    [b"\xff", b'{"format": 2}', gzip.compress(b"{}")[:-3], "2026-02"],
    ids=["no UTF-8", "another format", "compressed and cut off", "another month's"],
)
def test_a_bad_shard_is_made_of_its_days(stages: Stages, content: bytes | str) -> None:
    """A shard that cannot be read, or is another month's, is named and read from its days; others follow as ever."""
    publish(stages, LAST_MONTH, DAY)
    for date in (LAST_MONTH, DAY):
        stages.cataloging.catalog_days([date])
    before, named = stages.pages(), unreadable(stages)
    bad = shard(stages, content).shard().encode() if isinstance(content, str) else content
    put(stages, shard_key("2026-01"), bad, **({"ContentEncoding": "gzip"} if bad[:1] == b"\x1f" else {}))
    stages.cataloging.catalog_days([NEXT_DAY])
    assert {shard_key("2026-01")} == set(named)
    assert str(LAST_MONTH) in stages.pages()[INDEX_KEY].decode()
    stages.cataloging.catalog_days([LAST_MONTH])
    assert before[shard_key("2026-01")] == stages.pages()[shard_key("2026-01")]


def test_a_month_of_which_nothing_can_be_read_costs_itself(stages: Stages) -> None:
    """Where shard and days of a month are damaged, all else comes out, also when such a day is heard of."""
    last_year = dt.date(2025, 12, 31)
    publish(stages, last_year, DAY)
    for date in (last_year, DAY):
        stages.cataloging.catalog_days([date])
    unreadable(stages)
    for key in (shard_key("2025-12"), digest_key(last_year, JSON)):
        put(stages, key, b"?")
    put(stages, "search/2026-13.json", b"?")
    publish(stages, NEXT_DAY)
    for date in (NEXT_DAY, last_year, DAY):
        stages.cataloging.catalog_days([date])
    assert [DAY, NEXT_DAY] == [each.day for each in shard(stages).days]
    pages = stages.pages()
    assert str(NEXT_DAY) in pages[INDEX_KEY].decode()
    assert str(NEXT_DAY) in pages[month_page_key("2026-02")].decode()
