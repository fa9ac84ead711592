"""Messages, numbered 1, 2, 3 ... in their room."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Row, and_, func, select, update

from storage.database import Statements
from storage.prepared import ByKeys, Numbered
from storage.schema import members, messages, rooms


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message; ``text`` is empty when it was deleted."""

    id: int
    room_id: int
    seq: int
    user_id: int
    text: str
    client_id: str
    created_at: int
    edited_at: int | None
    deleted_at: int | None


def _message(row: Row[Any]) -> MessageRow:
    return MessageRow(
        id=int(row.id),
        room_id=int(row.room_id),
        seq=int(row.seq),
        user_id=int(row.user_id),
        text=row.text,
        client_id=row.client_id,
        created_at=int(row.created_at),
        edited_at=row.edited_at,
        deleted_at=row.deleted_at,
    )


_MESSAGE = tuple(column for column in messages.c if column.name != "portal_id")


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message that is to be the next of its room."""

    portal_id: int
    room_id: int
    seq: int
    user_id: int
    text: str
    client_id: str
    created_at: int


_PLACES = ByKeys(
    select(messages.c.portal_id, messages.c.room_id, messages.c.seq, messages.c.id),
    messages,
    messages.c.portal_id,
    messages.c.room_id,
    messages.c.seq,
)
NUMBERED = Numbered(messages, _PLACES, without=(messages.c.edited_at, messages.c.deleted_at))


_NEW = [field.name for field in fields(NewMessage)]


async def add_messages(statements: Statements, new: Sequence[NewMessage]) -> list[MessageRow]:
    """Puts messages into their places."""
    rows = [{name: getattr(message, name) for name in _NEW} for message in new]
    ids = await statements.add_many(NUMBERED, rows)
    return [
        MessageRow(
            number, m.room_id, m.seq, m.user_id, m.text, m.client_id, m.created_at, None, None
        )
        for number, m in zip(ids, new, strict=True)
    ]


async def message(statements: Statements, portal_id: int, message_id: int) -> MessageRow | None:
    """One message."""
    row = await statements.first(
        select(*_MESSAGE).where(messages.c.portal_id == portal_id, messages.c.id == message_id)
    )
    return None if row is None else _message(row)


async def edit(
    statements: Statements, portal_id: int, message_id: int, text: str, now: int
) -> None:
    """Replaces a message's text."""
    await statements.run(
        update(messages)
        .where(messages.c.portal_id == portal_id, messages.c.id == message_id)
        .values(text=text, edited_at=now)
    )


async def erase(statements: Statements, portal_id: int, message_id: int, now: int) -> None:
    """Forgets a message's text; its place in the room stays."""
    await statements.run(
        update(messages)
        .where(messages.c.portal_id == portal_id, messages.c.id == message_id)
        .values(text="", deleted_at=now)
    )


async def page(
    statements: Statements,
    portal_id: int,
    room_id: int,
    *,
    before: int | None,
    after: int | None,
    limit: int,
) -> list[MessageRow]:
    """At most ``limit`` messages, ascending: next to ``before`` or ``after``, or the newest."""
    query = select(*_MESSAGE).where(
        messages.c.portal_id == portal_id, messages.c.room_id == room_id
    )
    if after is not None:
        rows = await statements.all(
            query.where(messages.c.seq > after).order_by(messages.c.seq).limit(limit)
        )
        return [_message(row) for row in rows]
    if before is not None:
        query = query.where(messages.c.seq < before)
    rows = await statements.all(query.order_by(messages.c.seq.desc()).limit(limit))
    return [_message(row) for row in reversed(rows)]


async def last_messages(
    statements: Statements, portal_id: int, room_ids: Collection[int]
) -> dict[int, MessageRow]:
    """The newest message of each room that has one."""
    if not room_ids:
        return {}
    last = and_(rooms.c.portal_id == portal_id, rooms.c.last_seq == messages.c.seq)
    rows = await statements.all(
        select(*_MESSAGE)
        .select_from(messages.join(rooms, and_(last, rooms.c.id == messages.c.room_id)))
        .where(messages.c.portal_id == portal_id, messages.c.room_id.in_(room_ids))
    )
    return {int(row.room_id): _message(row) for row in rows}


async def deleted_after(statements: Statements, portal_id: int, room_id: int, seq: int) -> int:
    """How many messages after ``seq`` were deleted."""
    count = await statements.scalar(
        select(func.count())
        .select_from(messages)
        .where(
            messages.c.portal_id == portal_id,
            messages.c.room_id == room_id,
            messages.c.deleted_at.is_not(None),
            messages.c.seq > seq,
        )
    )
    return int(count)


async def recount_unread(statements: Statements, portal_id: int, user_id: int) -> dict[int, int]:
    """Unread messages of each room by counting them: what the arithmetic must agree with."""
    unread = and_(
        messages.c.portal_id == portal_id,
        messages.c.room_id == members.c.room_id,
        messages.c.seq > members.c.read_seq,
        messages.c.deleted_at.is_(None),
        messages.c.user_id != user_id,
    )
    rows = await statements.all(
        select(members.c.room_id, func.count(messages.c.id).label("unread"))
        .select_from(members.outerjoin(messages, unread))
        .where(members.c.portal_id == portal_id, members.c.user_id == user_id)
        .group_by(members.c.room_id)
    )
    return {int(row.room_id): int(row.unread) for row in rows}
