"""Engine.IO over a websocket (protocol revision 4), lean: one object a connection, and one timer
for the pings of all.

A `LiveSocket` stands in the library's table of sockets in place of its own class, which keeps two
tasks, a queue and a timer for each connection. Packets for many go straight to the transport.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from websockets.frames import CloseCode
from websockets.http11 import Request

from realtime.outbox import Outbox
from realtime.pacing import Pacer
from realtime.packet import Packet, framed
from realtime.websocket import ServerState, WebSocket
from realtime.wheel import Wheel

# A connection on which nobody has logged in by then is of no use to anyone.
CONNECT_SECONDS = 10.0
_PING = framed(b"2")
_NUMBERS = itertools.count()
_PROBE_ANSWER = framed(b"3probe")


class Host(Protocol):
    """What a socket belongs to: `realtime.seam.Server`."""

    wheel: Wheel
    outbox: Outbox
    pacer: Pacer
    frame_bytes: int
    # A client for which more than this waits does not read.
    slow_bytes: int
    slow_events: int

    def welcome(self, socket: LiveSocket, request: Request) -> str | None:
        """Checks a handshake; the Engine.IO id that it asks to upgrade, if any. Raises Refusal."""
        ...

    def opened(self, socket: LiveSocket) -> bytes:
        """A new connection; returns its first packet."""
        ...

    def probed(self, socket: LiveSocket) -> bool:
        """A polling connection may be about to move to this socket; False when it cannot."""
        ...

    def moved(self, socket: LiveSocket) -> None:
        """It did."""
        ...

    def message(self, socket: LiveSocket, data: str | bytes) -> Coroutine[Any, Any, None] | None:
        """A Socket.IO packet came; returns a coroutine when it takes its time."""
        ...

    def gone(self, socket: LiveSocket, reason: str) -> None:
        """The connection ended."""
        ...


class LiveSocket(WebSocket):
    """One client. It has the attributes and coroutines that the library asks its sockets for."""

    __slots__ = (
        "_backlog", "_due", "_left", "_moving", "_reason", "_room", "_work", "closing", "heard",
        "host", "number", "opened_at", "owner", "sid", "slot", "waiting",
    )  # fmt: skip

    connected = upgraded = True
    upgrading = False

    def __init__(self, host: Host, state: ServerState) -> None:
        super().__init__(state, host.frame_bytes)
        self.host = host
        self.number = next(_NUMBERS)
        self.sid = ""
        # Frames for the end of this turn: none, one, or several.
        self._due: bytes | list[bytes] | None = None
        # Whom what comes here is from: set once the client is connected.
        self.owner: Any = None
        # Its place on the wheel.
        self.slot = 0
        self.closing = False
        # False from a ping until anything comes.
        self.heard = True
        self.opened_at = time.monotonic()
        # What waited for it when it was asked, in bytes.
        self._left = 0
        # Packets written since the client stopped reading.
        self.waiting = 0
        self._room: asyncio.Future[None] | None = None
        # What came while an earlier message is being worked on; None when none is.
        self._backlog: deque[str | bytes] | None = None
        self._work: asyncio.Task[None] | None = None
        # The step of an upgrade from polling that comes next.
        self._moving: str | None = None
        self._reason = "transport close"

    # --- Towards the client --------------------------------------------------------------------

    @property
    def open(self) -> bool:
        """Whether the client may still be there."""
        return not (self.closed or self.closing)

    def send_packet(self, packet: Packet) -> bool:
        """Writes; False when the client does not read. To a closed socket: nothing."""
        if self.paused or self.closed:
            return self._hold(packet)
        # The same as `_put`, which would cost a call more at each delivery.
        due, frames = self._due, packet.deflated if self.deflates else packet.frames
        if due is None:
            self._due = frames
            self.host.outbox.add(self)
        elif isinstance(due, list):
            due.append(frames)
        else:
            self._due = [due, frames]
        return True

    def _put(self, frames: bytes) -> None:
        if self._due is None:
            self._due = frames
            self.host.outbox.add(self)
        elif isinstance(self._due, list):
            self._due.append(frames)
        else:
            self._due = [self._due, frames]

    def due(self) -> bytes:
        """Takes what this turn of the loop put there."""
        due, self._due = self._due, None
        if due is None or self.closed:
            return b""
        return due if isinstance(due, bytes) else b"".join(due)

    def write(self, data: bytes) -> None:
        """Writes by the transport, which keeps what the kernel does not take."""
        self.transport.write(data)

    def precede(self, packet: Packet) -> None:
        """Puts a packet before what this turn of the loop put there."""
        frames = packet.deflated if self.deflates else packet.frames
        if self._due is None:
            self._put(frames)
        elif isinstance(self._due, list):
            self._due.insert(0, frames)
        else:
            self._due = [frames, self._due]

    def hang_up(self, code: int = CloseCode.NORMAL_CLOSURE, reason: str = "") -> None:
        """Ends after what was written."""
        self.host.outbox.settle()
        self.transport.write(self.due())
        super().hang_up(code, reason)

    def _hold(self, packet: Packet) -> bool:
        if self.closed:
            return True
        host = self.host
        if (
            self.waiting >= host.slow_events
            or self.transport.get_write_buffer_size() > host.slow_bytes
        ):
            return False
        self.waiting += packet.count
        self._put(packet.deflated if self.deflates else packet.frames)
        return True

    async def room(self) -> None:
        """Waits until the client has read most of what was written."""
        if self.paused and not self.closed:
            if self._room is None:
                self._room = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._room)

    def pause_writing(self) -> None:
        """The kernel takes no more."""
        super().pause_writing()
        self.host.outbox.paused.add(self)

    def shut(self) -> None:
        """Writes nothing more; from now on the descriptor may become another socket's."""
        super().shut()
        self.host.outbox.closings += 1

    def resumed(self) -> None:
        """The client reads again."""
        self.host.outbox.paused.discard(self)
        self.waiting = 0
        self._make_room()

    def _make_room(self) -> None:
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    def ping(self) -> None:
        """Asks whether the client is still there."""
        self.heard = False
        if self.open:
            self._left = self.transport.get_write_buffer_size() if self.paused else 0
            self.transport.write(_PING)

    @property
    def answered(self) -> bool:
        """Whether it is: a slow line that goes on reading has not come to the question yet."""
        return self.heard or (self.paused and self.transport.get_write_buffer_size() < self._left)

    @property
    def stale(self) -> bool:
        """Whether the client opened a connection and did not log in: of no use to anyone."""
        return self.owner is None and time.monotonic() - self.opened_at > CONNECT_SECONDS

    def drop(self, reason: str) -> None:
        """Ends now; what waits is not written."""
        self._reason = reason
        self.abort()

    # --- From the client -----------------------------------------------------------------------

    def accept(self, request: Request) -> Callable[[], None]:
        """Checks the handshake."""
        upgrading = self.host.welcome(self, request)
        if upgrading is None:
            return self._open
        self.sid = upgrading
        self._moving = "2probe"
        return self._begin_move

    def _open(self) -> None:
        self.transport.write(framed(self.host.opened(self)))
        self.host.wheel.add(self)

    def _begin_move(self) -> None:
        self.host.wheel.add(self)

    def data_received(self, data: bytes) -> None:
        """Whatever comes proves that the client is there."""
        self.heard = True
        if self.begun:
            super().data_received(data)
        else:
            # Handshakes come in crowds; a client sends nothing more before its is answered.
            self.host.pacer.add(lambda: self._begin(data))

    def _begin(self, data: bytes) -> None:
        if not self.closed:
            super().data_received(data)

    def received(self, message: str | bytes) -> None:
        """An Engine.IO packet."""
        if self._moving is not None:
            self._move(message)
        elif self._backlog is not None:
            self._backlog.append(message)
        else:
            self._handle(message)

    def _handle(self, message: str | bytes) -> None:
        kind = "4" if isinstance(message, bytes) else message[:1]
        if kind == "4":
            data = message if isinstance(message, bytes) else message[1:]
            work = self.host.message(self, data)
            if work is not None:
                # The next ones wait for their turn, and the client for us.
                self._backlog = deque()
                self.transport.pause_reading()
                self._work = asyncio.create_task(self._finish(work))
        elif kind == "1":
            self._reason = "client disconnect"
            self.hang_up()

    async def _finish(self, work: Coroutine[Any, Any, None]) -> None:
        await work
        self._work = None
        backlog, self._backlog = self._backlog, None
        while backlog and self.open:
            self._handle(backlog.popleft())
            if self._backlog is not None:
                # That one takes its time too; the rest stays behind it.
                self._backlog.extend(backlog)
                return
        if not self.closed and not self.transport.is_closing():
            self.transport.resume_reading()

    def _move(self, message: str | bytes) -> None:
        """The two steps of an upgrade: a probe there and back, then the word to move."""
        if message == "2probe" == self._moving and self.host.probed(self):
            self.transport.write(_PROBE_ANSWER)
            self._moving = "5"
        elif message == "5" == self._moving:
            self._moving = None
            self.host.moved(self)
        else:
            self.hang_up(CloseCode.POLICY_VIOLATION, "no upgrade")

    def lost(self) -> None:
        """The connection is over."""
        self.host.outbox.paused.discard(self)
        self.host.wheel.remove(self)
        self._make_room()
        self.host.gone(self, self._reason)

    @property
    def moving(self) -> bool:
        """Whether it is not yet what its polling connection moved to."""
        return self._moving is not None

    # --- What the library calls ----------------------------------------------------------------

    async def send(self, pkt: Any) -> None:
        """Writes a packet of the library's own."""
        if self.closed:
            return
        data = pkt.encode()
        self._put(_binary(data) if isinstance(data, bytes) else framed(data.encode()))

    async def close(
        self, wait: bool = True, abort: bool = False, reason: str | None = None
    ) -> None:
        """Ends the connection; the client is told by the websocket's own closing."""
        if self.open:
            self.closing = True
            self._reason = reason or "server disconnect"
            self.hang_up()


def _binary(payload: bytes) -> bytes:
    frame = bytearray(framed(payload))
    frame[0] = 0x82
    return bytes(frame)
