"""A source that misbehaves: what each thing leads to."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from httpx_retries import Retry

from paperboy.adapters.secret import Secret
from paperboy.adapters.sources import hugging_face
from paperboy.adapters.sources.hugging_face import LISTING_RETRY, MAX_LISTING_ITEMS, PATH, HuggingFace
from paperboy.papers.listing import Listing, NotListedYetError, Rejection, SourceError
from paperboy_cli.local.emulator import Local
from tests.samples import item, read_json

DAY = dt.date(2026, 2, 3)
LATER = dt.datetime(2026, 2, 20, 3, 17, tzinfo=dt.UTC)
"""When DAY is long listed."""
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
    warnings: list[str]


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
        server.requests, server.tokens, server.warnings = [], [], []
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()  # looks that often for its end
        yield server
        server.shutdown()


def whole_listing(
    server: Server,
    *answers: Answer,
    retry: Retry = AT_ONCE,
    seconds: float = 5.0,
    token: Secret | None = None,
    now: dt.datetime = LATER,
) -> Listing:
    server.answers = list(answers)
    url = f"http://127.0.0.1:{server.server_port}/"
    source = HuggingFace(url, retry, httpx.Timeout(seconds), token, server.warnings.append, lambda: now)
    return source.listing(DAY)


def listing(server: Server, *answers: Answer, **options: Any) -> list[str]:
    """The ids of the papers that the source lists."""
    return [paper.id for paper in whole_listing(server, *answers, **options).papers]


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


@pytest.mark.parametrize("page_size", [100, 250, 5000])
def test_no_source_goes_on_for_ever(server: Server, page_size: int) -> None:
    """Of a source whose pages never end, however large, MAX_LISTING_ITEMS items are read, and the listing says so."""
    pages = [says(papers(start, start + page_size)) for start in range(0, 5000, page_size)]
    read = whole_listing(server, *pages)
    assert MAX_LISTING_ITEMS == len(read.papers)
    assert (Rejection(item="item 1001", reason="the listing goes on past 1,000 items"),) == read.rejections
    assert [f"p={page}" for page in range(1000 // page_size + 1)] == [path.split("&")[-1] for path in server.requests]


def test_a_listing_that_just_fits(server: Server) -> None:
    """A listing of as many items as are read has nothing that is left aside."""
    pages = [says(papers(start, start + 100)) for start in range(0, 1000, 100)]
    read = whole_listing(server, *pages, says([]))
    assert (MAX_LISTING_ITEMS, ()) == (len(read.papers), read.rejections)


@pytest.mark.parametrize(
    "failure",
    [
        says("busy", 429),
        says("busy", 429, Retry_After="0"),
        says("busy", 429, Retry_After=f"Fri, 01 Jan {'9' * 30} 00:00:00 GMT"),
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
        (says("broken", 500), "answered 500: broken$"),
        (says({"error": "busy"}, 429), "answered 429: busy$"),
        (resets, "disconnected"),
        (says("forbidden", 403), "answered 403: forbidden$"),
        (says(b"", 404), "answered 404$"),
        (says(b"[" * 50_000, 404), r"answered 404: \[{200}$"),
        (says(b" " * 200_000, 404), "answered 404: it answered more than 100,000 bytes$"),
        (says({"error": {"code": 1}}, 404), r'answered 404: {"error": {"code": 1}}$'),
        (says(gzip.compress(gzip.compress(b" " * 20_000_000)), Content_Encoding="gzip"), "answered no JSON"),
        (says(gzip.compress(b" " * 20_000_001), Content_Encoding="gzip"), "answered more than 20,000,000 bytes"),
        (says(b"[]", Content_Encoding="br"), "answered in the encoding 'br', which was not asked for"),
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


@pytest.mark.parametrize("begin", [b"", b"\r\n"], ids=["headers", "body"])
def test_a_source_that_drips(server: Server, begin: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that comes drop by drop, so that no time-out notices, ends as an error all the same."""

    def drips(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + begin)
        for _ in range(200):
            handler.wfile.write(b"X-Slow: 1\r\n")
            time.sleep(0.02)

    monkeypatch.setattr(hugging_face, "MAX_LISTING_SECONDS", 0.3)
    begun = time.monotonic()
    with pytest.raises(SourceError, match=r"did not end its answer within 0\.3 s"):
        listing(server, drips)
    assert time.monotonic() - begun < 1


def test_all_pages_have_one_time(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is of a whole listing: pages that take a little each, with their tries, do not add up to more."""

    def slow(answer: Answer) -> Answer:
        def answer_late(handler: Handler) -> None:
            time.sleep(0.1)
            answer(handler)

        return answer_late

    monkeypatch.setattr(hugging_face, "MAX_LISTING_SECONDS", 0.45)
    pages = [slow(says(papers(start, start + 100))) for start in range(0, 900, 100)]
    with pytest.raises(SourceError, match=r"did not end its answer within 0\.45 s"):
        listing(server, *pages)
    assert len(server.requests) <= 5


def test_a_source_that_does_not_answer_in_time(server: Server) -> None:
    """A source that is silent for longer than the time-out is an error."""
    silence = threading.Event()

    def silent(handler: Handler) -> None:
        silence.wait(5)

    with pytest.raises(SourceError, match="timed out"):
        listing(server, silent, retry=Retry(total=0), seconds=0.2)
    silence.set()


@pytest.mark.parametrize(
    "now",
    [
        dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        dt.datetime(2026, 2, 4, 23, 59, tzinfo=dt.UTC),
        dt.datetime(2026, 2, 5, 13, 59, tzinfo=dt.timezone(dt.timedelta(hours=14))),
    ],
)
def test_a_day_that_is_not_listed_yet(server: Server, now: dt.datetime) -> None:
    """400 for a day that can lie ahead is no failure and is not tried again: the day has no listing yet."""
    with pytest.raises(NotListedYetError):
        listing(server, says({"error": "date is in the future"}, 400), now=now)
    assert 1 == len(server.requests)


@pytest.mark.parametrize(
    "now",
    [dt.datetime(2026, 2, 5, tzinfo=dt.UTC), dt.datetime(2026, 2, 4, 23, tzinfo=dt.timezone(-dt.timedelta(hours=1)))],
)
def test_a_day_that_cannot_lie_ahead(server: Server, now: dt.datetime) -> None:
    """400 for a day that is over is a failure, told with what the source says, and not tried again."""
    with pytest.raises(SourceError, match=f"date={DAY} answered 400: Invalid date$") as raised:
        listing(server, says({"error": "Invalid\n\x1b date"}, 400), now=now)
    assert not isinstance(raised.value, NotListedYetError)
    assert 1 == len(server.requests)


def test_a_refusal_that_is_about_something_else(server: Server, shared_data: Path) -> None:
    """What a source or a proxy says of another fault than the date is told."""
    answers = read_json(shared_data / "data/cases/17-any-400-is-not-listed-yet.json")["answers"]
    assert {"limit", "proxy"} == answers.keys()
    for status, body in answers.values():
        words = body["error"] if isinstance(body, dict) else body
        with pytest.raises(SourceError) as raised:
            listing(server, says(body if isinstance(body, dict) else body.encode(), status))
        assert str(raised.value).endswith(f"answered 400: {words}")
        assert not isinstance(raised.value, NotListedYetError)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://[::1", "http://a..b", "http://papers.test"])
def test_nobody_is_there(url: str) -> None:
    """A source that cannot be reached, or whose address is none, is an error that says so."""
    with pytest.raises(SourceError, match=f"^{re.escape(url)}{PATH}"):
        HuggingFace(url, AT_ONCE).listing(DAY)


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


def test_a_token_is_not_told(server: Server, token: Secret) -> None:
    """A source that quotes the token in a refusal is not quoted with it."""
    with pytest.raises(SourceError, match=r"answered 403: no … here$"):
        listing(server, says("no hf_secret here", 403), token=token)


def test_a_token_that_cannot_be_read(server: Server, emulator: Local) -> None:
    """When Parameter Store fails the listing is read without the token, and that is said once."""
    broken = emulator.session.client("ssm", endpoint_url="http://127.0.0.1:9")
    pages = [says(papers(0, 100)), says(papers(100, 101))]
    assert ids(0, 101) == listing(server, *pages, token=Secret("/gone", broken))
    assert [None, None] == server.tokens
    [warning] = server.warnings
    assert warning.startswith("the listing is read without a token: the key in /gone could not be read")


def test_a_token_that_is_not_there(server: Server, emulator: Local) -> None:
    """A parameter that does not exist means that there is no token, and 401 is told in the source's words."""
    with pytest.raises(SourceError, match=r"answered 401: who are you$"):
        listing(server, says("who are you", 401), token=Secret("/nowhere", emulator.client("ssm")))
    assert [] == server.warnings
