"""What admins do is noted, in the same transaction: who, what, to whom, from where."""

from __future__ import annotations

from portal.context import Context
from storage import audit
from storage.commit import Tx

DETAIL_CHARACTERS = 200


async def note(
    tx: Tx, context: Context, action: str, subject_id: int | None = None, detail: str = ""
) -> None:
    """Notes what the caller does. ``action`` is the operation's name, ``detail`` never a secret."""
    await audit.add(
        tx,
        tx.portal_id,
        at=tx.now,
        user_id=context.me.user_id,
        action=action,
        subject_id=subject_id,
        detail=detail[:DETAIL_CHARACTERS],
        address=context.caller.address,
    )
