"""The log lines, as Lambda reads them, and what is counted."""

from __future__ import annotations

import json
import logging
import re
import threading
from contextlib import suppress
from typing import Any

import pytest

from paperboy.adapters.observe import Metric, count, logger, metrics


def test_a_lines_time_is_as_lambda_takes_it() -> None:
    """A line has its time as RFC 3339 writes it, with a colon in the offset: else Lambda does not take its level."""
    record = logging.makeLogRecord({"msg": "day failed", "levelname": "ERROR", "levelno": logging.ERROR})
    line = json.loads(logger.registered_formatter.format(record))
    assert "ERROR" == line["level"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)", line["timestamp"])


def test_no_count_is_lost_among_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads that count the same thing at once both count: an alarm looks at the sum."""
    both_look = threading.Barrier(2)

    class Slow(dict[str, Any]):
        """The metrics so far, which whoever looks at leaves only when somebody else looks, too."""

        def get(self, key: str, default: Any = None) -> Any:
            found = super().get(key, default)
            with suppress(threading.BrokenBarrierError):
                both_look.wait(0.2)
            return found

    monkeypatch.setattr(metrics.provider, "metric_set", Slow())
    threads = [threading.Thread(target=count, args=(Metric.GIVEN_UP, 1)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [1.0, 1.0] == metrics.provider.metric_set[Metric.GIVEN_UP]["Value"]
