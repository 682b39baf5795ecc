"""The one logger, and the one set of metrics with all of their names."""

from __future__ import annotations

import logging
import threading
import warnings
from enum import StrEnum
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

if TYPE_CHECKING:
    from paperboy.days.delivery import Delivery
    from paperboy.days.records import SummaryRecord
    from paperboy.papers.listing import Listing

__all__ = [
    "Metric",
    "count",
    "logger",
    "metrics",
    "report_listing",
    "report_summary",
    "report_unreadable",
    "report_unreadable_page",
]

# Lambda takes the level of a line of JSON only where its time is as RFC 3339 has it.
logger = Logger(use_rfc3339=True)
metrics = Metrics()

COUNTING = threading.Lock()
"""Powertools loses one of two values that threads add at once."""

# They log every address and where credentials were found at INFO: more than a log should say.
for name in ("httpx", "botocore"):
    logging.getLogger(name).setLevel(logging.WARNING)

# A run with nothing to count is no cause for a warning.
warnings.filterwarnings("ignore", "No application metrics to publish")


class Metric(StrEnum):
    """Everything that is counted, in papers unless it says otherwise."""

    LISTED = "Listed"
    REJECTED = "Rejected"
    SELECTED = "Selected"
    LEFT_OUT = "LeftOut"
    SUMMARISED_MODEL = "SummarisedModel"
    SUMMARISED_REPAIRED = "SummarisedRepaired"
    SUMMARISED_LISTING = "SummarisedListing"
    SUMMARISED_ABSTRACT = "SummarisedAbstract"
    ON_LOW_RUNG = "OnLowRung"
    """Summaries that no model wrote; an alarm looks at it."""
    LIMITED = "Limited"
    """Summaries that a limit of the budget left without a model."""
    PUBLISHED = "Published"
    """Digests that came out or changed; an alarm looks at it."""
    GIVEN_UP = "GivenUp"
    """Messages that a channel was not told, and is not told by itself any more; an alarm looks at it."""
    UNREADABLE_RECORDS = "UnreadableRecords"
    """Records of the table, pages and shards that could not be read; an alarm looks at it."""


def count(metric: Metric, value: int) -> None:
    """Add `value` to a metric; from any thread."""
    with COUNTING:
        metrics.add_metric(name=metric, unit=MetricUnit.Count, value=value)


def report_listing(listing: Listing) -> None:
    """Count the items of a listing, and log those that are no papers."""
    count(Metric.LISTED, len(listing.papers) + len(listing.rejections))
    count(Metric.REJECTED, len(listing.rejections))
    for rejection in listing.rejections:
        logger.warning("item rejected", extra={"status": "rejected"} | dict(rejection))


def report_summary(record: SummaryRecord) -> None:
    """Count a summary by where it comes from."""
    count(Metric[f"SUMMARISED_{record.summary.rung.name}"], 1)
    count(Metric.ON_LOW_RUNG, int(record.summary.rung.low))
    count(Metric.LIMITED, int(record.limited))


def report_unreadable(partition: str, sort_key: str, reason: str) -> None:
    """Log a record that cannot be read, and count it."""
    logger.error("record unreadable", extra={"status": "unreadable", "pk": partition, "sk": sort_key, "reason": reason})
    count(Metric.UNREADABLE_RECORDS, 1)


def report_unreadable_page(key: str, reason: str) -> None:
    """Log a page, or a shard, that cannot be read, and count it."""
    logger.error("page unreadable", extra={"status": "unreadable", "key": key, "reason": reason})
    count(Metric.UNREADABLE_RECORDS, 1)


def report_delivery(name: str, channel: str, number: int, delivery: Delivery) -> None:
    """Log what became of a message, and count those that are given up."""
    status = "sent" if delivery.sent_at else "given up" if delivery.given_up else "not sent"
    fields = {"announcement": name, "channel": channel, "number": number, "status": status, "reason": delivery.reason}
    logger.info("message announced", extra=fields | {"sent_id": delivery.message_id})
    count(Metric.GIVEN_UP, int(delivery.given_up))


def report_unreadable_channel(name: str, reason: str) -> None:
    """Log a channel whose settings cannot be read, and count it as a message that is given up."""
    logger.error("channel unreadable", extra={"status": "unreadable", "channel": name, "reason": reason})
    count(Metric.GIVEN_UP, 1)
