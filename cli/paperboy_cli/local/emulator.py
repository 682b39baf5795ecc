"""This machine as a host of stacks: an AWS emulator on loopback, the sample server, and the way to them from Docker."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import psutil
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from paperboy_cli import gate
from paperboy_cli.errors import PaperboyError
from paperboy_cli.local import processes
from paperboy_cli.local.home import last_port, lock, own_port
from paperboy_cli.project.folder import ROOT, damaged, own_folder, read_json
from paperboy_cli.stack.host import Stack, StackDescription

REGION = "us-east-1"
SAMPLE_DAYS = ROOT / "events" / "sample"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
"""Variables that name a proxy. Each is read in lower case too."""
# Loopback needs no proxy, and waits for an invocation as long as ingest may run.
EMULATOR_CONFIG = Config(proxies={}, retries={"total_max_attempts": 2}, connect_timeout=2, read_timeout=610)


@dataclass(frozen=True)
class Local:
    """The host of the local stacks: a folder for their things, a port for the emulator, and the next for the sample."""

    home: Path = field(default_factory=own_folder)
    port: int = field(default_factory=own_port)
    sample_days: Path = SAMPLE_DAYS

    poll_seconds = 0.1
    source_hint = (
        "To ask a mirror: export HF_BASE_URL=https://hf-mirror.com, then `paperboy up`."
        " `paperboy up --sample` replays a recorded day."
    )
    stays = "The stack stays up and goes on by itself: `paperboy down` stops it, `paperboy status` shows it."

    @property
    def logs(self) -> str:
        return str(self.home / "log" / "emulator.log")

    @property
    def access_log(self) -> Path:
        """A line for each request that reached the emulator: method, address, status, user agent."""
        return self.home / "log" / "access.log"

    @property
    def docker_host(self) -> Path:
        """What containers call this machine; it is there while the stack is open to them."""
        return self.home / "docker-host"

    @property
    def scratch(self) -> Path:
        """The emulator's temporary files; emptied at each start."""
        return self.home / "emulator-scratch"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sample_url(self) -> str:
        return f"http://127.0.0.1:{self.port + 1}"

    # What every host has

    def options(self, stack: Stack) -> str:
        return " --sample" if stack.sample else ""

    @cached_property
    def session(self) -> boto3.Session:
        """Credentials that open the emulator and nothing else; the user's own profile is not looked at."""
        nobodys = {"profile": (None, None, None, None), "config_file": (None, None, os.devnull, None)}
        core = botocore.session.Session(session_vars=nobodys)
        return boto3.Session(
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - the emulator's, known to all
            region_name=REGION,
            botocore_session=core,
        )

    def client(self, service: Any, config: Config | None = None) -> Any:
        merged = EMULATOR_CONFIG.merge(config) if config else EMULATOR_CONFIG
        return self.session.client(service, endpoint_url=self.url, config=merged)

    def describe(self, stack: Stack) -> StackDescription:
        if "emulator" not in self.running():
            raise PaperboyError(f"the local stack is not up: `paperboy up{self.options(stack)}` starts it.")
        if description := self.describe_if_deployed(stack):
            return description
        raise PaperboyError(f"the stack {stack.name} is not deployed: `paperboy up{self.options(stack)}` does it.")

    def describe_if_deployed(self, stack: Stack) -> StackDescription | None:
        """The stack's description; None where the emulator, which has to be up, does not have it whole."""
        try:
            answer = self.client("cloudformation").describe_stacks(StackName=stack.name)["Stacks"][0]
        except ClientError:
            return None
        description = StackDescription.of(answer)
        # One that an older version deployed may lack outputs.
        deployed = re.fullmatch(r"(CREATE|UPDATE)_COMPLETE", answer["StackStatus"]) and description.is_whole
        return description if deployed else None

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        try:
            yield
        except (NoConnectionError, HTTPClientError) as error:
            raise PaperboyError(
                "the local stack went away in the middle: `paperboy up` starts it again,"
                " `paperboy up --sample` the sample's."
            ) from error

    # Processes

    @contextlib.contextmanager
    def lock(self, on_wait: Callable[[], object] = lambda: None) -> Iterator[None]:
        """Keep other commands from starting or stopping this stack; `on_wait` is called where one has to end first."""
        with lock(self.home, on_wait):
            yield

    def running(self) -> dict[str, psutil.Process]:
        """The processes that are alive, by name: emulator, sample, bridge."""
        return processes.running(self.home)

    def start_emulator(self) -> bool:
        """Start the emulator on loopback. Returns whether it had to be started."""
        if "emulator" in self.running():
            if (port := last_port(self.home)) != str(self.port):
                raise PaperboyError(f"the stack runs at port {port} already: `paperboy down` stops it.")
            return False
        self._want_free(self.port)
        (self.home / "port").write_text(str(self.port))
        self._rewind_streams()
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)
        # Its functions inherit this environment, so it holds what the emulator needs and nothing of the user's.
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.scratch),
            "TMPDIR": str(self.scratch),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_REGION": REGION,
            # Functions may do what their roles allow and no more, as in AWS.
            "AUTH": "true",
            "AWS_DEFAULT_REGION": REGION,
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self.home / "state"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self.home / "s3"),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
        } | proxies()
        self.docker_host.unlink(missing_ok=True)
        # -P: the script's folder stays off the path, where it would hide packages of the emulator's.
        python = str(ROOT / ".tools/ministack/bin/python")
        command = [python, "-P", gate.__file__, str(self.port), str(self.access_log), str(self.docker_host)]
        self._start("emulator", command, environment, f"{self.url}/_ministack/ready")
        return True

    def start_sample(self) -> bool:
        """Start the sample server. Returns whether it had to be started."""
        if "sample" in self.running():
            return False
        self._want_free(self.port + 1)
        arguments = [str(self.sample_days), str(self.port + 1), str(self.docker_host)]
        command = [sys.executable, "-m", "paperboy_cli.local.sample", *arguments]
        self._start("sample", command, dict(os.environ), f"{self.sample_url}/calls")
        return True

    def start_bridge(self, gateway: str, subnet: str) -> bool:
        """Open both ports at Docker's `gateway` to the containers in `subnet`. Returns whether it had to be started."""
        if "bridge" in self.running():
            return False
        ports = [str(self.port), str(self.port + 1)]
        command = [sys.executable, "-m", "paperboy_cli.local.docker", gateway, subnet, *ports]
        self._start("bridge", command, dict(os.environ), f"http://{gateway}:{self.port}/_ministack/ready")
        return True

    def stop(self, leave: Container[str] = ()) -> list[str]:
        """Stop the processes but those to `leave`; the emulator saves its state as it goes. Returns their names."""
        stopping = {name: process for name, process in self.running().items() if name not in leave}
        ports = {"emulator": self.port, "sample": self.port + 1}
        processes.stop(stopping.values(), [port for name, port in ports.items() if name in stopping])
        return sorted(stopping)

    @contextlib.contextmanager
    def stopped_on_failure(self) -> Iterator[None]:
        """Leave no process behind that was started in here when something goes wrong in here."""
        before = self.running()
        try:
            yield
        except BaseException:
            self.stop(leave=before)
            raise

    def _start(self, name: str, command: list[str], environment: dict[str, str], ready: str) -> None:
        processes.start(self.home, name, command, environment, ready)

    def _want_free(self, port: int) -> None:
        if not processes.is_free(port):
            raise PaperboyError(
                f"port {port} on 127.0.0.1 is taken by another program. Stop that one, or choose two free ports"
                f" with the first of them: PAPERBOY_PORT={self.port + 100}."
            )

    def _rewind_streams(self) -> None:
        """Have the stream mappings read from the start: MiniStack saves their positions, but not the streams."""
        saved = self.home / "state" / "lambda.json"
        if not saved.exists():
            return
        state = read_json(saved)
        try:
            positions = state["payload"].get("dynamodb_stream_positions", {}).get("data", {})
            positions.update(dict.fromkeys(positions, 0))
        except (AttributeError, LookupError, TypeError) as error:
            raise damaged(saved) from error
        saved.write_text(json.dumps(state))


def proxies() -> dict[str, str]:
    """The environment's proxies, for processes that have an environment of their own.

    This machine is asked without one: the emulator, the sample server, a model on the laptop. In both cases, for each
    program looks at one of them first.
    """
    names = (*PROXIES, *map(str.lower, PROXIES))
    passed = {name: os.environ[name] for name in names if os.environ.get(name)}
    hosts = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    unproxied = ",".join(dict.fromkeys(filter(None, (*hosts.replace(" ", "").split(","), *gate.OWN_HOSTS))))
    return passed | {"NO_PROXY": unproxied, "no_proxy": unproxied}
