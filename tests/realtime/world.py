"""A small world for the live side: portals with users, and nodes that serve them.

The operations are stand-ins, a few lines each, so that what is tested here is delivery alone.
"""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

import httpx
import uvicorn

from portal import audience
from portal.accounts.model import Person, PersonChanged, SessionEnded
from portal.chat.model import MembersAdded, Room, RoomRemoved
from portal.context import Role, Services, record
from portal.feed.model import PostDeleted
from portal.limits import Limits
from realtime.node import Meeting, Node, NodeSettings
from storage import log
from storage.commit import Committer, Tx
from storage.database import Database, now_ms
from storage.schema import members, rooms, sessions, users
from storage.session_book import SessionBook
from storage.shards import Shards
from tests.realtime.client import Client, until
from tests.realtime.stand_ins import OPERATIONS, Said, authenticate
from tests.services.ports import free_port

# --- Nodes ---------------------------------------------------------------------------------------


class _Uvicorn(uvicorn.Server):
    """Leaves signals to the test runner."""

    def capture_signals(self) -> Any:
        from contextlib import nullcontext

        return nullcontext()


async def _nothing_else(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@dataclass
class Served:
    """A node behind a real server."""

    node: Node
    services: Services
    port: int
    server: _Uvicorn
    task: asyncio.Task[None]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@dataclass
class User:
    id: int
    session_id: int
    portal_id: int
    role: Role

    @property
    def token(self) -> str:
        return f"{self.portal_id}.{self.session_id}"

    def auth(self, position: int | None = None) -> dict[str, Any]:
        return {"token": self.token} | ({} if position is None else {"position": position})


@dataclass
class World:
    """Portals on one store, and the nodes in front of it."""

    shards: Shards
    limits: Limits = field(default_factory=lambda: Limits.model_validate({"catch_up_events": 50}))
    meeting: Meeting = field(default_factory=Meeting)
    nodes: list[Served] = field(default_factory=list[Served])
    clients: list[Client] = field(default_factory=list[Client])
    addresses: dict[int, str] = field(default_factory=dict[int, str])
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    # --- Portals and people -------------------------------------------------------------------

    async def portal(self) -> int:
        address = f"p{uuid.uuid4().hex[:20]}"
        portal_id = await self.shards.claim(address)
        async with (await self.shards.home(portal_id)).write() as statements:
            await log.start(statements, portal_id)
        await self.shards.open_portal(portal_id)
        self.addresses[portal_id] = address
        return portal_id

    async def user(self, portal_id: int, role: Role = "member") -> User:
        email = f"{uuid.uuid4().hex}@example.test"
        async with (await self.shards.home(portal_id)).write() as statements:
            user_id = await statements.add(
                users, portal_id=portal_id, email=email, email_key=email, name="N", title="",
                role=role, language="en", password_hash="", created_at=1, feed_read=0,
            )  # fmt: skip
        session_id = await self.session(portal_id, user_id)
        return User(user_id, session_id, portal_id, role)

    async def session(self, portal_id: int, user_id: int) -> int:
        async with (await self.shards.home(portal_id)).write() as statements:
            return await statements.add(
                sessions, portal_id=portal_id, user_id=user_id, token_hash=uuid.uuid4().hex,
                device="", address="", created_at=1, last_seen_at=1, expires_at=2**50,
            )  # fmt: skip

    async def other_session(self, user: User) -> User:
        return replace(user, session_id=await self.session(user.portal_id, user.id))

    async def room(self, *inside: User) -> int:
        """A room that was always there: no event."""
        portal_id = inside[0].portal_id
        async with (await self.shards.home(portal_id)).write() as statements:
            room_id = await statements.add(
                rooms, portal_id=portal_id, kind="group", name="R", visible_to="members",
                created_by=inside[0].id, created_at=1, last_seq=0,
            )  # fmt: skip
            await statements.put(
                members,
                *(
                    {"portal_id": portal_id, "room_id": room_id, "user_id": user.id,
                     "read_seq": 0, "joined_at": 1}
                    for user in inside
                ),
            )  # fmt: skip
        return room_id

    # --- Changes ------------------------------------------------------------------------------

    async def commit(
        self, portal_id: int, change: Callable[[Tx], Awaitable[Any]], node: int = 0
    ) -> Any:
        return await self.nodes[node].services.committer.commit(portal_id, change)

    async def tell(
        self, portal_id: int, name: str, *texts: str, room_id: int = 0, node: int = 0
    ) -> int:
        """Records events for an audience; returns the position of the last."""

        async def change(tx: Tx) -> int:
            for text in texts:
                record(tx, name, Said(room_id=room_id, text=text, user_id=1))
            return tx.position

        return cast(int, await self.commit(portal_id, change, node))

    async def say(self, room_id: int, user: User, *texts: str, node: int = 0) -> int:
        return await self.tell(
            user.portal_id, audience.room(room_id), *texts, room_id=room_id, node=node
        )

    async def silently(self, portal_id: int, name: str, *texts: str) -> int:
        """Records events on a node that tells nobody: as if every hint was lost."""

        async def lost(portal_id: int, events: list[log.Event]) -> None:
            return None

        async def change(tx: Tx) -> int:
            for text in texts:
                record(tx, name, Said(room_id=0, text=text, user_id=1))
            return tx.position

        return await Committer(self.shards, lost).commit(portal_id, change)

    async def add_member(self, room_id: int, user: User, all_ids: Sequence[int]) -> int:
        room = Room(
            id=room_id, kind="group", name="R", member_ids=sorted(all_ids), created_by=1,
            created_at=1, last_seq=0, last_message=None, read_seq=0, unread=0, post_id=None,
        )  # fmt: skip

        async def change(tx: Tx) -> int:
            await tx.put(
                members,
                {"portal_id": user.portal_id, "room_id": room_id, "user_id": user.id,
                 "read_seq": 0, "joined_at": 1},
            )  # fmt: skip
            return record(
                tx,
                audience.room(room_id),
                MembersAdded(room=room, user_ids=[user.id], people=[]),
            )

        return cast(int, await self.commit(user.portal_id, change))

    async def remove_member(self, room_id: int, user: User) -> int:
        async def change(tx: Tx) -> int:
            await tx.run(
                members.delete().where(
                    members.c.portal_id == user.portal_id,
                    members.c.room_id == room_id,
                    members.c.user_id == user.id,
                )
            )
            removed = RoomRemoved(room_id=room_id, user_id=user.id)
            return record(tx, audience.user(user.id), removed)

        return cast(int, await self.commit(user.portal_id, change))

    async def delete_post(self, room_id: int, author: User) -> int:
        """Tells that the post of a discussion is gone."""

        async def change(tx: Tx) -> int:
            gone = PostDeleted(post_id=1, position=1, user_id=author.id, room_id=room_id)
            return record(tx, audience.room(room_id), gone)

        return cast(int, await self.commit(author.portal_id, change))

    async def change_person(self, user: User, role: Role, active: bool = True) -> int:
        person = Person(id=user.id, name="N", title="", picture=None, role=role, active=active)

        async def change(tx: Tx) -> int:
            gone = None if active else tx.now
            await tx.run(
                users.update()
                .where(users.c.portal_id == user.portal_id, users.c.id == user.id)
                .values(role=role, deactivated_at=gone)
            )
            return record(tx, audience.person(user.id), PersonChanged(person=person))

        return cast(int, await self.commit(user.portal_id, change))

    async def end_session(self, user: User, node: int = 0) -> int:
        async def change(tx: Tx) -> int:
            await tx.run(
                sessions.update()
                .where(sessions.c.portal_id == user.portal_id, sessions.c.id == user.session_id)
                .values(ended_at=now_ms())
            )
            return record(tx, audience.user(user.id), SessionEnded(session_id=user.session_id))

        return cast(int, await self.commit(user.portal_id, change, node))

    async def head(self, portal_id: int) -> int:
        async with (await self.shards.home(portal_id)).read() as statements:
            return (await log.clock(statements, portal_id)).last

    # --- Nodes and clients --------------------------------------------------------------------

    async def serve(self, **settings: Any) -> Served:
        port = free_port()
        options: dict[str, Any] = {"grace_seconds": 0.3, "beat_seconds": 0.5} | settings
        node = Node(NodeSettings(**options), self.shards, self.limits, self.meeting)
        services = Services(
            shards=self.shards,
            sessions=SessionBook(self.shards),
            committer=Committer(self.shards, node.publish),
            blobs=cast(Any, None),
            mail=cast(Any, None),
            signals=node.signals,
            limiter=node.limiter,
            presence=node.presence,
            connections=node.roll_call,
            limits=self.limits,
            public_url=f"http://localhost:{port}",
        )
        node.attach(services, OPERATIONS, authenticate, _same_host)
        config = uvicorn.Config(
            node.app(_nothing_else), "127.0.0.1", port, log_level="error", lifespan="off",
            ws=node.websocket,
        )  # fmt: skip
        server = _Uvicorn(config)
        await node.start()
        served = Served(node, services, port, server, asyncio.create_task(server.serve()))
        self.nodes.append(served)
        await until(lambda: server.started)
        return served

    async def stop(self, served: Served) -> None:
        self.nodes.remove(served)
        await served.node.stop()
        served.server.should_exit = True
        served.server.force_exit = True
        await served.task

    async def connect(
        self, user: User, position: int | None = None, node: int = 0, **options: Any
    ) -> Client:
        """Connects, and waits until it is live."""
        client = Client()
        self.clients.append(client)
        await client.connect(self.nodes[node].url, user.auth(position), **options)
        return await client.live()

    async def close(self) -> None:
        for client in self.clients:
            await client.close()
        for served in list(self.nodes):
            await self.stop(served)


def _same_host(host: str, origin: str) -> bool:
    return origin == f"http://{host}"


@asynccontextmanager
async def open_world(url: str) -> AsyncIterator[World]:
    """A world on a migrated database."""
    database = Database(url)
    world = World(Shards(database, {"main": database}, "here"))
    try:
        yield world
    finally:
        await world.close()
        await world.shards.close()


async def polling_handshake(
    served: Served, headers: dict[str, str], host: str | None = None
) -> httpx.Response:
    """The first request of an Engine.IO polling client."""
    async with httpx.AsyncClient() as http:
        return await http.get(
            f"{served.url}/socket.io/?EIO=4&transport=polling",
            headers={"Host": host or f"localhost:{served.port}"} | headers,
        )
