"""What the benchmarks share: the upstreams they replay, the stack they deploy, and how they say what they measured."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.table import Table

from paperboy_cli.errors import PaperboyError
from paperboy_cli.local.emulator import Local

console = Console(width=120, highlight=False)


@contextlib.contextmanager
def benchmark(name: str, how: str, seconds: int) -> Iterator[None]:
    """Say what is measured and how, and give up after so many seconds: what was started in here is then stopped."""

    def give_up(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(f"{name}: given up after {seconds} seconds")  # no library takes it for an error of its own

    load = os.getloadavg()[0]
    console.print(f"\n[bold]{name}[/]  ({os.cpu_count()} cores, load {load:.1f} at the start)\n{' '.join(how.split())}")
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def show(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; all but its first column are numbers or verdicts."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place == 0 else "right")
    for row in rows:
        table.add_row(*map(str, row))
    console.print("", table)


def verdict(value: float, reach: float) -> str:
    """Whether a number that should be small is."""
    return "reached" if value <= reach else "[bold red]MISSED[/]"


@contextlib.contextmanager
def local_stack() -> Iterator[Local]:
    """A local stack in a folder of its own at a free port, nothing started yet; stopped and removed at the end."""
    with tempfile.TemporaryDirectory(prefix="paperboy-benchmark-", ignore_cleanup_errors=True) as folder:
        local = Local(home=Path(folder), port=free_port())
        (local.home / "log").mkdir()
        try:
            yield local
        finally:
            local.stop()


def free_port() -> int:
    """A free port of loopback whose next one is free as well."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            with contextlib.suppress(OSError):
                second.bind(("127.0.0.1", port + 1))
                return port


def run(main: Callable[[], None]) -> None:
    """Run a benchmark; what ends it early is said in one line."""
    try:
        main()
    except PaperboyError as error:
        raise SystemExit(str(error)) from None
