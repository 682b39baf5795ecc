"""The recorded days become published digests, through the real template in a real emulator."""

from __future__ import annotations

import datetime as dt
import json
import random
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import feedparser
import httpx
import pytest

from paperboy.adapters.stream import day_event
from paperboy.archive.month import Month
from paperboy.archive.site import (
    DAILY_FEED_KEY,
    FEED_KEYS,
    INDEX_KEY,
    SEARCH_KEY,
    SHARDS_KEY,
    month_page_key,
    shard_key,
    year_page_key,
)
from paperboy.days.keys import RANKING
from paperboy.pages.site import MARKDOWN, PAGE_FORMATS
from paperboy.summaries.summary import Rung
from paperboy_cli.commands.up import bring_up
from paperboy_cli.local.deployment import LIVE, SAMPLE
from paperboy_cli.local.emulator import SAMPLE_DAYS, Local
from paperboy_cli.local.processes import wait_for
from paperboy_cli.local.sample import CHANNEL_PATH
from paperboy_cli.stack.deployed import Deployed
from tests.e2e.conftest import Demo
from tests.samples import ZH

DAY = "2026-02-03"
SECOND_ACT = dt.date(2026, 2, 4)
NEXT = dt.date(2026, 2, 5)
"""A third day for the tests that need one whose digest is not out: the sample day's listing under another date."""
EVENTS = SAMPLE_DAYS.parent
PREFIX = "pages"
"""The folder of the pages in the bucket."""
HTML, ATOM = "text/html; charset=utf-8", "application/atom+xml; charset=utf-8"
LAST_LINES = {"the day": HTML, "Markdown": MARKDOWN.content_type, "all days": HTML, "search": HTML, "feed": ATOM}
"""What the demo's last lines name, and the content types of that."""
ACROSS_DAYS = {INDEX_KEY, SEARCH_KEY, SHARDS_KEY, *FEED_KEYS}
ACROSS_DAYS |= {shard_key("2026-02"), month_page_key("2026-02"), year_page_key(2026)}
"""The keys of all that is made from the sample days together."""
GOLDEN = Path(__file__).parents[1] / "golden" / "sample_day.md"


class Edited:
    """The sample server, answering from a folder in which NEXT is listed too; call it to edit NEXT's listing."""

    def __init__(self, demo: Demo, folder: Path) -> None:
        self._listing = folder / f"{NEXT}.json"
        shutil.copy(folder / f"{DAY}.json", self._listing)
        self.local = Local(home=demo.local.home, port=demo.local.port, sample_days=folder)

    def serve(self) -> None:
        self.local.stop(leave={"emulator"})
        self.local.start_sample()

    def __call__(self, paper_id: str, **signals: int) -> None:
        items = json.loads(self._listing.read_text(encoding="utf-8"))
        for item in items:
            if item["paper"]["id"] == paper_id:
                item["paper"].update(signals)
        self._listing.write_text(json.dumps(items), encoding="utf-8")


@pytest.fixture
def edited(demo: Demo, tmp_path: Path) -> Iterator[Edited]:
    edited = Edited(demo, Path(shutil.copytree(SAMPLE_DAYS, tmp_path / "sample")))
    edited.serve()
    yield edited
    demo.local.stop(leave={"emulator"})
    demo.local.start_sample()


def page(demo: Demo, day: object = DAY, kind: str = "md") -> httpx.Response:
    written = next(each for each in PAGE_FORMATS if each.suffix == kind)
    return httpx.get(Deployed(demo.local, SAMPLE).link(dt.date.fromisoformat(str(day)), written))


def rungs(demo: Demo, day: object) -> Counter[str]:
    """How many papers of a published day stand on which rung."""
    return Counter(paper["rung"] for paper in page(demo, day, "json").json()["papers"])


def test_the_demo_ends_with_its_links(demo: Demo) -> None:
    """The last lines are links that serve the sample day's page, in HTML and in Markdown as it was once looked at, all
    days, the search and a feed."""
    links = dict(re.split(r" +(?=http)", line) for line in demo.printed.splitlines()[-5:])
    answers = {name: httpx.get(link).raise_for_status() for name, link in links.items()}
    assert LAST_LINES == {name: answer.headers["Content-Type"] for name, answer in answers.items()}
    assert page(demo, kind="html").text == answers["the day"].text
    assert GOLDEN.read_text(encoding="utf-8") == answers["Markdown"].text


def test_the_link_is_served_by_the_stacks_bucket(demo: Demo) -> None:
    """The link names the bucket of the stack, and is gone with the object in it."""
    s3 = demo.local.client("s3")
    bucket, key = demo.outputs["Bucket"], f"{PREFIX}/digests/{DAY}.md"
    assert f"Markdown {demo.local.url}/{bucket}/{key}" in demo.printed.splitlines()
    there = s3.get_object(Bucket=bucket, Key=key)
    s3.delete_object(Bucket=bucket, Key=key)
    assert 404 == page(demo).status_code
    kept = {name: there[name] for name in ("ContentType", "CacheControl", "Metadata")}
    s3.put_object(Bucket=bucket, Key=key, Body=there["Body"].read(), **kept)
    assert 200 == page(demo).status_code


def test_the_pages_across_days_come_by_themselves(demo: Demo) -> None:
    """Nobody asks for the index, the months, the search and the feeds: the bucket tells of a day's page, and a function
    hears of it and puts them."""
    invoked = re.findall(rf"POST /2015-03-31/functions/{SAMPLE.name}-(\w+)-\w+/invocations", demo.requests)
    assert (True, False) == ("Ingest" in invoked, "Catalog" in invoked)
    put = {*re.findall(rf" PUT /{demo.outputs['Bucket']}/{PREFIX}/(\S+)\? 200", demo.requests)}
    assert put >= ACROSS_DAYS
    assert "catalogued    all days, search and feeds" in demo.printed


def test_a_mended_day_is_so_across_days(demo: Demo) -> None:
    """After the second act the index marks no day, and what the search and the feed have of that day is the model's."""
    links = Deployed(demo.local, SAMPLE).links()
    index, shard, feed = (httpx.get(links.to(key)).text for key in (INDEX_KEY, shard_key("2026-02"), DAILY_FEED_KEY))
    assert [] == re.findall(r"[†*]</span>", index)
    [_, mended] = Month.of_shard(shard).days
    assert (SECOND_ACT, False, {Rung.MODEL}) == (mended.day, mended.open, {each.rung for each in mended.papers})
    parsed = feedparser.parse(feed)
    assert (False, 2) == (parsed.bozo, len(parsed.entries))
    assert str(SECOND_ACT) in parsed.entries[0].title
    assert ZH.labels.low.listing not in parsed.entries[0].content[0].value


def test_the_demo_shows_every_step_and_paper(demo: Demo) -> None:
    """The terminal shows each step once, each of the 16 papers, and the receipt; then ten papers, and four again."""
    for step in ("emulator", "sam build", "sam deploy", "listed", "ranked", "published"):
        assert step in demo.printed
    acts = re.split(rf"^{SECOND_ACT}: ", demo.printed, flags=re.M)
    assert [16, 10, 4] == [act.count(" summarised ") for act in acts]
    assert [1, 1, 1] == [act.count(" published ") for act in acts]
    assert f"Receipt of {DAY}: 25 listed + 0 kept = 16 in + 9 left out + 0 rejected" in demo.printed


def test_bad_replies_are_repaired_and_the_terminal_says_why(demo: Demo) -> None:
    """Of a reply that is cut off and one with an invented number the terminal tells what was wrong, and the repair."""
    told = " ".join(demo.printed.split())
    for reason in (
        "reply: it ends before its JSON object does",
        "summary: the number 96.4% is neither in the title nor in the abstract",
    ):
        assert f"refused at first ({reason}); asked again with that, and the repair was accepted" in told
    assert {"model": 14, "repaired": 2} == rungs(demo, DAY)


def test_a_model_that_goes_away_marks_the_day_and_its_return_mends_it(demo: Demo) -> None:
    """In the second act the digest comes out with four papers marked, and the next run pays for those four alone."""
    told = " ".join(demo.printed.split())
    assert 4 == len(re.findall(r"marked \((?:listing|abstract)\): [^.]*503", told))
    assert "6 of 10 told by the model, 4 marked. Model calls paid for: 6." in told
    assert "On the page a marked paper says: *中文摘要暂缺" in told
    assert "10 of 10 told by the model, 0 marked. Model calls paid for: 4 more; mended: 4." in told
    assert {"model": 10} == rungs(demo, SECOND_ACT)
    assert not Deployed(demo.local, SAMPLE).table.read_day(SECOND_ACT).open


def test_a_channel_is_told_once(demo: Demo) -> None:
    """In the third act the sample's channel is told of the day, and shows it; a second demo tells it nothing, and
    neither does whoever asks for that day again."""
    heading = f"{DAY}: the channel is told, as a bot of DingTalk would show it.\n**2 月 3 日 星期二 · 16 篇论文**"
    assert heading in demo.printed
    before = channel(demo)  # since the sample server was started the last time
    assert heading not in demo.paperboy("demo").stdout
    assert "terminal 1  sent" in demo.paperboy("announce", DAY, "--sample").stdout
    assert before == channel(demo)


def channel(demo: Demo) -> list[str]:
    """What the sample's channel was told."""
    return [each["markdown"]["text"] for each in httpx.get(f"{demo.local.sample_url}{CHANNEL_PATH}").json()]


def test_every_page_has_its_type_and_is_fresh_within_minutes(demo: Demo) -> None:
    """The JSON page says what it is, and readers' copies expire within minutes."""
    answer = page(demo, kind="json")
    assert "application/json; charset=utf-8" == answer.headers["Content-Type"]
    assert "public, max-age=60, must-revalidate" == answer.headers["Cache-Control"]
    assert 16 == answer.json()["count"]


def test_a_second_demo_changes_nothing(demo: Demo) -> None:
    """Again with nothing new: no model call, no stream record, no bucket write and no look at the archive, and the demo
    says so."""
    before = demo.calls()["model"], demo.stream_records(), demo.puts(), demo.catalogued()
    again = demo.paperboy("demo").stdout
    assert before == (demo.calls()["model"], demo.stream_records(), demo.puts(), demo.catalogued())
    assert before[1] > 0
    assert before[2] >= 4
    assert "nothing has changed since" in again
    assert "the model" not in again


def test_every_event_again_changes_nothing(demo: Demo) -> None:
    """Every event of the day delivered again, twice and in any order, leaves records, pages and calls as they are."""
    before = demo.records(), demo.calls()["model"], demo.puts()
    functions = ("ingest", "ingest_due", "score", "render", "summarize")
    kept = {name: json.loads((EVENTS / f"{name}.json").read_text()) for name in functions}
    ids = [paper["id"] for paper in page(demo, kind="json").json()["papers"]]
    bodies = [json.dumps({"day": DAY, "paper_id": paper_id, "attempt": 1}) for paper_id in ids]
    messages = [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]
    events: list[tuple[str, dict[str, Any]]] = [
        *((name.partition("_")[0].capitalize(), event) for name, event in kept.items()),
        *(("Summarize", {"Records": part}) for part in (messages[:8], messages[8:])),
    ] * 2
    random.Random(0).shuffle(events)  # noqa: S311 - a shuffle, no secret
    answers = [demo.invoke(function, event) for function, event in events]
    assert [] == [answer for answer in answers if answer.get("batchItemFailures")]
    assert before == (demo.records(), demo.calls()["model"], demo.puts())


def test_without_summaries_the_digest_waits_until_it_is_due(demo: Demo, edited: Edited) -> None:
    """With summarize's trigger off the digest is not published; the due run publishes it, and the next one mends it."""
    functions = demo.local.client("lambda")
    [mapping] = [
        each["UUID"]
        for each in functions.list_event_source_mappings()["EventSourceMappings"]
        if each["EventSourceArn"].endswith(f":{demo.outputs['SummaryQueue'].rpartition('/')[2]}")
    ]
    functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    deployed = Deployed(demo.local, SAMPLE)
    deployed.ingest(NEXT)
    assert wait_for(lambda: deployed.table.read_day(NEXT).ranking, 30)
    demo.invoke("Render", day_event(NEXT, RANKING))
    assert 404 == page(demo, NEXT).status_code
    assert "published" in demo.paperboy("run", str(NEXT), "--sample", "--due").stdout
    assert {"listing": 13, "abstract": 3} == rungs(demo, NEXT)
    functions.update_event_source_mapping(UUID=mapping, Enabled=True)
    assert wait_for(lambda: not deployed.table.read_day(NEXT).open, 60)
    assert {"model": 14, "repaired": 2} == rungs(demo, NEXT)


def test_a_changed_vote_changes_the_order(demo: Demo, edited: Edited) -> None:
    """With one vote changed in the sample the next run publishes another order."""
    demo.paperboy("run", str(NEXT), "--sample")
    before = [paper["id"] for paper in page(demo, NEXT, "json").json()["papers"]]
    edited("2602.01335", upvotes=400)
    demo.paperboy("run", str(NEXT), "--sample")
    after = [paper["id"] for paper in page(demo, NEXT, "json").json()["papers"]]
    assert (15, 8) == (before.index("2602.01335"), after.index("2602.01335"))


def test_the_data_is_there_again_after_a_restart(demo: Demo, edited: Edited) -> None:
    """After `down` and `up` the digest is served as before, and the next day still comes out."""
    edited.local.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(demo.local.url)
    deployed = bring_up(edited.local, SAMPLE)
    assert GOLDEN.read_text(encoding="utf-8") == page(demo).text
    edited("2602.01335", upvotes=77)
    assert "published" in {progress.step for progress in deployed.run(NEXT)}


def test_a_second_stack_stands_beside_the_first(demo: Demo) -> None:
    """The live stack comes up beside the sample's, catches up, keeps its schedule and its token to itself; without a
    model `up` says so, and its digest is marked and done."""
    said = demo.paperboy("up", HF_BASE_URL=demo.local.sample_url, LLM_BASE_URL="", HF_TOKEN="a-secret")  # noqa: S106 - of nothing
    assert "No model is set, so the texts are the listing's own, in English." in said.stdout
    live = Deployed(demo.local, LIVE)
    assert "published" in {progress.step for progress in live.run(SECOND_ACT)}
    stacks = {each["name"]: each for each in json.loads(demo.paperboy("status", "--json").stdout)["stacks"]}
    assert {"paperboy", "paperboy-sample"} == set(stacks)
    of_sample = json.loads(demo.paperboy("status", "--sample", "--json").stdout)
    assert [stacks["paperboy-sample"]] == of_sample["stacks"]
    shown = demo.paperboy("status", "--sample").stdout
    assert ("paperboy-sample: " in shown, "paperboy: " in shown) == (True, False)
    digest = stacks["paperboy"]["digests"][0]
    assert (str(SECOND_ACT), {"listing": 7, "abstract": 3}) == (digest["day"], digest["rungs"])
    assert not digest["open"]
    assert 200 == httpx.get(digest["link"]).status_code
    assert GOLDEN.read_text(encoding="utf-8") == page(demo).text
    schedules = demo.local.client("scheduler").list_schedules()["Schedules"]
    details = [demo.local.client("scheduler").get_schedule(Name=each["Name"]) for each in schedules]
    enabled = {each["ScheduleExpression"] for each in details if each["State"] == "ENABLED"}
    assert {"cron(17 3-5 * * ? *)", "cron(17 6 * * ? *)"} == enabled
    assert wait_for(lambda: live.table.read_day(live.today - dt.timedelta(days=1)).run, 30), "it did not catch up"
    kept = [*demo.local.home.glob("*.json"), *demo.local.home.glob("log/*")]
    assert [] == [path for path in kept if "a-secret" in path.read_text(errors="replace")]


def test_the_logs_tell_day_paper_and_counts(demo: Demo) -> None:
    """Each summarised paper is one structured log line with its day and id, and the counts come out as metrics."""
    told = demo.logged()
    papers = {each["paper"] for each in told if each.get("status") == "summarised" and each.get("day") == DAY}
    assert 16 <= len(papers)
    metrics = {name for each in told if "_aws" in each for name in each}
    assert metrics >= {"Listed", "Rejected", "Selected", "LeftOut", "SummarisedModel", "Published"}
