"""A device of a person, anywhere on the network: it comes through the balancer by its real name."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol, Self

import aiohttp
import socketio
from aiohttp.abc import AbstractResolver, ResolveResult
from engineio.payload import Payload
from socketio.exceptions import SocketIOError

# The official Python client hangs up when one answer to a poll has more packets, 16 by default.
Payload.max_decode_packets = 1000


class Door(Protocol):
    """Where devices knock: a balancer, or a server itself."""

    @property
    def url(self) -> str:
        """Its address."""
        ...

    @property
    def trust(self) -> ssl.SSLContext | bool:
        """Whom devices believe to be it."""
        ...


class _Loopback(AbstractResolver):
    """Every name is this machine, as DNS would say of the domain."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = ResolveResult(
            hostname=host,
            host="127.0.0.1" if family == socket.AF_INET else "::1",
            port=port,
            family=family,
            proto=0,
            flags=0,
        )
        return [found]

    async def close(self) -> None:
        return None


def open_web(door: Door, address: str = "127.0.0.1") -> aiohttp.ClientSession:
    """A browser's share of HTTP: it checks the certificate, and keeps cookies.

    ``address`` is the one that it comes from: the loopback network has many.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connector = aiohttp.TCPConnector(
        local_addr=(address, 0),
        family=family,
        resolver=_Loopback(),
        ssl=door.trust,
    )
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=30))


@dataclass
class Device:
    """One live connection that is made anew, with its position, as often as it is lost."""

    door: Door
    token: str
    transport: str = "websocket"
    address: str = "127.0.0.1"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    # A page that is loaded first brings the balancer's cookie.
    page: str | None = None
    position: int | None = None
    heard: list[str] = field(default_factory=list[str])
    resyncs: list[str] = field(default_factory=list[str])
    connects: int = 0
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    _socket: socketio.AsyncClient | None = None
    _web: aiohttp.ClientSession | None = None
    _task: asyncio.Task[None] | None = None

    @property
    def web(self) -> aiohttp.ClientSession:
        """Its requests."""
        assert self._web is not None
        return self._web

    async def __aenter__(self) -> Self:
        self._web = open_web(self.door, self.address)
        if self.page:
            async with self._web.get(self.page) as answer:
                assert answer.status == 200
        self._task = asyncio.create_task(self._hold())
        await asyncio.wait_for(self.ready.wait(), 20)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.web.close()

    async def command(self, name: str, body: dict[str, Any]) -> Any:
        """Sends a command until it is answered, over as many connections as it takes."""
        async with asyncio.timeout(30):
            while True:
                await self.ready.wait()
                line = self._socket
                with contextlib.suppress(TimeoutError, SocketIOError, OSError):
                    if line is not None:
                        answer: Any = await line.call(name, body, timeout=2)
                        assert answer["ok"], answer
                        return answer["data"]
                await asyncio.sleep(random.uniform(0.02, 0.1))

    async def _hold(self) -> None:
        while True:
            line = self._make_line()
            with contextlib.suppress(TimeoutError, SocketIOError, OSError, aiohttp.ClientError):
                await line.connect(
                    self.page or self.door.url,
                    auth={"token": self.token, "position": self.position},
                    headers=dict(self.headers),
                    transports=[self.transport],
                    wait_timeout=5,
                )
                self.connects += 1
                self._socket = line
                await line.wait()
            self.ready.clear()
            self._socket = None
            with contextlib.suppress(Exception):
                await line.disconnect()
            await asyncio.sleep(random.uniform(0.02, 0.2))

    def _make_line(self) -> socketio.AsyncClient:
        line = socketio.AsyncClient(reconnection=False, http_session=self._web)
        line.on("event", self._on_event)
        line.on("resync", self._on_resync)
        line.on("ready", self._on_ready)
        return line

    def _on_event(self, event: dict[str, Any]) -> None:
        # One that comes again is heard again, and the test sees it.
        self.position = event["position"]
        if event["type"] == "message_sent":
            self.heard.append(event["body"]["message"]["text"])

    def _on_resync(self, resync: dict[str, Any]) -> None:
        self.resyncs.append(resync["reason"])
        self.position = resync["snapshot"]["position"]

    def _on_ready(self, ready: dict[str, Any]) -> None:
        self.position = max(self.position or 0, ready["position"])
        self.ready.set()


@contextlib.asynccontextmanager
async def all_of(devices: list[Device]) -> AsyncIterator[list[Device]]:
    """Every device connected."""
    async with contextlib.AsyncExitStack() as stack:
        await asyncio.gather(*(stack.enter_async_context(device) for device in devices))
        yield devices


def assert_whole(devices: Sequence[Device], said: Sequence[str]) -> None:
    """Everybody heard everything, once, in one order."""
    for device in devices:
        assert sorted(device.heard) == sorted(said)
        assert device.heard == devices[0].heard
