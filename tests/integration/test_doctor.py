"""`paperboy doctor`, with each thing broken in turn: what is said of it, and the way out.

The emulator stands for AWS. What it cannot answer (quotas, the account's switch, subscriptions) is answered by
botocore's own stubs, as AWS documents it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from botocore.stub import Stubber
from typer.testing import CliRunner

from paperboy_cli.commands.doctor.aws import AwsProbes
from paperboy_cli.commands.doctor.diagnosis import Diagnosis, examine, look_at_clock
from paperboy_cli.commands.doctor.laptop import LaptopProbes
from paperboy_cli.local import docker, processes
from paperboy_cli.local.emulator import Local
from paperboy_cli.main import app
from paperboy_cli.project import template
from paperboy_cli.project.settings import PARAMETER_VARIABLES, Settings
from paperboy_cli.stack.cloud import Cloud
from paperboy_cli.stack.host import FAILURE_QUEUES, Stack, StackDescription
from tests.integration.conftest import Stages

STACK = Stack("patient", sample=False)
NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Account(Cloud):
    """An account of AWS with one stack; services that have a client in `stubs` answer by that."""

    description: StackDescription = field(default_factory=lambda: StackDescription({}, {}))
    stubs: dict[str, Any] = field(default_factory=dict)

    def describe(self, stack: Stack) -> StackDescription:  # noqa: ARG002 - as every host has it
        return self.description

    def client(self, service: Any, config: Any = None) -> Any:
        return self.stubs.get(service) or super().client(service, config)

    def with_parameters(self, **parameters: str) -> Account:
        changed = StackDescription(self.description.outputs, {**self.description.parameters, **parameters})
        return replace(self, description=changed)

    def with_stub(self, service: Any, operation: str, answer: dict[str, Any] | str) -> Account:
        """One in which an operation answers this, or with an error of this code."""
        stub = Stubber(client := super().client(service))
        if isinstance(answer, str):
            stub.add_client_error(operation, answer, "not authorized to perform: " + answer)
        else:
            stub.add_response(operation, answer)
        stub.activate()
        return replace(self, stubs={**self.stubs, service: client})

    def look(self, subject: str) -> Diagnosis:
        probes = AwsProbes(self, STACK)
        return dict(examine(self, {subject: (probes.entrance() | probes.all())[subject]}))[subject]


@pytest.fixture
def account(stages: Stages, emulator: Local, upstreams: tuple[str, Any], monkeypatch: pytest.MonkeyPatch) -> Account:
    """An account with a stack that is well: its table and bucket, and a source and a model that answer."""
    for name, value in {"ENDPOINT_URL": emulator.url, "ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    url = upstreams[0]
    queues = dict.fromkeys(FAILURE_QUEUES, stages.queue_url)
    own = {"Table": stages.name, "Bucket": stages.name, "Pages": f"s3://{stages.name}/", "Access": "private"}
    parameters = template.defaults() | {
        "HfBaseUrl": url,
        "Summarizer": "openai",
        "LlmBaseUrl": f"{url}/v1",
        "LlmModel": "sample",
    }
    return Account(region="us-east-1", description=StackDescription(own | queues, parameters))


def test_a_stack_that_is_well(account: Account, stages: Stages) -> None:
    """Of a stack that is well nothing is wrong, and what nobody has set is told as such."""
    for request in stages.whole_day():
        assert request
    states = {subject: account.look(subject).state for subject in AwsProbes(account, STACK).all()}
    assert {"key": "unknown", "alarms": "unknown"} == {name: state for name, state in states.items() if state != "ok"}


@pytest.mark.parametrize(
    ("subject", "parameters", "said", "way_out"),
    [
        ("source", {"HfBaseUrl": NOWHERE}, "127.0.0.1:9", "mirror"),
        ("model", {"LlmBaseUrl": f"{NOWHERE}/v1"}, "did not answer", "docs/operating.md"),
        ("quotas", {"MaxConcurrency": "1000"}, "the stack takes up to 1003", "MaxConcurrency"),
    ],
)
def test_a_stack_that_is_set_wrong(
    account: Account, subject: str, parameters: dict[str, str], said: str, way_out: str
) -> None:
    """A setting that leads nowhere is told of what it breaks, with the way out."""
    diagnosis = account.with_parameters(**parameters).look(subject)
    assert "wrong" == diagnosis.state
    assert said in diagnosis.text
    assert way_out in diagnosis.remedy


def test_a_model_that_is_away(account: Account, upstreams: tuple[str, Any]) -> None:
    """A model that answers 503 is told with the endpoint's own words."""
    upstreams[1].answers = 0
    diagnosis = account.look("model")
    assert ("wrong", True) == (diagnosis.state, "answered 503: the model is away" in diagnosis.text)


def test_pages_that_do_not_open(account: Account, stages: Stages) -> None:
    """Before the first digest there is no page to open; one that is gone later is told, with how it is put back. Where
    it opens by a signed link alone, it is said how all are read."""
    assert "no digest is published yet" in account.look("pages").text
    stages.whole_day()
    command = "`paperboy open --stack patient --region us-east-1` serves all pages on this machine"
    assert account.look("pages").text.endswith(f"latest.html opens by a signed link; {command}")
    stages.s3.delete_object(Bucket=stages.name, Key="latest.html")
    diagnosis = account.look("pages")
    assert "answers 404" in diagnosis.text
    assert "paperboy run DAY --stack patient" in diagnosis.remedy


def test_an_account_without_public_access(account: Account) -> None:
    """The account's own switch is named where the pages are to be read by others."""
    switch = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    outputs = {**account.description.outputs, "Access": "unlisted"}
    blocked = replace(account, description=StackDescription(outputs, account.description.parameters)).with_stub(
        "s3control", "get_public_access_block", {"PublicAccessBlockConfiguration": switch}
    )
    diagnosis = blocked.look("pages")
    assert ("wrong", True) == (diagnosis.state, "blocks public access to all of its buckets" in diagnosis.text)
    assert "Block Public Access settings for this account" in diagnosis.remedy


@pytest.mark.parametrize(
    ("arn", "state"), [("PendingConfirmation", "wrong"), ("arn:aws:sns:us-east-1:1:topic:1", "ok")]
)
def test_alarms_by_mail(account: Account, arn: str, state: str) -> None:
    """A mail address that has not confirmed is told; nothing would reach it."""
    detail = {
        "LogicalResourceId": "AlarmTopic",
        "PhysicalResourceId": "arn:aws:sns:us-east-1:000000000000:topic",
        "ResourceType": "AWS::SNS::Topic",
        "LastUpdatedTimestamp": dt.datetime.now(dt.UTC),
        "ResourceStatus": "CREATE_COMPLETE",
    }
    asked = (
        account.with_parameters(AlarmEmail="me@example.org")
        .with_stub("cloudformation", "describe_stack_resource", {"StackResourceDetail": detail})
        .with_stub("sns", "list_subscriptions_by_topic", {"Subscriptions": [{"SubscriptionArn": arn}]})
    )
    assert state == asked.look("alarms").state


def test_quotas_of_a_model(account: Account) -> None:
    """What the account may ask of its model in a minute is told, also of one behind an inference profile."""
    names = ("Cross-region model inference tokens per minute for Amazon Nova Lite", "Batch jobs for Amazon Nova Lite")
    asked = (
        account.with_parameters(Summarizer="bedrock", BedrockModel="apac.amazon.nova-lite-v1:0")
        .with_stub(
            "bedrock",
            "get_foundation_model",
            {"modelDetails": {"modelArn": "a", "modelId": "amazon.nova-lite-v1:0", "modelName": "Amazon Nova Lite"}},
        )
        .with_stub("service-quotas", "list_service_quotas", {"Quotas": [{"QuotaName": n, "Value": 2e5} for n in names]})
    )
    text = asked.look("quotas").text
    assert f"{names[0]}: 200,000" in text
    assert names[1] not in text


def test_a_new_account(account: Account) -> None:
    """An account that may run ten functions at a time is told when the stack is set to take more."""
    limited = account.with_stub(
        "lambda", "get_account_settings", {"AccountLimit": {"ConcurrentExecutions": 10}}
    ).with_parameters(MaxConcurrency="8")
    assert "10 functions at a time; the stack takes up to 11" in limited.look("quotas").text


def test_what_failed_for_good(account: Account, stages: Stages) -> None:
    """Messages in the queues for failures are told, with where more is said of them."""
    stages.sqs.send_message(QueueUrl=stages.queue_url, MessageBody="{}")
    diagnosis = account.look("failures")
    assert "1 failed for good, in FailureQueue" in diagnosis.text
    assert "paperboy status --stack patient" in diagnosis.remedy


def test_a_permission_that_is_missing(account: Account) -> None:
    """What these credentials may not look at is unknown and not wrong; the permission is named."""
    diagnosis = account.with_stub("lambda", "get_account_settings", "AccessDeniedException").look("quotas")
    assert ("unknown", True) == (diagnosis.state, "AWS does not permit" in diagnosis.text)


def test_credentials_that_nobody_knows(account: Account) -> None:
    """Credentials that AWS refuses are wrong, and the only thing that is looked at."""
    refused = account.with_stub("sts", "get_caller_identity", "InvalidClientTokenId")
    assert "AWS does not know these credentials" in refused.look("credentials").text


def test_no_credentials(monkeypatch: pytest.MonkeyPatch, account: Account) -> None:
    """Without credentials, the command says so and looks no further."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    result = CliRunner().invoke(app, ["doctor", "--stack", "paperboy", "--region", "us-east-1", "--json"])
    assert 1 == result.exit_code
    assert [("credentials", "wrong")] == [(each["subject"], each["state"]) for each in json.loads(result.stdout)]


@pytest.fixture
def clock() -> Iterator[Callable[[float], str]]:
    """Servers whose clocks are that many seconds behind this machine's."""
    servers: list[ThreadingHTTPServer] = []

    def serve(seconds: float) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.send_response_only(200)
                date = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=seconds)
                self.send_header("Date", format_datetime(date, usegmt=True))
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
                """Nothing."""

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_clock_that_is_wrong(clock: Callable[[float], str]) -> None:
    """A clock that is minutes off is told with how far and which way; one without a comparison is unknown."""
    assert "ok" == look_at_clock(clock(1)).state
    assert "10 minutes ahead" in look_at_clock(clock(600)).text
    assert "10 minutes behind" in look_at_clock(clock(-600)).text
    assert "unknown" == look_at_clock(NOWHERE).state


# The laptop


@pytest.fixture
def laptop(tmp_path: Any, free_ports: int, upstreams: tuple[str, Any], monkeypatch: pytest.MonkeyPatch) -> Local:
    """A laptop on which nothing runs, set to a source and a model that answer."""
    for variable in PARAMETER_VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)
    local = Local(home=tmp_path / "laptop", port=free_ports + 60)
    url = upstreams[0]
    Settings.of_laptop(local.home).change({"HfBaseUrl": url, "LlmBaseUrl": f"{url}/v1", "LlmModel": "sample"})
    return local


def look(local: Local, subject: str) -> Diagnosis:
    return dict(examine(local, {subject: LaptopProbes(local).all()[subject]}))[subject]


def test_a_laptop_that_is_well(laptop: Local) -> None:
    """Of a laptop that is well nothing is wrong."""
    found = dict(examine(laptop, LaptopProbes(laptop).all()))
    assert {"ok", "unknown"} >= {diagnosis.state for diagnosis in found.values()}
    assert "not up: `paperboy up` starts it" == found["stack"].text


def test_a_port_that_is_taken(laptop: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that another program has is told with the next one to choose."""
    monkeypatch.setattr(processes, "is_free", lambda port: port != laptop.port + 1)
    diagnosis = look(laptop, "port")
    assert f"{laptop.port + 1} is taken" in diagnosis.text
    assert f"PAPERBOY_PORT={laptop.port + 100}" in diagnosis.remedy


def test_a_disk_that_is_full(laptop: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too little room is told before a build finds out."""
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 12_000_000})())
    assert "12 MB are free" in look(laptop, "folder").text


def test_tools_that_are_missing(laptop: Local, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tool that is not there is named with what installs it."""
    monkeypatch.setattr("paperboy_cli.commands.doctor.laptop.ROOT", tmp_path)
    diagnosis = look(laptop, "tools")
    assert (".tools/sam/bin/sam is not there", "`make setup` installs it.") == (diagnosis.text, diagnosis.remedy)


def test_settings_that_cannot_be(laptop: Local) -> None:
    """A kept value that its parameter does not take is told, and costs no other line."""
    Settings.of_laptop(laptop.home).change({"Language": "tlh"})
    found = dict(examine(laptop, LaptopProbes(laptop).all()))
    assert "Language has to be one of zh, en" in found["settings"].text
    assert "ok" == found["port"].state


def test_a_source_and_a_model_out_of_reach(laptop: Local) -> None:
    """Both are told, with the way out."""
    Settings.of_laptop(laptop.home).change({"HfBaseUrl": NOWHERE, "LlmBaseUrl": f"{NOWHERE}/v1"})
    assert ["wrong", "wrong"] == [look(laptop, subject).state for subject in ("source", "model")]


def test_no_docker(laptop: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    """Docker need not be there."""
    monkeypatch.setattr(docker, "_ask", lambda *_: (_ for _ in ()).throw(OSError()))
    assert "unknown" == look(laptop, "Docker").state
