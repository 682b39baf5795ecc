"""What is made from many days: its sizes, what a day writes, how long that takes, and whether made anew it is the same.

.venv/bin/python -m tests.benchmarks.catalog
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections import Counter
from collections.abc import Iterable
from statistics import median
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from functions.catalog.handler import Catalog
from paperboy.adapters.archive import ArchiveReader
from paperboy.adapters.bucket import Bucket
from paperboy.adapters.observe import logger
from paperboy.adapters.sources.hugging_face import read_listing
from paperboy.adapters.table import Table
from paperboy.archive.site import FEED_KEYS, INDEX_KEY, SEARCH_KEY
from paperboy.days.digest import Digest, assemble
from paperboy.days.records import DayRecords, Run
from paperboy.languages.language import load_language
from paperboy.pages.site import digest_pages
from paperboy.papers.policy import load_policy
from paperboy.papers.ranking import rank
from paperboy.summaries.summary import Rung, Summary
from paperboy_cli.local.emulator import Local
from paperboy_cli.project.folder import ROOT
from tests.benchmarks.common import benchmark, console, local_stack, run, show
from tests.benchmarks.upstreams import reply
from tests.samples import day, paper, read_json

DATA = ROOT.parent / "shared" / "data" / "hf_daily"
ZH = load_language("zh")
FIRST_DAY = dt.date(2015, 1, 1)
LENGTHS = (30, 300, 3_000)
"""Days of an archive before the one that is counted."""
HOW = """\
The catalog function's own work, called directly, on a bucket and a table of the emulator. First the real listings of
../shared, each as a digest with a made-up Chinese summary for each paper that is in, one day after the other; then
archives of small days, of which the last is counted."""


class Archived:
    """A bucket and a table of their own, the catalog that works there, and what it asks of the bucket."""

    def __init__(self, local: Local) -> None:
        name = f"catalog-{uuid.uuid4().hex}"
        dynamodb, self.s3 = local.client("dynamodb"), local.client("s3")
        properties = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]["Table"]["Properties"]
        schema = {key: properties[key] for key in ("AttributeDefinitions", "KeySchema", "BillingMode")}
        dynamodb.create_table(TableName=name, **schema)
        self.s3.create_bucket(Bucket=name)
        self.bucket, self.table = Bucket(name, self.s3, "pages"), Table(name, print, dynamodb)
        reader = ArchiveReader(self.bucket, self.table, print)
        self.catalog = Catalog(reader, self.bucket, ZH, self.bucket.address)
        self.requests: Counter[str] = Counter()
        self.s3.meta.events.register("before-call.s3", self._count)

    def _count(self, model: Any, **_: object) -> None:
        self.requests[model.name] += 1

    def publish(self, digest: Digest) -> None:
        for page in digest_pages(digest, ZH):
            if not page.key.startswith("latest."):
                self.bucket.put(page, None)

    def take_up(self, days: Iterable[dt.date]) -> tuple[float, Counter[str]]:
        """Have catalog take days up: how many seconds it took, and its requests to the bucket."""
        self.requests.clear()
        begun = time.monotonic()
        self.catalog.catalog_days(set(days))
        return time.monotonic() - begun, self.requests.copy()

    def across(self) -> dict[str, bytes]:
        """The pages across days, by their keys, as they are kept."""
        keys = [key for key in self.bucket.keys("") if not key.startswith("digests/")]
        path = self.bucket.path
        return {key: self.s3.get_object(Bucket=self.bucket.name, Key=path(key))["Body"].read() for key in keys}


def main() -> None:
    logger.setLevel("WARNING")
    with benchmark("catalog", HOW, seconds=1200), local_stack() as local:
        local.start_emulator()
        if DATA.is_dir():
            show_real(local)
        else:
            console.print("\nThe real listings are left out: ../shared is not here.")
        show_lengths(local)


def show_real(local: Local) -> None:
    archived = Archived(local)
    digests = [made for file in sorted(DATA.glob("*.json.gz")) if (made := real_digest(file))]
    took, puts, gets = [], [], []
    last = digests[0].day
    for digest in digests:
        gap = [last + dt.timedelta(days=number) for number in range(1, min(30, (digest.day - last).days))]
        for empty in gap:
            archived.table.put_run(DayRecords(empty), empty_run())
        last = digest.day
        archived.publish(digest)
        seconds, requests = archived.take_up([digest.day])
        took.append(seconds)
        puts.append(requests["PutObject"])
        gets.append(requests["GetObject"])
    pages = archived.across()
    show_sizes(pages, digests)
    rows: list[list[object]] = [
        ["seconds", f"{median(took):.2f}", f"{max(took):.2f}"],
        ["objects written", f"{median(puts):.0f}", max(puts)],
        ["objects read", f"{median(gets):.0f}", max(gets)],
    ]
    show([f"{len(digests)} days, one after the other: a day", "median", "most"], rows)
    for key in pages:
        archived.s3.delete_object(Bucket=archived.bucket.name, Key=archived.bucket.path(key))
    months: dict[str, list[dt.date]] = {}
    for digest in digests:
        months.setdefault(f"{digest.day:%Y-%m}", []).append(digest.day)
    seconds = sum(archived.take_up(days)[0] for days in months.values())
    anew = archived.across()
    differing = sorted(key for key in pages.keys() | anew.keys() if pages.get(key) != anew.get(key))
    console.print(
        f"\nMade anew in {seconds:.1f} s: {len(anew)} objects, {len(differing)} of them other bytes {differing}"
    )


def show_sizes(pages: dict[str, bytes], digests: list[Digest]) -> None:
    papers = sum(len(digest.entries) + len(digest.left_out) for digest in digests)
    kinds = {
        f"shards, of {papers:,} papers": [key for key in pages if key.startswith("search/2")],
        "index": [INDEX_KEY],
        "search page": [SEARCH_KEY],
        **{
            f"{kind} pages": [key for key in pages if key.startswith(f"{kind}s/")] for kind in ("month", "week", "year")
        },
        **{key: [key] for key in FEED_KEYS},
    }
    rows = [
        [
            name,
            len(keys),
            f"{max(len(pages[key]) for key in keys) / 1000:.1f}",
            f"{sum(len(pages[key]) for key in keys) / 1000:.1f}",
        ]
        for name, keys in kinds.items()
    ]
    show(["pages, as they are kept", "objects", "the largest, KB", "together, KB"], rows)


def show_lengths(local: Local) -> None:
    rows = []
    for length in LENGTHS:
        archived = Archived(local)
        days = [FIRST_DAY + dt.timedelta(days=number) for number in range(length + 1)]
        months: dict[str, list[dt.date]] = {}
        for each in days[:-1]:
            archived.publish(small_digest(each))
            months.setdefault(f"{each:%Y-%m}", []).append(each)
        for of_month in months.values():
            archived.take_up(of_month)
        archived.publish(small_digest(days[-1]))
        seconds, requests = archived.take_up([days[-1]])
        names = ("PutObject", "HeadObject", "GetObject", "ListObjectsV2")
        rows.append(
            [f"{length:,}", f"{seconds:.2f}", *(requests[name] for name in names), len(archived.bucket.read(INDEX_KEY))]
        )
    show(["days before", "seconds", "put", "looked at", "read", "listed", "index, characters"], rows)


def real_digest(file: Any) -> Digest | None:
    listing = read_listing(read_json(file))
    if not listing.papers:
        return None
    date = dt.date.fromisoformat(file.name.split(".")[0])
    selected = {row.id for row in rank(listing.papers, load_policy(), date).selected}
    texts = {
        each.id: Summary(**reply({"title": each.title, "abstract": each.abstract}), rung=Rung.MODEL)
        for each in listing.papers
        if each.id in selected
    }
    return assemble(day(*listing.papers, summaries=texts, date=date, due=True, rejections=listing.rejections))


def small_digest(date: dt.date) -> Digest:
    number = date.toordinal()
    made = assemble(day(*(paper(number * 10 + place) for place in range(2)), date=date))
    assert made
    return made


def empty_run() -> Run:
    texts = dict.fromkeys(("papers_hash", "policy_hash", "prompt_version"), "")
    return Run(ids=(), listed=0, kept=0, attempt=1, scheduled_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), **texts)


if __name__ == "__main__":
    run(main)
