"""Remembers for a moment what was just done, so that it is not done again."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable


class Recent:
    """Things done within the last ``seconds``, ``most`` of them at a time.

    When there are more, the oldest is forgotten: the worst that follows is one signal too many.
    """

    def __init__(
        self, seconds: float, most: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.seconds = seconds
        self.most = most
        self.clock = clock
        # In the order of their times, because a key is only noted when it is not there.
        self._times: dict[Hashable, float] = {}

    def __contains__(self, key: Hashable) -> bool:
        at = self._times.get(key)
        return at is not None and at > self.clock() - self.seconds

    def note(self, key: Hashable) -> None:
        """It is done now."""
        now = self.clock()
        self._times.pop(key, None)
        self._times[key] = now
        while self._times:
            oldest = next(iter(self._times))
            if len(self._times) <= self.most and self._times[oldest] > now - self.seconds:
                return
            del self._times[oldest]
