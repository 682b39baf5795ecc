"""The project's own template, deployed by the project's own command to the emulator on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from paperboy_cli.local.deployment import SAMPLE
from paperboy_cli.local.emulator import Local

PAPERBOY = Path(sys.executable).with_name("paperboy")


@dataclass
class Demo:
    """What `paperboy demo` printed, and the stack that it left running."""

    local: Local
    printed: str
    requests: str
    """The lines of the access log that it made."""

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        return self.local.describe(SAMPLE).outputs

    @cached_property
    def link(self) -> str:
        """Where the sample day is read in Markdown, as the demo says."""
        return next(line.split()[1] for line in self.printed.splitlines() if line.startswith("Markdown "))

    def paperboy(self, *arguments: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the command against this stack."""
        return paperboy(self.local, *arguments, check=check, **environment)

    def calls(self) -> Counter[str]:
        """How often the upstreams were asked since the sample server started."""
        import httpx

        return Counter(httpx.get(f"{self.local.sample_url}/calls").json())

    def records(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Every record of the table by its keys."""
        table: Any = self.local.session.resource("dynamodb", endpoint_url=self.local.url).Table(self.outputs["Table"])
        return {(item["pk"], item["sk"]): item for item in table.scan(ConsistentRead=True)["Items"]}

    def puts(self) -> int:
        """How many writes reached the stack's bucket so far, counted at the wire."""
        lines = self.local.access_log.read_text().splitlines()
        return sum(f" PUT /{self.outputs['Bucket']}/" in line for line in lines)

    def logged(self) -> list[dict[str, Any]]:
        """The structured lines that the functions logged so far."""
        logs = self.local.client("logs")
        lines = []
        for group in logs.describe_log_groups()["logGroups"]:
            for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"]):
                lines += [event["message"] for event in page["events"]]
        return [json.loads(line) for line in lines if line.startswith("{")]

    def catalogued(self) -> int:
        """How often catalog looked at a month's days so far."""
        return sum(line.get("message") == "days catalogued" for line in self.logged())

    def stream_records(self) -> int:
        """How many records the table's stream holds."""
        streams = self.local.client("dynamodbstreams")
        arn = streams.list_streams(TableName=self.outputs["Table"])["Streams"][0]["StreamArn"]
        shards = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        number = 0
        for shard in shards:
            iterator = streams.get_shard_iterator(
                StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            while iterator:
                answer = streams.get_records(ShardIterator=iterator)
                number += len(answer["Records"])
                iterator = answer.get("NextShardIterator") if answer["Records"] else None
        return number

    def invoke(self, function: str, event: dict[str, Any]) -> dict[str, Any]:
        """Call a deployed function by the start of its name; an error of its own fails the test."""
        functions = self.local.client("lambda")
        names = [each["FunctionName"] for each in functions.list_functions()["Functions"]]
        name = next(name for name in names if name.startswith(f"{SAMPLE.name}-{function}-"))
        answer = functions.invoke(FunctionName=name, Payload=json.dumps(event))
        payload: dict[str, Any] = json.load(answer["Payload"])
        assert "FunctionError" not in answer, payload
        return payload


def paperboy(local: Local, *arguments: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person would, with its things in `local`'s folder and on its ports."""
    own = {"PAPERBOY_HOME": str(local.home), "PAPERBOY_PORT": str(local.port), "COLUMNS": "100", "NO_COLOR": "1"}
    return subprocess.run(  # noqa: S603 - our own command
        [PAPERBOY, *arguments],
        env=os.environ | own | environment,
        capture_output=True,
        text=True,
        check=check,
        timeout=240,
    )


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, free_ports: int) -> Iterator[Demo]:
    """`paperboy demo` in an empty folder of its own; `paperboy down` when all is done."""
    local = Local(home=tmp_path_factory.mktemp("demo home"), port=free_ports + 10)
    done = paperboy(local, "demo", check=False)
    assert done.returncode == 0, done.stderr
    yield Demo(local, done.stdout, local.access_log.read_text())
    paperboy(local, "down")
    assert {} == local.running()
