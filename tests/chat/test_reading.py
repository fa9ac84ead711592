"""How far one has read: forward only, never beyond the end, and told to oneself alone."""

from __future__ import annotations

from tests.team import Team, refused
from tests.walk.world import do


async def test_reading_moves_forward_and_is_told_to_oneself(team: Team) -> None:
    room = await team.room(team.ben, team.cy)
    for _ in range(3):
        await team.say(team.ben, room.id)
    before = team.happened
    answer = await do(team.cy, "mark_read", room_id=room.id, seq=2)
    assert (answer.read_seq, answer.unread) == (2, 1)
    body = {"room_id": room.id, "read_seq": 2, "unread": 1}
    assert team.told(before) == [("room_read", f"user:{team.cy.me.user_id}", body)]


async def test_reading_never_goes_back_nor_beyond_the_end(team: Team) -> None:
    room = await team.room(team.ben, team.cy)
    for _ in range(3):
        await team.say(team.ben, room.id)
    end = await do(team.cy, "mark_read", room_id=room.id, seq=2**40)
    assert (end.read_seq, end.unread) == (3, 0)
    before = team.happened
    for seq in (0, 1, 3, 4):
        same = await do(team.cy, "mark_read", room_id=room.id, seq=seq)
        assert (same.read_seq, same.unread) == (3, 0)
    assert team.told(before) == [], "nothing moved, so there is nothing to tell"
    # What comes later is unread: the end that was far away is not remembered.
    await team.say(team.ben, room.id)
    [seen] = (await do(team.cy, "list_rooms")).rooms
    assert seen.unread == 1


async def test_who_writes_has_read(team: Team) -> None:
    room = await team.room(team.ben, team.cy)
    for _ in range(2):
        await team.say(team.ben, room.id)
    await team.say(team.cy, room.id)
    seen = (await do(team.cy, "get_room", room_id=room.id)).room
    assert (seen.read_seq, seen.unread) == (3, 0)


async def test_deleted_messages_do_not_count(team: Team) -> None:
    room = await team.room(team.ben, team.cy)
    sent = [await team.say(team.ben, room.id) for _ in range(5)]
    for number in (0, 2, 4):
        await do(team.ben, "delete_message", message_id=sent[number].id)
    seen = (await do(team.cy, "get_room", room_id=room.id)).room
    assert (seen.last_seq, seen.unread) == (5, 2)
    answer = await do(team.cy, "mark_read", room_id=room.id, seq=2)
    assert answer.unread == 1
    await do(team.ben, "delete_message", message_id=sent[3].id)
    assert (await do(team.cy, "get_room", room_id=room.id)).room.unread == 0


async def test_only_who_is_in_a_room_reads_on_in_it(team: Team) -> None:
    room = await team.room(team.ben)
    post = await team.post(team.ben)
    for room_id in (room.id, post.room_id, 2**40):
        assert (await refused(team.cy, "mark_read", room_id=room_id, seq=1)).status == 404
