"""People coming into rooms and leaving them: the one place that does, and says so."""

from __future__ import annotations

from collections.abc import Sequence

from portal import audience
from portal.chat.model import MemberRemoved, MembersAdded, RoomRemoved
from portal.chat.views import load_room
from portal.context import Context, record
from portal.errors import Problem, invalid, not_found
from portal.people import to_person
from storage import people, rooms
from storage.commit import Tx
from storage.people import PersonRow


async def known_people(
    tx: Tx, context: Context, role: str, user_ids: Sequence[int], field: str = "user_ids"
) -> dict[int, PersonRow]:
    """The active people with these ids, all of whom the caller must know."""
    found = await people.person_rows(tx, context.portal, user_ids)
    for user_id in user_ids:
        person = found.get(user_id)
        if person is None or not person.active:
            raise invalid(field, f"there is no active person {user_id}")
        if role == "guest" and not await people.may_know(
            tx, context.portal, context.me.user_id, role, user_id
        ):
            raise invalid(field, f"there is no active person {user_id}")
    return found


async def bring_in(
    tx: Tx, context: Context, room_id: int, user_ids: Sequence[int], last_seq: int
) -> None:
    """Adds users who are not in a room yet, and records `members_added`."""
    portal_id = context.portal
    inside = (await rooms.member_ids(tx, portal_id, [room_id]))[room_id]
    new = sorted(set(user_ids) - set(inside))
    if not new:
        return
    await _check_limits(tx, context, len(inside) + len(new), new)
    await rooms.add_members(tx, portal_id, room_id, new, last_seq, tx.now)
    everybody = await people.person_rows(tx, portal_id, [*inside, *new])
    came = [everybody[user_id] for user_id in new]
    guests = any(person.role == "guest" for person in came)
    shown = [everybody[i] for i in sorted(everybody)] if guests else came
    record(
        tx,
        audience.room(room_id),
        MembersAdded(
            room=await load_room(tx, portal_id, new[0], room_id),
            user_ids=new,
            people=[to_person(person) for person in shown],
        ),
    )


async def let_go(tx: Tx, room_id: int, user_id: int) -> None:
    """Takes a user out of a room; raises 404 when they are not in it."""
    if not await rooms.remove_member(tx, tx.portal_id, room_id, user_id):
        raise not_found("member")
    record(tx, audience.user(user_id), RoomRemoved(room_id=room_id, user_id=user_id))
    record(tx, audience.room(room_id), MemberRemoved(room_id=room_id, user_id=user_id))


async def leave_open_discussions(tx: Tx, user_id: int) -> None:
    """Takes a user who is a guest now out of the discussions of posts that guests do not see."""
    for room_id in await rooms.open_discussions(tx, tx.portal_id, user_id):
        await let_go(tx, room_id, user_id)


async def _check_limits(tx: Tx, context: Context, members: int, new: Sequence[int]) -> None:
    limits = context.limits
    if members > limits.room_members:
        detail = f"a room holds at most {limits.room_members} people, this makes {members}"
        raise invalid("user_ids", detail, "room-full")
    for user_id, count in (await rooms.room_counts(tx, context.portal, new)).items():
        if count >= limits.rooms_per_user:
            raise _too_many_rooms(user_id, limits.rooms_per_user)


def _too_many_rooms(user_id: int, limit: int) -> Problem:
    return invalid("user_ids", f"person {user_id} is in {limit} rooms already, which is the most")
