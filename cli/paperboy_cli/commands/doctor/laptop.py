"""What is looked at of this machine and the stack on it."""

from __future__ import annotations

import datetime as dt
import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paperboy_cli.commands.doctor.diagnosis import (
    Diagnosis,
    Probe,
    bad,
    good,
    look_at_clock,
    look_at_model,
    look_at_source,
    unknown,
)
from paperboy_cli.days import today
from paperboy_cli.errors import PaperboyError
from paperboy_cli.local import processes
from paperboy_cli.local.deployment import LIVE, parameters_of
from paperboy_cli.local.docker import find_docker
from paperboy_cli.local.emulator import Local, proxies
from paperboy_cli.local.home import last_port
from paperboy_cli.project.folder import ROOT
from paperboy_cli.project.settings import Settings, environment_settings

if TYPE_CHECKING:
    from paperboy_cli.commands.trial import Candidate

MIN_FREE_MB = 1_000
"""What a build, the emulator's data and a year of digests may take."""
TOOLS = (".tools/sam/bin/sam", ".tools/ministack/bin/python")


@dataclass(frozen=True)
class LaptopProbes:
    """What is looked at where no stack in AWS is named."""

    local: Local

    def all(self) -> dict[str, Probe]:
        return {
            "Python": self.python,
            "tools": self.tools,
            "folder": self.folder,
            "port": self.port,
            "settings": self.settings,
            "proxy": self.proxy,
            "clock": self.clock,
            "source": self.source,
            "model": self.model,
            "stack": self.stack,
            "Docker": self.docker,
        }

    def python(self) -> Diagnosis:
        return good(platform.python_version())

    def tools(self) -> Diagnosis:
        missing = [tool for tool in TOOLS if not (ROOT / tool).exists()]
        return bad(f"{missing[0]} is not there", "`make setup` installs it.") if missing else good("SAM CLI, MiniStack")

    def folder(self) -> Diagnosis:
        """Whether there is a folder for the stack's data that can be written, with room in it."""
        home = self.local.home
        place = next(each for each in (home, *home.parents) if each.exists())
        if not os.access(place, os.W_OK):
            return bad(f"{home} cannot be written", "Give yourself the right to, or choose another: PAPERBOY_HOME.")
        free_mb = shutil.disk_usage(place).free // 1_000_000
        if free_mb < MIN_FREE_MB:
            return bad(f"{free_mb} MB are free for {home}", "Make room, or choose a folder elsewhere: PAPERBOY_HOME.")
        return good(f"{home}, {free_mb:,} MB free")

    def port(self) -> Diagnosis:
        running = self.local.running()
        if "emulator" in running:
            return good(f"{last_port(self.local.home)}, the emulator's")
        taken = [port for port in (self.local.port, self.local.port + 1) if not processes.is_free(port)]
        if taken:
            other = self.local.port + 100
            return bad(f"{taken[0]} is taken by another program", f"Stop that one, or choose: PAPERBOY_PORT={other}.")
        return good(f"{self.local.port} and {self.local.port + 1} are free")

    def settings(self) -> Diagnosis:
        self._parameters()
        chosen = self._chosen()
        return good(", ".join(f"{name}={value}" for name, value in chosen.items()) or "the defaults")

    def proxy(self) -> Diagnosis:
        named = sorted(name for name in proxies() if name.lower() != "no_proxy")
        return good(f"{', '.join(named)} set" if named else "none")

    def clock(self) -> Diagnosis:
        return look_at_clock(self._parameters()["HfBaseUrl"])

    def source(self) -> Diagnosis:
        parameters = self._parameters()
        return look_at_source(parameters["HfBaseUrl"], today(parameters["TimeZone"]) - dt.timedelta(days=1))

    def model(self) -> Diagnosis:
        if self._parameters()["Summarizer"] == "none":
            return unknown("none is set, so that the texts are English: LLM_BASE_URL and LLM_MODEL name one for `up`")
        return look_at_model(self._candidate())

    def stack(self) -> Diagnosis:
        """Whether the stack is up, and nothing of it failed for good."""
        from paperboy_cli.stack.deployed import Deployed

        if not self._is_up():
            return unknown("not up: `paperboy up` starts it")
        if failed := sum(Deployed(self.local, LIVE).failures().values()):
            return bad(f"{failed} failed for good", "`paperboy status` tells which and why.")
        return good(f"up at {self.local.url}")

    def docker(self) -> Diagnosis:
        try:
            return good(f"containers reach this machine as {find_docker().host}")
        except PaperboyError:
            return unknown("not there; only `up --docker` and `sam local invoke` need it")

    def _chosen(self) -> dict[str, str]:
        return Settings.of_laptop(self.local.home).parameters() | environment_settings()

    def _parameters(self) -> dict[str, str]:
        return parameters_of(LIVE, self.local.port, self._chosen())

    def _is_up(self) -> bool:
        return "emulator" in self.local.running() and self.local.describe_if_deployed(LIVE) is not None

    @contextmanager
    def _candidate(self) -> Iterator[Candidate]:
        """The model of the stack that is up, with the key in its store, else that of the settings."""
        from paperboy_cli.commands.trial import candidate_of_parameters, candidate_of_stack

        is_up = self._is_up()
        found = candidate_of_stack(self.local, LIVE, None) if is_up else candidate_of_parameters(self._parameters())
        with found as candidate:
            yield candidate
