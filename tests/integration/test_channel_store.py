"""`paperboy channels` against a real Parameter Store: what is kept, shown, sent and removed."""

from __future__ import annotations

import json
import os
import sys
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pexpect
import pytest
from typer.testing import CliRunner, Result

from paperboy.announcements.channel import (
    Channel,
    FeishuChannel,
    SmtpChannel,
    TelegramChannel,
    WebhookChannel,
    read_channel,
)
from paperboy.announcements.message import (
    ChannelBusyError,
    ChannelRefusedError,
    Message,
    NotSentError,
    OutcomeUnknownError,
)
from paperboy_cli.local.emulator import Local
from paperboy_cli.main import app
from paperboy_cli.stack.channels import ChannelStore, NoChannelError
from paperboy_cli.stack.host import OUTPUTS, Stack
from tests.conftest import ROOT

PAPERBOY = ROOT / ".venv/bin/paperboy"
TIMEOUT_SECONDS = 60
FEISHU = "https://open.feishu.cn/open-apis/bot/v2/hook/hook-of-the-test"
SECRETS = ("hook-of-the-test", "key-of-the-test", "token-of-the-test", "password-of-the-test")


@pytest.fixture
def environment(emulator: Local, tmp_path: Any) -> dict[str, str]:
    """What the command sees where the emulator is AWS."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PAPERBOY_"))}
    return inherited | {
        "AWS_ENDPOINT_URL": emulator.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PAPERBOY_HOME": str(tmp_path / "home"),
        "NO_COLOR": "1",
        "TERM": "dumb",
    }


@pytest.fixture
def new_stack(emulator: Local) -> Callable[[], str]:
    """Makes stacks with what the command needs of one: its outputs, and the language of its digests."""

    def make() -> str:
        name = f"channels-{uuid.uuid4().hex[:8]}"
        template = {
            "Parameters": {"Language": {"Type": "String", "Default": "zh"}},
            "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
            "Outputs": {output: {"Value": "none"} for output in OUTPUTS},
        }
        cloudformation = emulator.client("cloudformation")
        cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
        cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
        return name

    return make


@pytest.fixture
def paperboy(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command without a terminal. An error is that of its result."""
    for name in set(os.environ) - set(environment):
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str, answer: str = "", **variables: str) -> Result:
        return CliRunner().invoke(app, ["channels", *arguments], input=answer, env=variables)

    return run


def refusal(result: Result) -> str:
    """Why the command ended with 1."""
    assert 1 == result.exit_code
    return str(result.exception)


def test_a_channel_is_kept_shown_and_removed(
    emulator: Local,
    paperboy: Callable[..., Result],
    new_stack: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A channel is a secure string of its own stack alone; it is shown without its secrets, replaced only where that is
    said, and removed by its name where a person agrees."""
    stack, other = new_stack(), new_stack()
    secrets = {"PAPERBOY_CHANNEL_URL": FEISHU, "PAPERBOY_CHANNEL_SECRET": SECRETS[1]}
    added = paperboy("add", "team", "feishu", "--gets", "weekly", "--stack", stack, **secrets)
    assert 0 == added.exit_code, added.output
    assert f"/{stack}/channels/team" in added.output
    assert f"`paperboy channels test team --stack {stack}`" in added.output
    parameter = emulator.client("ssm").get_parameter(Name=f"/{stack}/channels/team", WithDecryption=True)["Parameter"]
    channel = FeishuChannel.model_validate({"url": FEISHU, "secret": SECRETS[1], "gets": "weekly"})
    assert ("SecureString", channel) == (parameter["Type"], read_channel(parameter["Value"]))

    listed = paperboy("list", "--stack", stack)
    assert ["team", "feishu", "weekly", "open.feishu.cn"] == listed.output.split()
    shown = {"name": "team", "kind": "feishu", "gets": "weekly", "to": "open.feishu.cn"}
    assert {"channels": [shown], "unreadable": {}} == json.loads(paperboy("list", "--json", "--stack", stack).output)
    assert f"{other} has no channel" in paperboy("list", "--stack", other).output
    assert f"{other} has no channel team: it has none." == refusal(paperboy("remove", "team", "--stack", other))

    again = paperboy("add", "team", "feishu", "--stack", stack, **secrets)
    assert f"{stack} has a channel team already. Replace it?" in refusal(again)
    assert "weekly" in paperboy("list", "--stack", stack).output
    assert 0 == paperboy("add", "team", "feishu", "--yes", "--stack", stack, **secrets).exit_code
    assert "digests" in paperboy("list", "--stack", stack).output

    assert "--yes removes it" in refusal(paperboy("remove", "team", "--stack", stack))
    monkeypatch.setattr("paperboy_cli.commands.deploy.questions.can_ask", lambda: True)
    assert "nothing was changed" in str(paperboy("remove", "team", "--stack", stack, answer="n\n").exception)
    removed = paperboy("remove", "team", "--stack", stack, answer="y\n")
    assert f"/{stack}/channels/team is gone" in removed.output
    assert f"{stack} has no channel" in paperboy("list", "--stack", stack).output
    assert not [secret for secret in SECRETS for result in (added, listed, again) if secret in result.output]


def test_a_channel_that_cannot_be_read_costs_itself(
    emulator: Local, paperboy: Callable[..., Result], new_stack: Callable[[], str]
) -> None:
    """What was put there by hand and is no channel is named with the field, and the others are shown."""
    stack = new_stack()
    ssm = emulator.client("ssm")
    bad = {"kind": "feishu", "url": "http://elsewhere.example/hook-of-the-test"}
    ssm.put_parameter(Name=f"/{stack}/channels/Bad.One", Value=json.dumps(bad), Type="SecureString")
    mail = {"PAPERBOY_CHANNEL_PASSWORD": SECRETS[3]}
    said = ("--sender", "[red]me@example.org", "--to", "a@example.org,b@example.org", "--host", "127.0.0.1")
    added = paperboy("add", "mail", "smtp", *said, "--user", "me", "--stack", stack, **mail)
    assert "mail leads to [red]me@example.org to a@example.org, b@example.org, and gets each digest." in added.output
    assert "It leads to this machine, which a stack in AWS cannot reach." in added.output
    listed = paperboy("list", "--stack", stack)
    assert (0, True) == (listed.exit_code, "[red]me@example.org to a@example.org, b@example.org" in listed.stdout)
    assert "the channel Bad.One cannot be read: feishu.url: " in listed.stderr
    assert not [secret for secret in SECRETS if secret in listed.output]
    content = json.loads(paperboy("list", "--json", "--stack", stack).stdout)
    assert (["mail"], ["Bad.One"]) == ([each["name"] for each in content["channels"]], list(content["unreadable"]))
    assert "feishu.url" in refusal(paperboy("test", "Bad.One", "--stack", stack))
    assert 0 == paperboy("remove", "Bad.One", "--yes", "--stack", stack).exit_code


def test_a_channel_that_one_may_not_read(
    emulator: Local, paperboy: Callable[..., Result], new_stack: Callable[[], str]
) -> None:
    """A channel that AWS does not let these credentials read is named with the permission; the others are shown."""
    stack, iam, user = new_stack(), emulator.client("iam"), uuid.uuid4().hex
    for name in ("mine", "theirs"):
        added = paperboy("add", name, "feishu", "--stack", stack, PAPERBOY_CHANNEL_URL=FEISHU)
        assert 0 == added.exit_code
    iam.create_user(UserName=user)
    parameter = f"arn:aws:ssm:*:*:parameter/{stack}/channels/mine"
    statements = [
        {"Effect": "Allow", "Action": ["cloudformation:DescribeStacks", "ssm:GetParametersByPath"], "Resource": "*"},
        {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": parameter},
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName=user, PolicyName="one", PolicyDocument=policy)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    own = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    listed = paperboy("list", "--stack", stack, **own)
    assert ["mine", "feishu", "digests", "open.feishu.cn"] == listed.stdout.split()
    assert "the channel theirs cannot be read: AWS does not permit ssm:GetParameter" in listed.stderr


def test_the_store_keeps_what_it_is_given(emulator: Local) -> None:
    """Each kind is read as it was put, also with two braces, which Parameter Store itself would take for a reference;
    names come in order from more than one page; what is not there is told as such."""
    store = ChannelStore(emulator, Stack(f"store-{uuid.uuid4().hex[:8]}", sample=False))
    channels: dict[str, Channel] = {
        "mail": SmtpChannel.model_validate(
            {"sender": "a@b.c", "to": ["d@e.f"], "host": "h", "user": "u", "password": "{{{ssm:x}}}"}
        ),
        "chat": TelegramChannel.model_validate({"token": "1:a", "chat": "-100123"}),
    }
    channels |= {
        f"hook-{number:02}": WebhookChannel.model_validate({"url": "https://example.org/", "secret": str(number)})
        for number in range(12)
    }
    for name, channel in channels.items():
        store.put(name, channel)
    assert sorted(channels) == store.names()
    assert channels == {name: store.read(name) for name in channels}
    kept = emulator.client("ssm").get_parameter(Name=store.key("mail"), WithDecryption=True)["Parameter"]["Value"]
    assert "{{" not in kept
    store.remove("chat")
    for operation in (store.read, store.remove):
        with pytest.raises(NoChannelError):
            operation("chat")


def test_a_channel_that_is_too_long(paperboy: Callable[..., Result], new_stack: Callable[[], str]) -> None:
    """What a standard parameter does not hold is refused before it is put, with both sizes."""
    stack = new_stack()
    variables = {"PAPERBOY_CHANNEL_URL": "https://example.org/", "PAPERBOY_CHANNEL_SECRET": "k" * 5_000}
    refused = refusal(paperboy("add", "hook", "webhook", "--stack", stack, **variables))
    assert "4,096 bytes at most, and this one 5,0" in refused
    assert f"{stack} has no channel" in paperboy("list", "--stack", stack).output


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("om_1", "Sent. telegram gave it the id om_1."),
        (None, "Sent: telegram took it."),
        (
            ChannelRefusedError("Telegram answered 404"),
            "the message was refused: Telegram answered 404. `paperboy",
        ),
        (ChannelBusyError("not now", 12.0), "the message was not sent: not now. Try again in 12 seconds."),
        (OutcomeUnknownError("it went away"), "nobody knows whether the message was sent: it went away."),
    ],
)
def test_a_greeting(
    answer: str | NotSentError | None,
    said: str,
    paperboy: Callable[..., Result],
    new_stack: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a channel answers to a greeting, in the language of the stack, is shown; but for success it ends with 1."""
    stack = new_stack()
    sent: list[Message] = []

    def send(message: Message, key: str) -> str | None:
        assert key
        sent.append(message)
        if isinstance(answer, NotSentError):
            raise answer
        return answer

    fake = SimpleNamespace(load_sender=lambda _: SimpleNamespace(send=send))
    monkeypatch.setitem(sys.modules, "paperboy.adapters.channels", fake)
    said_to = ("--chat", "@papers", "--stack", stack)
    assert 0 == paperboy("add", "chat", "telegram", *said_to, PAPERBOY_CHANNEL_TOKEN=SECRETS[2]).exit_code
    result = paperboy("test", "chat", "--stack", stack)
    assert "测试消息" in sent[0].text
    if isinstance(answer, NotSentError):
        assert said in refusal(result)
    else:
        assert (0, f"{said}\n") == (result.exit_code, result.stdout)


def test_no_such_stack(paperboy: Callable[..., Result], free_ports: int) -> None:
    """Where the stack is not there, the usual sentence says so, in AWS and on this machine; nothing is asked before."""
    for command in (["list"], ["test", "x"], ["remove", "x"], ["add", "x", "wecom"]):
        assert "there is no stack nowhere in us-east-1" in refusal(paperboy(*command, "--stack", "nowhere"))
        local = paperboy(*command, PAPERBOY_PORT=str(free_ports + 45))
        assert "the local stack is not up: `paperboy up` starts it." == refusal(local)


def at_terminal(
    environment: dict[str, str], *arguments: str, answers: list[tuple[str, str]], stops: bool = False
) -> tuple[int, str]:
    """Run `paperboy channels` at a terminal, and answer each question. Returns status and all that was shown."""
    with pexpect.spawn(
        *(str(PAPERBOY), ["channels", *arguments]),
        env=environment,
        encoding="utf-8",
        timeout=TIMEOUT_SECONDS,
        dimensions=(60, 200),
    ) as terminal:
        said = ""
        for question, answer in answers:
            terminal.expect(f"{question}[^\n]*: $")
            said += str(terminal.before) + str(terminal.after)
            terminal.sendline(answer)
        if stops:
            terminal.expect(": $")
            terminal.sendintr()
        terminal.expect(pexpect.EOF)
        said += str(terminal.before)
    return int(terminal.exitstatus or 0), said


def test_a_person_is_asked(emulator: Local, environment: dict[str, str], new_stack: Callable[[], str]) -> None:
    """At a terminal what is missing is asked for, again where it cannot be; no secret is seen. Ctrl-C keeps nothing."""
    stack = new_stack()
    status, said = at_terminal(
        *(environment, "add", "team", "feishu", "--stack", stack),
        answers=[
            ("url", "hook-of-the-test"),
            ("url", "https://oapi.dingtalk.com/robot/send?access_token=token-of-the-test"),
            ("url", FEISHU),
            ("secret", SECRETS[1]),
        ],
    )
    assert 0 == status, said
    assert "It has to be an address that begins with https://." in said
    assert "It leads to oapi.dingtalk.com, which is of the kind dingtalk." in said
    assert not [secret for secret in SECRETS if secret in said]
    store = ChannelStore(emulator, Stack(stack, sample=False))
    channel = FeishuChannel.model_validate({"url": FEISHU, "secret": SECRETS[1]})
    assert channel == store.read("team")

    status, said = at_terminal(
        *(environment, "add", "team", "wecom", "--stack", stack), answers=[("Replace it", "y")], stops=True
    )
    assert (130, True) == (status, "stopped. nothing was changed." in said)
    assert channel == store.read("team")
