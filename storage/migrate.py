"""Brings a database's schema up to date, or tells what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from storage.database import Database
from storage.dialect import one_migration_at_a_time

Tree = Literal["directory", "shard"]


async def migrate(database: Database, tree: Tree) -> list[str]:
    """Applies what is missing, in order; returns the revisions that it applied.

    Two nodes that start at once are safe: the second waits and finds nothing to do.
    """
    async with database.writer.begin() as connection:
        return await connection.run_sync(_upgrade, tree)


async def pending(database: Database, tree: Tree) -> list[str]:
    """The revisions that the database still lacks, oldest first."""
    async with database.reader.connect() as connection:
        missing = await connection.run_sync(_missing, tree)
        await connection.rollback()
    return missing


def _upgrade(connection: Connection, tree: Tree) -> list[str]:
    with one_migration_at_a_time(connection):
        missing = _missing(connection, tree)
        if missing:
            config = _config(tree)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    return missing


def _missing(connection: Connection, tree: Tree) -> list[str]:
    context = MigrationContext.configure(connection, opts={"version_table": f"migrations_{tree}"})
    scripts = ScriptDirectory.from_config(_config(tree))
    have = context.get_current_revision()
    newer = list(scripts.iterate_revisions("head", have or "base"))
    return [script.revision for script in reversed(newer) if script.revision != have]


def _config(tree: Tree) -> Config:
    config = Config()
    # Percent signs are Alembic's own in its settings.
    folder = str(Path(__file__).parent / "migrations" / tree).replace("%", "%%")
    config.set_main_option("script_location", folder)
    return config
