"""The whole server in this process, behind a real port, on a given store."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import uvicorn

from server.app import Server, open_server
from server.settings import Settings
from tests.house import PUBLIC_URL, House, Outbox, SignalBook
from tests.walk.hashing import cheap_passwords
from tests.walk.rest import LOOSE, Rest


@dataclass
class Served:
    """A server that runs, and a house on the same parts to build worlds with."""

    server: Server
    house: House
    rest: Rest
    # The bare address: bearer tokens are good there.
    url: str


@asynccontextmanager
async def open_served(store_url: str, folder: Path, **limits: int) -> AsyncIterator[Served]:
    """Starts the server; what it mails goes to its outbox, what worlds mail to the house's."""
    settings = Settings.model_validate(
        {
            "public_url": PUBLIC_URL,
            "data": folder,
            "database": store_url,
            "limits": {**LOOSE, **limits},
        }
    )
    async with AsyncExitStack() as stack:
        stack.enter_context(cheap_passwords())
        server = await stack.enter_async_context(open_server(settings))
        mail = Outbox()
        house = House(replace(server.services, mail=mail), mail, SignalBook(), {})
        url = await stack.enter_async_context(_listening(server))
        transport = httpx.ASGITransport(server.app)
        client = httpx.AsyncClient(transport=transport, base_url="http://test", timeout=30)
        await stack.enter_async_context(client)
        yield Served(server, house, Rest(client), url)


@asynccontextmanager
async def _listening(server: Server) -> AsyncIterator[str]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            server.app, lifespan="off", log_config=None, log_level="error", ws=server.node.websocket
        )
        config.ws_max_size = server.services.limits.frame_bytes
        uvicorn_server = uvicorn.Server(config)
        # The tests' own signal handlers stay.
        task = asyncio.create_task(uvicorn_server.serve(sockets=[listening]))
        while not uvicorn_server.started:
            await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            uvicorn_server.should_exit = True
            await task
            logging.getLogger("uvicorn").setLevel(logging.NOTSET)
