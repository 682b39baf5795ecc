"""The pages of a stack, served on loopback with the user's own credentials: so a private stack's are read as well."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import BotoCoreError, ClientError

from paperboy.adapters.bucket import PageCopy
from paperboy.archive.site import INDEX_KEY
from paperboy_cli.errors import PaperboyError
from paperboy_cli.gate import hosts, refusal
from paperboy_cli.stack.cloud import sentence
from paperboy_cli.stack.deployed import Deployed
from paperboy_cli.terminal import printable, warn

READ_TIMEOUT_SECONDS = 10
"""How long nothing may come of a request, or be taken of an answer."""
KEY = re.compile(r"([\w-][\w.-]*/)*[\w-][\w.-]*", re.ASCII)
"""Names with slashes between them. None begins with a dot, so none leads elsewhere."""
METHODS = ("GET", "HEAD")
HANDED_ON = ("content-type", "content-encoding", "etag", "cache-control")
"""What is told of a page as the bucket tells it."""
NOT_KEPT = "private, no-store"
"""The Cache-Control of what nobody but the user may read."""


def key_of(target: str) -> str | None:
    """The key that a request's target asks for, the index's for `/`; None where it can be no page's."""
    path = target.partition("?")[0]
    key = unquote(path.removeprefix("/")) or INDEX_KEY
    return key if path.startswith("/") and KEY.fullmatch(key) else None


class PageServer(ThreadingHTTPServer):
    """A server of a stack's pages, on 127.0.0.1 alone. Port 0 takes a free one.

    Raises PaperboyError where the port cannot be had.
    """

    daemon_threads = True  # a page that is waited for does not hold the end up
    allow_reuse_address = os.name == "posix"  # elsewhere it would take a port that another program has

    def __init__(self, deployed: Deployed, port: int = 0) -> None:
        self.is_private = deployed.links().signed
        self._host, self._bucket = deployed.host, deployed.bucket
        try:
            super().__init__(("127.0.0.1", port), PageHandler)
        except OSError as error:
            raise PaperboyError(
                f"port {port} on 127.0.0.1 cannot be had ({error.strerror}): without --port a free one is taken."
            ) from error

    def link(self, key: str) -> str:
        """Where the page at `key` is read."""
        return f"http://127.0.0.1:{self.server_port}/{key}"

    def fetch(self, key: str, etags: str | None) -> PageCopy | None:
        """A copy of a page, as `Bucket.fetch` has it. Raises PaperboyError for what the stack's host refuses."""
        try:
            with self._host.explained():
                return self._bucket.fetch(key, etags)
        except (BotoCoreError, ClientError) as error:
            raise PaperboyError(sentence(error)) from error

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - as socketserver has it
        """Say what went wrong with a request; one whose reader has gone is no news. The others go on."""
        if not isinstance(error := sys.exception(), OSError):
            warn(printable(f"a request could not be answered: {error!r}"))


class PageHandler(BaseHTTPRequestHandler):
    """One request: each has a connection of its own (HTTP/1.0), so nothing of one is taken for another."""

    server: PageServer
    server_version, sys_version = "paperboy", ""
    timeout = READ_TIMEOUT_SECONDS

    def parse_request(self) -> bool:
        """Whether there is a request to answer: what a foreign web page sends is refused at once."""
        if not super().parse_request():
            return False
        if reason := refusal(self.headers.items(), hosts(self.server.server_port, None)):
            self._say(HTTPStatus.FORBIDDEN, reason)
        elif self.command not in METHODS:
            self._say(HTTPStatus.METHOD_NOT_ALLOWED, "Pages are only read here.", allow=", ".join(METHODS))
        else:
            return True
        return False

    def do_GET(self) -> None:
        """The page, or why there is none."""
        etags = self.headers["If-None-Match"]
        if etags and not (etags.isascii() and etags.isprintable()):
            etags = None  # no ETag has such characters
        key = key_of(self.path)
        try:
            copy = self.server.fetch(key, etags) if key else None
        except PaperboyError as error:
            reason = printable(str(error))
            warn(f"/{key} could not be read: {reason}")
            return self._say(HTTPStatus.BAD_GATEWAY, f"The page could not be read: {reason}")
        if copy is None:
            return self._say(HTTPStatus.NOT_FOUND, f"There is no such page: {self.server.link('')} has the list.")
        headers = {name: copy.headers[name] for name in HANDED_ON if name in copy.headers}
        if self.server.is_private:
            headers["cache-control"] = NOT_KEPT
        status = HTTPStatus.NOT_MODIFIED if copy.content is None else HTTPStatus.OK
        return self._answer(status, headers, copy.content)

    def do_HEAD(self) -> None:
        """The same without its content."""
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        """Nothing: what cannot be read is said, and the rest is no news."""

    def _say(self, status: HTTPStatus, text: str, **headers: str) -> None:
        kind = {"content-type": "text/plain; charset=utf-8", "cache-control": NOT_KEPT}
        self._answer(status, kind | headers, f"{text}\n".encode())

    def _answer(self, status: HTTPStatus, headers: Mapping[str, str], content: bytes | None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("x-content-type-options", "nosniff")
        if content is not None:
            self.send_header("content-length", str(len(content)))
        self.end_headers()
        if content and self.command != "HEAD":
            self.wfile.write(content)
