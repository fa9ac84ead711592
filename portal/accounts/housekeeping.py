"""Forgetting what is over: expired sessions, used secrets."""

from __future__ import annotations

from portal.accounts.starting import DAY_MS, end_sessions
from portal.context import Context, Services
from storage import sessions
from storage.commit import Tx

# Ended sessions are kept a while, for whoever asks what happened.
KEEP_DAYS = 30
# A portal's sweep is one short change; what is left is for the next.
AT_ONCE = 500


async def sweep(services: Services, portal_id: int) -> None:
    """Ends expired sessions and forgets old secrets of one portal."""

    async def change(tx: Tx) -> None:
        by_user: dict[int, list[int]] = {}
        for session_id, user_id in await sessions.expired_sessions(tx, portal_id, tx.now, AT_ONCE):
            by_user.setdefault(user_id, []).append(session_id)
        for user_id, ended in by_user.items():
            await end_sessions(tx, user_id, ended)
        await sessions.forget_sessions(tx, portal_id, tx.now - KEEP_DAYS * DAY_MS)
        await sessions.forget_tokens(tx, portal_id, tx.now - DAY_MS)

    await Context(services, portal_id).commit(change)
