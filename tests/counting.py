"""Counts the statements that a database runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from tests.house import House


@contextmanager
def statements(house: House) -> Iterator[list[str]]:
    """Every statement that runs until the block ends, without those that begin transactions."""
    ran: list[str] = []

    def note(_connection: Any, _cursor: Any, text: str, *_rest: Any) -> None:
        if not text.startswith("BEGIN"):
            ran.append(text)

    engines = [
        engine.sync_engine
        for database in house.services.shards.databases.values()
        for engine in (database.writer, database.reader)
    ]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield ran
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
