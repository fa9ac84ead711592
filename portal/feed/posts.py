"""Writing posts, and the pages of the feed."""

from __future__ import annotations

from portal import audience
from portal.chat.membership import bring_in, known_people
from portal.chat.messages import check_length, page_size
from portal.context import Context, record
from portal.errors import forbidden, invalid
from portal.feed.model import (
    CreatePost,
    DeletePost,
    EditPost,
    GetPost,
    ListPosts,
    PostAnswer,
    PostCreated,
    PostDeleted,
    PostEdited,
    Posts,
)
from portal.feed.views import seen_post, to_post, to_posts, viewer_of
from portal.model import Done
from storage import feed, rooms
from storage.commit import Tx
from storage.feed import PostRow


async def create_post(context: Context, request: CreatePost) -> PostAnswer:
    """A post to the whole portal, or to chosen people, with an empty discussion."""
    check_length(request.text, context.limits.post_characters)
    me = context.me.user_id
    chosen = sorted(set(request.user_ids) - {me})
    if request.visible_to == "people" and not chosen:
        raise invalid("user_ids", "choose at least one other person, or post to the portal")
    if request.visible_to == "portal" and request.user_ids:
        raise invalid("user_ids", "must be empty when the post is to the whole portal")

    async def change(tx: Tx) -> PostAnswer:
        viewer = await viewer_of(tx, context)
        if viewer.role == "guest":
            raise forbidden("Guests cannot post to the feed.")
        await known_people(tx, context, viewer.role, chosen)
        room_id = await _discussion(tx, context, request.visible_to)
        # The post comes right after the event that brings people into its discussion.
        row = await feed.add_post(
            tx,
            context.portal,
            position=tx.position + 2,
            user_id=me,
            visible_to=request.visible_to,
            text=request.text,
            room_id=room_id,
            now=tx.now,
        )
        await bring_in(tx, context, room_id, [me, *chosen], 0)
        post = await to_post(tx, context.portal, row)
        record(tx, audience_of(row), PostCreated(post=post))
        return PostAnswer(post=post)

    return await context.commit_once(change, request, PostAnswer)


async def _discussion(tx: Tx, context: Context, visible_to: str) -> int:
    return await rooms.add_room(
        tx,
        context.portal,
        kind="discussion",
        name="",
        visible_to="portal" if visible_to == "portal" else "members",
        created_by=context.me.user_id,
        now=tx.now,
    )


async def edit_post(context: Context, request: EditPost) -> PostAnswer:
    """Replaces the text of one's own post."""
    check_length(request.text, context.limits.post_characters)

    async def change(tx: Tx) -> PostAnswer:
        row, _ = await seen_post(tx, context, request.post_id)
        if row.user_id != context.me.user_id:
            raise forbidden("Only its author can edit a post.")
        if row.text != request.text:
            await feed.edit(tx, context.portal, row.id, request.text, tx.now)
            event = PostEdited(post_id=row.id, text=request.text, edited_at=tx.now)
            record(tx, audience_of(row), event)
            row, _ = await seen_post(tx, context, row.id)
        return PostAnswer(post=await to_post(tx, context.portal, row))

    return await context.commit(change)


async def delete_post(context: Context, request: DeletePost) -> Done:
    """Takes a post away with its discussion; by its author, or an admin who can see it."""

    async def change(tx: Tx) -> Done:
        row, viewer = await seen_post(tx, context, request.post_id)
        if row.user_id != context.me.user_id and viewer.role != "admin":
            raise forbidden("Only its author, or an admin, can delete a post.")
        await feed.erase(tx, context.portal, row.id, tx.now)
        event = PostDeleted(
            post_id=row.id, position=row.position, user_id=row.user_id, room_id=row.room_id
        )
        record(tx, audience_of(row), event)
        return Done()

    return await context.commit(change)


async def get_post(context: Context, request: GetPost) -> PostAnswer:
    """One post."""
    async with context.read() as statements:
        row, _ = await seen_post(statements, context, request.post_id)
        return PostAnswer(post=await to_post(statements, context.portal, row))


async def list_posts(context: Context, request: ListPosts) -> Posts:
    """A page of the feed."""
    limit = page_size(context, request.limit)
    async with context.read() as statements:
        viewer = await viewer_of(statements, context)
        rows = await feed.page(
            statements,
            context.portal,
            context.me.user_id,
            viewer.role,
            before=request.before,
            limit=limit + 1,
        )
        posts = await to_posts(statements, context.portal, rows[:limit])
    return Posts(posts=posts, more_before=len(rows) > limit)


def audience_of(post: PostRow) -> str:
    """Who sees what happens to a post."""
    return audience.PORTAL if post.visible_to == "portal" else audience.room(post.room_id)
