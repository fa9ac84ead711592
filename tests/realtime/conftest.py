"""A world for the live side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.house import prepare
from tests.realtime.world import World, open_world
from tests.services.redis import Redis


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
