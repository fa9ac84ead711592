"""Putting messages into rooms: many at once, because nothing happens more often."""

from __future__ import annotations

from collections.abc import Sequence

from portal.chat.membership import bring_in
from portal.chat.model import MessageAnswer, MessageSent, SendMessage
from portal.chat.rights import audience_of, may_see
from portal.chat.views import to_message
from portal.context import Context, record
from portal.errors import Problem, not_found
from storage import messages, rooms
from storage.commit import Together, Tx
from storage.messages import MessageRow, NewMessage
from storage.rooms import Standing

# What one of them asks for, in the transaction of its portal.
Asked = tuple[Tx, tuple[Context, SendMessage]]
Place = tuple[int, int, int]


async def _send(asked: Sequence[Asked]) -> list[MessageAnswer | Exception]:
    tx = asked[0][0]
    found = await rooms.standings(tx, {_place(one) for one in asked})
    answers: list[MessageAnswer | Exception] = [not_found("room")] * len(asked)
    sending: list[tuple[int, Asked, Standing]] = []
    for index, one in enumerate(asked):
        standing = found.get(_place(one))
        if not may_see(standing):
            continue
        try:
            if standing.read_seq is None:
                standing = found[_place(one)] = await _bring_in(one, standing)
        except Problem as problem:
            answers[index] = problem
        else:
            sending.append((index, one, standing))
    rows = await _add(tx, [(one, standing) for _, one, standing in sending])
    for (index, one, standing), row in zip(sending, rows, strict=True):
        message = to_message(row)
        position = record(one[0], audience_of(standing.room), MessageSent(message=message))
        answers[index] = MessageAnswer(message=message, position=position)
    return answers


def _place(asked: Asked) -> Place:
    tx, (context, request) = asked
    return tx.portal_id, request.room_id, context.me.user_id


async def _bring_in(asked: Asked, standing: Standing) -> Standing:
    """Makes the author a member, with everything before the message read."""
    tx, (context, _) = asked
    room = standing.room
    await bring_in(tx, context, room.id, [context.me.user_id], room.last_seq)
    return Standing(room, standing.role, room.last_seq, tx.now)


async def _add(tx: Tx, sending: Sequence[tuple[Asked, Standing]]) -> list[MessageRow]:
    """The messages at the ends of their rooms, whose numbers and whose authors' reading follow."""
    last: dict[tuple[int, int], int] = {}
    new: list[NewMessage] = []
    for (own, (context, request)), standing in sending:
        place = (own.portal_id, standing.room.id)
        seq = last[place] = last.get(place, standing.room.last_seq) + 1
        me = context.me.user_id
        new.append(NewMessage(*place, seq, me, request.text, request.client_id, own.now))
    added = await messages.add_messages(tx, new)
    ends = {
        (own.portal_id, standing.room.id): (own.portal_id, standing.room, message.seq, own.now)
        for ((own, _), standing), message in zip(sending, new, strict=True)
    }
    rooms.write_last(tx, ends.values())
    read = {
        (m.portal_id, m.room_id, m.user_id): (
            m.portal_id,
            m.room_id,
            m.user_id,
            standing.joined_at or m.created_at,
            m.seq,
        )
        for (_, standing), m in zip(sending, new, strict=True)
    }
    rooms.write_read(tx, read.values())
    return added


SENDING = Together(_send)
