"""`paperboy deploy`: what counts as chosen, which stacks take a change, and what is said where AWS refuses one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from paperboy_cli.commands.deploy import questions
from paperboy_cli.commands.deploy.choices import chosen_settings
from paperboy_cli.commands.deploy.proposal import proposal_lines
from paperboy_cli.errors import PaperboyError
from paperboy_cli.project import template
from paperboy_cli.project.settings import Settings
from paperboy_cli.stack.cloud import Cloud
from paperboy_cli.stack.deployment import Change, Deployment, Proposal
from paperboy_cli.stack.host import Stack, StackDescription

NOW = dt.datetime(2026, 11, 28, tzinfo=dt.UTC)
OUTPUTS = dict.fromkeys(("Table", "Bucket", "Ingest"), "x")


@pytest.fixture
def kept(tmp_path: Path) -> Settings:
    return Settings.in_aws("paperboy", tmp_path)


def chosen(
    kept: Settings, before: StackDescription | None = None, unset: tuple[str, ...] = (), **new: str
) -> dict[str, str]:
    return chosen_settings(kept, new, unset, before, asks=False)


def test_a_default_is_no_choice(kept: Settings) -> None:
    """Without a choice every parameter has the template's default of the day, so that a new one reaches the stack."""
    assert {} == chosen(kept)
    assert {"Language": "en"} == chosen(kept, Language="en")


def test_a_prefix_that_nobody_can_guess(kept: Settings) -> None:
    """Unlisted pages get a prefix of chance, which stays until it is unset; private ones need none."""
    assert {"Access": "private"} == chosen(kept, Access="private")
    first = chosen(kept, Access="unlisted")
    assert 32 == len(first["PagesPrefix"])
    kept.change(first)
    assert first == chosen(kept)
    other = chosen(kept, unset=("PagesPrefix",))
    assert {first["PagesPrefix"], "pages"}.isdisjoint({other["PagesPrefix"]})
    kept.change(other, ["PagesPrefix"])
    assert other == chosen(kept)


def test_a_stack_that_was_deployed_from_elsewhere(kept: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """What it has otherwise than the defaults is taken over and told; what the template has no longer is not."""
    parameters = template.defaults() | {"LogRetentionDays": "7", "Language": "en", "EndpointUrl": "x", "Access": "all"}
    before = StackDescription(OUTPUTS, parameters)
    assert {"LogRetentionDays": "7"} == chosen(kept, before, unset=("Language",))
    assert "LogRetentionDays=7" in capsys.readouterr().out
    kept.change({"region": "us-east-1"})
    assert {} == chosen(kept, before)


def test_only_answers_that_differ_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enter at each question chooses nothing; an endpoint's address is asked of who wants one."""
    asked: list[str] = []

    def prompt(name: str, default: str = "", **_: Any) -> str:
        asked.append(name.split()[0])
        return answers.get(asked[-1], default)

    monkeypatch.setattr("typer.prompt", prompt)
    answers: dict[str, str] = {}
    assert {} == questions.ask_settings({"Language": "en"}, {})
    assert ["TimeZone", "Summarizer", "Access", "AlarmEmail"] == asked
    asked.clear()
    answers |= {"Summarizer": "openai", "LlmBaseUrl": "https://api.deepseek.com", "LlmModel": "m"}
    assert answers == questions.ask_settings({}, {})
    assert ["LlmBaseUrl", "LlmModel"] == asked[3:5]


def answer(status: str, **outputs: str) -> dict[str, Any]:
    """What CloudFormation says of a stack."""
    pairs = [{"OutputKey": name, "OutputValue": value} for name, value in outputs.items()]
    return {"Stacks": [{"StackName": "paperboy", "CreationTime": NOW, "StackStatus": status, "Outputs": pairs}]}


@dataclass(frozen=True)
class Account(Cloud):
    """An account whose CloudFormation answers as it is told to."""

    poll_seconds = 0.0
    formation: Any = field(default_factory=lambda: boto3.client("cloudformation", region_name="us-east-1"))

    def client(self, service: Any, config: Any = None) -> Any:  # noqa: ARG002 - as every host has it
        return self.formation


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return Account()


def deployment(account: Account, tmp_path: Path) -> Deployment:
    return Deployment(account, Stack("paperboy", sample=False), tmp_path)


@pytest.mark.parametrize("status", ["REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", None])
def test_a_stack_that_is_still_to_be_created(account: Account, tmp_path: Path, status: str | None) -> None:
    """One that does not exist, was only proposed, or failed at its creation counts as new."""
    with Stubber(account.formation) as stub:
        if status:
            stub.add_response("describe_stacks", answer(status))
        else:
            stub.add_client_error("describe_stacks", "ValidationError", "Stack with id paperboy does not exist")
        assert deployment(account, tmp_path).before() is None


@pytest.mark.parametrize(
    ("status", "outputs", "said"),
    [
        ("UPDATE_IN_PROGRESS", OUTPUTS, "run this again when that is done"),
        ("UPDATE_ROLLBACK_FAILED", OUTPUTS, "takes no change"),
        ("DELETE_FAILED", OUTPUTS, "takes no change"),
        ("CREATE_COMPLETE", {"Website": "x"}, "is none of Paperboy's: choose another name with --stack"),
    ],
)
def test_a_stack_that_cannot_be_changed(
    account: Account, tmp_path: Path, status: str, outputs: dict[str, str], said: str
) -> None:
    """One that is busy, stuck or somebody else's is told before anything is built."""
    with Stubber(account.formation) as stub:
        stub.add_response("describe_stacks", answer(status, **outputs))
        with pytest.raises(PaperboyError, match=said):
            deployment(account, tmp_path).before()


def event(number: int, resource: str, status: str, reason: str = "") -> dict[str, Any]:
    return {
        "StackId": "paperboy",
        "EventId": str(number),
        "StackName": "paperboy",
        "LogicalResourceId": resource,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
        "Timestamp": NOW,
    }


def test_what_aws_refuses(account: Account, tmp_path: Path) -> None:
    """Of a deployment that fails the first failure is told in AWS's own words, and not what was only cancelled."""
    events = [
        event(5, "paperboy", "ROLLBACK_COMPLETE"),
        event(4, "Table", "CREATE_FAILED", "Resource creation cancelled"),
        event(3, "PagesBucketPolicy", "CREATE_FAILED", "Access Denied (Service: S3)."),
        event(2, "PagesBucket", "CREATE_COMPLETE"),
        event(1, "paperboy", "REVIEW_IN_PROGRESS"),
    ]
    told: list[str] = []
    changes = tuple(Change("Add", name, "AWS::S3::Bucket", False) for name in ("PagesBucket", "Table"))
    with Stubber(account.formation) as stub:
        stub.add_response("describe_stack_events", {"StackEvents": events[4:]})
        stub.add_response("execute_change_set", {})
        stub.add_response("describe_stack_events", {"StackEvents": events[3:]})
        stub.add_response("describe_stacks", answer("CREATE_IN_PROGRESS"))
        stub.add_response("describe_stack_events", {"StackEvents": events})
        stub.add_response("describe_stacks", answer("ROLLBACK_COMPLETE"))
        with pytest.raises(PaperboyError) as error:
            deployment(account, tmp_path).carry_out(Proposal("change set", changes, {}), told.append)
    assert "AWS refused PagesBucketPolicy: Access Denied (Service: S3)." in str(error.value)
    assert ["1 of 2 resources"] == told


def test_an_endpoint_of_this_machine_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enter at each question takes over the endpoint that this machine is set to, with what goes with it."""
    monkeypatch.setattr("typer.prompt", lambda _, default="", **__: default)
    own = {
        "LlmBaseUrl": "https://api.deepseek.com",
        "LlmModel": "m",
        "LlmExtra": '{"thinking": false}',
        "HfBaseUrl": "https://hf-mirror.com",
    }
    assert own | {"Summarizer": "openai"} == questions.ask_settings({}, own)
    assert "LlmExtra" not in questions.ask_settings({"LlmExtra": "{}"}, own)


def test_what_holds_something_and_is_replaced() -> None:
    """A new table in an old one's place is told, a new version of the layer is no loss; parameters come first."""
    changes = tuple(
        Change("Modify", name, kind, True)
        for name, kind in (("Table", "AWS::DynamoDB::Table"), ("SharedLayer", "AWS::Lambda::LayerVersion"))
    )
    before = StackDescription(OUTPUTS, {})
    lines = proposal_lines(Proposal("change set", changes, {"Language": ("zh", "en")}), {"Language": "en"}, before)
    assert [
        "  Language is en, and was zh",
        "  Modify 2: 1 Table, 1 LayerVersion",
        "  Table: a new one takes its place, and what the old one holds stays behind",
    ] == [line.plain for line in lines]


def test_prices_that_are_not_known() -> None:
    """The default prices are the default model's; an endpoint's are unknown until they are set, and that is said."""
    endpoint = {"Summarizer": "openai", "LlmBaseUrl": "https://api.deepseek.com", "LlmModel": "m"}
    assert ["0.27", "0.27", "0", "3"] == [
        template.parameters_with(settings)["PriceInput"]
        for settings in ({}, {"Language": "en"}, endpoint, endpoint | {"PriceInput": "3"})
    ]
    values: dict[str, tuple[str | None, str]] = {"PriceInput": (None, "0"), "PriceOutput": (None, "0")}
    lines = proposal_lines(Proposal("change set", (), values), endpoint, None)
    assert ["MaxTokensPerMonth alone limits it" in line.plain for line in lines] == [True]
