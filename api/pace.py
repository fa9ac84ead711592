"""How many requests of one user a second this node answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable


class Pace:
    """Counts each user's requests by the second; what is older is forgotten as a whole."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self.clock = clock
        self._second = 0
        self._counts: dict[Hashable, int] = {}

    def step(self, key: Hashable) -> float:
        """Counts one; 0 when it is allowed, else the seconds until the next is."""
        now = self.clock()
        if int(now) != self._second:
            self._second = int(now)
            self._counts.clear()
        count = self._counts.get(key, 0) + 1
        self._counts[key] = count
        return 0.0 if count <= self.most else 1.0 - now % 1.0
