"""Where a user stands at one moment of the log: what decides which events are theirs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from storage import log
from storage.database import Statements
from storage.rooms import living
from storage.schema import members, sessions, users


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


async def standing(
    statements: Statements, portal_id: int, user_id: int, session_id: int
) -> Standing | None:
    """Reads it; None when there is no such user. ``statements`` must see one moment."""
    clock = await log.clock(statements, portal_id)
    user = await statements.first(
        select(users.c.role, users.c.deactivated_at).where(
            users.c.portal_id == portal_id, users.c.id == user_id
        )
    )
    if user is None:
        return None
    ended = await statements.first(
        select(sessions.c.ended_at).where(
            sessions.c.portal_id == portal_id,
            sessions.c.id == session_id,
            sessions.c.user_id == user_id,
        )
    )
    rooms = await statements.all(
        select(members.c.room_id).where(
            members.c.portal_id == portal_id, members.c.user_id == user_id
        )
    )
    return Standing(
        last=clock.last,
        trimmed=clock.trimmed,
        role=str(user.role),
        active=user.deactivated_at is None,
        session=ended is not None and ended.ended_at is None,
        rooms=frozenset(int(row.room_id) for row in rooms),
    )


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
