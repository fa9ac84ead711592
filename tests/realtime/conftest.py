"""A world for the live side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.house import prepare
from tests.realtime.world import World, open_world
from tests.services.redis import Redis
from tests.services.redis_cluster import RedisCluster


@pytest.fixture(scope="session")
def world_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A migrated SQLite database for the worlds of this folder."""
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('realtime') / 'talkoo.db'}"
    asyncio.run(prepare(url))
    return url


@pytest.fixture
async def world(world_url: str) -> AsyncIterator[World]:
    """Portals, people and nodes; all of it is closed at the end."""
    async with open_world(world_url) as world:
        yield world


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Redis]:
    """A Redis that the test may stop and start."""
    server = Redis(tmp_path / "redis")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def shared_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """One Redis for the tests of this folder that leave it running."""
    server = Redis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_cluster(tmp_path: Path) -> Iterator[RedisCluster]:
    """A Redis Cluster with replicas, that the test may break."""
    with RedisCluster(tmp_path / "cluster", replicas=True) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def shared_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisCluster]:
    """One Redis Cluster for the tests of this folder that leave it as it is."""
    with RedisCluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture
def redis_url(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """The address of the shared server for a kind of Redis: `redis` or `cluster`."""

    def address(kind: str) -> str:
        url: str = request.getfixturevalue(f"shared_{kind}").url
        return url

    return address
