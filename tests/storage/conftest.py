"""A bare store: shards and portals with nothing but a clock."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from storage import log
from storage.database import Database
from storage.shards import Shards

NewPortal = Callable[[], Awaitable[int]]


@pytest.fixture
async def shards(store_url: str) -> AsyncIterator[Shards]:
    database = Database(store_url)
    shards = Shards(database, {"main": database}, "here")
    yield shards
    await shards.close()


@pytest.fixture
def new_portal(shards: Shards) -> NewPortal:
    async def make() -> int:
        portal_id = await shards.claim(f"s{uuid.uuid4().hex[:20]}")
        async with (await shards.home(portal_id)).write() as statements:
            await log.start(statements, portal_id)
        await shards.open_portal(portal_id)
        return portal_id

    return make
