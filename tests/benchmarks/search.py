"""What a search of 5,000 papers takes: the shards' size, and the time in a real browser.

.venv/bin/python -m tests.benchmarks.search
"""

from __future__ import annotations

import datetime as dt
import gzip
import itertools
import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from paperboy.adapters.sources.hugging_face import read_listing
from paperboy.archive.month import ArchivedDay, Month
from paperboy.archive.search import find, search_page, shard_page, shards_page, words_of
from paperboy.days.digest import assemble
from paperboy.papers.paper import Paper
from paperboy.summaries.checks import CHINESE
from paperboy.summaries.summary import Summary
from paperboy_cli.errors import PaperboyError
from tests.benchmarks.common import benchmark, console, run, show, verdict
from tests.samples import ROOT, ZH, archived, day, read_json, sample_summaries
from tests.served import served

PAPERS = 5_000
REACH_BYTES, REACH_MS = 2_000_000, 50.0
ROUNDS = 5
NEWEST = dt.date(2026, 11, 27)
HOW = f"""\
The listings beside the project (else the sample's), ranked, on one weekday after another back from {NEWEST}; again and
again with other ids, until there are {PAPERS:,} papers. Papers that are in have the sample's Chinese summaries in turn,
with other characters in place of two fifths of theirs for each paper: so a text more takes what a real one does. Sizes
are gzip's. A query is timed in Chromium, from the key to the finished layout of the first results: the median
of {ROUNDS}."""

QUERIES = [
    *("扩散", "推理", "Qwen 推理", "模型", "a", "e", "diffusion", "reasoning agent", "multimodal large language model"),
    *("2602.02343", "2026-02", "2026-11-27", "Must Read", "Zhang Wei", "NVIDIA", "nothing has this", "模型 方法"),
]
CHANGED = 0.4
"""The part of the Chinese characters that stand for others in each paper. With it, one more text in a long row takes
345 bytes gzipped; one more of the sample's real texts takes 347 at the end of the others, and one of the seed's 302."""
KEPT = "扩散推理模型方法训练"
"""Characters that stay as they are: words that are searched for."""
SLOW = {"offline": False, "latency": 40, "downloadThroughput": 10e6 / 8, "uploadThroughput": 5e6 / 8}
"""A line of 10 Mbit/s, 40 ms away."""
WATCH = """
const frame = requestAnimationFrame;
window.measured = {frames: []};
window.requestAnimationFrame = (draw) => frame((time) => {
  const began = performance.now();
  draw(time);
  document.body.offsetHeight;
  measured.frames.push(performance.now() - began);
  measured.first ??= document.querySelector('#results li') ? performance.now() : undefined;
  measured.all ??= document.querySelector('#results[aria-busy=false]') ? performance.now() : undefined;
});
window.timed = async (query) => {
  const field = document.querySelector('#query');
  field.value = query;
  measured.frames = [];
  const began = performance.now();
  field.dispatchEvent(new Event('input'));
  const key = performance.now() - began;
  do await new Promise(frame); while (document.querySelector('#results[aria-busy=true]'));
  return [key + measured.frames[0], Math.max(key, ...measured.frames)];
};
"""


def main() -> None:
    with benchmark("search", HOW, seconds=180):
        months = list(archive())
        shards = [shard_page(month) for month in months]
        names = [month.month for month in months]
        sizes = [len(gzip.compress(shard.text.encode(), mtime=0)) for shard in shards]
        page = search_page(ZH, NEWEST)
        size_table(months, sizes, len(page.text.encode()))
        if not (chromium := shutil.which("chromium")):
            raise PaperboyError("the time in a browser needs Chromium (apt-get install chromium).")
        with served([page, shards_page(names, NEWEST), *shards]) as site, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            loading_table(browser, site.url)
            query_table(opened(browser, site.url), months)
            browser.close()


def archive() -> Iterator[Month]:
    """The months of an archive of as many papers, newest first."""
    days: list[ArchivedDay] = []
    weekdays = (each for each in (NEWEST - dt.timedelta(days=back) for back in range(9999)) if each.weekday() < 5)
    listings = [read_listing(read_json(file)).papers for file in listing_files()]
    for number, papers in enumerate(itertools.cycle(listings)):
        if sum(len(each.papers) for each in days) >= PAPERS:
            break
        if papers:
            days.append(published(papers, number // len(listings), next(weekdays)))
    for name, of_month in itertools.groupby(days, key=lambda each: each.month):
        yield Month.of(name, of_month, ())


def listing_files() -> list[Path]:
    real = sorted((ROOT.parent / "shared/data/hf_daily").glob("*.json.gz"), reverse=True)
    return real or sorted((ROOT / "events/sample").glob("????-??-??.json"))


def published(papers: tuple[Paper, ...], turn: int, date: dt.date) -> ArchivedDay:
    """A day of these papers; each turn of the listings has other ids."""
    renamed = [paper.model_copy(update={"id": other_id(paper.id, turn)}) for paper in papers]
    digest = assemble(
        day(*renamed, summaries={paper.id: summary_of(paper.id) for paper in renamed}, date=date, due=True)
    )
    assert digest
    kept = archived(digest)
    at = dt.datetime.combine(date, dt.time(3, 17, 20, 123456), dt.UTC)
    return kept.model_copy(
        update={
            "papers": tuple(
                paper.model_copy(update={"written_at": at + dt.timedelta(seconds=place * 1.7)} if paper.number else {})
                for place, paper in enumerate(kept.papers)
            )
        }
    )


def other_id(paper_id: str, turn: int) -> str:
    month, _, number = paper_id.partition(".")
    return f"{month}.{(int(number) + 7919 * turn) % 100_000:05}" if number.isdecimal() else f"{paper_id}{turn or ''}"


SUMMARIES = list(sample_summaries().values())
CHARACTERS = sorted(
    {each for one in SUMMARIES for each in re.findall(CHINESE, f"{one.title}{one.summary}{''.join(one.highlights)}")}
    - set(KEPT)
)


def summary_of(paper_id: str) -> Summary:
    """One of the sample's summaries, in which other characters stand for some of its own."""
    dice = random.Random(paper_id)  # noqa: S311 - the same texts each time
    changed = dice.sample(CHARACTERS, int(len(CHARACTERS) * CHANGED))
    others = str.maketrans("".join(changed), "".join(dice.sample(changed, len(changed))))
    told = dice.choice(SUMMARIES)
    return told.model_copy(
        update={
            "title": (told.title or "").translate(others),
            "summary": told.summary.translate(others),
            "highlights": tuple(each.translate(others) for each in told.highlights),
        }
    )


def size_table(months: list[Month], sizes: list[int], page: int) -> None:
    papers = sum(len(each.papers) for month in months for each in month.days)
    inside = sum(len(each.selected) for month in months for each in month.days)
    console.print(f"{papers:,} papers, {inside:,} of them in, in {len(months)} months; the page {page:,} bytes")
    rows = [
        ["all shards", f"{sum(sizes):,}", f"≤ {REACH_BYTES:,}", verdict(sum(sizes), REACH_BYTES)],
        ["the largest", f"{max(sizes):,}", "", ""],
        ["a paper", f"{sum(sizes) / papers:,.0f}", "", ""],
    ]
    show(["size", "bytes", "reach", ""], rows)


def opened(browser: Browser, url: str, line: dict[str, Any] | None = None) -> Page:
    """The page, with all months loaded, over a `line`."""
    page = browser.new_page()
    page.add_init_script(WATCH)
    if line:
        page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", line)
    page.goto(f"{url}search.html?q=model")
    page.wait_for_selector("#results[aria-busy=false]", state="attached", timeout=60_000)
    return page


def loading_table(browser: Browser, url: str) -> None:
    rows = []
    for name, line in (("loopback", None), ("10 Mbit/s, 40 ms away", SLOW)):
        page = opened(browser, url, line)
        first, every = page.evaluate("[measured.first, measured.all]")
        rows.append([name, f"{first:,.0f}", f"{every:,.0f}", f"{first / every:.2f}"])
        page.close()
    show(["from the page's address, over", "ms to the first results", "ms to all months", "ratio"], rows)


def query_table(page: Page, months: list[Month]) -> None:
    rows, times = [], []
    for query in QUERIES:
        tries = [page.evaluate("(query) => timed(query)", query) for _ in range(ROUNDS)]
        shown, longest = (median(each) for each in zip(*tries, strict=True))
        number = sum(1 for month in months for _ in find(month, words_of(query)))
        times.append(shown)
        verdicts = [f"≤ {REACH_MS:.0f}", verdict(shown, REACH_MS)]
        rows.append([query, f"{number:,}", f"{shown:.1f}", *verdicts, f"{longest:.1f}"])
    rows.append(["median", "", f"{median(times):.1f}", "", "", ""])
    rows.append(["worst", "", f"{max(times):.1f}", f"≤ {REACH_MS:.0f}", verdict(max(times), REACH_MS), ""])
    show(["query", "papers found", "ms to a screenful", "reach", "", "longest frame, ms"], rows)


if __name__ == "__main__":
    run(main)
