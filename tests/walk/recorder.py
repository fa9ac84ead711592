"""Notes every statement that a database runs, which function asked for it, and its plan."""

from __future__ import annotations

import inspect
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from types import CodeType, FrameType
from typing import Any

import greenlet
from sqlalchemy import event

import storage
from storage.database import Database, Statements
from storage.schema import shard

# Stands for the partitions of a table that is looked into with one portal after the other.
ONE_A_LOOK = "one a look"
TABLES = frozenset(shard.tables)
_TOUCHED = re.compile(r"(?:\b(?:FROM|JOIN|UPDATE|INTO)|,)\s+`?(\w+)`?(?:\s+AS\s+`?(\w+)`?)?")
_INSERT = re.compile(
    r"INSERT\s+(?:IGNORE\s+)?INTO\s+`?(\w+)`?\s*\(([^)]*)\)\s*VALUES", re.IGNORECASE
)


@dataclass
class Seen:
    """One statement's text, over all its runs."""

    text: str
    functions: set[str] = field(default_factory=set[str])
    # What EXPLAIN said about each table (or alias), of the runs where it said anything.
    partitions: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    tables: dict[str, str] = field(default_factory=dict[str, str])
    runs: int = 0

    @property
    def insert_columns(self) -> set[str] | None:
        """The columns of a plain INSERT; None for other statements."""
        found = _INSERT.match(self.text)
        return None if found is None else {c.strip(" `") for c in found[2].split(",")}

    @property
    def explained(self) -> bool:
        """Whether the plans named every table."""
        return set(self.partitions) >= set(self.tables)


class Recorder:
    """Listens to both engines of a database."""

    def __init__(self, database: Database) -> None:
        self.seen: dict[str, Seen] = {}
        self.reached: set[CodeType] = set()
        self._database = database

    def __enter__(self) -> Recorder:
        for engine in (self._database.writer, self._database.reader):
            event.listen(engine.sync_engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_error: object) -> None:
        for engine in (self._database.writer, self._database.reader):
            event.remove(engine.sync_engine, "before_cursor_execute", self._note)

    def _note(
        self, connection: Any, _cursor: Any, text: str, parameters: Any, _context: Any, many: bool
    ) -> None:
        codes = list(_storage_codes())
        self.reached.update(codes)
        tables = touched(text)
        if not tables:
            return
        seen = self.seen.setdefault(text, Seen(text, tables=tables))
        seen.runs += 1
        seen.functions |= {f"{_module(code)}.{code.co_name}" for code in codes}
        if seen.insert_columns is None and not seen.explained:
            # Now, in its own transaction: the rows that it looks for may be gone a moment later.
            self._explain(connection, seen, parameters[0] if many else parameters)

    def _explain(self, connection: Any, seen: Seen, parameters: Any) -> None:
        cursor = connection.connection.cursor()
        try:
            cursor.execute(f"EXPLAIN PARTITIONS {seen.text}", parameters)
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                plan = dict(zip(names, row, strict=True))
                if plan["table"] in seen.tables and plan["partitions"] is not None:
                    found = seen.partitions.setdefault(plan["table"], set())
                    found.add(ONE_A_LOOK if _looks_up(plan) else str(plan["partitions"]))
        finally:
            cursor.close()


def _looks_up(plan: dict[str, Any]) -> bool:
    """Whether rows are looked up by an index that ``portal_id`` leads, with the portal of a row
    before it: which of the partitions is then decided at each look, and not by the plan."""
    given = str(plan["ref"]).split(",")[0]
    return (
        plan["type"] in ("eq_ref", "ref")
        and not str(plan["key"]).endswith("_number")
        and given.endswith((".k0", ".portal_id"))
    )


def touched(text: str) -> dict[str, str]:
    """The portal tables of a statement, by the name that it gives them."""
    return {alias or table: table for table, alias in _TOUCHED.findall(text) if table in TABLES}


def _storage_codes() -> Iterator[CodeType]:
    """The functions of storage/ that wait for the statement which is about to run."""
    # SQLAlchemy runs the driver in a greenlet; whoever awaits stands in the parent's frames.
    parent = greenlet.getcurrent().parent
    frame: FrameType | None = parent.gr_frame if parent else None
    while frame is not None:
        if "/storage/" in frame.f_code.co_filename:
            yield frame.f_code
        frame = frame.f_back


def _module(code: CodeType) -> str:
    return code.co_filename.rpartition("/")[2].removesuffix(".py")


def functions_with_statements() -> dict[str, CodeType]:
    """Every public function of storage/ that is given a transaction to run statements in."""
    found: dict[str, CodeType] = {}
    for module_info in pkgutil.iter_modules(storage.__path__):
        if module_info.ispkg or module_info.name in ("dialect", "database"):
            continue
        module = import_module(f"storage.{module_info.name}")
        for name, function in inspect.getmembers(module, inspect.iscoroutinefunction):
            if name.startswith("_") or function.__module__ != module.__name__:
                continue
            if _takes_statements(function):
                found[f"{module_info.name}.{name}"] = function.__code__
    return found


def _takes_statements(function: Any) -> bool:
    annotations = inspect.get_annotations(function, eval_str=True).values()
    return any(inspect.isclass(kind) and issubclass(kind, Statements) for kind in annotations)
