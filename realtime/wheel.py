"""One timer that asks every client whether it is still there, however many there are.

Time goes round in steps; a socket is asked once a round, at the step at which it came, and looked
at again when its time to answer is over.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

# Steps a round: enough that ten thousand pings, of 25 us each, take no more than a few
# milliseconds at a time, few enough that a step costs nothing.
STEPS = 100


class Pinged(Protocol):
    """A socket on the wheel."""

    slot: int

    @property
    def open(self) -> bool:
        """Whether the client may still be there."""
        ...

    @property
    def stale(self) -> bool:
        """Whether it did not become of use in time."""
        ...

    @property
    def answered(self) -> bool:
        """Whether anything came since it was asked."""
        ...

    def ping(self) -> None:
        """Asks."""
        ...

    def drop(self, reason: str) -> None:
        """Ends it now."""
        ...


class Wheel:
    """Asks once ``interval`` seconds, and waits ``timeout`` seconds for an answer."""

    def __init__(self, interval: float, timeout: float) -> None:
        self.interval = interval
        self.timeout = timeout
        self._slots: list[set[Pinged]] = [set() for _ in range(STEPS)]
        # How many steps after the question the answer must be there; one step more than asked.
        self._patience = min(int(timeout / interval * STEPS) + 1, STEPS - 1)
        self._now = 0
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return self._count

    def add(self, socket: Pinged) -> None:
        """Looks after a socket from now on."""
        socket.slot = self._now
        self._slots[self._now].add(socket)
        self._count += 1
        if self._timer is None:
            self._wait()

    def remove(self, socket: Pinged) -> None:
        """Does no more; one that is not here is fine."""
        slot = self._slots[socket.slot]
        if socket in slot:
            slot.discard(socket)
            self._count -= 1

    def stop(self) -> None:
        """Stands still."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self.interval / STEPS, self.turn)

    def turn(self) -> None:
        """One step: drops who did not answer, and asks who is next."""
        self._now = (self._now + 1) % STEPS
        for socket in list(self._slots[(self._now - self._patience) % STEPS]):
            if not (socket.answered and socket.open):
                socket.drop("ping timeout")
        for socket in list(self._slots[self._now]):
            if socket.stale:
                socket.drop("never connected")
            else:
                socket.ping()
        self._timer = None
        if self._count:
            self._wait()
