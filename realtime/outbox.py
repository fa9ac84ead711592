"""What is due to each connection in one turn of the loop, in one write each.

A write is one system call, and the system call is most of what a delivery costs. So the writes of
one turn are kept until its end: an ack and the event that it caused, or the hundred events of a
busy moment, leave together; and to many sockets they leave in one call (`realtime.ring`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from operator import attrgetter
from typing import Protocol

from realtime.ring import open_ring
from storage.measure import Histogram

# From so many on, going through them in the order in which they were made saves more than putting
# them into that order costs: the kernel's part of a write then takes 4.3 us instead of 5.9, since
# sockets of one age lie close to each other in memory.
MANY = 64
_AGE = attrgetter("number")


class Flushed(Protocol):
    """A socket that has something to write."""

    # Ascends with each socket.
    number: int
    # Of the open socket; below zero when it is not to be written to past its transport.
    descriptor: int
    # True when the transport has something to write first.
    paused: bool

    def due(self) -> bytes:
        """Takes what is to be written; nothing when the socket is closed."""
        ...

    def write(self, data: bytes) -> None:
        """Writes by the transport, which keeps what the kernel does not take."""
        ...


class Outbox:
    """The sockets of a node that have something to write at the end of this turn."""

    def __init__(self) -> None:
        # From the commit of events until they were written to the last of those who get them
        # here, in seconds; by the wall clocks of the node that committed and of this one.
        self.delays = Histogram()
        self._sockets: list[Flushed] = []
        self._committed: list[int] = []
        self._ring = open_ring()

    def close(self) -> None:
        """Gives the kernel back what it lent."""
        if self._ring is not None:
            self._ring.close()
            self._ring = None

    def add(self, socket: Flushed) -> None:
        """Will flush the socket; it is added once a turn."""
        if not self._sockets:
            asyncio.get_running_loop().call_soon(self.flush)
        self._sockets.append(socket)

    def carries(self, at: int) -> None:
        """Events that were committed ``at`` a time (in ms) are among what will be written."""
        if self._sockets:
            self._committed.append(at)

    def flush(self) -> None:
        """Writes everything."""
        sockets, self._sockets = self._sockets, []
        if len(sockets) >= MANY:
            sockets.sort(key=_AGE)
            self._write_together(sockets)
        else:
            for socket in sockets:
                if data := socket.due():
                    socket.write(data)
        if self._committed:
            committed, self._committed = self._committed, []
            now = time.time()
            for at in committed:
                self.delays.note(now - at / 1000)

    def _write_together(self, sockets: Sequence[Flushed]) -> None:
        ready: list[Flushed] = []
        frames: list[bytes] = []
        for socket in sockets:
            if data := socket.due():
                if self._ring is None or socket.paused or socket.descriptor < 0:
                    socket.write(data)
                else:
                    ready.append(socket)
                    frames.append(data)
        if self._ring is None:
            return
        taken = self._ring.send([socket.descriptor for socket in ready], frames)
        if taken is not None:
            for socket, data, size in zip(ready, frames, taken, strict=True):
                if size < len(data):
                    # What the kernel did not take waits in the transport, which also finds out
                    # what is wrong with a broken socket.
                    socket.write(data[max(size, 0) :])
