"""Counts attempts: on this node, or over all nodes in Redis."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import structlog

from realtime.redis_client import OUTAGES, connect

logger = structlog.get_logger(__name__)

# Keys of the memory limiter are swept when this many have come since the last time.
SWEEP_EVERY = 10_000
# After a failure Redis is left alone for so long: log-ins must not wait for it one by one.
REDIS_REST_SECONDS = 1.0


class MemoryLimiter:
    """Counts in this process, by a window that slides."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        # The times of the attempts that were allowed, and when the last of them is forgotten.
        self._attempts: dict[str, deque[float]] = {}
        self._until: dict[str, float] = {}
        self._since_sweep = 0

    async def hit(self, key: str, limit: int, seconds: float) -> float:
        """Counts one attempt; 0 when it is allowed, else the seconds until one is again."""
        now = self.clock()
        self._sweep_sometimes(now)
        attempts = self._attempts.setdefault(key, deque())
        while attempts and attempts[0] <= now - seconds:
            attempts.popleft()
        if len(attempts) >= limit:
            return max(attempts[0] + seconds - now, 0.001)
        attempts.append(now)
        self._until[key] = now + seconds
        return 0.0

    async def clear(self, key: str) -> None:
        """Forgets the attempts of a key."""
        self._attempts.pop(key, None)
        self._until.pop(key, None)

    def __len__(self) -> int:
        return len(self._attempts)

    def _sweep_sometimes(self, now: float) -> None:
        self._since_sweep += 1
        if self._since_sweep < SWEEP_EVERY:
            return
        self._since_sweep = 0
        for key in [key for key, until in self._until.items() if until <= now]:
            del self._until[key], self._attempts[key]


# The same window, on Redis' own clock. Times in milliseconds; members only need to differ.
_HIT = """
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
local window = tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ms - window)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then
  local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  return math.max(tonumber(first[2]) + window - ms, 1)
end
redis.call('ZADD', KEYS[1], ms, now[1] .. '.' .. now[2] .. '.' .. redis.call('ZCARD', KEYS[1]))
redis.call('PEXPIRE', KEYS[1], window)
return 0
"""


class RedisLimiter:
    """Counts over all nodes; alone, while Redis is away."""

    def __init__(self, url: str, prefix: str = "talkoo") -> None:
        self.prefix = prefix
        self.alone = MemoryLimiter()
        self._redis: Any = connect(url)
        self._resting_until = 0.0

    async def hit(self, key: str, limit: int, seconds: float) -> float:
        """Counts one attempt; 0 when it is allowed, else the seconds until one is again."""
        if time.monotonic() >= self._resting_until:
            try:
                window = math.ceil(seconds * 1000)
                # Not by its digest: a master of a cluster may have just become one.
                wait = await self._redis.eval(_HIT, 1, self._key(key), limit, window)
                return int(wait) / 1000
            except OUTAGES as error:
                self._rest(error)
        return await self.alone.hit(key, limit, seconds)

    async def clear(self, key: str) -> None:
        """Forgets the attempts of a key."""
        await self.alone.clear(key)
        try:
            await self._redis.delete(self._key(key))
        except OUTAGES as error:
            self._rest(error)

    async def close(self) -> None:
        """Gives the connections back."""
        await self._redis.aclose()

    def _rest(self, error: Exception) -> None:
        self._resting_until = time.monotonic() + REDIS_REST_SECONDS
        logger.warning("limiter_alone", error=str(error))

    def _key(self, key: str) -> str:
        return f"{self.prefix}:limit:{key}"
