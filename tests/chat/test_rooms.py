"""Direct and group rooms: one for a pair, who may change what, and what everybody is told."""

from __future__ import annotations

from tests.house import House
from tests.team import Team, at_once, ids, refused
from tests.walk.world import do, new_id


async def test_a_pair_has_one_direct_room_even_when_both_open_it_at_once(team: Team) -> None:
    ada, ben = ids(team.ada, team.ben)
    before = team.happened
    opened = await at_once(
        *(do(team.ada, "open_direct_room", user_id=ben) for _ in range(5)),
        *(do(team.ben, "open_direct_room", user_id=ada) for _ in range(5)),
    )
    assert len({answer.room.id for answer in opened}) == 1
    assert opened[0].room.kind == "direct"
    assert opened[0].room.member_ids == sorted([ada, ben])
    assert [name for name, _, _ in team.told(before)] == ["members_added"]


async def test_nobody_has_a_direct_room_with_themselves_or_with_who_is_gone(team: Team) -> None:
    alone = await refused(team.ben, "open_direct_room", user_id=team.ben.me.user_id)
    assert (alone.status, alone.details.errors[0].field) == (422, "user_id")
    await team.deactivate(team.cy)
    gone = await refused(team.ben, "open_direct_room", user_id=team.cy.me.user_id)
    assert gone.status == 422
    absent = await refused(team.ben, "open_direct_room", user_id=2**40)
    assert absent.status == 404


async def test_a_direct_room_outlives_that_the_other_is_deactivated(team: Team) -> None:
    room = (await do(team.ben, "open_direct_room", user_id=team.cy.me.user_id)).room
    await team.deactivate(team.cy)
    again = await do(team.ben, "open_direct_room", user_id=team.cy.me.user_id)
    assert again.room == room


async def test_guests_reach_whom_they_share_a_room_with_and_nobody_else(team: Team) -> None:
    await team.room(team.ben, team.gus)
    opened = await do(team.gus, "open_direct_room", user_id=team.ben.me.user_id)
    assert opened.room.kind == "direct"
    stranger = await refused(team.gus, "open_direct_room", user_id=team.cy.me.user_id)
    assert stranger.status == 404


async def test_guests_write_in_their_rooms_but_do_not_change_them(team: Team) -> None:
    room = await team.room(team.ben, team.gus, team.cy)
    await team.say(team.gus, room.id)
    made = await refused(team.gus, "create_room", client_id=new_id(), name="Mine")
    renamed = await refused(team.gus, "rename_room", room_id=room.id, name="Mine")
    added = await refused(team.gus, "add_members", room_id=room.id, user_ids=ids(team.ada))
    removed = await refused(team.gus, "remove_member", room_id=room.id, user_id=ids(team.cy)[0])
    assert [p.status for p in (made, renamed, added, removed)] == [403] * 4
    await do(team.gus, "leave_room", room_id=room.id)


async def test_members_added_brings_the_room_and_who_came(team: Team) -> None:
    room = await team.room(team.ben, team.cy)
    await team.say(team.ben, room.id)
    before = team.happened
    await do(team.ben, "add_members", room_id=room.id, user_ids=ids(team.ada, team.cy, team.ada))

    [(name, audience, body)] = team.told(before)
    assert (name, audience) == ("members_added", f"room:{room.id}")
    assert body["user_ids"] == ids(team.ada)
    assert [person["id"] for person in body["people"]] == ids(team.ada)
    seen = await do(team.ada, "get_room", room_id=room.id)
    assert body["room"] == seen.room.model_dump(mode="json")
    # Who comes has read what was said before.
    assert (seen.room.last_seq, seen.room.read_seq, seen.room.unread) == (1, 1, 0)
    assert seen.room.member_ids == sorted(ids(team.ada, team.ben, team.cy))


async def test_a_guest_who_comes_is_told_of_everybody_in_the_room(team: Team) -> None:
    room = await team.room(team.ben, team.cy)
    before = team.happened
    await do(team.ben, "add_members", room_id=room.id, user_ids=ids(team.gus))
    [(_, _, body)] = team.told(before)
    assert [p["id"] for p in body["people"]] == sorted(ids(team.ben, team.cy, team.gus))


async def test_adding_who_is_in_already_tells_nothing(team: Team) -> None:
    room = await team.room(team.ben, team.cy)
    before = team.happened
    answer = await do(team.ben, "add_members", room_id=room.id, user_ids=ids(team.cy))
    assert answer.room.member_ids == sorted(ids(team.ben, team.cy))
    assert team.told(before) == []


async def test_only_people_who_are_active_here_can_be_added(team: Team) -> None:
    room = await team.room(team.ben)
    await team.deactivate(team.cy)
    elsewhere = await team.house.make_portal()
    for user_id in (*ids(team.cy), 2**40):
        problem = await refused(team.ben, "add_members", room_id=room.id, user_ids=[user_id])
        assert (problem.status, problem.details.errors[0].field) == (422, "user_ids")
    foreign = await refused(elsewhere, "add_members", room_id=room.id, user_ids=ids(elsewhere))
    assert foreign.status == 404


async def test_who_made_the_room_or_an_admin_removes_people(team: Team) -> None:
    room = await team.room(team.ben, team.cy, team.gus, team.ada)
    target = team.gus.me.user_id
    by_cy = await refused(team.cy, "remove_member", room_id=room.id, user_id=target)
    assert by_cy.status == 403
    before = team.happened
    await do(team.ben, "remove_member", room_id=room.id, user_id=target)
    body = {"room_id": room.id, "user_id": target}
    # Who goes is told first, since afterwards they hear nothing of the room any more.
    assert team.told(before) == [
        ("room_removed", f"user:{target}", body),
        ("member_removed", f"room:{room.id}", body),
    ]
    assert (await refused(team.gus, "get_room", room_id=room.id)).status == 404
    again = await refused(team.ben, "remove_member", room_id=room.id, user_id=target)
    assert again.status == 404
    await do(team.ada, "remove_member", room_id=room.id, user_id=team.ben.me.user_id)
    oneself = await refused(team.ada, "remove_member", room_id=room.id, user_id=ids(team.ada)[0])
    assert oneself.status == 422


async def test_an_admin_who_is_not_in_a_room_does_not_see_it(team: Team) -> None:
    room = await team.room(team.ben, team.cy)
    for name, fields in (
        ("get_room", {}),
        ("rename_room", {"name": "Ours"}),
        ("list_messages", {}),
        ("leave_room", {}),
        ("add_members", {"user_ids": ids(team.ada)}),
    ):
        assert (await refused(team.ada, name, room_id=room.id, **fields)).status == 404, name


async def test_leaving_and_coming_back(team: Team) -> None:
    room = await team.room(team.ben, team.cy)
    await team.say(team.ben, room.id)
    await do(team.cy, "leave_room", room_id=room.id)
    assert (await do(team.cy, "list_rooms")).rooms == []
    assert (await refused(team.cy, "leave_room", room_id=room.id)).status == 404
    await team.say(team.ben, room.id)
    await do(team.ben, "add_members", room_id=room.id, user_ids=ids(team.cy))
    [back] = (await do(team.cy, "list_rooms")).rooms
    assert (back.last_seq, back.unread) == (2, 0)


async def test_a_new_name_is_told_once(team: Team) -> None:
    room = await team.room(team.ben, team.cy)
    before = team.happened
    for _ in range(2):
        answer = await do(team.cy, "rename_room", room_id=room.id, name="Cellar")
        assert answer.room.name == "Cellar"
    body = {"room_id": room.id, "name": "Cellar"}
    assert team.told(before) == [("room_renamed", f"room:{room.id}", body)]


async def test_direct_rooms_and_discussions_keep_name_and_members(team: Team) -> None:
    direct = (await do(team.ben, "open_direct_room", user_id=team.cy.me.user_id)).room
    talk = (await team.post(team.ben, team.cy)).room_id
    for room_id in (direct.id, talk):
        for name, fields in (
            ("rename_room", {"name": "Cellar"}),
            ("add_members", {"user_ids": ids(team.ada)}),
            ("remove_member", {"user_id": team.cy.me.user_id}),
            ("leave_room", {}),
        ):
            problem = await refused(team.ben, name, room_id=room_id, **fields)
            assert (problem.status, problem.code) == (409, "not-a-group-room"), name


async def test_a_full_room_says_how_many_it_holds(house: House) -> None:
    team = await Team.make(house.with_limits(room_members=3))
    room = await team.room(team.ben, team.cy)
    everybody = ids(team.ada, team.gus)
    problem = await refused(team.ben, "add_members", room_id=room.id, user_ids=everybody)
    assert (problem.status, problem.code) == (422, "room-full")
    assert "at most 3" in problem.details.detail
    seen = await do(team.ben, "get_room", room_id=room.id)
    assert len(seen.room.member_ids) == 2, "nothing is stored by halves"


async def test_rooms_per_person_are_limited_but_not_by_deleted_posts(house: House) -> None:
    team = await Team.make(house.with_limits(rooms_per_user=2))
    post = await team.post(team.ben, team.cy)
    await team.room(team.ben, team.cy)
    problem = await refused(
        team.ada, "create_room", client_id=new_id(), name="Third", user_ids=ids(team.cy)
    )
    assert problem.status == 422
    assert "2 rooms" in problem.details.detail
    await do(team.ben, "delete_post", post_id=post.id)
    await team.room(team.ada, team.cy)


async def test_who_was_deactivated_meanwhile_makes_nothing(team: Team) -> None:
    room = await team.room(team.ben, team.cy)
    await team.deactivate(team.ben)
    made = await refused(team.ben, "create_room", client_id=new_id(), name="Late")
    opened = await refused(team.ben, "open_direct_room", user_id=team.cy.me.user_id)
    renamed = await refused(team.ben, "rename_room", room_id=room.id, name="Late")
    assert (made.status, opened.status, renamed.status) == (401, 401, 404)
