"""Posts: to everybody or to some, liked once, edited and deleted by who may, in pages."""

from __future__ import annotations

import pytest

from tests.counting import statements
from tests.house import House
from tests.team import Team, at_once, ids, refused
from tests.walk.world import do, new_id


async def test_a_post_to_the_portal_is_seen_by_members_and_not_by_guests(team: Team) -> None:
    before = team.happened
    post = await team.post(team.ben)
    came, created = team.told(before)
    assert came[:2] == ("members_added", f"room:{post.room_id}")
    assert came[2]["user_ids"] == ids(team.ben)
    assert created == ("post_created", "portal", {"post": post.model_dump(mode="json")})
    # Its place in the feed is the position of the event that tells it.
    [event] = [e for e in team.house.events[team.ada.portal] if e.type == "post_created"]
    assert post.position == event.position

    assert (await do(team.cy, "get_post", post_id=post.id)).post == post
    assert (await do(team.cy, "list_posts")).posts == [post]
    assert (await do(team.gus, "list_posts")).posts == []
    for name in ("get_post", "like_post", "edit_post", "delete_post"):
        fields = {"text": "Mine"} if name == "edit_post" else {}
        assert (await refused(team.gus, name, post_id=post.id, **fields)).status == 404, name


async def test_a_post_to_some_is_seen_by_those_alone(team: Team) -> None:
    before = team.happened
    post = await team.post(team.ben, team.gus, team.ben, team.gus)
    assert (post.visible_to, post.user_ids) == ("people", ids(team.gus))
    came, created = team.told(before)
    assert came[2]["user_ids"] == sorted(ids(team.ben, team.gus))
    assert created[:2] == ("post_created", f"room:{post.room_id}")
    assert (await do(team.gus, "list_posts")).posts == [post]
    # Not even an admin sees what was not for them.
    for person in (team.ada, team.cy):
        assert (await do(person, "list_posts")).posts == []
        for name, fields in (
            ("get_post", {"post_id": post.id}),
            ("like_post", {"post_id": post.id}),
            ("delete_post", {"post_id": post.id}),
            ("list_messages", {"room_id": post.room_id}),
        ):
            assert (await refused(person, name, **fields)).status == 404, name
    # Who sees it comments, and is in the discussion already.
    before = team.happened
    await team.say(team.gus, post.room_id)
    assert [entry[:2] for entry in team.told(before)] == [("message_sent", f"room:{post.room_id}")]


@pytest.mark.parametrize(
    ("to", "chosen"), [("people", "nobody"), ("people", "myself"), ("portal", "cy")]
)
async def test_an_audience_that_does_not_fit_is_refused(team: Team, to: str, chosen: str) -> None:
    user_ids = {"nobody": [], "myself": ids(team.ben), "cy": ids(team.cy)}[chosen]
    fields = {"client_id": new_id(), "text": "Hm", "visible_to": to, "user_ids": user_ids}
    problem = await refused(team.ben, "create_post", **fields)
    assert (problem.status, problem.details.errors[0].field) == (422, "user_ids")


async def test_posts_go_to_active_people_of_this_portal(team: Team) -> None:
    elsewhere = await team.house.make_portal()
    stranger = await team.house.join(elsewhere, "Dee")
    await team.deactivate(team.cy)
    for user_id in (team.cy.me.user_id, 2**40, stranger.me.user_id):
        fields = {"client_id": new_id(), "text": "Hm", "visible_to": "people"}
        problem = await refused(team.ben, "create_post", user_ids=[user_id], **fields)
        assert (problem.status, problem.details.errors[0].field) == (422, "user_ids")


async def test_guests_do_not_post(team: Team) -> None:
    await team.room(team.ben, team.gus)
    problem = await refused(team.gus, "create_post", client_id=new_id(), text="Hello")
    assert problem.status == 403


async def test_a_post_that_comes_twice_is_made_once(team: Team) -> None:
    fields = {"client_id": new_id(), "text": "Once"}
    answers = await at_once(*(do(team.ben, "create_post", **fields) for _ in range(3)))
    assert len({answer.post.id for answer in answers}) == 1
    assert len((await do(team.ben, "list_posts")).posts) == 1
    other = await refused(team.ben, "create_post", **(fields | {"text": "Twice"}))
    assert (other.status, other.code) == (409, "client-id-reused")


async def test_a_text_too_long_says_how_long_it_may_be(house: House) -> None:
    team = await Team.make(house.with_limits(post_characters=5))
    post = await team.post(team.ben, text="12345")
    for name, fields in (
        ("create_post", {"client_id": new_id()}),
        ("edit_post", {"post_id": post.id}),
    ):
        problem = await refused(team.ben, name, text="123456", **fields)
        assert (problem.status, problem.details.errors[0].field) == (422, "text")
        assert "at most 5" in problem.details.detail


async def test_only_the_author_edits(team: Team) -> None:
    post = await team.post(team.ben)
    assert (await refused(team.ada, "edit_post", post_id=post.id, text="No")).status == 403
    before = team.happened
    edited = (await do(team.ben, "edit_post", post_id=post.id, text="Better")).post
    assert edited.text == "Better"
    again = (await do(team.ben, "edit_post", post_id=post.id, text="Better")).post
    assert again == edited
    body = {"post_id": post.id, "text": "Better", "edited_at": edited.edited_at}
    assert team.told(before) == [("post_edited", "portal", body)]
    assert (await do(team.cy, "get_post", post_id=post.id)).post == edited


async def test_one_likes_a_post_once(team: Team) -> None:
    post = await team.post(team.ben)
    before = team.happened
    await at_once(*(do(team.cy, "like_post", post_id=post.id) for _ in range(5)))
    liked = (await do(team.ada, "like_post", post_id=post.id)).post
    assert liked.liked_by == sorted(ids(team.ada, team.cy))
    for _ in range(2):
        left = (await do(team.cy, "unlike_post", post_id=post.id)).post
        assert left.liked_by == ids(team.ada)
    assert [(name, body["user_id"]) for name, _, body in team.told(before)] == [
        ("post_liked", team.cy.me.user_id),
        ("post_liked", team.ada.me.user_id),
        ("post_unliked", team.cy.me.user_id),
    ]


async def test_a_deleted_post_takes_its_discussion_along(team: Team) -> None:
    post = await team.post(team.ben, text="A secret")
    comment = await team.say(team.cy, post.room_id, "A remark")
    assert (await refused(team.cy, "delete_post", post_id=post.id)).status == 403
    before = team.happened
    await do(team.ada, "delete_post", post_id=post.id)
    body = {
        "post_id": post.id,
        "position": post.position,
        "user_id": team.ben.me.user_id,
        "room_id": post.room_id,
    }
    assert team.told(before) == [("post_deleted", "portal", body)]
    for person in (team.ada, team.ben, team.cy):
        assert (await do(person, "list_rooms")).rooms == []
        snapshot = await do(person, "get_snapshot")
        assert "A secret" not in snapshot.model_dump_json()
        for name, fields in (
            ("get_post", {"post_id": post.id}),
            ("like_post", {"post_id": post.id}),
            ("delete_post", {"post_id": post.id}),
            ("list_messages", {"room_id": post.room_id}),
            ("send_message", {"client_id": new_id(), "room_id": post.room_id, "text": "Late"}),
            ("mark_read", {"room_id": post.room_id, "seq": 1}),
            ("edit_message", {"message_id": comment.id, "text": "Late"}),
            ("delete_message", {"message_id": comment.id}),
        ):
            assert (await refused(person, name, **fields)).status == 404, name


async def test_a_guest_forgets_whom_they_knew_by_a_deleted_post(team: Team) -> None:
    post = await team.post(team.ben, team.gus, team.cy)
    known = (await do(team.gus, "list_people")).people
    assert {person.id for person in known} == set(ids(team.ben, team.cy, team.gus))
    await do(team.ben, "delete_post", post_id=post.id)
    known = (await do(team.gus, "list_people")).people
    assert [person.id for person in known] == ids(team.gus)
    for name in ("get_person", "open_direct_room"):
        assert (await refused(team.gus, name, user_id=team.cy.me.user_id)).status == 404, name
    presence = (await do(team.gus, "list_presence")).presence
    assert {one.user_id for one in presence} <= set(ids(team.gus))


async def test_comments_are_counted_without_the_deleted(team: Team) -> None:
    post = await team.post(team.ben)
    first = await team.say(team.cy, post.room_id)
    await team.say(team.ada, post.room_id)
    await do(team.cy, "delete_message", message_id=first.id)
    assert (await do(team.ben, "get_post", post_id=post.id)).post.comments == 1


async def test_the_feed_in_pages(house: House) -> None:
    team = await Team.make(house.with_limits(page=3, page_most=5))
    made = [await team.post(team.ben) for _ in range(7)]
    await team.post(team.ben, team.gus)
    newest_first = [post.id for post in reversed(made)]

    seen: list[int] = []
    before: int | None = None
    pages = 0
    more = True
    while more:
        page = await do(team.cy, "list_posts", **({"before": before} if before else {}))
        seen += [post.id for post in page.posts]
        before, more, pages = page.posts[-1].position, page.more_before, pages + 1
    assert seen == newest_first
    assert pages == 3
    rest = await do(team.cy, "list_posts", before=before)
    assert (rest.posts, rest.more_before) == ([], False)
    exact = await do(team.cy, "list_posts", before=made[5].position, limit=5)
    assert (len(exact.posts), exact.more_before) == (5, False)
    large = await refused(team.cy, "list_posts", limit=6)
    assert (large.status, large.details.errors[0].field) == (422, "limit")


async def test_who_was_deactivated_meanwhile_does_nothing(team: Team) -> None:
    post = await team.post(team.cy)
    await team.deactivate(team.cy)
    before = team.happened
    for name, fields in (
        ("create_post", {"client_id": new_id(), "text": "Late"}),
        ("edit_post", {"post_id": post.id, "text": "Late"}),
        ("delete_post", {"post_id": post.id}),
        ("get_post", {"post_id": post.id}),
        ("like_post", {"post_id": post.id}),
        ("unlike_post", {"post_id": post.id}),
        ("list_posts", {}),
        ("mark_feed_read", {"position": post.position}),
    ):
        assert (await refused(team.cy, name, **fields)).status == 401, name
    assert team.told(before) == []


async def test_the_feed_takes_the_same_statements_for_3_and_30_posts(team: Team) -> None:
    counts: list[int] = []
    for more in (3, 27):
        for number in range(more):
            post = await team.post(team.ben, *([team.cy] if number % 2 else []))
            await team.say(team.cy, post.room_id)
            await do(team.cy, "like_post", post_id=post.id)
        with statements(team.house) as ran:
            page = await do(team.cy, "list_posts")
        counts.append(len(ran))
    assert len(page.posts) == 30
    assert counts[0] == counts[1] <= 5, ran
