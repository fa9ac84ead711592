"""What is due to each connection in one turn of the loop, in one write each.

uvloop makes one system call a write, and the system call is most of what a delivery costs. So the
writes of one turn are kept until its end: an ack and the event that it caused, or the hundred
events of a busy moment, leave together.
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from storage.measure import Histogram


class Flushed(Protocol):
    """A socket that has something to write."""

    def flush(self) -> None:
        """Writes it."""
        ...


class Outbox:
    """The sockets of a node that have something to write at the end of this turn."""

    def __init__(self) -> None:
        # From the commit of events until they were written to the last of those who get them
        # here, in seconds; by the wall clocks of the node that committed and of this one.
        self.delays = Histogram()
        self._sockets: list[Flushed] = []
        self._committed: list[int] = []

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
        """Flushes them all."""
        sockets, self._sockets = self._sockets, []
        for socket in sockets:
            socket.flush()
        if self._committed:
            committed, self._committed = self._committed, []
            now = time.time()
            for at in committed:
                self.delays.note(now - at / 1000)
