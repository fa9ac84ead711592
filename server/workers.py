"""Several processes that serve one address of one machine, and the parent that keeps them.

The parent owns the sockets. A worker that is replaced, or that died, leaves its socket to the next
one: whoever connects meanwhile waits a moment instead of being refused.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from realtime.tasks import stop
from server.failures import CannotShare
from server.listening import listen_together
from server.settings import Settings

logger = structlog.get_logger(__name__)

# Starting takes a second; a worker that is not ready after so long will never be.
READY_SECONDS = 60.0
# Between the starts of a worker that dies again and again.
MOST_PAUSE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Inheritance:
    """What a worker has from its parent: numbers of open files."""

    number: int
    sockets: Sequence[int]
    # The last socket is for metrics.
    watched: bool
    # Can be read when the parent is gone.
    lifeline: int
    # Is to be written to when the worker listens.
    ready: int

    def __str__(self) -> str:
        sockets = ",".join(map(str, self.sockets))
        return f"{self.number}/{sockets}/{int(self.watched)}/{self.lifeline}/{self.ready}"

    @classmethod
    def parse(cls, text: str) -> Inheritance:
        """Reads what a parent wrote."""
        number, sockets, watched, lifeline, ready = text.split("/")
        numbers = [int(one) for one in sockets.split(",")]
        return cls(int(number), numbers, watched == "1", int(lifeline), int(ready))

    def open_sockets(self) -> tuple[list[socket.socket], socket.socket | None]:
        """The sockets to listen on, and the one for metrics."""
        found = [socket.socket(fileno=number) for number in self.sockets]
        return (found[:-1], found[-1]) if self.watched else (found, None)

    def tell_ready(self) -> None:
        """The worker listens."""
        os.write(self.ready, b"1")
        os.close(self.ready)


@dataclass(slots=True)
class Slot:
    """One worker's place: the sockets that it listens on, whoever it is at the time."""

    number: int
    sockets: Sequence[socket.socket]
    # Whether the last of them is for metrics.
    watched: bool = False
    worker: asyncio.subprocess.Process | None = None
    keeper: asyncio.Task[None] | None = None
    # The worker that was replaced and is letting its clients go.
    leaving: list[asyncio.Task[int]] = field(default_factory=list["asyncio.Task[int]"])


def require_sharing(settings: Settings) -> None:
    """Raises CannotShare: several processes meet in Redis and in a database server."""
    missing = [
        name
        for name, there in (("redis", settings.redis), ("database", settings.database))
        if not there
    ]
    if missing:
        raise CannotShare(
            f"several workers need {' and '.join(missing)} (docs/operators.md, Several nodes).\n"
            "  Set them, or serve with one worker."
        )


def open_slots(settings: Settings, count: int) -> list[Slot]:
    """The sockets of all workers; raises CannotListen.

    Without a proxy the address of a client decides which worker it gets. A proxy's clients all
    come from one address: behind it any worker may get a connection, and each worker also listens
    on a port of its own (the next ones after the common port), for what must meet it again.
    """
    proxied = bool(settings.trusted_proxies)
    common = listen_together(settings.host, settings.port, count, by_sender=not proxied)
    slots: list[Slot] = []
    for number, shared in enumerate(common):
        own: list[socket.socket] = []
        if proxied:
            port = shared.getsockname()[1] + 1 + number
            own = listen_together(settings.host, port, 1, by_sender=False)
        watched: list[socket.socket] = []
        if settings.metrics_address:
            host, port = settings.metrics_address
            watched = listen_together(host, port + number, 1, by_sender=False)
        slots.append(Slot(number, [shared, *own, *watched], bool(watched)))
    return slots


class Workers:
    """Keeps a worker in each slot until it is told to stop."""

    def __init__(self, slots: Sequence[Slot], tell_ready: Callable[[], None]) -> None:
        self.slots = slots
        self._tell_ready = tell_ready
        # Workers hold the other end: when the parent is gone, however it went, they leave.
        self._lifeline, self._held = os.pipe()
        self._stopping = asyncio.Event()
        self._renewing: asyncio.Task[None] | None = None

    async def run(self) -> int:
        """Serves until SIGTERM or Ctrl-C; SIGHUP replaces the workers one by one.

        Returns the exit code: not 0 when a worker cannot be started at all.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self._renew)
        started = await asyncio.gather(*(self._launch(slot) for slot in self.slots))
        if not all(started) and not self._stopping.is_set():
            logger.error("workers_not_started")
            self._stop()
            await self._ended()
            return 1
        self._tell_ready()
        logger.info("workers_ready", workers=len(self.slots))
        await self._stopping.wait()
        await self._ended()
        return 0

    def _stop(self) -> None:
        """Called again, it hurries the workers."""
        self._stopping.set()
        for slot in self.slots:
            # While anybody holds them open, the kernel lets clients in.
            for one in slot.sockets:
                one.close()
            _tell(slot.worker, signal.SIGTERM)

    def _renew(self) -> None:
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._replace_all())

    async def _ended(self) -> None:
        if self._renewing is not None:
            await stop([self._renewing])
        await stop([slot.keeper for slot in self.slots if slot.keeper is not None])
        for slot in self.slots:
            if slot.worker is not None:
                await slot.worker.wait()
            await asyncio.gather(*slot.leaving)

    # --- One worker ---------------------------------------------------------------------------

    async def _launch(self, slot: Slot) -> bool:
        """Starts a worker; it is the slot's once it is ready. False when it ended instead."""
        ready, tell_ready = os.pipe()
        process = await self._spawn(slot, tell_ready)
        os.close(tell_ready)
        try:
            well = await asyncio.wait_for(_read(ready), READY_SECONDS)
        except TimeoutError:
            well = False
        finally:
            os.close(ready)
        if not well:
            _tell(process, signal.SIGKILL)
            await process.wait()
            return False
        slot.worker = process
        slot.keeper = asyncio.create_task(self._keep(slot, process))
        if self._stopping.is_set():
            _tell(process, signal.SIGTERM)
        return True

    async def _spawn(self, slot: Slot, tell_ready: int) -> asyncio.subprocess.Process:
        numbers = [one.fileno() for one in slot.sockets]
        inherited = Inheritance(slot.number, numbers, slot.watched, self._lifeline, tell_ready)
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "server.cli", "serve", "--as-worker", str(inherited)),
            pass_fds=(*numbers, self._lifeline, tell_ready),
            # Ctrl-C is for the parent, which tells the workers once.
            start_new_session=True,
        )

    async def _keep(self, slot: Slot, process: asyncio.subprocess.Process) -> None:
        """Starts another worker when this one dies."""
        begun = time.monotonic()
        code = await process.wait()
        if self._stopping.is_set() or slot.worker is not process:
            return
        logger.error("worker_died", worker=slot.number, pid=process.pid, code=code)
        pause = 0.0 if time.monotonic() - begun > MOST_PAUSE_SECONDS else 1.0
        while not self._stopping.is_set():
            await asyncio.sleep(pause)
            if await self._launch(slot):
                return
            pause = min(MOST_PAUSE_SECONDS, max(1.0, pause * 2))

    async def _replace_all(self) -> None:
        """A new worker for each slot; the old one leaves once the new one listens."""
        logger.info("workers_renewing")
        for slot in self.slots:
            old = slot.worker
            if not await self._launch(slot):
                logger.error("worker_not_replaced", worker=slot.number)
                return
            if old is not None:
                _tell(old, signal.SIGTERM)
                leaving = asyncio.create_task(old.wait())
                slot.leaving.append(leaving)
                leaving.add_done_callback(slot.leaving.remove)
                await asyncio.shield(leaving)
        logger.info("workers_renewed")


def _tell(process: asyncio.subprocess.Process | None, number: signal.Signals) -> None:
    if process is not None and process.returncode is None:
        process.send_signal(number)


async def _read(pipe: int) -> bytes:
    """What stands in a pipe; empty when nobody can write to it any more."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(pipe, readable.set)
    try:
        await readable.wait()
        return os.read(pipe, 1)
    finally:
        loop.remove_reader(pipe)
