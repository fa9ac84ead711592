"""Group commit: concurrent changes go to the disk together.

A portal has one writer at a time, everywhere: each transaction begins by locking the portal's
clock row. So an action may read, decide and write without further locks, positions come out in
commit order, and changes of one portal can neither deadlock nor lose an update. While one
transaction is at the disk, the next changes gather and share the following one, those of other
portals of the same database among them; a change that comes alone does not wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from storage import known, log, tracing
from storage.changes import Busy, Change, ClientIdReused, Key, Together, Tx, Unavailable, Unit
from storage.database import Database, Statements
from storage.dialect import deadlocked
from storage.log import Clock, Event
from storage.measure import SIZES, Histogram
from storage.queues import Queues
from storage.shards import Shards

T = TypeVar("T")
logger = structlog.get_logger(__name__)

# A change that meets a lost connection before its COMMIT was sent is simply run again.
ATTEMPTS = 3
# While one transaction is at the disk the next gathers; more at once would make each smaller.
AT_ONCE = 2
# Transactions of one database begin so far apart, the more so the more changes share them, but no
# further than `MOST_APART_SECONDS`: under load each costs about as much as ten of the changes in
# it. Whoever sends alone finds the last one to have been alone, too, and does not wait.
APART_SECONDS = 0.01
APART_FOR_EACH_SECONDS = 0.001
MOST_APART_SECONDS = 0.035
# So many are company enough: with more the price of a transaction hardly falls.
ENOUGH = 50


@dataclass(slots=True)
class CommitCounts:
    """What happened so far; times in seconds."""

    # Changes a transaction.
    sizes: Histogram = field(default_factory=lambda: Histogram(SIZES))
    # From the first statement to the last.
    transactions: Histogram = field(default_factory=Histogram)
    # From when a change was asked for until it was durable, or came to nothing.
    changes: Histogram = field(default_factory=Histogram)
    # Attempts that failed and were made again.
    retries: int = 0
    # Changes that came to nothing because the database was away.
    unavailable: int = 0


class Committer:
    """Runs changes. ``published`` is called after COMMIT with a portal and its new events."""

    def __init__(
        self,
        shards: Shards,
        published: Callable[[int, list[Event]], Awaitable[None]],
        batch: int = 100,
        waiting: int = 2000,
        apart_seconds: float = APART_SECONDS,
    ) -> None:
        self.shards = shards
        self.published = published
        self.batch = batch
        self.counts = CommitCounts()
        self._queues = Queues(waiting)
        self._workers: dict[Database, set[asyncio.Task[None]]] = {}
        # Who asked, where there are traces.
        self._asked_by: dict[Unit, tracing.Place] = {}
        self._apart = apart_seconds
        self._most_apart = max(apart_seconds, MOST_APART_SECONDS)
        self._enough = asyncio.Event()
        # When the next transaction with others in sight may begin, by the monotonic clock.
        self._next: dict[Database, float] = {}

    async def commit(
        self,
        portal_id: int,
        change: Change[T],
        key: Key | None = None,
        item: object = None,
        user_id: int = 0,
    ) -> T:
        """Runs a change and returns its answer once it is durable.

        ``item`` is what a `Together` gets for it, ``user_id`` whose it is: the changes of one user
        are made in their order. Raises what the change raises (then nothing of it is stored),
        Busy, or Unavailable.
        """
        database = await self.shards.home(portal_id)
        unit = Unit(portal_id, change, key, item, user_id)
        self._queues.add(database, unit)
        if (asker := tracing.here()) is not None:
            self._asked_by[unit] = asker
            unit.done.add_done_callback(lambda _: self._asked_by.pop(unit, None))
        if self._queues.length() >= ENOUGH:
            self._enough.set()
        workers = self._workers.setdefault(database, set())
        if len(workers) < AT_ONCE and self._queues.ready(database):
            workers.add(asyncio.create_task(self._work(database)))
        return await unit.done

    def waiting(self) -> int:
        """How many changes are in line."""
        return self._queues.length()

    async def drain(self) -> None:
        """Waits until every change that was accepted is finished."""
        while workers := [task for tasks in self._workers.values() for task in tasks]:
            await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self, database: Database) -> None:
        while units := await self._gather(database):
            try:
                await self._commit(database, units)
            finally:
                self._queues.done(database, units)
        # Nothing is awaited between the last look at the queues and this line.
        self._workers[database].discard(cast(asyncio.Task[None], asyncio.current_task()))

    async def _gather(self, database: Database) -> list[Unit]:
        """The next changes; a moment later when there is company."""
        now = time.monotonic()
        start = self._next.get(database, 0.0)
        if start > now and self._queues.ready(database) and self._queues.length() < ENOUGH:
            # Reserved, so that the other worker does not begin in the same moment.
            self._next[database] = start + self._most_apart
            self._enough.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(start - now):
                    await self._enough.wait()
        units = self._queues.take(database, self.batch, ENOUGH)
        if len(units) > 1:
            apart = self._apart + APART_FOR_EACH_SECONDS * len(units)
            self._next[database] = time.monotonic() + min(apart, self._most_apart)
        return units

    async def _commit(self, database: Database, units: list[Unit]) -> None:
        """Commits units together; where that fails for one's sake, each by itself."""
        try:
            transaction = await self._attempt(database, units)
        except Exception as error:
            if len(units) == 1 or isinstance(error, Unavailable):
                for unit in units:
                    unit.fail(error)
                self._settle(units)
                return
            for unit in units:
                unit.reset()
                await self._commit(database, [unit])
            return
        # Whoever waits goes on in the next turn of the loop: its answer and its own event, which
        # is delivered in this one, then leave together.
        self._settle(units)
        with tracing.within(transaction.place):
            for portal_id, events in transaction.written().items():
                await self._publish(portal_id, events)

    def _settle(self, units: Sequence[Unit]) -> None:
        now = time.monotonic()
        for unit in units:
            unit.settle()
            self.counts.changes.note(now - unit.asked_at)

    async def _publish(self, portal_id: int, events: list[Event]) -> None:
        # The changes are durable: followers find them even when this hint is lost.
        try:
            await self.published(portal_id, events)
        except Exception:
            logger.warning("publish_failed", portal=portal_id, exc_info=True)

    async def _attempt(self, database: Database, units: list[Unit]) -> _Transaction:
        askers = [self._asked_by.get(unit) for unit in units] if self._asked_by else ()
        for attempt in range(1, ATTEMPTS + 1):
            transaction = _Transaction(units)
            started = time.monotonic()
            try:
                with tracing.span("transaction", askers, changes=len(units)) as span:
                    transaction.place = span.place
                    async with database.write() as statements:
                        await transaction.run(statements)
                self.counts.sizes.note(len(units))
                self.counts.transactions.note(time.monotonic() - started)
                return transaction
            except (OperationalError, InterfaceError, OSError) as error:
                logger.warning("commit_failed", attempt=attempt, error=str(error))
                again = _lost(error) or deadlocked(error)
                if transaction.committing or attempt == ATTEMPTS or not again:
                    self.counts.unavailable += len(units)
                    raise Unavailable(str(error)) from error
                self.counts.retries += 1
                await asyncio.sleep(0.05 * attempt)
            for unit in units:
                unit.reset()
        raise AssertionError("unreachable")


class _Transaction:
    """One transaction of units of one or more portals of a database."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self.units = units
        self.clocks: dict[int, Clock] = {}
        self.txs: dict[int, Tx] = {}
        # True from the moment that COMMIT is sent: from then on the outcome may be unknown.
        self.committing = False
        # In the traces.
        self.place: tracing.Place = None

    def written(self) -> dict[int, list[Event]]:
        """The events of each portal that has any."""
        return {portal_id: tx.events for portal_id, tx in self.txs.items() if tx.events}

    async def run(self, statements: Statements) -> None:
        """Everything up to COMMIT."""
        firsts, twins = known.twins(self.units)
        # In ascending order, so that two such transactions cannot hold each other up for ever.
        portals = [(portal_id,) for portal_id in sorted({u.portal_id for u in self.units})]
        clocks, answered = await statements.rows_together(
            (log.CLOCKS, portals), (known.KNOWN, known.keys_of(firsts))
        )
        self.clocks = log.clocks_of(clocks)
        for portal_id, clock in self.clocks.items():
            self.txs[portal_id] = Tx(statements, portal_id, clock.last)
        fresh = known.unanswered(answered, [unit for unit in firsts if self._has_clock(unit)])
        for group in _groups(fresh):
            await self._run(statements, group)
        known.follow(twins)
        known.remember(statements, fresh, self.txs)
        written = [(p, self.clocks[p], events) for p, events in self.written().items()]
        log.append_many(statements, written)
        await statements.flush()
        self.committing = True

    def _has_clock(self, unit: Unit) -> bool:
        if unit.portal_id in self.clocks:
            return True
        unit.fail(LookupError(f"portal {unit.portal_id} has no clock"))
        return False

    async def _run(self, statements: Statements, group: list[Unit]) -> None:
        first = group[0]
        if first.together is not None:
            asked = [(self.txs[unit.portal_id], unit.item) for unit in group]
            for unit, answer in zip(group, await first.together.run(asked), strict=True):
                unit.take(answer)
        elif len(self.units) == 1:
            # Alone, a failure simply rolls the transaction back.
            first.answer = await first.alone(self.txs[first.portal_id])
        else:
            await self._run_beside(statements, first)

    async def _run_beside(self, statements: Statements, unit: Unit) -> None:
        """Runs one of several changes, so that its failure leaves the others alone."""
        tx = self.txs[unit.portal_id]
        before = len(tx.events)
        await statements.said("SAVEPOINT unit")
        try:
            unit.answer = await unit.alone(tx)
        except Exception as error:
            del tx.events[before:]
            statements.pending.clear()
            if _lost(error):
                raise
            unit.fail(error)
            await statements.said("ROLLBACK TO SAVEPOINT unit")
        await statements.said("RELEASE SAVEPOINT unit")


def _groups(units: Sequence[Unit]) -> list[list[Unit]]:
    """Puts what can be done together together, and keeps each user's changes in their order."""
    groups: list[list[Unit]] = []
    remaining = list(units)
    while remaining:
        first, later, held = remaining[0], list[Unit](), set[tuple[int, int]]()
        group = [first]
        for unit in remaining[1:]:
            who = (unit.portal_id, unit.user_id)
            alike = first.together is not None and unit.together is first.together
            if alike and who not in held:
                group.append(unit)
            else:
                later.append(unit)
                held.add(who)
        groups.append(group)
        remaining = later
    return groups


def _lost(error: Exception) -> bool:
    return isinstance(error, OSError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


__all__ = [
    "Busy", "Change", "ClientIdReused", "Committer", "Key", "Together", "Tx", "Unavailable",
]  # fmt: skip
