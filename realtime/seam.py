"""The one place that knows the insides of python-socketio and python-engineio.

Frames to clients bypass the libraries' encoding and per-recipient work: a prepared packet goes
straight into the queue that the connection's transport (websocket or polling) writes from. Commands
from clients skip the libraries' handler lookup, in which a client could name the handlers
``connect`` and ``disconnect``. `tests/realtime/test_seam.py` fails when a new version moves any of
what is used here.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

import engineio.packet
import socketio

Packet = engineio.packet.Packet

# A client that is this far behind does not read. Catching up sends a page at a time and waits for
# room, so that it never comes near.
MOST_QUEUED = 4_000
# How many packets may wait before catching up holds back.
ROOMY = 1_000
# An Engine.IO connection that did not become a Socket.IO one by then is of no use to anyone.
CONNECT_SECONDS = 10.0
# Commands carry JSON; a few attachments are an accident, many an attack on the server's memory.
MOST_ATTACHMENTS = 10

# At INFO the libraries log what clients send, secrets included.
_logger = logging.getLogger("talkoo.socketio")
_logger.setLevel(logging.ERROR)


def prepared(text: str) -> Packet:
    """A Socket.IO packet, encoded now, that any number of connections can be given."""
    packet = Packet(engineio.packet.MESSAGE, data=text)
    packet.encode()  # The packet keeps what it encoded, for the websocket and for polling.
    return packet


class StrictJson:
    """The JSON of the wire: what is ambiguous or not JSON is not let through.

    A name given twice leaves a mark that no model has a field for, so that the answer names it.
    """

    @staticmethod
    def dumps(value: Any, **options: Any) -> str:
        """Encodes, as the libraries ask for it."""
        return json.dumps(value, **options)

    @staticmethod
    def loads(text: str | bytes, **options: Any) -> Any:
        """Decodes; raises ValueError only."""
        try:
            return json.loads(text, object_pairs_hook=_pairs, parse_constant=_refuse)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Names come back in answers, where half a character could not be encoded.
    pairs = [(name.encode(errors="replace").decode(), value) for name, value in pairs]
    values = dict(pairs)
    if len(values) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                values[f"{name} (given twice)"] = None
            seen.add(name)
    return values


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


class Line:
    """The way out to one client."""

    __slots__ = ("_socket", "eio_sid")

    def __init__(self, server: Server, eio_sid: str) -> None:
        self.eio_sid = eio_sid
        self._socket: Any = server.eio.sockets.get(eio_sid)

    @property
    def open(self) -> bool:
        """Whether the client may still be there."""
        return self._socket is not None and not (self._socket.closed or self._socket.closing)

    @property
    def waiting(self) -> int:
        """How many packets wait to be written."""
        return self._socket.queue.qsize() if self._socket is not None else 0

    def send(self, packet: Packet) -> bool:
        """Queues a packet; False when the client does not read. To a closed line: nothing."""
        if not self.open:
            return True
        if self._socket.queue.qsize() >= MOST_QUEUED:
            return False
        self._socket.queue.put_nowait(packet)
        return True

    async def room(self) -> None:
        """Waits until little is waiting; for ever, if the client does not read."""
        while self.open and self.waiting > ROOMY:  # noqa: ASYNC110
            # The queue is the library's, and tells nobody when it shrinks.
            await asyncio.sleep(0.02)

    def hang_up(self, drop: bool = False) -> None:
        """Ends the transport without a word, so that the client comes back by itself.

        What waits is still written, unless it is to be dropped because the client does not read.
        """
        if not self.open:
            return
        queue = self._socket.queue
        while drop and not queue.empty():
            queue.get_nowait()
            queue.task_done()
        # The writer stops at None, and closes the websocket; a poll is answered with nothing.
        queue.put_nowait(None)


# Neither library has types: what this module takes from them is checked by its test.
_Base: Any = socketio.AsyncServer


class Server(_Base):
    """python-socketio, with the commands of connected clients given to ``command``.

    ``command(sid, data, ack_id)`` gets the event's array as it came, and must not await.
    """

    def __init__(
        self, command: Callable[[str, Any, int | None], None], options: Mapping[str, Any]
    ) -> None:
        base: Any = super()
        base.__init__(
            async_mode="asgi",
            logger=_logger,
            engineio_logger=_logger,
            json=StrictJson,
            **options,
        )
        self._command = command

    def handle(self, connect: Callable[..., Any], disconnect: Callable[..., Any]) -> None:
        """Sets the two handlers, both coroutine functions."""
        self.on("connect", connect)
        self.on("disconnect", disconnect)

    def eio_sid_of(self, sid: str) -> str:
        """The Engine.IO connection below a Socket.IO one."""
        return str(self.manager.eio_sid_from_sid(sid, "/"))

    async def end(self, sid: str, eio_sid: str) -> None:
        """Ends a connection for good: official clients do not come back after this."""
        socket = self.eio.sockets.get(eio_sid)
        await self.disconnect(sid)
        if socket is not None:
            # After the last words the writer stops at None, and closes the websocket.
            socket.queue.put_nowait(None)
            await self.eio.disconnect(eio_sid)

    async def _handle_connect(self, eio_sid: str, namespace: Any, data: Any) -> None:
        if data is not None and not isinstance(data, dict):
            # The library takes whatever is empty for no auth at all; it is not, it is wrong.
            data = [data]
        base: Any = super()
        await base._handle_connect(eio_sid, namespace, data)

    async def _handle_event(self, eio_sid: str, namespace: Any, id: Any, data: Any) -> None:
        sid = self.manager.sid_from_eio_sid(eio_sid, namespace or "/")
        if sid is not None and self.manager.is_connected(sid, namespace or "/"):
            self._command(sid, data, id)

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        if not isinstance(data, bytes | bytearray):
            # Attachments that never came: the library would take any message for one of them.
            self._binary_packet.pop(eio_sid, None)
        base: Any = super()
        await base._handle_eio_message(eio_sid, data)
        begun = self._binary_packet.get(eio_sid)
        if begun is not None and begun.attachment_count > MOST_ATTACHMENTS:
            del self._binary_packet[eio_sid]

    async def _handle_eio_connect(self, eio_sid: str, environ: Any) -> None:
        base: Any = super()
        await base._handle_eio_connect(eio_sid, environ)
        loop = asyncio.get_running_loop()
        loop.call_later(CONNECT_SECONDS, self._hang_up_unless_connected, eio_sid)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        base: Any = super()
        await base._handle_eio_disconnect(eio_sid, reason)
        socket = self.eio.sockets.get(eio_sid)
        if socket is not None and not socket.upgraded:
            # A poll that is held open would wait for its time-out.
            socket.queue.put_nowait(None)

    def _hang_up_unless_connected(self, eio_sid: str) -> None:
        if self.manager.sid_from_eio_sid(eio_sid, "/") is None:
            Line(self, eio_sid).hang_up()


def asgi(server: Server, other: Any) -> Any:
    """The ASGI app of the server at ``/socket.io/``, and another app everywhere else.

    What polling answers is for one person: no cache may keep it.
    """
    inner: Any = socketio.ASGIApp(server, other_asgi_app=other)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/socket.io/"):
            await inner(scope, receive, send)
            return

        async def send_unkept(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], *_UNKEPT]
                message = {**message, "headers": headers}
            await send(message)

        await inner(scope, receive, send_unkept)

    return app


_UNKEPT = (
    (b"cache-control", b"no-store"),
    (b"vary", b"Origin, Cookie"),
    (b"x-content-type-options", b"nosniff"),
)
