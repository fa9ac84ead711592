"""Five thousand people in five hundred rooms of ten, who talk: what a message costs the server.

    python -m loadtests.many_rooms            Talkoo on MariaDB, and two peers
    python -m loadtests.many_rooms talkoo

A message to Talkoo is checked, stored durably, logged and acknowledged; the peers do a plain
broadcast and acknowledge it. Everybody sends at the same rate, in a random order.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import uvloop

from loadtests.databases import durable_mariadb
from loadtests.servers import Running, peer, talkoo
from loadtests.swarm import Client, Swarm

HOST = "127.0.0.1"
PORTALS = 10
ROOMS = 500
MEMBERS = 10
PEOPLE = ROOMS * MEMBERS
# What two cores carry with the clients and the database on them.
RATE = 1000.0
WARM_UP_SECONDS = 3.0
SECONDS = 15.0
# Begins the text of each message: a number follows, so that clients know it again.
MARK = b"<message "
DIGITS = 10


@dataclass(frozen=True)
class Figures:
    """What one server cost; delays are from the send to the last of ten deliveries."""

    name: str
    cpu_us: float
    median_ms: float
    p99_ms: float
    rate: float


class Watch:
    """When each message was sent, and when the last of its room had it."""

    def __init__(self) -> None:
        self.delays: list[float] = []
        self._sent: dict[int, float] = {}
        self._left: dict[int, int] = {}

    def sends(self, number: int) -> None:
        """A message is on its way."""
        self._sent[number] = time.perf_counter()
        self._left[number] = MEMBERS

    def hears(self, payload: bytes) -> None:
        """A client got an event."""
        at = payload.find(MARK)
        if at < 0:
            return
        number = int(payload[at + len(MARK) : at + len(MARK) + DIGITS])
        left = self._left[number] = self._left[number] - 1
        if left == 0:
            self.delays.append(time.perf_counter() - self._sent.pop(number))
            del self._left[number]

    @property
    def waiting(self) -> int:
        """Messages that somebody has not got."""
        return len(self._sent)


class Talk:
    """Everybody connected, and a number for each message."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.swarm = Swarm(HOST, running.served.port)
        self.watch = Watch()
        self.acks: set[asyncio.Future[object]] = set()
        self._numbers = iter(range(10 ** (DIGITS - 1), 10**DIGITS))

    async def gather(self) -> None:
        """Connects everybody, in an order that says nothing of rooms."""
        words, who = self.running.words, list(range(PEOPLE))
        random.Random(7).shuffle(who)
        await self.swarm.open(PEOPLE, auth=lambda place: words.auth(who[place]), seconds=300)
        for place, client in enumerate(self.swarm.clients):
            client.on_event = self.watch.hears
            await words.join(client, who[place])
        self.seats = list(zip(who, self.swarm.clients, strict=True))

    async def go_on(self, seconds: float) -> int:
        """Talks for a time, and waits until everybody has everything; returns the messages."""
        loop, count = asyncio.get_running_loop(), int(seconds * RATE)
        begun = loop.time()
        for n in range(count):
            who, client = random.choice(self.seats)
            self._say(who, client)
            await asyncio.sleep(max(0.0, begun + (n + 1) / RATE - loop.time()))
        async with asyncio.timeout(30):
            while self.watch.waiting or self.acks:  # noqa: ASYNC110 - no event for so many
                await asyncio.sleep(0.01)
        return count

    def _say(self, who: int, client: Client) -> None:
        number = next(self._numbers)
        name, payload = self.running.words.saying(who, f"{MARK.decode()}{number}")
        self.watch.sends(number)
        [ack] = client.emit_soon([(name, payload)])
        self.acks.add(ack)
        ack.add_done_callback(self._acked)

    def _acked(self, ack: asyncio.Future[object]) -> None:
        self.acks.discard(ack)
        answer: Any = ack.result()
        if isinstance(answer, dict) and not cast("dict[str, Any]", answer).get("ok", True):
            raise RuntimeError(f"a message was refused: {answer}")


async def measure(running: Running) -> Figures:
    """Connects everybody and lets them talk."""
    talk = Talk(running)
    try:
        await talk.gather()
        await talk.go_on(WARM_UP_SECONDS)
        talk.watch.delays.clear()
        cpu, begun = running.served.cpu_seconds(), time.perf_counter()
        count = await talk.go_on(SECONDS)
        cpu, took = running.served.cpu_seconds() - cpu, time.perf_counter() - begun
    finally:
        await talk.swarm.close()
    cuts = statistics.quantiles(talk.watch.delays, n=100)
    return Figures(running.name, cpu * 1e6 / count, cuts[49] * 1e3, cuts[98] * 1e3, count / took)


@contextmanager
def server(name: str) -> Generator[Running]:
    """Talkoo on a durable MariaDB, or one of the peers."""
    if name != "talkoo":
        with peer(name, [n // MEMBERS for n in range(PEOPLE)]) as running:
            yield running
        return
    with durable_mariadb() as mariadb:
        url = mariadb.create_database("talkoo")
        with talkoo(url, PORTALS, PEOPLE // PORTALS, ROOMS // PORTALS, MEMBERS) as running:
            yield running


def main() -> None:
    """Reads the command line and measures one server after the other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("server", nargs="*", help="of talkoo, stock, node; default: all")
    names: list[str] = parser.parse_args().server or ["talkoo", "stock", "node"]
    print(f"{'':12} {'CPU':>10} {'median':>10} {'p99':>10} {'messages':>10}")
    print(f"{'':12} {'us each':>10} {'ms':>10} {'ms':>10} {'a second':>10}", flush=True)
    for name in names:
        with server(name) as running:
            found = uvloop.run(measure(running))
        print(
            f"{name:12} {found.cpu_us:10.0f} {found.median_ms:10.2f} {found.p99_ms:10.2f}"
            f" {found.rate:10.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
