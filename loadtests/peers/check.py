"""What the peers cost on this machine: CPU per delivered event and connect, memory per connection.

python -m loadtests.peers.check              all of them, in under three minutes
python -m loadtests.peers.check "bare C"     only that one
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import uvloop

from loadtests.peers.build import PEERS
from loadtests.process import Served
from loadtests.swarm import Client, Swarm

HOST = "127.0.0.1"
SUBSCRIBERS = 1000
WARM_UP = 20
SINGLES = 200
BURSTS = 20
BURST = 100
# A slow server gets through fewer of them; the figure is per event.
MOST_SECONDS = 30.0
# Until a server has done what it puts off, such as acknowledgements.
SETTLE_SECONDS = 0.5

JOIN = {"room": "all"}
SEND = ("send", {"room": "all", "text": "x" * 150})


@dataclass(frozen=True)
class Figures:
    """What one server cost."""

    connect_us: float
    idle_bytes: float
    single_us: float
    burst_us: float


async def deliver(swarm: Swarm, sender: Client, commands: int) -> None:
    """Sends commands in one write and waits until everybody has all of them."""
    total = swarm.tally.events + commands * len(swarm.clients)
    futures = sender.emit_soon([SEND] * commands)
    await swarm.received(total)
    await asyncio.wait_for(asyncio.gather(*futures), 10)


async def cost(served: Served, swarm: Swarm, sender: Client, rounds: int, commands: int) -> float:
    """Microseconds of the server's CPU per delivered event."""
    until = time.monotonic() + MOST_SECONDS
    cpu, events = served.cpu_seconds(), swarm.tally.events
    for _ in range(rounds):
        await deliver(swarm, sender, commands)
        if time.monotonic() > until:
            break
    await asyncio.sleep(SETTLE_SECONDS)
    return (served.cpu_seconds() - cpu) * 1e6 / (swarm.tally.events - events)


async def measure(served: Served) -> Figures:
    """Connects everybody, then sends one by one and in bursts."""
    swarm = Swarm(HOST, served.port)
    try:
        cpu, rss = served.cpu_seconds(), served.rss_bytes()
        await swarm.open(SUBSCRIBERS)
        await asyncio.sleep(SETTLE_SECONDS)
        cpu, rss = served.cpu_seconds() - cpu, served.rss_bytes() - rss
        (sender,) = await swarm.open(1)
        await swarm.emit_all("join", JOIN)
        for _ in range(WARM_UP):
            await deliver(swarm, sender, 1)
        single = await cost(served, swarm, sender, SINGLES, 1)
        burst = await cost(served, swarm, sender, BURSTS, BURST)
    finally:
        await swarm.close()
    return Figures(cpu * 1e6 / SUBSCRIBERS, rss / SUBSCRIBERS, single, burst)


def main() -> None:
    """Reads the command line and measures one peer after the other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("peer", nargs="*", help=f"of {', '.join(PEERS)}; default: all")
    names: list[str] = parser.parse_args().peer or list(PEERS)
    print(f"{'':12} {'one by one':>12} {'in bursts':>12} {'connect':>12} {'idle':>12}")
    print(f"{'':12} {'us/event':>12} {'us/event':>12} {'us':>12} {'bytes':>12}", flush=True)
    for name in names:
        with tempfile.TemporaryDirectory() as folder, Served(PEERS[name](Path(folder))) as served:
            found = uvloop.run(measure(served))
        print(
            f"{name:12} {found.single_us:12.2f} {found.burst_us:12.2f}"
            f" {found.connect_us:12.0f} {found.idle_bytes:12.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
