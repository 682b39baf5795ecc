"""The page server, request by request, without a socket: what is answered, and what the bucket is asked for at all."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from paperboy.adapters.bucket import PageCopy
from paperboy.archive.site import INDEX_KEY
from paperboy.pages.site import digest_keys, latest_keys
from paperboy_cli.stack.page_server import PageHandler, PageServer, key_of
from tests.samples import DAY

PORT = 4800
HOST = f"127.0.0.1:{PORT}"
PAGE = PageCopy(
    b"<!DOCTYPE html>",
    {
        "content-type": "text/html; charset=utf-8",
        "content-encoding": "gzip",
        "etag": '"1"',
        "cache-control": "public, max-age=60",
        "x-amz-meta-day": "2026-02-03",
    },
)


class Connection:
    """What a handler has of a socket."""

    def __init__(self, request: bytes) -> None:
        self.request, self.answer = request, b""

    def settimeout(self, seconds: float) -> None:
        assert seconds > 0

    def makefile(self, *_: Any) -> io.BytesIO:
        return io.BytesIO(self.request or self.answer)

    def sendall(self, content: bytes) -> None:
        self.answer += content


class Pages(PageServer):
    """A server that listens nowhere; its stack's bucket hands out `outcome`, or raises it."""

    def __init__(self, outcome: PageCopy | Exception | None = PAGE, is_private: bool = True) -> None:
        self.is_private, self.server_port = is_private, PORT
        self.asked: list[tuple[str, str | None]] = []
        self.outcome = outcome
        self._host: Any = SimpleNamespace(explained=self.explained)
        self._bucket: Any = SimpleNamespace(fetch=self.hand_out)

    @contextmanager
    def explained(self) -> Iterator[None]:
        """As a host that explains nothing of its own."""
        yield

    def hand_out(self, key: str, etags: str | None) -> PageCopy | None:
        self.asked.append((key, etags))
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    def ask(self, target: str = "/latest.html", method: str = "GET", **headers: str) -> tuple[HTTPResponse, str]:
        """The answer to a request, and its text. A header's `_` is written as a hyphen, and each line is one header."""
        lines = [f"{method} {target} HTTP/1.1"]
        for name, values in ({"host": HOST} | headers).items():
            lines += [f"{name.replace('_', '-')}: {value}" for value in values.split("\n") if value]
        connection: Any = Connection("\r\n".join([*lines, "", ""]).encode("latin-1"))
        PageHandler(connection, ("127.0.0.1", 1), self)
        connection.request = b""
        answer = HTTPResponse(connection, method=method)
        answer.begin()
        return answer, answer.read().decode()


@pytest.mark.parametrize("key", [INDEX_KEY, *latest_keys(), *digest_keys(DAY), "index.html?page=2"])
def test_each_page_has_its_address(key: str) -> None:
    """A page is at its key, and whatever follows a question mark is left out."""
    assert key.partition("?")[0] == key_of(f"/{key}")


def test_the_list_is_at_the_top() -> None:
    """The address without a path has the list of the days."""
    assert [INDEX_KEY] * 2 == [key_of("/"), key_of("/?")]


@pytest.mark.parametrize(
    "target",
    [
        *("/../notes.md", "/digests/../../notes.md", "/digests/..", "/./latest.html", "/.hidden"),
        *("/%2e%2e/notes.md", "/..%2fnotes.md", "/digests/%2E%2E%2F%2E%2E%2Fnotes.md", "/%252e%252e/notes.md"),
        *("/%2Flatest.html", "//latest.html", "/digests//latest.html", "/digests/", "/digests\\latest.html"),
        *("/latest.html%00", "/latest.html%0a", "/latest.html%20", "/latest%23.html", "/%ff", "/最新.html"),
        *("*", "latest.html", "http://evil.example/latest.html", "?list-type=2"),
    ],
)
def test_what_can_be_no_page(target: str) -> None:
    """A way out of the pages' folder, encoded or not, an empty name, a character of no key, and what is no path."""
    assert key_of(target) is None


@pytest.mark.parametrize("target", ["/../notes.md", "/%2e%2e/notes.md", "/digests/", "http://evil.example/latest.html"])
def test_what_can_be_no_page_is_not_asked_for(target: str) -> None:
    """It is answered with 404 and a sentence, and the bucket is asked for nothing."""
    pages = Pages()
    answer, said = pages.ask(target)
    assert (404, f"There is no such page: http://{HOST}/ has the list.\n") == (answer.status, said)
    assert [] == pages.asked


@pytest.mark.parametrize(
    "headers",
    [
        *(
            {"host": host}
            for host in ("", "evil.example", f"evil.example:{PORT}", "127.0.0.1", f"127.0.0.1:{PORT + 1}")
        ),
        {"host": f"{HOST}\nevil.example"},
        *(
            {"origin": origin}
            for origin in ("null", "https://evil.example", "http://127.0.0.1:8000", f"https://{HOST}")
        ),
        *({"sec_fetch_site": site} for site in ("cross-site", "same-site", "what comes next")),
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "DELETE"])
def test_a_foreign_page_is_refused(method: str, headers: dict[str, str]) -> None:
    """A foreign name of this machine and a page of another origin get 403 for any method, and no page is read."""
    pages = Pages()
    answer, said = pages.ask(method=method, **headers)
    assert (403, [], method != "HEAD") == (answer.status, pages.asked, said.startswith("Refused: "))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get"])
def test_pages_are_only_read(method: str) -> None:
    """Any other method than GET and HEAD is refused with those that there are."""
    pages = Pages()
    answer, said = pages.ask(method=method)
    assert (405, "GET, HEAD", []) == (answer.status, answer.headers["Allow"], pages.asked)
    assert "Pages are only read here.\n" == said


@pytest.mark.parametrize(
    "line", ["", "GET", "GET /latest.html", "GET / HTTP/9.9", "GET /" + "a" * 70_000 + " HTTP/1.1"]
)
def test_what_is_no_request(line: str) -> None:
    """What is no request of HTTP, or of none that has a Host, reads no page and ends nothing."""
    pages = Pages()
    connection: Any = Connection(f"{line}\r\n\r\n".encode())
    PageHandler(connection, ("127.0.0.1", 1), pages)
    assert [] == pages.asked
    assert b"<!DOCTYPE html>" not in connection.answer


@pytest.mark.parametrize(("is_private", "kept"), [(True, "private, no-store"), (False, "public, max-age=60")])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_page_is_handed_on(method: str, is_private: bool, kept: str) -> None:
    """A page has the type, encoding and ETag of the bucket's; of a private stack nobody is to keep a copy."""
    answer, text = Pages(is_private=is_private).ask(method=method, sec_fetch_site="same-origin")
    assert (200, "<!DOCTYPE html>" if method == "GET" else "") == (answer.status, text)
    told = {name.lower(): value for name, value in answer.headers.items() if name not in ("Server", "Date")}
    of_bucket = {name: value for name, value in PAGE.headers.items() if not name.startswith("x-amz")}
    own = {"cache-control": kept, "x-content-type-options": "nosniff", "content-length": "15"}
    assert of_bucket | own == told


@pytest.mark.parametrize(
    ("etags", "asked"), [('"1"', '"1"'), ('W/"1", "2"', 'W/"1", "2"'), ("*", "*"), ("", None), ('"é"', None)]
)
def test_what_a_reader_has_already(etags: str, asked: str | None) -> None:
    """ETags of a request are handed to the bucket; where it has no content for them, neither has the answer."""
    pages = Pages(PageCopy(None, {"etag": '"1"'}))
    answer, text = pages.ask(if_none_match=etags)
    assert [("latest.html", asked)] == pages.asked
    assert (304, "", '"1"', None) == (answer.status, text, answer.headers["ETag"], answer.headers["Content-Length"])


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject"), "AWS does not permit GetObject"),
        (ClientError({"Error": {"Code": "ExpiredToken"}}, "GetObject"), "the AWS credentials have expired"),
        (ClientError({"Error": {"Code": "SlowDown", "Message": "\x1b[2J"}}, "GetObject"), "(SlowDown): \ufffd[2J"),
        (EndpointConnectionError(endpoint_url="https://s3"), "AWS could not be reached"),
    ],
)
def test_what_aws_refuses(error: Exception, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What AWS refuses is said in a sentence, on the page with 502 and on the terminal with the page's address."""
    answer, text = Pages(error).ask("/digests/2026-02-03.html")
    assert (502, True) == (answer.status, text.startswith("The page could not be read: "))
    told = capsys.readouterr().err
    assert told.startswith("paperboy: /digests/2026-02-03.html could not be read: ")
    assert said in text
    assert said in told


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("\x1b[2J"), "paperboy: a request could not be answered: ValueError('\\x1b[2J')\n"),
        (BrokenPipeError(), ""),
        (TimeoutError(), ""),
    ],
)
def test_a_request_that_fails(
    error: Exception, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What nobody thought of is said in a line and ends that request alone; a reader that has gone is no news."""
    pages, ended = Pages(), Mock()
    monkeypatch.setattr(pages, "finish_request", Mock(side_effect=error))
    monkeypatch.setattr(pages, "shutdown_request", ended)
    pages.process_request_thread(Mock(), ("127.0.0.1", 1))
    assert (said, 1) == (capsys.readouterr().err, ended.call_count)
