"""The server: everything that one process serves, put together and taken apart again."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version

from sqlalchemy import text
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.app import make_api
from api.headers import SafeHeaders
from api.origins import own_origin
from portal import catalogue
from portal.accounts.authenticate import authenticate
from portal.accounts.mail_later import settled
from portal.context import Services
from realtime.node import Node, NodeSettings
from server import parts
from server.health import Check, Health
from server.jobs import keep_house
from server.middleware import AccessLog, Farewell, TrueSender
from server.settings import Settings
from server.static import WebClient
from storage.blobs import Blobs
from storage.commit import Committer
from storage.database import Database
from storage.shards import Shards


@dataclass(frozen=True, slots=True)
class Server:
    """A running server, without the socket that it listens on."""

    app: ASGIApp
    services: Services
    node: Node
    health: Health
    requests: AccessLog
    drain_seconds: float

    async def leave(self) -> None:
        """Takes nobody in any more and lets the connected go: they come back to another node."""
        self.health.leaving = True
        await self.node.gateway.drain(self.drain_seconds)
        await self.node.gateway.close()


@asynccontextmanager
async def open_server(settings: Settings) -> AsyncGenerator[Server]:
    """Starts every part in the order in which they need each other; raises NotMigrated."""
    shards = parts.open_shards(settings)
    try:
        await parts.require_migrated(shards)
        key = bytes.fromhex(await shards.secret("tickets"))
        node = Node(_node_settings(settings, key), shards, settings.limits)
        mail = parts.open_mail(settings)
        committer = Committer(shards, published=node.publish)
        services = parts.assemble(
            settings,
            shards,
            committer,
            mail,
            node.signals,
            node.limiter,
            node.presence,
            node.roll_call,
        )
        mail.start()
        try:
            async with _live(node, services, settings):
                yield _server(settings, services, node)
        finally:
            await committer.drain()
            await settled()
            await mail.stop()
    finally:
        await shards.close()


@asynccontextmanager
async def _live(node: Node, services: Services, settings: Settings) -> AsyncGenerator[None]:
    def allowed(host: str, origin: str | None) -> bool:
        return own_origin(settings.address, host, origin)

    node.attach(services, catalogue.OPERATIONS, authenticate, allowed)
    await node.start()
    housekeeping = asyncio.create_task(keep_house(services))
    try:
        yield
    finally:
        housekeeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await housekeeping
        await node.stop()


def _node_settings(settings: Settings, ticket_key: bytes) -> NodeSettings:
    # Never the same twice: a node must not meet what its former life left in Redis.
    node_id = f"{settings.node_name}-{secrets.token_hex(4)}"
    return NodeSettings(
        redis=settings.redis,
        prefix=settings.redis_prefix,
        node_id=node_id,
        ticket_key=ticket_key,
    )


def _server(settings: Settings, services: Services, node: Node) -> Server:
    health = Health(_checks(services.shards, services.blobs, node))
    https = settings.address.startswith("https:")
    front = Front(
        health,
        live=node.app(_nothing),
        api=make_api(services, version("talkoo")),
        web=SafeHeaders(WebClient(), https),
    )
    requests = AccessLog(Farewell(front, lambda: health.leaving))
    app = TrueSender(requests, settings.trusted_proxies)
    node.believe(app.sender)
    return Server(app, services, node, health, requests, settings.drain_seconds)


class Front:
    """Sends a request where it belongs; what nobody else wants is the web client's."""

    def __init__(self, health: Health, live: ASGIApp, api: ASGIApp, web: ASGIApp) -> None:
        self.live = live
        self.api = api
        self.web = web
        self.routes = [Route("/healthz", health.alive), Route("/readyz", health.ready)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on."""
        path: str = scope["path"]
        own = next((route for route in self.routes if route.path == path), None)
        if scope["type"] != "http" or path.startswith("/socket.io/"):
            await self.live(scope, receive, send)
        elif own is not None:
            await own.handle(scope, receive, send)
        elif path == "/api" or path.startswith("/api/"):
            await self.api(scope, receive, send)
        else:
            await self.web(scope, receive, send)


async def _nothing(scope: Scope, _receive: Receive, send: Send) -> None:
    """What is no connection to the node: refused."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000})


def _checks(shards: Shards, blobs: Blobs, node: Node) -> dict[str, Check]:
    def of(database: Database) -> Check:
        async def check() -> str | None:
            async with database.read() as statements:
                await statements.scalar(text("SELECT 1"))
            return None

        return check

    async def bus() -> str | None:
        return None if node.health()["bus"] else "does not carry; events are found by polling"

    async def store() -> str | None:
        return None if await blobs.ready() else "does not answer"

    checks = {f"database {name}": of(database) for name, database in shards.databases.items()}
    if shards.directory not in shards.databases.values():
        checks["directory"] = of(shards.directory)
    return {**checks, "bus": bus, "blobs": store}
