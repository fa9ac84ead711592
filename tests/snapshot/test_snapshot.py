"""The snapshot: what each role starts from, of one moment, in a fixed number of queries."""

from __future__ import annotations

from tests.counting import statements
from tests.house import House
from tests.team import Team, at_once, ids, refused
from tests.walk.world import do


async def test_a_member_starts_from_everything_that_is_theirs(team: Team) -> None:
    room = await team.room(team.ben, team.cy)
    await team.room(team.ben, team.gus)
    message = await team.say(team.ben, room.id)
    post = await team.post(team.ben)
    await team.post(team.ben, team.gus)
    seen = await do(team.cy, "get_snapshot")

    assert seen.position == team.house.events[team.ada.portal][-1].position
    assert seen.me.id == team.cy.me.user_id
    assert {p.id for p in seen.people} == set(ids(team.ada, team.ben, team.cy, team.gus))
    [mine] = seen.rooms
    assert (mine.id, mine.last_message, mine.unread) == (room.id, message, 1)
    assert (seen.posts, seen.more_posts) == ([post], False)
    assert seen.feed.unread == 1
    assert seen.rooms == (await do(team.cy, "list_rooms")).rooms
    assert seen.posts == (await do(team.cy, "list_posts")).posts


async def test_a_guest_starts_from_what_they_were_invited_to(team: Team) -> None:
    alone = await do(team.gus, "get_snapshot")
    assert [person.id for person in alone.people] == ids(team.gus)
    assert (alone.rooms, alone.posts) == ([], [])

    await team.post(team.ben)
    await team.room(team.ben, team.cy)
    room = await team.room(team.ben, team.gus)
    post = await team.post(team.ada, team.gus)
    seen = await do(team.gus, "get_snapshot")
    assert {person.id for person in seen.people} == set(ids(team.ada, team.ben, team.gus))
    assert {one.user_id for one in seen.presence} == {person.id for person in seen.people}
    assert {one.id for one in seen.rooms} == {room.id, post.room_id}
    assert [one.id for one in seen.posts] == [post.id]
    assert seen.feed.unread == 1


async def test_rooms_lately_used_come_first(team: Team) -> None:
    rooms = [(await team.room(team.ben, team.cy, name=name)).id for name in "abc"]
    for index in (2, 0, 1):
        before = (await do(team.ben, "get_snapshot")).rooms
        await team.say(team.ben, rooms[index])
        times = [
            room.last_message.created_at if room.last_message else room.created_at
            for room in (await do(team.ben, "get_snapshot")).rooms
        ]
        assert times == sorted(times, reverse=True)
        assert len(before) == 3


async def test_the_first_page_of_posts_says_that_there_is_more(house: House) -> None:
    team = await Team.make(house.with_limits(page=2))
    posts = [await team.post(team.ben) for _ in range(2)]
    assert (await do(team.cy, "get_snapshot")).more_posts is False
    posts.append(await team.post(team.ben))
    seen = await do(team.cy, "get_snapshot")
    assert [post.id for post in seen.posts] == [posts[2].id, posts[1].id]
    assert seen.more_posts is True


async def test_every_part_is_of_the_same_moment(team: Team) -> None:
    room = await team.room(team.ben, team.cy)
    sends = [team.say(team.ben, room.id) for _ in range(20)]
    looks = [do(team.cy, "get_snapshot") for _ in range(20)]
    mixed = [call for pair in zip(sends, looks, strict=True) for call in pair]
    answers = (await at_once(*mixed))[1::2]
    made = team.house.events[team.ada.portal]
    for seen in answers:
        sent = [e for e in made if e.position <= seen.position and e.type == "message_sent"]
        [mine] = seen.rooms
        assert mine.last_seq == mine.unread == len(sent)
        assert (mine.last_message.seq if mine.last_message else 0) == len(sent)


async def test_who_was_deactivated_meanwhile_gets_none(team: Team) -> None:
    await team.deactivate(team.cy)
    assert (await refused(team.cy, "get_snapshot")).status == 401


async def test_the_snapshot_takes_the_same_statements_for_3_and_30_rooms(team: Team) -> None:
    counts: list[int] = []
    for more in (3, 27):
        for _ in range(more):
            room = await team.room(team.ben, team.cy)
            await team.say(team.ben, room.id)
        await team.post(team.ben)
        with statements(team.house) as ran:
            seen = await do(team.cy, "get_snapshot")
        counts.append(len(ran))
    assert len(seen.rooms) == 30
    assert counts[0] == counts[1] <= 14, ran
