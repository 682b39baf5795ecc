"""Who can read the pages: each kind of access opens what it should and nothing else, with permissions enforced."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pexpect
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from playwright.sync_api import Browser

from paperboy.adapters.bucket import Bucket
from paperboy.adapters.stream import day_event
from paperboy.days.keys import RANKING
from paperboy_cli.commands.status import show, status_of
from paperboy_cli.local.deployment import SAMPLE
from paperboy_cli.local.processes import wait_for
from paperboy_cli.stack.deployed import Deployed
from tests.e2e.conftest import EVIL_HOST, PAPERBOY, Demo
from tests.e2e.test_demo import DAY, PREFIX

SECRET = "5f0c2d7e9a814b36a1c4"  # noqa: S105 - a prefix
ANOTHER = "e8b1d90c44f24c7f92aa"
KEYS = {f"{name}.{kind}" for name in (f"digests/{DAY}", "latest") for kind in ("html", "json", "md")} | {"index.html"}
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
    for key in OTHERS | {key for key in doors.stored() if key.startswith(SECRET)}:
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


def test_unlisted_opens_the_pages_below_its_prefix_alone(doors: Doors) -> None:
    """Unlisted: render publishes below the prefix, and that alone is open: no listing, no other prefix, nor none."""
    outputs = doors.deploy(Access="unlisted", PagesPrefix=SECRET)
    below = {f"{SECRET}/{key}" for key in KEYS}
    assert ("unlisted", f"s3://{doors.bucket}/{SECRET}/") == (outputs["Access"], outputs["Pages"])
    assert f"https://{doors.bucket}.s3.us-east-1.amazonaws.com/{SECRET}/latest.html" == outputs["Link"]
    assert {"batchItemFailures": []} == doors.demo.invoke("Render", day_event(dt.date.fromisoformat(DAY), RANKING))
    assert doors.stored() >= below | PAGES | OTHERS
    assert below == doors.open(below | PAGES | OTHERS)
    assert set() == doors.open(QUESTIONS)


def test_private_opens_nothing(doors: Doors) -> None:
    """Private: without a signature nothing opens, be it a page or not; there is no link among the outputs."""
    outputs = doors.deploy(Access="private", PagesPrefix=PREFIX)
    assert ("private", None) == (outputs["Access"], outputs.get("Link"))
    assert set() == doors.open(PAGES | OTHERS | QUESTIONS)


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


def test_the_commands_link_opens_a_private_page(doors: Doors) -> None:
    """The link that the command shows opens the day's page of a private bucket; without its signature it does not."""
    doors.deploy(Access="private", PagesPrefix=PREFIX)
    link = Deployed(doors.demo.local, SAMPLE).link(DAY)  # type: ignore[arg-type]
    assert 200 == httpx.get(link).status_code
    assert 403 == httpx.get(link.partition("?")[0]).status_code


def test_status_names_the_way_to_all_private_pages(doors: Doors, capsys: pytest.CaptureFixture[str]) -> None:
    """No signed link leads to a private stack's list, whose links would answer 403; `open` is named for all days."""
    doors.deploy(Access="private", PagesPrefix=PREFIX)
    private = status_of(Deployed(doors.demo.local, SAMPLE), days=7)
    assert (None, "paperboy open --sample") == (private["index"], private["read_with"])
    show(private, options=None)
    said = capsys.readouterr().out
    assert "All days are read with `paperboy open --sample`, on this machine.\n" in said
    assert "index.html" not in said


def test_private_pages_are_read_with_all_their_links(doors: Doors, chromium: Browser, tmp_path: Path) -> None:
    """`paperboy open` opens the browser at a private stack's list, whose links lead to its days; a name that was made
    to mean loopback is refused; Ctrl-C ends it with 130 and a sentence."""
    doors.deploy(Access="private", PagesPrefix=PREFIX)
    browser, opened = tmp_path / "browser", tmp_path / "opened"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}.new && mv {opened}.new {opened}\n')
    browser.chmod(0o700)
    local = doors.demo.local
    own = {"PAPERBOY_HOME": str(local.home), "PAPERBOY_PORT": str(local.port), "BROWSER": f"{browser} %s"}
    with pexpect.spawn(
        str(PAPERBOY), ["open", "--sample"], env=os.environ | own, encoding="utf-8", timeout=30, dimensions=(60, 200)
    ) as terminal:
        terminal.expect("until Ctrl-C")
        assert wait_for(opened.exists, 10)
        page = chromium.new_page()
        page.goto(opened.read_text().strip())
        page.get_by_role("link", name=DAY).click()
        page.wait_for_load_state()
        assert (True, True) == (DAY in page.title(), page.url.endswith(f"/digests/{DAY}.html"))
        foreign = page.goto(page.url.replace("127.0.0.1", EVIL_HOST))
        assert foreign is not None
        assert 403 == foreign.status
        page.close()
        terminal.sendintr()
        terminal.expect("the pages are no longer served; the same command serves them again")
        terminal.expect(pexpect.EOF)
    assert 130 == terminal.exitstatus


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
