"""How many commands one user may send: a bucket that fills again by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable


class TokenBuckets:
    """One bucket a key: ``rate`` tokens a second, at most ``rate`` of them saved up."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self.clock = clock
        # Those that were taken from since the last sweep, and those from before.
        self._buckets: dict[Hashable, tuple[float, float]] = {}
        self._older: dict[Hashable, tuple[float, float]] = {}
        self._swept = clock()

    def take(self, key: Hashable) -> float:
        """Takes a token; 0 when there was one, else the seconds until there is."""
        now = self.clock()
        tokens, at = self._buckets.get(key) or self._older.pop(key, (self.rate, now))
        tokens = min(self.rate, tokens + (now - at) * self.rate)
        if tokens < 1:
            self._buckets[key] = (tokens, now)
            return (1 - tokens) / self.rate
        self._buckets[key] = (tokens - 1, now)
        return 0.0

    def sweep(self) -> None:
        """Drops all buckets that must be full again, without a look at any: an empty one takes a
        second, so those from before the last sweep are, when that was longer ago."""
        now = self.clock()
        if now - self._swept >= 1:
            self._buckets, self._older, self._swept = {}, self._buckets, now

    def __len__(self) -> int:
        return len(self._buckets) + len(self._older)
