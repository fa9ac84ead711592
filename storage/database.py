"""One database (a shard, or the directory) and its transactions."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Executable, Row, Table, insert, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.dialect import insert_numbered, insert_or_skip, open_engines, upsert


def now_ms() -> int:
    """The time of the wall clock: integer milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


class Statements:
    """Runs statements on one connection: the small set of shapes that queries come in."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.dialect = connection.dialect.name

    async def all(self, statement: Executable) -> Sequence[Row[Any]]:
        """Every row."""
        return (await self.connection.execute(statement)).all()

    async def first(self, statement: Executable) -> Row[Any] | None:
        """The first row, or None."""
        return (await self.connection.execute(statement)).first()

    async def scalar(self, statement: Executable) -> Any:
        """The first column of the first row, or None."""
        return (await self.connection.execute(statement)).scalar()

    async def run(self, statement: Executable) -> int:
        """Runs a change; returns how many rows it touched."""
        return int((await self.connection.execute(statement)).rowcount)

    async def add(self, table: Table, **values: Any) -> int:
        """Inserts one row into a table that numbers its rows; returns the new id."""
        return await insert_numbered(self.connection, table, values)

    async def put(self, table: Table, *rows: Mapping[str, Any]) -> None:
        """Inserts rows whose keys the caller knows, in one statement."""
        if rows:
            await self.connection.execute(insert(table).values([dict(row) for row in rows]))

    async def put_or_skip(self, table: Table, **values: Any) -> bool:
        """Inserts a row unless its key exists; tells whether it did."""
        statement = insert_or_skip(self.dialect, table).values(**values)
        return await self.run(statement) > 0

    async def upsert(
        self, table: Table, values: Mapping[str, Any], update: Mapping[str, Any]
    ) -> None:
        """Inserts a row, or sets ``update`` on the one that has its key."""
        await self.connection.execute(upsert(self.dialect, table, values, update))


class Database:
    """Opens transactions on one database. ``url`` is a SQLAlchemy async URL."""

    def __init__(self, url: str, connections: int = 10) -> None:
        self.url = url
        self.writer, self.reader = open_engines(url, connections)

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[Statements]:
        """A transaction in which every statement sees the same moment."""
        async with self.reader.connect() as connection:
            yield Statements(connection)
            await connection.rollback()

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[Statements]:
        """A transaction that commits when the block ends and rolls back when it raises."""
        async with self.writer.begin() as connection:
            yield Statements(connection)

    async def ping(self) -> bool:
        """Whether the database answers a trivial query."""
        try:
            async with self.read() as statements:
                return await statements.scalar(text("SELECT 1")) == 1
        except (DBAPIError, OSError):
            return False

    async def close(self) -> None:
        """Gives all connections back."""
        await self.writer.dispose()
        await self.reader.dispose()
