"""Who answered which message with which emoji."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, select

from storage.database import Statements
from storage.schema import reactions


async def of_messages(
    statements: Statements, portal_id: int, message_ids: Collection[int]
) -> dict[int, dict[str, list[int]]]:
    """By message and emoji, both ascending: who reacted, ascending. Those without are left out."""
    found: dict[int, dict[str, list[int]]] = {}
    if message_ids:
        rows = await statements.all(
            select(reactions.c.message_id, reactions.c.emoji, reactions.c.user_id)
            .where(reactions.c.portal_id == portal_id, reactions.c.message_id.in_(message_ids))
            .order_by(reactions.c.message_id, reactions.c.emoji, reactions.c.user_id)
        )
        for row in rows:
            by_emoji = found.setdefault(int(row.message_id), {})
            by_emoji.setdefault(row.emoji, []).append(int(row.user_id))
    return found


async def add(
    statements: Statements, portal_id: int, message_id: int, user_id: int, emoji: str, now: int
) -> bool:
    """Notes a reaction; tells whether that is new."""
    return await statements.put_or_skip(
        reactions,
        portal_id=portal_id,
        message_id=message_id,
        emoji=emoji,
        user_id=user_id,
        created_at=now,
    )


async def remove(
    statements: Statements, portal_id: int, message_id: int, user_id: int, emoji: str
) -> bool:
    """Forgets a reaction; tells whether there was one."""
    gone = await statements.run(
        delete(reactions).where(
            reactions.c.portal_id == portal_id,
            reactions.c.message_id == message_id,
            reactions.c.emoji == emoji,
            reactions.c.user_id == user_id,
        )
    )
    return gone > 0


async def clear(statements: Statements, portal_id: int, message_id: int) -> None:
    """Forgets all reactions to a message."""
    await statements.run(
        delete(reactions).where(
            reactions.c.portal_id == portal_id, reactions.c.message_id == message_id
        )
    )
