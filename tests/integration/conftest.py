"""The stages, called directly, against the emulator's table, bucket and queue, and upstreams that speak real HTTP."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import re
import shutil
import ssl
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from samtranslator.yaml_helper import yaml_parse

from functions.catalog.handler import Catalog
from functions.ingest.handler import Ingest
from functions.render.handler import Render
from functions.score.handler import Score
from functions.summarize.handler import Summarize
from paperboy.adapters.archive import ArchiveReader
from paperboy.adapters.bucket import Bucket
from paperboy.adapters.budget import Budget, BudgetedModel
from paperboy.adapters.models.openai import OpenAI
from paperboy.adapters.queue import Queue
from paperboy.adapters.sources.hugging_face import HuggingFace
from paperboy.adapters.table import Table
from paperboy.days.records import DayRecords, SummaryRecord
from paperboy.days.run import Report, RunRequest
from paperboy.languages.language import Language, load_language
from paperboy.papers.listing import Source
from paperboy.papers.policy import load_policy
from paperboy.summaries.model import Model
from paperboy.summaries.prompt import prompt_version
from paperboy.summaries.reply import schema_of
from paperboy.summaries.request import SummaryRequest
from paperboy.summaries.usage import Limits, Prices
from paperboy_cli.local import sample
from paperboy_cli.local.emulator import Local

ROOT = Path(__file__).parents[2]


DAY = dt.date(2026, 2, 3)
HOST = "papers.test"
"""A host that nobody can look up: only a proxy answers for it."""
PRICES = Prices(input=Decimal("0.15"), output=Decimal("0.6"))


def run_of(hour: int, due: bool = False) -> RunRequest:
    """The run of the sample day that is scheduled for that hour (UTC) of the next morning."""
    return RunRequest(time=dt.datetime(2026, 2, 4, hour, 17, tzinfo=dt.UTC), day=DAY, due=due)


def nothing_is_unreadable(partition: str, sort_key: str, reason: str) -> None:
    raise AssertionError(f"{partition} {sort_key}: {reason}")


def no_page_is_unreadable(key: str, reason: str) -> None:
    raise AssertionError(f"{key}: {reason}")


@dataclass
class Stages:
    """The four functions' work, on a table as the template has it, a bucket and a queue of its own, and upstreams."""

    table: Table
    bucket: Bucket
    queue: Queue
    source: Source
    model: Model
    recorded: sample.Recorded
    client: Any
    dynamodb: Any
    """The resource, for what a test looks at or damages."""
    s3: Any
    sqs: Any
    name: str
    queue_url: str
    limits: Limits = field(default_factory=Limits)
    max_calls_per_run: int = 0
    on_unreadable: Callable[[str, str, str], object] = nothing_is_unreadable
    on_unreadable_page: Callable[[str, str], object] = no_page_is_unreadable
    language: Language = field(default_factory=lambda: load_language("zh"))

    @property
    def ingesting(self) -> Ingest:
        zone = ZoneInfo("Asia/Shanghai")
        return Ingest(self.source, self.table, load_policy(), prompt_version(self.language), self.model.name, zone)

    @property
    def scoring(self) -> Score:
        return Score(self.table, self.queue, load_policy(), self.max_calls_per_run)

    @property
    def budget(self) -> Budget:
        return Budget(self.name, self.on_unreadable, self.limits, self.client)

    @property
    def summarizing(self) -> Summarize:
        return Summarize(self.table, self.budget, BudgetedModel(self.model, self.budget, PRICES), self.language)

    @property
    def rendering(self) -> Render:
        return Render(self.table, self.bucket, self.language)

    @property
    def cataloging(self) -> Catalog:
        reader = ArchiveReader(self.bucket, self.table, self.on_unreadable_page)
        return Catalog(reader, self.bucket, self.language, self.bucket.address)

    def ingest(self, request: RunRequest) -> Report:
        return self.ingesting.ingest_day(DAY, request)

    def score(self) -> None:
        self.scoring.score_day(DAY)

    def summarize(self, request: SummaryRequest) -> SummaryRecord | None:
        return self.summarizing.summarize_paper(request)

    def render(self) -> None:
        self.rendering.render_day(DAY)

    def read_day(self) -> DayRecords:
        return self.table.read_day(DAY)

    def whole_day(self, hour: int = 3, due: bool = False) -> list[SummaryRequest]:
        """All stages once, in order, as the run of that hour (UTC). Returns the requests for summaries."""
        self.ingest(run_of(hour, due))
        self.score()
        requests = self.requests()
        for request in requests:
            self.summarize(request)
        self.render()
        return requests

    def edit_listing(self, edit: Callable[[list[Any]], list[Any]]) -> None:
        """Have the source answer something else for the sample day from now on."""
        path = self.recorded.folder / f"{DAY}.json"
        path.write_text(json.dumps(edit(json.loads(path.read_text(encoding="utf-8")))), encoding="utf-8")

    def records(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Every record by its keys, without the times at which they were written, and what follows from these."""
        items = self.dynamodb.Table(self.name).scan(ConsistentRead=True)["Items"]
        for item in items:
            item.get("hashes", {}).pop(f"digests/{item['sk']}.json", None)
        clocks = ("published_at", "written_at")
        return {(i["pk"], i["sk"]): {k: v for k, v in i.items() if k not in clocks} for i in items}

    def pages(self) -> dict[str, bytes]:
        """Every page in the bucket by its key, without the times at which texts were written."""
        found = self.s3.list_objects_v2(Bucket=self.name).get("Contents", [])
        pages = {each["Key"]: self.s3.get_object(Bucket=self.name, Key=each["Key"])["Body"].read() for each in found}
        return {key: re.sub(rb'"written_at": "[^"]*"', b'"written_at": ""', page) for key, page in pages.items()}

    def requests(self) -> list[SummaryRequest]:
        """The requests that wait in the queue; they are taken off it."""
        taken = []
        while batch := self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages"):
            for message in batch:
                self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
                taken.append(SummaryRequest.model_validate_json(message["Body"]))
        return taken


class Emulator(Local):
    """One whose Bedrock asks the upstream on the next port; where nobody is there, it makes a reply up. Its SES hands
    mail on to a server at `mail_port`, if one is there."""

    @property
    def mail_port(self) -> int:
        return self.port + 2

    def _start(self, name: str, command: list[str], environment: dict[str, str], ready: str) -> None:
        environment = environment | {
            "MINISTACK_BEDROCK_PROXY_URL": self.sample_url,
            "SMTP_HOST": f"127.0.0.1:{self.mail_port}",
        }
        super()._start(name, command, environment, ready)


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory, free_ports: int) -> Iterator[Emulator]:
    """The AWS emulator on loopback, with nothing deployed."""
    local = Emulator(home=tmp_path_factory.mktemp("emulator"), port=free_ports)
    with local.stopped_on_failure():
        local.start_emulator()
    yield local
    local.stop()


@contextmanager
def recorded_upstreams(folder: Path) -> Iterator[tuple[str, sample.Recorded]]:
    """The sample upstreams, from a copy in `folder` that a test may edit: their address and what counts their calls."""
    recorded = sample.Recorded(shutil.copytree(ROOT / "events" / "sample", folder))
    recorded.refused.clear()  # a test that wants a bad reply says so
    server = sample.server(recorded, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", recorded
    server.shutdown()
    server.server_close()


def new_stages(emulator: Local, url: str, recorded: sample.Recorded) -> Stages:
    """Stages on a new table, bucket and queue."""
    name = f"test-{uuid.uuid4().hex}"
    properties = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]["Table"]["Properties"]
    schema = {key: properties[key] for key in ("AttributeDefinitions", "KeySchema", "BillingMode")}
    client, s3, sqs = emulator.client("dynamodb"), emulator.client("s3"), emulator.client("sqs")
    client.create_table(TableName=name, **schema)
    s3.create_bucket(Bucket=name)
    queue_url = sqs.create_queue(QueueName=name)["QueueUrl"]
    return Stages(
        table=Table(name, nothing_is_unreadable, client),
        bucket=Bucket(name, s3),
        queue=Queue(queue_url, sqs),
        source=HuggingFace(url),
        model=OpenAI(f"{url}/v1", sample.MODEL, schema_of(load_language("zh"))),
        recorded=recorded,
        client=client,
        dynamodb=emulator.session.resource("dynamodb", endpoint_url=emulator.url),
        s3=s3,
        sqs=sqs,
        name=name,
        queue_url=queue_url,
    )


@pytest.fixture
def upstreams(tmp_path: Path) -> Iterator[tuple[str, sample.Recorded]]:
    """The sample upstreams of one test."""
    with recorded_upstreams(tmp_path / "sample") as (url, recorded):
        yield url, recorded


@pytest.fixture
def stages(emulator: Local, upstreams: tuple[str, sample.Recorded]) -> Stages:
    return new_stages(emulator, *upstreams)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for loopback and HOST that vouches for itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    names = x509.SubjectAlternativeName([x509.DNSName(HOST), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("certificate") / "loopback.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def tls(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """What a server needs to speak TLS; clients that are made in the test trust it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
