"""`paperboy open`: the page that it begins with, and what is said where that is not published."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from paperboy_cli.commands.open_ import first_page
from paperboy_cli.errors import PaperboyError
from paperboy_cli.main import app
from paperboy_cli.stack import deployed
from paperboy_cli.stack.cloud import Cloud
from paperboy_cli.stack.host import Stack


def stack(*published: int) -> Any:
    """A stack in AWS that has published those days of February."""
    digests = {dt.date(2026, 2, day): None for day in published}
    table = SimpleNamespace(read_digests=lambda **_: digests)
    return SimpleNamespace(table=table, host=Cloud(region="eu-central-1"), stack=Stack("paperboy", sample=False))


def test_where_it_begins() -> None:
    """With a day it begins with that day's page, else with the list."""
    pages = [first_page(stack(3, 4), day) for day in (dt.date(2026, 2, 3), None)]
    assert ["digests/2026-02-03.html", "index.html"] == pages


@pytest.mark.parametrize(
    ("published", "said"),
    [
        ([1], "2026-02-09 is not published. The newest days that are: 2026-02-01."),
        (range(1, 9), "The newest days that are: 2026-02-08, 2026-02-07, 2026-02-06, 2026-02-05, 2026-02-04."),
        (
            [],
            "paperboy has published nothing yet: `paperboy run --stack paperboy --region eu-central-1` makes a digest.",
        ),
    ],
)
def test_a_day_that_is_not_published(
    published: list[int], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day that is not published is told with the newest that are, and a stack without any with the way to one; before
    anything is served: that would take a socket, which there is none of here."""
    monkeypatch.setenv("PAPERBOY_HOME", str(tmp_path))
    monkeypatch.setattr(deployed, "Deployed", lambda *_: stack(*published))
    result = CliRunner().invoke(app, ["open", "2026-02-09", "--stack", "paperboy"])
    assert isinstance(result.exception, PaperboyError)
    assert str(result.exception).endswith(said)
