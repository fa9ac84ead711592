"""How far one has read."""

from __future__ import annotations

from portal import audience
from portal.chat.model import MarkRead, ReadAnswer, RoomRead
from portal.chat.rights import entered
from portal.context import Context, record
from storage import messages, rooms
from storage.commit import Tx


async def mark_read(context: Context, request: MarkRead) -> ReadAnswer:
    """Moves the caller's reading position forward, on all of their devices."""

    async def change(tx: Tx) -> ReadAnswer:
        standing = await entered(tx, context, request.room_id)
        room, me = standing.room, context.me.user_id
        before = standing.read_seq or 0
        seq = max(before, min(request.seq, room.last_seq))
        deleted = await messages.deleted_after(tx, context.portal, room.id, seq)
        unread = room.last_seq - seq - deleted
        if seq > before:
            await rooms.set_read(tx, context.portal, room.id, me, seq)
            event = RoomRead(room_id=room.id, read_seq=seq, unread=unread)
            record(tx, audience.user(me), event)
        return ReadAnswer(room_id=room.id, read_seq=seq, unread=unread)

    return await context.commit(change)
