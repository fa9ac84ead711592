"""The newest events of a portal on this node, with their packets: made once, for whoever asks.

A thousand clients that come back from the same place get the same packets, and nobody reads the
log for them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from realtime import frames
from realtime.packet import Packet
from storage.log import Event


@dataclass(frozen=True, slots=True)
class Told:
    """An event, and what goes to clients."""

    event: Event
    packet: Packet

    @classmethod
    def of(cls, event: Event) -> Told:
        """Encodes an event."""
        return cls(event, frames.event(event))


@dataclass(slots=True)
class Budget:
    """How many bytes the portals of a node may keep together."""

    most: int
    used: int = 0

    @property
    def spent(self) -> bool:
        """Whether someone has to forget."""
        return self.used > self.most


class Recent:
    """Every event after ``start``, up to where the portal stands."""

    def __init__(self, start: int, most: int, budget: Budget) -> None:
        self.start = start
        self._most = most
        self._budget = budget
        self._told: list[Told] = []
        self._positions: list[int] = []

    def begin(self, position: int) -> None:
        """Keeps what comes after a position, and nothing from before."""
        self.clear()
        self.start = position

    def add(self, events: Sequence[Event]) -> list[Told]:
        """Takes the next events; returns them with their packets."""
        told = [Told.of(event) for event in events]
        self._told += told
        self._positions += [event.position for event in events]
        self._budget.used += sum(_bytes(one) for one in told)
        # Half at a time, so that it is seldom.
        while len(self._told) > self._most or (self._budget.spent and self._told):
            self._forget(max(1, len(self._told) // 2))
        return told

    def after(self, position: int) -> list[Told] | None:
        """The events after a position; None when it lies before what is kept."""
        if position < self.start:
            return None
        return self._told[bisect_right(self._positions, position) :]

    def clear(self) -> None:
        """Keeps nothing any more."""
        self._forget(len(self._told))

    def _forget(self, count: int) -> None:
        if not count:
            return
        self._budget.used -= sum(_bytes(one) for one in self._told[:count])
        self.start = self._positions[count - 1]
        del self._told[:count]
        del self._positions[:count]


def _bytes(told: Told) -> int:
    # The body stands in the event, in the frame and in what the frame is deflated from or to; the
    # rest is objects around them.
    return 3 * len(told.packet.frames) + 500
