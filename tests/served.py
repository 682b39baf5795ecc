"""Pages served over HTTP on loopback, as the bucket serves them."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from paperboy.pages.site import Page


@dataclass
class Served:
    """Pages by key, and where they are served."""

    pages: dict[str, Page]
    url: str
    before: Callable[[str], None] = lambda _: None
    """Called with a key before it is answered: what it raises is answered with 500."""
    asked: list[str] = field(default_factory=list)
    """The keys that were asked for."""


@contextmanager
def served(pages: Iterable[Page]) -> Iterator[Served]:
    """Serve pages while in here; what is no page's key is answered with 403, as a bucket that cannot be listed does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            key = self.path.partition("?")[0].removeprefix("/")
            site.asked.append(key)
            try:
                site.before(key)
            except RuntimeError:
                return self.send_error(500)
            if key not in site.pages:
                return self.send_error(403)
            page = site.pages[key]
            content = page.text.encode()
            self.send_response(200)
            self.send_header("content-type", page.content_type)
            if page.gzipped:
                content = gzip.compress(content, mtime=0)
                self.send_header("content-encoding", "gzip")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            return None

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        site = Served({page.key: page for page in pages}, f"http://127.0.0.1:{server.server_port}/")
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield site
        server.shutdown()
