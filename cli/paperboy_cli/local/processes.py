"""The processes of a local stack: they outlive the command that starts them, and the stack's folder remembers them."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import FrameType

import httpx
import psutil

from paperboy_cli.errors import PaperboyError
from paperboy_cli.project.folder import ROOT, damaged, read_json, write_json

CLOCK_STEP_SECONDS = 5.0
"""How much the time at which a process is said to have begun may move when the clock is set."""
MAX_PID = 2**31
"""No system has a process with this number, or a greater one."""
START_TIMEOUT_SECONDS = 30.0
STOP_TIMEOUT_SECONDS = 30.0


def running(folder: Path) -> dict[str, psutil.Process]:
    """The processes of the stack in `folder` that are alive, by name. Raises PaperboyError for a damaged file."""
    alive = {}
    remembered = folder / "processes.json"
    for name, process_id in read_json(remembered).items():
        match process_id:
            case [int(pid), int(created) | float(created)] if 0 < pid < MAX_PID:
                pass
            case _:
                raise damaged(remembered)
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            # Another process may have the number by now.
            if abs(process.create_time() - created) < CLOCK_STEP_SECONDS and not _has_ended(process):
                alive[name] = process
    return alive


def start(folder: Path, name: str, command: list[str], environment: Mapping[str, str], ready_url: str) -> None:
    """Start a process for the stack in `folder` and wait until `ready_url` answers; its output is in `log/NAME.log`.

    Raises PaperboyError where the program is not there, does not answer within START_TIMEOUT_SECONDS, or cannot be
    remembered: then it is ended, since no `down` would find it.
    """
    if not Path(command[0]).exists():
        raise PaperboyError(f"{command[0]} is not there: `make setup` installs it.")
    log, remembered = folder / "log" / f"{name}.log", folder / "processes.json"
    log.parent.mkdir(parents=True, exist_ok=True)
    others = read_json(remembered)
    with log.open("a") as output, _interrupted_at_end():
        process = subprocess.Popen(  # noqa: S603 - our own tools with our own arguments
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        _remember(remembered, others, name, psutil.Process(process.pid))
    in_time = wait_for(lambda: process.poll() is not None or _answers(ready_url), START_TIMEOUT_SECONDS)
    if not in_time or process.poll() is not None:
        raise PaperboyError(f"the {name} did not start; its last words are in {log}.")


@contextlib.contextmanager
def _interrupted_at_end() -> Iterator[None]:
    """Have a Ctrl-C that comes in here take effect at its end."""
    caught: list[tuple[int, FrameType | None]] = []
    handler = signal.signal(signal.SIGINT, lambda *arguments: caught.append(arguments))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
    if caught and callable(handler):
        handler(*caught[0])


def _remember(remembered: Path, others: Mapping[str, object], name: str, process: psutil.Process) -> None:
    """Write down that a process runs. Raises PaperboyError where that cannot be done; the process has then ended."""
    try:
        write_json(remembered, {**others, name: [process.pid, process.create_time()]})
    except OSError as error:
        stop([process], ports=())
        raise PaperboyError(
            f"{error.filename or remembered}: {error.strerror}. So the {name} was stopped again: `paperboy down` would"
            " not have found it. Make room there, or choose another folder to work in with PAPERBOY_HOME."
        ) from error


def stop(processes: Iterable[psutil.Process], ports: Iterable[int]) -> None:
    """Stop processes and their children, and wait until their `ports` are free.

    They are asked to end, and killed where they did not within STOP_TIMEOUT_SECONDS.
    """
    family = list(processes)
    for process in list(family):
        with contextlib.suppress(psutil.NoSuchProcess):
            family += process.children(recursive=True)
            process.terminate()
    # The last thread of a process that counts as ended may hold its port for a moment.
    wait_for(lambda: all(map(_has_ended, family)) and all(map(is_free, ports)), STOP_TIMEOUT_SECONDS)
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def wait_for(condition: Callable[[], object], seconds: float) -> bool:
    """Whether `condition` came true within `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _has_ended(process: psutil.Process) -> bool:
    """Whether a process has ended; nobody may have asked yet how (a zombie)."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
