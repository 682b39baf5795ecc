"""Deliveries: when a message is sent again, and when it is given up."""

import datetime as dt

import pytest

from paperboy.days.delivery import Delivery

NOW = dt.datetime(2026, 2, 4, 3, 17, 5, 999, tzinfo=dt.UTC)


def test_a_message_that_may_have_been_sent_is_sent_once_more_and_never_again() -> None:
    """The first time that nobody knows, it is tried again; the second time it is given up: two copies at most."""
    once = Delivery().failed("no answer came", is_unknown=True)
    assert (False, 1, "no answer came") == (once.given_up, once.unknown, once.reason)
    assert once.failed("no answer came", is_unknown=True).given_up


@pytest.mark.parametrize(("refused", "given_up"), [(True, True), (False, False)])
def test_what_would_be_refused_again_is_given_up(refused: bool, given_up: bool) -> None:
    """A refusal ends it; a channel that is busy is tried again however often."""
    delivery = Delivery()
    for _ in range(5):
        delivery = delivery.failed("reason", is_refused=refused)
    assert given_up == delivery.given_up


def test_what_was_sent_has_no_reason_any_more() -> None:
    """A delivery that succeeded says when, what, and what the channel called it, and nothing of the tries before."""
    sent = Delivery().failed("busy").sent("abc", "om_1", NOW)
    assert (NOW.replace(microsecond=0), "abc", "om_1", None, False) == (
        *(sent.sent_at, sent.sha256, sent.message_id, sent.reason, sent.given_up),
    )
