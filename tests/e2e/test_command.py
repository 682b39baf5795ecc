"""The command at a stack that is up: many days, lost pages, Ctrl-C, a stack in AWS, and Docker Desktop."""

from __future__ import annotations

import datetime as dt
import json
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from paperboy.archive.site import DAILY_FEED_KEY, INDEX_KEY, SEARCH_KEY, shard_key
from paperboy_cli.commands.catalog import catalog_all
from paperboy_cli.commands.status import show, status_of
from paperboy_cli.errors import PaperboyError
from paperboy_cli.local.deployment import SAMPLE
from paperboy_cli.local.emulator import SAMPLE_DAYS, Local
from paperboy_cli.stack.cloud import Cloud
from paperboy_cli.stack.deployed import Deployed
from paperboy_cli.stack.host import Stack
from tests.e2e.conftest import PAPERBOY, Demo
from tests.e2e.test_demo import ACROSS_DAYS, DAY, PREFIX

OF_DAYS = ("digests/", "latest.")
"""What the keys of a day's pages begin with, and those of the newest day's."""
BROKEN = "2026-01-31"
BEFORE, AFTER = "2026-01-30", "2026-02-01"
"""Days without papers: the sample has nothing of them."""


def as_read(link: str) -> tuple[bytes, str, str | None]:
    """What a reader gets of a page: its content, and how that is to be taken."""
    answer = httpx.get(link).raise_for_status()
    return answer.content, answer.headers["Content-Type"], answer.headers.get("Content-Encoding")


@pytest.fixture
def broken(demo: Demo, tmp_path: Path) -> Iterator[None]:
    """The sample server, answering from a folder in which BROKEN's listing has three items that are text."""
    folder = Path(shutil.copytree(SAMPLE_DAYS, tmp_path / "sample"))
    (folder / f"{BROKEN}.json").write_text(json.dumps(["{'paper': 1}"] * 3))
    demo.local.stop(leave={"emulator", "bridge"})
    Local(home=demo.local.home, port=demo.local.port, sample_days=folder).start_sample()
    yield
    demo.local.stop(leave={"emulator", "bridge"})
    demo.local.start_sample()


@pytest.fixture
def in_aws(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment in which the stack's emulator is AWS."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", demo.local.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")


def test_many_days(demo: Demo, broken: None) -> None:
    """A span takes each of its days, says why one failed, and asks the source again for that one alone."""
    span = f"{BEFORE}..{AFTER}"
    first = demo.paperboy("run", span, "--sample", "--json", check=False)
    lines = [json.loads(line) for line in first.stdout.splitlines()]
    expected = [(BEFORE, "empty"), (BROKEN, "failed"), (AFTER, "empty")]
    assert (1, expected) == (first.returncode, [(each["day"], each["status"]) for each in lines])
    requests = demo.calls()["listing"]
    again = demo.paperboy("run", span, "--sample", check=False)
    assert (1, requests + 1) == (again.returncode, demo.calls()["listing"])
    reason = "0 left out + 3 rejected: item 1 to item 3: expected an object, got str"
    assert f"{span}: 2 done already, 1 failed.\n  {BROKEN} failed: 3 listed + 0 kept = 0 in + {reason}" in again.stdout


def test_a_sample_day_that_is_none(demo: Demo) -> None:
    """Without --sample, where the sample alone is up, that is said and nothing is run; a day that it lacks says which
    it has."""
    calls = demo.calls()
    alone = demo.paperboy("run", "2026-01-01..2026-01-31", check=False)
    assert (1, "", calls) == (alone.returncode, alone.stdout, demo.calls())
    assert alone.stderr.startswith("paperboy: only the sample is up: `paperboy up` starts a stack of your own")
    said = demo.paperboy("run", "2026-01-01", "--sample").stdout
    assert said.endswith("2026-01-01: no papers that day.\nThe sample has 2026-02-03 and 2026-02-04.\n")


def test_a_broken_listing(demo: Demo, broken: None) -> None:
    """A day whose listing is broken shows its receipt with the reasons and is a failure."""
    said = demo.paperboy("run", BROKEN, "--sample", check=False)
    receipt = f"Receipt of {BROKEN}: 3 listed + 0 kept = 0 in + 0 left out + 3 rejected"
    assert f"{receipt}: item 1 to item 3: expected an object, got str" == said.stdout.splitlines()[-1]
    assert (1, "") == (said.returncode, said.stderr)


def test_ctrl_c_leaves_all_as_it_is(demo: Demo) -> None:
    """Ctrl-C amid many days ends with 130, says how to go on, and leaves the stack up and what was done done."""
    own = {"PAPERBOY_HOME": str(demo.local.home), "PAPERBOY_PORT": str(demo.local.port)}
    with subprocess.Popen(  # noqa: S603 - our own command
        [PAPERBOY, "run", "2025-12-01..2025-12-31", "--sample", "--json"],
        env=os.environ | own,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts what is in the background (`nohup make test &`) with SIGINT ignored, and children inherit that.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    ) as running:
        assert running.stdout is not None
        assert "empty" == json.loads(running.stdout.readline())["status"]
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=30)
    assert 130 == running.returncode
    assert said.startswith("paperboy: stopped. The stack stays up")
    assert said.endswith("The same command goes on where it stopped.\n")
    done = Deployed(demo.local, SAMPLE).table.read_day(dt.date(2025, 12, 1))
    assert (True, False) == (done.run is not None, done.open)


@pytest.mark.parametrize("lost", [(f"digests/{DAY}.html", INDEX_KEY, DAILY_FEED_KEY), (shard_key(DAY[:7]),)], ids=str)
def test_lost_pages_are_put_back(demo: Demo, lost: tuple[str, ...]) -> None:
    """A day that is run again has its missing pages published again, byte for byte, and those across days as well."""
    deployed = Deployed(demo.local, SAMPLE)
    deployed.catalog([dt.date.fromisoformat(DAY)])  # days without papers may have been found since
    links = deployed.links()
    there = {key: httpx.get(links.to(key)).content for key in lost}
    for key in lost:
        demo.local.client("s3").delete_object(Bucket=demo.outputs["Bucket"], Key=f"{PREFIX}/{key}")
        assert 404 == httpx.get(links.to(key)).status_code
    assert f"put back: {', '.join(lost)}" in demo.paperboy("run", DAY, "--sample").stdout
    assert there == {key: httpx.get(links.to(key)).content for key in lost}


def test_all_across_days_is_made_anew(demo: Demo, capsys: pytest.CaptureFixture[str]) -> None:
    """Lost pages across days are as they were, byte for byte, once they are made anew, which a second time writes
    nothing; it says where they are read, as the status does."""
    deployed = Deployed(demo.local, SAMPLE)
    catalog_all(deployed)  # days without papers may have been found since
    links = {key: deployed.links().to(key) for key in deployed.bucket.keys("") if not key.startswith(OF_DAYS)}
    assert links.keys() >= ACROSS_DAYS
    there = {key: as_read(link) for key, link in links.items()}
    for key in links:
        demo.local.client("s3").delete_object(Bucket=demo.outputs["Bucket"], Key=f"{PREFIX}/{key}")
    said = demo.paperboy("catalog", "--sample").stdout
    assert there == {key: as_read(link) for key, link in links.items()}
    puts = demo.puts()
    catalog_all(deployed)
    assert puts == demo.puts()
    show(status_of(deployed, days=7), options=None)
    shown = capsys.readouterr().out
    for name, key in (("all days", INDEX_KEY), ("search", SEARCH_KEY), ("feed", DAILY_FEED_KEY)):
        assert f"\n{name:<8} {links[key]}\n" in said
        assert f"\n  {name:<10} {links[key]}\n" in shown


def test_pages_are_written_again_when_they_look_different(demo: Demo) -> None:
    """--render writes a day's pages again where they differ, names them, and asks neither the source nor the model."""
    links = Deployed(demo.local, SAMPLE).links()
    keys = [f"digests/{DAY}.md", f"digests/{DAY}.html"]
    there = {key: httpx.get(links.to(key)).text for key in keys}
    for key in keys:  # as another version of the code had left them
        demo.local.client("s3").put_object(Bucket=demo.outputs["Bucket"], Key=f"{PREFIX}/{key}", Body=b"old")
    calls, span = demo.calls(), f"{DAY}..{DAY}"
    said = demo.paperboy("run", span, "--sample", "--render").stdout
    assert f"{DAY}  published  changed: {', '.join(keys)}\n{span}: 1 published." in said
    assert there == {key: httpx.get(links.to(key)).text for key in keys}
    done = json.loads(demo.paperboy("run", DAY, "--sample", "--render", "--json").stdout)
    assert (DAY, "unchanged", 16) == (done["day"], done["status"], done["receipt"]["selected"])
    assert calls == demo.calls()


def test_a_stack_in_aws(demo: Demo, in_aws: None) -> None:
    """With --stack the same is told of a stack in AWS as of the local one, and a day is run there."""
    here = status_of(Deployed(demo.local, SAMPLE), days=7)
    assert [here] == json.loads(demo.paperboy("status", "--json", "--stack", SAMPLE.name).stdout)["stacks"]
    assert ("public", None) == (here["access"], here["links_end"])
    assert here["usage"]["calls"] >= 16
    assert {200} == {httpx.get(here[key]).status_code for key in ("latest", "index", "search", "feed")}
    done = json.loads(demo.paperboy("run", DAY, "--stack", SAMPLE.name, "--json").stdout)
    assert (DAY, "unchanged", 16) == (done["day"], done["status"], done["receipt"]["selected"])


def test_a_stack_that_aws_does_not_have(in_aws: None) -> None:
    """A stack's name that is wrong is answered with those that look like Paperboy's."""
    with pytest.raises(PaperboyError, match="there is no stack paper in us-east-1") as error:
        Deployed(Cloud(), Stack("paper", sample=False))
    assert SAMPLE.name in str(error.value).partition("these look like Paperboy's: ")[2]


def test_a_terminal_without_chinese(demo: Demo) -> None:
    """The demo goes through to its end where the terminal's encoding lacks what a digest is written in."""
    done = demo.paperboy("demo", PYTHONIOENCODING="ascii")
    assert "" == done.stderr
    assert f"# ?????? - {DAY}" in done.stdout


def test_try_at_the_samples_model(demo: Demo) -> None:
    """The README's call of `try`, with the sample's model, tells of every paper, from a file and from a live day."""
    url = demo.local.sample_url
    for listing in (str(SAMPLE_DAYS / f"{DAY}.json"), DAY):
        said = demo.paperboy(*("try", listing, "--json"), LLM_BASE_URL=f"{url}/v1", LLM_MODEL="sample", HF_BASE_URL=url)
        told = json.loads(said.stdout)
        assert [3, {"model", "repaired"}] == [len(told), {each["rung"] for each in told}]


def test_docker_desktop(demo: Demo, tmp_path: Path) -> None:
    """With Docker Desktop, which hands containers' connections on, they are told its name for this machine, and are
    let in by it."""
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\necho Docker Desktop\n")
    docker.chmod(0o755)
    before = demo.local.running().keys()

    def answers() -> list[int]:
        """What emulator and sample server answer when they are called by Docker's name for this machine."""
        paths = {demo.local.port: "/_ministack/ready", demo.local.port + 1: "/calls"}
        return [
            httpx.get(f"http://127.0.0.1:{port}{path}", headers={"Host": f"host.docker.internal:{port}"}).status_code
            for port, path in paths.items()
        ]

    assert [403, 403] == answers()
    said = demo.paperboy("up", "--sample", "--docker", PATH=f"{tmp_path}:{os.environ['PATH']}").stdout
    url = f"http://host.docker.internal:{demo.local.port}"
    env_file = demo.local.home / "env.json"
    options = ["--template", f"{demo.local.home}/build/template.yaml", "--env-vars", str(env_file)]
    assert options == shlex.split(said.splitlines()[-2])[-4:]
    assert before == demo.local.running().keys()
    assert [200, 200] == answers()
    environments = json.loads(env_file.read_text())
    assert {"Ingest", "Score", "Summarize", "Render", "Catalog", "Announce"} == set(environments)
    assert {url} == {each["AWS_ENDPOINT_URL"] for each in environments.values()}
    assert environments["Score"]["QUEUE_URL"].startswith(url)
    assert f"http://host.docker.internal:{demo.local.port + 1}" == environments["Ingest"]["HF_BASE_URL"]
    names = environments["Score"]["TABLE_NAME"], environments["Render"]["BUCKET_NAME"]
    assert (demo.outputs["Table"], demo.outputs["Bucket"]) == names


def test_docker_on_linux(demo: Demo, tmp_path: Path) -> None:
    """On Linux containers come over the bridge, and are let in by its gateway's address."""
    network = {"IPAM": {"Config": [{"Subnet": "127.0.0.0/8", "Gateway": "127.0.0.2"}]}}
    docker = tmp_path / "docker"
    docker.write_text(f"#!/bin/sh\n[ $1 = info ] && echo Debian || echo '{json.dumps([network])}'\n")
    docker.chmod(0o755)
    demo.paperboy("up", "--sample", "--docker", PATH=f"{tmp_path}:{os.environ['PATH']}")
    ports = {demo.local.port: "/_ministack/ready", demo.local.port + 1: "/calls"}
    assert [200, 200] == [httpx.get(f"http://127.0.0.2:{port}{path}").status_code for port, path in ports.items()]
    demo.local.stop(leave={"emulator", "sample"})
