"""Every difference between SQLite and MySQL/MariaDB, in this one file.

The rest of ``storage`` is written once, against SQLAlchemy Core, and asks here.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from pymysql.constants import SERVER_STATUS
from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    Connection,
    FetchedValue,
    Insert,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Subquery,
    Table,
    bindparam,
    column,
    event,
    insert,
    literal_column,
    text,
)
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.schema import SchemaItem

from storage import mysql_driver

# 16 partitions: enough that one partition of a full shard stays small, few enough that opening
# a table stays cheap (MySQL opens every partition's file).
PARTITIONS = 16

# SQLite stores any integer in 64 bits but only spells AUTOINCREMENT for INTEGER.
BigInt = BigInteger().with_variant(Integer(), "sqlite")


def portal_table(metadata: MetaData, name: str, *items: SchemaItem, key: Sequence[str]) -> Table:
    """A table of one shard: ``portal_id`` leads its key, and MySQL partitions it by portal.

    ``key`` names the primary key's columns after ``portal_id``. A key of just ``id`` means that
    the database hands the ids out (AUTO_INCREMENT).
    """
    portal_id = Column("portal_id", BigInt, nullable=False)
    options: dict[str, Any] = {
        "mysql_partition_by": "KEY (portal_id)",
        "mysql_partitions": str(PARTITIONS),
        "mysql_engine": "InnoDB",
        "mysql_charset": "utf8mb4",
        "mysql_collate": "utf8mb4_bin",
        "mysql_row_format": "DYNAMIC",
    }
    primary = PrimaryKeyConstraint("portal_id", *key, name=f"pk_{name}")
    table = Table(name, metadata, portal_id, *items, primary, implicit_returning=False, **options)
    if tuple(key) == ("id",):
        _number_rows(table)
    return table


def directory_table(metadata: MetaData, name: str, *items: SchemaItem) -> Table:
    """A table of the directory, which is small and belongs to no portal."""
    return Table(
        name,
        metadata,
        *items,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )


def _number_rows(table: Table) -> None:
    """Let the database number the rows.

    InnoDB wants an AUTO_INCREMENT column to lead some index, so MySQL gets a second key on ``id``
    alone: the one index that ``portal_id`` does not lead, and that no query uses. SQLite numbers
    only a key of one column, so there the numbers come from a row of ``numbers``.
    """
    table.c.id.server_default = FetchedValue()
    number = DDL(
        f"ALTER TABLE {table.name} ADD KEY ix_{table.name}_number (id), "
        "MODIFY id BIGINT NOT NULL AUTO_INCREMENT"
    )
    event.listen(table, "after_create", number.execute_if(dialect="mysql"))


async def insert_numbered(
    connection: AsyncConnection, table: Table, values: Mapping[str, Any]
) -> int:
    """Insert one row into a table that numbers its rows; returns the new ``id``."""
    if connection.dialect.name != "sqlite":
        result = await connection.execute(insert(table).values(**values))
        return int(result.lastrowid)
    number = await connection.execute(_TAKE_NUMBER, {"name": table.name})
    taken = int(number.scalar_one())
    await connection.execute(insert(table).values(**values, id=taken))
    return taken


# Only SQLite has this table; its one writer at a time makes the counter safe.
_TAKE_NUMBER = text(
    "INSERT INTO numbers (name, last) VALUES (:name, 1) "
    "ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last"
)


def numbers_table(connection: Connection) -> None:
    """Makes the counters that stand in for AUTO_INCREMENT, where they are needed."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            "CREATE TABLE IF NOT EXISTS numbers (name TEXT PRIMARY KEY, last INTEGER NOT NULL)"
        )


# Longer than any migration takes; the second node gives up then, loudly.
MIGRATION_WAIT_SECONDS = 600


@contextmanager
def one_migration_at_a_time(connection: Connection) -> Generator[None]:
    """Holds off other nodes' migrations. SQLite's writing transaction does that by itself."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_BEGIN[True])
        yield
        return
    taken = connection.execute(
        text("SELECT GET_LOCK('talkoo_migrations', :seconds)"), {"seconds": MIGRATION_WAIT_SECONDS}
    ).scalar()
    if taken != 1:
        raise TimeoutError("another node's migrations did not end")
    try:
        yield
    finally:
        connection.execute(text("SELECT RELEASE_LOCK('talkoo_migrations')"))


def open_engines(url: str, connections: int) -> tuple[AsyncEngine, AsyncEngine]:
    """The writing and the reading engine of one database.

    Writing transactions see each other's commits (READ COMMITTED, or one at a time on SQLite);
    reading ones see one moment (REPEATABLE READ, or a WAL snapshot).
    """
    if make_url(url).get_backend_name() == "sqlite":
        return _open_sqlite(url, connections)
    return _open_mysql(url, connections)


def _open_mysql(url: str, connections: int) -> tuple[AsyncEngine, AsyncEngine]:
    def engine(isolation: str) -> AsyncEngine:
        return create_async_engine(
            url,
            isolation_level=isolation,
            pool_size=connections,
            max_overflow=0,
            pool_pre_ping=False,
            # `Database` ends every transaction by itself; a second end would be a round trip.
            pool_reset_on_return=None,
            pool_recycle=1800,
            hide_parameters=True,
            connect_args={
                "connect_timeout": 5,
                "charset": "utf8mb4",
                "async_creator_fn": mysql_driver.connect,
            },
        )

    return engine("READ COMMITTED"), engine("REPEATABLE READ")


def _open_sqlite(url: str, connections: int) -> tuple[AsyncEngine, AsyncEngine]:
    writer = create_async_engine(url, pool_size=1, max_overflow=0, hide_parameters=True)
    reader = create_async_engine(url, pool_size=connections, max_overflow=0, hide_parameters=True)
    for engine in (writer, reader):
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        dialect: Any = engine.sync_engine.dialect
        dialect.do_commit = _where_there_is_one(dialect.do_commit)
        dialect.do_rollback = _where_there_is_one(dialect.do_rollback)
    return writer, reader


def _where_there_is_one(end: Callable[[Any], None]) -> Callable[[Any], None]:
    """Ends a transaction; where there is none any more, without a turn of the driver's thread."""

    def end_it(connection: Any) -> None:
        if connection.driver_connection.in_transaction:
            end(connection)

    return end_it


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not begin transactions by itself: `beginning` says which kind.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        # FULL: in WAL mode each COMMIT is on disk before it is acknowledged.
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=10000",
        "case_sensitive_like=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def insert_or_skip(engine_name: str, table: Table) -> Insert:
    """An INSERT that leaves an existing row alone (and then counts no row)."""
    if engine_name == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return mysql.insert(table).prefix_with("IGNORE")


def upsert(
    engine_name: str, table: Table, values: Mapping[str, Any], update: Mapping[str, Any]
) -> Insert:
    """An INSERT that, where the key exists, sets ``update`` instead."""
    if engine_name == "sqlite":
        keys = [column.name for column in table.primary_key]
        statement = sqlite.insert(table).values(**values)
        return statement.on_conflict_do_update(index_elements=keys, set_=dict(update))
    return mysql.insert(table).values(**values).on_duplicate_key_update(**update)


def upsert_given(engine_name: str, table: Table, update: Sequence[str]) -> Insert:
    """An INSERT of whole rows that, where the key exists, sets some columns to the given values."""
    values: dict[str, Any] = {column.name: bindparam(column.name) for column in table.columns}
    if engine_name == "sqlite":
        keys = [column.name for column in table.primary_key]
        statement = sqlite.insert(table).values(values)
        given = {name: statement.excluded[name] for name in update}
        return statement.on_conflict_do_update(index_elements=keys, set_=given)
    # VALUES(), and not MySQL's newer alias, which MariaDB lacks and drivers do not send in bulk.
    old: dict[str, Any] = {name: literal_column(f"VALUES({name})") for name in update}
    return mysql.insert(table).values(values).on_duplicate_key_update(old)


def given_keys(engine_name: str, key: Sequence[Column[Any]]) -> Subquery:
    """The parameter ``keys``, a JSON array of arrays, as rows with a column for each of ``key``."""
    names = [f"k{n}" for n in range(len(key))]
    if engine_name == "sqlite":
        chosen = ", ".join(f"json_extract(value, '$[{n}]') AS k{n}" for n in range(len(key)))
        rows = f"SELECT {chosen} FROM json_each(:keys)"  # noqa: S608 - no word of it is a user's
    else:
        # Both MySQL (8.0) and MariaDB (10.6) have it.
        kinds = [_spelled(one) for one in key]
        chosen = ", ".join(f"k{n} {kind} PATH '$[{n}]'" for n, kind in enumerate(kinds))
        given = f"JSON_TABLE(:keys, '$[*]' COLUMNS ({chosen})) AS given_keys"
        rows = f"SELECT * FROM {given}"  # noqa: S608 - likewise
    typed = [column(name, one.type) for name, one in zip(names, key, strict=True)]
    return text(rows).columns(*typed).subquery("k")


def _spelled(one: Column[Any]) -> str:
    kind = one.type.compile(dialect=mysql.dialect())
    return f"{kind} CHARACTER SET utf8mb4" if isinstance(one.type, String) else kind


# --- The drivers themselves ------------------------------------------------------------------
# What `storage.prepared` runs goes past SQLAlchemy, on the same connection.


@dataclass(frozen=True, slots=True)
class Step:
    """A statement with its values; with ``many``, an INSERT with the values of several rows."""

    sql: str
    values: Sequence[Any]
    many: bool = False


# By whether it will write: SQLite then waits for the other writer at once, and not in the middle.
_BEGIN = {True: "BEGIN IMMEDIATE", False: "BEGIN DEFERRED"}


def beginning(engine_name: str, writing: bool) -> list[Step]:
    """What a transaction begins with, where the driver does not see to that by itself."""
    return [Step(_BEGIN[writing], ())] if engine_name == "sqlite" else []


# MySQL takes at most 16 MiB in one packet by default (max_allowed_packet).
_PACKET_CHARACTERS = 1_000_000


async def run_on_driver(
    raw: Any, engine_name: str, steps: Sequence[Step]
) -> list[Sequence[Sequence[Any]]]:
    """Runs statements in their order; returns the rows that each of them finds.

    They go in as few round trips as possible. One to MySQL costs this process about 80 us and the
    transaction, which others wait for, several hundred; one to SQLite's thread, 60 us.
    """
    if engine_name == "sqlite":
        return await raw._execute(_run_on_sqlite, raw._conn, steps)
    found: list[Sequence[Sequence[Any]]] = [() for _ in steps]
    cursor = await raw.cursor()
    for packet in _packets(raw, steps):
        await cursor.execute(";".join(sql for _, sql in packet))
        for number, _ in packet:
            if cursor.description:
                found[number] = await cursor.fetchall()
            await cursor.nextset()
    return found


def _run_on_sqlite(
    connection: sqlite3.Connection, steps: Sequence[Step]
) -> list[Sequence[Sequence[Any]]]:
    """In the driver's thread."""
    found: list[Sequence[Sequence[Any]]] = []
    for step in steps:
        if step.many:
            connection.executemany(step.sql, step.values)
            found.append(())
        else:
            found.append(connection.execute(step.sql, step.values).fetchall())
    return found


def _packets(raw: Any, steps: Sequence[Step]) -> Generator[list[tuple[int, str]]]:
    """The statements as texts, each with its number; so many together as may go at once."""
    packet: list[tuple[int, str]] = []
    size = 0
    for number, step in enumerate(steps):
        for sql in _texts(raw, step):
            if packet and size + len(sql) > _PACKET_CHARACTERS:
                yield packet
                packet, size = [], 0
            packet.append((number, sql))
            size += len(sql)
    if packet:
        yield packet


def _texts(raw: Any, step: Step) -> Generator[str]:
    if not step.many:
        yield _filled(raw, step.sql, step.values) if step.values else step.sql
        return
    # INSERT INTO ... VALUES, one row's places, and perhaps ON DUPLICATE KEY UPDATE.
    head, row, tail = cast("re.Match[str]", _INSERT.fullmatch(step.sql)).groups()
    rows: list[str] = []
    size = 0
    for values in step.values:
        filled = _filled(raw, row, values)
        if rows and size + len(filled) > _PACKET_CHARACTERS:
            yield f"{head}{','.join(rows)}{tail}"
            rows, size = [], 0
        rows.append(filled)
        size += len(filled)
    yield f"{head}{','.join(rows)}{tail}"


_INSERT = re.compile(r"(INSERT INTO .+? VALUES )(\((?:%s, )*%s\))(.*)", re.DOTALL)


def _filled(raw: Any, sql: str, values: Sequence[Any]) -> str:
    # The driver's own way takes three times as long for numbers, which most values are.
    return sql % tuple(
        [str(value) if type(value) is int else _escaped(raw, value) for value in values]
    )


def _escaped(raw: Any, value: Any) -> str:
    """A value as MySQL reads it.

    The driver looks at each character of a text; at a message that is a seventh of all that storing
    it costs. Between single quotes only these two mean anything, where backslashes do.
    """
    if (
        type(value) is not str
        or raw.server_status & SERVER_STATUS.SERVER_STATUS_NO_BACKSLASH_ESCAPES
    ):
        return str(raw.escape(value))
    plain = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{plain}'"


# Two transactions waited for each other, and the database ended this one (ER_LOCK_DEADLOCK).
_DEADLOCK = 1213


def deadlocked(error: Exception) -> bool:
    """Whether a transaction was ended only because another was in its way."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "args", ())[:1] == (_DEADLOCK,)


def translated(connection: AsyncConnection, error: Exception, text: str) -> Exception:
    """A driver's error as SQLAlchemy would have raised it."""
    dialect: Any = connection.dialect
    errors = dialect.loaded_dbapi.Error
    if not isinstance(error, errors):
        return error
    lost = bool(dialect.is_disconnect(error, None, None))
    return DBAPIError.instance(
        text, None, error, errors, True, connection_invalidated=lost, dialect=dialect
    )


__all__ = [
    "BigInt",
    "Step",
    "beginning",
    "deadlocked",
    "directory_table",
    "given_keys",
    "insert_numbered",
    "insert_or_skip",
    "numbers_table",
    "one_migration_at_a_time",
    "open_engines",
    "portal_table",
    "run_on_driver",
    "translated",
    "upsert",
    "upsert_given",
]
