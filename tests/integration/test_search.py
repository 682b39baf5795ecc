"""`paperboy search` over shards in the emulator's S3: what it finds, and what is said of what it cannot read."""

from __future__ import annotations

import json
import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from paperboy.adapters.bucket import Bucket
from paperboy.archive.month import Month
from paperboy.archive.search import shard_page, shards_page
from paperboy.archive.site import shard_key
from paperboy_cli.commands import search
from paperboy_cli.errors import PaperboyError
from paperboy_cli.local.emulator import Local
from paperboy_cli.main import app
from paperboy_cli.stack.host import Stack, StackDescription
from tests.samples import DAY, ROOT, archived, listed_digest, sample_summaries

DAYS = [archived(listed_digest(ROOT / f"events/sample/2026-02-0{day}.json", sample_summaries())) for day in (3, 4)]
BAD_SHARDS: dict[str, Any] = {
    "2026-01": {"Body": b'{"format": 9, "month": "2026-01", "days": []}'},
    "2025-12": {"Body": b"no JSON"},
    "2025-11": {"Body": b"not packed", "ContentEncoding": "gzip"},
    "2025-10": {"Body": b"\xff\xfe"},
}


class Archived:
    """A stack with an archive, as the command finds it by its options."""

    def __init__(self, emulator: Local) -> None:
        self.name = f"test-{uuid.uuid4().hex}"
        self.s3 = emulator.client("s3")
        self.s3.create_bucket(Bucket=self.name)
        self.bucket = Bucket(self.name, self.s3, "pages")
        self.emulator = emulator

    def describe(self, access: str) -> Any:
        described = StackDescription({"Access": access, "Pages": f"s3://{self.name}/pages/"}, {})
        own = {"client": self.emulator.client, "explained": self.emulator.explained, "session": self.emulator.session}
        return SimpleNamespace(describe=lambda _: described, options=lambda _: "", **own)


@pytest.fixture(scope="module")
def archive(emulator: Local) -> Archived:
    made = Archived(emulator)
    for page in (shards_page(["2026-02"], DAY), shard_page(Month.of("2026-02", DAYS, ()))):
        made.bucket.put(page, None)
    return made


@pytest.fixture
def run(archive: Archived, monkeypatch: pytest.MonkeyPatch) -> Any:
    def called(*arguments: str, access: str = "public", of: Archived = archive) -> Result:
        found = of.describe(access), Stack("paperboy-sample", sample=True)
        monkeypatch.setattr(search, "named_stack", lambda *_: found)
        return CliRunner().invoke(app, ["search", *arguments])

    return called


def test_papers_are_found(run: Any) -> None:
    """Papers come newest first with their title, day, place, score and link; the best first where asked for so; no more
    than wanted, and then it says that there are more."""
    shown = run("2026-02", "--most", "3")
    assert (0, 3) == (shown.exit_code, shown.output.count("https://arxiv.org/abs/"))
    assert "2026-02-04 · no. 1 · " in shown.output
    assert shown.output.endswith("There are more; `--most 6` shows 6.\n")
    best = json.loads(run("2026-02", "--best", "--json", "--most", "100").output)
    scores = [each["score"] for each in best["papers"]]
    assert (sorted(scores, reverse=True), sum(len(day.papers) for day in DAYS)) == (scores, len(scores))
    assert (False, []) == (best["more"], best["unreadable"])


def test_an_entry_is_linked_where_it_opens(run: Any) -> None:
    """For a program a paper that is in has the address of its entry, unless only signed links open that."""
    [found] = json.loads(run("2602.02343", "--json").output)["papers"]
    assert found["entry"].endswith("/pages/digests/2026-02-03.html#2602.02343")
    [found] = json.loads(run("2602.02343", "--json", access="private").output)["papers"]
    assert found["entry"] is None
    left_out = DAYS[0].papers[-1]
    assert left_out.number is None
    [found] = json.loads(run(left_out.id, "--json").output)["papers"]
    assert (None, left_out.link) == (found["entry"], found["link"])


def test_nothing_is_found(run: Any) -> None:
    """Where nothing is found it ends with 1, as grep does, and says what to try; a program has an empty list."""
    missing = run("nothing", "has\u202ethis", "--json")
    assert [] == json.loads(missing.output)["papers"]
    assert isinstance(missing.exception, PaperboyError)
    assert "no paper has nothing and has and this in its texts: fewer words or shorter ones" in str(missing.exception)


def test_no_word(run: Any) -> None:
    """What shows nothing is no word, and is refused."""
    assert 2 == run(" ", "\u200b").exit_code


def test_no_archive(run: Any, emulator: Local) -> None:
    """A stack without an archive is told how to make one."""
    missing = run("any", of=Archived(emulator))
    assert "has no archive to search yet: `paperboy catalog` makes it" in str(missing.exception)


def test_a_shard_that_cannot_be_read(run: Any, emulator: Local) -> None:
    """A shard that is damaged costs itself, and is told with the reason; the others are searched."""
    archive = Archived(emulator)
    archive.bucket.put(shard_page(Month.of("2025-09", [], [DAY.replace(year=2025, month=9)])), None)
    archive.bucket.put(shard_page(Month.of("2026-02", DAYS, ())), None)
    for name, content in BAD_SHARDS.items():
        archive.s3.put_object(Bucket=archive.name, Key=f"pages/{shard_key(name)}", **content)
    found = run("2602.02343", "--best", of=archive)
    assert (0, 1) == (found.exit_code, found.stdout.count("arxiv.org"))
    warnings = found.stderr.splitlines()
    said = [line.partition(" could not be read, so its papers are not found: ") for line in warnings]
    assert [f"paperboy: {name}" for name in BAD_SHARDS] == [before for before, _, _ in said]
    assert all(reason for _, _, reason in said), warnings
    nothing = run("nothing-has-this", "--json", of=archive)
    assert [*BAD_SHARDS] == json.loads(nothing.stdout)["unreadable"]
    assert "no paper that could be read has" in str(nothing.exception)
