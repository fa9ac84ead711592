"""The stores that the suite runs on, and a house on each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from portal.context import Context, Services
from tests.house import House, open_house, prepare
from tests.services.mariadb import MariaDB
from tests.services.redis import Redis
from tests.team import Team
from tests.walk.hashing import cheap_passwords

MakePortal = Callable[..., Awaitable[Context]]
Join = Callable[..., Awaitable[Context]]

#: What `make check` leaves to `make test`: whole nodes, processes, and every operation with every
#: person and bad input.
SLOW = (
    "clients",
    "gates",
    "realtime",
    "reducer",
    "server/test_cli.py",
    "server/test_demo.py",
    "server/test_metrics.py",
    "server/test_serve.py",
    "server/test_tracing.py",
    "server/test_workers.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the slow tests, so that no room of them can forget to."""
    slow = [Path(__file__).parent / room for room in SLOW]
    for item in items:
        if any(item.path.is_relative_to(room) for room in slow):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    """One MariaDB for the whole run."""
    server = MariaDB(tmp_path_factory.mktemp("mariadb"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """One Redis for the whole run."""
    server = Redis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A migrated SQLite database, shared: each test makes portals of its own in it."""
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('sqlite') / 'talkoo.db'}"
    asyncio.run(prepare(url))
    return url


@pytest.fixture(scope="session")
def mariadb_url(mariadb: MariaDB) -> str:
    """A migrated MariaDB database, shared likewise."""
    url = mariadb.create_database("talkoo")
    asyncio.run(prepare(url))
    return url


@pytest.fixture(
    params=[
        pytest.param("sqlite", id="sqlite"),
        pytest.param("mariadb", id="mariadb", marks=pytest.mark.mariadb),
    ]
)
def store_url(request: pytest.FixtureRequest) -> str:
    """The address of each store in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def house(store_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """The parts that actions use, on each store."""
    async with open_house(store_url, tmp_path / "blobs") as house:
        yield house


@pytest.fixture
def services(house: House) -> Services:
    """The services of the house."""
    return house.services


@pytest.fixture
def make_portal(house: House) -> MakePortal:
    """Makes a portal; gives its admin's context."""
    return house.make_portal


@pytest.fixture
def join(house: House) -> Join:
    """Adds someone to a portal; gives their context."""
    return house.join


@pytest.fixture
def cheap() -> Iterator[None]:
    """Hashes passwords with next to no work."""
    with cheap_passwords():
        yield


@pytest.fixture
async def team(cheap: None, house: House) -> Team:
    """An admin, two members and a guest."""
    return await Team.make(house)
