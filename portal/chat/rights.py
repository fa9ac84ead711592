"""Who may do what to a room."""

from __future__ import annotations

from typing import TypeGuard

from portal import audience
from portal.context import Context
from portal.errors import Problem, conflict, forbidden, not_found
from storage import messages, rooms
from storage.commit import Tx
from storage.database import Statements
from storage.messages import MessageRow
from storage.rooms import RoomRow, Standing


async def seen(statements: Statements, context: Context, room_id: int) -> Standing:
    """A room that the caller may read: one they are in, or the discussion of a portal post."""
    me = context.me
    standing = await rooms.standing(statements, me.portal_id, room_id, me.user_id)
    if not may_see(standing):
        raise not_found("room")
    return standing


def may_see(standing: Standing | None) -> TypeGuard[Standing]:
    """Whether a user may read a room: one they are in, or the discussion of a portal post."""
    if standing is None:
        return False
    public = standing.room.visible_to == "portal" and standing.role != "guest"
    return standing.read_seq is not None or public


async def entered(statements: Statements, context: Context, room_id: int) -> Standing:
    """A room that the caller is in."""
    standing = await seen(statements, context, room_id)
    if standing.read_seq is None:
        raise not_found("room")
    return standing


async def led(tx: Tx, context: Context, room_id: int) -> Standing:
    """A group room that the caller is in and may change: guests may not."""
    standing = await entered(tx, context, room_id)
    if standing.room.kind != "group":
        raise wrong_kind(standing.room)
    if standing.role == "guest":
        raise forbidden("Guests cannot change a room.")
    return standing


def wrong_kind(room: RoomRow) -> Problem:
    """409: direct rooms and discussions have the members that they have."""
    return conflict("not-a-group-room", f"This is not a group room but a {room.kind} room.")


async def seen_message(
    statements: Statements, context: Context, message_id: int
) -> tuple[MessageRow, Standing]:
    """A message in a room that the caller may read."""
    row = await messages.message(statements, context.portal, message_id)
    if row is None:
        raise not_found("message")
    standing = await rooms.standing(statements, context.portal, row.room_id, context.me.user_id)
    if not may_see(standing):
        raise not_found("message")
    return row, standing


def audience_of(room: RoomRow) -> str:
    """Who sees a room's messages."""
    return audience.PORTAL if room.visible_to == "portal" else audience.room(room.id)
