"""Users as others in their portal see them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, and_, select

from storage.database import Statements
from storage.rooms import living
from storage.schema import members, users


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A user, without what only they may know."""

    id: int
    name: str
    title: str
    picture: str | None
    role: str
    active: bool
    last_seen_at: int | None


_COLUMNS = (
    users.c.id,
    users.c.name,
    users.c.title,
    users.c.picture,
    users.c.role,
    users.c.deactivated_at,
    users.c.last_seen_at,
)

_theirs = members.alias("theirs")


def _person(row: Row[Any]) -> PersonRow:
    return PersonRow(
        id=int(row.id),
        name=row.name,
        title=row.title,
        picture=row.picture,
        role=row.role,
        active=row.deactivated_at is None,
        last_seen_at=row.last_seen_at,
    )


async def person_rows(
    statements: Statements, portal_id: int, ids: Collection[int]
) -> dict[int, PersonRow]:
    """The users with these ids, those of them that exist."""
    if not ids:
        return {}
    rows = await statements.all(
        select(*_COLUMNS).where(users.c.portal_id == portal_id, users.c.id.in_(ids))
    )
    return {int(row.id): _person(row) for row in rows}


async def visible_people(
    statements: Statements, portal_id: int, user_id: int, role: str
) -> list[PersonRow]:
    """Whom a user may know: everybody, or for a guest those who share a room; by name."""
    query = select(*_COLUMNS).where(users.c.portal_id == portal_id)
    if role == "guest":
        near = _near(portal_id, user_id)
        query = query.where((users.c.id == user_id) | users.c.id.in_(near))
    rows = await statements.all(query.order_by(users.c.name, users.c.id))
    return [_person(row) for row in rows]


async def may_know(
    statements: Statements, portal_id: int, user_id: int, role: str, other_id: int
) -> bool:
    """Whether a user may know that another exists."""
    if role != "guest" or other_id == user_id:
        return bool(await person_rows(statements, portal_id, [other_id]))
    near = _near(portal_id, user_id)
    shared = await statements.scalar(near.where(_theirs.c.user_id == other_id).limit(1))
    return shared is not None


async def known_to(statements: Statements, portal_id: int, user_id: int) -> set[int]:
    """Who shares a room with a user, themselves included if they are in any."""
    rows = await statements.all(_near(portal_id, user_id).distinct())
    return {int(row.user_id) for row in rows}


def _near(portal_id: int, user_id: int) -> Select[tuple[int]]:
    mine = and_(_theirs.c.portal_id == portal_id, _theirs.c.room_id == members.c.room_id)
    return (
        select(_theirs.c.user_id)
        .select_from(members.join(_theirs, mine))
        .where(members.c.portal_id == portal_id, members.c.user_id == user_id, living(portal_id))
    )
