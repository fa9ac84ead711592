"""Looks that many ask for at the same moment, done together: one set of queries for all of them.

When a node dies, thousands come back within seconds, and each asks who they are and what they may
see. One who asks alone does not wait for company.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

# Keys in one query, and queries at once; who comes meanwhile goes with the next.
MOST = 64
AT_ONCE = 2


class Gather(Generic[K, V]):
    """Loads values by key. ``load`` gets several keys, and leaves out those without a value."""

    def __init__(self, load: Callable[[list[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._load = load
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._loads: set[asyncio.Task[None]] = set()

    async def get(self, key: K) -> V | None:
        """The value of a key; raises what loading raises."""
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = asyncio.get_running_loop().create_future()
            if len(self._loads) < AT_ONCE:
                self._loads.add(asyncio.create_task(self._work()))
        # Several may wait for it, and any of them may be cancelled.
        return await asyncio.shield(waiting)

    async def _work(self) -> None:
        while self._waiting:
            keys = list(self._waiting)[:MOST]
            asked = {key: self._waiting.pop(key) for key in keys}
            try:
                found = await self._load(keys)
            except Exception as error:
                for future in asked.values():
                    future.set_exception(error)
                    # Whoever asked may be gone: then nobody looks at it.
                    future.exception()
            else:
                for key, future in asked.items():
                    future.set_result(found.get(key))
        # Nothing is awaited between the last look and this line.
        current = asyncio.current_task()
        self._loads = {load for load in self._loads if load is not current}
