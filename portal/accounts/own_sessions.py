"""The page of my sessions, where each can be ended."""

from __future__ import annotations

from portal.accounts.model import EndSession, Session, Sessions
from portal.accounts.starting import end_all_sessions, end_sessions
from portal.context import Context
from portal.errors import not_found
from portal.model import Done, Nothing
from storage import sessions
from storage.commit import Tx
from storage.database import now_ms


async def list_sessions(context: Context, _request: Nothing) -> Sessions:
    """The caller's live sessions."""
    me = context.me
    async with context.read() as statements:
        rows = await sessions.live_sessions(statements, me.portal_id, me.user_id, now_ms())
    return Sessions(
        sessions=[
            Session(
                id=row.id,
                device=row.device,
                address=row.address,
                created_at=row.created_at,
                last_seen_at=row.last_seen_at,
                current=row.id == me.session_id,
            )
            for row in rows
        ]
    )


async def end_session(context: Context, request: EndSession) -> Done:
    """Ends one of the caller's sessions."""
    me = context.me

    async def change(tx: Tx) -> Done:
        live = await sessions.live_sessions(tx, tx.portal_id, me.user_id, tx.now)
        if request.session_id not in {session.id for session in live}:
            raise not_found("session")
        await end_sessions(tx, me.user_id, [request.session_id])
        return Done()

    return await context.commit(change)


async def end_other_sessions(context: Context, _request: Nothing) -> Done:
    """Ends all of the caller's sessions but the one that asks."""
    me = context.me

    async def change(tx: Tx) -> Done:
        await end_all_sessions(tx, me.user_id, keep=me.session_id)
        return Done()

    return await context.commit(change)
