"""Socket.IO clients that cost little: they share two cores with the server that is measured.

A client only walks the headers of frames and counts events; it decodes nothing that nobody asked
for. Servers must send whole messages, unfragmented and uncompressed, as all of ours do.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, cast

import orjson

from loadtests.peers import wire


class Tally:
    """What the clients of a swarm have received together, and who waits for it."""

    __slots__ = ("_reached", "bytes", "events", "target")

    def __init__(self) -> None:
        self.events = 0
        self.bytes = 0
        # Clients look at it after every read, and call `wake` from there on.
        self.target = sys.maxsize
        self._reached: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """The target is reached."""
        self.target = sys.maxsize
        if self._reached is not None and not self._reached.done():
            self._reached.set_result(None)

    async def reach(self, total: int, seconds: float) -> None:
        """Waits until there have been so many events since the beginning."""
        if self.events >= total:
            return
        self._reached, self.target = asyncio.get_running_loop().create_future(), total
        try:
            async with asyncio.timeout(seconds):
                await self._reached
        except TimeoutError:
            raise TimeoutError(f"{self.events} events of {total} in {seconds} s") from None
        finally:
            self.target = sys.maxsize


class Client(asyncio.Protocol):
    """One Socket.IO connection over a websocket.

    `on_event` takes the payload of every event as it came: `42["name",...]`.
    """

    def __init__(
        self, tally: Tally | None = None, on_event: Callable[[bytes], None] | None = None
    ) -> None:
        loop = asyncio.get_running_loop()
        self.tally = tally or Tally()
        self.on_event = on_event
        self.events = 0
        # Those of commands on their way, by number.
        self._acks: dict[int, asyncio.Future[Any]] = {}
        self._hello = b""
        self._lost: asyncio.Future[None] = loop.create_future()
        self._number = 0
        self._opened: asyncio.Future[None] = loop.create_future()
        self._rest = b""
        self._transport: asyncio.Transport = cast(asyncio.Transport, None)
        self._upgraded = False

    @property
    def closed(self) -> bool:
        """The connection is no more."""
        return self._lost.done()

    async def connect(
        self,
        host: str,
        port: int,
        auth: Mapping[str, Any] | None = None,
        query: str = "",
        seconds: float = 10.0,
        source: str | None = None,
    ) -> None:
        """Connects to the default namespace. Refusals are ConnectionRefusedError."""
        local = (source, 0) if source else None
        self._hello = wire.client_frame(
            wire.TEXT, b"40" + (b"" if auth is None else orjson.dumps(dict(auth)))
        )
        try:
            async with asyncio.timeout(seconds):
                loop = asyncio.get_running_loop()
                await loop.create_connection(lambda: self, host, port, local_addr=local)
                self._transport.write(wire.request(host, port, query))
                await self._opened
        except BaseException:
            if cast(object, self._transport) is not None:
                self._transport.abort()
            raise

    async def emit(self, name: str, payload: object, seconds: float = 10.0) -> Any:
        """Sends one command; returns what the acknowledgement carries, None if nothing."""
        (future,) = self.emit_soon([(name, payload)])
        async with asyncio.timeout(seconds):
            return await future

    def emit_soon(self, commands: Iterable[tuple[str, object]]) -> list[asyncio.Future[Any]]:
        """Sends commands in one write; returns their acknowledgements to come, in order."""
        if self.closed:
            raise ConnectionResetError("the connection is closed")
        loop = asyncio.get_running_loop()
        frames, futures = list[bytes](), list[asyncio.Future[Any]]()
        for name, payload in commands:
            number = self._number = self._number + 1
            text = b"42%d%b" % (number, orjson.dumps([name, payload]))
            frames.append(wire.client_frame(wire.TEXT, text))
            self._acks[number] = loop.create_future()
            futures.append(self._acks[number])
        self._transport.write(b"".join(frames))
        return futures

    async def ended(self) -> None:
        """Waits until the connection is no more."""
        await asyncio.wait([self._lost])

    async def close(self, seconds: float = 5.0) -> None:
        """Says goodbye and waits until the connection is gone; cuts it after the time-out."""
        if cast(object, self._transport) is None or self.closed:
            return
        self._transport.write(wire.client_frame(wire.CLOSE, (1000).to_bytes(2, "big")))
        self._transport.close()
        await asyncio.wait([self._lost], timeout=seconds)
        if not self.closed:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open; `connect` writes the request."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits for this connection learns that it is gone."""
        gone = ConnectionResetError("the connection was lost")
        for future in (self._opened, *self._acks.values()):
            if not future.done():
                future.set_exception(gone)
                # Marked as seen: not everybody waits for every acknowledgement.
                future.exception()
        self._acks.clear()
        if not self._lost.done():
            self._lost.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Counts the events among the frames; the rare other frames go their own way."""
        tally = self.tally
        tally.bytes += len(data)
        if self._rest:
            data = self._rest + data
            self._rest = b""
        if not self._upgraded:
            data = self._upgrade(data)
        position, end, events = 0, len(data), 0
        while end - position >= 2:
            first, size, start = data[position], data[position + 1], position + 2
            if size == 126:
                start = position + 4
                size = int.from_bytes(data[position + 2 : start], "big")
            elif size == 127:
                start = position + 10
                size = int.from_bytes(data[position + 2 : start], "big")
            stop = start + size
            if stop > end:
                break
            position = stop
            if first == wire.TEXT and data.startswith(b"42[", start):
                events += 1
                if self.on_event is not None:
                    self.on_event(data[start:stop])
            else:
                self._other(first, data[start:stop])
        if position < end:
            self._rest = data[position:] if position else data
        if events:
            self.events += events
            tally.events += events
            if tally.events >= tally.target:
                tally.wake()

    def _upgrade(self, data: bytes) -> bytes:
        """Takes the answer to the upgrade when it is whole; returns the frames behind it."""
        head, found, frames = data.partition(b"\r\n\r\n")
        if not found:
            self._rest = data
            return b""
        self._upgraded = True
        if head.startswith(b"HTTP/1.1 101 ") and wire.ACCEPT in head:
            return frames
        self._refuse(head.split(b"\r\n", 1)[0] + b" " + frames)
        return b""

    def _refuse(self, reason: bytes) -> None:
        if not self._opened.done():
            self._opened.set_exception(ConnectionRefusedError(reason.decode(errors="replace")))
        self._transport.close()

    def _other(self, first: int, payload: bytes) -> None:
        """Everything that is not an event."""
        if first == wire.TEXT:
            self._packet(payload)
        elif first == wire.PING:
            self._transport.write(wire.client_frame(wire.PONG, payload))
        elif first == wire.CLOSE:
            self._transport.write(wire.client_frame(wire.CLOSE, payload))
            self._transport.close()

    def _packet(self, payload: bytes) -> None:
        if payload.startswith(b"43"):
            self._acknowledged(payload)
        elif payload[:1] == b"2":
            self._transport.write(wire.client_frame(wire.TEXT, b"3" + payload[1:]))
        elif payload[:1] == b"0":
            self._transport.write(self._hello)
        elif payload.startswith(b"40") and not self._opened.done():
            self._opened.set_result(None)
        elif payload.startswith(b"44"):
            self._refuse(payload[2:])
        elif payload in (b"1", b"41"):
            self._transport.close()

    def _acknowledged(self, payload: bytes) -> None:
        begin = payload.index(b"[")
        future = self._acks.pop(int(payload[2:begin]), None)
        if future is not None and not future.done():
            values = cast(list[Any], orjson.loads(payload[begin:]))
            future.set_result(values[0] if len(values) == 1 else values or None)


async def _each(
    clients: Iterable[Client], action: Callable[[int, Client], Awaitable[Any]], at_once: int
) -> None:
    """Does something with every client, a few at once; the first failure ends it."""
    left = enumerate(clients)

    async def work() -> None:
        for place, client in left:
            await action(place, client)

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(work())


class Swarm:
    """Many clients of one server, and the count of what they receive together."""

    def __init__(self, host: str, port: int, sources: Sequence[str | None] = (None,)) -> None:
        self._host, self._port, self._sources = host, port, sources
        self.clients: list[Client] = []
        self.tally = Tally()

    async def open(
        self,
        count: int,
        auth: Callable[[int], Mapping[str, Any] | None] = lambda _place: None,
        query: str = "",
        at_once: int = 50,
        seconds: float = 60.0,
        hears: Callable[[int, bytes], None] | None = None,
    ) -> list[Client]:
        """Connects so many clients more and returns them; `auth` is asked for each place.

        `hears` gets the place and the payload of each event that comes meanwhile.
        """
        new = [Client(self.tally, partial(hears, n) if hears else None) for n in range(count)]
        self.clients += new

        async def connect(place: int, client: Client) -> None:
            source = self._sources[place % len(self._sources)]
            await client.connect(self._host, self._port, auth(place), query, seconds, source)

        async with asyncio.timeout(seconds):
            await _each(new, connect, at_once)
        return new

    async def received(self, total: int, seconds: float = 60.0) -> None:
        """Waits until all clients together have received so many events since the beginning."""
        try:
            await self.tally.reach(total, seconds)
        except TimeoutError as error:
            lost = sum(client.closed for client in self.clients)
            raise TimeoutError(f"{error}; {lost} of {len(self.clients)} clients lost") from None

    async def emit_all(self, name: str, payload: object, at_once: int = 50) -> None:
        """Every client sends the same command, a few at once, and has it acknowledged."""
        await _each(self.clients, lambda _place, client: client.emit(name, payload), at_once)

    async def close(self, seconds: float = 5.0) -> None:
        """Closes all clients; those that do not end in time are cut off."""
        await asyncio.gather(*(client.close(seconds) for client in self.clients))
        self.clients.clear()
