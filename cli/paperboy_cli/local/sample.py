"""The sample upstreams on loopback: recorded listings and model replies, over the HTTP that the real ones speak."""

from __future__ import annotations

import argparse
import json
import threading
from collections import Counter
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from paperboy_cli.gate import hosts, is_browsers, refusal

MODEL = "sample"


class AwayError(Exception):
    """The model is away."""


class Recorded:
    """A folder of recorded answers: `DAY.json` listings, and by paper id what a model says.

    `summaries.json` has its good replies, `refused.json` what it says first of some papers, as text.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.replies: dict[str, Any] = json.loads((folder / "summaries.json").read_text(encoding="utf-8"))
        self.refused: dict[str, str] = json.loads((folder / "refused.json").read_text(encoding="utf-8"))
        self.repair_requests: list[str] = []
        """What the model was told whose reply was refused."""
        self.answers: int | None = None
        """How many replies the model still gives before it is away; None: it stays."""
        self.told: list[dict[str, Any]] = []
        """What the sample's channel was told."""
        self.calls: Counter[str] = Counter()
        """How often each upstream was asked; a model that is away was not."""
        self._lock = threading.Lock()

    def _count(self, upstream: str) -> None:
        with self._lock:
            self.calls[upstream] += 1

    def _is_away(self) -> bool:
        with self._lock:
            if self.answers:
                self.answers -= 1
                return False
            return self.answers == 0

    def listing(self, day: str, limit: int, page: int) -> list[Any]:
        """A page of a day's listing, read anew each time so that an edited file shows; other days are empty."""
        self._count("listing")
        days = {path.stem: path for path in self.folder.glob("????-??-??.json")}
        items: list[Any] = json.loads(days[day].read_text(encoding="utf-8")) if day in days else []
        return items[page * limit :][:limit]

    def reply(self, messages: list[dict[str, str]]) -> str | None:
        """The recorded reply for the paper that the first of the user's messages has the title of; else an empty one.

        Raises AwayError while the model is away.
        """
        if self._is_away():
            raise AwayError
        self._count("model")
        data, *again = (each["content"] for each in messages if each["role"] == "user")
        try:
            title = json.loads(data)["title"]
        except (ValueError, LookupError, TypeError):  # it was asked about no paper
            return "{}"
        self.repair_requests += again
        for path in self.folder.glob("????-??-??.json"):
            for item in json.loads(path.read_text(encoding="utf-8")):
                paper = item["paper"]
                if " ".join(paper["title"].split()) == title and paper["id"] in self.replies:
                    good = json.dumps(self.replies[paper["id"]], ensure_ascii=False)
                    return good if again else self.refused.get(paper["id"], good)
        return None


CHANNEL_PATH = "/channel"
"""Where the sample's own channel is told, as a bot of DingTalk would be."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, recorded: Recorded, docker_host: Path | None, *args: Any) -> None:
        self._recorded = recorded
        self._docker_host = docker_host
        super().__init__(*args)

    def parse_request(self) -> bool:
        """Whether there is a request to answer: what a foreign web page sends is refused at once."""
        if not super().parse_request():
            return False
        port = self.connection.getsockname()[1]
        reason = refusal(self.headers.items(), hosts(port, self._docker_host))
        if not reason and is_browsers(self.headers.items()):
            reason = "Refused: nothing here is for a browser."
        if reason:
            self.close_connection = True  # nobody reads its body
            self._answer(HTTPStatus.FORBIDDEN, {"error": {"message": reason}})
        return reason is None

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/api/daily_papers":
            try:
                limit, place = int(query.get("limit", 50)), int(query.get("p", 0))
            except ValueError as error:
                return self._answer(HTTPStatus.BAD_REQUEST, {"error": str(error)})
            page = self._recorded.listing(query.get("date", ""), limit, place)
            self._answer(HTTPStatus.OK, page)
        elif url.path == CHANNEL_PATH:
            self._answer(HTTPStatus.OK, self._recorded.told)
        elif url.path == "/calls":
            self._answer(HTTPStatus.OK, self._recorded.calls)
        else:
            self._answer(HTTPStatus.NOT_FOUND, {"error": {"message": f"nothing is recorded at {url.path}"}})
        return None

    def do_POST(self) -> None:
        request = self._read()
        if request is None:
            return self._answer(HTTPStatus.BAD_REQUEST, {"error": {"message": "expected a JSON object"}})
        if self.path == CHANNEL_PATH:
            self._recorded.told.append(request)
            return self._answer(HTTPStatus.OK, {"errcode": 0, "errmsg": "ok"})
        if self.path != "/v1/chat/completions":
            return self._answer(HTTPStatus.NOT_FOUND, {"error": {"message": f"nothing is recorded at {self.path}"}})
        try:
            reply = self._recorded.reply(request.get("messages", []))
        except AwayError:
            return self._answer(HTTPStatus.SERVICE_UNAVAILABLE, {"error": {"message": "the model is away"}})
        if reply is None:
            return self._answer(HTTPStatus.NOT_FOUND, {"error": {"message": "no reply is recorded for this paper"}})
        return self._answer(HTTPStatus.OK, _completion(request, reply))

    def do_PUT(self) -> None:
        """The model's switch: `{"answers": 6}` sends it away after six replies, `{"answers": null}` has it back."""
        request = self._read()
        if self.path != "/model":
            return self._answer(HTTPStatus.NOT_FOUND, {"error": {"message": f"there is no switch at {self.path}"}})
        match request:
            case {"answers": int() | None as answers}:
                self._recorded.answers = answers
            case _:
                return self._answer(HTTPStatus.BAD_REQUEST, {"error": {"message": "expected a number of answers"}})
        return self._answer(HTTPStatus.OK, request)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        """Nothing: calls are counted, not logged."""

    def _read(self) -> dict[str, Any] | None:
        """The object that was sent; None where it is none."""
        try:
            sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        except (ValueError, RecursionError):
            return None
        return sent if isinstance(sent, dict) else None

    def _answer(self, status: HTTPStatus, body: object) -> None:
        content = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _completion(request: Any, reply: str) -> dict[str, object]:
    # Tokens are as good as guessed: a sample has no tokenizer.
    usage = {"prompt_tokens": len(json.dumps(request["messages"])) // 4, "completion_tokens": len(reply)}
    return {
        "id": "sample",
        "object": "chat.completion",
        "created": 0,
        "model": MODEL,
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": reply}, "finish_reason": "stop"},
        ],
        "usage": usage | {"total_tokens": sum(usage.values())},
    }


def server(recorded: Recorded, port: int, docker_host: Path | None = None) -> ThreadingHTTPServer:
    """A server of the recorded answers, on 127.0.0.1 alone. Port 0 takes a free one.

    `docker_host` is a file with what containers call this machine, while it is open to them.
    """
    return ThreadingHTTPServer(("127.0.0.1", port), partial(Handler, recorded, docker_host))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("docker_host", type=Path)
    arguments = parser.parse_args()
    server(Recorded(arguments.folder), arguments.port, arguments.docker_host).serve_forever()
