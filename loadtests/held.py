"""Fifteen thousand people who only are there: what holding their connections costs one worker.

    python -m loadtests.held                               fifteen thousand, for ten minutes
    python -m loadtests.held --connections 300 --seconds 60

All are logged in and answer the pings; nobody says anything. The memory is looked at when all have
come and things have settled, and from then on in equal steps to the end: a server that leaks grows.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import math
import resource
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvloop

from loadtests.servers import Running, talkoo
from loadtests.swarm import Swarm

HOST = "127.0.0.1"
CONNECTIONS = 15_000
SECONDS = 600.0
# Whatever a server loads at its first clients is no part of a connection.
FIRST = 50
IN_PORTAL = 500
MEMBERS = 10
# Two rounds of pings: buffers are as large as they get.
SETTLE_SECONDS = 20.0
LOOKS = 10
# Descriptors of a process besides its connections.
SPARE_FILES = 200
# Of the ports of an address, some are in use or not free again yet.
PORTS_USED = 0.8
_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")


@dataclass(frozen=True)
class Figures:
    """What holding cost."""

    connections: int
    # Of a connection, when all had come and settled.
    connection_bytes: float
    # Of the whole process: then, and at equal steps to the end.
    memory: Sequence[int]
    cpu_percent: float
    lost: int

    @property
    def growth_percent(self) -> float:
        """By how much the process grew while nothing happened."""
        return (self.memory[-1] / self.memory[0] - 1) * 100

    @property
    def kept_percent(self) -> float:
        """Connections that were there until the end."""
        return (1 - self.lost / self.connections) * 100


def raise_files(connections: int) -> None:
    """Lets this process, and the server that it starts, have so many connections."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < connections + SPARE_FILES:
        raise SystemExit(f"{connections} connections need more files than the {hard} allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def sources(connections: int) -> list[str | None]:
    """Addresses to connect from: several when one does not have that many ports."""
    low, high = (int(word) for word in _PORTS.read_text().split())
    needed = math.ceil(connections / ((high - low) * PORTS_USED))
    return [None] if needed <= 1 else [f"127.0.0.{2 + n}" for n in range(needed)]


async def measure(running: Running, connections: int, seconds: float) -> Figures:
    """Connects everybody, waits, and looks."""
    served, words = running.served, running.words
    swarm = Swarm(HOST, served.port, sources(connections))
    try:
        await swarm.open(FIRST, auth=words.auth)
        await asyncio.sleep(1)
        empty = served.rss_bytes()
        more = connections - FIRST
        await swarm.open(more, auth=lambda place: words.auth(FIRST + place), seconds=600)
        # Everybody is told that they are up to date.
        await swarm.received(connections)
        # With so many clients, each full collection would hold up their answers.
        gc.freeze()
        await asyncio.sleep(min(SETTLE_SECONDS, seconds))
        memory = [served.rss_bytes()]
        cpu, begun = served.cpu_seconds(), time.monotonic()
        for look in range(1, LOOKS + 1):
            await asyncio.sleep(max(0.0, begun + seconds * look / LOOKS - time.monotonic()))
            memory.append(served.rss_bytes())
        cpu, took = served.cpu_seconds() - cpu, time.monotonic() - begun
        lost = sum(client.closed for client in swarm.clients)
    finally:
        await swarm.close()
    each = (memory[0] - empty) / more
    return Figures(connections, each, memory, cpu / took * 100, lost)


@contextmanager
def server(connections: int) -> Generator[Running]:
    """Talkoo embedded, one process, with people enough in portals of five hundred."""
    raise_files(connections)
    portals = math.ceil(connections / IN_PORTAL)
    with talkoo(None, portals, IN_PORTAL, IN_PORTAL // MEMBERS, MEMBERS) as running:
        yield running


def main() -> None:
    """Reads the command line and holds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    wanted = parser.parse_args()
    connections = max(FIRST + 1, wanted.connections)
    with server(connections) as running:
        found = uvloop.run(measure(running, connections, wanted.seconds))
    moments = " ".join(f"{one / 2**20:.1f}" for one in found.memory)
    print(f"{found.connections} connections for {wanted.seconds:g} s")
    print(f"  a connection    {found.connection_bytes / 1024:8.2f} KiB")
    print(f"  memory          {moments} MiB")
    print(f"  growth          {found.growth_percent:8.2f} %")
    print(f"  CPU             {found.cpu_percent:8.2f} % of a core")
    print(f"  lost            {found.lost:8}")


if __name__ == "__main__":
    main()
