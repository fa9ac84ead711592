"""How far one has read the feed: forward only, and not into the future."""

from __future__ import annotations

from tests.team import Team
from tests.walk.world import do


async def test_posts_of_others_are_unread_until_they_are_read(team: Team) -> None:
    first, second = await team.post(team.ben), await team.post(team.ben)
    await team.post(team.cy)
    await team.post(team.ada, team.gus)
    start = (await do(team.cy, "get_snapshot")).feed
    assert start.unread == 2, "neither one's own, nor what one does not see"

    before = team.happened
    read = (await do(team.cy, "mark_feed_read", position=first.position)).feed
    assert (read.read_position, read.unread) == (first.position, 1)
    body = {"feed": {"read_position": first.position, "unread": 1}}
    assert team.told(before) == [("feed_read", f"user:{team.cy.me.user_id}", body)]
    await do(team.ben, "delete_post", post_id=second.id)
    assert (await do(team.cy, "get_snapshot")).feed.unread == 0


async def test_reading_never_goes_back(team: Team) -> None:
    first, second = await team.post(team.ben), await team.post(team.ben)
    await do(team.cy, "mark_feed_read", position=second.position)
    before = team.happened
    for position in (0, first.position, second.position):
        read = (await do(team.cy, "mark_feed_read", position=position)).feed
        assert (read.read_position, read.unread) == (second.position, 0)
    assert team.told(before) == []


async def test_what_comes_later_is_unread_however_far_one_said_to_have_read(team: Team) -> None:
    await team.post(team.ben)
    read = (await do(team.cy, "mark_feed_read", position=2**52)).feed
    assert read.unread == 0
    await team.post(team.ben)
    assert (await do(team.cy, "get_snapshot")).feed.unread == 1


async def test_a_guest_reads_what_was_chosen_for_them(team: Team) -> None:
    await team.post(team.ben)
    post = await team.post(team.ben, team.gus)
    assert (await do(team.gus, "get_snapshot")).feed.unread == 1
    read = (await do(team.gus, "mark_feed_read", position=post.position)).feed
    assert read.unread == 0
