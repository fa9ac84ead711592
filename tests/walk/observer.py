"""An official Socket.IO client that writes down whatever comes over its connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import socketio

# Far longer than anything takes; tests that pass wait for conditions and never for this.
PATIENCE_SECONDS = 10


@dataclass
class Observer:
    """One connection of somebody."""

    name: str
    url: str
    token: str
    events: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    signals: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    ended: list[str] = field(default_factory=list[str])
    resyncs: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    ready: list[int] = field(default_factory=list[int])
    socket: socketio.AsyncClient = field(
        default_factory=lambda: socketio.AsyncClient(reconnection=False)
    )
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def connect(self, position: int | None = None) -> Observer:
        """Connects, and waits until everything up to now was delivered."""
        for name, keep in (
            ("event", self.events.append),
            ("signal", self.signals.append),
            ("resync", self.resyncs.append),
            ("ready", lambda body: self.ready.append(body["position"])),
            ("ended", lambda body: self.ended.append(body["reason"])),
            ("disconnect", lambda *reason: None),
        ):
            self.socket.on(name, self._noting(keep))
        auth: dict[str, Any] = {"token": self.token}
        if position is not None:
            auth["position"] = position
        await self.socket.connect(self.url, auth=auth, transports=["websocket"])
        await self.until(lambda: bool(self.ready), "ready")
        return self

    def _noting(self, keep: Callable[..., Any]) -> Callable[..., None]:
        def note(*arguments: Any) -> None:
            keep(*arguments)
            self._changed.set()

        return note

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Waits until a condition on what came holds."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            got = [event["type"] for event in self.events]
            raise AssertionError(f"{self.name} waited for {what}; got {got}") from None

    async def ask(self, name: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Sends a command; returns the whole ack."""
        answer: Any = await self.socket.call(name, fields, timeout=PATIENCE_SECONDS)
        return answer

    async def do(self, name: str, /, **fields: Any) -> dict[str, Any]:
        """Sends a command that must succeed; returns its answer."""
        ack = await self.ask(name, fields)
        assert ack["ok"], ack
        return ack["data"]

    @property
    def connected(self) -> bool:
        """Whether the connection lives."""
        return self.socket.connected

    async def until_cut(self) -> None:
        """Waits until the server has ended the connection."""
        await self.until(lambda: not self.connected, "the end of the connection")

    def forget(self) -> None:
        """Begins a new page."""
        self.events.clear()
        self.signals.clear()

    async def close(self) -> None:
        """Leaves."""
        await self.socket.disconnect()
