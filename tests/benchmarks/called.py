"""A function's handler, called directly in this process: events on standard input, what they took in the last line.

python -m tests.benchmarks.called ingest < events.json
"""

from __future__ import annotations

import importlib
import json
import re
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import boto3


class Calls:
    """What was asked of AWS since it was last emptied: requests by name, and write units by the kinds of record."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.units: Counter[str] = Counter()
        boto3.setup_default_session()
        assert boto3.DEFAULT_SESSION is not None
        events = boto3.DEFAULT_SESSION.events
        events.register("provide-client-params.dynamodb", self._before)
        events.register("after-call.dynamodb", self._after)
        events.register("before-call", self._request)

    def taken(self) -> dict[str, dict[str, float]]:
        taken: dict[str, dict[str, float]] = {"requests": dict(self.requests), "units": dict(self.units)}
        self.requests.clear()
        self.units.clear()
        return taken

    def _before(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> Any:
        context["kinds"] = "+".join(sorted(set(kinds(params))))
        context["next"] = "ExclusiveStartKey" in params
        return params | {"ReturnConsumedCapacity": "TOTAL"}

    def _request(self, model: Any, context: dict[str, Any], **_: Any) -> None:
        self.requests[f"{model.name}, next page" if context.get("next") else model.name] += 1

    def _after(self, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        if model.name in ("PutItem", "UpdateItem", "BatchWriteItem", "TransactWriteItems"):
            consumed = parsed.get("ConsumedCapacity", [])
            for each in consumed if isinstance(consumed, list) else [consumed]:
                self.units[context["kinds"]] += each["CapacityUnits"]


def kinds(params: Any) -> list[str]:
    """The kinds of record that a write's parameters name: PAPER, RUN, BUDGET, …"""
    if isinstance(params, list):
        return [kind for each in params for kind in kinds(each)]
    if not isinstance(params, dict):
        return []
    if "pk" in params and "sk" in params:
        pk, sk = (each["S"] if isinstance(each, dict) else each for each in (params["pk"], params["sk"]))
        return [(sk if pk.startswith("DAY#") else pk).partition("#")[0]]
    return kinds(list(params.values()))


class Context:
    """What Lambda tells a handler besides the event."""

    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "benchmark"

    def get_remaining_time_in_millis(self) -> int:
        return 300_000


def main() -> None:
    calls = Calls()
    handler = importlib.import_module(f"functions.{sys.argv[1]}.handler").handler
    called = []
    for event in json.load(sys.stdin):
        begun = time.perf_counter()
        answer = handler(event, Context())
        seconds = time.perf_counter() - begun
        if isinstance(answer, dict) and answer.get("batchItemFailures"):
            raise SystemExit(f"{sys.argv[1]} failed: {answer}")
        called.append({"seconds": seconds} | calls.taken())
    print(json.dumps({"called": called, "peak": peak_memory()}))


def peak_memory() -> float:
    """The most memory that this process had, in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # `getrusage` counts that of the process it was started from as well
        return int(re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


if __name__ == "__main__":
    main()
