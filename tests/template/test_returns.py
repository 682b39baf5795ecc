"""The times of summarize, its queue and its calls, held against each other."""

from typing import Any

from paperboy.adapters.budget import SETTLE_SECONDS
from paperboy.adapters.queue import return_seconds
from paperboy.summaries.model import MAX_CALL_SECONDS


def test_two_calls_fit(resources: dict[str, Any]) -> None:
    """Two of the longest calls fit into an invocation, so that the first reply of a slow model can be repaired."""
    assert 2 * MAX_CALL_SECONDS + SETTLE_SECONDS <= resources["Summarize"]["Properties"]["Timeout"]


def test_a_model_without_room_for_an_hour_costs_no_request(resources: dict[str, Any]) -> None:
    """A request that comes back again and again outlasts an hour, and is a dead letter within two."""
    receives = int(resources["SummaryQueue"]["Properties"]["RedrivePolicy"]["maxReceiveCount"])
    shortest, longest = (sum(return_seconds(nth, chance) for nth in range(1, receives)) for chance in (0, 1))
    assert 3600 < shortest
    assert longest < 2 * 3600


def test_what_returns_is_hidden_for_less_than_a_crash_asks_for(resources: dict[str, Any]) -> None:
    """A message that was not done is back before the queue would bring it."""
    assert return_seconds(1000, 1) < resources["SummaryQueue"]["Properties"]["VisibilityTimeout"]
