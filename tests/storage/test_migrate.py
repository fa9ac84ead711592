"""Migrations end where the schema stands, on each store."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData

from storage import schema
from storage.database import Database
from storage.migrate import Tree, migrate, pending


def differences(connection: Connection, tree: Tree, metadata: MetaData) -> list[object]:
    others = {"numbers", "migrations_shard", "migrations_directory"}
    others |= {
        name for m in (schema.shard, schema.directory) if m is not metadata for name in m.tables
    }

    def ours(thing: object, name: str | None, kind: str, reflected: bool, _other: object) -> bool:
        return not (
            (kind == "table" and name in others)
            or (kind == "index" and reflected and str(name).endswith("_number"))
        )

    context = MigrationContext.configure(
        connection,
        opts={"version_table": f"migrations_{tree}", "include_object": ours, "compare_type": True},
    )
    return list(compare_metadata(context, metadata))


@pytest.mark.parametrize("tree", ["directory", "shard"])
async def test_the_migrated_schema_is_the_schema(store_url: str, tree: Tree) -> None:
    metadata: MetaData = getattr(schema, tree)
    database = Database(store_url)
    async with database.reader.connect() as connection:
        found = await connection.run_sync(differences, tree, metadata)
        assert found == []
    await database.close()


async def test_a_new_database_lacks_everything_and_then_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'new.db'}")
    lacking = await pending(database, "shard")
    assert lacking[0] == "0001"
    assert lacking == sorted(lacking)
    assert await migrate(database, "shard") == lacking
    assert await pending(database, "shard") == []
    assert await migrate(database, "shard") == []
    await database.close()


def test_every_portal_table_is_led_by_portal_id() -> None:
    for table in schema.shard.tables.values():
        assert next(iter(table.primary_key)).name == "portal_id", table.name
        for index in table.indexes:
            assert next(iter(index.columns)).name == "portal_id", index.name
        for constraint in table.constraints:
            columns = [column.name for column in getattr(constraint, "columns", ())]
            assert not columns or columns[0] == "portal_id", (table.name, columns)
