"""The one logger and the one set of metrics."""

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

__all__ = ["count", "logger", "metrics"]

logger = Logger()
metrics = Metrics(namespace="Paperboy")


def count(name: str, value: int) -> None:
    """Add `value` to the metric `name`."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
