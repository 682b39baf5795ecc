"""A way from Docker's bridge to the local stack, for `sam local invoke`: open to this machine's containers alone."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ipaddress
import json
import shutil
import subprocess
from dataclasses import dataclass

import psutil

from paperboy_cli.errors import PaperboyError


@dataclass(frozen=True)
class Bridge:
    """Docker's default network: this machine's address in it, and who belongs to it."""

    gateway: str
    subnet: str


def find() -> Bridge:
    """Docker's bridge on this machine. Raises PaperboyError where there is none."""
    docker = shutil.which("docker")
    command = [docker or "docker", "network", "inspect", "bridge"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - asks Docker's own client
        network = json.loads(said.stdout)[0]["IPAM"]["Config"][0]
        # Docker does not name the gateway of a network that it chose itself: it is the first address.
        first = next(ipaddress.ip_network(network["Subnet"]).hosts())
        return Bridge(gateway=network.get("Gateway") or str(first), subnet=network["Subnet"])
    except (OSError, subprocess.CalledProcessError, LookupError, ValueError, StopIteration) as error:
        raise PaperboyError("Docker does not answer: start it, or leave --docker out.") from error


async def forward(bridge: Bridge, ports: list[int]) -> None:
    """Hand each connection of a container, or of this machine, on to the same port of loopback, until cancelled."""
    containers = ipaddress.ip_network(bridge.subnet)
    own = {address.address for addresses in psutil.net_if_addrs().values() for address in addresses}

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer, port = writer.get_extra_info("peername")[0], writer.get_extra_info("sockname")[1]
        if peer in own or ipaddress.ip_address(peer) in containers:
            with contextlib.suppress(OSError):
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
                await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        writer.close()

    servers = [await asyncio.start_server(accept, bridge.gateway, port) for port in ports]
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
    asyncio.run(forward(Bridge(arguments.gateway, arguments.subnet), arguments.ports))
