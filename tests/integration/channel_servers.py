"""Channels on loopback that behave as Feishu, WeCom, DingTalk, Telegram and a webhook do, and misbehave by a plan.

    with serving("dingtalk") as server:
        sender = load_sender(server.channel)
        server.plan("silence", "busy")  # of the next two requests; after them it behaves again
        ...
        assert ["the title"] == [message.title for message in server.accepted]

Each checks what its channel checks (the address, the signature, the size in bytes, how many messages a minute), answers
in its words, and keeps all requests and the messages that it took.
"""

from __future__ import annotations

import base64
import hmac
import html
import json
import re
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from paperboy.announcements.channel import (
    Channel,
    DingtalkChannel,
    FeishuChannel,
    TelegramChannel,
    WebhookChannel,
    WecomChannel,
)

TOKEN = "7e57c0de-0000-4f00-8a00-d0n07te11any"  # noqa: S105 - a test's
"""What stands in the address of each channel, and lets whoever knows it write."""
SECRET = "SEC5ecre7-d0-n07-te11-anyb0dy"  # noqa: S105 - a test's
BOT_TOKEN = f"424242:{TOKEN}"
CHAT = "-1001234567890"
DRIP_SECONDS = 0.02

Reply = tuple[int, Any, dict[str, str]]
"""Status, body and headers. Bytes are sent as they are, anything else as JSON."""


@dataclass(frozen=True)
class Request:
    """A request that arrived."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """Their names in small letters."""
    body: bytes

    @property
    def fields(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Accepted:
    """A message that the channel took and shows."""

    title: str
    text: str
    key: str | None = None
    """The webhook's alone."""


class ChannelServer:
    """A channel of one kind. `accepted` and `requests` grow; `per_minute` can be set."""

    path: str
    success: Any = {"errcode": 0, "errmsg": "ok"}  # noqa: RUF012 - a server that is to answer another one sets its own
    """What it answers to a message that it takes."""
    busy: Reply
    unknown: Reply
    """A refusal with a code that nobody knows."""
    per_minute: int | None = None
    """Messages a minute, after which it is busy."""

    def __init__(self) -> None:
        self.url = ""
        self.accepted: list[Accepted] = []
        self.requests: list[Request] = []
        self._plan: deque[str] = deque()
        self._times: list[float] = []
        self._lock = threading.Lock()

    @property
    def channel(self) -> Channel:
        """What reaches it."""
        raise NotImplementedError

    @property
    def titles(self) -> list[str]:
        return [message.title for message in self.accepted]

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.accepted]

    def plan(self, *faults: str) -> None:
        """Have the next requests meet these faults, by their names in FAULTS; ``well`` is none."""
        unknown = {*faults} - {"well", *FAULTS}
        assert not unknown, f"no such faults: {unknown}"
        self._plan += faults

    def next_fault(self) -> Fault | None:
        with self._lock:
            name = self._plan.popleft() if self._plan else "well"
        return FAULTS.get(name)

    def answer(self, request: Request) -> Reply:
        """What it answers when it behaves."""
        with self._lock:
            if refusal := self.refusal(request):
                return refusal
            begun = time.monotonic()
            if self.per_minute is not None and sum(begun - each < 60 for each in self._times) >= self.per_minute:
                return self.busy
            self._times.append(begun)
            self.accepted.append(self.message(request))
            return 200, self.success, {}

    def refusal(self, request: Request) -> Reply | None:
        """What is wrong with a request."""
        raise NotImplementedError

    def message(self, request: Request) -> Accepted:
        raise NotImplementedError


class FeishuServer(ChannelServer):
    path = f"/open-apis/bot/v2/hook/{TOKEN}"
    success: Any = {"StatusCode": 0, "StatusMessage": "success", "code": 0, "msg": "success"}  # noqa: RUF012
    busy = 400, {"code": 11232, "msg": "create message service trigger rate limit"}, {}
    unknown = 200, {"code": 19099, "msg": "no such thing", "data": {}}, {}

    @property
    def channel(self) -> FeishuChannel:
        return FeishuChannel(url=SecretStr(self.url + self.path), secret=SecretStr(SECRET))

    def refusal(self, request: Request) -> Reply | None:
        if request.path != self.path:
            return 200, {"code": 19001, "msg": "param invalid: incoming webhook access token invalid"}, {}
        if len(request.body) > 20_000:
            return 200, {"code": 9499, "msg": "Bad Request", "data": {}}, {}
        fields = request.fields
        key = f"{fields.get('timestamp')}\n{SECRET}".encode()
        signature = base64.b64encode(hmac.digest(key, b"", "sha256")).decode()
        if fields.get("sign") != signature or abs(int(fields["timestamp"]) - time.time()) > 3_600:
            return 200, {"code": 19021, "msg": "sign match fail or timestamp is not within one hour"}, {}
        return None

    def message(self, request: Request) -> Accepted:
        card = request.fields["card"]
        text = "\n".join(each["text"]["content"] for each in card["elements"] if each["text"]["tag"] == "lark_md")
        return Accepted(card["header"]["title"]["content"], text)


class WecomServer(ChannelServer):
    path = "/cgi-bin/webhook/send"
    per_minute = 20
    busy = 200, {"errcode": 45009, "errmsg": "api freq out of limit, hint: [1]"}, {}
    unknown = 200, {"errcode": 49999, "errmsg": "no such thing"}, {}

    @property
    def channel(self) -> WecomChannel:
        return WecomChannel(url=SecretStr(f"{self.url}{self.path}?key={TOKEN}"))

    def refusal(self, request: Request) -> Reply | None:
        if (request.path, request.query.get("key")) != (self.path, TOKEN):
            return 200, {"errcode": 93000, "errmsg": "invalid webhook url, hint: [1]"}, {}
        if re.search(rb"\\u[0-9a-f]{4}", request.body):
            return 200, {"errcode": 40033, "errmsg": "invalid charset"}, {}
        if len(request.fields["markdown"]["content"].encode()) > 4_096:
            return 200, {"errcode": 40058, "errmsg": "markdown.content exceed max length 4096"}, {}
        return None

    def message(self, request: Request) -> Accepted:
        text = request.fields["markdown"]["content"]
        return Accepted(text.partition("\n")[0], text)


class DingtalkServer(ChannelServer):
    path = "/robot/send"
    per_minute = 20
    busy = 200, {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}, {}
    unknown = 200, {"errcode": 399999, "errmsg": "no such thing"}, {}

    @property
    def channel(self) -> DingtalkChannel:
        return DingtalkChannel(url=SecretStr(f"{self.url}{self.path}?access_token={TOKEN}"), secret=SecretStr(SECRET))

    def refusal(self, request: Request) -> Reply | None:
        if (request.path, request.query.get("access_token")) != (self.path, TOKEN):
            return 200, {"errcode": 300005, "errmsg": "token is not exist"}, {}
        timestamp = request.query.get("timestamp", "0")
        signature = base64.b64encode(hmac.digest(SECRET.encode(), f"{timestamp}\n{SECRET}".encode(), "sha256"))
        if request.query.get("sign") != signature.decode() or abs(int(timestamp) / 1000 - time.time()) > 3_600:
            return 200, {"errcode": 310000, "errmsg": "sign not match"}, {}
        if len(request.body) > 20_000:
            return 200, {"errcode": 460101, "errmsg": "message too long, exceed 20000 bytes"}, {}
        return None

    def message(self, request: Request) -> Accepted:
        markdown = request.fields["markdown"]
        return Accepted(markdown["title"], markdown["text"])


class TelegramServer(ChannelServer):
    path = f"/bot{BOT_TOKEN}/sendMessage"
    per_minute = 20
    busy = (
        429,
        {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 7}},
        {},
    )
    unknown = 400, {"ok": False, "error_code": 400, "description": "Bad Request: no such thing"}, {}

    @property
    def channel(self) -> TelegramChannel:
        return TelegramChannel(token=SecretStr(BOT_TOKEN), chat=CHAT, api=self.url)

    @property
    def success(self) -> Any:
        return {"ok": True, "result": {"message_id": len(self.accepted), "chat": {"id": int(CHAT)}}}

    def refusal(self, request: Request) -> Reply | None:
        said = self._wrong(request)
        return (said[0], {"ok": False, "error_code": said[0], "description": said[1]}, {}) if said else None

    def _wrong(self, request: Request) -> tuple[int, str] | None:
        fields = request.fields
        if request.path != self.path:
            return 401, "Unauthorized"
        if fields["chat_id"] != CHAT:
            return 400, "Bad Request: chat not found"
        if fields["parse_mode"] != "HTML" or not fields["link_preview_options"]["is_disabled"]:
            return 400, "Bad Request: can't parse entities"
        if len(html.unescape(re.sub("<[^>]*>", "", fields["text"])).encode("utf-16-le")) > 2 * 4_096:
            return 400, "Bad Request: message is too long"
        return None

    def message(self, request: Request) -> Accepted:
        text = request.fields["text"]
        return Accepted(html.unescape(re.sub("<[^>]*>", "", text.partition("\n")[0])), text)


class WebhookServer(ChannelServer):
    """Takes a message once: one that comes again under its key is answered, and not accepted again."""

    path = f"/hooks/{TOKEN}"
    success: Any = b""
    busy = 429, b"", {"Retry-After": "30"}
    unknown = 422, {"error": "no such thing"}, {}

    @property
    def channel(self) -> WebhookChannel:
        return WebhookChannel(url=SecretStr(self.url + self.path), secret=SecretStr(SECRET))

    def refusal(self, request: Request) -> Reply | None:
        if request.path != self.path:
            return 404, b"", {}
        key, timestamp = request.headers["webhook-id"], request.headers["webhook-timestamp"]
        digest = hmac.digest(SECRET.encode(), f"{key}.{timestamp}.".encode() + request.body, "sha256")
        if request.headers["webhook-signature"] != f"v1,{base64.b64encode(digest).decode()}":
            return 401, b"", {}
        if any(message.key == key for message in self.accepted):
            return 200, b"", {}
        return None

    def message(self, request: Request) -> Accepted:
        return Accepted(request.fields.get("title", ""), request.body.decode(), request.headers["webhook-id"])


SERVERS: dict[str, type[ChannelServer]] = {
    "feishu": FeishuServer,
    "wecom": WecomServer,
    "dingtalk": DingtalkServer,
    "telegram": TelegramServer,
    "webhook": WebhookServer,
}

# Faults


@dataclass(frozen=True)
class Fault:
    """What a server does in place of its answer."""

    act: Callable[[ChannelServer, _Handler], None]
    accepts: bool = False
    """Whether it takes the message all the same."""


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, server: ChannelServer, *arguments: Any) -> None:
        self.channel_server = server
        super().__init__(*arguments)

    def do_POST(self) -> None:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers["content-length"]))
        request = Request(parts.path, dict(parse_qsl(parts.query)), headers, body)
        self.channel_server.requests.append(request)
        fault = self.channel_server.next_fault()
        reply = self.channel_server.answer(request) if fault is None or fault.accepts else None
        with suppress(OSError):
            if fault:
                fault.act(self.channel_server, self)
            elif reply:
                self.reply(*reply)

    def reply(self, status: int, body: Any, headers: dict[str, str]) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        """Nothing."""


def _says(status: int, body: Any, accepts: bool = False, **headers: str) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(lambda _, handler: handler.reply(status, body, named), accepts)


def _silence(_: ChannelServer, handler: _Handler) -> None:
    handler.connection.recv(1)  # until the client is gone


def _reset(_: ChannelServer, handler: _Handler) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def _cut(server: ChannelServer, handler: _Handler) -> None:
    """Half an answer, and then nothing."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
    _reset(server, handler)


def _drip(_: ChannelServer, handler: _Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    for _place in count():
        handler.wfile.write(b" ")
        time.sleep(DRIP_SECONDS)


def _headers(_: ChannelServer, handler: _Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for place in count():
        handler.wfile.write(b"X-%d: 1\r\n" % place)
        time.sleep(DRIP_SECONDS)


def _echo(server: ChannelServer, handler: _Handler) -> None:
    """A refusal in words that hold all that nobody may see, whole and in part."""
    status, body, headers = server.unknown
    own = [value.get_secret_value() for _, value in server.channel if isinstance(value, SecretStr)]
    secrets = [*own, *(each[4:] for each in own), *dict(parse_qsl(urlsplit(handler.path).query)).values()]
    whole = " ".join((server.url + handler.path, TOKEN[:12], *secrets, "\0\x1b[31m"))
    told = {name: f"no: {whole}" if isinstance(value, str) else value for name, value in body.items()}
    handler.reply(status, told, headers)


def _elsewhere(_: ChannelServer, handler: _Handler) -> None:
    handler.reply(307, b"", {"Location": handler.path})


def _busy(server: ChannelServer, handler: _Handler) -> None:
    handler.reply(*server.busy)


def _unknown(server: ChannelServer, handler: _Handler) -> None:
    handler.reply(*server.unknown)


FAULTS: dict[str, Fault] = {
    # what a channel itself says
    "busy": Fault(_busy),
    "unknown code": Fault(_unknown),
    "echo": Fault(_echo),
    # what stands before it says
    "429": _says(429, b"", Retry_After="30"),
    "429 for ever": _says(429, b"", Retry_After="9" * 30),
    "429 at a date": _says(429, b"", Retry_After="Thu, 01 Jan 2026 00:00:00 GMT"),
    "429 at no time": _says(429, b"", Retry_After="soon"),
    "502": _says(502, b"<html>Bad Gateway</html>", Content_Type="text/html"),
    "503": _says(503, b"", Retry_After="30"),
    "403": _says(403, b"<html>Forbidden</html>", Content_Type="text/html"),
    "404": _says(404, b""),
    "a huge 500": _says(500, b" " * 3_000_000),
    "redirect": Fault(_elsewhere),
    # what says nothing, although the message was taken
    "html": _says(200, b"<html>Welcome</html>", accepts=True, Content_Type="text/html"),
    "empty": _says(200, b"", accepts=True),
    "a list": _says(200, [{"code": 0, "errcode": 0, "ok": True}], accepts=True),
    "a number": _says(200, 0, accepts=True),
    "texts": _says(200, {"code": "0", "errcode": "0", "ok": "true"}, accepts=True),
    "truths": _says(200, {"code": False, "errcode": False, "ok": 1}, accepts=True),
    "nothing in it": _says(200, {}, accepts=True),
    "deep": _says(200, b'{"a":' * 30_000, accepts=True),
    "no utf-8": _says(200, b'{"code": 0, "errcode": 0, "ok": true, "a": "\xff"}', accepts=True),
    "huge": _says(200, b" " * 3_000_000 + b'{"code": 0, "errcode": 0, "ok": true}', accepts=True),
    "packed": _says(200, b"\x1b\x1b", accepts=True, Content_Encoding="br"),
    "success with 500": _says(500, {"code": 0, "errcode": 0, "ok": True}, accepts=True),
    "silence": Fault(_silence, accepts=True),
    "drip": Fault(_drip, accepts=True),
    "endless headers": Fault(_headers, accepts=True),
    "reset after it was taken": Fault(_reset, accepts=True),
    "cut": Fault(_cut, accepts=True),
    # what says nothing, and nothing was taken
    "reset": Fault(_reset),
}


@contextmanager
def serving(kind: str) -> Iterator[ChannelServer]:
    """A server of a kind, at a free port, while in here."""
    server = SERVERS[kind]()

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, server)) as served:
        served.daemon_threads = True
        server.url = f"http://127.0.0.1:{served.server_port}"
        threading.Thread(target=served.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        served.shutdown()
