"""Rooms and who is in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, exists, func, select, update

from storage.database import Statements
from storage.prepared import ByKeys, writing_back
from storage.schema import members, messages, posts, rooms, users


@dataclass(frozen=True, slots=True)
class RoomRow:
    """A room, in the order of its columns."""

    id: int
    kind: str
    name: str
    visible_to: str
    direct_key: str | None
    created_by: int
    created_at: int
    last_seq: int
    last_message_at: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A user at a room: the room, and what they are to it."""

    room: RoomRow
    role: str
    # None when the user is not in the room.
    read_seq: int | None
    joined_at: int | None


@dataclass(frozen=True, slots=True)
class MyRoom:
    """A room that a user is in, with their reading."""

    room: RoomRow
    read_seq: int
    # Messages after read_seq that were deleted.
    deleted: int
    post_id: int | None


_ROOM = tuple(column for column in rooms.c if column.name != "portal_id")
_ROOM_NAMES = [column.name for column in _ROOM]


def _room(row: Row[Any]) -> RoomRow:
    return RoomRow(
        row.id,
        row.kind,
        row.name,
        row.visible_to,
        row.direct_key,
        row.created_by,
        row.created_at,
        row.last_seq,
        row.last_message_at,
    )


def living(portal_id: int) -> ColumnElement[bool]:
    """That the room of a membership is not gone with its post. The memberships themselves stay,
    so that who was away is told of it."""
    return ~exists().where(
        posts.c.portal_id == portal_id,
        posts.c.room_id == members.c.room_id,
        posts.c.deleted_at.is_not(None),
    )


_MINE = and_(
    members.c.portal_id == rooms.c.portal_id,
    members.c.room_id == rooms.c.id,
    members.c.user_id == users.c.id,
)
_DEAD = and_(
    posts.c.portal_id == rooms.c.portal_id,
    posts.c.room_id == rooms.c.id,
    posts.c.deleted_at.is_not(None),
)
_STANDING = select(
    *rooms.c, users.c.id, users.c.role, members.c.read_seq, members.c.joined_at
).where(users.c.deactivated_at.is_(None), posts.c.id.is_(None))
# Nearly everybody who writes is a member: from there each row of the others is one look away.
_OF_MEMBERS = ByKeys(
    _STANDING,
    members,
    members.c.portal_id,
    members.c.room_id,
    members.c.user_id,
    beside=lambda rows: (
        rows.join(
            rooms, and_(rooms.c.portal_id == members.c.portal_id, rooms.c.id == members.c.room_id)
        )
        .join(
            users, and_(users.c.portal_id == members.c.portal_id, users.c.id == members.c.user_id)
        )
        .outerjoin(posts, _DEAD)
    ),
)
_OF_ANYBODY = ByKeys(
    _STANDING,
    rooms,
    rooms.c.portal_id,
    rooms.c.id,
    users.c.id,
    beside=lambda rows: (
        rows.join(users, users.c.portal_id == rooms.c.portal_id)
        .outerjoin(members, _MINE)
        .outerjoin(posts, _DEAD)
    ),
)


async def standings(
    statements: Statements, keys: Collection[tuple[int, int, int]]
) -> dict[tuple[int, int, int], Standing]:
    """What users are to rooms, by (portal, room, user): one query, two if some are no members.

    Left out is who is not active, and a room that is not there or belongs to a deleted post.
    """
    found = _by_key(await statements.rows_by(_OF_MEMBERS, list(keys)))
    others = [key for key in keys if key not in found]
    if others:
        found |= _by_key(await statements.rows_by(_OF_ANYBODY, others))
    return found


def _by_key(rows: Iterable[Sequence[Any]]) -> dict[tuple[int, int, int], Standing]:
    found: dict[tuple[int, int, int], Standing] = {}
    for row in rows:
        portal_id, *room, user_id, role, read_seq, joined_at = row
        standing = Standing(RoomRow(*room), role, read_seq, joined_at)
        found[portal_id, standing.room.id, user_id] = standing
    return found


async def standing(
    statements: Statements, portal_id: int, room_id: int, user_id: int
) -> Standing | None:
    """The same for one user at one room."""
    key = (portal_id, room_id, user_id)
    return (await standings(statements, [key])).get(key)


async def my_rooms(
    statements: Statements, portal_id: int, user_id: int, room_id: int | None = None
) -> list[MyRoom]:
    """The rooms that a user is in, without those of deleted posts; the lately used first."""
    deleted = (
        select(func.count())
        .select_from(messages)
        .where(
            messages.c.portal_id == portal_id,
            messages.c.room_id == rooms.c.id,
            messages.c.deleted_at.is_not(None),
            messages.c.seq > members.c.read_seq,
        )
        .scalar_subquery()
    )
    query = (
        select(*_ROOM, members.c.read_seq, deleted.label("deleted"), posts.c.id.label("post_id"))
        .select_from(
            members.join(
                rooms, and_(rooms.c.portal_id == portal_id, rooms.c.id == members.c.room_id)
            ).outerjoin(posts, and_(posts.c.portal_id == portal_id, posts.c.room_id == rooms.c.id))
        )
        .where(
            members.c.portal_id == portal_id,
            members.c.user_id == user_id,
            posts.c.deleted_at.is_(None),
        )
        .order_by(func.coalesce(rooms.c.last_message_at, rooms.c.created_at).desc(), rooms.c.id)
    )
    if room_id is not None:
        query = query.where(members.c.room_id == room_id)
    rows = await statements.all(query)
    return [
        MyRoom(
            _room(row),
            int(row.read_seq),
            int(row.deleted),
            None if row.post_id is None else int(row.post_id),
        )
        for row in rows
    ]


async def member_ids(
    statements: Statements, portal_id: int, room_ids: Collection[int]
) -> dict[int, list[int]]:
    """Who is in each room, ascending."""
    found: dict[int, list[int]] = {room_id: [] for room_id in room_ids}
    if room_ids:
        rows = await statements.all(
            select(members.c.room_id, members.c.user_id)
            .where(members.c.portal_id == portal_id, members.c.room_id.in_(room_ids))
            .order_by(members.c.room_id, members.c.user_id)
        )
        for row in rows:
            found[int(row.room_id)].append(int(row.user_id))
    return found


async def direct_room(statements: Statements, portal_id: int, key: str) -> int | None:
    """The direct room of a pair, if there is one."""
    found = await statements.scalar(
        select(rooms.c.id).where(rooms.c.portal_id == portal_id, rooms.c.direct_key == key)
    )
    return None if found is None else int(found)


async def add_room(
    statements: Statements,
    portal_id: int,
    *,
    kind: str,
    name: str,
    visible_to: str,
    created_by: int,
    now: int,
    direct_key: str | None = None,
) -> int:
    """A new room, without members."""
    return await statements.add(
        rooms,
        portal_id=portal_id,
        kind=kind,
        name=name,
        visible_to=visible_to,
        direct_key=direct_key,
        created_by=created_by,
        created_at=now,
        last_seq=0,
    )


async def add_members(
    statements: Statements, portal_id: int, room: int, users: Sequence[int], read_seq: int, now: int
) -> None:
    """Puts users into a room, with everything up to ``read_seq`` read."""
    await statements.put(
        members,
        *(
            {
                "portal_id": portal_id,
                "room_id": room,
                "user_id": user,
                "read_seq": read_seq,
                "joined_at": now,
            }
            for user in users
        ),
    )


async def remove_member(statements: Statements, portal_id: int, room_id: int, user_id: int) -> bool:
    """Takes a user out of a room; tells whether they were in it."""
    gone = await statements.run(
        delete(members).where(
            members.c.portal_id == portal_id,
            members.c.room_id == room_id,
            members.c.user_id == user_id,
        )
    )
    return gone > 0


async def open_discussions(statements: Statements, portal_id: int, user_id: int) -> list[int]:
    """The discussions of posts to the whole portal that a user is in."""
    rows = await statements.all(
        select(members.c.room_id)
        .join(rooms, and_(rooms.c.portal_id == portal_id, rooms.c.id == members.c.room_id))
        .where(
            members.c.portal_id == portal_id,
            members.c.user_id == user_id,
            rooms.c.visible_to == "portal",
        )
        .order_by(members.c.room_id)
    )
    return [int(row.room_id) for row in rows]


async def rename(statements: Statements, portal_id: int, room_id: int, name: str) -> None:
    """Gives a room another name."""
    await statements.run(
        update(rooms).where(rooms.c.portal_id == portal_id, rooms.c.id == room_id).values(name=name)
    )


async def room_counts(
    statements: Statements, portal_id: int, user_ids: Collection[int]
) -> dict[int, int]:
    """In how many rooms each user is."""
    rows = await statements.all(
        select(members.c.user_id, func.count().label("count"))
        .where(
            members.c.portal_id == portal_id,
            members.c.user_id.in_(user_ids),
            living(portal_id),
        )
        .group_by(members.c.user_id)
    )
    return {int(row.user_id): int(row[1]) for row in rows}


_WRITE_ROOMS = writing_back(rooms, rooms.c.last_seq, rooms.c.last_message_at)
_WRITE_MEMBERS = writing_back(members, members.c.read_seq)


def _columns(room: RoomRow) -> dict[str, Any]:
    return {name: getattr(room, name) for name in _ROOM_NAMES}


def write_last(statements: Statements, changed: Iterable[tuple[int, RoomRow, int, int]]) -> None:
    """Sets the last message of rooms: each a portal, the room as it was, a seq, and its time."""
    statements.later(
        _WRITE_ROOMS,
        [
            {"portal_id": portal_id, **_columns(room), "last_seq": seq, "last_message_at": at}
            for portal_id, room, seq, at in changed
        ],
    )


def write_read(statements: Statements, changed: Iterable[tuple[int, int, int, int, int]]) -> None:
    """Sets what members have read: each a portal, room, user, when they joined, and the seq."""
    statements.later(
        _WRITE_MEMBERS,
        [
            {"portal_id": p, "room_id": r, "user_id": u, "joined_at": joined, "read_seq": seq}
            for p, r, u, joined, seq in changed
        ],
    )


async def set_read(
    statements: Statements, portal_id: int, room_id: int, user_id: int, seq: int
) -> None:
    """Everything up to ``seq`` is read by a member."""
    await statements.run(
        update(members)
        .where(
            members.c.portal_id == portal_id,
            members.c.room_id == room_id,
            members.c.user_id == user_id,
        )
        .values(read_seq=seq)
    )
