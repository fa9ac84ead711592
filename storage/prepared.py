"""Statements that run at every message: written by SQLAlchemy once, run by the driver itself.

SQLAlchemy's own way through a statement costs 155 us of CPU over aiomysql when the statement was
built beforehand and 280 us when it was not; the driver alone costs 22 to 37 us (`make bench`). So
what each command needs goes this way, in the same transaction, and all else stays with SQLAlchemy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import (
    Column,
    Dialect,
    FromClause,
    Insert,
    Select,
    Table,
    and_,
    bindparam,
    insert,
    text,
)
from sqlalchemy.sql import ClauseElement

from storage.dialect import given_keys, upsert_given

Values = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Sql:
    """A statement for one driver: its text, and where each of its parameters comes from."""

    text: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]

    def parameters(self, given: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values in the order of the text."""
        if not self.fixed:
            return tuple([given[name] for name in self.names])
        both = {**self.fixed, **given}
        return tuple([both[name] for name in self.names])


class Prepared:
    """A statement whose values are ``bindparam`` by name."""

    def __init__(self, build: Callable[[str], ClauseElement]) -> None:
        self._build = build
        self._known: dict[str, Sql] = {}

    def on(self, dialect: Dialect) -> Sql:
        """The statement as this dialect's driver takes it."""
        known = self._known.get(dialect.name)
        if known is None:
            compiled: Any = self._build(dialect.name).compile(dialect=dialect)
            fixed = {name: value for name, value in compiled.params.items() if value is not None}
            known = Sql(str(compiled), tuple(compiled.positiontup), fixed)
            self._known[dialect.name] = known
        return known


def prepared(statement: ClauseElement) -> Prepared:
    """A statement that is the same on both stores."""
    return Prepared(lambda _name: statement)


def inserting(table: Table) -> Prepared:
    """An INSERT of whole rows, given by column."""
    names = [column.name for column in table.columns]
    return _insert(insert(table), names)


def inserting_columns(table: Table, *columns: Column[Any]) -> Prepared:
    """An INSERT of some columns; the others have their defaults."""
    return _insert(insert(table), [column.name for column in columns])


def _insert(statement: Insert, names: Sequence[str]) -> Prepared:
    return prepared(statement.values({name: bindparam(name) for name in names}))


def writing_back(table: Table, *changing: Column[Any]) -> Prepared:
    """Writes rows that exist, and that the transaction holds as a whole, with some columns changed.

    An upsert of whole rows, because drivers send many of those in one statement, and updates one
    by one.
    """
    names = [column.name for column in changing]
    return Prepared(lambda engine_name: upsert_given(engine_name, table, names))


# Only SQLite has this table (see `storage.dialect`): a block of ids for one of the others.
TAKE_NUMBERS = prepared(
    text(
        "INSERT INTO numbers (name, last) VALUES (:name, :count) "
        "ON CONFLICT (name) DO UPDATE SET last = last + excluded.last RETURNING last"
    )
)


class ByKeys:
    """A SELECT of the rows that have one of some keys.

    The keys are rows of their own, to which those of ``table`` are joined, and to these what
    ``beside`` joins: each is one look into an index, and into one partition. Said as conditions
    (``a = 1 AND b = 2 OR ...``) a hundred keys cost MariaDB ten times as much, nearly all of it for
    planning.
    """

    def __init__(
        self,
        wanted: Select[Any],
        table: Table,
        *key: Column[Any],
        beside: Callable[[FromClause], FromClause] = lambda rows: rows,
    ) -> None:
        self._wanted = wanted
        self._table = table
        self._key = key
        self._beside = beside
        self.names = [column.name for column in key]
        self._one = Prepared(self._of_one)
        self._several = Prepared(self._of_several)

    def _of_one(self, _engine_name: str) -> ClauseElement:
        # A table for a single key would cost more than it saves.
        same = [column == bindparam(f"k{n}") for n, column in enumerate(self._key)]
        return self._wanted.select_from(self._beside(self._table)).where(*same)

    def _of_several(self, engine_name: str) -> ClauseElement:
        keys = given_keys(engine_name, self._key)
        same = [(column.table, column == keys.c[n]) for n, column in enumerate(self._key)]
        own = and_(*(condition for table, condition in same if table is self._table))
        other = [condition for table, condition in same if table is not self._table]
        rows = self._beside(keys.join(self._table, own))
        # The keys first, then what they name: the stores know no better way.
        query = self._wanted.select_from(rows).where(*other)
        return query.prefix_with("STRAIGHT_JOIN", dialect="mysql")

    def of(self, keys: Sequence[Values]) -> tuple[Prepared, dict[str, Any]]:
        """The statement, and its parameters; a key given twice finds its rows twice."""
        if len(keys) == 1:
            return self._one, {f"k{n}": value for n, value in enumerate(keys[0])}
        return self._several, {"keys": orjson.dumps(keys).decode()}


class Numbered:
    """How many rows go at once into a table that numbers its rows, and how their ids are found.

    ``places`` selects a unique key and, last, the id. The ids that one INSERT hands out follow each
    other only while nobody inserts in bulk beside it, so they are looked up and not counted.
    """

    def __init__(self, table: Table, places: ByKeys, without: Sequence[Column[Any]] = ()) -> None:
        self.table = table
        self.places = places
        given = [c for c in table.columns if c.name != "id" and c not in set(without)]
        self.insert = inserting_columns(table, *given)
        self.insert_with_ids = inserting_columns(table, table.c.id, *given)
