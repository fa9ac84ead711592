"""The least that Python can do: protocols on uvloop, one prepared frame to every transport."""

from __future__ import annotations

import asyncio
import re
import signal
from typing import cast

import uvloop

from loadtests.peers import wire

_OPEN = wire.server_frame(
    wire.TEXT,
    b'0{"sid":"x","upgrades":[],"pingInterval":60000,"pingTimeout":60000,"maxPayload":1000000}',
)
_CONNECTED = wire.server_frame(wire.TEXT, b'40{"sid":"x"}')
# 150 bytes of payload in all.
_EVENT = wire.server_frame(wire.TEXT, b'42["message",{"room":"all","text":"%b"}]' % (b"x" * 111))
_COMMAND = re.compile(rb"42(\d+)\[")

connections: set[Connection] = set()


class Connection(asyncio.Protocol):
    """One connection; everybody is in the same room."""

    __slots__ = ("_rest", "_upgraded", "transport")

    def __init__(self) -> None:
        self._rest = b""
        self._upgraded = False
        self.transport: asyncio.Transport = cast(asyncio.Transport, None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open; the request comes."""
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection leaves the room."""
        connections.discard(self)

    def data_received(self, data: bytes) -> None:
        """Takes the request, then frames, as many as there are."""
        self._rest += data
        if not self._upgraded:
            head, found, frames = self._rest.partition(b"\r\n\r\n")
            if not found:
                return
            self._upgraded, self._rest = True, frames
            self.transport.write(wire.response(head) + _OPEN)
            connections.add(self)
        frames, self._rest = wire.client_frames(self._rest)
        for first, payload in frames:
            if first == wire.TEXT:
                self._packet(payload)
            elif first == wire.CLOSE:
                self.transport.close()

    def _packet(self, payload: bytes) -> None:
        if payload.startswith(b"40"):
            self.transport.write(_CONNECTED)
        elif payload.startswith(b"42"):
            if b'"send"' in payload:
                for connection in connections:
                    connection.transport.write(_EVENT)
            if found := _COMMAND.match(payload):
                text = b"43%b[true]" % found[1]
                self.transport.write(wire.server_frame(wire.TEXT, text))


async def serve() -> None:
    """Serves until it is told to stop."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, told.set)
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=1024)
    print(f"ready {server.sockets[0].getsockname()[1]}", flush=True)
    await told.wait()
    for connection in list(connections):
        connection.transport.abort()
    server.close()


if __name__ == "__main__":
    uvloop.run(serve())
