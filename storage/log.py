"""The log: a portal's ordered record of events, the one source that clients follow.

A position is ``epoch * 2**40 + n``: it only ever grows, has no holes within an epoch, and stays
below 2**53 so that JavaScript counts it exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, update

from storage.database import Statements
from storage.prepared import ByKeys, inserting, writing_back
from storage.schema import clocks, events

EPOCH = 2**40


@dataclass(frozen=True, slots=True)
class Event:
    """What changed, for which audience, at which position. ``body`` is a JSON object, encoded."""

    position: int
    type: str
    audience: str
    body: str
    at: int


@dataclass(frozen=True, slots=True)
class Clock:
    """Where a portal's log stands: its last position, and the last one trimmed away."""

    last: int
    trimmed: int
    epoch: int = 0


async def start(statements: Statements, portal_id: int, epoch: int = 1) -> None:
    """Begins the log of a new portal."""
    first = epoch * EPOCH
    await statements.put(
        clocks, {"portal_id": portal_id, "epoch": epoch, "last": first, "trimmed": first}
    )


# Reads clocks and holds their rows, so that a transaction is those portals' only writer.
CLOCKS = ByKeys(
    select(clocks.c.portal_id, clocks.c.last, clocks.c.trimmed, clocks.c.epoch).with_for_update(),
    clocks,
    clocks.c.portal_id,
)
_ADD_EVENTS = inserting(events)
_MOVE_CLOCKS = writing_back(clocks, clocks.c.last)


def clocks_of(rows: Sequence[Sequence[Any]]) -> dict[int, Clock]:
    """The clocks by portal, from rows of `CLOCKS`; a portal that has none here is left out."""
    return {int(row[0]): Clock(int(row[1]), int(row[2]), int(row[3])) for row in rows}


def append_many(
    statements: Statements, written: Sequence[tuple[int, Clock, Sequence[Event]]]
) -> None:
    """Writes the events of several portals, which follow their locked clocks, and moves these."""
    statements.later(
        _ADD_EVENTS,
        [
            {
                "portal_id": portal_id,
                "position": entry.position,
                "type": entry.type,
                "audience": entry.audience,
                "body": entry.body,
                "at": entry.at,
            }
            for portal_id, _, entries in written
            for entry in entries
        ],
    )
    statements.later(
        _MOVE_CLOCKS,
        [
            {
                "portal_id": portal_id,
                "epoch": clock.epoch,
                "last": entries[-1].position,
                "trimmed": clock.trimmed,
            }
            for portal_id, clock, entries in written
        ],
    )


async def clock(statements: Statements, portal_id: int) -> Clock:
    """Where the log stands."""
    row = await statements.first(
        select(clocks.c.last, clocks.c.trimmed).where(clocks.c.portal_id == portal_id)
    )
    if row is None:
        raise LookupError(f"portal {portal_id} has no clock")
    return Clock(int(row.last), int(row.trimmed))


async def heads(statements: Statements, portal_ids: Sequence[int]) -> dict[int, int]:
    """The last positions of many portals of one shard, in one query."""
    rows = await statements.all(
        select(clocks.c.portal_id, clocks.c.last).where(clocks.c.portal_id.in_(portal_ids))
    )
    return {int(row.portal_id): int(row.last) for row in rows}


async def read_after(
    statements: Statements, portal_id: int, position: int, limit: int
) -> list[Event]:
    """At most ``limit`` events after a position, in order."""
    rows = await statements.all(
        select(events.c.position, events.c.type, events.c.audience, events.c.body, events.c.at)
        .where(events.c.portal_id == portal_id, events.c.position > position)
        .order_by(events.c.position)
        .limit(limit)
    )
    return [Event(int(r.position), r.type, r.audience, r.body, int(r.at)) for r in rows]


async def trim(statements: Statements, portal_id: int, before_ms: int) -> int:
    """Forgets events older than a time; returns how many. The clock must be locked."""
    last = await statements.scalar(
        select(func.max(events.c.position)).where(
            events.c.portal_id == portal_id, events.c.at < before_ms
        )
    )
    if last is None:
        return 0
    gone = await statements.run(
        delete(events).where(events.c.portal_id == portal_id, events.c.position <= last)
    )
    await statements.run(update(clocks).where(clocks.c.portal_id == portal_id).values(trimmed=last))
    return gone
