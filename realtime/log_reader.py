"""Reads the log for followers and for clients that come back, a page at a time, fairly.

Few reads run at once and the others queue in order, so that a portal with much to catch up on
takes its turn page by page like everybody else.
"""

from __future__ import annotations

import asyncio

from storage import log
from storage.log import Clock, Event
from storage.shards import Shards

# Large enough that catching up is few queries, small enough that a page is read in milliseconds.
PAGE = 500
AT_ONCE = 4


class LogReader:
    """Reads the logs of a node's portals."""

    def __init__(self, shards: Shards, at_once: int = AT_ONCE) -> None:
        self.shards = shards
        self._turn = asyncio.Semaphore(at_once)

    async def after(self, portal_id: int, position: int) -> list[Event]:
        """The next page after a position; a short one is the last."""
        async with self._turn:
            database = await self.shards.home(portal_id)
            async with database.read() as statements:
                return await log.read_after(statements, portal_id, position, PAGE)

    async def clock(self, portal_id: int) -> Clock:
        """Where the log stands."""
        database = await self.shards.home(portal_id)
        async with database.read() as statements:
            return await log.clock(statements, portal_id)

    async def heads(self, portal_ids: list[int]) -> dict[int, int]:
        """Where many logs end: one query a shard."""
        heads: dict[int, int] = {}
        for shard, ids in (await self.shards.by_shard(portal_ids)).items():
            async with self.shards.databases[shard].read() as statements:
                heads |= await log.heads(statements, ids)
        return heads
