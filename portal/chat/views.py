"""Rooms and messages as models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from portal.chat.model import Message, Reaction, Room, RoomKind
from portal.errors import not_found
from storage import messages, reactions, rooms
from storage.database import Statements
from storage.messages import MessageRow
from storage.rooms import MyRoom

_NONE: Mapping[str, list[int]] = {}


def to_message(row: MessageRow, by_emoji: Mapping[str, list[int]] = _NONE) -> Message:
    """A message as clients see it; who reacted is given by emoji."""
    return Message(
        id=row.id,
        room_id=row.room_id,
        seq=row.seq,
        user_id=row.user_id,
        text=row.text,
        client_id=row.client_id,
        created_at=row.created_at,
        edited_at=row.edited_at,
        deleted_at=row.deleted_at,
        reactions=[Reaction(emoji=emoji, user_ids=ids) for emoji, ids in by_emoji.items()],
    )


async def to_messages(
    statements: Statements, portal_id: int, rows: Sequence[MessageRow]
) -> list[Message]:
    """Messages with their reactions, in one query however many they are."""
    found = await reactions.of_messages(statements, portal_id, [row.id for row in rows])
    return [to_message(row, found.get(row.id, _NONE)) for row in rows]


async def load_rooms(
    statements: Statements, portal_id: int, user_id: int, room_id: int | None = None
) -> list[Room]:
    """The caller's rooms (or one of them), in four queries however many they are."""
    mine = await rooms.my_rooms(statements, portal_id, user_id, room_id)
    ids = [entry.room.id for entry in mine]
    members = await rooms.member_ids(statements, portal_id, ids)
    rows = await messages.last_messages(statements, portal_id, ids)
    last = {m.room_id: m for m in await to_messages(statements, portal_id, list(rows.values()))}
    return [_room(entry, members[entry.room.id], last.get(entry.room.id)) for entry in mine]


async def load_room(statements: Statements, portal_id: int, user_id: int, room_id: int) -> Room:
    """One of the caller's rooms."""
    found = await load_rooms(statements, portal_id, user_id, room_id)
    if not found:
        raise not_found("room")
    return found[0]


def _room(entry: MyRoom, member_ids: list[int], last: Message | None) -> Room:
    room = entry.room
    return Room(
        id=room.id,
        kind=cast(RoomKind, room.kind),
        name=room.name,
        member_ids=member_ids,
        created_by=room.created_by,
        created_at=room.created_at,
        last_seq=room.last_seq,
        last_message=last,
        read_seq=entry.read_seq,
        unread=room.last_seq - entry.read_seq - entry.deleted,
        post_id=entry.post_id,
    )
