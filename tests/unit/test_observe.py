"""The log lines, as Lambda reads them."""

from __future__ import annotations

import json
import logging
import re

from paperboy.adapters.observe import logger


def test_a_lines_time_is_as_lambda_takes_it() -> None:
    """A line has its time as RFC 3339 writes it, with a colon in the offset: else Lambda does not take its level."""
    record = logging.makeLogRecord({"msg": "day failed", "levelname": "ERROR", "levelno": logging.ERROR})
    line = json.loads(logger.registered_formatter.format(record))
    assert "ERROR" == line["level"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)", line["timestamp"])
