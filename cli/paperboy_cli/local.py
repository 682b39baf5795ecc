"""The local stack: an AWS emulator on loopback, and the project's own template deployed to it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
import httpx
import psutil
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from paperboy_cli import bridge, sample, template
from paperboy_cli.errors import PaperboyError
from paperboy_cli.place import OUTPUTS, Found, function_name

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

ROOT = Path(__file__).parents[2]
REGION = "us-east-1"
DEFAULT_PORT = 4566
SAMPLE_DAYS = ROOT / "events" / "sample"
# Loopback needs no proxy, and waits for an invocation as long as ingest may run.
CONFIG = Config(proxies={}, retries={"total_max_attempts": 2}, connect_timeout=2, read_timeout=610)
FUNCTIONS = ("Ingest", "Score", "Summarize", "Render")
SOURCES = ("template.yaml", "samconfig.toml", "uv.lock", "functions", "shared")
CLOCK_STEP = 5.0
"""Seconds."""
PATIENCE = 30.0
"""Seconds that a process may take to answer, or to stop."""


@dataclass(frozen=True)
class Stack:
    """A deployment of the template to the emulator."""

    name: str
    sample: bool
    chosen: Mapping[str, str] = field(default_factory=dict)
    """Parameters that the user has set."""

    def parameters(self, port: int) -> dict[str, str]:
        """Every parameter of the template. Raises PaperboyError for a model's address without its name.

        All of them each time: a parameter that is left out would keep the value of the last deployment.
        MiniStack knows no time zones, so the schedule is given in UTC. The pages are open to whoever reaches the
        emulator, which is this machine alone.
        """
        if self.sample:
            url = f"http://127.0.0.1:{port + 1}"
            source, model_url, model = url, f"{url}/v1", sample.MODEL
        else:
            source = os.environ.get("HF_BASE_URL") or "https://huggingface.co"
            model_url, model = os.environ.get("LLM_BASE_URL", ""), os.environ.get("LLM_MODEL", "")
        if model_url and not model:
            raise PaperboyError("LLM_BASE_URL is set and LLM_MODEL is not: name the model that it serves.")
        own = {
            "RequireTls": "false",
            "Access": "public",
            "PagesPrefix": "",
            "Schedule": "cron(17 3-5 * * ? *)",
            "LastSchedule": "cron(17 6 * * ? *)",
            "ScheduleState": "DISABLED" if self.sample else "ENABLED",
            "HfBaseUrl": source,
            "Summarizer": "openai" if model_url else "none",
            "LlmBaseUrl": model_url,
            "LlmModel": model,
        }
        return {**template.defaults(), **own, **self.chosen}


LIVE = Stack("paperboy", sample=False)
SAMPLE = Stack("paperboy-sample", sample=True)


@dataclass(frozen=True)
class Local:
    """The local stack and where it keeps its things: one folder, one port for the emulator and the next for samples."""

    home: Path = field(default_factory=lambda: _home())
    port: int = field(default_factory=lambda: _port(os.environ.get("PAPERBOY_PORT") or _last_port(_home())))
    sample_days: Path = SAMPLE_DAYS

    look_every = 0.1
    source_hint = "HF_BASE_URL names the source for `paperboy up`; `paperboy up --sample` replays a recorded day."
    stays = "The stack stays up and goes on by itself: `paperboy down` stops it, `paperboy status` shows it."

    @property
    def logs(self) -> str:
        return str(self.home / "log" / "emulator.log")

    def options(self, stack: Stack) -> str:
        return " --sample" if stack.sample else ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sample_url(self) -> str:
        return f"http://127.0.0.1:{self.port + 1}"

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
        """A client of the emulator's `service`."""
        own = CONFIG.merge(config) if config else CONFIG
        return self.session.client(service, endpoint_url=self.url, config=own)

    def resource(self, service: Any) -> Any:
        """A resource of the emulator's `service`."""
        return self.session.resource(service, endpoint_url=self.url, config=CONFIG)

    def find(self, stack: Stack) -> Found:
        """The stack's outputs and parameters. Raises PaperboyError where it is not up or not deployed."""
        if "emulator" not in self.running():
            raise PaperboyError("the local stack is not up: `paperboy up` starts it.")
        if described := self._describe(stack):
            return described
        raise PaperboyError(f"the stack {stack.name} is not deployed: `paperboy up{self.options(stack)}` does it.")

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Have it said in a sentence when the stack goes away in here."""
        try:
            yield
        except (NoConnectionError, HTTPClientError) as error:
            raise PaperboyError("the local stack went away in the middle: `paperboy up` starts it again.") from error

    @contextlib.contextmanager
    def alone(self, wait: Callable[[], object] = lambda: None) -> Iterator[None]:
        """Keep other commands from starting or stopping this stack; `wait` is called where one has to end first."""
        # It keeps the keys of a model's endpoint and of Hugging Face, which are their owner's alone.
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        state = self.home / "state"
        state.mkdir(exist_ok=True)
        state.chmod(0o700)
        with (self.home / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                wait()
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    # Processes

    def running(self) -> dict[str, psutil.Process]:
        """The processes of this stack that are alive, by name."""
        found = {}
        for name, (pid, created) in self._read("processes.json").items():
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(pid)
                # A clock that was set since moves the time that a process is said to have begun at, a little.
                if abs(process.create_time() - created) < CLOCK_STEP and not _gone(process):
                    found[name] = process
        return found

    def start_emulator(self) -> bool:
        """Start the emulator with the state it had. Returns whether it had to be started."""
        if "emulator" in self.running():
            if _last_port(self.home) != str(self.port):
                raise PaperboyError(
                    f"the stack runs at port {_last_port(self.home)} already: `paperboy down` stops it."
                )
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
        }
        # The server that MiniStack starts itself, told to log each request: so calls can be counted at the wire.
        command = [
            *(str(ROOT / ".tools/ministack/bin/python"), "-m", "hypercorn", "ministack.app:app"),
            *("--workers", "0", "--bind", f"127.0.0.1:{self.port}", "--keep-alive", "75"),
            *("--access-logfile", str(self.access_log), "--access-logformat", "%(m)s %(U)s?%(q)s %(s)s %(a)s"),
        ]
        self._start("emulator", command, environment, f"{self.url}/_ministack/ready")
        return True

    def start_sample(self) -> bool:
        """Start the sample upstreams. Returns whether they had to be started."""
        if "sample" in self.running():
            return False
        self._want_free(self.port + 1)
        command = [sys.executable, "-m", "paperboy_cli.sample", str(self.sample_days), str(self.port + 1)]
        self._start("sample", command, dict(os.environ), f"{self.sample_url}/calls")
        return True

    def open_to_docker(self, stack: Stack) -> bool:
        """Open the stack to this machine's containers, and write what `sam local invoke` needs to know of it.

        Returns whether it had to be opened. Raises PaperboyError where Docker is not there.
        """
        docker = bridge.find()
        functions = self.client("lambda")
        environment = {}
        for name in FUNCTIONS:
            known = functions.get_function_configuration(FunctionName=function_name(self, stack, name))
            variables = known["Environment"]["Variables"] | {"AWS_ENDPOINT_URL": self.url}
            environment[name] = {key: docker.seen(value) for key, value in variables.items()}
        self._write("env.json", environment)
        if not docker.subnet:
            return False
        if "bridge" in self.running():
            return False
        ports = [str(self.port), str(self.port + 1)]
        command = [sys.executable, "-m", "paperboy_cli.bridge", docker.host, docker.subnet, *ports]
        self._start("bridge", command, dict(os.environ), f"http://{docker.host}:{self.port}/_ministack/ready")
        return True

    def invoke_options(self) -> str:
        """What `sam local invoke` has to be told to speak to this stack."""
        url = self._read("env.json")["Ingest"]["AWS_ENDPOINT_URL"]
        return (
            f"--template {self.home / 'build' / 'template.yaml'} --env-vars {self.home / 'env.json'}"
            f" --parameter-overrides EndpointUrl={url}"
        )

    def stop(self, leave: Container[str] = ()) -> list[str]:
        """Stop the processes but those to `leave`; the emulator saves its state as it goes. Returns their names."""
        running = {name: process for name, process in self.running().items() if name not in leave}
        processes = list(running.values())
        children: list[psutil.Process] = []
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                children += process.children(recursive=True)
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        # The last thread of a process that counts as gone may hold its port for a moment.
        ports = [port for name, port in (("emulator", self.port), ("sample", self.port + 1)) if name in running]
        wait_for(lambda: all(map(_gone, [*processes, *children])) and all(map(_is_free, ports)), PATIENCE)
        for process in [*processes, *children]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        return sorted(running)

    @contextlib.contextmanager
    def stopped_on_failure(self) -> Iterator[None]:
        """Leave no process behind that was started in here when something goes wrong in here."""
        before = self.running()
        try:
            yield
        except BaseException:
            self.stop(leave=before)
            raise

    # Deployment

    @property
    def scratch(self) -> Path:
        """The emulator's temporary files; emptied at each start."""
        return self.home / "emulator-scratch"

    @property
    def access_log(self) -> Path:
        return self.home / "log" / "access.log"

    def fingerprint(self) -> str:
        """A hash of everything that the built functions are made from."""
        files = (path for name in SOURCES for path in sorted([ROOT / name, *(ROOT / name).rglob("*")]))
        content = hashlib.sha256()
        for path in files:
            if path.is_file() and "__pycache__" not in path.parts:
                content.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
        return content.hexdigest()

    def build(self) -> bool:
        """`sam build`, for this machine. Returns whether anything had changed."""
        fingerprint = self.fingerprint()
        if self._read("built.json").get("fingerprint") == fingerprint and (self.home / "build").is_dir():
            return False
        (self.home / "built.json").unlink(missing_ok=True)
        self._sam("build", "--build-dir", str(self.home / "build"), LAYER_PLATFORM="")
        self._write("built.json", {"fingerprint": fingerprint})
        return True

    def deploy(self, stack: Stack) -> bool:
        """`sam deploy` of what was built. Returns whether anything had changed."""
        parameters = stack.parameters(self.port)
        wanted = {"built": self._read("built.json")["fingerprint"], "parameters": parameters}
        deployed = self._read("deployed.json")
        if deployed.get(stack.name) == wanted and self.outputs(stack):
            return False
        with contextlib.suppress(ClientError):
            self.client("s3").create_bucket(Bucket="paperboy-artifacts")
        self._sam(
            *("deploy", "--template-file", str(self.home / "build" / "template.yaml"), "--stack-name", stack.name),
            *("--config-file", str(ROOT / "samconfig.toml"), "--config-env", "local", "--region", REGION),
            "--parameter-overrides",
            *(f'{name}="{value}"' for name, value in parameters.items()),
            SAM_CLI_POLL_DELAY="0.5",
        )
        self._write("deployed.json", deployed | {stack.name: wanted})
        return True

    def outputs(self, stack: Stack) -> dict[str, str]:
        """The stack's outputs by name, such as its table and bucket; empty where it is not deployed."""
        found = self._describe(stack)
        return dict(found.outputs) if found else {}

    def keep_keys(self, stack: Stack) -> None:
        """Have the stack's Parameter Store hold the keys that the environment holds, and no others."""
        keys = {"llm-api-key": os.environ.get("LLM_API_KEY"), "hf-token": os.environ.get("HF_TOKEN")}
        ssm = self.client("ssm")
        for name, key in keys.items():
            parameter = f"/{stack.name}/{name}"
            if key:
                ssm.put_parameter(Name=parameter, Value=key, Type="SecureString", Overwrite=True)
            else:
                with contextlib.suppress(ssm.exceptions.ParameterNotFound):
                    ssm.delete_parameter(Name=parameter)

    def _describe(self, stack: Stack) -> Found | None:
        cloudformation: CloudFormationClient = self.client("cloudformation")
        try:
            found = cloudformation.describe_stacks(StackName=stack.name)["Stacks"][0]
        except ClientError:
            return None
        described = Found.of(found)
        # One that an older version deployed may lack some.
        whole = re.fullmatch(r"(CREATE|UPDATE)_COMPLETE", found["StackStatus"]) and described.outputs.keys() >= OUTPUTS
        return described if whole else None

    def _sam(self, command: str, *arguments: str, **environment: str) -> None:
        log = self.home / "log" / f"{command}.log"
        app = self.home / "sam"
        app.mkdir(parents=True, exist_ok=True)
        # SAM CLI asks for its newest version once a week; a stack without a network does not.
        (app / "metadata.json").write_text(json.dumps({"lastVersionCheck": time.time()}))
        sam = ROOT / ".tools/sam/bin/sam"
        with log.open("w") as output:
            done = subprocess.run(  # noqa: S603 - our own tool with our own arguments
                [sam, command, *arguments],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
                | {
                    # The project's Python and uv come first: `sam build` takes both from here.
                    "PATH": f"{Path(sys.executable).parent}:{ROOT / '.tools/uv/bin'}:{os.environ['PATH']}",
                    "AWS_ENDPOINT_URL": self.url,
                    "AWS_ACCESS_KEY_ID": "test",
                    "AWS_SECRET_ACCESS_KEY": "test",
                    "AWS_EC2_METADATA_DISABLED": "true",
                    "AWS_CONFIG_FILE": os.devnull,
                    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
                    "NO_PROXY": "127.0.0.1",
                    "SAM_CLI_TELEMETRY": "0",
                    "__SAM_CLI_APP_DIR": str(app),
                }
                | environment,
                check=False,
            )
        if done.returncode:
            _, _, why = log.read_text().rpartition("Error: ")
            raise PaperboyError(
                f"sam {command} failed: {' '.join(why.split())[-500:]}"
                f" The whole story is in {log}; mend it and run this again."
            )

    def _start(self, name: str, command: list[str], environment: dict[str, str], ready: str) -> None:
        if not Path(command[0]).exists():
            raise PaperboyError(f"{command[0]} is not there: `make setup` installs it.")
        log = self.home / "log" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a") as output:
            started = subprocess.Popen(  # noqa: S603 - our own tools with our own arguments
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        created = psutil.Process(started.pid).create_time()
        self._write("processes.json", self._read("processes.json") | {name: [started.pid, created]})
        if not wait_for(lambda: started.poll() is not None or _answers(ready), PATIENCE) or started.poll() is not None:
            raise PaperboyError(f"the {name} did not start; its last words are in {log}.")

    def _want_free(self, port: int) -> None:
        if not _is_free(port):
            raise PaperboyError(
                f"port {port} on 127.0.0.1 is taken by another program. Stop that one, or choose two free ports"
                f" with the first of them: PAPERBOY_PORT={self.port + 100}."
            )

    def _rewind_streams(self) -> None:
        """Have the stream mappings read from the start: MiniStack saves their places, but not the streams."""
        saved = self.home / "state" / "lambda.json"
        if not saved.exists():
            return
        state = json.loads(saved.read_text())
        places = state["payload"].get("dynamodb_stream_positions", {}).get("data", {})
        places.update(dict.fromkeys(places, 0))
        saved.write_text(json.dumps(state))

    def _read(self, name: str) -> dict[str, Any]:
        path = self.home / name
        try:
            read: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        except ValueError as error:
            raise PaperboyError(f"{path} is damaged: remove it and run this again.") from error
        return read

    def _write(self, name: str, content: dict[str, Any]) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        unfinished = self.home / f"{name}.new"
        unfinished.write_text(json.dumps(content, indent=1))
        unfinished.replace(self.home / name)


def wait_for(condition: Callable[[], object], seconds: float) -> bool:
    """Whether `condition` came true within `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _is_free(port: int) -> bool:
    """Whether nobody listens on a port of loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _gone(process: psutil.Process) -> bool:
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


def _home() -> Path:
    return Path(os.environ.get("PAPERBOY_HOME") or ROOT / ".paperboy").resolve()


def _last_port(home: Path) -> str:
    """The port that the stack in `home` was last started at."""
    remembered = home / "port"
    return remembered.read_text() if remembered.exists() else str(DEFAULT_PORT)


def _port(text: str) -> int:
    if not text.isdecimal() or not 1024 <= int(text) < 65535:
        raise PaperboyError(f"PAPERBOY_PORT is {text!r}; it has to be a number from 1024 to 65534.")
    return int(text)
