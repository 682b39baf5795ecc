"""The project's template, deployed to the emulator with a benchmark's upstreams, and what can be counted there."""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections.abc import Iterator
from functools import cached_property
from statistics import median
from typing import Any

from boto3.dynamodb.conditions import Attr, Key

from paperboy.days.keys import day_partition, summary_key
from paperboy.pages.site import HTML, digest_key
from paperboy_cli.local.deployment import build, deploy, parameters_of
from paperboy_cli.local.emulator import Local
from paperboy_cli.stack.deployed import Deployed
from paperboy_cli.stack.host import Stack
from tests.benchmarks.common import console, local_stack
from tests.benchmarks.upstreams import MODEL, Upstreams, serving

PLENTY = {"MaxModelCallsPerRun": "1000", "MaxTokensPerMonth": "1000000000", "MaxCostPerMonth": "99999"}
"""Limits out of reach: a hundred days in an hour are no ordinary month."""


STACK = Stack("paperboy-benchmark", sample=False)


def settings(url: str) -> dict[str, str]:
    """The parameters of a stack whose upstreams are at `url`, and that runs only when it is asked to."""
    upstreams = {"HfBaseUrl": url, "Summarizer": "openai", "LlmBaseUrl": f"{url}/v1", "LlmModel": MODEL}
    return {"ScheduleState": "DISABLED", **upstreams, **PLENTY}


class Bench:
    """A deployed stack and its upstreams."""

    def __init__(self, local: Local, upstreams: Upstreams) -> None:
        self.local = local
        self.upstreams = upstreams
        self.deployed = Deployed(local, STACK)
        self._lambda = local.client("lambda")

    @cached_property
    def functions(self) -> dict[str, str]:
        """The functions' physical names by their logical ids."""
        resources = self.local.client("cloudformation").list_stack_resources(StackName=self.deployed.stack.name)
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for each in resources["StackResourceSummaries"]
            if each["ResourceType"] == "AWS::Lambda::Function"
        }

    def variables(self, function: str) -> dict[str, str]:
        """The environment that a function is deployed with."""
        configuration = self._lambda.get_function_configuration(FunctionName=self.functions[function])
        variables: dict[str, str] = configuration["Environment"]["Variables"]
        return variables

    def trigger(self, *kinds: str, on: bool) -> None:
        """Switch the functions' triggers on or off: ``sqs``, ``dynamodb``."""
        for mapping in self._lambda.list_event_source_mappings()["EventSourceMappings"]:
            if mapping["EventSourceArn"].split(":")[2] in kinds:
                self._lambda.update_event_source_mapping(UUID=mapping["UUID"], Enabled=on)

    @cached_property
    def _kinesis(self) -> Any:
        kinesis = self.local.client("kinesis")
        kinesis.create_stream(StreamName="wake", ShardCount=1)
        return kinesis

    def wake(self) -> None:
        """Have the emulator look at its queues now: it looks at idle ones once a second, where Lambda stands waiting.

        What wakes it is anything that is put in a Kinesis stream.
        """
        self._kinesis.put_record(StreamName="wake", Data=b"", PartitionKey="wake")

    def in_queue(self) -> int:
        """How many papers wait for their summary, those that are worked on among them."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        queue = self.deployed.outputs["SummaryQueue"]
        numbers = self.local.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return sum(int(numbers[name]) for name in names)

    @cached_property
    def _table(self) -> Any:
        dynamodb = self.local.session.resource("dynamodb", endpoint_url=self.local.url)
        return dynamodb.Table(self.deployed.outputs["Table"])

    def summarized(self, day: dt.date) -> int:
        """How many summaries the day has; asked with as little work for the emulator as possible."""
        key = Key("pk").eq(day_partition(day)) & Key("sk").begins_with(summary_key(""))
        written = Attr("summary").exists()
        answer = self._table.query(
            KeyConditionExpression=key, FilterExpression=written, Select="COUNT", ConsistentRead=True
        )
        number: int = answer["Count"]
        return number

    def requests(self) -> int:
        """How many requests reached the emulator so far, of whatever kind."""
        return len(self.local.access_log.read_text().splitlines())

    def seconds_a_request(self) -> float:
        """How long the emulator takes for a small read while nothing else is asked of it."""
        took = []
        for _ in range(50):
            begun = time.perf_counter()
            self._table.get_item(Key={"pk": "none", "sk": "none"})
            took.append(time.perf_counter() - begun)
        return median(took)

    def puts(self) -> int:
        """How many writes reached the stack's bucket so far, counted at the wire."""
        lines = self.local.access_log.read_text().splitlines()
        return sum(f" PUT /{self.deployed.outputs['Bucket']}/" in line for line in lines)

    def stream_records(self) -> int:
        """How many records the table's stream holds."""
        streams = self.local.client("dynamodbstreams")
        arn = streams.list_streams(TableName=self.deployed.outputs["Table"])["Streams"][0]["StreamArn"]
        number = 0
        for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
            place = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
            iterator = streams.get_shard_iterator(**place)["ShardIterator"]
            while iterator:
                answer = streams.get_records(ShardIterator=iterator)
                number += len(answer["Records"])
                iterator = answer.get("NextShardIterator") if answer["Records"] else None
        return number

    def pages(self, day: dt.date) -> dict[str, str]:
        """The day's pages in the bucket: what each is like, by its key."""
        bucket = self.deployed.outputs["Bucket"]
        # All formats of the day, and of no other.
        prefix = self.deployed.bucket.path(digest_key(day)).removesuffix(HTML.suffix)
        answer = self.local.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)
        return {each["Key"]: each["ETag"] for each in answer.get("Contents", [])}


@contextlib.contextmanager
def bench(upstreams: Upstreams) -> Iterator[Bench]:
    """Serve the upstreams and deploy the stack to them; all of it is stopped and removed at the end."""
    with serving(upstreams), local_stack() as local:
        with console.status("sam build and sam deploy …"):
            local.start_emulator()
            build(local)
            deploy(local, STACK, parameters_of(STACK, local.port, settings(upstreams.url)))
        yield Bench(local, upstreams)
