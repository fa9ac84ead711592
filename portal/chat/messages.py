"""Sending, editing and deleting messages, and their history."""

from __future__ import annotations

from portal.chat.model import (
    DeleteMessage,
    EditMessage,
    ListMessages,
    MessageAnswer,
    MessageDeleted,
    MessageEdited,
    Messages,
    SendMessage,
)
from portal.chat.rights import audience_of, seen, seen_message
from portal.chat.sending import SENDING
from portal.chat.views import to_message, to_messages
from portal.context import Context, record
from portal.errors import conflict, forbidden, invalid
from storage import messages, reactions
from storage.commit import Tx


async def send_message(context: Context, request: SendMessage) -> MessageAnswer:
    """Puts a message into a room. A comment brings its author into the discussion."""
    check_length(request.text, context.limits.message_characters)
    return await context.commit_once(SENDING, request, MessageAnswer)


async def edit_message(context: Context, request: EditMessage) -> MessageAnswer:
    """Replaces the text of one's own message."""
    check_length(request.text, context.limits.message_characters)

    async def change(tx: Tx) -> MessageAnswer:
        row, standing = await seen_message(tx, context, request.message_id)
        if row.user_id != context.me.user_id:
            raise forbidden("Only its author can edit a message.")
        if row.deleted_at is not None:
            raise conflict("deleted", "This message was deleted.")
        [message] = await to_messages(tx, context.portal, [row])
        position = tx.position
        if row.text != request.text:
            await messages.edit(tx, context.portal, row.id, request.text, tx.now)
            message = message.model_copy(update={"text": request.text, "edited_at": tx.now})
            position = record(tx, audience_of(standing.room), MessageEdited(message=message))
        return MessageAnswer(message=message, position=position)

    return await context.commit(change)


async def delete_message(context: Context, request: DeleteMessage) -> MessageAnswer:
    """Erases a message and the reactions to it; by its author, or an admin who can see it."""

    async def change(tx: Tx) -> MessageAnswer:
        row, standing = await seen_message(tx, context, request.message_id)
        if row.user_id != context.me.user_id and standing.role != "admin":
            raise forbidden("Only its author, or an admin, can delete a message.")
        message = to_message(row)
        position = tx.position
        if row.deleted_at is None:
            await messages.erase(tx, context.portal, row.id, tx.now)
            await reactions.clear(tx, context.portal, row.id)
            message = message.model_copy(update={"text": "", "deleted_at": tx.now})
            position = record(tx, audience_of(standing.room), MessageDeleted(message=message))
        return MessageAnswer(message=message, position=position)

    return await context.commit(change)


async def list_messages(context: Context, request: ListMessages) -> Messages:
    """A page of a room's history."""
    if request.before is not None and request.after is not None:
        raise invalid("after", "cannot be given together with before")
    limit = page_size(context, request.limit)
    async with context.read() as statements:
        room = (await seen(statements, context, request.room_id)).room
        rows = await messages.page(
            statements,
            context.portal,
            room.id,
            before=request.before,
            after=request.after,
            limit=limit,
        )
        found = await to_messages(statements, context.portal, rows)
    if rows:
        first, last = rows[0].seq, rows[-1].seq
    elif request.before is not None:
        first, last = 1, 0
    else:
        first, last = room.last_seq + 1, room.last_seq
    return Messages(
        messages=found,
        more_before=first > 1,
        more_after=last < room.last_seq,
    )


def check_length(text: str, limit: int) -> None:
    """Raises 422 when a text is longer than the operator allows."""
    if len(text) > limit:
        raise invalid("text", f"has {len(text)} characters; at most {limit} are allowed")


def page_size(context: Context, asked: int | None) -> int:
    """How many entries a page has; raises 422 for more than the operator allows."""
    limits = context.limits
    if asked is not None and asked > limits.page_most:
        raise invalid("limit", f"must be at most {limits.page_most}")
    return asked or limits.page
