"""Two nodes behind one MariaDB and one Redis, with a proxy on every way between them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from storage.database import Database
from storage.shards import Shards
from tests.faults.proxy import Proxy
from tests.house import prepare
from tests.services.mariadb import MariaDB
from tests.services.node import Node
from tests.services.redis import Redis

# One person more than the free plan holds would be refused, so the nodes get a larger one. With a
# log that is never too long to catch up with, every resync is a mistake.
LIMITS = {"plan_free_people": 1000, "attempts_caller": 10_000, "catch_up_events": 100_000}

# Two shards: rooms, people and messages of one have the numbers of the other's.
SHARDS = ("east", "west")
DIRECTORY = "directory"

MakeNode = Callable[[Path, Mapping[str, str], Path], Node]


@dataclass(frozen=True)
class Ground:
    """A MariaDB with migrated databases, which many clusters use in turn."""

    mariadb: MariaDB

    def shards(self) -> Shards:
        """The databases as they are, past all proxies."""
        databases = {name: Database(self.mariadb.url(name)) for name in SHARDS}
        return Shards(Database(self.mariadb.url(DIRECTORY)), databases, "main")

    def align(self) -> None:
        """Lets both shards count on from one number, so that what is made next overlaps."""
        names = ", ".join(f"'{name}'" for name in SHARDS)
        counted = self.mariadb.execute(
            "SELECT table_name, MAX(auto_increment) FROM information_schema.tables"
            f" WHERE table_schema IN ({names}) AND auto_increment IS NOT NULL"
            " GROUP BY table_name HAVING COUNT(DISTINCT auto_increment) > 1"
        )
        for table, number in counted:
            for name in SHARDS:
                self.mariadb.execute(f"ALTER TABLE `{name}`.`{table}` AUTO_INCREMENT = {number}")


@contextmanager
def open_ground(mariadb: MariaDB) -> Generator[Ground]:
    """Starts a MariaDB and makes its databases."""
    mariadb.start()
    try:
        for name in (DIRECTORY, *SHARDS):
            asyncio.run(prepare(mariadb.create_database(name)))
        yield Ground(mariadb)
    finally:
        mariadb.stop()


@dataclass
class Place:
    """A node, and the ways to it and from it."""

    node: Node
    front: Proxy
    to_redis: Proxy
    to_database: Proxy


@dataclass
class Cluster:
    """The running parts, each of which a test may break; what it did is noted with its time."""

    ground: Ground
    redis: Redis
    places: Sequence[Place]
    started: float = field(default_factory=time.monotonic)
    faults: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])

    @property
    def mariadb(self) -> MariaDB:
        """The database of all nodes."""
        return self.ground.mariadb

    @property
    def nodes(self) -> list[Node]:
        """The nodes."""
        return [place.node for place in self.places]

    @property
    def fronts(self) -> list[Proxy]:
        """What is between clients and nodes."""
        return [place.front for place in self.places]

    @property
    def urls(self) -> list[str]:
        """Where clients connect."""
        return [place.front.url for place in self.places]

    def note(self, fault: str) -> None:
        """Writes down what was done now."""
        self.faults.append((time.monotonic() - self.started, fault))

    async def heal(self) -> None:
        """Everything runs and everything is reachable again, whatever was done."""
        for place in self.places:
            for proxy in (place.front, place.to_redis, place.to_database):
                proxy.heal()
        for service in (self.mariadb, self.redis, *self.nodes):
            service.resume()
        stopped = [s for s in (self.mariadb, self.redis) if not s.running]
        await asyncio.gather(*(asyncio.to_thread(service.start) for service in stopped))
        dead = [node for node in self.nodes if not node.running]
        await asyncio.gather(*(asyncio.to_thread(node.start) for node in dead))
        self.note("healed")


def plain_node(folder: Path, settings: Mapping[str, str], data: Path) -> Node:
    """The server as it is."""
    return Node(folder, settings, data=data)


@asynccontextmanager
async def open_cluster(
    ground: Ground, folder: Path, make_node: MakeNode = plain_node, count: int = 2
) -> AsyncGenerator[Cluster]:
    """Starts a Redis and nodes on a ground, and stops them again."""
    redis = Redis(folder / "redis")
    redis.start()
    # Of an earlier cluster, whose redis this one does not know.
    if not ground.mariadb.running:
        ground.mariadb.start()
    places: list[Place] = []
    try:
        for number in range(count):
            place = await _open_place(ground, redis, folder, number, make_node)
            places.append(place)
        for place in places:
            place.node.launch()
        for place in places:
            await asyncio.to_thread(place.node.wait_ready)
        yield Cluster(ground, redis, places)
    finally:
        for place in places:
            place.node.kill()
            for proxy in (place.front, place.to_redis, place.to_database):
                await proxy.stop()
        redis.kill()


async def _open_place(
    ground: Ground, redis: Redis, folder: Path, number: int, make_node: MakeNode
) -> Place:
    to_redis, to_database = Proxy(redis.port), Proxy(ground.mariadb.port)
    await to_redis.start()
    await to_database.start()

    def address(database: str) -> str:
        return ground.mariadb.url(database).replace(
            f":{ground.mariadb.port}/", f":{to_database.port}/"
        )

    settings = {
        "TALKOO_NODE": f"node{number}",
        "TALKOO_DATABASE": address(DIRECTORY),
        "TALKOO_REDIS": f"redis://127.0.0.1:{to_redis.port}/0",
        **{f"TALKOO_SHARDS__{name.upper()}": address(name) for name in SHARDS},
        **{f"TALKOO_LIMITS__{name.upper()}": str(value) for name, value in LIMITS.items()},
    }
    node = make_node(folder / f"node{number}", settings, folder / "data")
    front = Proxy(node.port)
    await front.start()
    return Place(node, front, to_redis, to_database)
