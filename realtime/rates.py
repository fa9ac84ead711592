"""How many commands one user may send: a bucket that fills again by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable


class TokenBuckets:
    """One bucket a key: ``rate`` tokens a second, at most ``rate`` of them saved up."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self.clock = clock
        self._buckets: dict[Hashable, tuple[float, float]] = {}

    def take(self, key: Hashable) -> float:
        """Takes a token; 0 when there was one, else the seconds until there is."""
        now = self.clock()
        tokens, at = self._buckets.get(key, (self.rate, now))
        tokens = min(self.rate, tokens + (now - at) * self.rate)
        if tokens < 1:
            self._buckets[key] = (tokens, now)
            return (1 - tokens) / self.rate
        self._buckets[key] = (tokens - 1, now)
        return 0.0

    def forget(self, key: Hashable) -> None:
        """Drops the bucket of someone who left, unless it is still filling."""
        bucket = self._buckets.get(key)
        if bucket is not None and bucket[0] + (self.clock() - bucket[1]) * self.rate >= self.rate:
            del self._buckets[key]

    def sweep(self) -> None:
        """Drops all buckets that are full again."""
        for key in list(self._buckets):
            self.forget(key)

    def __len__(self) -> int:
        return len(self._buckets)
