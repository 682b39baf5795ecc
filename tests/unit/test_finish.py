"""What follows a deployment, where AWS does what no emulator does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from paperboy_cli.commands.deploy import finish

DAY = dt.date(2026, 2, 3)
STACK: Any = SimpleNamespace(name="paperboy")
CLOUD: Any = SimpleNamespace(options=lambda _: "")


@pytest.fixture
def finished(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Finishes a deployment of a stack with `days`, and returns what it had made, in order."""

    def finish_it(days: list[dt.date], is_changed: bool = True, first_step: str = "", latest: object = "") -> list[str]:
        made: list[str] = []
        deployed = SimpleNamespace(
            today=DAY,
            table=SimpleNamespace(read_digests=lambda **_: dict.fromkeys(days), read_day=str),
            bucket=SimpleNamespace(look=lambda _: latest),
            restore=lambda day, with_archive: made.append(f"{day} with archive" if with_archive else day),
        )
        monkeypatch.setattr(finish, "Deployed", lambda *_: deployed)
        monkeypatch.setattr(finish, "diagnosed", lambda *_: nullcontext())
        monkeypatch.setattr(finish, "follow", lambda *_: SimpleNamespace(step=first_step))
        monkeypatch.setattr(finish, "catalog_all", lambda _: made.append("archive"))
        monkeypatch.setattr(finish, "show_what_is_wrong", lambda *_: None)
        monkeypatch.setattr(finish, "_show_way", lambda *_: None)
        finish.finish(CLOUD, STACK, is_changed)
        return made

    return finish_it


def test_everything_across_days_is_made(finished: Callable[..., list[str]]) -> None:
    """All across days is made by the command, of the first digest too: S3 does not tell of a new bucket's pages yet."""
    assert ["archive"] == finished([], first_step="published")
    assert [] == finished([], first_step="empty")
    assert ["archive"] == finished([DAY])
    assert [] == finished([DAY], is_changed=False)


def test_pages_below_another_prefix(finished: Callable[..., list[str]]) -> None:
    """The pages of all days are put below another prefix, and then once, not once a day, what is made from them."""
    days = [DAY, DAY + dt.timedelta(days=1)]
    assert [*map(str, days), "archive"] == finished(days, latest=None)
