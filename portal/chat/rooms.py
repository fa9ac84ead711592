"""Making rooms, and coming and going."""

from __future__ import annotations

from portal import audience
from portal.chat import views
from portal.chat.membership import bring_in, known_people, let_go
from portal.chat.model import (
    AddMembers,
    CreateRoom,
    GetRoom,
    LeaveRoom,
    OpenDirectRoom,
    RemoveMember,
    RenameRoom,
    RoomAnswer,
    RoomRenamed,
    Rooms,
)
from portal.chat.rights import entered, led, wrong_kind
from portal.context import Context, record
from portal.errors import forbidden, invalid, not_found, unauthorized
from portal.model import Done, Nothing
from storage import people, rooms
from storage.commit import Tx
from storage.database import Statements


async def list_rooms(context: Context, _request: Nothing) -> Rooms:
    """The caller's rooms."""
    async with context.read() as statements:
        mine = await views.load_rooms(statements, context.portal, context.me.user_id)
    return Rooms(rooms=mine)


async def get_room(context: Context, request: GetRoom) -> RoomAnswer:
    """One of the caller's rooms."""
    async with context.read() as statements:
        return await _answer(statements, context, request.room_id)


async def open_direct_room(context: Context, request: OpenDirectRoom) -> RoomAnswer:
    """The direct room with someone, made on first use."""
    me, other = context.me.user_id, request.user_id
    if me == other:
        raise invalid("user_id", "must be someone else")
    key = f"{min(me, other)}:{max(me, other)}"

    async def change(tx: Tx) -> RoomAnswer:
        role = await active_role(tx, context)
        room_id = await rooms.direct_room(tx, context.portal, key)
        if room_id is None:
            if not await people.may_know(tx, context.portal, me, role, other):
                raise not_found("person")
            found = await people.person_rows(tx, context.portal, [other])
            if not found[other].active:
                raise invalid("user_id", "is not active any more")
            room_id = await rooms.add_room(
                tx,
                context.portal,
                kind="direct",
                name="",
                visible_to="members",
                created_by=me,
                now=tx.now,
                direct_key=key,
            )
            await bring_in(tx, context, room_id, [me, other], 0)
        return await _answer(tx, context, room_id)

    return await context.commit(change)


async def create_room(context: Context, request: CreateRoom) -> RoomAnswer:
    """A group room with the caller and others."""

    async def change(tx: Tx) -> RoomAnswer:
        role = await active_role(tx, context)
        if role == "guest":
            raise forbidden("Guests cannot make rooms.")
        await known_people(tx, context, role, request.user_ids)
        room_id = await rooms.add_room(
            tx,
            context.portal,
            kind="group",
            name=request.name,
            visible_to="members",
            created_by=context.me.user_id,
            now=tx.now,
        )
        await bring_in(tx, context, room_id, [context.me.user_id, *request.user_ids], 0)
        return await _answer(tx, context, room_id)

    return await context.commit_once(change, request, RoomAnswer)


async def rename_room(context: Context, request: RenameRoom) -> RoomAnswer:
    """Another name for a group room."""

    async def change(tx: Tx) -> RoomAnswer:
        room = (await led(tx, context, request.room_id)).room
        if room.name != request.name:
            await rooms.rename(tx, context.portal, room.id, request.name)
            event = RoomRenamed(room_id=room.id, name=request.name)
            record(tx, audience.room(room.id), event)
        return await _answer(tx, context, room.id)

    return await context.commit(change)


async def add_members(context: Context, request: AddMembers) -> RoomAnswer:
    """More people for a group room."""

    async def change(tx: Tx) -> RoomAnswer:
        standing = await led(tx, context, request.room_id)
        await known_people(tx, context, standing.role, request.user_ids)
        room = standing.room
        await bring_in(tx, context, room.id, request.user_ids, room.last_seq)
        return await _answer(tx, context, room.id)

    return await context.commit(change)


async def remove_member(context: Context, request: RemoveMember) -> RoomAnswer:
    """Takes someone out of a group room; by who made it, or an admin."""

    async def change(tx: Tx) -> RoomAnswer:
        standing = await led(tx, context, request.room_id)
        room, me = standing.room, context.me
        if request.user_id == me.user_id:
            raise invalid("user_id", "is you; leave the room instead")
        if room.created_by != me.user_id and standing.role != "admin":
            raise forbidden("Only who made the room, or an admin, can remove people.")
        await let_go(tx, room.id, request.user_id)
        return await _answer(tx, context, room.id)

    return await context.commit(change)


async def leave_room(context: Context, request: LeaveRoom) -> Done:
    """Takes the caller out of a group room."""

    async def change(tx: Tx) -> Done:
        room = (await entered(tx, context, request.room_id)).room
        if room.kind != "group":
            raise wrong_kind(room)
        await let_go(tx, room.id, context.me.user_id)
        return Done()

    return await context.commit(change)


async def active_role(tx: Tx, context: Context) -> str:
    """The caller's role now; raises 401 when they were deactivated meanwhile."""
    me = context.me.user_id
    person = (await people.person_rows(tx, context.portal, [me])).get(me)
    if person is None or not person.active:
        raise unauthorized()
    return person.role


async def _answer(statements: Statements, context: Context, room_id: int) -> RoomAnswer:
    room = await views.load_room(statements, context.portal, context.me.user_id, room_id)
    return RoomAnswer(room=room)
