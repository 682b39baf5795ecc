"""Who can read the pages: each kind of access opens what it should and nothing else, with permissions enforced."""

from __future__ import annotations

import datetime as dt
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pexpect
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from playwright.sync_api import Browser, expect

from paperboy.adapters.bucket import Bucket
from paperboy.adapters.stream import day_event
from paperboy.archive.site import FEED_KEYS, SEARCH_KEY, week_name, week_page_key
from paperboy.days.keys import RANKING
from paperboy.pages.site import HTML
from paperboy_cli.commands.catalog import catalog_all
from paperboy_cli.commands.status import show, status_of
from paperboy_cli.local.deployment import SAMPLE
from paperboy_cli.local.processes import wait_for
from paperboy_cli.stack.deployed import Deployed
from tests.conftest import EVIL_HOST
from tests.e2e.conftest import PAPERBOY, Demo
from tests.e2e.test_demo import ACROSS_DAYS, DAY, PREFIX, SECOND_ACT
from tests.samples import ZH

SECRET = "5f0c2d7e9a814b36a1c4"  # noqa: S105 - a prefix
ANOTHER = "e8b1d90c44f24c7f92aa"
WEEK_KEY = week_page_key(week_name(dt.date.fromisoformat(DAY)))
"""A week that is not over has no page yet, so the tests put one."""
KEYS = {f"{name}.{kind}" for name in (f"digests/{DAY}", "latest") for kind in ("html", "json", "md")}
KEYS |= {*ACROSS_DAYS, WEEK_KEY}
PAGES = {f"{PREFIX}/{key}" for key in KEYS}
OTHERS = {"notes.md", "digests", "latest", "index.html.old", f"{ANOTHER}/latest.md", f"{ANOTHER}/digests/{DAY}.md"}
"""Keys that are no pages, and pages below another prefix."""
QUESTIONS = {"", "?list-type=2", f"?list-type=2&prefix={SECRET}/", "?versions", "?policy", "?acl", "?uploads"}
"""What can be asked of a bucket."""


class Doors:
    """The sample stack's bucket, as one without credentials meets it; what it is deployed with can be changed."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        self.s3 = demo.local.client("s3")
        self.bucket = demo.outputs["Bucket"]
        for key in OTHERS:
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=b"not for all")
        for prefix in (PREFIX, SECRET):
            self.s3.put_object(Bucket=self.bucket, Key=f"{prefix}/{WEEK_KEY}", Body=b"a week")

    def deploy(self, **parameters: str) -> dict[str, str]:
        """Update the stack as it stands with other parameters, without a build. Returns its outputs."""
        cloudformation = self.demo.local.client("cloudformation")
        before = self.demo.local.describe(SAMPLE).parameters
        after = {**before, **parameters}
        if before != after:
            cloudformation.update_stack(
                StackName=SAMPLE.name,
                UsePreviousTemplate=True,
                Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in after.items()],
                Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            )
        assert wait_for(lambda: self.demo.local.describe_if_deployed(SAMPLE), 30)
        return self.outputs()

    def outputs(self) -> dict[str, str]:
        """What the stack says of itself now."""
        return dict(self.demo.local.describe(SAMPLE).outputs)

    def open(self, addresses: set[str]) -> set[str]:
        """Those of some keys or questions that the bucket answers; the others have to be forbidden."""
        with httpx.Client() as client:
            answers = {each: client.get(self.address(each)).status_code for each in addresses}
        assert set(answers.values()) <= {200, 403}, answers
        return {each for each, status in answers.items() if status == 200}

    def address(self, key: str) -> str:
        return f"{self.demo.local.url}/{self.bucket}/{key}"

    def stored(self) -> set[str]:
        return {each["Key"] for each in self.s3.list_objects_v2(Bucket=self.bucket)["Contents"]}


@pytest.fixture(scope="module")
def doors(demo: Demo) -> Iterator[Doors]:
    doors = Doors(demo)
    before = doors.outputs()
    yield doors
    assert before == doors.deploy(Access="public", PagesPrefix=PREFIX)
    catalog_all(Deployed(demo.local, SAMPLE))  # what a private stack has is another
    for key in OTHERS | {f"{PREFIX}/{WEEK_KEY}"} | {key for key in doors.stored() if key.startswith(SECRET)}:
        doors.s3.delete_object(Bucket=doors.bucket, Key=key)


def test_public_opens_the_pages_alone(doors: Doors) -> None:
    """Public: anybody reads each page; no listing, no other key and nothing else of the bucket, and nobody writes."""
    outputs = doors.deploy(Access="public")
    assert ("public", f"s3://{doors.bucket}/{PREFIX}/") == (outputs["Access"], outputs["Pages"])
    assert f"https://{doors.bucket}.s3.us-east-1.amazonaws.com/{PREFIX}/latest.html" == outputs["Link"]
    assert PAGES == doors.open(PAGES | OTHERS)
    assert set() == doors.open(QUESTIONS)
    written = httpx.put(doors.address(f"{PREFIX}/digests/new.md"), content="# new")
    removed = httpx.delete(doors.address(f"{PREFIX}/latest.md"))
    assert (403, 403) == (written.status_code, removed.status_code)
    assert f"{PREFIX}/digests/new.md" not in doors.stored()
    assert f"{PREFIX}/latest.md" in doors.stored()


def test_a_search_is_open_as_any_page(doors: Doors, chromium: Browser) -> None:
    """The page to search on finds papers at the bucket's own address, and again when that is reloaded with a query."""
    doors.deploy(Access="public")
    page = chromium.new_page()
    page.goto(doors.address(f"{PREFIX}/{SEARCH_KEY}"))
    page.locator("#query").fill("Qwen 推理")
    page.wait_for_url("**?q=*")
    expect(page.locator("#results li").first).to_be_visible()
    page.reload()
    expect(page.locator("#results li").first).to_be_visible()
    page.close()


def test_unlisted_opens_the_pages_below_its_prefix_alone(doors: Doors) -> None:
    """Unlisted: what render and then catalog publish below the prefix is open, and that alone: no listing, no other
    prefix, nor none."""
    outputs = doors.deploy(Access="unlisted", PagesPrefix=SECRET)
    below = {f"{SECRET}/{key}" for key in KEYS}
    assert ("unlisted", f"s3://{doors.bucket}/{SECRET}/") == (outputs["Access"], outputs["Pages"])
    assert f"https://{doors.bucket}.s3.us-east-1.amazonaws.com/{SECRET}/latest.html" == outputs["Link"]
    assert {"batchItemFailures": []} == doors.demo.invoke("Render", day_event(dt.date.fromisoformat(DAY), RANKING))
    assert wait_for(lambda: doors.stored() >= below, 60)
    assert doors.stored() >= PAGES | OTHERS
    assert below == doors.open(below | PAGES | OTHERS)
    assert set() == doors.open(QUESTIONS)


def test_private_opens_nothing(doors: Doors) -> None:
    """Private: without a signature nothing opens, be it a page or not; there is no link among the outputs."""
    outputs = doors.deploy(Access="private", PagesPrefix=PREFIX)
    assert ("private", None) == (outputs["Access"], outputs.get("Link"))
    assert set() == doors.open(PAGES | OTHERS | QUESTIONS)


def test_private_writes_no_feeds(doors: Doors) -> None:
    """Where a stack became private, the feeds that it had stay closed, and no feed is written any more."""
    doors.deploy(Access="private", PagesPrefix=PREFIX)
    feeds = {f"{PREFIX}/{key}" for key in FEED_KEYS}
    assert doors.stored() >= feeds
    for key in feeds:
        doors.s3.delete_object(Bucket=doors.bucket, Key=key)
    catalog_all(Deployed(doors.demo.local, SAMPLE))
    assert set() == doors.stored() & feeds


def test_a_signed_link_opens_until_it_ends(doors: Doors) -> None:
    """A signed link opens its page of a private bucket, no other one, and nothing any more once it has ended."""
    doors.deploy(Access="private", PagesPrefix=PREFIX)
    local = doors.demo.local
    signing = local.session.client("s3", endpoint_url=local.url, config=Config(signature_version="s3v4"))
    page = {"Bucket": doors.bucket, "Key": f"{PREFIX}/latest.md"}
    # The time of a signature is in whole seconds: this one is open for one at least.
    link = signing.generate_presigned_url("get_object", Params=page, ExpiresIn=2)
    assert 200 == httpx.get(link).status_code
    assert 403 == httpx.get(link.replace("latest.md", "latest.html")).status_code
    assert 403 == httpx.get(link.replace("X-Amz-Expires=2", "X-Amz-Expires=3600")).status_code
    assert wait_for(lambda: 403 == httpx.get(link).status_code, 10)
    assert "Request has expired" in httpx.get(link).text


def test_the_commands_link_opens_a_private_page(doors: Doors, chromium: Browser) -> None:
    """The link that the command shows opens the day's page of a private bucket, and without its signature it does not.
    No link on that page leads to another page of the bucket, which would not open."""
    doors.deploy(Access="private", PagesPrefix=PREFIX)
    link = Deployed(doors.demo.local, SAMPLE).link(dt.date.fromisoformat(DAY), HTML)
    assert 403 == httpx.get(link.partition("?")[0]).status_code
    page = chromium.new_page()
    assert (opened := page.goto(link)) is not None
    assert 200 == opened.status
    links = page.evaluate("Array.from(document.querySelectorAll('a[href]'), link => link.href)")
    assert len(links) > 80
    assert [] == [each for each in links if each.startswith(doors.demo.local.url) and not each.startswith(f"{link}#")]
    page.close()


def test_status_names_the_way_to_all_private_pages(doors: Doors, capsys: pytest.CaptureFixture[str]) -> None:
    """No signed link leads to a private stack's list, whose links would answer 403; `open` is named for all days."""
    doors.deploy(Access="private", PagesPrefix=PREFIX)
    private = status_of(Deployed(doors.demo.local, SAMPLE), days=7)
    assert (None, "paperboy open --sample") == (private["index"], private["read_with"])
    show(private, options=None)
    said = capsys.readouterr().out
    assert "All days are read with `paperboy open --sample`, on this machine.\n" in said
    assert "index.html" not in said


def heed_ctrl_c() -> None:
    """What runs in the background (`nohup make test &`) has SIGINT ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def opened(demo: Demo, folder: Path) -> Iterator[str]:
    """`paperboy open` at a terminal, until Ctrl-C, which ends it with 130 and a sentence: the address that it opened in
    the browser."""
    browser, opened = folder / "browser", folder / "opened"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}.new && mv {opened}.new {opened}\n')
    browser.chmod(0o700)
    own = {"PAPERBOY_HOME": str(demo.local.home), "PAPERBOY_PORT": str(demo.local.port), "BROWSER": f"{browser} %s"}
    with pexpect.spawn(
        str(PAPERBOY),
        ["open", "--sample"],
        env=os.environ | own,
        encoding="utf-8",
        timeout=30,
        dimensions=(60, 200),
        preexec_fn=heed_ctrl_c,
    ) as terminal:
        terminal.expect("until Ctrl-C")
        assert wait_for(opened.exists, 10)
        yield opened.read_text().strip()
        terminal.sendintr()
        terminal.expect("the pages are no longer served; the same command serves them again")
        terminal.expect(pexpect.EOF)
    assert 130 == terminal.exitstatus


def test_private_pages_are_read_with_all_their_links(doors: Doors, chromium: Browser, tmp_path: Path) -> None:
    """`paperboy open` begins with a private stack's index, which says why there are no feeds. From there the links lead
    to the month, to a day and back, and the search finds a paper, again after a reload; a name that was made to mean
    loopback is refused."""
    doors.deploy(Access="private", PagesPrefix=PREFIX)
    catalog_all(Deployed(doors.demo.local, SAMPLE))
    with opened(doors.demo, tmp_path) as address:
        page = chromium.new_page()
        page.goto(address)
        expect(page.locator("#feeds")).to_contain_text("unlisted")
        expect(page.locator("#feeds a, link[rel=alternate]")).to_have_count(0)
        page.get_by_role("link", name=ZH.labels.month_of(DAY[:7]), exact=True).click()
        page.locator(f"#d{DAY} h2 a").click()
        assert page.url.endswith(f"/digests/{DAY}.html")
        page.locator("header .ways a").first.click()
        assert page.url.endswith(f"/months/{DAY[:7]}.html#d{DAY}")
        page.locator(f"[id='d{SECOND_ACT}'] h2 a").click()
        assert str(SECOND_ACT) in page.title()
        page.get_by_role("link", name=ZH.labels.archive.search, exact=True).first.click()
        page.locator("#query").fill("Qwen")
        expect(page.locator("#results li").first).to_be_visible()
        page.wait_for_url("**/search.html?q=Qwen")
        page.reload()
        page.locator("#results li a").first.click()
        page.wait_for_url(f"**/digests/{DAY}.html#*")
        foreign = page.goto(page.url.replace("127.0.0.1", EVIL_HOST))
        assert foreign is not None
        assert 403 == foreign.status
        page.close()


def test_unlisted_needs_a_prefix_that_nobody_guesses(doors: Doors) -> None:
    """Unlisted without a prefix, or with a short one, is refused with the way to make one, and changes nothing."""
    before = doors.outputs()
    for prefix in (PREFIX, "papers"):
        with pytest.raises(ClientError, match="`openssl rand -hex 16`"):
            doors.deploy(Access="unlisted", PagesPrefix=prefix)
    assert before == doors.outputs()


def test_the_bucket_is_reached_at_an_address_with_a_name(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the endpoint is a name, as a container has it, the bucket is asked for in the path, not as a host."""
    endpoint = {"AWS_ENDPOINT_URL": demo.local.url.replace("127.0.0.1", "localhost"), "AWS_DEFAULT_REGION": "us-east-1"}
    for name, value in (endpoint | {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}).items():
        monkeypatch.setenv(name, value)
    assert Bucket(demo.outputs["Bucket"]).look(f"{PREFIX}/latest.md") is not None
