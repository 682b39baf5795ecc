"""`paperboy channels` before it speaks to a stack: what it takes, what it refuses, and what it never shows."""

from __future__ import annotations

import json
import re
from typing import Any, get_args

import pytest
import typer
from typer.testing import CliRunner

from paperboy.announcements.channel import Subscription, read_channel, written_channel
from paperboy.announcements.greeting import greeting
from paperboy.languages.language import Code, load_language
from paperboy_cli.commands.channels import GETS
from paperboy_cli.commands.channels.fields import CHANNELS, FIELDS, HOSTS, misplaced, problem, value_of
from paperboy_cli.commands.channels.questions import new_channel
from paperboy_cli.errors import PaperboyError
from paperboy_cli.main import app
from paperboy_cli.stack.channels import destination, host_of

SECRET = "of-the-test"  # noqa: S105 - the tests' own
ADDRESSES = {
    "feishu": f"https://open.feishu.cn/open-apis/bot/v2/hook/{SECRET}",
    "wecom": f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={SECRET}",
    "dingtalk": f"https://oapi.dingtalk.com/robot/send?access_token={SECRET}",
    "webhook": f"https://user:{SECRET}@hooks.example.org/{SECRET}",
}
OPTIONS = {
    "telegram": {"chat": "@papers"},
    "ses": {"sender": "me@example.org", "to": "a@example.org, b@example.org"},
    "smtp": {"sender": "me@example.org", "to": "a@example.org", "host": "smtp.example.org", "user": "me"},
}
"""What the kinds have that is no secret."""
every_kind = pytest.mark.parametrize("kind", CHANNELS)


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment's secrets, those of each kind but its address."""
    for field in {field for fields in FIELDS.values() for field in fields if field.is_secret}:
        monkeypatch.setenv(field.variable, SECRET)
    monkeypatch.delenv("PAPERBOY_CHANNEL_URL")


def made(kind: str, monkeypatch: pytest.MonkeyPatch, **options: str) -> Any:
    """A channel of the environment's secrets and of options, where nobody is asked."""
    if kind in ADDRESSES:
        monkeypatch.setenv("PAPERBOY_CHANNEL_URL", ADDRESSES[kind])
    return new_channel(kind, "digests", OPTIONS.get(kind, {}) | options, asks=False)


@every_kind
def test_each_kind_can_be_made(kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Of each kind a channel is made without a question, of all its fields; none of what is shown of it is secret."""
    channel = made(kind, monkeypatch)
    assert channel == read_channel(written_channel(channel))
    names = {field.name for field in FIELDS[kind]}
    assert names == CHANNELS[kind].model_fields.keys() - {"kind", "gets"}
    assert SECRET not in f"{channel!r} {destination(channel)} {capsys.readouterr().out}"


@every_kind
def test_each_kind_says_what_is_missing(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody is asked, the option or variable that is missing is named, with what it has to be."""
    for field in FIELDS[kind]:
        monkeypatch.delenv(field.variable, raising=False)
    first = FIELDS[kind][0]
    with pytest.raises(PaperboyError, match=f"^{first.source} is missing: {re.escape(first.expected)}"):
        new_channel(kind, "digests", {}, asks=False)


@pytest.mark.parametrize(
    ("kind", "name", "text"),
    [
        ("feishu", "url", f"open.feishu.cn/{SECRET}"),
        ("feishu", "url", f"http://open.feishu.cn/{SECRET}"),
        ("feishu", "url", f"https://{SECRET} "),
        ("webhook", "url", f"https://[{SECRET}"),
        ("webhook", "url", f"https://a.b/{SECRET}\x1b[2J"),
        ("webhook", "url", f"https://a.b/{'x' * 2_000}"),
        ("webhook", "secret", f"{SECRET}\x07"),
        ("telegram", "chat", "papers"),
        ("telegram", "chat", "https://t.me/papers"),
        ("smtp", "sender", "me"),
        ("smtp", "sender", "a\x1b@b.c"),
        ("smtp", "to", "a@b.c, d"),
        ("smtp", "to", ",".join(f"{number}@b.c" for number in range(51))),
        ("smtp", "host", "smtp://h"),
        ("smtp", "port", "0"),
        ("smtp", "port", "tls"),
    ],
)
def test_what_a_field_cannot_be(kind: str, name: str, text: str) -> None:
    """A bad value is refused with what the field has to be, and is not repeated."""
    field = next(field for field in FIELDS[kind] if field.name == name)
    wrong = problem(kind, field, value_of(field, text))
    assert wrong
    assert (True, False) == (wrong.endswith("."), SECRET in wrong and SECRET not in host_of(text))


def test_an_address_of_another_kind() -> None:
    """An address of one service is none of another kind, and the right one is named; this machine's is of all."""
    for owner, hosts in HOSTS.items():
        for host in hosts:
            for kind in ADDRESSES:
                wrong = misplaced(kind, f"https://{host.upper()}/{SECRET}")
                assert wrong == (None if kind == owner else f"leads to {host}, which is of the kind {owner}.")
    for kind in ADDRESSES:
        assert misplaced(kind, f"http://127.0.0.1:9/{SECRET}") is None
    unknown = misplaced("wecom", f"https://qyapi.weixin.qq.com@a.example/{SECRET}") or ""
    assert unknown.startswith("leads to a.example, and a wecom bot's to qyapi.weixin.qq.com.")
    assert misplaced("webhook", "https://a.example/") is None


def test_options_and_variables_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong is told by the option or variable that holds it, and an option of another kind is refused."""
    with pytest.raises(PaperboyError, match=r"^--port has to be a number from 1 to 65535"):
        made("smtp", monkeypatch, port="70000")
    with pytest.raises(typer.BadParameter, match=r"--chat is nothing that a wecom channel has"):
        made("wecom", monkeypatch, chat="@papers")
    monkeypatch.setenv("PAPERBOY_CHANNEL_URL", ADDRESSES["wecom"])
    with pytest.raises(PaperboyError, match=r"^PAPERBOY_CHANNEL_URL leads to qyapi\.weixin\.qq\.com") as error:
        new_channel("feishu", "digests", {}, asks=False)
    assert SECRET not in str(error.value)


def test_a_server_that_asks_for_no_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password goes with a user alone: one of another channel's is not taken."""
    del (options := dict(OPTIONS["smtp"]))["user"]
    assert new_channel("smtp", "digests", options, asks=False).model_dump()["password"] is None


def test_the_arguments_are_checked() -> None:
    """A bad name, kind or subscription is refused with those that there can be; a secret is no option."""
    for arguments, said in (
        (["Team", "feishu"], "write it in small letters, digits and hyphens"),
        (["-team", "feishu"], "No such option"),
        (["team\x1b[2J", "feishu"], "is no name for a channel"),
        (["team", "pigeon"], ", ".join(CHANNELS)),
        (["team", "feishu", "--gets", "all"], "digests, trophies, weekly"),
        (["team", "feishu", "--url", "x"], "No such option"),
        (["team"], "Missing argument 'KIND'"),
    ):
        result = CliRunner().invoke(app, ["channels", "add", *arguments], env={"COLUMNS": "200"})
        assert (2, True, False) == (result.exit_code, said in result.output, "\x1b[2J" in result.output), result.output


def test_what_a_channel_gets_is_told() -> None:
    """Each subscription has words."""
    assert GETS.keys() == set(get_args(Subscription))


@pytest.mark.parametrize("code", get_args(Code))
@every_kind
def test_a_greeting_has_no_markup(kind: str, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A greeting says whose it is, in words that no markup changes; to a program it is JSON, to a mail HTML as well."""
    message = greeting(made(kind, monkeypatch), load_language(code))
    text = json.loads(message.text)["text"] if kind == "webhook" else message.text
    for words in (message.title, text):
        assert "Paperboy" in words
        assert not re.search(r"[<>&*_`\[\]#@\\|~]", words)
    assert (kind in ("ses", "smtp")) == bool(message.html)
