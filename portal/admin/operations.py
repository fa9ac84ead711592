"""What admins watch and end."""

from __future__ import annotations

from portal import audit
from portal.accounts.people import governed
from portal.accounts.starting import end_sessions
from portal.admin.model import (
    Audit,
    AuditEntry,
    Ended,
    EndUserSessions,
    ListAudit,
    LiveConnections,
)
from portal.chat.messages import page_size
from portal.context import Context
from portal.errors import not_found
from portal.model import EventBody, Nothing, SignalBody
from portal.operation import ADMINS, AnyOperation, command, query
from storage import audit as store
from storage import sessions
from storage.commit import Tx


async def list_connections(context: Context, _request: Nothing) -> LiveConnections:
    """Every live connection of the portal, on all nodes, as of now."""
    return LiveConnections(connections=await context.services.connections.live(context.portal))


async def end_user_sessions(context: Context, request: EndUserSessions) -> Ended:
    """Ends sessions of someone in the portal; their connections are cut on every node."""

    async def change(tx: Tx) -> Ended:
        user = await governed(tx, context, request.user_id)
        live = [s.id for s in await sessions.live_sessions(tx, tx.portal_id, user.id, tx.now)]
        wanted = live if request.session_ids is None else request.session_ids
        if not set(wanted) <= set(live):
            raise not_found("session")
        await end_sessions(tx, user.id, wanted)
        if wanted:
            await audit.note(tx, context, "end_user_sessions", user.id, f"{len(wanted)} sessions")
        return Ended(ended=len(wanted))

    return await context.commit(change)


async def list_audit(context: Context, request: ListAudit) -> Audit:
    """What admins did, the newest first."""
    limit = page_size(context, request.limit)
    async with context.read() as statements:
        rows = await store.page(statements, context.portal, before=request.before, limit=limit + 1)
    entries = [
        AuditEntry(
            id=row.id,
            at=row.at,
            user_id=row.user_id,
            action=row.action,
            subject_id=row.subject_id,
            detail=row.detail,
            address=row.address,
        )
        for row in rows[:limit]
    ]
    return Audit(entries=entries, more_before=len(rows) > limit)


OPERATIONS: tuple[AnyOperation, ...] = (
    query(
        "list_connections",
        list_connections,
        Nothing,
        LiveConnections,
        "Who is connected now, on which device and node.",
        ADMINS,
    ),
    command(
        "end_user_sessions",
        end_user_sessions,
        EndUserSessions,
        Ended,
        "End someone's sessions.",
        ADMINS,
    ),
    query("list_audit", list_audit, ListAudit, Audit, "What admins did.", ADMINS),
)
EVENTS: tuple[type[EventBody], ...] = ()
SIGNALS: tuple[type[SignalBody], ...] = ()
