"""Posts as models, and who may see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

from portal.context import Context
from portal.errors import not_found, unauthorized
from portal.feed.model import FeedState, Post
from storage import feed, rooms
from storage.database import Statements
from storage.feed import PostRow, Viewer


async def viewer_of(statements: Statements, context: Context) -> Viewer:
    """The caller at the feed; raises 401 when they were deactivated meanwhile."""
    viewer = await feed.viewer(statements, context.portal, context.me.user_id)
    if viewer is None:
        raise unauthorized()
    return viewer


async def seen_post(
    statements: Statements, context: Context, post_id: int
) -> tuple[PostRow, Viewer]:
    """A post that the caller may see."""
    viewer = await viewer_of(statements, context)
    row = await feed.post(statements, context.portal, post_id, context.me.user_id, viewer.role)
    if row is None:
        raise not_found("post")
    return row, viewer


async def to_posts(statements: Statements, portal_id: int, rows: Sequence[PostRow]) -> list[Post]:
    """Posts with their comments, likes and people, in three queries however many they are."""
    likers = await feed.likers(statements, portal_id, [row.id for row in rows])
    counts = await feed.comment_counts(statements, portal_id, [row.room_id for row in rows])
    closed = [row.room_id for row in rows if row.visible_to == "people"]
    chosen = await rooms.member_ids(statements, portal_id, closed)
    return [
        Post(
            id=row.id,
            position=row.position,
            user_id=row.user_id,
            visible_to=cast(Literal["portal", "people"], row.visible_to),
            user_ids=[i for i in chosen.get(row.room_id, []) if i != row.user_id],
            text=row.text,
            room_id=row.room_id,
            created_at=row.created_at,
            edited_at=row.edited_at,
            comments=counts.get(row.room_id, 0),
            liked_by=likers[row.id],
        )
        for row in rows
    ]


async def to_post(statements: Statements, portal_id: int, row: PostRow) -> Post:
    """One post with everything."""
    return (await to_posts(statements, portal_id, [row]))[0]


async def feed_state(
    statements: Statements, portal_id: int, user_id: int, viewer: Viewer
) -> FeedState:
    """How much of the feed a user has seen."""
    unread = await feed.unread(statements, portal_id, user_id, viewer.role, viewer.feed_read)
    return FeedState(read_position=viewer.feed_read, unread=unread)
