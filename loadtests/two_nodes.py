"""What Redis between two nodes adds to a delivery, in CPU of all servers but the database.

    python -m loadtests.two_nodes            a thousand people hear
    python -m loadtests.two_nodes --hearers 200 --rounds 100

The same person says the same to the same people in one room, on the same kind of MariaDB, in two
worlds that run side by side:

- one node alone, with the bus of its own process: the sender and all others are connected to it;
- two nodes and a Redis: the sender is on node B and the others on node A, so that every delivery
  but the sender's own has come by Redis. What is counted is node A, node B and Redis itself: what
  B publishes, Redis carries and A unpacks, and that a second process takes the command.

That is the worst case: the more of them are at the sender's node, the fewer deliveries Redis had
a part in. With half on each node it is the usual case, which is measured too; there the event is
framed on both nodes. Both worlds take turns of a few messages, so that both meet the same machine.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvloop

from loadtests.databases import durable_mariadb
from loadtests.process import cpu_seconds
from loadtests.servers import Running, talkoo, talkoo_nodes
from loadtests.swarm import Swarm, Tally
from tests.services.redis import Redis

HOST = "127.0.0.1"
HEARERS = 1000
# Turns of each world, and messages in each turn; the next is sent when all have the one before.
ROUNDS = 12
SINGLES = 100
WARM_UP = 20
# Until a server has done what it puts off, such as acknowledgements.
SETTLE_SECONDS = 0.3
# By name: how much of the hearers is on node A; the sender is on node B.
SPLITS = {"all at the other node": 1.0, "half on each node": 0.5}


@dataclass(frozen=True)
class Figures:
    """Microseconds of CPU for a delivery."""

    one_us: float
    two_us: float
    # Redis' part of it.
    redis_us: float


class World:
    """Servers, and a room full of people spread over them; the last speaks."""

    def __init__(
        self,
        running: Sequence[Running],
        hearers: int,
        share_of_first: float,
        used: Callable[[], float],
    ) -> None:
        self.used = used
        self.cpu = 0.0
        self.deliveries = 0
        self._words = running[0].words
        self._people = hearers + 1
        self._first = round(share_of_first * hearers)
        # One count for the clients of both nodes.
        self._tally = Tally()
        self._swarms = [Swarm(HOST, node.served.port) for node in running]
        for swarm in self._swarms:
            swarm.tally = self._tally

    async def connect(self) -> None:
        """Connects everybody, each to the node that is theirs."""
        counts = [self._people]
        if len(self._swarms) > 1:
            counts = [self._first, self._people - self._first]
        begin = 0
        for swarm, count in zip(self._swarms, counts, strict=True):
            first, begin = begin, begin + count
            await swarm.open(count, auth=lambda place, first=first: self._words.auth(first + place))
        # Everybody is told that they are up to date.
        await self._tally.reach(self._people, 30)
        await asyncio.sleep(1)

    async def talk(self, messages: int) -> None:
        """Sends one after the other, each when everybody has the one before."""
        speaker = self._swarms[-1].clients[-1]
        for _ in range(messages):
            total = self._tally.events + self._people
            [ack] = speaker.emit_soon([self._words.saying(self._people - 1)])
            await self._tally.reach(total, 30)
            await asyncio.wait_for(ack, 10)

    async def turn(self, messages: int) -> None:
        """Talks, and counts what it cost."""
        cpu, events = self.used(), self._tally.events
        await self.talk(messages)
        await asyncio.sleep(SETTLE_SECONDS)
        self.cpu += self.used() - cpu
        self.deliveries += self._tally.events - events

    async def close(self) -> None:
        """Lets everybody go."""
        for swarm in self._swarms:
            await swarm.close()

    @property
    def cost_us(self) -> float:
        """Of a delivery."""
        return self.cpu * 1e6 / self.deliveries


@dataclass(frozen=True)
class Place:
    """One node alone, and two with their Redis."""

    one: Running
    two: Sequence[Running]
    redis: Redis


@contextmanager
def place(hearers: int) -> Generator[Place]:
    """All servers, with a room for so many and a sender in each world."""
    people = hearers + 1
    with (
        durable_mariadb() as mariadb,
        tempfile.TemporaryDirectory() as folder,
        Redis(Path(folder)) as redis,
        talkoo(mariadb.create_database("one"), 1, people, 1, people) as one,
        talkoo_nodes(mariadb.create_database("two"), redis.url, 2, 1, people, 1, people) as two,
    ):
        yield Place(one, two, redis)


async def measure(
    found: Place, share_of_first: float, hearers: int = HEARERS, rounds: int = ROUNDS
) -> Figures:
    """Both worlds in turn."""
    redis_cpu = 0.0
    one = World([found.one], hearers, 1.0, found.one.served.cpu_seconds)
    pid = found.redis.pid
    two = World(
        found.two,
        hearers,
        share_of_first,
        lambda: sum(node.served.cpu_seconds() for node in found.two) + cpu_seconds(pid),
    )
    try:
        for world in (one, two):
            await world.connect()
            await world.talk(WARM_UP)
        for _ in range(rounds):
            await one.turn(SINGLES)
            before = cpu_seconds(pid)
            await two.turn(SINGLES)
            redis_cpu += cpu_seconds(pid) - before
    finally:
        await one.close()
        await two.close()
    return Figures(one.cost_us, two.cost_us, redis_cpu * 1e6 / two.deliveries)


def main() -> None:
    """Reads the command line and measures both splits."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--hearers", type=int, default=HEARERS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    wanted = parser.parse_args()
    print(f"{'us a delivery':24} {'one node':>10} {'two':>10} {'of it Redis':>12} {'ratio':>8}")
    with place(wanted.hearers) as found:
        for name, share in SPLITS.items():
            cost = uvloop.run(measure(found, share, wanted.hearers, wanted.rounds))
            print(
                f"{name:24} {cost.one_us:10.2f} {cost.two_us:10.2f} {cost.redis_us:12.3f}"
                f" {cost.two_us / cost.one_us:8.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
