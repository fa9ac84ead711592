"""Group commit: concurrent changes of one portal go to the disk together.

A portal has one writer at a time, everywhere: each transaction begins by locking the portal's
clock row. So an action may read, decide and write without further locks, positions come out in
commit order, and changes of one portal can neither deadlock nor lose an update. While one
transaction is at the disk, the next changes gather and share the following one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from storage import log
from storage.database import Statements, now_ms
from storage.log import Event
from storage.schema import commands
from storage.shards import Shards

T = TypeVar("T")
logger = structlog.get_logger(__name__)

# A change that meets a lost connection before its COMMIT was sent is simply run again.
ATTEMPTS = 3


class Busy(Exception):
    """Too many changes of this portal wait already."""


class Unavailable(Exception):
    """The database is away. Whether the change took effect is not known."""


class ClientIdReused(Exception):
    """A client_id came again with another command or other content."""


class Tx(Statements):
    """A portal's writing transaction, in which events are recorded."""

    def __init__(self, statements: Statements, portal_id: int, last: int) -> None:
        super().__init__(statements.connection)
        self.portal_id = portal_id
        self.now = now_ms()
        self.events: list[Event] = []
        self._last = last

    @property
    def position(self) -> int:
        """The position of the last event so far."""
        return self._last + len(self.events)

    def record(self, type_: str, audience: str, body: str) -> int:
        """Notes an event (``body`` is an encoded JSON object); returns its position."""
        self.events.append(Event(self.position + 1, type_, audience, body, self.now))
        return self.position


@dataclass(frozen=True, slots=True)
class Key:
    """Makes a change happen once: the client's own id for it, and what it asked for.

    ``encode`` and ``decode`` turn the answer into JSON text and back.
    """

    user_id: int
    client_id: str
    command: str
    fingerprint: str
    encode: Callable[[Any], str]
    decode: Callable[[str], Any]


@dataclass(slots=True)
class _Unit:
    change: Callable[[Tx], Awaitable[Any]]
    key: Key | None
    done: asyncio.Future[Any]
    answer: Any = None
    error: Exception | None = None


@dataclass(slots=True)
class _Queue:
    units: deque[_Unit] = field(default_factory=deque[_Unit])
    worker: asyncio.Task[None] | None = None


class Committer:
    """Runs changes. ``published`` is called after COMMIT with the portal and its new events."""

    def __init__(
        self,
        shards: Shards,
        published: Callable[[int, list[Event]], Awaitable[None]],
        batch: int = 100,
        waiting: int = 2000,
    ) -> None:
        self.shards = shards
        self.published = published
        self.batch = batch
        self.waiting = waiting
        self._queues: dict[int, _Queue] = {}

    async def commit(
        self, portal_id: int, change: Callable[[Tx], Awaitable[T]], key: Key | None = None
    ) -> T:
        """Runs a change and returns its answer once it is durable.

        Raises what the change raises (then nothing of it is stored), Busy, or Unavailable.
        """
        queue = self._queues.setdefault(portal_id, _Queue())
        if len(queue.units) >= self.waiting:
            raise Busy(portal_id)
        unit = _Unit(change, key, asyncio.get_running_loop().create_future())
        queue.units.append(unit)
        if queue.worker is None:
            queue.worker = asyncio.create_task(self._work(portal_id, queue))
        return await unit.done

    async def drain(self) -> None:
        """Waits until every change that was accepted is finished."""
        workers = [queue.worker for queue in self._queues.values() if queue.worker]
        await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self, portal_id: int, queue: _Queue) -> None:
        while queue.units:
            count = min(self.batch, len(queue.units))
            units = [queue.units.popleft() for _ in range(count)]
            try:
                events = await self._attempt(portal_id, units)
                if events:
                    await self._publish(portal_id, events)
            except Exception as error:
                for unit in units:
                    unit.error = unit.error or error
            for unit in units:
                _settle(unit)
        # Nothing is awaited between the last look at the queue and this line.
        del self._queues[portal_id]

    async def _publish(self, portal_id: int, events: list[Event]) -> None:
        # The changes are durable: followers find them even when this hint is lost.
        try:
            await self.published(portal_id, events)
        except Exception:
            logger.warning("publish_failed", portal=portal_id, exc_info=True)

    async def _attempt(self, portal_id: int, units: list[_Unit]) -> list[Event]:
        for attempt in range(1, ATTEMPTS + 1):
            stage = _Stage()
            try:
                return await self._transaction(portal_id, units, stage)
            except (OperationalError, InterfaceError, OSError) as error:
                logger.warning("commit_failed", portal=portal_id, attempt=attempt, error=str(error))
                if stage.committing or attempt == ATTEMPTS or not _lost(error):
                    raise Unavailable(str(error)) from error
                await asyncio.sleep(0.05 * attempt)
        raise AssertionError("unreachable")

    async def _transaction(self, portal_id: int, units: list[_Unit], stage: _Stage) -> list[Event]:
        database = await self.shards.home(portal_id)
        async with database.write() as statements:
            clock = await log.lock(statements, portal_id)
            tx = Tx(statements, portal_id, clock.last)
            if len(units) == 1:
                # Alone, a failure simply rolls the transaction back.
                units[0].answer = await _run(tx, units[0])
            else:
                for unit in units:
                    await _run_beside(tx, unit)
            if tx.events:
                await log.append(statements, portal_id, tx.events)
            stage.committing = True
        return tx.events


@dataclass(slots=True)
class _Stage:
    # True from the moment that COMMIT is sent: from then on the outcome may be unknown.
    committing: bool = False


def _lost(error: Exception) -> bool:
    return isinstance(error, OSError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


async def _run_beside(tx: Tx, unit: _Unit) -> None:
    """Runs one of several changes, so that its failure leaves the others alone."""
    before = len(tx.events)
    unit.error = None
    try:
        async with tx.connection.begin_nested():
            unit.answer = await _run(tx, unit)
    except (DBAPIError, OSError) as error:
        del tx.events[before:]
        if _lost(error):
            raise
        unit.error = error
    except Exception as error:
        del tx.events[before:]
        unit.error = error


async def _run(tx: Tx, unit: _Unit) -> Any:
    key = unit.key
    if key is None:
        return await unit.change(tx)
    known = await tx.first(
        select(commands.c.command, commands.c.fingerprint, commands.c.answer).where(
            commands.c.portal_id == tx.portal_id,
            commands.c.user_id == key.user_id,
            commands.c.client_id == key.client_id,
        )
    )
    if known is not None:
        if (known.command, known.fingerprint) != (key.command, key.fingerprint):
            raise ClientIdReused(key.client_id)
        return key.decode(known.answer)
    answer = await unit.change(tx)
    await tx.connection.execute(
        insert(commands).values(
            portal_id=tx.portal_id,
            user_id=key.user_id,
            client_id=key.client_id,
            command=key.command,
            fingerprint=key.fingerprint,
            answer=key.encode(answer),
            at=tx.now,
        )
    )
    return answer


def _settle(unit: _Unit) -> None:
    if unit.done.cancelled():
        return
    if unit.error is not None:
        unit.done.set_exception(unit.error)
    else:
        unit.done.set_result(unit.answer)
