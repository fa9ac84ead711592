"""Likes, and how far one has read the feed."""

from __future__ import annotations

from portal import audience
from portal.context import Context, record
from portal.feed.model import (
    FeedRead,
    FeedReadAnswer,
    LikePost,
    MarkFeedRead,
    PostAnswer,
    PostLiked,
    PostUnliked,
    UnlikePost,
)
from portal.feed.posts import audience_of
from portal.feed.views import feed_state, seen_post, to_post, viewer_of
from storage import feed
from storage.commit import Tx
from storage.feed import Viewer


async def like_post(context: Context, request: LikePost) -> PostAnswer:
    """The caller likes a post; liking it twice is one like."""

    async def change(tx: Tx) -> PostAnswer:
        row, _ = await seen_post(tx, context, request.post_id)
        if await feed.like(tx, context.portal, row.id, context.me.user_id, tx.now):
            event = PostLiked(post_id=row.id, user_id=context.me.user_id)
            record(tx, audience_of(row), event)
        return PostAnswer(post=await to_post(tx, context.portal, row))

    return await context.commit(change)


async def unlike_post(context: Context, request: UnlikePost) -> PostAnswer:
    """The caller does not like it any more."""

    async def change(tx: Tx) -> PostAnswer:
        row, _ = await seen_post(tx, context, request.post_id)
        if await feed.unlike(tx, context.portal, row.id, context.me.user_id):
            event = PostUnliked(post_id=row.id, user_id=context.me.user_id)
            record(tx, audience_of(row), event)
        return PostAnswer(post=await to_post(tx, context.portal, row))

    return await context.commit(change)


async def mark_feed_read(context: Context, request: MarkFeedRead) -> FeedReadAnswer:
    """Moves the caller's reading of the feed forward, on all of their devices."""

    async def change(tx: Tx) -> FeedReadAnswer:
        me = context.me.user_id
        viewer = await viewer_of(tx, context)
        # A position from the future would hide posts that are still to come.
        position = max(viewer.feed_read, min(request.position, tx.position))
        state = await feed_state(tx, context.portal, me, Viewer(viewer.role, position))
        if position > viewer.feed_read:
            await feed.set_read(tx, context.portal, me, position)
            record(tx, audience.user(me), FeedRead(feed=state))
        return FeedReadAnswer(feed=state)

    return await context.commit(change)
