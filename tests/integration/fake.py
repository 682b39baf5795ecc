"""An upstream on loopback that answers as it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Request = dict[str, Any]
Answer = tuple[int, Any, dict[str, str]]
"""Status, body and headers. A body that is an iterator is sent part by part until nobody reads it any more; one that is
bytes is sent as it is. An `answer` that raises ConnectionAbortedError drops the connection."""


class Fake:
    """Answers each request by `answer`, and keeps what was asked."""

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        self.answer = answer
        self.requests: list[Request] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.url = ""


@contextmanager
def serving(fake: Fake) -> Iterator[Fake]:
    """The upstream while it is served, at its `url`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            fake.requests.append(request)
            fake.headers.append(dict(self.headers))
            fake.paths.append(self.path)
            try:
                status, body, headers = fake.answer(request)
            except ConnectionAbortedError:
                self.connection.close()
                return
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            if isinstance(body, Iterator):
                self.end_headers()
                with suppress(OSError):
                    self.wfile.writelines(body)
                return
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        fake.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield fake
        server.shutdown()
