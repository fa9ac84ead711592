"""Posts, newest first by position, and who likes them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, func, or_, select, update

from storage.database import Statements
from storage.schema import likes, members, messages, posts, users


@dataclass(frozen=True, slots=True)
class PostRow:
    """An entry in the feed."""

    id: int
    position: int
    user_id: int
    visible_to: str
    text: str
    room_id: int
    created_at: int
    edited_at: int | None


@dataclass(frozen=True, slots=True)
class Viewer:
    """A user at the feed: their role, and how far they have read."""

    role: str
    feed_read: int


_POST = (
    posts.c.id,
    posts.c.position,
    posts.c.user_id,
    posts.c.visible_to,
    posts.c.text,
    posts.c.room_id,
    posts.c.created_at,
    posts.c.edited_at,
)


def _post(row: Row[Any]) -> PostRow:
    return PostRow(
        id=int(row.id),
        position=int(row.position),
        user_id=int(row.user_id),
        visible_to=row.visible_to,
        text=row.text,
        room_id=int(row.room_id),
        created_at=int(row.created_at),
        edited_at=row.edited_at,
    )


def _visible(portal_id: int, user_id: int, role: str) -> ColumnElement[bool]:
    """The posts that a user may see: those to chosen people by their discussion's members."""
    mine = and_(
        posts.c.visible_to == "people",
        posts.c.room_id.in_(
            select(members.c.room_id).where(
                members.c.portal_id == portal_id, members.c.user_id == user_id
            )
        ),
    )
    seen = mine if role == "guest" else or_(posts.c.visible_to == "portal", mine)
    return and_(posts.c.portal_id == portal_id, posts.c.deleted_at.is_(None), seen)


async def viewer(statements: Statements, portal_id: int, user_id: int) -> Viewer | None:
    """An active user's role and reading; None for others."""
    row = await statements.first(
        select(users.c.role, users.c.feed_read).where(
            users.c.portal_id == portal_id,
            users.c.id == user_id,
            users.c.deactivated_at.is_(None),
        )
    )
    return None if row is None else Viewer(row.role, int(row.feed_read))


async def add_post(
    statements: Statements,
    portal_id: int,
    *,
    position: int,
    user_id: int,
    visible_to: str,
    text: str,
    room_id: int,
    now: int,
) -> PostRow:
    """A new post, whose discussion exists already."""
    number = await statements.add(
        posts,
        portal_id=portal_id,
        position=position,
        user_id=user_id,
        visible_to=visible_to,
        text=text,
        room_id=room_id,
        created_at=now,
    )
    return PostRow(number, position, user_id, visible_to, text, room_id, now, None)


async def post(
    statements: Statements, portal_id: int, post_id: int, user_id: int, role: str
) -> PostRow | None:
    """One post, if the user may see it."""
    row = await statements.first(
        select(*_POST).where(_visible(portal_id, user_id, role), posts.c.id == post_id)
    )
    return None if row is None else _post(row)


async def page(
    statements: Statements,
    portal_id: int,
    user_id: int,
    role: str,
    *,
    before: int | None,
    limit: int,
) -> list[PostRow]:
    """At most ``limit`` posts that the user may see, newest first."""
    query = select(*_POST).where(_visible(portal_id, user_id, role))
    if before is not None:
        query = query.where(posts.c.position < before)
    rows = await statements.all(query.order_by(posts.c.position.desc()).limit(limit))
    return [_post(row) for row in rows]


async def edit(statements: Statements, portal_id: int, post_id: int, text: str, now: int) -> None:
    """Replaces a post's text."""
    await statements.run(
        update(posts)
        .where(posts.c.portal_id == portal_id, posts.c.id == post_id)
        .values(text=text, edited_at=now)
    )


async def erase(statements: Statements, portal_id: int, post_id: int, now: int) -> None:
    """Forgets a post's text and hides it, with its discussion."""
    await statements.run(
        update(posts)
        .where(posts.c.portal_id == portal_id, posts.c.id == post_id)
        .values(text="", deleted_at=now)
    )


async def likers(
    statements: Statements, portal_id: int, post_ids: Collection[int]
) -> dict[int, list[int]]:
    """Who likes each post, ascending."""
    found: dict[int, list[int]] = {post_id: [] for post_id in post_ids}
    if post_ids:
        rows = await statements.all(
            select(likes.c.post_id, likes.c.user_id)
            .where(likes.c.portal_id == portal_id, likes.c.post_id.in_(post_ids))
            .order_by(likes.c.post_id, likes.c.user_id)
        )
        for row in rows:
            found[int(row.post_id)].append(int(row.user_id))
    return found


async def comment_counts(
    statements: Statements, portal_id: int, room_ids: Collection[int]
) -> dict[int, int]:
    """How many comments that are not deleted each discussion has."""
    if not room_ids:
        return {}
    rows = await statements.all(
        select(messages.c.room_id, func.count().label("comments"))
        .where(
            messages.c.portal_id == portal_id,
            messages.c.room_id.in_(room_ids),
            messages.c.deleted_at.is_(None),
        )
        .group_by(messages.c.room_id)
    )
    return {int(row.room_id): int(row.comments) for row in rows}


async def like(
    statements: Statements, portal_id: int, post_id: int, user_id: int, now: int
) -> bool:
    """Notes that a user likes a post; tells whether that is new."""
    return await statements.put_or_skip(
        likes, portal_id=portal_id, post_id=post_id, user_id=user_id, created_at=now
    )


async def unlike(statements: Statements, portal_id: int, post_id: int, user_id: int) -> bool:
    """Takes a like back; tells whether there was one."""
    gone = await statements.run(
        delete(likes).where(
            likes.c.portal_id == portal_id,
            likes.c.post_id == post_id,
            likes.c.user_id == user_id,
        )
    )
    return gone > 0


async def unread(
    statements: Statements, portal_id: int, user_id: int, role: str, feed_read: int
) -> int:
    """How many posts by others a user may see after a position."""
    count = await statements.scalar(
        select(func.count())
        .select_from(posts)
        .where(
            _visible(portal_id, user_id, role),
            posts.c.position > feed_read,
            posts.c.user_id != user_id,
        )
    )
    return int(count)


async def set_read(statements: Statements, portal_id: int, user_id: int, position: int) -> None:
    """The feed is read up to a position."""
    await statements.run(
        update(users)
        .where(users.c.portal_id == portal_id, users.c.id == user_id)
        .values(feed_read=position)
    )
