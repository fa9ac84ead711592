"""Those who chat while a neighbour is quiet or noisy by turns, and what they meet meanwhile.

The parts of `loadtests.neighbours` that know nothing of who the neighbour is.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

from loadtests.many_rooms import Talk
from loadtests.process import ROOT, machine_seconds
from loadtests.servers import Running

# Until what was begun is done.
SETTLE_SECONDS = 2.0


@dataclass
class Turns:
    """What was measured in all turns of one kind."""

    delays: list[float] = field(default_factory=list[float])
    cpu: float = 0.0
    seconds: float = 0.0
    # Of the machine's processors together: their time, and what of it nobody used.
    idle: float = 0.0
    all: float = 0.0

    def at(self, percent: int) -> float:
        """A percentile of the delays, in milliseconds."""
        return statistics.quantiles(self.delays, n=100)[percent - 1] * 1e3

    @property
    def cpu_percent(self) -> float:
        """Of one core, used by the server."""
        return self.cpu / self.seconds * 100

    @property
    def idle_percent(self) -> float:
        """Of the machine. When little of it is idle, the delays are those of its processors."""
        return self.idle / self.all * 100


@dataclass(frozen=True)
class Figures:
    """Both kinds, and what the neighbour said of each of its noisy turns."""

    quiet: Turns
    noisy: Turns
    told: Sequence[Mapping[str, float]]

    def mean(self, name: str) -> float:
        """Of something that the neighbour said."""
        return statistics.fmean(one[name] for one in self.told)


class Chat(Talk):
    """Those who are measured."""

    def __init__(self, running: Running, places: Sequence[int], rate: float) -> None:
        super().__init__(running)
        self.places = list(places)
        self.rate = rate

    async def gather(self) -> None:
        """Connects everybody."""
        words = self.running.words
        await self.swarm.open(
            len(self.places), auth=lambda n: words.auth(self.places[n]), seconds=300
        )
        for client in self.swarm.clients:
            client.on_event = self.watch.hears
        self.seats = list(zip(self.places, self.swarm.clients, strict=True))
        await asyncio.sleep(SETTLE_SECONDS)

    async def turn(self, over: Awaitable[Any], into: Turns) -> None:
        """Talks until something is over, and until everybody has everything."""
        served, first = self.running.served, len(self.watch.delays)
        cpu, begun = served.cpu_seconds(), time.perf_counter()
        idle, total = machine_seconds()
        waited = asyncio.ensure_future(over)
        n = 0
        while not waited.done():
            # Each says something in turn, so that rooms take turns too.
            self._say(*self.seats[n * 7 % len(self.seats)])
            n += 1
            await asyncio.sleep(max(0.0, begun + n / self.rate - time.perf_counter()))
        await waited
        into.cpu += served.cpu_seconds() - cpu
        into.seconds += time.perf_counter() - begun
        idle, total = machine_seconds()[0] - idle, machine_seconds()[1] - total
        into.idle, into.all = into.idle + idle, into.all + total
        async with asyncio.timeout(30):
            while self.watch.waiting or self.acks:  # noqa: ASYNC110 - no event for so many
                await asyncio.sleep(0.01)
        into.delays += self.watch.delays[first:]


class Noise:
    """The process of the neighbour's clients."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def tell(self, what: object) -> Any:
        """Tells it something; returns what it answers."""
        writer, reader = self._process.stdin, self._process.stdout
        assert writer is not None and reader is not None
        writer.write(orjson.dumps(what) + b"\n")
        line = await reader.readline()
        if not line:
            raise RuntimeError("the neighbour's clients have ended")
        return orjson.loads(line)

    async def do(self, what: str, port: int = 0) -> Any:
        """Has it do something."""
        return await self.tell([what, port])


@asynccontextmanager
async def neighbour(task: Mapping[str, Any]) -> AsyncGenerator[Noise]:
    """Its clients, connected."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "loadtests.noise"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        noise = Noise(process)
        await noise.tell(task)
        await asyncio.sleep(SETTLE_SECONDS)
        yield noise
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
