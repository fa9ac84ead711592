"""What is due to each connection in one turn of the loop, in one write each.

uvloop makes one system call a write, and the system call is most of what a delivery costs. So the
writes of one turn are kept until its end: an ack and the event that it caused, or the hundred
events of a busy moment, leave together.
"""

from __future__ import annotations

import asyncio
from typing import Protocol


class Flushed(Protocol):
    """A socket that has something to write."""

    def flush(self) -> None:
        """Writes it."""
        ...


class Outbox:
    """The sockets of a node that have something to write at the end of this turn."""

    def __init__(self) -> None:
        self._sockets: list[Flushed] = []

    def add(self, socket: Flushed) -> None:
        """Will flush the socket; it is added once a turn."""
        if not self._sockets:
            asyncio.get_running_loop().call_soon(self.flush)
        self._sockets.append(socket)

    def flush(self) -> None:
        """Flushes them all."""
        sockets, self._sockets = self._sockets, []
        for socket in sockets:
            socket.flush()
