"""Clients over HTTP: servers that never come to an end, packed answers, proxies. Real sockets on loopback."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count

import httpcore
import httpx
import pytest

from paperboy.adapters import http
from paperboy.adapters.http import AnswerLimitError, BoundedRetry, bounded_client, deadline, read_within
from tests.integration.conftest import HOST

SECONDS = 0.3
"""The deadline of a test."""
DRIP_SECONDS = 0.02
PATIENT = BoundedRetry(total=3, backoff_factor=1.0, status_forcelist=[429])
TIMEOUT = httpx.Timeout(5.0)

Script = Callable[[socket.socket], object]


def answer(body: bytes = b"[]", *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def says(*headers: str, body: bytes = b"[]", status: str = "200 OK") -> Script:
    return lambda connection: connection.sendall(answer(body, *headers, status=status))


def drips(connection: socket.socket, parts: Iterator[bytes]) -> None:
    for part in parts:
        connection.sendall(part)
        time.sleep(DRIP_SECONDS)


class Server:
    """Plays a script to each connection once it has a request, which is kept."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.script: Script = says()
        self.reads = True
        self.requests: list[str] = []
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.address}/"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._answer, args=(self._socket.accept()[0],), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            served = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
            if self.reads:
                self.requests.append(served.recv(65_536).decode())
            self.script(served)
            served.recv(1)  # until the client is gone


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def read(url: str, max_bytes: int = 1_000_000, retry: BoundedRetry = PATIENT) -> bytes:
    with bounded_client(retry, TIMEOUT) as client, client.stream("GET", url) as response:
        return read_within(response, max_bytes)


# The deadline


def never_ending_headers(connection: socket.socket) -> None:
    drips(connection, (b"HTTP/1.1 200 OK\r\n" if not place else b"X-%d: 1\r\n" % place for place in count()))


def never_ending_processing(connection: socket.socket) -> None:
    drips(connection, (b"HTTP/1.1 102 Processing\r\n\r\n" for _ in count()))


def byte_by_byte(connection: socket.socket) -> None:
    drips(connection, (bytes([byte]) for byte in answer()))


def drop_by_drop(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    drips(connection, (b" " for _ in count()))


def one_chunk_after_the_other(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    drips(connection, (b"1\r\n \r\n" for _ in count()))


def silence(connection: socket.socket) -> None:
    """Nothing at all."""


ENDLESS: list[Script] = [
    never_ending_headers,
    never_ending_processing,
    byte_by_byte,
    drop_by_drop,
    one_chunk_after_the_other,
    silence,
    says("Retry-After: 30", status="429 Too Many Requests"),
    says(status="429 Too Many Requests"),
]


def ends_in_time(call: Callable[[], object]) -> None:
    begun = time.monotonic()
    with pytest.raises(httpx.TimeoutException, match=f"^did not end its answer within {SECONDS} s$"), deadline(SECONDS):
        call()
    assert SECONDS <= time.monotonic() - begun < SECONDS + 0.5


@pytest.mark.parametrize("script", ENDLESS)
def test_whatever_comes_ends(server: Server, script: Script) -> None:
    """An answer ends with the deadline, in whatever part of it the server spins its time out; so do tries and waits."""
    server.script = script
    ends_in_time(lambda: read(server.url))


@pytest.mark.parametrize("script", [never_ending_headers, drop_by_drop])
def test_whatever_comes_over_tls_ends(tls: ssl.SSLContext, script: Script) -> None:
    """So it is inside TLS."""
    server = Server(tls)
    server.script = script
    ends_in_time(lambda: read(server.url))
    server.close()


@pytest.mark.parametrize("script", [never_ending_headers, drop_by_drop])
def test_whatever_comes_through_a_proxy_ends(server: Server, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it is behind a proxy."""
    monkeypatch.setenv("HTTP_PROXY", server.address)
    server.script = script
    ends_in_time(lambda: read(f"http://{HOST}/"))


def test_a_slow_handshake_ends(server: Server) -> None:
    """A handshake of TLS that never comes to its end is no way out."""

    def handshake(connection: socket.socket) -> None:
        connection.sendall(b"\x16\x03\x03\x40\x00")  # a record of 16,384 bytes follows
        drips(connection, (b"\x02" for _ in count()))

    server.script = handshake
    server.reads = False
    ends_in_time(lambda: read(f"https://{server.address}/"))


def test_a_server_that_does_not_read(server: Server) -> None:
    """A request that nobody takes is no way out."""
    server.reads = False
    server.script = lambda _: time.sleep(2)
    with bounded_client(PATIENT, TIMEOUT) as client:
        ends_in_time(lambda: client.post(server.url, content=b" " * 50_000_000))


def test_hosts_of_many_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is of all addresses of a host, not of each one."""

    def nobody(self: object, host: str, port: int, timeout: float, *_: object) -> httpcore.NetworkStream:
        time.sleep(min(timeout, 0.1))
        raise httpcore.ConnectTimeout

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", nobody)
    monkeypatch.setattr(http, "_addresses", lambda *_: ["127.0.0.1"] * 20)
    ends_in_time(lambda: read("http://127.0.0.1:9/"))


def test_the_next_address_is_tried(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host of which one address is dead is reached at the other one."""
    monkeypatch.setattr(http, "_addresses", lambda *_: ["::1", "127.0.0.1"])
    assert b"[]" == read(server.url.replace("127.0.0.1", HOST))


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", f"http://{HOST}/"])
def test_nobody_is_there(url: str) -> None:
    """A host that refuses, or has no address, is a ConnectError as with any client."""
    with pytest.raises(httpx.ConnectError):
        read(url, retry=BoundedRetry(total=0))


def test_a_deadline_is_of_one_thread(server: Server) -> None:
    """Ten calls at once on one client end each at its own time, and one without a deadline is not ended."""
    server.script = byte_by_byte
    client = bounded_client(BoundedRetry(total=0), TIMEOUT)

    def call(seconds: float) -> float:
        begun = time.monotonic()
        with suppress(httpx.TimeoutException), deadline(seconds), client.stream("GET", server.url) as response:
            read_within(response, 100)
        return time.monotonic() - begun

    limits = [0.1 + 0.05 * place for place in range(10)]
    with ThreadPoolExecutor(11) as threads:
        whole = threads.submit(lambda: client.get(server.url).content)
        took = list(threads.map(call, limits))
        assert b"[]" == whole.result()
    assert limits == pytest.approx(took, abs=0.2)


def test_an_answer_in_time(server: Server) -> None:
    """What comes in time is whole, and after its block a deadline holds nothing up."""
    with bounded_client(PATIENT, TIMEOUT) as client:
        with deadline(5):
            assert b"[]" == client.get(server.url).content
        with deadline(0.01):
            time.sleep(0.02)
        assert b"[]" == client.get(server.url).content


def test_a_shorter_time_out_counts(server: Server) -> None:
    """Within the deadline the client's own time-out is what it was."""
    server.script = silence
    client = bounded_client(BoundedRetry(total=0), httpx.Timeout(0.1))
    with pytest.raises(httpx.ReadTimeout, match="timed out"), deadline(5):
        client.get(server.url)


@pytest.mark.parametrize(
    "wait", ["9" * 400, "Mon, 01 Jan 2026 00:00:00 +999999999999", f"Fri, 01 Jan {'9' * 30} 00:00:00 GMT", "-1", "soon"]
)
def test_a_retry_after_that_cannot_be(server: Server, wait: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A time to wait that is out of range, or none, leads to a wait of our own, and the answer comes."""
    waited: list[float] = []
    monkeypatch.setattr("httpx_retries.retry.time.sleep", waited.append)
    server.script = lambda connection: says(
        *([f"Retry-After: {wait}"] if len(server.requests) == 1 else []),
        status="429 Too Many Requests" if len(server.requests) == 1 else "200 OK",
    )(connection)
    assert b"[]" == read(server.url)
    assert max(waited) <= 120


# The answer


def packed(body: bytes, encoding: str) -> Script:
    return says(f"Content-Encoding: {encoding}", body=body)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"[1]", "identity"),
        (gzip.compress(b"[1]"), "gzip"),
        (gzip.compress(b"[1]"), " X-GZIP "),
        (zlib.compress(b"[1]"), "deflate"),
    ],
    ids=["not packed", "gzip", "x-gzip", "deflate"],
)
def test_what_a_server_packs_all_the_same(server: Server, body: bytes, encoding: str) -> None:
    """The client asks for what is not packed, and unpacks one layer of what comes packed."""
    server.script = packed(body, encoding)
    assert b"[1]" == read(server.url, 30)
    assert ["Accept-Encoding: identity"] == [
        line for line in server.requests[0].splitlines() if line.startswith("Accept-Encoding")
    ]


@pytest.mark.parametrize(
    ("body", "encoding", "said"),
    [
        (b" " * 101, "identity", "answered more than 100 bytes"),
        (gzip.compress(b" " * 101), "gzip", "answered more than 100 bytes"),
        (b"123", "br", "answered in the encoding 'br', which was not asked for"),
        (b"123", "zstd", "answered in the encoding 'zstd', which was not asked for"),
        (b"123", "gzip, gzip", "answered in the encoding 'gzip, gzip', which was not asked for"),
        (b"123", "gzip", "answered what cannot be unpacked: Error -3"),
        (gzip.compress(b"123")[:20], "gzip", "answered a part of what it packed as gzip"),
    ],
    ids=["too large", "too large unpacked", "br", "zstd", "twice", "no gzip", "a part"],
)
def test_what_is_not_read(server: Server, body: bytes, encoding: str, said: str) -> None:
    """An answer that is too large, or packed in a way that is not read, is an error in words."""
    server.script = packed(body, encoding)
    with pytest.raises(AnswerLimitError, match=said):
        read(server.url, 100)


def test_an_empty_answer_is_not_packed(server: Server) -> None:
    """An answer without a body says nothing, whatever it says of its packing."""
    server.script = packed(b"", "br")
    assert b"" == read(server.url)


@pytest.mark.parametrize(("layers", "said"), [(1, "answered more than 1,000,000 bytes"), (2, None)])
def test_zeros(server: Server, layers: int, said: str | None) -> None:
    """A hundred megabytes of zeros, packed once or twice, take no more memory than an answer may have."""
    body = b"\0" * 100_000_000
    for _ in range(layers):
        body = gzip.compress(body, 1 if layers == 1 else 9)
    server.script = packed(body, "gzip")
    tracemalloc.start()
    try:
        if said:
            with pytest.raises(AnswerLimitError, match=said):
                read(server.url)
        else:
            assert read(server.url).startswith(b"\x1f\x8b")
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_an_endless_body(server: Server) -> None:
    """A body that never ends is left where it is too large."""

    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b" " * 100_000)

    server.script = endless
    with pytest.raises(AnswerLimitError, match="answered more than 1,000,000 bytes"):
        read(server.url)


def test_redirects_are_not_followed(server: Server) -> None:
    """A server that sends elsewhere is not followed there."""
    server.script = says(f"Location: {server.url}elsewhere", status="307 Temporary Redirect")
    assert 307 == bounded_client(PATIENT, TIMEOUT).get(server.url).status_code
    assert 1 == len(server.requests)


# Proxies


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize("scheme", ["", "http://"])
def test_the_environments_proxy(server: Server, name: str, scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request goes to the proxy that the environment names, whole address and all."""
    monkeypatch.setenv(name, f"{scheme}{server.address}")
    assert b"[]" == read(f"http://{HOST}/api?p=1")
    assert server.requests[0].startswith(f"GET http://{HOST}/api?p=1 HTTP/1.1\r\n")


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "all_proxy"])
def test_the_environments_proxy_for_tls(
    server: Server, name: str, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TLS goes through a tunnel: the proxy sees the host alone."""

    def tunnel(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        inside = tls.wrap_socket(connection, server_side=True)
        server.requests.append(inside.recv(65_536).decode())
        says()(inside)

    monkeypatch.setenv(name, f"http://{server.address}")
    server.script = tunnel
    assert b"[]" == read(f"https://{HOST}/api")
    assert ["CONNECT papers.test:443 HTTP/1.1", "GET /api HTTP/1.1"] == [
        request.splitlines()[0] for request in server.requests
    ]


@pytest.mark.parametrize("hosts", [HOST, ".test", "other.example, papers.test", "*"])
@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_hosts_without_a_proxy(server: Server, name: str, hosts: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_PROXY names hosts that are reached directly."""
    monkeypatch.setenv("HTTP_PROXY", server.address)
    monkeypatch.setenv(name, hosts)
    with pytest.raises(httpx.ConnectError):
        read(f"http://{HOST}/", retry=BoundedRetry(total=0))
    assert [] == server.requests


@pytest.mark.parametrize("host", sorted(http.LOOPBACK - {"::1"}))
def test_this_machine_needs_no_proxy(server: Server, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model on this machine is reached directly, whatever the environment says."""
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert b"[]" == read(server.url.replace("127.0.0.1", host))


def test_a_proxy_of_another_kind_for_all(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each scheme has its own proxy, the one for all others is not looked at."""
    monkeypatch.setenv("HTTP_PROXY", server.address)
    monkeypatch.setenv("HTTPS_PROXY", server.address)
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    assert b"[]" == read(f"http://{HOST}/")
