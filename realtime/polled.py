"""The way out to a client that polls, over the library's own socket and its queue."""

from __future__ import annotations

import asyncio
from typing import Any

import engineio.packet

from realtime.packet import Packet

# How many packets may wait for a poll before catching up holds back.
ROOMY = 1_000


class Polled:
    """One client. It has what `realtime.engine.LiveSocket` offers to whoever writes to clients."""

    __slots__ = ("_most", "_socket", "owner", "sid")

    # There is no socket that could be written to.
    descriptor = -1

    def __init__(self, socket: Any, most_waiting: int) -> None:
        self._most = most_waiting
        self._socket = socket
        self.sid: str = socket.sid
        self.owner: Any = None

    @property
    def open(self) -> bool:
        """Whether the client may still be there."""
        return not (self._socket.closed or self._socket.closing)

    @property
    def waiting(self) -> int:
        """How many packets wait for the next poll."""
        return self._socket.queue.qsize()

    def send_packet(self, packet: Packet) -> bool:
        """Queues; False when the client does not poll. To a closed line: nothing."""
        if not self.open:
            return True
        if self.waiting >= self._most:
            return False
        for text in packet.texts():
            self._put(engineio.packet.Packet(engineio.packet.MESSAGE, data=text))
        return True

    async def room(self) -> None:
        """Waits until little is waiting; for ever, if the client does not poll."""
        while self.open and self.waiting > ROOMY:  # noqa: ASYNC110
            # The queue is the library's, and tells nobody when it shrinks.
            await asyncio.sleep(0.02)

    def hang_up(self) -> None:
        """Ends without a word, so that the client comes back by itself; what waits is written."""
        if self.open:
            # A poll that is held open is answered with nothing.
            self._put(None)

    def drop(self, reason: str) -> None:
        """The same, and what waits is not written."""
        queue = self._socket.queue
        while not queue.empty():
            queue.get_nowait()
            queue.task_done()
        self.hang_up()

    def release(self) -> None:
        """Answers the poll that is held open, if one is."""
        self._put(None)

    async def alive(self) -> bool:
        """Whether the client polls; the library closes the connection when it does not."""
        return not self._socket.closed and await self._socket.check_ping_timeout()

    @property
    def upgrading(self) -> bool:
        """Whether a websocket is about to take over."""
        return self._socket.upgrading or self._socket.upgraded

    def hold(self) -> bool:
        """Ends the poll, and keeps what comes from now on for the websocket."""
        if not self.open or self.upgrading:
            return False
        self._socket.upgrading = True
        self._put(engineio.packet.Packet(engineio.packet.NOOP))
        return True

    def let_go(self) -> None:
        """The websocket came to nothing; polling goes on."""
        self._socket.upgrading = False

    def emptied(self) -> tuple[list[str], bool]:
        """What waited, as Socket.IO packets, and whether it was to end after them.

        From now on this is not the way out.
        """
        socket, texts, ended = self._socket, list[str](), False
        # Closed for the library too, without a word to anybody: its timer finds nothing to do.
        socket.upgraded = socket.closed = True
        while not socket.queue.empty():
            packet = socket.queue.get_nowait()
            socket.queue.task_done()
            if packet is None:
                ended = True
            elif packet.packet_type == engineio.packet.MESSAGE:
                texts.append(packet.data)
        return texts, ended

    def _put(self, packet: Any) -> None:
        self._socket.queue.put_nowait(packet)
