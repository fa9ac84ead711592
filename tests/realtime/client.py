"""The official client, and waiting for what it is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import socketio


async def until(condition: Callable[[], object], what: object = "", seconds: float = 10.0) -> None:
    """Waits for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"did not come true: {what() if callable(what) else what}"
        await asyncio.sleep(0.01)


class Client:
    """The official client, and what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []
        self.sio: Any = socketio.AsyncClient(reconnection=False)
        for name in ("event", "signal", "ready", "resync", "move", "ended"):
            self.sio.on(name, self._hear(name))
        self.sio.on("disconnect", self._gone)
        self.gone = False

    def _hear(self, name: str) -> Callable[[Any], None]:
        return lambda data: self.told.append((name, data))

    def _gone(self, *_: Any) -> None:
        self.gone = True

    async def connect(self, url: str, auth: dict[str, Any], transport: str = "websocket") -> Client:
        await self.sio.connect(url, auth=auth, transports=[transport])
        return self

    async def live(self) -> Client:
        await until(lambda: self.of("ready"), lambda: self.told)
        return self

    def of(self, name: str) -> list[Any]:
        return [data for kind, data in self.told if kind == name]

    @property
    def events(self) -> list[Any]:
        return self.of("event")

    @property
    def texts(self) -> list[str]:
        return [e["body"]["text"] for e in self.events if e["type"] == "said"]

    @property
    def positions(self) -> list[int]:
        return [event["position"] for event in self.events]

    def signals(self, type_: str) -> list[Any]:
        return [signal["body"] for signal in self.of("signal") if signal["type"] == type_]

    async def call(self, name: str, *payload: Any) -> Any:
        return await self.sio.call(name, payload[0] if payload else None, timeout=10)

    async def close(self) -> None:
        await self.sio.disconnect()
        await self.sio.shutdown()
