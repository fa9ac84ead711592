"""The services of the tests themselves: they start, keep their word when killed, and end."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.services.mariadb import MariaDB
from tests.services.ports import free_port, is_free
from tests.services.processes import NotReady, Service, wait_until
from tests.services.redis import Redis


@pytest.fixture(scope="module")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    with MariaDB(tmp_path_factory.mktemp("mariadb")) as server:
        yield server


@pytest.mark.mariadb
async def test_mariadb_answers_through_sqlalchemy(mariadb: MariaDB) -> None:
    engine = create_async_engine(mariadb.create_database("first"))
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT 'päivää 🌱'")) == "päivää 🌱"
    await engine.dispose()


@pytest.mark.mariadb
def test_mariadb_keeps_commits_when_killed(mariadb: MariaDB) -> None:
    mariadb.create_database("second")
    mariadb.execute("CREATE TABLE kept (id INT PRIMARY KEY) ENGINE=InnoDB", database="second")
    mariadb.execute("INSERT INTO kept VALUES (1), (2)", database="second")
    port = mariadb.port

    mariadb.kill()
    assert not mariadb.running
    mariadb.start()

    assert mariadb.port == port
    assert mariadb.execute("SELECT id FROM kept ORDER BY id", database="second") == [(1,), (2,)]


@pytest.mark.redis
def test_redis_is_killed_and_comes_back_empty(tmp_path: Path) -> None:
    with Redis(tmp_path) as server:
        with server.client() as client:
            client.set("key", "value")
            assert client.get("key") == b"value"
        server.kill()
        server.start()
        with server.client() as client:
            assert client.get("key") is None


@pytest.mark.redis
def test_redis_with_keep_has_its_data_after_a_restart(tmp_path: Path) -> None:
    with Redis(tmp_path, keep=True) as server:
        with server.client() as client:
            client.set("key", "value")
        server.restart()
        with server.client() as client:
            assert client.get("key") == b"value"


@pytest.mark.redis
def test_a_frozen_redis_does_not_answer_until_resumed(tmp_path: Path) -> None:
    with Redis(tmp_path) as server:
        server.pause()
        once = Retry(NoBackoff(), 0)
        impatient = redis.Redis(port=server.port, socket_timeout=0.2, retry=once)
        with impatient as client, pytest.raises(redis.TimeoutError):
            client.ping()
        server.resume()
        assert server.is_ready()


class Broken(Service):
    """A service that ends at once."""

    def command(self) -> list[str]:
        return ["sh", "-c", "echo no such luck; exit 3"]

    def is_ready(self) -> bool:
        return False


def test_a_service_that_ends_while_starting_says_why(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match=r"ended with 3(.|\n)*no such luck"):
        Broken(tmp_path).start()


class Asleep(Service):
    """A service with a child that would outlive it."""

    def command(self) -> list[str]:
        return ["sh", "-c", f"sleep 60 & echo $! > '{self.folder}/child'; wait"]

    def is_ready(self) -> bool:
        child = self.folder / "child"
        return child.exists() and child.read_text() != ""


def _is_dead(process: int) -> bool:
    try:
        # A zombie is dead; it only waits for its parent to look.
        return "zombie" in Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_kill_reaches_the_children(tmp_path: Path) -> None:
    service = Asleep(tmp_path).start()
    child = int((tmp_path / "child").read_text())
    service.kill()
    wait_until(lambda: _is_dead(child), within=10, what="the child ends")


def test_free_ports_are_free() -> None:
    assert is_free(free_port())
