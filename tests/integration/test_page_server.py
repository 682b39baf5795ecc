"""A stack's pages, served on loopback from the emulator's S3, to real HTTP: private ones, by credentials alone."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from botocore.config import Config

from paperboy_cli.errors import PaperboyError
from paperboy_cli.local.emulator import Local
from paperboy_cli.stack import deployed as stack_deployed
from paperboy_cli.stack.cloud import Cloud
from paperboy_cli.stack.deployed import Deployed
from paperboy_cli.stack.host import Host, Stack, StackDescription
from paperboy_cli.stack.page_server import PageHandler, PageServer

STACK = Stack("read", sample=False)
PAGES = {
    "index.html": b"<a href='digests/2026-02-03.html'>2026-02-03</a>",
    "digests/2026-02-03.html": "<p>论文".encode(),
    "digests/2026-02-03.md": b"# a day",
}
BESIDE = {"notes.md", "pages.md", "pages"}
"""Keys beside those of the pages."""


@pytest.fixture(scope="module")
def bucket(emulator: Local) -> str:
    """A private bucket with pages and with what is none."""
    name, s3 = f"test-{uuid.uuid4().hex}", emulator.client("s3")
    s3.create_bucket(Bucket=name)
    for key, content in PAGES.items():
        kind = "text/html; charset=utf-8" if key.endswith("html") else "text/markdown; charset=utf-8"
        told = {"ContentType": kind, "CacheControl": "public, max-age=60"}
        s3.put_object(Bucket=name, Key=f"pages/{key}", Body=content, **told)
    packed = gzip.compress(b"packed")
    s3.put_object(Bucket=name, Key="pages/packed.md", Body=packed, ContentType="text/plain", ContentEncoding="gzip")
    for key in BESIDE:
        s3.put_object(Bucket=name, Key=key, Body=b"not for readers")
    return name


def deployed(host: Host, bucket: str, access: str = "private") -> Deployed:
    """A stack at `host`, with its pages in the bucket."""
    description = StackDescription({"Access": access, "Pages": f"s3://{bucket}/pages/"}, {})
    described: Any = SimpleNamespace(describe=lambda _: description, client=host.client, explained=host.explained)
    return Deployed(described, STACK)


@contextmanager
def opened(host: Host, bucket: str, access: str = "private") -> Iterator[httpx.Client]:
    """The pages of a stack, served while in here."""
    with PageServer(deployed(host, bucket, access)) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        with httpx.Client(base_url=server.link("")) as client:
            yield client
        server.shutdown()


def test_all_pages_are_read(emulator: Local, bucket: str) -> None:
    """Each page of a private bucket comes as it lies there, the list at the top as well; nothing else does."""
    with opened(emulator, bucket) as client:
        assert PAGES == {key: client.get(key).content for key in PAGES}
        assert PAGES["index.html"] == client.get("").content
        packed = client.get("packed.md")
        assert (b"packed", "gzip") == (packed.content, packed.headers["Content-Encoding"])
        assert {404} == {client.get(key).status_code for key in (*BESIDE, "digests", "2026-02-03.html", "latest.html")}
        assert {404} == {client.get(f"%2e%2e%2f{key}").status_code for key in BESIDE}


def test_a_page_that_is_known_is_not_sent_again(emulator: Local, bucket: str) -> None:
    """With its ETag a page is answered with 304, without it or with another's in full."""
    with opened(emulator, bucket) as client:
        etag = client.get("index.html").headers["ETag"]
        known = [client.get("index.html", headers={"If-None-Match": each}) for each in (etag, f'"0", {etag}', '"0"')]
    assert [(304, b""), (304, b""), (200, PAGES["index.html"])] == [(each.status_code, each.content) for each in known]


def test_who_may_keep_a_page(emulator: Local, bucket: str) -> None:
    """Nobody keeps a private stack's page; of another stack's it is said what the bucket says."""
    said = []
    for access in ("private", "unlisted", "public"):
        with opened(emulator, bucket, access) as client:
            said.append(client.head("index.html").headers["Cache-Control"])
    assert ["private, no-store", "public, max-age=60", "public, max-age=60"] == said


def test_credentials_that_may_not_read(
    emulator: Local, bucket: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Credentials that may read one page get that one; for another it is said what AWS does not permit them."""
    iam, name = emulator.client("iam"), uuid.uuid4().hex
    iam.create_user(UserName=name)
    allowed = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/pages/index.html"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName=name, PolicyName="one", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    with opened(Cloud(region="us-east-1"), bucket) as client:
        answers = [client.get(page) for page in ("digests/2026-02-03.html", "index.html")]
    assert [502, 200] == [each.status_code for each in answers]
    assert "AWS does not permit s3:GetObject to these credentials" in answers[0].text
    assert "/digests/2026-02-03.html could not be read: AWS does not permit s3:GetObject" in capsys.readouterr().err


def test_a_bucket_that_is_gone(emulator: Local) -> None:
    """A bucket that is no longer there is no page that is missing: it is said."""
    with opened(emulator, f"gone-{uuid.uuid4().hex}") as client:
        answer = client.get("index.html")
    assert (502, True) == (answer.status_code, "NoSuchBucket" in answer.text)


def test_a_bucket_that_does_not_answer(
    emulator: Local, bucket: str, free_ports: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 is not waited for without end: it is said that it could not be reached."""
    monkeypatch.setattr(stack_deployed, "PAGES_CONFIG", Config(read_timeout=0.2, retries={"total_max_attempts": 1}))
    with socket.create_server(("127.0.0.1", free_ports + 45)):
        silent = replace(emulator, port=free_ports + 45)
        with opened(silent, bucket) as client:
            answer = client.get("index.html")
    assert (502, True) == (answer.status_code, "went away in the middle" in answer.text)


def test_a_reader_that_says_nothing(emulator: Local, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections on which nothing comes keep nobody waiting, and are ended."""
    monkeypatch.setattr(PageHandler, "timeout", 0.5)
    with opened(emulator, bucket) as client:
        address = client.base_url.host, client.base_url.port or 0
        silent = [socket.create_connection(address, timeout=30) for _ in range(4)]
        assert 200 == client.get("index.html").status_code
        for connection in silent:
            with connection:
                assert b"" == connection.recv(1)


def test_a_port_that_is_taken(emulator: Local, bucket: str) -> None:
    """A port that another program has is told, with the way out."""
    with pytest.raises(PaperboyError, match=r"port \d+ on 127\.0\.0\.1 cannot be had .*: without --port"):
        PageServer(deployed(emulator, bucket), emulator.port)
