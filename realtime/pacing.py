"""Work that comes in crowds, a little at a time, so that everybody else has their turn between.

When a node dies its clients knock within a second. Their handshakes, and what it takes to bring
them live, would hold up the messages of those who are here already.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import structlog

logger = structlog.get_logger(__name__)

# Longer than a handshake, shorter than anybody notices.
SLICE_SECONDS = 0.004


class Pacer:
    """Calls functions in their order, for a moment in each turn of the loop.

    With a rest the next moment comes only after it. With ``moments`` a moment takes no more than
    its share of what waits, so that a heap is spread over so many of them.
    """

    def __init__(
        self,
        slice_seconds: float = SLICE_SECONDS,
        rest_seconds: float = 0.0,
        most: int = 0,
        moments: int = 1,
    ) -> None:
        self._slice = slice_seconds
        self._rest = rest_seconds
        self._moments = moments
        # So many wait, and the next makes the oldest one's turn come at once; 0: any number.
        self._most = most
        self._waiting: deque[Callable[[], None]] = deque()
        self._running = False

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, work: Callable[[], None]) -> None:
        """Will call it, when those before it are done."""
        self._waiting.append(work)
        if self._most and len(self._waiting) > self._most:
            self._next()
        if not self._running:
            self._running = True
            asyncio.get_running_loop().call_soon(self._run)

    def _next(self) -> None:
        try:
            self._waiting.popleft()()
        except Exception:
            logger.exception("paced_work_failed")

    def _run(self) -> None:
        until = time.perf_counter() + self._slice
        for _ in range(-(-len(self._waiting) // self._moments)):
            self._next()
            if not self._waiting or time.perf_counter() > until:
                break
        self._running = bool(self._waiting)
        if not self._running:
            return
        loop = asyncio.get_running_loop()
        if self._rest:
            loop.call_later(self._rest, self._run)
        else:
            # `call_later(0)` would skip a turn of asyncio's own loop.
            loop.call_soon(self._run)


class Crowded(Exception):
    """Too many wait already."""


class Gate:
    """Lets so many in at once; the others wait, and not too many of them."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._turn = asyncio.Semaphore(at_once)
        self._most = waiting
        self.waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """One's turn; raises Crowded."""
        if self.waiting >= self._most:
            raise Crowded
        self.waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self.waiting -= 1
        try:
            yield
        finally:
            self._turn.release()
