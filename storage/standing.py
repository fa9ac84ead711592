"""Where a user stands at one moment of the log: what decides which events are theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from storage.database import Statements
from storage.prepared import ByKeys
from storage.rooms import living
from storage.schema import clocks, members, sessions, users


@dataclass(frozen=True, slots=True)
class Standing:
    """A user's role and rooms, as of the log's position ``last``."""

    last: int
    trimmed: int
    role: str
    active: bool
    # Whether the session that asks is still alive.
    session: bool
    rooms: frozenset[int]
    # For a guest: who is in each of them.
    circles: Mapping[int, set[int]]


# A portal, a user of it, and a session.
Key = tuple[int, int, int]


_CLOCKS = ByKeys(
    select(clocks.c.portal_id, clocks.c.last, clocks.c.trimmed), clocks, clocks.c.portal_id
)
_USERS = ByKeys(
    select(users.c.portal_id, users.c.id, users.c.role, users.c.deactivated_at),
    users,
    users.c.portal_id,
    users.c.id,
)
_SESSIONS = ByKeys(
    select(sessions.c.portal_id, sessions.c.id, sessions.c.user_id).where(
        sessions.c.ended_at.is_(None)
    ),
    sessions,
    sessions.c.portal_id,
    sessions.c.id,
)
_ROOMS = ByKeys(
    select(members.c.portal_id, members.c.user_id, members.c.room_id),
    members,
    members.c.portal_id,
    members.c.user_id,
)


async def standings(statements: Statements, keys: Sequence[Key]) -> dict[Key, Standing]:
    """Where users stand, by (portal, user, session). ``statements`` must see one moment."""
    people = sorted({key[:2] for key in keys})
    clock_rows, user_rows, session_rows, room_rows = await statements.rows_together(
        (_CLOCKS, sorted({(key[0],) for key in keys})),
        (_USERS, people),
        (_SESSIONS, sorted({(key[0], key[2]) for key in keys})),
        (_ROOMS, people),
    )
    ends = {row[0]: (row[1], row[2]) for row in clock_rows}
    found = {(row[0], row[1]): row[2:] for row in user_rows}
    live = {tuple(row) for row in session_rows}
    rooms: dict[tuple[int, int], set[int]] = {}
    for portal_id, user_id, room_id in room_rows:
        rooms.setdefault((portal_id, user_id), set()).add(room_id)
    made: dict[Key, Standing] = {}
    for key in keys:
        portal_id, user_id, session_id = key
        if (portal_id, user_id) not in found:
            continue
        role, gone = found[portal_id, user_id]
        last, trimmed = ends[portal_id]
        inside = frozenset(rooms.get((portal_id, user_id), ()))
        circles = await people_of(statements, portal_id, inside) if role == "guest" else {}
        made[key] = Standing(
            last=last,
            trimmed=trimmed,
            role=role,
            active=gone is None,
            session=(portal_id, session_id, user_id) in live,
            rooms=inside,
            circles=circles,
        )
    return made


async def people_of(
    statements: Statements, portal_id: int, room_ids: Iterable[int]
) -> dict[int, set[int]]:
    """Who is in each of some rooms; nobody where the room is gone with its post."""
    ids = sorted(room_ids)
    people: dict[int, set[int]] = {room_id: set() for room_id in ids}
    for start in range(0, len(ids), 500):
        rows = await statements.all(
            select(members.c.room_id, members.c.user_id).where(
                members.c.portal_id == portal_id,
                members.c.room_id.in_(ids[start : start + 500]),
                living(portal_id),
            )
        )
        for row in rows:
            people[int(row.room_id)].add(int(row.user_id))
    return people
