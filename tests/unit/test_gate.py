"""The gate in front of the emulator, called as a server calls it: what passes and what is refused, of every kind."""

from __future__ import annotations

import re
from collections.abc import Coroutine, MutableMapping
from pathlib import Path
from typing import Any

import pytest

from paperboy.archive import FOLDER
from paperboy_cli.gate import SEARCH, Gate

PORT = 4566
HOST = f"127.0.0.1:{PORT}"
CLOSED = b"Refused: the emulator's own endpoints are closed.\n"
FOREIGN_PAGE = b"Refused: another page sent this request."
FOREIGN_HOST = b"Refused: this machine is called 127.0.0.1:4566 or localhost:4566 here.\n"

type Message = MutableMapping[str, Any]


def at_once(running: Coroutine[Any, Any, None]) -> None:
    """Run what waits for nothing, without an event loop: that would want a socket."""
    with pytest.raises(StopIteration):
        running.send(None)


def ask(folder: Path, path: str = "/bucket/key", method: str = "GET", kind: str = "http", **headers: str) -> bytes:
    """What the gate answers; `passed` where it hands the request on. A header's `_` is written as a hyphen."""
    sent: list[Message] = []

    async def application(scope: Message, receive: Any, send: Any) -> None:
        sent.append({"body": b"passed"})

    async def send(message: Message) -> None:
        sent.append(message)

    written = {"host": HOST} | headers
    pairs = [
        (name.replace("_", "-").encode(), value.encode("latin-1"))
        for name, values in written.items()
        for value in values.split("\n")
        if value
    ]
    path, _, query = path.partition("?")
    scope: Message = {"type": kind, "path": path, "query_string": query.encode(), "headers": pairs}
    if kind == "http":
        scope["method"] = method

    async def receive() -> Message:
        raise AssertionError("nothing is read")

    at_once(Gate(application, PORT, folder / "docker-host")(scope, receive, send))
    if len(sent) == 2:
        prefix = "websocket." if kind == "websocket" else ""
        assert [f"{prefix}http.response.start", f"{prefix}http.response.body"] == [each["type"] for each in sent]
        assert 403 == sent[0]["status"]
        assert dict(sent[0]["headers"])[b"content-length"] == str(len(sent[1]["body"])).encode()
    answer: bytes = sent[-1]["body"]
    return answer


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": f"localhost:{PORT}"},
        {"user_agent": "Boto3/1.44", "authorization": "AWS4-HMAC-SHA256 Credential=test"},
    ],
    ids=str,
)
def test_programs(tmp_path: Path, kind: str, headers: dict[str, str]) -> None:
    """Programs of this machine get through, whatever they ask for."""
    for method in ("GET", "POST", "DELETE"):
        assert b"passed" == ask(tmp_path, "/?Action=DeleteStack", method=method, kind=kind, **headers)


BROWSERS = [
    {"sec_fetch_site": "none"},
    {"origin": f"http://{HOST}", "sec_fetch_site": "same-origin"},
    {"host": f"LocalHost:{PORT}", "origin": f"http://localhost:{PORT}"},
    {"user_agent": "Mozilla/5.0 (iPhone)"},
]
SIGNED = "X-Amz-Algorithm=A&X-Amz-Date=1&X-Amz-Expires=9&X-Amz-SignedHeaders=host&X-Amz-Signature=1"
CREDENTIAL = "X-Amz-Credential=test%2F20261128%2Fus-east-1%2F{}%2Faws4_request"


@pytest.mark.parametrize("headers", BROWSERS, ids=str)
def test_a_browser_reads_pages(tmp_path: Path, headers: dict[str, str]) -> None:
    """An address that was opened, signed or not, a link of the stack's own pages and a search lead to an object."""
    for query in ("", f"?{SIGNED}&{CREDENTIAL.format('s3')}", "?q=Qwen+%E6%8E%A8%E7%90%86&sort=best", "?q="):
        for method in ("GET", "HEAD"):
            assert b"passed" == ask(tmp_path, f"/bucket/pages/latest.html{query}", method=method, **headers)


@pytest.mark.parametrize("headers", BROWSERS, ids=str)
def test_a_browser_does_nothing_else(tmp_path: Path, headers: dict[str, str]) -> None:
    """Whoever made a browser ask, an address that redirects or a script in an error, no call of an API gets through."""
    only = b"Refused: a browser reads pages here, and nothing else.\n"
    for path in (
        *("/", "/bucket", "/bucket/", f"/?Action=DeleteStack&{SIGNED}&{CREDENTIAL.format('cloudformation')}"),
        *("/bucket/key?acl", "/bucket/key?Action=DeleteStack", f"/bucket/key?{SIGNED}", f"/?{SIGNED}"),
        *("/?q=a", "/bucket?q=a", "/bucket/key?q=a&acl", "/bucket/key?q=a&Action=X", "/bucket/key?Q=a"),
        *(f"/bucket/key?{SIGNED}&{CREDENTIAL.format('s3')}{more}" for more in ("&Action=X", "&X-Amz-Security-Token=1")),
        f"/2015-03-31/functions?{SIGNED}&{CREDENTIAL.format('lambda')}",
    ):
        assert only == ask(tmp_path, path, **headers), path
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert only == ask(tmp_path, method=method, **headers)
    assert only == ask(tmp_path, kind="websocket", **headers)
    assert only == ask(tmp_path, authorization="AWS4-HMAC-SHA256", **headers)


def test_a_search_that_is_reloaded() -> None:
    """What the page to search on writes into its address is all that is let through of it."""
    assert SEARCH == set(re.findall(r'asked\.set\("(\w+)"', (FOLDER / "search.js").read_text()))


@pytest.mark.parametrize(("status", "policy"), [(200, None), (304, None), (404, b"sandbox"), (500, b"sandbox")])
def test_answers_to_browsers(tmp_path: Path, status: int, policy: bytes | None) -> None:
    """No browser takes a page for something else, or runs what an error repeats; a page keeps its own policy."""
    started: list[Message] = []

    async def application(scope: Message, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": [(b"etag", b"1")]})

    async def send(message: Message) -> None:
        started.append(message)

    headers = [(b"host", HOST.encode()), (b"sec-fetch-site", b"none")]
    scope: Message = {"type": "http", "method": "GET", "path": "/bucket/key", "headers": headers}
    at_once(Gate(application, PORT, tmp_path / "docker-host")(scope, None, send))  # type: ignore[arg-type]
    answer = dict(started[0]["headers"])
    assert (b"1", b"nosniff") == (answer[b"etag"], answer[b"x-content-type-options"])
    assert policy == answer.get(b"content-security-policy")


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": f"https://{HOST}"},
        {"origin": "http://127.0.0.1:8000"},
        {"origin": f"http://localhost:{PORT}"},
        {"origin": f"http://{HOST}.evil.example"},
        {"origin": f"http://{HOST}\nhttps://evil.example"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "what comes next"},
        {"origin": f"http://{HOST}", "sec_fetch_site": "cross-site"},
        {"origin": "\xff"},
    ],
    ids=str,
)
def test_a_foreign_page(tmp_path: Path, kind: str, headers: dict[str, str]) -> None:
    """What a page of another origin asks for is refused, for any method, and the name of this machine is no excuse."""
    for method in ("GET", "HEAD", "POST", "OPTIONS", "DELETE"):
        assert ask(tmp_path, method=method, kind=kind, **headers).startswith(FOREIGN_PAGE)


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    "host",
    [
        *("", "evil.example", f"evil.example:{PORT}", "127.0.0.1", "localhost", f"127.0.0.1:{PORT + 1}"),
        *(f"127.0.0.1.evil.example:{PORT}", f"a.localhost:{PORT}", f"localhost.:{PORT}", f"[::1]:{PORT}"),
        *(f"evil@{HOST}", f"{HOST}\nevil.example", f"{HOST}, evil.example", f"host.docker.internal:{PORT}", "\xff"),
    ],
)
def test_a_foreign_host(tmp_path: Path, kind: str, host: str) -> None:
    """A name that somebody made to mean loopback is refused, though the page then seems to be of this origin."""
    assert ask(tmp_path, kind=kind, host=host, origin=f"http://{host}", sec_fetch_site="same-origin") == FOREIGN_HOST


def test_what_containers_call_this_machine(tmp_path: Path) -> None:
    """While the stack is open to Docker, its name for this machine is taken as well, at the emulator's own port."""
    (tmp_path / "docker-host").write_text("172.17.0.1")
    assert b"passed" == ask(tmp_path, host=f"172.17.0.1:{PORT}")
    for host in ("172.17.0.1", f"172.17.0.2:{PORT}"):
        assert ask(tmp_path, host=host).endswith(f" or localhost:{PORT} or 172.17.0.1:{PORT} here.\n".encode())


@pytest.mark.parametrize(
    "path",
    [
        *("/_ministack/reset", "/_ministack/config", "/_ministack/health", "/_ministack/lambda-code/f", "/_ministack"),
        *("/_ministack/ready/", "/_localstack/health", "/_localstack/x", "/_aws/lambda-url/f", "/_aws/execute-api/a/b"),
        *("/_alb/name/", "/_new/in/the/next/version", "/_", "/health", "//health", "//_ministack/reset", "*", ""),
        *("/./_ministack/reset", "/%5Fministack/reset", "/;/_ministack/reset", "/\uff3fministack", "_ministack/reset"),
    ],
)
def test_the_emulators_own_endpoints(tmp_path: Path, path: str) -> None:
    """Nobody reaches what the emulator has besides AWS's APIs, by any method or as a websocket."""
    for method in ("GET", "HEAD", "POST", "PUT", "OPTIONS"):
        assert CLOSED == ask(tmp_path, path, method)
    assert CLOSED == ask(tmp_path, path, kind="websocket")


def test_the_endpoint_that_the_project_needs(tmp_path: Path) -> None:
    """Whether the emulator is ready can be read, and only read, and not by a foreign page."""
    assert b"passed" == ask(tmp_path, "/_ministack/ready")
    assert CLOSED == ask(tmp_path, "/_ministack/ready", "POST")
    assert ask(tmp_path, "/_ministack/ready", sec_fetch_site="cross-site").startswith(FOREIGN_PAGE)


@pytest.mark.parametrize("path", ["/bucket/_ministack/reset", "/bucket/health", "/healthy/key", "/"])
def test_paths_of_aws(tmp_path: Path, path: str) -> None:
    """An object may be named like an endpoint of the emulator's."""
    assert b"passed" == ask(tmp_path, path)


def test_the_servers_start_and_end(tmp_path: Path) -> None:
    """The events of the server's life, which have neither host nor path, reach the emulator."""
    seen: list[Message] = []

    async def application(scope: Message, receive: Any, send: Any) -> None:
        seen.append(scope)

    at_once(Gate(application, PORT, tmp_path / "docker-host")({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
    assert [{"type": "lifespan"}] == seen
