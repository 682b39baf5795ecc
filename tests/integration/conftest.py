"""The stages, called directly, against the emulator's table, bucket and queue, and upstreams that speak real HTTP."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from samtranslator.yaml_helper import yaml_parse

from functions.ingest.handler import Asked, Ingest, Outcome
from functions.render.handler import render_day
from functions.score.handler import score_day
from functions.summarize.handler import Summarize
from paperboy import prompt
from paperboy.bucket import Bucket
from paperboy.language import Language, load_language
from paperboy.model import Model
from paperboy.openai import OpenAI
from paperboy.policy import load_policy
from paperboy.queue import Queue, SummaryAsked
from paperboy.records import SummaryRecord
from paperboy.source import Source
from paperboy.summary import schema_of
from paperboy.table import Table
from paperboy.usage import Limits, Prices
from paperboy_cli import sample
from paperboy_cli.local import Local

ROOT = Path(__file__).parents[2]


DAY = dt.date(2026, 2, 3)
PRICES = Prices(input=Decimal("0.15"), output=Decimal("0.6"))


def run_of(hour: int, due: bool = False) -> Asked:
    """The run of the sample day that is scheduled for that hour (UTC) of the next morning."""
    return Asked(time=dt.datetime(2026, 2, 4, hour, 17, tzinfo=dt.UTC), day=DAY, due=due)


@dataclass
class Edges:
    """What the stages work with: a table as the template has it, a bucket and a queue of their own, and upstreams."""

    table: Table
    bucket: Bucket
    queue: Queue
    source: Source
    model: Model
    recorded: sample.Recorded
    dynamodb: Any
    s3: Any
    sqs: Any
    name: str
    queue_url: str
    limits: Limits = field(default_factory=Limits)
    calls_per_run: int = 0
    language: Language = field(default_factory=lambda: load_language("zh"))

    def ingest(self, asked: Asked) -> Outcome:
        """Ingest the sample day, as the handler does."""
        return self.stage.ingest_day(DAY, asked)

    @property
    def stage(self) -> Ingest:
        return Ingest(self.source, self.table, load_policy(), prompt.version(self.language), ZoneInfo("Asia/Shanghai"))

    def score(self) -> None:
        score_day(DAY, self.table, self.queue, load_policy(), self.calls_per_run)

    def summarize(self, asked: SummaryAsked) -> SummaryRecord | None:
        return Summarize(self.table, self.model, PRICES, self.limits, self.language).summarize_paper(asked)

    def render(self) -> None:
        render_day(DAY, self.table, self.bucket, self.language)

    def whole_day(self, hour: int = 3, due: bool = False) -> list[SummaryAsked]:
        """All stages once, in order, as the run of that hour (UTC). Returns the summaries that were asked for."""
        self.ingest(run_of(hour, due))
        self.score()
        asked = self.asked()
        for each in asked:
            self.summarize(each)
        self.render()
        return asked

    def edit_listing(self, edit: Callable[[list[Any]], list[Any]]) -> None:
        """Have the source answer something else for the sample day from now on."""
        path = self.recorded.folder / f"{DAY}.json"
        path.write_text(json.dumps(edit(json.loads(path.read_text(encoding="utf-8")))), encoding="utf-8")

    def records(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Every record by its keys, without the clock that a published one carries."""
        items = self.dynamodb.Table(self.name).scan(ConsistentRead=True)["Items"]
        return {(i["pk"], i["sk"]): {k: v for k, v in i.items() if k != "published_at"} for i in items}

    def pages(self) -> dict[str, bytes]:
        """Every page in the bucket by its key."""
        found = self.s3.list_objects_v2(Bucket=self.name).get("Contents", [])
        return {each["Key"]: self.s3.get_object(Bucket=self.name, Key=each["Key"])["Body"].read() for each in found}

    def asked(self) -> list[SummaryAsked]:
        """All messages that wait; they are taken off the queue."""
        taken = []
        while batch := self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages"):
            for message in batch:
                self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
                taken.append(SummaryAsked.model_validate_json(message["Body"]))
        return taken


class Emulator(Local):
    """One whose Bedrock asks the upstream on the next port; where nobody is there, it makes a reply up."""

    def _start(self, name: str, command: list[str], environment: dict[str, str], ready: str) -> None:
        environment = environment | {"MINISTACK_BEDROCK_PROXY_URL": self.sample_url}
        super()._start(name, command, environment, ready)


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory, free_ports: int) -> Iterator[Local]:
    """The AWS emulator on loopback, with nothing deployed."""
    local = Emulator(home=tmp_path_factory.mktemp("emulator"), port=free_ports)
    with local.stopped_on_failure():
        local.start_emulator()
    yield local
    local.stop()


@pytest.fixture
def upstreams(tmp_path: Path) -> Iterator[tuple[str, sample.Recorded]]:
    """The sample upstreams, from a copy that a test may edit: their address and what counts their calls."""
    folder = shutil.copytree(ROOT / "events" / "sample", tmp_path / "sample")
    recorded = sample.Recorded(folder)
    recorded.refused.clear()  # a test that wants a bad reply says so
    server = sample.server(recorded, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", recorded
    server.shutdown()
    server.server_close()


@pytest.fixture
def edges(emulator: Local, upstreams: tuple[str, sample.Recorded]) -> Edges:
    url, recorded = upstreams
    name = f"test-{uuid.uuid4().hex}"
    properties = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]["Table"]["Properties"]
    schema = {key: properties[key] for key in ("AttributeDefinitions", "KeySchema", "BillingMode")}
    dynamodb = emulator.resource("dynamodb")
    s3, sqs = emulator.client("s3"), emulator.client("sqs")
    table = dynamodb.create_table(TableName=name, **schema)
    s3.create_bucket(Bucket=name)
    queue_url = sqs.create_queue(QueueName=name)["QueueUrl"]
    return Edges(
        table=Table(name, table),
        bucket=Bucket(name, s3),
        queue=Queue(queue_url, sqs),
        source=Source(url),
        model=OpenAI(f"{url}/v1", sample.MODEL, schema_of(load_language("zh"))),
        recorded=recorded,
        dynamodb=dynamodb,
        s3=s3,
        sqs=sqs,
        name=name,
        queue_url=queue_url,
    )
