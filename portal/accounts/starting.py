"""Starting and ending sessions: the one place that does, and says so in the log."""

from __future__ import annotations

from collections.abc import Sequence

from portal import audience
from portal.accounts.model import LoggedIn, SessionEnded, SessionStarted
from portal.accounts.tokens import make_secret, stored
from portal.accounts.views import portal_info, to_me
from portal.context import Context, record
from storage import accounts, sessions
from storage.accounts import UserRow
from storage.commit import Tx

DAY_MS = 24 * 3600 * 1000


async def start_session(tx: Tx, context: Context, user: UserRow, device: str) -> LoggedIn:
    """A new session of a user. The answer holds its token, which the door may hide."""
    portal_id, caller = tx.portal_id, context.caller
    await _make_room(tx, context, user.id)
    token = make_secret(portal_id)
    name = device or caller.device or "?"
    session_id = await sessions.add_session(
        tx,
        portal_id,
        user_id=user.id,
        token_hash=stored(token),
        device=name,
        address=caller.address,
        now=tx.now,
        expires_at=tx.now + context.limits.session_days * DAY_MS,
    )
    event = SessionStarted(
        session_id=session_id, device=name, address=caller.address, created_at=tx.now
    )
    record(tx, audience.user(user.id), event)
    return LoggedIn(
        me=to_me(user),
        portal=portal_info(context, await accounts.portal(tx, portal_id)),
        session_id=session_id,
        token=token,
    )


async def _make_room(tx: Tx, context: Context, user_id: int) -> None:
    """Ends the sessions unused for longest when there are as many as one may have."""
    live = await sessions.live_sessions(tx, tx.portal_id, user_id, tx.now)
    spare = live[context.limits.sessions_per_user - 1 :]
    await end_sessions(tx, user_id, [session.id for session in spare])


async def end_sessions(tx: Tx, user_id: int, session_ids: Sequence[int]) -> None:
    """Ends sessions of a user; nodes cut their connections when they meet the events."""
    if not session_ids:
        return
    await sessions.end_sessions(tx, tx.portal_id, list(session_ids), tx.now)
    for session_id in session_ids:
        record(tx, audience.user(user_id), SessionEnded(session_id=session_id))


async def end_all_sessions(tx: Tx, user_id: int, keep: int | None = None) -> None:
    """Ends all sessions of a user, or all but one."""
    live = await sessions.live_sessions(tx, tx.portal_id, user_id, tx.now)
    await end_sessions(tx, user_id, [session.id for session in live if session.id != keep])
