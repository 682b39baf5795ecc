"""The keys of the records: a partition for each day, one for what is published, and one for the budget."""

from __future__ import annotations

import datetime as dt

DIGESTS = "DIGESTS"
"""The partition of what is published, a record a day."""
BUDGET = "BUDGET"
"""The partition of what the model took, a record a month."""

ANNOUNCED = "ANNOUNCED"
"""What the partitions of what was announced begin with, one for each day and week."""

PAPER, RUN, RANKING, SUMMARY = "PAPER", "RUN", "RANKING", "SUMMARY"
"""The kinds of record in a day's partition."""


def day_partition(day: dt.date) -> str:
    """The partition key of a day's records: ``DAY#2026-02-03``."""
    return f"DAY#{day}"


def day_of(partition: str) -> dt.date | None:
    """The day that a partition key names, or None where it names none."""
    kind, _, day = partition.partition("#")
    try:
        return dt.date.fromisoformat(day) if kind == "DAY" else None
    except ValueError:
        return None


def announced_partition(name: str) -> str:
    """The partition key of the deliveries of an announcement, by its name: ``ANNOUNCED#2026-02-03``."""
    return f"{ANNOUNCED}#{name}"


def delivery_key(channel: str, number: int) -> str:
    """The sort key of the delivery of a piece, from 1, to a channel: ``feishu#1``."""
    return f"{channel}#{number}"


def paper_key(paper_id: str) -> str:
    """The sort key of a paper: ``PAPER#2602.02343``."""
    return f"{PAPER}#{paper_id}"


def summary_key(paper_id: str) -> str:
    """The sort key of a paper's summary: ``SUMMARY#2602.02343``."""
    return f"{SUMMARY}#{paper_id}"


def kind_of(sort_key: str) -> tuple[str, str]:
    """The kind of a record in a day's partition, and the id of its paper, if it is of one."""
    kind, _, paper_id = sort_key.partition("#")
    return kind, paper_id


def digest_record_key(day: dt.date) -> str:
    """The sort key of what is published of a day: ``2026-02-03``."""
    return day.isoformat()


def month_key(seconds: float) -> str:
    """The sort key of the calendar month (UTC) of a time in seconds since 1970: ``2026-02``."""
    return f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m}"
