"""The local stack in reach of this machine's containers, and of them alone, for `sam local invoke`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ipaddress
import json
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from paperboy_cli.errors import PaperboyError
from paperboy_cli.project.folder import write_json

if TYPE_CHECKING:
    from paperboy_cli.local.emulator import Local
    from paperboy_cli.stack.host import Stack

FUNCTIONS = ("Ingest", "Score", "Summarize", "Render", "Catalog", "Announce")
"""The functions of the template, by their logical ids."""
DESKTOP = "Docker Desktop"


@dataclass(frozen=True)
class Docker:
    """How this machine's containers reach it."""

    host: str
    """What they call it."""
    subnet: str | None
    """Who they are, on the bridge of Linux; None for Docker Desktop, which hands their connections on to loopback."""

    def translate(self, text: str) -> str:
        """`text` with this machine's addresses as containers have to write them."""
        return re.sub(r"(?<=//)(127\.0\.0\.1|localhost)(?=[:/]|$)", self.host, text)


def find_docker() -> Docker:
    """Docker on this machine. Raises PaperboyError where there is none."""
    try:
        if _ask("info", "--format", "{{.OperatingSystem}}").strip() == DESKTOP:
            return Docker(host="host.docker.internal", subnet=None)
        network = json.loads(_ask("network", "inspect", "bridge"))[0]["IPAM"]["Config"][0]
        # Docker does not name the gateway of a network that it chose itself: it is the first address.
        first = next(ipaddress.ip_network(network["Subnet"]).hosts())
        return Docker(host=network.get("Gateway") or str(first), subnet=network["Subnet"])
    except (OSError, subprocess.CalledProcessError, LookupError, ValueError, StopIteration) as error:
        raise PaperboyError("Docker does not answer: start it, or leave --docker out.") from error


def open_to_docker(local: Local, stack: Stack) -> bool:
    """Open the stack to this machine's containers, and write the environment that its functions have in one.

    Returns whether it had to be opened. Raises PaperboyError where Docker is not there.
    """
    docker = find_docker()
    cloudformation, functions = local.client("cloudformation"), local.client("lambda")
    environments = {}
    for function in FUNCTIONS:
        detail = cloudformation.describe_stack_resource(StackName=stack.name, LogicalResourceId=function)
        name = detail["StackResourceDetail"]["PhysicalResourceId"]
        variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        variables |= {"AWS_ENDPOINT_URL": local.url}
        environments[function] = {key: docker.translate(value) for key, value in variables.items()}
    # Readers find the pages where this machine does, whatever containers call it.
    bucket, prefix = local.describe(stack).pages
    for function in ("Catalog", "Announce"):
        environments[function]["PAGES_URL"] = f"{local.url}/{bucket}/{prefix}"
    write_json(local.home / "env.json", environments)
    local.docker_host.write_text(docker.host)
    return docker.subnet is not None and local.start_bridge(docker.host, docker.subnet)


def invoke_options(local: Local) -> str:
    """What `sam local invoke` has to be told to speak to a stack that is open to Docker."""
    template, environment = (shlex.quote(str(local.home / name)) for name in ("build/template.yaml", "env.json"))
    return f"--template {template} --env-vars {environment}"


def _ask(*arguments: str) -> str:
    docker = shutil.which("docker") or "docker"
    done = subprocess.run([docker, *arguments], capture_output=True, text=True, check=True)  # noqa: S603 - Docker's own client
    return done.stdout


async def forward(gateway: str, subnet: str, ports: list[int]) -> None:
    """Hand each connection of a container, or of this machine, on to the same port of loopback, until cancelled."""
    containers = ipaddress.ip_network(subnet)
    own = {address.address for addresses in psutil.net_if_addrs().values() for address in addresses}

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer, port = writer.get_extra_info("peername")[0], writer.get_extra_info("sockname")[1]
        if peer in own or ipaddress.ip_address(peer) in containers:
            with contextlib.suppress(OSError):
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
                await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        writer.close()

    servers = [await asyncio.start_server(accept, gateway, port) for port in ports]
    await asyncio.gather(*(server.serve_forever() for server in servers))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while part := await reader.read(65536):
            writer.write(part)
            await writer.drain()
    writer.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gateway")
    parser.add_argument("subnet")
    parser.add_argument("ports", type=int, nargs="+")
    arguments = parser.parse_args()
    asyncio.run(forward(arguments.gateway, arguments.subnet, arguments.ports))
