"""The one logger and the one set of metrics."""

import logging
import warnings

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

__all__ = ["count", "logger", "metrics"]

logger = Logger()
metrics = Metrics()

# They tell every address and where credentials were found at INFO: more than a log should say.
for name in ("httpx", "botocore"):
    logging.getLogger(name).setLevel(logging.WARNING)

# A run with nothing to count is no cause for a warning.
warnings.filterwarnings("ignore", "No application metrics to publish")


def count(name: str, value: int) -> None:
    """Add `value` to the metric `name`."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
