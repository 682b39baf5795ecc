"""The command without a stack: `rank` and `render` on saved listings, what it prints, and what it refuses."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import re
import shlex
import stat
import subprocess
import sys
import threading
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from paperboy_cli.commands.run import follow
from paperboy_cli.commands.up import HOW_TO_SET_A_MODEL
from paperboy_cli.errors import PaperboyError, StoppedError
from paperboy_cli.local.deployment import LIVE, parameters_of
from paperboy_cli.local.deployment import SAMPLE as SAMPLE_STACK
from paperboy_cli.local.emulator import Local, proxies
from paperboy_cli.main import app
from paperboy_cli.project import template
from paperboy_cli.project.settings import environment_settings
from paperboy_cli.stack import deployed
from paperboy_cli.stack.host import Stack, StackDescription
from tests.conftest import ROOT
from tests.samples import read_json

SAMPLE = ROOT / "events" / "sample" / "2026-02-03.json"
KEYS = [
    "rank",
    "id",
    "title",
    "organization",
    "upvotes",
    "stars",
    "comments",
    "tier",
    "tags",
    "trophy",
    "parts",
    "score",
    "selected",
]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_rank_as_json_gives_every_listed_paper(shared_data: Path) -> None:
    """The ranking of the seed's listing has every paper with every field, and the digest's rows are the seed's."""
    rows = json.loads(run("rank", shared_data / "data/seed_day/payload.json.gz", "--json").stdout)
    assert ([KEYS] * 45, list(range(1, 46))) == ([list(row) for row in rows], [row["rank"] for row in rows])
    expected = read_json(shared_data / "data/seed_day/expected.json")
    names = {"golden": "trophy", "org": "organization"}
    selected = [row for row in rows if row["selected"]]
    assert expected == [{key: row[names.get(key, key)] for key in expected[0]} for row in selected]


def test_rank_for_a_person_shows_the_cut_and_the_parts() -> None:
    """The table tells how many are in, and each part of each score, which its head calls points."""
    printed = run("rank", SAMPLE).stdout
    assert re.search(r"upvotes +stars +comm\. +bonus *\n #? +paper( +points){4} +score", printed)
    assert "2026-02-03: 16 in, 9 left out by the cut" in printed
    first = next(line for line in printed.splitlines() if "79.63" in line)
    assert ["11.51", "47.43", "0.69", "20.00", "79.63"] == re.findall(r"\d+\.\d\d", first)


def test_rank_takes_the_listings_own_day() -> None:
    """Without --date a listing is ranked as of its own day, with it as of that one."""
    own, later = (json.loads(run("rank", SAMPLE, "--json", *more).stdout) for more in ([], ["--date", "2026-02-19"]))
    tiers = [next(row["tier"] for row in rows if row["organization"] == "Princeton AI Lab") for rows in (own, later)]
    assert [None, "frontier"] == tiers


def test_rank_with_a_policy_of_ones_own(tmp_path: Path) -> None:
    """A changed weight changes the scores."""
    policy = tmp_path / "policy.toml"
    text = (ROOT / "shared" / "paperboy" / "papers" / "policy.toml").read_text(encoding="utf-8")
    policy.write_text(text.replace("stars = 6 ", "stars = 0 "), encoding="utf-8")
    rows = json.loads(run("rank", SAMPLE, "--policy", policy, "--json").stdout)
    assert 0 == max(row["parts"]["stars"] for row in rows)


def test_render_without_summaries_is_marked() -> None:
    """A page without summaries says of each paper that there is no Chinese one."""
    page = run("render", SAMPLE, "--date", "2026-02-03").stdout
    assert 16 == page.count("*中文摘要暂缺")


def test_render_takes_the_listings_own_day(tmp_path: Path) -> None:
    """Without --date a page is of the listing's own day; a listing that does not say one has to be told."""
    assert run("render", SAMPLE, "--date", "2026-02-03").stdout == run("render", SAMPLE).stdout
    dateless = tmp_path / "listing.json"
    dateless.write_text(SAMPLE.read_text("utf-8").replace("submittedOnDailyAt", "at"), encoding="utf-8")
    error = run("render", dateless).exception
    assert f"{dateless} does not say which day it is of: name it with --date." == str(error)


def test_render_under_another_day_warns() -> None:
    """A listing under another day's date is said on standard error, and the page is written all the same."""
    ran = run("render", SAMPLE, "--date", "2026-02-05")
    assert "paperboy: the listing is of 2026-02-03, and the page is dated 2026-02-05 all the same.\n" == ran.stderr
    assert (0, "# 每日论文汇总 - 2026-02-05") == (ran.exit_code, ran.stdout.splitlines()[0])
    assert "" == run("render", SAMPLE, "--date", "2026-02-03").stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file or directory"),
        (b"{not json", "is no JSON"),
        (b"[" * 200_000, "is no JSON"),
        (b'{"error": "no"}', "is no listing: expected a JSON list of papers, got dict"),
        (gzip.compress(b"[]", mtime=0)[:-6], "cannot be read"),
        (b"\x1f\x8bgarbage", "cannot be read"),
        (b"\xff\xfe\x00", "is no JSON"),
    ],
)
def test_a_bad_listing_is_named(tmp_path: Path, content: bytes | None, said: str) -> None:
    """A file that is no listing is an error with its name and what is wrong."""
    listing = tmp_path / "listing.json"
    if content is not None:
        listing.write_bytes(content)
    error = run("rank", listing).exception
    assert isinstance(error, PaperboyError)
    assert str(error).startswith(str(listing))
    assert said in str(error)


def test_a_bad_item_is_told_and_costs_no_other(tmp_path: Path) -> None:
    """An item that is no paper is told on standard error; the others are ranked."""
    listing = tmp_path / "listing.json"
    listing.write_text(json.dumps([*json.loads(SAMPLE.read_text(encoding="utf-8")), "odd"]), encoding="utf-8")
    result = run("rank", listing, "--json")
    assert 25 == len(json.loads(result.stdout))
    assert "item 26 is left out" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["render", "EMPTY", "--date", "2026-02-03"], "the listing has no papers"),
        (["render", "SAMPLE", "--date", "2026-02-03", "--summaries", "ODD"], "2602.02343.summary: Field required"),
        (["rank", "SAMPLE", "--policy", "ODD"], "expected TOML"),
        (["rank", "SAMPLE", "--policy", "DEEP"], "expected TOML"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, arguments: list[str], said: str) -> None:
    """An empty listing, bad summaries and a bad policy are each one error that says what was expected."""
    files = {"DEEP": f"a = {'[' * 9_999}", "EMPTY": "[]", "ODD": '{"2602.02343": {"title": "题目"}}'}
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    places = {"SAMPLE": SAMPLE, **{name: tmp_path / name for name in files}}
    error = run(*(places.get(argument, argument) for argument in arguments)).exception
    assert isinstance(error, PaperboyError)
    assert said in str(error)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rank", SAMPLE, "--date", "tomorrow"], "write it as 2026-02-03"),
        (["rank", "2026-02-30"], "write it as 2026-02-03"),
        (["check", SAMPLE], "Missing option '--summaries'"),
        (["try", SAMPLE, "--profile", "own"], "name it with --stack"),
        (["run", "tomorrow"], "write 2026-02-03, or for several 2026-02-01..2026-02-28"),
        (["run", "2026-02-28..2026-02-01"], "ends before it begins"),
        (["run", "2024-02-01..2026-02-01"], "366 are the most at once"),
        (["run", "--profile", "own"], "name it with --stack"),
        (["run", "--stack", "paperboy", "--sample"], "leave it or --stack out"),
        (["status", "--stack", "paperboy", "--sample"], "leave it or --stack out"),
        (["status", "--stack", "paperboy", "--days", "8"], "less than or equal to 7"),
    ],
)
def test_a_bad_call_is_a_usage_error(arguments: list[str | Path], said: str) -> None:
    """Bad days and options that do not go together are told with what was expected, and the command ends with 2."""
    result = run(*arguments)
    assert 2 == result.exit_code
    assert said in " ".join(result.stderr.replace("│", " ").split())


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("Language", "write it as NAME=VALUE"),
        ("Lang=en", "the template has no parameter Lang, only TimeZone, Schedule, "),
        ("Access=open", "Access has to be one of private, unlisted, public."),
        ("LogRetentionDays=2", "LogRetentionDays has to be one of 1, 3, 5, "),
        ("MaxModelCallsPerRun=many", "MaxModelCallsPerRun has to be a whole number."),
        ("MaxTokensPerMonth=1.5", "MaxTokensPerMonth has to be a whole number."),
        ("MaxCostPerMonth=0,5", "MaxCostPerMonth has to be US dollars such as 5 or 0.27."),
        ("MaxConcurrency=1", "MaxConcurrency has to be a number from 2 to 1000"),
        ("MaxConcurrency=many", "MaxConcurrency has to be a number."),
        ('LlmModel=a"b', "LlmModel can hold neither quotes nor backslashes."),
        ("LlmModel=a\\", "LlmModel can hold neither quotes nor backslashes."),
        ("LlmExtra={think: false}", "LlmExtra has to be a JSON object, or nothing: Expecting property name"),
        ("LlmExtra=[1]", "LlmExtra has to be a JSON object, or nothing, and is a JSON list."),
        pytest.param("LlmExtra=" + "[" * 9_999, "or nothing: maximum recursion depth exceeded", id="LlmExtra=[[["),
        ("PagesPrefix=short", "PagesPrefix has to be 16 to 64 letters, digits and hyphens"),
        ("HfBaseUrl=huggingface.co", "HfBaseUrl has to be an address such as https://huggingface.co."),
        ("AlarmEmail=me", "AlarmEmail has to be a mail address, or nothing."),
        ("Schedule=11:17", "Schedule has to be a schedule such as cron(17 14 * * ? *)."),
        ("TimeZone=Asia", "TimeZone has to be the name of a time zone such as Europe/Berlin."),
        ("TimeZone=Asia/Shangai", "TimeZone has to be the name of a time zone such as Europe/Berlin."),
    ],
)
def test_a_bad_setting_is_told_before_anything_starts(setting: str, said: str) -> None:
    """A parameter that the template lacks and a value that it does not take are each one sentence that says what is."""
    with pytest.raises(PaperboyError) as error:
        template.read_settings(["TimeZone=Europe/Berlin", setting])
    assert str(error.value).startswith(f"--set {setting}: ")
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"LlmModel": "m"}, "LlmModel is set and LlmBaseUrl is not"),
        ({"LlmBaseUrl": "http://127.0.0.1:9/v1"}, "LlmBaseUrl is set and LlmModel is not"),
        ({"Summarizer": "openai"}, "Summarizer openai needs an endpoint"),
        ({"Access": "unlisted"}, "Access unlisted needs a PagesPrefix that nobody can guess"),
    ],
)
def test_settings_that_do_not_go_together(settings: dict[str, str], said: str) -> None:
    """What the template's rules would refuse at the end of a deployment is told before it begins."""
    with pytest.raises(PaperboyError) as error:
        parameters_of(LIVE, 4566, settings)
    assert said in str(error.value)


def test_every_parameter_is_given_each_time() -> None:
    """A local stack is deployed with every parameter: the one that is set, the laptop's own, and else the default."""
    parameters = parameters_of(LIVE, 4566, template.read_settings(["LogRetentionDays=7"]))
    assert list(template.parameters()) == sorted(parameters, key=list(template.parameters()).index)
    values = [parameters[name] for name in ("LogRetentionDays", "Summarizer", "Access", "TimeZone")]
    assert ["7", "none", "public", "Asia/Shanghai"] == values


def test_there_is_no_sample_in_another_language() -> None:
    """The sample in a language that it was not recorded in is refused in a sentence; its own may be named."""
    with pytest.raises(PaperboyError, match="the sample's recorded model answers in Chinese alone"):
        parameters_of(SAMPLE_STACK, 4566, {"Language": "en"})
    assert "zh" == parameters_of(SAMPLE_STACK, 4566, {"Language": "zh"})["Language"]
    assert "en" == parameters_of(LIVE, 4566, {"Language": "en"})["Language"]


@pytest.mark.parametrize(
    "value", [{"enable_thinking": False}, {"a": 'two "quotes"', "b": ["one \\ back", "\\", "é🏆"]}, {"a": {"b": None}}]
)
def test_a_json_object_is_a_parameter(value: object) -> None:
    """A JSON object survives SAM CLI, which takes the backslash off before a quote or a space."""
    written = template.read_settings([f"LlmExtra={json.dumps(value)}"])["LlmExtra"]
    assert value == json.loads(written)
    assert not re.search(r"""\\["' ]""", written)


def test_the_lines_to_paste_set_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `up` says where no model is set are lines that set one: a shell takes them, and so does the template."""
    lines = [shlex.split(line) for line in HOW_TO_SET_A_MODEL.splitlines() if line.strip().startswith("export ")]
    pasted = dict(word.split("=", 1) for _, *words in lines for word in words)
    for name, value in pasted.items():
        monkeypatch.setenv(name, value)
    parameters = parameters_of(LIVE, 4566, environment_settings())
    assert ("openai", pasted["LLM_MODEL"]) == (parameters["Summarizer"], parameters["LlmModel"])
    assert json.loads(pasted["LLM_EXTRA"]) == json.loads(parameters["LlmExtra"])
    assert "LLM_API_KEY" in pasted


@pytest.mark.parametrize(
    ("environment", "unproxied"),
    [
        ({}, "127.0.0.1,localhost"),
        ({"HTTP_PROXY": "http://p:3128"}, "127.0.0.1,localhost"),
        ({"https_proxy": "http://p:3128", "no_proxy": ".cn, 10.0.0.1"}, ".cn,10.0.0.1,127.0.0.1,localhost"),
        ({"ALL_PROXY": "socks5://p", "NO_PROXY": "localhost,a"}, "localhost,a,127.0.0.1"),
    ],
)
def test_proxies_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], unproxied: str
) -> None:
    """The emulator's functions get the proxies as they are written, and none for this machine, in either spelling."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        for spelling in (name, name.lower()):
            monkeypatch.delenv(spelling, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    passed = {name: value for name, value in environment.items() if name.upper() != "NO_PROXY"}
    assert passed | {"NO_PROXY": unproxied, "no_proxy": unproxied} == proxies()


def paperboy(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """The command in a process of its own."""
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", "from paperboy_cli.main import main; main()", *arguments],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("encoding", ["gbk", "ascii"])
def test_an_output_that_lacks_characters(encoding: str) -> None:
    """On a terminal without 🏆, such as a Chinese one in GBK, it is replaced in what a person reads, not in JSON."""
    shown = paperboy("rank", SAMPLE, PYTHONIOENCODING=encoding)
    assert (0, b"") == (shown.returncode, shown.stderr)
    assert "? Kimi K2.5: Visual" in shown.stdout.decode(encoding)
    printed = paperboy("rank", SAMPLE, "--json", PYTHONIOENCODING=encoding)
    assert json.loads(run("rank", SAMPLE, "--json").stdout) == json.loads(printed.stdout.decode(encoding))


@pytest.mark.parametrize(
    "arguments", [["rank", SAMPLE], ["rank", SAMPLE, "--json"], ["render", SAMPLE]], ids=["rank", "JSON", "render"]
)
def test_an_output_that_nobody_reads(arguments: list[str | Path]) -> None:
    """Where the reader has gone, as `head` does, the command ends without a word."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        ran = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-c", "from paperboy_cli.main import main; main()", *arguments],
            stdout=closed,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (1, b"") == (ran.returncode, ran.stderr)


@pytest.mark.parametrize(
    "content",
    [
        *("", "[]", "1", "[" * 9_999, "\xff", '{"emulator": 1}', '{"emulator": ["a", 1]}', '{"emulator": [1]}'),
        *('{"emulator": [-1, 1.5]}', '{"emulator": [1e99, 1]}', '{"emulator": [1, null]}'),
        f'{{"emulator": [{10**30}, 1]}}',
    ],
    ids=lambda content: content[:30],
)
def test_damaged_processes_are_told(tmp_path: Path, content: str) -> None:
    """Whatever stands in the list of processes, a damaged one is a sentence with the way out."""
    (tmp_path / "processes.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(PaperboyError, match=r"processes\.json is damaged: remove it and run this again"):
        Local(home=tmp_path, port=4566).running()


def test_processes_that_have_ended(tmp_path: Path) -> None:
    """A process that has ended, or whose number another one has, does not run."""
    started = [os.getpid(), 1.5], [2**31 - 1, 1]
    for process in started:
        (tmp_path / "processes.json").write_text(json.dumps({"emulator": process}))
        assert {} == Local(home=tmp_path, port=4566).running()


def loaded_by(*arguments: str) -> set[str]:
    """The modules that the command has loaded when it ends, in a process without any of AWS's settings."""
    code = """
import sys
from paperboy_cli.main import main
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""
    nowhere = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
    ran = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", code, *arguments],
        env={"PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true", **nowhere},
        capture_output=True,
        text=True,
        check=False,
    )
    return set(ran.stderr.split())


def test_the_help_loads_no_library() -> None:
    """What `--help` shows needs neither AWS's client nor any other of the large libraries."""
    loaded = loaded_by("--help")
    assert "paperboy_cli.commands.run" in loaded
    assert not loaded & {"boto3", "botocore", "httpx", "jinja2", "psutil", "pydantic", "yaml"}


def test_the_version() -> None:
    """`--version` is the package's, and is not followed by anything."""
    assert (0, f"paperboy {metadata.version('paperboy')}\n") == (
        run("--version").exit_code,
        run("--version", "up").stdout,
    )


@pytest.mark.parametrize("command", [["run", "2026-02-03"], ["status"], ["open"]], ids=["run", "status", "open"])
def test_a_stack_in_aws_needs_nothing_of_the_local_one(command: list[str]) -> None:
    """With --stack the command loads nothing of the local stack, which needs Unix."""
    loaded = loaded_by(*command, "--stack", "paperboy")
    assert "paperboy_cli.stack.cloud" in loaded
    assert set() == {module for module in loaded if module.startswith("paperboy_cli.local")}


class Unreadable:
    """A host whose stack's table has a record of the sample day and one of the month, both from a version to come."""

    def describe(self, stack: Stack) -> StackDescription:
        return StackDescription({"Table": stack.name}, {})

    def client(self, service: str) -> Any:  # noqa: ARG002 - as a real one
        run = {"pk": {"S": "DAY#2026-02-03"}, "sk": {"S": "RUN"}, "format": {"N": "99"}}
        months = {"BUDGET": {"Item": {"format": {"N": "99"}}}}
        return SimpleNamespace(
            get_paginator=lambda _: SimpleNamespace(paginate=lambda **_: [{"Items": [run]}]),
            get_item=lambda Key, **_: months.get(Key["pk"]["S"], {}),  # noqa: N803
        )


def test_a_record_that_cannot_be_read_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    """However often a day is read, one sentence on standard error names the record and the reason."""
    host: Any = Unreadable()
    table = deployed.Deployed(host, SAMPLE_STACK).table
    read = [table.read_day(dt.date(2026, 2, 3)) for _ in range(3)]
    assert {frozenset({"RUN"})} == {each.unreadable for each in read}
    said = capsys.readouterr().err
    assert said.startswith("paperboy: the record DAY#2026-02-03 RUN cannot be read: its format is 99")
    assert 1 == len(said.splitlines())


def test_usage_that_cannot_be_read_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """A month's usage that cannot be read counts as none, and one sentence names the record."""
    host: Any = Unreadable()
    assert deployed.Deployed(host, SAMPLE_STACK).usage() is None
    assert re.match(r"paperboy: the record BUDGET \d{4}-\d\d cannot be read: its format is 99", capsys.readouterr().err)


@pytest.mark.parametrize("days", ["2026-11-20..2026-11-23", "2026-11-23"])
def test_days_to_come_are_refused(monkeypatch: pytest.MonkeyPatch, days: str) -> None:
    """A day, or a span's last one, that is yet to come where the readers are is answered with the last there is."""
    today = SimpleNamespace(today=dt.date(2026, 11, 22))
    monkeypatch.setattr(deployed, "Deployed", lambda *_: today)
    result = run("run", days, "--stack", "paperboy")
    assert 2 == result.exit_code
    assert "2026-11-22 is the last day to ask for" in " ".join(result.stderr.replace("│", " ").split())


@pytest.mark.parametrize(
    ("url", "near"),
    [
        ("https://huggingface.co", False),
        ("http://127.0.0.1:9", True),
        ("http://localhost:4567/hf", True),
        ("http://[::1]:9", True),
        ("http://127.0.0.1.example.com", False),
        ("", False),
    ],
)
def test_a_source_on_this_machine_is_near(url: str, near: bool) -> None:
    """A source on loopback need not be spared; any other one is."""
    host: Any = SimpleNamespace(describe=lambda _: StackDescription({}, {"HfBaseUrl": url}))
    assert near == deployed.Deployed(host, SAMPLE_STACK).source_is_near


def test_render_asks_for_no_run() -> None:
    """--render goes with neither --due nor --again, which ask for a run."""
    for option in ("--due", "--again"):
        result = run("run", "2026-02-03", "--stack", "paperboy", "--render", option)
        assert 2 == result.exit_code
        assert "--render asks for no run" in result.stderr


def test_ctrl_c_while_a_day_is_followed(tmp_path: Path) -> None:
    """Ctrl-C says that the stack stays up, how to stop it, and how to follow the day again."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    stack: Any = SimpleNamespace(host=Local(home=tmp_path, port=4566), stack=SAMPLE_STACK, run=interrupted)
    with pytest.raises(StoppedError) as error:
        follow(stack, dt.date(2026, 2, 3))
    assert 130 == error.value.exit_code
    for said in (
        "The stack stays up",
        "`paperboy down` stops it",
        "`paperboy run 2026-02-03 --sample` follows it again",
    ):
        assert said in str(error.value)


def test_a_stacks_folder_is_its_owners_alone(tmp_path: Path) -> None:
    """The folder that keeps a stack's state, with keys in it, is made for its owner alone."""
    local = Local(home=tmp_path / "home", port=4566)
    with local.lock():
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (local.home, local.home / "state")}
    assert {"home": 0o700, "state": 0o700} == modes


def test_a_second_command_says_that_it_waits(tmp_path: Path) -> None:
    """A command that finds another one at work says so, and goes on when that has ended."""
    local = Local(home=tmp_path, port=4566)
    waits, done = threading.Event(), threading.Event()

    def second() -> None:
        with local.lock(waits.set):
            done.set()

    with local.lock():
        thread = threading.Thread(target=second)
        thread.start()
        assert waits.wait(10)
        assert not done.is_set()
    thread.join()
    assert done.is_set()
