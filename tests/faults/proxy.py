"""A TCP proxy that stands for the network between two programs, and does what networks do."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Iterable
from typing import Literal

# "up" is what the client says to the server, "down" what the server says to the client.
Direction = Literal["up", "down"]
DIRECTIONS: tuple[Direction, Direction] = ("up", "down")

CHUNK = 64 * 1024
# The option with which closing sends a reset instead of an orderly end.
_CLOSE_BY_RESET = struct.pack("ii", 1, 0)

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Link:
    """One connection through the proxy: a socket on either side."""

    def __init__(self, proxy: Proxy, client: Streams, server: Streams) -> None:
        self._proxy = proxy
        self._readers = {"up": client[0], "down": server[0]}
        self._writers = {"up": server[1], "down": client[1]}
        # Directions that were closed by `half_close`: what still comes there is thrown away.
        self._closed: set[Direction] = set()

    async def run(self) -> None:
        """Carries bytes both ways until both have ended."""
        try:
            await asyncio.gather(*(self._pump(direction) for direction in DIRECTIONS))
        except (OSError, EOFError):
            self.reset()
        finally:
            for writer in self._writers.values():
                writer.close()

    async def _pump(self, direction: Direction) -> None:
        reader, writer = self._readers[direction], self._writers[direction]
        while data := await reader.read(CHUNK):
            await self._proxy.pass_on(direction)
            if direction not in self._closed:
                writer.write(data)
                await writer.drain()
        # The end of a connection does not get through a hole either.
        await self._proxy.pass_on(direction)
        self.half_close(direction)

    def half_close(self, direction: Direction) -> None:
        """Ends one direction in order; the other goes on."""
        writer = self._writers[direction]
        if direction not in self._closed and not writer.is_closing():
            self._closed.add(direction)
            with contextlib.suppress(OSError):
                writer.write_eof()

    def reset(self) -> None:
        """Ends both sides at once; what is on its way is lost."""
        for writer in self._writers.values():
            _reset(writer)


def _reset(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        end = writer.get_extra_info("socket")
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _CLOSE_BY_RESET)
    writer.transport.abort()


class Proxy:
    """Listens on a free port and passes everything on to ``host:port``, unless told otherwise.

    In a hole bytes are held, not lost, as TCP sends them again: `heal` lets them through, `cut`
    throws them away. New connections are taken in a hole too, and then hear nothing.
    """

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._target = (host, port)
        self._server: asyncio.Server | None = None
        self._links: set[Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = {direction: asyncio.Event() for direction in DIRECTIONS}
        #: Seconds that every chunk takes longer, each way.
        self.delay = 0.0
        #: New connections are reset.
        self.refusing = False
        self.port = 0
        self.heal()

    @property
    def url(self) -> str:
        """The address of an HTTP server behind it."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Begins to listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listens no more and resets what is left."""
        if self._server is not None:
            self._server.close()
        self.heal()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- Faults -------------------------------------------------------------------------------

    def blackhole(self, directions: Iterable[Direction] = DIRECTIONS) -> None:
        """Lets nothing through, in both directions or in one."""
        for direction in directions:
            self._open[direction].clear()

    def cut(self) -> None:
        """Resets every connection; new ones are taken."""
        for link in list(self._links):
            link.reset()

    def half_close(self, direction: Direction) -> None:
        """Ends one direction of every connection."""
        for link in list(self._links):
            link.half_close(direction)

    def heal(self) -> None:
        """Everything is as on a good network again."""
        self.delay = 0.0
        self.refusing = False
        for gate in self._open.values():
            gate.set()

    # --- Carrying -----------------------------------------------------------------------------

    async def pass_on(self, direction: Direction) -> None:
        """Returns when a chunk may go on its way."""
        if self.delay:
            await asyncio.sleep(self.delay)
        await self._open[direction].wait()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        except asyncio.CancelledError:
            # Only `stop` cancels; the streams' own callback would complain of it.
            writer.transport.abort()
        finally:
            self._tasks.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            _reset(writer)
            return
        try:
            server = await asyncio.open_connection(*self._target)
        except OSError:
            # Nobody listens there, which the client is to see as well.
            _reset(writer)
            return
        link = Link(self, (reader, writer), server)
        self._links.add(link)
        try:
            await link.run()
        finally:
            self._links.discard(link)
