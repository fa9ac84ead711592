"""Messages: sent once, numbered without holes, edited and deleted by who may, read in pages."""

from __future__ import annotations

import pytest

from tests.counting import statements
from tests.house import House
from tests.team import Team, at_once, ids, refused
from tests.walk.world import do, new_id


async def test_messages_are_numbered_without_holes_however_many_send_at_once(team: Team) -> None:
    room = await team.room(team.ada, team.ben, team.cy)
    senders = (team.ada, team.ben, team.cy) * 10
    sent = await at_once(*(team.say(by, room.id, f"{n}") for n, by in enumerate(senders)))
    assert sorted(message.seq for message in sent) == list(range(1, 31))
    page = await do(team.ada, "list_messages", room_id=room.id)
    assert [message.seq for message in page.messages] == list(range(1, 31))
    assert {m.id: m.text for m in page.messages} == {m.id: m.text for m in sent}


async def test_a_message_that_comes_twice_is_sent_once(team: Team) -> None:
    room = await team.room(team.ben, team.cy)
    fields = {"client_id": new_id(), "room_id": room.id, "text": "Once"}
    before = team.happened
    answers = await at_once(*(do(team.ben, "send_message", **fields) for _ in range(3)))
    answers = [*answers, await do(team.ben, "send_message", **fields)]
    assert len({answer.model_dump_json() for answer in answers}) == 1
    [(name, audience, body)] = team.told(before)
    assert (name, audience) == ("message_sent", f"room:{room.id}")
    assert body["message"] == answers[0].message.model_dump(mode="json")


async def test_a_client_id_means_one_thing_of_one_person(team: Team) -> None:
    room = await team.room(team.ben, team.cy)
    fields = {"client_id": new_id(), "room_id": room.id, "text": "Once"}
    await do(team.ben, "send_message", **fields)
    other = await refused(team.ben, "send_message", **(fields | {"text": "Twice"}))
    assert (other.status, other.code) == (409, "client-id-reused")
    another = await refused(team.ben, "create_room", client_id=fields["client_id"], name="Room")
    assert another.code == "client-id-reused"
    # What others call theirs has nothing to do with it.
    assert (await do(team.cy, "send_message", **fields)).message.seq == 2


async def test_what_was_sent_is_answered_again_even_after_leaving(team: Team) -> None:
    room = await team.room(team.ben, team.cy)
    fields = {"client_id": new_id(), "room_id": room.id, "text": "Bye"}
    answer = await do(team.cy, "send_message", **fields)
    await do(team.cy, "leave_room", room_id=room.id)
    assert await do(team.cy, "send_message", **fields) == answer
    late = await refused(team.cy, "send_message", **(fields | {"client_id": new_id()}))
    assert late.status == 404


async def test_a_text_too_long_says_how_long_it_may_be(house: House) -> None:
    team = await Team.make(house.with_limits(message_characters=5))
    room = await team.room(team.ben)
    message = await team.say(team.ben, room.id, "12345")
    for name, fields in (
        ("send_message", {"client_id": new_id(), "room_id": room.id}),
        ("edit_message", {"message_id": message.id}),
    ):
        problem = await refused(team.ben, name, text="123456", **fields)
        assert (problem.status, problem.details.errors[0].field) == (422, "text")
        assert "has 6 characters; at most 5" in problem.details.detail


async def test_only_the_author_edits(team: Team) -> None:
    room = await team.room(team.ada, team.ben)
    message = await team.say(team.ben, room.id)
    by_admin = await refused(team.ada, "edit_message", message_id=message.id, text="No")
    by_stranger = await refused(team.cy, "edit_message", message_id=message.id, text="No")
    assert (by_admin.status, by_stranger.status) == (403, 404)

    before = team.happened
    edited = await do(team.ben, "edit_message", message_id=message.id, text="Better")
    assert edited.message.text == "Better"
    assert edited.message.edited_at is not None
    # Again with the same text: nothing is told, and the time stays.
    again = await do(team.ben, "edit_message", message_id=message.id, text="Better")
    assert again.message == edited.message
    [(name, _, body)] = team.told(before)
    assert (name, body["message"]) == ("message_edited", edited.message.model_dump(mode="json"))


async def test_the_author_or_an_admin_who_sees_it_deletes(team: Team) -> None:
    room = await team.room(team.ben, team.cy, team.ada)
    unseen = await team.say(team.ben, (await team.room(team.ben, team.cy)).id)
    for by in (team.ben, team.ada):
        message = await team.say(team.ben, room.id)
        assert (await refused(team.cy, "delete_message", message_id=message.id)).status == 403
        before = team.happened
        deleted = await do(by, "delete_message", message_id=message.id)
        again = await do(by, "delete_message", message_id=message.id)
        assert deleted.message.text == ""
        assert deleted.message.deleted_at is not None
        assert again.message == deleted.message
        assert [name for name, _, _ in team.told(before)] == ["message_deleted"]
        late = await refused(team.ben, "edit_message", message_id=message.id, text="Alive")
        assert (late.status, late.code) == (409, "deleted")
    assert (await refused(team.ada, "delete_message", message_id=unseen.id)).status == 404


async def test_a_deleted_text_is_nowhere_to_be_read(team: Team) -> None:
    room = await team.room(team.ben, team.cy)
    message = await team.say(team.ben, room.id, "A secret")
    await do(team.ben, "delete_message", message_id=message.id)
    for name, fields in (
        ("list_messages", {"room_id": room.id}),
        ("get_room", {"room_id": room.id}),
        ("get_snapshot", {}),
    ):
        answer = await do(team.cy, name, **fields)
        assert "A secret" not in answer.model_dump_json(), name


@pytest.mark.parametrize(
    ("asked", "seqs", "more"),
    [
        ({}, [6, 7, 8, 9], (True, False)),
        ({"limit": 9}, [1, 2, 3, 4, 5, 6, 7, 8, 9], (False, False)),
        ({"before": 6}, [2, 3, 4, 5], (True, True)),
        ({"before": 2}, [1], (False, True)),
        ({"before": 1}, [], (False, True)),
        ({"before": 1000}, [6, 7, 8, 9], (True, False)),
        ({"after": 0}, [1, 2, 3, 4], (False, True)),
        ({"after": 5}, [6, 7, 8, 9], (True, False)),
        ({"after": 7}, [8, 9], (True, False)),
        ({"after": 9}, [], (True, False)),
        ({"after": 1000}, [], (True, False)),
    ],
    ids=str,
)
async def test_history_in_pages_both_ways(
    house: House, asked: dict[str, int], seqs: list[int], more: tuple[bool, bool]
) -> None:
    team = await Team.make(house.with_limits(page=4, page_most=10))
    room = await team.room(team.ben)
    for _ in range(9):
        await team.say(team.ben, room.id)
    page = await do(team.ben, "list_messages", room_id=room.id, **asked)
    assert [message.seq for message in page.messages] == seqs
    assert (page.more_before, page.more_after) == more


async def test_an_empty_history_has_no_more_of_it(team: Team) -> None:
    room = await team.room(team.ben)
    for asked in ({}, {"before": 5}, {"after": 0}):
        page = await do(team.ben, "list_messages", room_id=room.id, **asked)
        assert (page.messages, page.more_before, page.more_after) == ([], False, False), asked


async def test_a_page_too_large_and_two_ends_are_refused(house: House) -> None:
    team = await Team.make(house.with_limits(page=4, page_most=10))
    room = await team.room(team.ben)
    large = await refused(team.ben, "list_messages", room_id=room.id, limit=11)
    assert (large.status, large.details.errors[0].field) == (422, "limit")
    assert "at most 10" in large.details.detail
    both = await refused(team.ben, "list_messages", room_id=room.id, before=2, after=1)
    assert (both.status, both.details.errors[0].field) == (422, "after")


async def test_who_was_deactivated_meanwhile_sends_and_reads_nothing(team: Team) -> None:
    room = await team.room(team.ben, team.cy)
    message = await team.say(team.cy, room.id)
    await team.deactivate(team.cy)
    before = team.happened
    for name, fields in (
        ("send_message", {"client_id": new_id(), "room_id": room.id, "text": "Late"}),
        ("edit_message", {"message_id": message.id, "text": "Late"}),
        ("delete_message", {"message_id": message.id}),
        ("list_messages", {"room_id": room.id}),
        ("mark_read", {"room_id": room.id, "seq": 1}),
    ):
        assert (await refused(team.cy, name, **fields)).status in (401, 404), name
    assert team.told(before) == []


async def test_sending_takes_the_same_few_statements_in_a_large_room(house: House) -> None:
    team = await Team.make(house.with_limits(plan_free_people=100))
    crowd = [await house.join(team.ada, f"Number {n}") for n in range(5)]
    counts: list[int] = []
    for others in ((team.cy,), crowd):
        room = await team.room(team.ben, *others)
        for _ in range(3):
            await team.say(team.ben, room.id)
        with statements(house) as ran:
            await team.say(team.ben, room.id)
        counts.append(len(ran))
    # The clock, the client_id, the standing; message, room and reading; answer, event, clock.
    # SQLite takes one more, for the number that MariaDB hands out itself.
    assert counts[0] == counts[1]
    assert counts[0] <= 10, ran


async def test_comments_bring_their_author_into_the_discussion_first(team: Team) -> None:
    post = await team.post(team.ben)
    before = team.happened
    comment = await team.say(team.cy, post.room_id, "Nice")
    await team.say(team.cy, post.room_id, "Very")
    told = team.told(before)
    assert [(name, audience) for name, audience, _ in told] == [
        ("members_added", f"room:{post.room_id}"),
        ("message_sent", "portal"),
        ("message_sent", "portal"),
    ]
    assert told[0][2]["user_ids"] == ids(team.cy)
    assert told[1][2]["message"] == comment.model_dump(mode="json")
    [room] = (await do(team.cy, "list_rooms")).rooms
    assert (room.kind, room.post_id, room.unread) == ("discussion", post.id, 0)
    [room] = (await do(team.ben, "list_rooms")).rooms
    assert room.unread == 2
    # Others read it without being in it; guests do not.
    read = await do(team.ada, "list_messages", room_id=post.room_id)
    assert [message.text for message in read.messages] == ["Nice", "Very"]
    for name, fields in (
        ("list_messages", {}),
        ("send_message", {"client_id": new_id(), "text": "Hi"}),
    ):
        assert (await refused(team.gus, name, room_id=post.room_id, **fields)).status == 404
