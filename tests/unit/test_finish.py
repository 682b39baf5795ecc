"""What follows a deployment, where AWS does what no emulator does."""

from __future__ import annotations

import datetime as dt
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from paperboy_cli.commands.deploy import finish

DAY = dt.date(2026, 2, 3)
STACK: Any = SimpleNamespace(name="paperboy")
CLOUD: Any = SimpleNamespace(options=lambda _: "")


@pytest.mark.parametrize(
    ("days", "first_step", "is_changed", "expected"),
    [
        ([], "published", True, True),
        ([], "empty", True, False),
        ([DAY], "", True, True),
        ([DAY], "", False, False),
    ],
    ids=["the first digest", "no papers yet", "an update", "nothing new"],
)
def test_everything_across_days_is_made(
    monkeypatch: pytest.MonkeyPatch, days: list[dt.date], first_step: str, is_changed: bool, expected: bool
) -> None:
    """All across days is made by the command, of the first digest too: S3 does not tell of a new bucket's pages yet."""
    made: list[object] = []
    deployed = SimpleNamespace(
        today=DAY,
        table=SimpleNamespace(read_digests=lambda **_: dict.fromkeys(days)),
        bucket=SimpleNamespace(look=lambda key: key),
    )
    monkeypatch.setattr(finish, "Deployed", lambda *_: deployed)
    monkeypatch.setattr(finish, "diagnosed", lambda *_: nullcontext())
    monkeypatch.setattr(finish, "follow", lambda *_: SimpleNamespace(step=first_step))
    monkeypatch.setattr(finish, "catalog_all", made.append)
    monkeypatch.setattr(finish, "show_what_is_wrong", lambda *_: None)
    monkeypatch.setattr(finish, "_show_way", lambda *_: None)
    finish.finish(CLOUD, STACK, is_changed)
    assert [deployed] * expected == made
