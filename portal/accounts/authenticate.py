"""Whose session a token is: the one check behind both doors."""

from __future__ import annotations

from typing import cast

from portal.accounts.starting import DAY_MS
from portal.accounts.tokens import portal_of, stored
from portal.context import Actor, Caller, Role, Services
from portal.errors import unauthorized
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
        holder = await services.sessions.holder(named, stored(token))
    except UnknownPortal:
        holder = None
    if holder is None:
        raise unauthorized("This session has ended, or never was. Log in again.")
    now = now_ms()
    if now - holder.last_seen_at > SIGHTING_MS:
        until = now + services.limits.session_days * DAY_MS
        await services.sessions.saw((named, holder.session_id, now, until, caller.address))
    return Actor(named, holder.user_id, cast(Role, holder.role), holder.session_id)
