"""Clients that speak HTTP, whose answers are bounded in size and time, whatever a server sends."""

from __future__ import annotations

import socket
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx
from httpx_retries import Retry, RetryTransport

if TYPE_CHECKING:
    import ssl

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
"""Hosts that no proxy could reach: they are this machine, as a model on a laptop is, or the sample's source."""

WRITTEN_BYTES = 16_384
"""Bytes that are sent at once: the deadline is looked at before each such piece."""

_DEADLINE: ContextVar[tuple[float, float] | None] = ContextVar("deadline", default=None)
"""When the time is up, as `time.monotonic` has it, and how many seconds that was."""


class AnswerLimitError(Exception):
    """An answer is larger than it may be, or cannot be unpacked; the message is the rest of a sentence:
    ``answered more …``."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Have all that this thread's clients do inside end after `seconds`, retries and waits with it.

    A client's own time-out counts for each single read, and never ends an answer that comes drop by drop. When the time
    is up the client raises httpx.TimeoutException. Only the look-up of a host's name is not bounded.
    """
    token = _DEADLINE.set((time.monotonic() + seconds, seconds))
    try:
        yield
    finally:
        _DEADLINE.reset(token)


def bounded_client(retry: Retry, timeout: httpx.Timeout, headers: Mapping[str, str] | None = None) -> httpx.Client:
    """A client that `deadline` bounds, for any number of threads.

    It asks for answers that are not packed, follows the environment's proxies and no redirect. `retry` is a
    BoundedRetry where it waits.
    """
    return httpx.Client(
        transport=RetryTransport(_Routes(), retry),
        timeout=timeout,
        headers={"Accept-Encoding": "identity"} | dict(headers or {}),
    )


def read_within(response: httpx.Response, max_bytes: int) -> bytes:
    """The body of a response that is being streamed, of `max_bytes` at most as it comes and unpacked.

    Raises AnswerLimitError, and httpx.HTTPError where the body does not come.
    """
    content = bytearray()
    for part in response.iter_raw():
        content += part
        if len(content) > max_bytes:
            raise AnswerLimitError(f"answered more than {max_bytes:,} bytes")
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    is_packed = content and encoding not in ("", "identity")
    return _unpacked(content, encoding, max_bytes) if is_packed else bytes(content)


def _unpacked(content: bytearray, encoding: str, max_bytes: int) -> bytes:
    """What a server packed although nobody asked it to. One layer, so that a few bytes cannot become gigabytes."""
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise AnswerLimitError(f"answered in the encoding {encoding[:40]!r}, which was not asked for")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)  # by its header: gzip's or zlib's
    try:
        unpacked = unpacker.decompress(content, max_bytes + 1)
    except zlib.error as error:
        raise AnswerLimitError(f"answered what cannot be unpacked: {error}") from error
    if len(unpacked) > max_bytes:
        raise AnswerLimitError(f"answered more than {max_bytes:,} bytes")
    if not unpacker.eof:
        raise AnswerLimitError(f"answered a part of what it packed as {encoding}")
    return unpacked


class BoundedRetry(Retry):
    """A retry whose waits end with the deadline, and which takes no harm from a Retry-After that cannot be."""

    def sleep(self, response: httpx.Response | Exception) -> None:
        if limit := _DEADLINE.get():  # `self` is of this one try
            self.max_backoff_wait = max(0.001, min(self.max_backoff_wait, limit[0] - time.monotonic()))
        super().sleep(response)

    def parse_retry_after(self, retry_after: str) -> float:
        try:
            return super().parse_retry_after(retry_after)
        except OverflowError as error:
            raise ValueError("Retry-After is out of range") from error


class _Routes(httpx.BaseTransport):
    """Sends a request directly, or through the proxy that the environment names for it.

    httpx does so by itself only where it is given no transport.
    """

    def __init__(self) -> None:
        proxies = getproxies()
        by_scheme = {scheme: proxies.get(scheme) or proxies.get("all") for scheme in ("http", "https")}
        self._direct = _Transport()
        self._proxied = {scheme: _Transport(proxy) for scheme, proxy in by_scheme.items() if proxy}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        direct = host in LOOPBACK or proxy_bypass(host)
        route = self._direct if direct else self._proxied.get(request.url.scheme, self._direct)
        return route.handle_request(request)

    def close(self) -> None:
        for route in (self._direct, *self._proxied.values()):
            route.close()


class _Transport(httpx.HTTPTransport):
    """httpx's own, on connections that end with the deadline. httpx has no argument for these."""

    def __init__(self, proxy: str | None = None) -> None:
        super().__init__(proxy=f"http://{proxy}" if proxy and "://" not in proxy else proxy)
        self._pool._network_backend = _Backend()


class _Backend(httpcore.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        # Each address here: the library gives the whole time-out to every single one.
        for address in _addresses(host, port):
            try:
                with _in_time(timeout, httpcore.ConnectTimeout) as left:
                    return _Stream(super().connect_tcp(address, port, left, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


class _Stream(httpcore.NetworkStream):
    """A connection, each step of which ends with the deadline. It is below the parser, so nothing that comes helps."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with _in_time(timeout, httpcore.ReadTimeout) as left:
            return self._stream.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), WRITTEN_BYTES):
            with _in_time(timeout, httpcore.WriteTimeout) as left:
                self._stream.write(buffer[start : start + WRITTEN_BYTES], left)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        with _in_time(timeout, httpcore.ConnectTimeout) as left:
            return _Stream(self._stream.start_tls(ssl_context, server_hostname, left))

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _addresses(host: str, port: int) -> list[str]:
    try:
        return [str(address[0]) for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error


@contextmanager
def _in_time(timeout: float | None, error: type[httpcore.TimeoutException]) -> Iterator[float | None]:
    """The seconds that a step may take: its own time-out, or less where the deadline is nearer."""
    limit = _DEADLINE.get()
    if limit is None:
        yield timeout
        return
    until, seconds = limit
    left = until - time.monotonic()
    try:
        if left <= 0:
            raise error
        yield left if timeout is None else min(timeout, left)
    except httpcore.TimeoutException as caught:
        if time.monotonic() < until:
            raise
        raise type(caught)(f"did not end its answer within {seconds:g} s") from caught
