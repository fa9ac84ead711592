"""A websocket as one object on a transport: no task, queue or timer a connection.

uvicorn hands a connection over when a request asks for the upgrade. The handshake and what clients
send are `websockets`' business, without its I/O; what goes to clients is written straight to the
socket, or by the transport, which keeps what the kernel does not take.
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Callable, Sequence
from typing import Any, Protocol, cast

from websockets.extensions.base import Extension
from websockets.extensions.permessage_deflate import (
    PerMessageDeflate,
    ServerPerMessageDeflateFactory,
)
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import Protocol as Machine
from websockets.protocol import State
from websockets.server import ServerProtocol

_logger = logging.getLogger("talkoo.websocket")
_logger.setLevel(logging.ERROR)

# Each message by itself, in both directions: what many get is deflated once, and no connection
# keeps the 88 KiB that a compressor which remembers would cost.
_EXTENSIONS = [
    ServerPerMessageDeflateFactory(server_no_context_takeover=True, client_no_context_takeover=True)
]


class ServerState(Protocol):
    """What uvicorn shares among the connections of a server."""

    connections: set[Any]


class Refusal(Exception):
    """The handshake is refused, with an HTTP status and a sentence."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class WebSocket(asyncio.Protocol):
    """One connection; what it means is up to a subclass (see `realtime.engine`)."""

    __slots__ = (
        "_begun", "_machine", "_state", "_text", "closed", "deflates", "descriptor", "most_bytes",
        "paused", "transport",
    )  # fmt: skip

    def __init__(self, state: ServerState, most_bytes: int) -> None:
        self._state = state
        # Of one message from the client.
        self.most_bytes = most_bytes
        self._machine: Machine | None = None
        # A message that comes in several frames: what there is of it, and whether it is text.
        self._begun: bytearray | None = None
        self._text = True
        self.transport: asyncio.Transport = cast(asyncio.Transport, None)
        # True when nothing more can be written.
        self.closed = False
        # True when the client takes deflated messages.
        self.deflates = False
        # True while the transport keeps something that the kernel has not taken.
        self.paused = False
        # The open socket's own, for writing past the transport while that keeps nothing; -1 where
        # that may not be.
        self.descriptor = -1

    # --- What a subclass decides ---------------------------------------------------------------

    def accept(self, request: Request) -> Callable[[], None]:
        """Looks at the handshake; returns what happens once it is answered. Raises Refusal."""
        raise NotImplementedError

    def received(self, message: str | bytes) -> None:
        """A whole message came."""
        raise NotImplementedError

    def resumed(self) -> None:
        """The client reads again."""

    def lost(self) -> None:
        """It is over; called once, and only after `accept`."""

    def shut(self) -> None:
        """Writes nothing more."""
        self.closed = True

    @property
    def begun(self) -> bool:
        """Whether the handshake is done."""
        return self._machine is not None

    # --- The transport's side ------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes the transport over from uvicorn's HTTP protocol."""
        self.transport = cast(asyncio.Transport, transport)
        # So that it says at once when it keeps anything.
        self.transport.set_write_buffer_limits(high=0)
        if transport.get_extra_info("sslcontext") is None:
            self.descriptor = transport.get_extra_info("socket").fileno()
        self._state.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport has ended, one way or the other."""
        self._state.connections.discard(self)
        self.shut()
        if self._machine is not None:
            self.lost()

    def pause_writing(self) -> None:
        """The kernel takes no more: the client does not read as fast as it is written to."""
        self.paused = True

    def resume_writing(self) -> None:
        """The kernel took all of it."""
        self.paused = False
        self.resumed()

    def eof_received(self) -> bool | None:
        """The client sends no more; nothing of ours would be read either."""
        return None

    def data_received(self, data: bytes) -> None:
        """Bytes came: the handshake first, frames from then on."""
        if self._machine is None:
            self._shake_hands(data)
            return
        machine = self._machine
        machine.receive_data(data)
        for frame in machine.events_received():
            self._take(cast(Frame, frame))
        if machine.writes:
            self._write_machine(machine)

    def shutdown(self) -> None:
        """uvicorn goes: so does this connection."""
        self.hang_up(CloseCode.GOING_AWAY)

    # --- Writing and ending --------------------------------------------------------------------

    def hang_up(self, code: int = CloseCode.NORMAL_CLOSURE, reason: str = "") -> None:
        """Ends after what was written; the client answers, or `abort` ends it."""
        machine = self._machine
        if self.closed or machine is None or machine.state is not State.OPEN:
            return
        machine.send_close(code, reason)
        self._write_machine(machine)
        self.shut()
        if not self.transport.is_closing():
            # Half: a client that still sends must not be answered by a reset, which would take
            # the last words from it.
            self.transport.write_eof()

    def abort(self) -> None:
        """Ends now; what waits is dropped."""
        self.shut()
        self.transport.abort()

    def _write_machine(self, machine: Machine) -> None:
        for data in machine.data_to_send():
            if data:
                if not self.closed:
                    self.transport.write(data)
            else:
                # The closing handshake is through, or the client broke the protocol.
                self.shut()
                self.transport.close()

    # --- Reading -------------------------------------------------------------------------------

    def _shake_hands(self, data: bytes) -> None:
        shaker = ServerProtocol(extensions=_EXTENSIONS, max_size=self.most_bytes, logger=_logger)
        shaker.receive_data(data)
        requests = shaker.events_received()
        if shaker.handshake_exc is not None or not requests:
            self._refuse(shaker, Refusal(400, "This is no websocket handshake."))
            return
        request = cast(Request, requests[0])
        response = shaker.accept(request)
        try:
            if response.status_code != 101:
                raise Refusal(response.status_code, "This is no websocket handshake.")
            begin = self.accept(request)
        except Refusal as refusal:
            self._refuse(shaker, refusal)
            return
        shaker.send_response(response)
        for piece in shaker.data_to_send():
            self.transport.write(piece)
        # Its parser would keep the request in its frame for as long as it runs; a new one begins
        # with frames, as the handshake is over. Making another machine costs 35 us.
        shaker.parser = shaker.parse()
        next(shaker.parser)
        self._machine = shaker
        self.deflates = _takes_deflated(shaker.extensions)
        begin()

    def _refuse(self, shaker: ServerProtocol, refusal: Refusal) -> None:
        shaker.send_response(shaker.reject(refusal.status, refusal.text + "\n"))
        for piece in shaker.data_to_send():
            if piece:
                self.transport.write(piece)
        self.transport.close()

    def _take(self, frame: Frame) -> None:
        if self.closed:
            return
        if frame.opcode is Opcode.TEXT or frame.opcode is Opcode.BINARY:
            text = frame.opcode is Opcode.TEXT
            if frame.fin:
                self._whole(text, frame.data)
            else:
                self._begun, self._text = bytearray(frame.data), text
        elif frame.opcode is Opcode.CONT and self._begun is not None:
            self._begun += frame.data
            if frame.fin:
                data, self._begun = self._begun, None
                self._whole(self._text, data)

    def _whole(self, text: bool, data: bytes | bytearray | memoryview) -> None:
        if not text:
            self.received(bytes(data))
            return
        try:
            message = str(data, "utf-8")
        except UnicodeDecodeError:
            self.hang_up(CloseCode.INVALID_DATA, "not UTF-8")
            return
        self.received(message)


def _takes_deflated(extensions: Sequence[Extension]) -> bool:
    """A client may want a smaller window than the one that packets are deflated with."""
    return any(
        isinstance(extension, PerMessageDeflate)
        and extension.local_max_window_bits == zlib.MAX_WBITS
        for extension in extensions
    )
