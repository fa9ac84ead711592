"""One room of a thousand: what a delivered event, a connection and a connect cost the server.

python -m loadtests.one_room                        Talkoo embedded, and all peers
python -m loadtests.one_room --database URL talkoo "bare C"
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import uvloop

from loadtests.peers.build import PEERS
from loadtests.servers import Running, peer, talkoo
from loadtests.swarm import Client, Swarm

HOST = "127.0.0.1"
SUBSCRIBERS = 1000
WARM_UP = 20
SINGLES = 3000
BURSTS = 20
BURST = 100
# A slow server gets through fewer of them; the figure is per event.
MOST_SECONDS = 30.0
# For so long nobody reads after a command. The clients are on this machine, where waking a process
# that waits for its sockets is charged to whoever writes to them, and costs as much as the write
# (two hundred times a message, or not at all, by a hair in who is faster). Elsewhere they would
# not be: so a server writes first, and then they read.
APART_SECONDS = 0.015
# Until a server has done what it puts off, such as acknowledgements.
SETTLE_SECONDS = 0.5


@dataclass(frozen=True)
class Figures:
    """What one server cost."""

    name: str
    single_us: float
    burst_us: float
    connect_us: float
    # Coming back with all that the server gave for it, when nothing was missed.
    return_us: float
    idle_bytes: float


class Room:
    """A swarm in one room, of which the last speaks."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.swarm = Swarm(HOST, running.served.port)

    async def connect(self, count: int) -> float:
        """Connects so many more; returns the microseconds of the server's CPU for each."""
        first, words, served = len(self.swarm.clients), self.running.words, self.running.served
        cpu = served.cpu_seconds()
        new = await self.swarm.open(
            count,
            auth=lambda index: words.auth(first + index),
            hears=lambda index, payload: words.heard(first + index, payload),
        )
        await self.quiet()
        for client in new:
            client.on_event = None
        return (served.cpu_seconds() - cpu) * 1e6 / count

    async def come_back(self) -> float:
        """Everybody goes, and connects anew; returns what `connect` does."""
        count = len(self.swarm.clients)
        await self.swarm.close()
        await asyncio.sleep(SETTLE_SECONDS)
        return await self.connect(count)

    async def quiet(self) -> None:
        """Waits until nothing comes any more."""
        before = -1
        while before != self.swarm.tally.events:
            before = self.swarm.tally.events
            await asyncio.sleep(SETTLE_SECONDS)

    async def join(self) -> None:
        """Brings all into the room, where that is not so already."""
        for index, client in enumerate(self.swarm.clients):
            await self.running.words.join(client, index)

    async def deliver(self, sender: Client, commands: int) -> None:
        """Sends commands in one write and waits until everybody has all of them."""
        words, last = self.running.words, len(self.swarm.clients) - 1
        total = self.swarm.tally.events + commands * len(self.swarm.clients)
        futures = sender.emit_soon([words.saying(last) for _ in range(commands)])
        # Not asynchronously: nobody is to be waiting for what comes meanwhile.
        time.sleep(APART_SECONDS)  # noqa: ASYNC251
        await self.swarm.received(total)
        await asyncio.wait_for(asyncio.gather(*futures), 10)

    async def cost(self, rounds: int, commands: int) -> float:
        """Microseconds of the server's CPU per delivered event."""
        sender = self.swarm.clients[-1]
        until = time.monotonic() + MOST_SECONDS
        served, tally = self.running.served, self.swarm.tally
        cpu, events = served.cpu_seconds(), tally.events
        for _ in range(rounds):
            await self.deliver(sender, commands)
            if time.monotonic() > until:
                break
        await asyncio.sleep(SETTLE_SECONDS)
        return (served.cpu_seconds() - cpu) * 1e6 / (tally.events - events)


async def measure(running: Running) -> Figures:
    """Connects everybody, then sends one by one and in bursts."""
    room, served = Room(running), running.served
    try:
        # What a server loads at its first clients is no part of a connection.
        await room.connect(50)
        rss = served.rss_bytes()
        connect = await room.connect(SUBSCRIBERS - 50)
        rss = served.rss_bytes() - rss
        back = await room.come_back()
        await room.join()
        for _ in range(WARM_UP):
            await room.deliver(room.swarm.clients[-1], 1)
        single = await room.cost(SINGLES, 1)
        burst = await room.cost(BURSTS, BURST)
    finally:
        await room.swarm.close()
    return Figures(running.name, single, burst, connect, back, rss / (SUBSCRIBERS - 50))


@contextmanager
def server(name: str, url: str | None) -> Generator[Running]:
    """Talkoo or one of the peers, with a room of a thousand."""
    if name == "talkoo":
        with talkoo(url, 1, SUBSCRIBERS, 1, SUBSCRIBERS) as running:
            yield running
    else:
        with peer(name, [0] * SUBSCRIBERS) as running:
            yield running


def main() -> None:
    """Reads the command line and measures one server after the other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("server", nargs="*", help=f"of talkoo, {', '.join(PEERS)}; default: all")
    parser.add_argument("--database", help="SQLAlchemy address; default: embedded SQLite")
    wanted = parser.parse_args()
    names: list[str] = wanted.server or ["talkoo", *PEERS]
    print(
        f"{'':12} {'one by one':>12} {'in bursts':>12} {'connect':>12} {'return':>12} {'idle':>12}"
    )
    units = f"{'us/event':>12} {'us/event':>12} {'us':>12} {'us':>12} {'bytes':>12}"
    print(f"{'':12} {units}", flush=True)
    for name in names:
        with server(name, wanted.database) as running:
            found = uvloop.run(measure(running))
        print(
            f"{name:12} {found.single_us:12.2f} {found.burst_us:12.2f}"
            f" {found.connect_us:12.0f} {found.return_us:12.0f} {found.idle_bytes:12.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
