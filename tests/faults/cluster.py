"""Two nodes behind one MariaDB and one Redis, a portal in them, and clients that hold on."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from portal.chat.model import CreateRoom
from portal.chat.rooms import create_room
from portal.limits import Limits
from storage.shards import Shards
from tests.faults.client import HoldingClient
from tests.faults.judge import Verdict, judge
from tests.house import House, open_house
from tests.services.mariadb import MariaDB
from tests.services.node import Node
from tests.services.redis import Redis

# One person more than the free plan holds would be refused, so the nodes get a larger one.
LIMITS = {"plan_free_people": 1000, "attempts_caller": 10_000, "catch_up_events": 100_000}


@dataclass
class Cluster:
    """The running parts, each of which a test may break."""

    mariadb: MariaDB
    redis: Redis
    nodes: Sequence[Node]
    database_url: str

    @property
    def urls(self) -> list[str]:
        """The addresses of the nodes."""
        return [node.url for node in self.nodes]


@asynccontextmanager
async def open_cluster(folder: Path, count: int = 2) -> AsyncGenerator[Cluster]:
    """Starts everything, and stops it again."""
    mariadb = MariaDB(folder / "mariadb")
    redis = Redis(folder / "redis")
    nodes: list[Node] = []
    try:
        await asyncio.gather(asyncio.to_thread(mariadb.start), asyncio.to_thread(redis.start))
        url = mariadb.create_database("talkoo")
        settings = {
            "TALKOO_DATABASE": url,
            "TALKOO_REDIS": redis.url,
            **{f"TALKOO_LIMITS__{name.upper()}": str(value) for name, value in LIMITS.items()},
        }
        nodes = [Node(folder / f"node{n}", settings, data=folder / "data") for n in range(count)]
        await asyncio.to_thread(nodes[0].talkoo, "migrate")
        await asyncio.gather(*(asyncio.to_thread(node.start) for node in nodes))
        yield Cluster(mariadb, redis, nodes, url)
    finally:
        for service in (*nodes, redis, mariadb):
            await asyncio.to_thread(service.stop)


@dataclass
class Company:
    """People of one portal in one room, each with a client."""

    house: House
    portal_id: int
    room_id: int
    clients: list[HoldingClient]
    asked: set[str]

    @property
    def shards(self) -> Shards:
        """Where the truth is."""
        return self.house.services.shards

    async def send(self, client: HoldingClient, count: int, pause: float = 0.0) -> None:
        """Sends ``count`` messages, one after the other, each until it is answered."""
        for _ in range(count):
            client_id = uuid.uuid4().hex
            self.asked.add(client_id)
            await client.command(
                "send_message",
                {"room_id": self.room_id, "client_id": client_id, "text": f"message {client_id}"},
            )
            await asyncio.sleep(pause)

    async def judge(self) -> Verdict:
        """What the judge finds now."""
        # Its own connections may not have survived what was done to the database.
        await self.shards.close()
        return await judge(self.shards, self.portal_id, self.room_id, self.clients, self.asked)


@asynccontextmanager
async def open_company(cluster: Cluster, folder: Path, people: int) -> AsyncGenerator[Company]:
    """A portal with ``people`` in one room, all of them connected, spread over the nodes."""
    limits = Limits().model_copy(update=LIMITS)
    async with open_house(cluster.database_url, folder / "blobs", limits) as house:
        admin = await house.make_portal()
        others = [await house.join(admin, f"Person {n}") for n in range(people - 1)]
        made = await create_room(
            admin,
            CreateRoom(
                client_id=uuid.uuid4().hex,
                name="Everyone",
                user_ids=[context.me.user_id for context in others],
            ),
        )
        tokens = [await house.token(context) for context in (admin, *others)]
        clients = [
            HoldingClient(cluster.urls[n % 2 :] + cluster.urls[: n % 2], token)
            for n, token in enumerate(tokens)
        ]
        await asyncio.gather(*(client.start() for client in clients))
        try:
            yield Company(house, admin.portal, made.room.id, clients, set())
        finally:
            await asyncio.gather(*(client.stop() for client in clients))
