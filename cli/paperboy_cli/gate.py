"""The gate in front of what this machine serves on loopback: its own programs pass, foreign web pages do not.

Every page that a browser shows may send requests to loopback, and what answers there asks nobody for a password.
MiniStack's own Python runs this file as a script, so it imports nothing of the project; and nothing in it needs Unix.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

OWN_HOSTS = ("127.0.0.1", "localhost")
READY = ("GET", "/_ministack/ready")
"""The one endpoint of the emulator's own that is open."""
API_PATH = re.compile(r"/(?:[A-Za-z0-9].*)?", re.DOTALL)
"""What the paths of AWS's APIs are like. The emulator's own begin with an underscore, but for /health."""
OBJECT_PATH = re.compile(r"/[a-z0-9][a-z0-9.-]*/.+", re.DOTALL)
SIGNATURE = {f"X-Amz-{name}" for name in ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")}
"""What a signed link to an object has in its query."""
SEARCH = {"q", "sort"}
"""What the page to search on writes into the query of its address, which is then reloaded or kept."""
FOR_BROWSERS = [(b"x-content-type-options", b"nosniff")]
FOR_BROWSERS_ON_ERRORS = [*FOR_BROWSERS, (b"content-security-policy", b"sandbox")]
"""The emulator's errors repeat what they were asked in, as it was written: no script in there may run."""
KEEP_ALIVE_SECONDS = 75
"""As MiniStack has it when it starts its server itself."""
LOG_FORMAT = "%(m)s %(U)s?%(q)s %(s)s %(a)s"

type Scope = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
type Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
type Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def hosts(port: int, docker_host: Path | None) -> list[str]:
    """What this machine may be called in a request to `port`.

    `docker_host` is a file with what containers call it; it is there while the stack is open to them.
    """
    opened = docker_host.read_text().split() if docker_host and docker_host.exists() else []
    return [f"{name}:{port}" for name in (*OWN_HOSTS, *opened)]


def refusal(headers: Iterable[tuple[str, str]], hosts: list[str]) -> str | None:
    """Why a request is refused; None where it is not.

    A foreign Host is a page whose name was made to mean loopback (DNS rebinding). Programs send no Origin and no
    Sec-Fetch-Site; browsers send one of them with whatever a page asks for, and `none` for an address that the user
    opened.
    """
    values: dict[str, list[str]] = {"host": [], "origin": [], "sec-fetch-site": []}
    for name, value in headers:
        values.get(name.lower(), []).append(value.lower())
    if len(values["host"]) != 1 or values["host"][0] not in hosts:
        return f"Refused: this machine is called {' or '.join(hosts)} here."
    own_origin = f"http://{values['host'][0]}"
    if {*values["origin"]} <= {own_origin} and {*values["sec-fetch-site"]} <= {"same-origin", "none"}:
        return None
    return "Refused: another page sent this request. To read a digest, open its link in the address bar."


def is_browsers(headers: Iterable[tuple[str, str]]) -> bool:
    """Whether a browser sent a request: all say so by Sec-Fetch-… or an Origin, and old ones by their name."""
    return any(
        name.lower() == "origin"
        or name.lower().startswith("sec-fetch-")
        or (name.lower() == "user-agent" and value.startswith("Mozilla/"))
        for name, value in headers
    )


def page_refusal(method: str | None, path: str, query: str, headers: Iterable[tuple[str, str]]) -> str | None:
    """Why a browser's request is refused that may be of the stack's own; None where it reads an object.

    Whatever the browser says of who wanted it: an address that redirects is still one that the user opened. The
    emulator's keys are known to all, and a whole call of AWS's APIs fits into a query.
    """
    asked = parse_qs(query, keep_blank_values=True)
    may_be_read = OBJECT_PATH.fullmatch(path) is not None and (
        asked.keys() <= SEARCH
        or (asked.keys() == SIGNATURE and asked["X-Amz-Credential"][0].endswith("/s3/aws4_request"))
    )
    has_authorization = any(name.lower() == "authorization" for name, _ in headers)
    if method in ("GET", "HEAD") and may_be_read and not has_authorization:
        return None
    return "Refused: a browser reads pages here, and nothing else."


class Gate:
    """An ASGI application that hands requests on to the emulator's, or refuses them with 403 and a sentence.

    The emulator's own endpoints are refused to all, and browsers read objects and nothing else.
    """

    def __init__(self, application: Application, port: int, docker_host: Path) -> None:
        self._application = application
        self._port = port
        self._docker_host = docker_host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._application(scope, receive, send)
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        if reason := self._refusal(scope, headers):
            return await _refuse(scope, send, reason)
        return await self._application(scope, receive, _for_browsers(send) if is_browsers(headers) else send)

    def _refusal(self, scope: Scope, headers: list[tuple[str, str]]) -> str | None:
        if reason := refusal(headers, hosts(self._port, self._docker_host)):
            return reason
        method, path = scope.get("method"), scope["path"]
        if (method, path) == READY:
            return None
        if not API_PATH.fullmatch(path) or path == "/health":
            return "Refused: the emulator's own endpoints are closed."
        if is_browsers(headers):
            return page_refusal(method, path, scope.get("query_string", b"").decode("latin-1"), headers)
        return None


def _for_browsers(send: Send) -> Send:
    """`send`, with what keeps a browser from taking an answer for something else, or running an error."""

    async def hardened(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            is_good = message["status"] < HTTPStatus.BAD_REQUEST
            more = FOR_BROWSERS if is_good else FOR_BROWSERS_ON_ERRORS
            message = {**message, "headers": [*message.get("headers", []), *more]}
        await send(message)

    return hardened


async def _refuse(scope: Scope, send: Send, reason: str) -> None:
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    body = f"{reason}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
    await send({"type": f"{kind}.start", "status": HTTPStatus.FORBIDDEN, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})


def main(port: int, access_log: str, docker_host: Path) -> None:
    """Serve the emulator behind the gate, on loopback, and log each request: so calls can be counted at the wire."""
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    config.accesslog = access_log
    config.access_log_format = LOG_FORMAT
    asyncio.run(serve(Gate(app, port, docker_host), config))


if __name__ == "__main__":
    _, port, access_log, docker_host = sys.argv
    main(int(port), access_log, Path(docker_host))
