"""A way from Docker to the local stack, for `sam local invoke`: open to this machine's containers alone."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ipaddress
import json
import re
import shutil
import subprocess
from dataclasses import dataclass

import psutil

from paperboy_cli.errors import PaperboyError

DESKTOP = "Docker Desktop"


@dataclass(frozen=True)
class Docker:
    """How this machine's containers reach it."""

    host: str
    """What they call it."""
    subnet: str | None
    """Who they are, on the bridge of Linux; None for Docker Desktop, which hands their connections on to loopback."""

    def seen(self, text: str) -> str:
        """`text` with this machine's addresses as containers see them."""
        return re.sub(r"(?<=//)(127\.0\.0\.1|localhost)(?=[:/]|$)", self.host, text)


def find() -> Docker:
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
