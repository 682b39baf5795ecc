"""A function that fails while a day is followed is told within seconds, with its exception and its place."""

from __future__ import annotations

import datetime as dt
import io
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paperboy_cli.errors import PaperboyError
from paperboy_cli.local.deployment import SAMPLE
from paperboy_cli.local.emulator import SAMPLE_DAYS
from paperboy_cli.stack import failures
from paperboy_cli.stack.deployed import Deployed
from paperboy_cli.stack.progress import is_out
from tests.e2e.conftest import Demo

DAYS = (dt.date(2026, 1, 6), dt.date(2026, 1, 7))
RECORDS = "records = self.table.read_day(day)"


@pytest.fixture
def edit(demo: Demo) -> Iterator[Callable[[str, str], None]]:
    """Puts score in place with a text of its code replaced by another; as it was built, when all is done."""
    functions = demo.local.client("lambda")
    name = demo.outputs["Score"]
    code = (demo.local.home / "build" / "Score" / "handler.py").read_text()

    def put(old: str, new: str) -> None:
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as file:
            file.writestr("handler.py", code.replace(old, new))
        functions.update_function_code(FunctionName=name, ZipFile=content.getvalue())

    yield put
    put("", "")


@pytest.fixture
def listed(demo: Demo, tmp_path: Path) -> Iterator[None]:
    """The sample server, answering from a folder in which DAYS are listed too, with one paper."""
    folder = Path(shutil.copytree(SAMPLE_DAYS, tmp_path / "sample"))
    items = json.loads((folder / "2026-02-03.json").read_text(encoding="utf-8"))
    for day in DAYS:
        (folder / f"{day}.json").write_text(json.dumps(items[:1]), encoding="utf-8")
    demo.local.stop(leave={"emulator"})
    type(demo.local)(home=demo.local.home, port=demo.local.port, sample_days=folder).start_sample()
    yield
    demo.local.stop(leave={"emulator"})
    demo.local.start_sample()


def test_a_function_that_throws_is_told(
    demo: Demo,
    edit: Callable[[str, str], None],
    listed: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An exception in score, and code that cannot be loaded, each end the run with what it was, and where. Once that is
    mended, the day comes out."""
    monkeypatch.setattr(failures, "LOOK_SECONDS", 0.5)
    monkeypatch.setattr(failures, "FAILED_TIMEOUT_SECONDS", 1.0)
    deployed = Deployed(demo.local, SAMPLE)
    for day, (old, new), reason in zip(
        DAYS,
        ((RECORDS, f"{RECORDS}; {{}}['x']"), ("import datetime", "import nothing_there, datetime")),
        (r"KeyError: 'x' \(functions/score/handler\.py, line \d+\)", "No module named 'nothing_there'"),
        strict=True,
    ):
        edit(old, new)
        with pytest.raises(
            PaperboyError, match=f"^score failed on {day}: .*{reason}. What it said is in .*emulator.log"
        ):
            list(deployed.run(day))
    assert f"paperboy: score failed on {DAYS[0]}, and may be tried again: KeyError" in capsys.readouterr().err
    edit("", "")
    for day in DAYS:
        *_, last = deployed.run(day)  # unchanged, where the emulator delivered the stream's record again before
        assert last.step in ("published", "unchanged")
        assert is_out(last.records)
