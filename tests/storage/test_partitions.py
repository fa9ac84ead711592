"""On MariaDB every statement names its portal, and touches one partition of each table."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import text

from storage import log
from storage.database import Database, Statements
from tests.walk.everything import do_everything
from tests.walk.recorder import ONE_A_LOOK, Recorder, Seen, functions_with_statements
from tests.walk.serving import open_served

pytestmark = [pytest.mark.mariadb, pytest.mark.asyncio(loop_scope="module")]

# Reads the heads of all portals that a node serves, one query a shard: it is meant to touch many.
OVER_PORTALS = frozenset(("log.heads",))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def recorder(
    mariadb_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Recorder]:
    """What was seen while every operation ran once."""
    async with open_served(mariadb_url, tmp_path_factory.mktemp("partitions")) as served:
        [database] = served.house.services.shards.databases.values()
        with Recorder(database) as recorder:
            await do_everything(served)
        yield recorder


def within_a_portal(recorder: Recorder) -> list[Seen]:
    """All statements but the exception."""
    found = [seen for seen in recorder.seen.values() if not seen.functions & OVER_PORTALS]
    assert len(found) > 50, "the walk saw hardly anything"
    return found


async def test_every_function_that_runs_statements_was_reached(recorder: Recorder) -> None:
    missed = {
        name for name, code in functions_with_statements().items() if code not in recorder.reached
    }
    assert missed == set(), "tests/walk/everything.py must reach these"


async def test_every_statement_names_the_portal_of_every_table(recorder: Recorder) -> None:
    for seen in within_a_portal(recorder):
        if seen.insert_columns is not None:
            assert "portal_id" in seen.insert_columns, seen.text
            continue
        for alias in seen.tables:
            assert re.search(rf"\b{alias}`?\.portal_id = ", seen.text), (alias, seen.text)


async def test_every_statement_touches_one_partition_of_each_table(recorder: Recorder) -> None:
    planned = [seen for seen in within_a_portal(recorder) if seen.insert_columns is None]
    unplanned = [seen.text for seen in planned if not seen.explained]
    assert unplanned == [], "tests/walk/everything.py must run these where they find something"
    for seen in planned:
        for alias, partitions in seen.partitions.items():
            one = [re.fullmatch(rf"p\d+|{ONE_A_LOOK}", name) for name in partitions]
            assert all(one), (alias, seen.text, partitions)


async def test_a_look_by_key_goes_into_one_partition(mariadb_url: str) -> None:
    """The plan of a look names all partitions; the server counts those that it went into."""
    portals = [(number,) for number in range(1, 65)]
    database = Database(mariadb_url)
    try:
        async with database.read() as statements:
            before = await _looks(statements)
            found = await statements.rows_by(log.CLOCKS, portals)
            each = (await _looks(statements) - before) / len(portals)
    finally:
        await database.close()
    assert len(found) <= len(portals)
    assert 1 <= each < 2


async def _looks(statements: Statements) -> int:
    row = await statements.first(text("SHOW SESSION STATUS LIKE 'Handler_read_key'"))
    assert row is not None
    return int(row[1])


async def test_the_exception_is_the_poll_of_clocks(recorder: Recorder) -> None:
    exceptions = [seen for seen in recorder.seen.values() if seen.functions & OVER_PORTALS]
    assert exceptions
    for seen in exceptions:
        assert set(seen.tables) == {"clocks"}
        assert "clocks.portal_id IN (" in seen.text
