"""A source that misbehaves: what each thing leads to."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from httpx_retries import Retry

from paperboy.adapters.secret import Secret
from paperboy.adapters.sources import hugging_face
from paperboy.adapters.sources.hugging_face import LISTING_RETRY, MAX_LISTING_PAGES, PATH, HuggingFace
from paperboy.papers.listing import NotListedYetError, SourceError
from paperboy_cli.local.emulator import Local
from tests.samples import item

DAY = dt.date(2026, 2, 3)
AT_ONCE = LISTING_RETRY.copy_with(backoff_factor=0.0)
"""The real number of tries, without the waiting."""

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers each request with the next of the server's answers; the last one stays."""

    server: Server

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        self.server.tokens.append(self.headers["Authorization"])
        answers = self.server.answers
        (answers.pop(0) if len(answers) > 1 else answers[0])(self)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        """Nothing."""


class Server(ThreadingHTTPServer):
    answers: list[Answer]
    requests: list[str]
    tokens: list[str | None]


def says(body: Any, status: int = 200, **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    def answer(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def resets(handler: Handler) -> None:
    handler.close_connection = True
    handler.connection.close()


def never_ends(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(500):
            handler.wfile.write(b" " * 1_000_000)
    except OSError:
        handler.server.requests.append("cut off")


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        server.requests, server.tokens = [], []
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()  # looks that often for its end
        yield server
        server.shutdown()


def listing(
    server: Server, *answers: Answer, retry: Retry = AT_ONCE, seconds: float = 5.0, token: Secret | None = None
) -> list[str]:
    """The ids of the papers that the source lists."""
    server.answers = list(answers)
    source = HuggingFace(f"http://127.0.0.1:{server.server_port}/", retry, httpx.Timeout(seconds), token)
    return [paper.id for paper in source.listing(DAY).papers]


def ids(first: int, last: int) -> list[str]:
    return [f"2602.{number:05}" for number in range(first, last)]


def papers(first: int, last: int) -> list[Any]:
    """Items of a listing, one for each number."""
    return [item(id=paper_id) for paper_id in ids(first, last)]


ONE = says(papers(1, 2))


@pytest.mark.parametrize(
    ("pages", "requests", "last"),
    [
        ([papers(0, 51)], 1, 51),
        ([papers(0, 99)], 1, 99),
        ([papers(0, 100), []], 2, 100),
        ([papers(0, 100), papers(100, 101)], 2, 101),
        ([papers(0, 100), papers(50, 150), papers(150, 160)], 3, 160),
    ],
)
def test_all_pages_are_read(server: Server, pages: list[list[Any]], requests: int, last: int) -> None:
    """Full pages are followed by the next one until one is short."""
    assert ids(0, last) == listing(server, *map(says, pages))
    assert [f"{PATH}?date=2026-02-03&limit=100&p={page}" for page in range(requests)] == server.requests


def test_a_mirror_without_pages_is_read_once(server: Server) -> None:
    """A source that answers every page with the same one comes to an end."""
    assert ids(0, 100) == listing(server, says(papers(0, 100)))
    assert 2 == len(server.requests)


def test_no_source_goes_on_for_ever(server: Server) -> None:
    """A source whose pages never end is read MAX_LISTING_PAGES times."""
    pages = [says(papers(start, start + 100)) for start in range(0, 5000, 100)]
    assert 100 * MAX_LISTING_PAGES == len(listing(server, *pages))


@pytest.mark.parametrize(
    "failure",
    [
        says("busy", 429),
        says("busy", 429, Retry_After="0"),
        says("busy", 429, RateLimit='"api";r=0;t=0'),
        says("broken", 500),
        says("broken", 503),
        resets,
    ],
)
def test_a_passing_failure_is_tried_again(server: Server, failure: Answer) -> None:
    """What fails for the moment is asked for again, and the listing is whole."""
    assert ids(1, 2) == listing(server, failure, failure, ONE)
    assert 3 == len(server.requests)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (says("broken", 500), "answered 500"),
        (says("busy", 429), "answered 429"),
        (resets, "disconnected"),
        (says("forbidden", 403), "answered 403"),
        (says(b"<html>maintenance</html>"), "answered no JSON"),
        (says(b'[{"paper": {"id": "2602'), "answered no JSON"),
        (says(b"[" * 200_000), "answered no JSON"),
        (says({"error": "no"}), "answered a JSON dict, not a list"),
        (says(None), "answered a JSON NoneType, not a list"),
        (never_ends, "answered more than 20,000,000 bytes"),
    ],
)
def test_what_is_no_listing_is_said(server: Server, answer: Answer, said: str) -> None:
    """An answer that is no listing, after all tries, is an error that names the address and what came."""
    with pytest.raises(SourceError, match=said) as error:
        listing(server, answer)
    assert f"http://127.0.0.1:{server.server_port}{PATH}?date={DAY}" in str(error.value)
    assert len(server.requests) <= 2 + LISTING_RETRY.total


def test_a_source_that_drips(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that comes drop by drop, so that no time-out notices, ends as an error all the same."""
    monkeypatch.setattr(hugging_face, "MAX_LISTING_SECONDS", -1.0)
    with pytest.raises(SourceError, match="did not end its answer"):
        listing(server, ONE)


def test_a_source_that_does_not_answer_in_time(server: Server) -> None:
    """A source that is silent for longer than the time-out is an error."""
    silence = threading.Event()

    def silent(handler: Handler) -> None:
        silence.wait(5)

    with pytest.raises(SourceError, match="timed out"):
        listing(server, silent, retry=Retry(total=0), seconds=0.2)
    silence.set()


def test_a_day_that_is_not_listed_yet(server: Server) -> None:
    """400 is no failure and is not tried again: the day has no listing yet."""
    with pytest.raises(NotListedYetError):
        listing(server, says({"error": "date is in the future"}, 400))
    assert 1 == len(server.requests)


@pytest.mark.parametrize("headers", [{"Retry_After": "7"}, {"RateLimit": '"api";r=0;t=7'}])
def test_the_source_says_how_long_to_wait(
    server: Server, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time that Retry-After or RateLimit names is waited, not our own."""
    waited: list[float] = []
    monkeypatch.setattr("httpx_retries.retry.time.sleep", waited.append)
    assert ids(1, 2) == listing(server, says("busy", 429, **headers), ONE, retry=LISTING_RETRY)
    assert [7.0] == [seconds for seconds in waited if seconds > 1]


@pytest.fixture
def token(emulator: Local) -> Iterator[Secret]:
    """A token in Parameter Store."""
    ssm = emulator.client("ssm")
    ssm.put_parameter(Name="/source/hf-token", Value="hf_secret", Type="SecureString", Overwrite=True)
    yield Secret("/source/hf-token", ssm)
    ssm.delete_parameter(Name="/source/hf-token")


def test_the_token_is_sent_with_each_page(server: Server, token: Secret) -> None:
    """The source knows whose requests these are; without a token it does not."""
    listing(server, says(papers(0, 100)), says([]), token=token)
    listing(server, says([]))
    assert ["Bearer hf_secret", "Bearer hf_secret", None] == server.tokens


def test_the_token_goes_nowhere_else(server: Server, token: Secret) -> None:
    """A source that sends elsewhere is not followed there."""
    elsewhere = f"http://localhost:{server.server_port}/elsewhere"
    with pytest.raises(SourceError, match="answered 307"):
        listing(server, says("", 307, Location=elsewhere), says([]), token=token)
    assert 1 == len(server.requests)


def test_a_token_that_is_refused(server: Server, token: Secret) -> None:
    """The error names where the token is kept and does not show it, and the source is asked once."""
    with pytest.raises(SourceError, match="answered 401: it refused the token in /source/hf-token") as raised:
        listing(server, says("Invalid username or password.", 401), token=token)
    assert "hf_secret" not in str(raised.value)
    assert 1 == len(server.requests)


def test_a_token_that_cannot_be_read(server: Server, emulator: Local) -> None:
    """When Parameter Store fails the source is not asked, and the error says why."""
    broken = emulator.session.client("ssm", endpoint_url="http://127.0.0.1:9")
    with pytest.raises(SourceError, match="the key in /gone could not be read"):
        listing(server, says([]), token=Secret("/gone", broken))
    assert [] == server.requests
