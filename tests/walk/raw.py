"""A websocket without a Socket.IO library on it, to send what no library would."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import websockets
from websockets.asyncio.client import ClientConnection

from tests.walk.observer import PATIENCE_SECONDS


class Raw:
    """One Engine.IO connection over a websocket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, frame: str | bytes) -> None:
        """Sends one frame as it is."""
        await self.socket.send(frame)

    async def until(self, start: str) -> str:
        """The next frame that begins so; raises ConnectionClosed when the server hangs up."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                frame = await self.socket.recv()
                if isinstance(frame, str) and frame.startswith(start):
                    return frame
                if frame == "2":
                    await self.socket.send("3")

    async def log_in(self, auth: Any) -> dict[str, Any] | None:
        """Connects to the namespace; the problem when that is refused."""
        await self.send("40" + json.dumps(auth))
        frame = await self.until("4")
        return None if frame.startswith("40") else json.loads(frame[2:])

    async def command(self, frame: str, ack_id: int) -> dict[str, Any]:
        """Sends a frame that asks for an ack; returns that."""
        await self.send(frame)
        answer = await self.until(f"43{ack_id}[")
        return json.loads(answer[answer.index("[") :])[0]


@asynccontextmanager
async def open_raw(url: str, host: str, **headers: str) -> AsyncIterator[Raw]:
    """Connects to ``url`` in the name of ``host``; raises when the server refuses."""
    parts = urlsplit(url)
    socket = await websockets.connect(
        f"ws://{host}/socket.io/?EIO=4&transport=websocket",
        host=parts.hostname,
        port=parts.port,
        additional_headers=headers,
        proxy=None,
        max_size=None,
    )
    raw = Raw(socket)
    try:
        await raw.until("0")
        yield raw
    finally:
        await socket.close()
