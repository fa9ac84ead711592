"""The protocol of the Socket.IO Admin UI, for operators: how this node is, every other second.

It speaks the protocol's *production* mode (https://socket.io/docs/v4/admin-ui/) on the address of
``/metrics``: sums of what is counted anyway, and only while somebody looks. Clients, rooms and what
is said are never told, because portals are nobody else's business; so nothing is asked of the hot
path, which python-socketio's own instrumentation would wrap.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import socket
import time
from collections.abc import Mapping
from typing import Any, cast

import socketio
from socketio.exceptions import ConnectionRefusedError as Refused

from realtime.tasks import stop
from server.app import Server
from server.settings import AdminUi

NAMESPACE = "/admin"
EVERY_SECONDS = 2.0
# Wrong passwords from one network address in five minutes.
ATTEMPTS, ATTEMPT_SECONDS = 10, 300.0


class AdminBoard:
    """Tells operators who logged in what `Totals` sees."""

    def __init__(self, server: Server, settings: AdminUi) -> None:
        self.server = server
        self.settings = settings
        self.totals = Totals(server)
        self.sio: Any = socketio.AsyncServer(
            async_mode="asgi", cors_allowed_origins=[settings.origin], serializer="default"
        )
        self.sio.on("connect", self._connect, namespace=NAMESPACE)
        self.sio.on("disconnect", self._disconnect, namespace=NAMESPACE)
        self._looking: set[str] = set()
        self._telling: asyncio.Task[None] | None = None

    def app(self, other: Any) -> Any:
        """The ASGI app that answers ``/socket.io/`` and leaves the rest to another."""
        return socketio.ASGIApp(self.sio, other_asgi_app=other)

    async def close(self) -> None:
        """Tells nothing more."""
        if self._telling is not None:
            await stop([self._telling])
        await self.sio.shutdown()

    async def _connect(self, sid: str, environ: Mapping[str, Any], auth: Any) -> None:
        caller = f"admin-ui:{environ.get('REMOTE_ADDR', '')}"
        limiter = self.server.services.limiter
        if await limiter.hit(caller, ATTEMPTS, ATTEMPT_SECONDS) > 0:
            raise Refused("too many attempts, try again in five minutes")
        if not self._knows(auth):
            # The word by which the page asks for the password again.
            raise Refused("invalid credentials")
        await limiter.clear(caller)
        self._looking.add(sid)
        if self._telling is None:
            self.totals.forget()
            self._telling = asyncio.create_task(self._tell())
        self.sio.start_background_task(self._welcome, sid)

    def _knows(self, auth: Any) -> bool:
        if not isinstance(auth, dict):
            return False
        given = cast("dict[Any, Any]", auth)
        right = (self.settings.username, self.settings.password)
        found = (str(given.get("username", "")), str(given.get("password", "")))
        # Both are compared in any case, so that time tells nothing of either.
        same = [
            hmac.compare_digest(a.encode(), b.encode()) for a, b in zip(right, found, strict=True)
        ]
        return all(same)

    async def _welcome(self, sid: str) -> None:
        config = {"supportedFeatures": ["AGGREGATED_EVENTS"]}
        await self.sio.emit("config", config, to=sid, namespace=NAMESPACE)
        await self.sio.emit("server_stats", self.totals.look(), to=sid, namespace=NAMESPACE)

    async def _disconnect(self, sid: str, *_: Any) -> None:
        self._looking.discard(sid)
        if not self._looking and self._telling is not None:
            telling, self._telling = self._telling, None
            await stop([telling])

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            await self.sio.emit("server_stats", self.totals.turn(), namespace=NAMESPACE)


class Totals:
    """A node's sums as the page wants them, and what was added since the last turn."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._begun = time.monotonic()
        self._before: dict[str, int] = {}

    def forget(self) -> None:
        """Counts from now on."""
        self._before = self._sums()

    def turn(self) -> dict[str, Any]:
        """How it is now, with what happened since the last turn."""
        now, before = self._sums(), self._before
        self._before = now
        at = int(time.time()) * 1000
        return self.look() | {
            "aggregatedEvents": [
                {"timestamp": at, "type": kind, "count": count - before.get(kind, 0)}
                for kind, count in now.items()
                if count > before.get(kind, 0)
            ]
        }

    def look(self) -> dict[str, Any]:
        """How it is now."""
        connections = self.server.node.gateway.connections
        polling = sum(one.transport == "polling" for one in connections.values())
        return {
            "serverId": self.server.node.node_id,
            "hostname": socket.gethostname(),
            "pid": os.getpid(),
            "uptime": time.monotonic() - self._begun,
            "clientsCount": len(connections),
            "pollingClientsCount": polling,
            "aggregatedEvents": [],
            "namespaces": [{"name": "/", "socketsCount": len(connections)}],
        }

    def _sums(self) -> dict[str, int]:
        gateway = self.server.node.gateway
        connected = gateway.counts.connected
        return {
            "rawConnection": connected,
            "rawDisconnection": connected - len(gateway.connections),
            "packetsIn": sum(gateway.commands.counts.values()),
            "packetsOut": self.server.node.portals.delivered(),
        }
