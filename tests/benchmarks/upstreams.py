"""The upstreams on loopback: listings from memory, and a model that writes a good summary of any paper, with faults.

What goes wrong is decided by the seed, the paper and how often it was asked for, so a run can be repeated.
"""

from __future__ import annotations

import contextlib
import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

MODEL = "benchmark"
HANGS = 60.0
"""Seconds that a call hangs which is to time out: longer than any client of ours waits."""
NAME = re.compile(r"\b[A-Z][A-Za-z]{3,}\b")
NUMBER = re.compile(r"(?<![\w.,$^~-])\d+(?:\.\d+)?%")
ANOTHER_PAPERS = {
    "title": "Gaussian 泼溅的实时渲染",
    "summary": "神经辐射场的渲染速度一直难以满足实时需求。Mip-Splatting 在 3D Gaussian 的基础上加入平滑滤波，"
    "在 Mip-NeRF-360 数据集上以 187 帧每秒的速度渲染，PSNR 达到 29.47，显存占用下降 43.8%，并在不同的采样率下"
    "都消除了锯齿与膨胀的伪影，为虚拟现实中的应用打开了大门。",
    "highlights": [
        "在 Mip-NeRF-360 上 PSNR 达到 29.47",
        "以 187 帧每秒的速度实时渲染",
        "显存占用下降 43.8% 而画质不变",
    ],
}
"""A summary of none of the papers: its names and numbers are not theirs."""


@dataclass(frozen=True)
class Faults:
    """How often what goes wrong, from 0 to 1 of the calls, and for which papers always."""

    busy: float = 0.0
    """Answered 429 at once, with Retry-After: 1."""
    malformed: float = 0.0
    """A reply that is no summary."""
    silent: float = 0.0
    """No answer. The first `hanging` of them hang until the client has had enough; the others end the connection."""
    hanging: int = 0
    refused: str = ""
    """The title of a paper that the endpoint's content filter always refuses."""
    confused: str = ""
    """The title of a paper that is always answered with another paper's text."""
    seed: int = 0


@dataclass
class Upstreams:
    """What the server answers from; it can be changed while the server runs."""

    listings: dict[str, list[Any]] = field(default_factory=dict)
    """Items by day."""
    faults: Faults = Faults()
    seconds: float = 0.0
    """How long a reply of the model takes."""
    calls: Counter[str] = field(default_factory=Counter)
    """How often the source and the model were asked, the model's tokens, and each fault."""
    url: str = ""
    _asked: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, **numbers: int) -> None:
        with self._lock:
            self.calls.update(numbers)

    def fault_of(self, title: str) -> str:
        """What goes wrong with this call about a paper; empty where nothing does."""
        faults = self.faults
        with self._lock:
            self._asked[title] += 1
            dice = random.Random(f"{faults.seed} {title} {self._asked[title]}").random()  # noqa: S311 - no secret
        if title in (faults.refused, faults.confused):
            return "refused" if title == faults.refused else "confused"
        limit = 0.0
        for name in ("busy", "malformed", "silent"):
            limit += getattr(faults, name)
            if dice < limit:
                return name
        return ""

    def hangs(self) -> bool:
        """Whether this silent call is one of those that hang."""
        self.count(silent=1)
        return self.calls["silent"] <= self.faults.hanging


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, upstreams: Upstreams, *args: Any) -> None:
        self._upstreams = upstreams
        super().__init__(*args)

    def do_GET(self) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        limit, page = int(asked.get("limit", 50)), int(asked.get("p", 0))
        self._upstreams.count(source=1)
        self._answer(200, self._upstreams.listings.get(asked.get("date", ""), [])[page * limit :][:limit])

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        paper = paper_in(request)
        fault = self._upstreams.fault_of(paper["title"])
        self._upstreams.count(model=1)
        if fault == "busy":
            self._upstreams.count(busy=1)
            return self._answer(429, {"error": {"message": "too many requests"}}, Retry_After="1")
        if fault == "silent":
            time.sleep(HANGS if self._upstreams.hangs() else self._upstreams.seconds)
            self.close_connection = True
            return None
        time.sleep(self._upstreams.seconds)
        if fault:
            self._upstreams.count(**{fault: 1})
        if fault == "refused":
            return self._answer(400, {"error": {"code": "content_filter", "message": "the prompt was filtered"}})
        text = json.dumps(ANOTHER_PAPERS if fault == "confused" else reply(paper), ensure_ascii=False)
        return self._complete(request, malformed(text) if fault == "malformed" else text)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        """Nothing: calls are counted, not told."""

    def _complete(self, request: Any, text: str) -> None:
        read = "".join(each["content"] for each in request["messages"])
        used = {"prompt_tokens": tokens(read), "completion_tokens": tokens(text)}
        self._upstreams.count(tokens=sum(used.values()), replies=1)
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        body = {"id": "1", "object": "chat.completion", "created": 0, "model": MODEL, "choices": [choice]}
        self._answer(200, body | {"usage": used | {"total_tokens": sum(used.values())}})

    def _answer(self, status: int, body: object, **headers: str) -> None:
        content = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class Server(ThreadingHTTPServer):
    request_queue_size = 128  # the default of five leaves a burst of connections waiting for a second
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: a client that has had enough ends the connection."""


@contextlib.contextmanager
def serving(upstreams: Upstreams) -> Iterator[Upstreams]:
    """Serve them at `upstreams.url` meanwhile."""
    with Server(("127.0.0.1", 0), partial(Handler, upstreams)) as server:
        upstreams.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield upstreams
        finally:
            server.shutdown()


def paper_in(request: Any) -> dict[str, Any]:
    """The paper that a request is about: the JSON object in the first of the user's messages."""
    content = next(each["content"] for each in request["messages"] if each["role"] == "user")
    paper: dict[str, Any] = json.JSONDecoder().raw_decode(content[content.index("{") :])[0]
    return paper


def reply(paper: dict[str, Any]) -> dict[str, Any]:
    """A good summary, with the paper's own names and numbers where it has plain ones."""
    names, number = NAME.findall(paper["title"]), NUMBER.search(paper["abstract"] or "")
    about = f" {names[0]} " if names else "这一问题"
    found = f"文中给出的结果是 {number[0]}，" if number else ""
    return {
        "title": f"关于{about}的研究".strip(),
        "summary": f"围绕{about}的已有方法在实际使用中代价较高，效果也不够稳定，成了进一步应用的障碍。"
        f"作者先分析了问题产生的原因，再据此提出新的模型结构与训练方式，把其中的关键步骤拆开来分别优化。实验表明，这一做法在多个任务上优于以往的方法，{found}"
        "同时保持了较低的开销，在没有见过的数据上也同样有效，为后续的工作提供了可以复用的思路与工具，有助于把这类方法带到实际的应用中。",
        "highlights": [
            f"系统地分析了{about}中问题产生的原因以及它的影响",
            "提出新的模型结构以及与之配套的训练方式，关键步骤分别优化",
            "在多个任务上优于以往的方法，开销较低，也便于复用",
        ],
    }


def tokens(text: str) -> int:
    """About how many tokens a text has: one for four English letters or for one Chinese character."""
    chinese = sum(letter > "\x7f" for letter in text)
    return chinese + (len(text) - chinese) // 4


def malformed(text: str) -> str:
    """`text` as models spoil it, each time in another way."""
    ways = [
        text[: len(text) // 2],
        text.replace('"summary"', '"abstract"'),
        "Sure! The paper proposes a new method and evaluates it on several tasks.",
        text.replace("多个任务", "937.4 个任务"),
        text.replace("以往的方法", "[以往的方法](https://example.com)"),
    ]
    return ways[sum(map(ord, text)) % len(ways)]
