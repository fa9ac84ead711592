"""Follows a portal's log: hands each event on once, in order, and finds what the bus lost.

The decisions are those of `realtime.order`; here is the reading.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from realtime.log_reader import PAGE, LogReader
from realtime.order import HoleInLog, LogOrder
from realtime.tasks import stop
from storage.log import Event

logger = structlog.get_logger(__name__)

# Two nodes' hints may overtake each other by a moment; that is no reason to read the log.
OVERTAKING_SECONDS = 0.03
FIRST_RETRY_SECONDS = 0.1
MOST_RETRY_SECONDS = 1.0


class FollowerLost(Exception):
    """The log lost events, so this follower will never get there."""


class Follower:
    """Follows one portal from a position on.

    ``hand_on`` gets the events; it must not await, so that whoever reads ``position`` between two
    awaits knows what was handed on. ``lost`` is called when the log itself has lost events.
    """

    def __init__(
        self,
        portal_id: int,
        position: int,
        reader: LogReader,
        hand_on: Callable[[list[Event]], None],
        lost: Callable[[], None],
    ) -> None:
        self.portal_id = portal_id
        self.reads = 0
        self._order = LogOrder(position)
        self._reader = reader
        self._hand_on = hand_on
        self._lost = lost
        self._catching_up: asyncio.Task[None] | None = None
        self._moved = asyncio.Event()
        self._gone = False

    @property
    def position(self) -> int:
        """The last position handed on."""
        return self._order.position

    @property
    def head(self) -> int:
        """The highest position known to exist."""
        return self._order.head

    def hint(self, events: list[Event]) -> None:
        """Takes what the bus, or a commit on this node, says is new."""
        self._pass(self._order.hinted(events))
        self._look()

    def saw(self, head: int) -> None:
        """The log was seen to reach up to ``head``."""
        self._order.saw(head)
        self._look()

    async def reach(self, position: int) -> None:
        """Waits until everything up to a position was handed on."""
        self.saw(position)
        while self.position < position:
            if self._gone:
                raise FollowerLost(self.portal_id)
            await self._moved.wait()

    async def close(self) -> None:
        """Stops."""
        task, self._catching_up = self._catching_up, None
        if task is not None:
            await stop([task])

    def _pass(self, events: list[Event]) -> None:
        if events:
            self._hand_on(events)
            # Wakes those who wait now, and makes the next ones wait for the next move.
            self._moved.set()
            self._moved = asyncio.Event()

    def _look(self) -> None:
        if self._order.behind and self._catching_up is None:
            self._catching_up = asyncio.create_task(self._catch_up())

    async def _catch_up(self) -> None:
        delay = FIRST_RETRY_SECONDS
        await asyncio.sleep(OVERTAKING_SECONDS)
        while self._order.behind:
            try:
                await self._read_page()
                delay = FIRST_RETRY_SECONDS
            except HoleInLog:
                logger.error("log_has_a_hole", portal=self.portal_id, position=self.position)
                self._gone = True
                self._moved.set()
                self._lost()
                return
            except Exception as error:
                # The database is away, or worse: nobody else would follow this portal.
                logger.warning("catch_up_failed", portal=self.portal_id, error=repr(error))
                await asyncio.sleep(delay)
                delay = min(delay * 2, MOST_RETRY_SECONDS)
        # Nothing is awaited between the last look and this line.
        self._catching_up = None

    async def _read_page(self) -> None:
        self.reads += 1
        head = self._order.head
        rows = await self._reader.after(self.portal_id, self.position)
        self._pass(self._order.read(rows, head if len(rows) < PAGE else None))
