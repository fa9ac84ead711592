"""One database (a shard, or the directory) and its transactions."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Executable, Row, Table, insert, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.dialect import (
    Step,
    beginning,
    insert_numbered,
    insert_or_skip,
    open_engines,
    run_on_driver,
    translated,
    upsert,
)
from storage.prepared import TAKE_NUMBERS, ByKeys, Numbered, Prepared, Values


def now_ms() -> int:
    """The time of the wall clock: integer milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


class Statements:
    """Runs statements on one connection: the small set of shapes that queries come in."""

    def __init__(
        self, connection: AsyncConnection, raw: Any = None, pending: list[Step] | None = None
    ) -> None:
        self.connection = connection
        # What was left for later; common to all that write on one connection.
        self.pending: list[Step] = [] if pending is None else pending
        self.dialect = connection.dialect.name
        # The driver's own connection, once somebody has needed it.
        self.raw = raw
        engine: Any = connection.sync_engine
        self._watched = bool(engine.dispatch.before_cursor_execute)

    async def all(self, statement: Executable) -> Sequence[Row[Any]]:
        """Every row."""
        return (await self._execute(statement)).all()

    async def first(self, statement: Executable) -> Row[Any] | None:
        """The first row, or None."""
        return (await self._execute(statement)).first()

    async def scalar(self, statement: Executable) -> Any:
        """The first column of the first row, or None."""
        return (await self._execute(statement)).scalar()

    async def run(self, statement: Executable) -> int:
        """Runs a change; returns how many rows it touched."""
        return int((await self._execute(statement)).rowcount)

    async def add(self, table: Table, **values: Any) -> int:
        """Inserts one row into a table that numbers its rows; returns the new id."""
        await self.flush()
        return await insert_numbered(self.connection, table, values)

    async def put(self, table: Table, *rows: Mapping[str, Any]) -> None:
        """Inserts rows whose keys the caller knows, in one statement."""
        if rows:
            await self._execute(insert(table).values([dict(row) for row in rows]))

    async def put_or_skip(self, table: Table, **values: Any) -> bool:
        """Inserts a row unless its key exists; tells whether it did."""
        statement = insert_or_skip(self.dialect, table).values(**values)
        return await self.run(statement) > 0

    async def upsert(
        self, table: Table, values: Mapping[str, Any], update: Mapping[str, Any]
    ) -> None:
        """Inserts a row, or sets ``update`` on the one that has its key."""
        await self._execute(upsert(self.dialect, table, values, update))

    async def _execute(self, statement: Executable) -> Any:
        if self.pending:
            await self.flush()
        return await self.connection.execute(statement)

    # --- Past SQLAlchemy (see `storage.prepared`) ----------------------------------------------

    async def rows_by(self, select: ByKeys, keys: Sequence[Values]) -> Sequence[Values]:
        """The rows that have one of the keys; values as the driver gives them."""
        return (await self.rows_together((select, keys)))[0]

    async def rows_together(
        self, *asked: tuple[ByKeys, Sequence[Values]]
    ) -> Sequence[Sequence[Values]]:
        """The same of several tables, in one round trip."""
        steps = [self._select(select, keys) for select, keys in asked if keys]
        found = iter(await self._drive(steps) if steps else ())
        return [next(found) if keys else () for _, keys in asked]

    async def driven(self, statement: Prepared, given: Mapping[str, Any]) -> Sequence[Values]:
        """Runs a prepared statement; returns the rows that it finds."""
        sql = statement.on(self.connection.dialect)
        return (await self._drive([Step(sql.text, sql.parameters(given))]))[0]

    async def drive_many(self, statement: Prepared, given: Sequence[Mapping[str, Any]]) -> None:
        """Runs a prepared statement with each of several values, in one round trip."""
        sql = statement.on(self.connection.dialect)
        await self._drive([Step(sql.text, sql.parameters(values)) for values in given])

    def later(self, statement: Prepared, rows: Sequence[Mapping[str, Any]]) -> None:
        """A prepared INSERT of many rows, before the next statement or at the end."""
        if rows:
            self.pending.append(self._insert(statement, rows))

    async def flush(self) -> None:
        """Runs what was left for later."""
        if self.pending:
            await self._drive([])

    async def add_many(self, kind: Numbered, rows: Sequence[dict[str, Any]]) -> list[int]:
        """Inserts rows into a table that numbers its rows; returns their ids, in their order."""
        if not rows:
            return []
        if self.dialect == "sqlite":
            last = await self.driven(TAKE_NUMBERS, {"name": kind.table.name, "count": len(rows)})
            first = int(last[0][0]) - len(rows) + 1
            ids = list(range(first, first + len(rows)))
            numbered = [{**row, "id": number} for row, number in zip(rows, ids, strict=True)]
            self.later(kind.insert_with_ids, numbered)
            return ids
        keys = [tuple(row[name] for name in kind.places.names) for row in rows]
        steps = [self._insert(kind.insert, rows), self._select(kind.places, keys)]
        found = {tuple(row[:-1]): int(row[-1]) for row in (await self._drive(steps))[1]}
        return [found[key] for key in keys]

    async def said(self, text: str) -> None:
        """Runs a statement that names no table: savepoints."""
        await self._drive([Step(text, ())])

    def _select(self, select: ByKeys, keys: Sequence[Values]) -> Step:
        statement, given = select.of(keys)
        sql = statement.on(self.connection.dialect)
        return Step(sql.text, sql.parameters(given))

    def _insert(self, statement: Prepared, rows: Sequence[Mapping[str, Any]]) -> Step:
        sql = statement.on(self.connection.dialect)
        return Step(sql.text, [sql.parameters(row) for row in rows], many=True)

    async def _drive(self, steps: Sequence[Step]) -> Sequence[Sequence[Values]]:
        """Runs what was left for later and then these; returns the rows that these find."""
        if self.raw is None:
            fairy: Any = await self.connection.get_raw_connection()
            self.raw = fairy.driver_connection
        every = [*self.pending, *steps]
        self.pending.clear()
        if self._watched:
            for step in every:
                await self.connection.run_sync(_tell_watchers, step)
        try:
            found = await run_on_driver(self.raw, self.dialect, every)
            return found[len(every) - len(steps) :]
        except Exception as error:
            problem = translated(self.connection, error, every[-1].sql)
            if getattr(problem, "connection_invalidated", True):
                await self.connection.invalidate()
            raise problem from error
        except BaseException:
            # Cancelled in the middle of an answer: nobody can use this connection any more.
            await self.connection.invalidate()
            raise


def _tell_watchers(connection: Any, step: Step) -> None:
    """Whoever listens to statements (the tests do) hears of these too."""
    connection.dispatch.before_cursor_execute(
        connection, None, step.sql, step.values, None, step.many
    )


class Database:
    """Opens transactions on one database. ``url`` is a SQLAlchemy async URL."""

    def __init__(self, url: str, connections: int = 10) -> None:
        self.url = url
        self.writer, self.reader = open_engines(url, connections)

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[Statements]:
        """A transaction in which every statement sees the same moment."""
        async with self.reader.connect() as connection:
            # Said outright: SQLAlchemy does not see what runs past it, and would end nothing.
            transaction = await connection.begin()
            try:
                yield Statements(connection, pending=beginning(connection.dialect.name, False))
            finally:
                await transaction.rollback()

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[Statements]:
        """A transaction that commits when the block ends and rolls back when it raises."""
        async with self.writer.begin() as connection:
            statements = Statements(connection, pending=beginning(connection.dialect.name, True))
            yield statements
            await statements.flush()

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
