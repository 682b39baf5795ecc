"""A stack in AWS, with the emulator as AWS: who is let in, and what is there."""

from __future__ import annotations

import datetime as dt
import uuid

import httpx
import pytest

from paperboy_cli.errors import PaperboyError
from paperboy_cli.local.deployment import LIVE
from paperboy_cli.local.emulator import Local
from paperboy_cli.stack.cloud import Cloud
from paperboy_cli.stack.deployed import Deployed
from paperboy_cli.stack.host import Stack, StackDescription
from paperboy_cli.stack.keys import environment_keys, keep_keys
from paperboy_cli.stack.links import Links

NOW = dt.datetime.now(dt.UTC)
NOBODYS = "AKIAIOSFODNN7EXAMPLE"


def refusal(cloud: Cloud) -> str:
    """What is said where a stack that does not exist is looked for."""
    with pytest.raises(PaperboyError) as error, cloud.explained():
        Deployed(cloud, Stack("nowhere", sample=False))
    return str(error.value)


@pytest.fixture
def cloud(emulator: Local, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """AWS, which the environment says is the emulator."""
    settings = {"AWS_ENDPOINT_URL": emulator.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return Cloud(region="us-east-1")


def test_no_such_stack(cloud: Cloud) -> None:
    """A stack that does not exist is told with its name and region."""
    assert "there is no stack nowhere in us-east-1 for these credentials" in refusal(cloud)


def test_who_is_not_let_in(emulator: Local, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without a permission is told which; keys that nobody has are told to be unknown."""
    iam, name = emulator.client("iam"), uuid.uuid4().hex
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    assert "AWS does not permit cloudformation:DescribeStacks to these credentials" in refusal(
        Cloud(region="us-east-1")
    )
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", NOBODYS)
    assert "AWS does not know these credentials" in refusal(Cloud(region="us-east-1"))


def test_no_network(cloud: Cloud, free_ports: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where AWS cannot be reached, the address and the network are named."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_ports + 40}")
    said = refusal(cloud)
    assert said.startswith("AWS could not be reached: ")
    assert f"127.0.0.1:{free_ports + 40}" in said


def test_a_signed_link_opens(emulator: Local, cloud: Cloud) -> None:
    """A private page opens by its signed link and not without the signature."""
    bucket = f"test-{uuid.uuid4().hex}"
    emulator.client("s3").create_bucket(Bucket=bucket)
    emulator.client("s3").put_object(Bucket=bucket, Key="latest.html", Body=b"a page")
    outputs = {"Access": "private", "Pages": f"s3://{bucket}/"}
    link = Links(cloud, StackDescription(outputs, {}), NOW, days=1).to("latest.html")
    assert (200, "a page") == ((answer := httpx.get(link)).status_code, answer.text)
    assert 403 == httpx.get(link.partition("?")[0]).status_code


def test_keys_are_kept_and_taken_away(emulator: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key of the environment is put into the stack's store as a secure string, stays without it, and goes by name."""
    ssm = emulator.client("ssm")

    def kept() -> dict[str, str]:
        parameters = ssm.get_parameters_by_path(Path=f"/{LIVE.name}", WithDecryption=True)["Parameters"]
        assert {"SecureString"} >= {each["Type"] for each in parameters}
        return {each["Name"]: each["Value"] for each in parameters}

    monkeypatch.setenv("LLM_API_KEY", "sk-1")
    monkeypatch.setenv("HF_TOKEN", "hf-1")
    keep_keys(emulator, LIVE, environment_keys())
    assert {"/paperboy/llm-api-key": "sk-1", "/paperboy/hf-token": "hf-1"} == kept()
    monkeypatch.setenv("LLM_API_KEY", "sk-2")
    monkeypatch.delenv("HF_TOKEN")
    keep_keys(emulator, LIVE, environment_keys())
    assert {"/paperboy/llm-api-key": "sk-2", "/paperboy/hf-token": "hf-1"} == kept()
    monkeypatch.delenv("LLM_API_KEY")
    keep_keys(emulator, LIVE, environment_keys(), unset=["HF_TOKEN"])
    assert {"/paperboy/llm-api-key": "sk-2"} == kept()
