"""Answering a message with an emoji."""

from __future__ import annotations

from portal.chat.model import MessageAnswer, React, ReactionsChanged, Unreact
from portal.chat.rights import audience_of, seen_message
from portal.chat.views import to_messages
from portal.context import Context, record
from portal.errors import conflict, invalid
from storage import reactions
from storage.commit import Tx
from storage.messages import MessageRow
from storage.rooms import Standing


async def react(context: Context, request: React) -> MessageAnswer:
    """Adds the caller's reaction to a message."""
    emoji, most = request.emoji, context.limits.reactions_per_message

    async def change(tx: Tx) -> MessageAnswer:
        row, standing = await seen_message(tx, context, request.message_id)
        if row.deleted_at is not None:
            raise conflict("deleted", "This message was deleted.")
        known = (await reactions.of_messages(tx, context.portal, [row.id])).get(row.id, {})
        if emoji not in known and len(known) >= most:
            raise invalid("emoji", f"this message has {most} different emoji, which is the most")
        new = await reactions.add(tx, context.portal, row.id, context.me.user_id, emoji, tx.now)
        return await _told(tx, context, row, standing, emoji, new, added=True)

    return await context.commit(change)


async def unreact(context: Context, request: Unreact) -> MessageAnswer:
    """Takes the caller's reaction to a message back."""
    emoji = request.emoji

    async def change(tx: Tx) -> MessageAnswer:
        row, standing = await seen_message(tx, context, request.message_id)
        gone = await reactions.remove(tx, context.portal, row.id, context.me.user_id, emoji)
        return await _told(tx, context, row, standing, emoji, gone, added=False)

    return await context.commit(change)


async def _told(
    tx: Tx,
    context: Context,
    row: MessageRow,
    standing: Standing,
    emoji: str,
    changed: bool,
    *,
    added: bool,
) -> MessageAnswer:
    """The message as it is now; everybody who sees it is told, if that is new."""
    [message] = await to_messages(tx, context.portal, [row])
    position = tx.position
    if changed:
        event = ReactionsChanged(
            message=message, user_id=context.me.user_id, emoji=emoji, added=added
        )
        position = record(tx, audience_of(standing.room), event)
    return MessageAnswer(message=message, position=position)
