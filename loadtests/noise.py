"""The neighbours of `loadtests.neighbours`: many clients in a process of their own.

It is told what to be by a JSON object on its first line, and then what to do line by line; it
answers each with a line of JSON. It gives way to the process that measures: on a machine that all
share, clients that come late to the processor would be counted as a slow server.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import orjson
import uvloop

from loadtests.population import Person
from loadtests.servers import TalkooWords
from loadtests.swarm import Client, Swarm
from storage.log import EPOCH

HOST = "127.0.0.1"
NICE = 5
AT_ONCE = 50
# How often a steady sender looks at the clock.
TICK_SECONDS = 0.01

# How the web client comes back (web/src/client/connection.ts): the first wait, the longest one,
# by how much a wait differs, and after a refusal.
FIRST_WAIT_SECONDS = 0.3
MOST_WAIT_SECONDS = 5.0
JITTER = 0.7
REFUSED_SECONDS = (2.0, 5.0)
CONNECT_SECONDS = 20.0

T = TypeVar("T")
Task = Mapping[str, Any]
Answer = dict[str, Any]


class Neighbour(Protocol):
    """Clients that can make a noise."""

    async def come(self) -> None:
        """Connects everybody."""
        ...

    async def do(self, what: str, port: int) -> Answer:
        """Does what it is told."""
        ...


class Steady:
    """Somebody who sends something at a rate, from ``on`` to ``off``."""

    def __init__(self, task: Task) -> None:
        people = [(Person(0, user_id, token), room) for token, user_id, room in task["people"]]
        self.words = TalkooWords(people)
        self.swarm = Swarm(HOST, task["port"])
        self.quiet_rate: float = task["quiet_rate"]
        self.noisy_rate: float = task["noisy_rate"]
        self.sent = 0
        self._rate = 0.0
        self._refused = 0
        self._running: asyncio.Task[None] | None = None
        self._since = (0.0, 0, 0)

    async def come(self) -> None:
        """Connects everybody, and sends at the quiet rate from then on."""
        count = len(self.words.people)
        await self.swarm.open(count, auth=self.words.auth, seconds=300)
        await self.swarm.received(count)
        await self.prepare()
        self._rate = self.quiet_rate
        self._running = asyncio.create_task(self._go_on())

    async def do(self, what: str, port: int) -> Answer:
        """``on`` or ``off``; off tells what a second of noise was."""
        begun, sent, events = self._since
        self._since = (time.monotonic(), self.sent, self.swarm.tally.events)
        self._rate = self.noisy_rate if what == "on" else self.quiet_rate
        took = self._since[0] - begun
        lost = sum(client.closed for client in self.swarm.clients)
        return {
            "sent": (self._since[1] - sent) / took,
            "heard": (self._since[2] - events) / took,
            "wrong": self._refused + lost,
        }

    async def prepare(self) -> None:
        """What there is to do once."""

    def say(self) -> None:
        """Sends one."""
        raise NotImplementedError

    def emit(self, client: Client, name: str, payload: object) -> None:
        """Sends a command and looks at its answer when it comes."""
        [ack] = client.emit_soon([(name, payload)])
        ack.add_done_callback(self._acked)
        self.sent += 1

    def _acked(self, ack: asyncio.Future[Any]) -> None:
        if ack.cancelled() or ack.exception() or not ack.result()["ok"]:
            self._refused += 1

    async def _go_on(self) -> None:
        due, before = 0.0, time.monotonic()
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = time.monotonic()
            due, before = due + (now - before) * self._rate, now
            while due >= 1:
                due -= 1
                self.say()


class Turning(Steady):
    """People who look at some others, and of whom so many a second go away or come back."""

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self._looks_at: int = task["looks_at"]
        self._away = [False] * len(self.words.people)
        self._order = list(range(len(self.words.people)))
        random.Random(7).shuffle(self._order)

    async def prepare(self) -> None:
        ids = [person.user_id for person, _ in self.words.people]

        async def look(place: int) -> None:
            some = random.Random(place).sample(ids, min(self._looks_at, len(ids)))
            await self.swarm.clients[place].emit("watch_presence", {"user_ids": some}, 60)

        await _each(range(len(ids)), look)

    def say(self) -> None:
        place = self._order[self.sent % len(self._order)]
        self._away[place] = not self._away[place]
        state = "away" if self._away[place] else "online"
        self.emit(self.swarm.clients[place], "set_presence", {"state": state})


class Talking(Steady):
    """A portal that talks."""

    def say(self) -> None:
        who = random.randrange(len(self.words.people))
        self.emit(self.swarm.clients[who], *self.words.saying(who))


class Comer:
    """One web client, which knows where it was and has a ticket."""

    def __init__(self, token: str) -> None:
        self.client: Client | None = None
        self._auth: dict[str, Any] = {"token": token, "position": EPOCH}
        self._ready = asyncio.Event()

    async def connect(self, port: int) -> None:
        """Connects, and waits until nothing is missing."""
        self._ready.clear()
        self.client = Client(on_event=self._hears)
        await self.client.connect(HOST, port, self._auth, seconds=CONNECT_SECONDS)
        async with asyncio.timeout(CONNECT_SECONDS):
            await self._ready.wait()

    async def come_back(self, port: int) -> tuple[float, int]:
        """When it is cut, connects as the web client does; says for how long it was away."""
        assert self.client is not None
        await self.client.ended()
        begun, attempts = time.monotonic(), 0
        while True:
            wait = FIRST_WAIT_SECONDS * 2**attempts * random.uniform(1 - JITTER, 1 + JITTER)
            await asyncio.sleep(min(wait, MOST_WAIT_SECONDS))
            attempts += 1
            try:
                await self.connect(port)
            except ConnectionRefusedError as error:
                # Of the socket it has a number; else it is the server's word.
                if error.errno is None:
                    await asyncio.sleep(random.uniform(*REFUSED_SECONDS))
            except OSError:
                # A time-out is one too.
                await self.client.close(0)
            else:
                return begun, attempts

    def _hears(self, payload: bytes) -> None:
        name, fields = orjson.loads(payload[2:])
        if name == "ready":
            self._note(fields)
            self._ready.set()
        elif name == "event":
            self._note(fields)
        elif name == "signal" and fields["type"] in ("position", "ticket"):
            self._note(fields["body"])

    def _note(self, fields: Mapping[str, Any]) -> None:
        self._auth["position"] = max(self._auth["position"], fields["position"])
        if fields.get("ticket"):
            self._auth["ticket"] = fields["ticket"]


class Storm:
    """Clients of a node that is going to die."""

    def __init__(self, task: Task) -> None:
        self._port: int = task["port"]
        self._all = [Comer(token) for token, _, _ in task["people"]]

    async def come(self) -> None:
        """Connects everybody."""
        await _each(self._all, lambda comer: comer.connect(self._port))

    async def do(self, what: str, port: int) -> Answer:
        """``back``: when cut, all go to that port; ``move``: all go there in good order."""
        if what == "move":
            self._port = port
            await _each([comer.client for comer in self._all if comer.client], _closed)
            await self.come()
            return {}
        found = await asyncio.gather(*(comer.come_back(port) for comer in self._all))
        first = min(begun for begun, _ in found)
        return {
            "seconds": time.monotonic() - first,
            "again": sum(attempts - 1 for _, attempts in found),
        }


KINDS: Mapping[str, Callable[[Task], Neighbour]] = {
    "presence": Turning, "portal": Talking, "storm": Storm,
}  # fmt: skip


async def _closed(client: Client) -> None:
    await client.close()


async def _each(things: Iterable[T], action: Callable[[T], Awaitable[None]]) -> None:
    left = iter(things)

    async def work() -> None:
        for thing in left:
            await action(thing)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())


def _say(answer: Answer) -> None:
    sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
    sys.stdout.buffer.flush()


async def main() -> None:
    """Does what it is told until there is nothing more to read."""
    os.nice(NICE)
    reader = asyncio.StreamReader(limit=64 * 2**20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    task: Task = orjson.loads(await reader.readline())
    neighbour = KINDS[task["kind"]](task)
    await neighbour.come()
    _say({})
    while line := await reader.readline():
        what, port = orjson.loads(line)
        _say(await neighbour.do(what, port))


def people_of(seats: Sequence[tuple[Person, int]]) -> list[tuple[str, int, int]]:
    """People as a task names them."""
    return [(person.token, person.user_id, room_id) for person, room_id in seats]


if __name__ == "__main__":
    uvloop.run(main())
