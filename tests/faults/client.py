"""A client that holds on: it reconnects with its position, and repeats what was not answered."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import socketio
from socketio.exceptions import SocketIOError

# A command that got no answer for this long is sent again with its client_id.
ANSWER_SECONDS = 4


@dataclass
class Delivery:
    """One event as it came over the wire."""

    position: int
    type: str
    body: dict[str, Any]


@dataclass
class HoldingClient:
    """One device of one user. ``urls`` are the nodes that it may connect to, in turn."""

    urls: Sequence[str]
    token: str
    position: int | None = None
    delivered: list[Delivery] = field(default_factory=list[Delivery])
    # Events that came at or below the position already handled: the server's mistakes.
    repeated: list[Delivery] = field(default_factory=list[Delivery])
    acked: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    connects: int = 0
    resyncs: list[str] = field(default_factory=list[str])
    _socket: socketio.AsyncClient | None = None
    _task: asyncio.Task[None] | None = None
    _ready: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        """Begins to connect, and goes on until `stop`."""
        self._task = asyncio.create_task(self._hold())
        await asyncio.wait_for(self._ready.wait(), 30)

    async def stop(self) -> None:
        """Leaves for good."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._socket:
            await self._socket.disconnect()

    async def command(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """Sends a command until it is answered; returns the ack's data.

        A refusal that waiting cannot mend raises AssertionError.
        """
        while True:
            await self._ready.wait()
            answer = await self._try(name, body)
            if answer is None:
                await asyncio.sleep(random.uniform(0.05, 0.2))
                continue
            if answer["ok"]:
                if "client_id" in body:
                    self.acked[body["client_id"]] = answer["data"]
                return answer["data"]
            if answer["problem"]["status"] not in (429, 503):
                raise AssertionError(answer["problem"])
            await asyncio.sleep(answer["problem"].get("retry_after", 0.2))

    async def _try(self, name: str, body: dict[str, Any]) -> dict[str, Any] | None:
        socket = self._socket
        if socket is None:
            return None
        try:
            return await socket.call(name, body, timeout=ANSWER_SECONDS)
        except (TimeoutError, SocketIOError, OSError):
            return None

    async def _hold(self) -> None:
        turn = random.randrange(len(self.urls))
        while True:
            turn += 1
            socket = self._make_socket()
            try:
                await socket.connect(
                    self.urls[turn % len(self.urls)],
                    auth={"token": self.token, "position": self.position},
                    transports=["websocket"],
                    wait_timeout=5,
                )
                self.connects += 1
                self._socket = socket
                await socket.wait()
            except (TimeoutError, SocketIOError, OSError):
                pass
            finally:
                self._ready.clear()
                self._socket = None
                with contextlib.suppress(Exception):
                    await socket.disconnect()
            await asyncio.sleep(random.uniform(0.05, 0.4))

    def _make_socket(self) -> socketio.AsyncClient:
        socket = socketio.AsyncClient(reconnection=False)
        socket.on("event", self._on_event)
        socket.on("signal", self._on_signal)
        socket.on("resync", self._on_resync)
        socket.on("ready", self._on_ready)
        return socket

    def _on_event(self, event: dict[str, Any]) -> None:
        delivery = Delivery(event["position"], event["type"], event["body"])
        if self.position is not None and delivery.position <= self.position:
            self.repeated.append(delivery)
            return
        self.position = delivery.position
        self.delivered.append(delivery)

    def _on_signal(self, signal: dict[str, Any]) -> None:
        if signal["type"] == "position":
            self.position = max(self.position or 0, signal["body"]["position"])

    def _on_resync(self, resync: dict[str, Any]) -> None:
        self.resyncs.append(resync["reason"])
        self.position = resync["snapshot"]["position"]

    def _on_ready(self, ready: dict[str, Any]) -> None:
        self.position = max(self.position or 0, ready["position"])
        self._ready.set()

    def messages(self, room_id: int) -> list[dict[str, Any]]:
        """The messages of a room as they were delivered, in order of delivery."""
        return [
            d.body["message"]
            for d in self.delivered
            if d.type == "message_sent" and d.body["message"]["room_id"] == room_id
        ]
