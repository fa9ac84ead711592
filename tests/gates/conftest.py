"""A server on each store, and one world in it that is shared by what changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.house import House
from tests.walk.rest import Rest
from tests.walk.serving import Served, open_served
from tests.walk.world import World, make_world


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("sqlite", id="sqlite"),
        pytest.param("mariadb", id="mariadb", marks=pytest.mark.mariadb),
    ],
)
def each_store_url(request: pytest.FixtureRequest) -> str:
    """The address of each store in turn, for the tests of a module."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on_each_store(
    each_store_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    """The whole server, on each store in turn."""
    async with open_served(each_store_url, tmp_path_factory.mktemp("server")) as served:
        yield served


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(
    sqlite_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    """The whole server, for what does not depend on the store."""
    async with open_served(sqlite_url, tmp_path_factory.mktemp("server")) as served:
        yield served


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(on_each_store: Served) -> World:
    """Both portals. What a test does to them must be refused, or harmless to the others."""
    return await make_world(on_each_store.house)


@pytest.fixture(scope="module")
def rest(on_each_store: Served) -> Rest:
    """The REST door."""
    return on_each_store.rest


@pytest.fixture(scope="module")
def shared_house(on_each_store: Served) -> House:
    """The house that the world stands in."""
    return on_each_store.house
