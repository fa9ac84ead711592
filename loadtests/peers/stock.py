"""Stock python-socketio under uvicorn, uvloop and httptools, with its defaults."""

from __future__ import annotations

import socket
from typing import Any

import socketio
import uvicorn

server: Any = socketio.AsyncServer(async_mode="asgi")


async def join(sid: str, payload: dict[str, str]) -> bool:
    """Puts the connection into a room."""
    await server.enter_room(sid, payload["room"])
    return True


async def send(_sid: str, payload: dict[str, str]) -> bool:
    """Delivers a message to a room."""
    room = payload["room"]
    await server.emit("message", {"room": room, "text": payload["text"]}, room=room)
    return True


class Ready(uvicorn.Server):
    """Says where it listens."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts, then tells the port."""
        await super().startup(sockets)
        for listener in sockets or []:
            print(f"ready {listener.getsockname()[1]}", flush=True)


def main() -> None:
    """Serves until it is told to stop."""
    server.on("join", join)
    server.on("send", send)
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    app: Any = socketio.ASGIApp(server)
    config = uvicorn.Config(
        app, loop="uvloop", http="httptools", log_config=None, log_level="critical"
    )
    Ready(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
