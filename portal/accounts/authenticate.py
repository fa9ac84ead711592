"""Whose session a token is: the one check behind both doors."""

from __future__ import annotations

from typing import cast

from portal.accounts.starting import DAY_MS
from portal.accounts.tokens import portal_of, stored
from portal.context import Actor, Caller, Role, Services
from portal.errors import unauthorized
from storage import sessions
from storage.database import now_ms
from storage.shards import UnknownPortal

# How exactly "last seen" is kept: a write a minute and session is cheap.
SIGHTING_MS = 60_000


async def authenticate(
    services: Services, token: str, portal_id: int | None, caller: Caller
) -> Actor:
    """The session that a token opens.

    ``portal_id`` is the portal of the address that the request came to, if any: a token of another
    portal does not work there. Raises 401, the same for every cause.
    """
    named = portal_of(token)
    if named is None or (portal_id is not None and named != portal_id):
        raise unauthorized("This session has ended, or never was. Log in again.")
    try:
        database = await services.shards.home(named)
    except UnknownPortal:
        raise unauthorized("This session has ended, or never was. Log in again.") from None
    now = now_ms()
    async with database.read() as statements:
        holder = await sessions.holder(statements, named, stored(token), now)
    if holder is None:
        raise unauthorized("This session has ended, or never was. Log in again.")
    if now - holder.last_seen_at > SIGHTING_MS:
        async with database.write() as statements:
            await sessions.saw(
                statements,
                named,
                holder.session_id,
                now=now,
                expires_at=now + services.limits.session_days * DAY_MS,
                address=caller.address,
            )
    return Actor(named, holder.user_id, cast(Role, holder.role), holder.session_id)
