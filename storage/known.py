"""Commands that were answered before: sent again, they take no effect and get the same answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from storage.changes import ClientIdReused, Key, Tx, Unit
from storage.database import Statements
from storage.prepared import ByKeys, inserting
from storage.schema import commands

KNOWN = ByKeys(
    select(
        commands.c.portal_id,
        commands.c.user_id,
        commands.c.client_id,
        commands.c.command,
        commands.c.fingerprint,
        commands.c.answer,
    ),
    commands,
    commands.c.portal_id,
    commands.c.user_id,
    commands.c.client_id,
)
_REMEMBER = inserting(commands)


def twins(units: Sequence[Unit]) -> tuple[list[Unit], list[tuple[Unit, Unit]]]:
    """Sets the second of two units with one key aside, and says of which it is the second."""
    firsts: list[Unit] = []
    seconds: list[tuple[Unit, Unit]] = []
    by_key: dict[tuple[int, int, str], Unit] = {}
    for unit in units:
        place = unit.key and (unit.portal_id, unit.key.user_id, unit.key.client_id)
        first = by_key.setdefault(place, unit) if place else unit
        if first is unit:
            firsts.append(unit)
        else:
            seconds.append((unit, first))
    return firsts, seconds


def follow(seconds: Sequence[tuple[Unit, Unit]]) -> None:
    """Gives each second what its first got."""
    for unit, first in seconds:
        if unit.key and first.key and unit.key.asks_the_same(first.key):
            unit.answer, unit.error = first.answer, first.error
        elif unit.key:
            unit.fail(ClientIdReused(unit.key.client_id))


def keys_of(units: Sequence[Unit]) -> list[tuple[int, int, str]]:
    """What `KNOWN` finds the commands of units by."""
    return [(u.portal_id, u.key.user_id, u.key.client_id) for u in units if u.key is not None]


def unanswered(rows: Sequence[Sequence[Any]], units: Sequence[Unit]) -> list[Unit]:
    """Answers the units whose command is among the rows of `KNOWN`; returns the others."""
    answers = {(int(row[0]), int(row[1]), str(row[2])): row[3:] for row in rows}
    fresh: list[Unit] = []
    for unit in units:
        key = unit.key
        found = answers.get((unit.portal_id, key.user_id, key.client_id)) if key else None
        if key is None or found is None:
            fresh.append(unit)
        elif (found[0], found[1]) != (key.command, key.fingerprint):
            unit.fail(ClientIdReused(key.client_id))
        else:
            unit.take(key.decode(found[2]))
    return fresh


def remember(statements: Statements, units: Sequence[Unit], txs: Mapping[int, Tx]) -> None:
    """Keeps the answers of the units that took effect."""
    statements.later(
        _REMEMBER,
        [_row(u, u.key, txs[u.portal_id]) for u in units if u.key is not None and u.error is None],
    )


def _row(unit: Unit, key: Key, tx: Tx) -> dict[str, object]:
    return {
        "portal_id": unit.portal_id,
        "user_id": key.user_id,
        "client_id": key.client_id,
        "command": key.command,
        "fingerprint": key.fingerprint,
        "answer": key.encode(unit.answer),
        "at": tx.now,
    }
