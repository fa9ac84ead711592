"""When people were last here, and which rooms someone may type in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, select, update

from storage.database import Statements
from storage.schema import members, rooms, users


@dataclass(frozen=True, slots=True)
class RoomView:
    """How a user stands to a room."""

    visible_to: str
    member: bool


async def room_view(
    statements: Statements, portal_id: int, room_id: int, user_id: int
) -> RoomView | None:
    """Whether a user is in a room, and who sees it; None when there is no such room."""
    row = await statements.first(
        select(rooms.c.visible_to, members.c.user_id)
        .select_from(
            rooms.outerjoin(
                members,
                and_(
                    members.c.portal_id == portal_id,
                    members.c.room_id == rooms.c.id,
                    members.c.user_id == user_id,
                ),
            )
        )
        .where(rooms.c.portal_id == portal_id, rooms.c.id == room_id)
    )
    return None if row is None else RoomView(str(row.visible_to), row.user_id is not None)


async def last_seen(statements: Statements, portal_id: int, most: int) -> dict[int, int | None]:
    """When each active user was last here."""
    rows = await statements.all(
        select(users.c.id, users.c.last_seen_at)
        .where(users.c.portal_id == portal_id, users.c.deactivated_at.is_(None))
        .order_by(users.c.id)
        .limit(most)
    )
    return {
        int(row.id): None if row.last_seen_at is None else int(row.last_seen_at) for row in rows
    }


async def last_seen_of(
    statements: Statements, portal_id: int, user_ids: Sequence[int]
) -> dict[int, int | None]:
    """When some of the active users were last here; the others are left out."""
    if not user_ids:
        return {}
    rows = await statements.all(
        select(users.c.id, users.c.last_seen_at).where(
            users.c.portal_id == portal_id,
            users.c.id.in_(user_ids),
            users.c.deactivated_at.is_(None),
        )
    )
    return {
        int(row.id): None if row.last_seen_at is None else int(row.last_seen_at) for row in rows
    }


async def saw(statements: Statements, portal_id: int, user_ids: Sequence[int], at: int) -> None:
    """Notes that users were here until now."""
    await statements.run(
        update(users)
        .where(users.c.portal_id == portal_id, users.c.id.in_(user_ids))
        .values(last_seen_at=at)
    )
