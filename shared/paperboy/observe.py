"""The one logger and the one set of metrics."""

import logging

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

__all__ = ["count", "logger", "metrics"]

logger = Logger()
metrics = Metrics()

# It tells every address at INFO, and an address may say more than a log should.
logging.getLogger("httpx").setLevel(logging.WARNING)


def count(name: str, value: int) -> None:
    """Add `value` to the metric `name`."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
