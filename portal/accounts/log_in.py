"""Logging in and out, at the bare address and at a portal's."""

from __future__ import annotations

import asyncio
import time

from portal.accounts.attempts import forget_log_ins, limit_log_ins, limit_secrets
from portal.accounts.model import Door, Doors, Enter, FindPortals, LoggedIn, LogIn
from portal.accounts.passwords import hash_password, outdated, verify
from portal.accounts.sign_up import open_door
from portal.accounts.starting import end_sessions, start_session
from portal.accounts.tokens import stored
from portal.context import Context
from portal.errors import Problem, unauthorized
from portal.model import Done, Nothing
from storage import accounts, sessions
from storage.accounts import UserRow
from storage.commit import Tx
from storage.shards import UnknownPortal

# Portals that one e-mail address is looked for in.
MOST_PORTALS = 20
# At the bare address the time depends on how many portals there are to try; an answer comes at
# the next multiple of this, in seconds, so that it tells little.
STEP_SECONDS = 0.3


def wrong() -> Problem:
    """401: whatever was wrong."""
    return Problem(
        401, "wrong-log-in", "Log-in failed", "The e-mail address or the password is wrong."
    )


async def log_in(context: Context, request: LogIn) -> LoggedIn:
    """A session for an e-mail address and password."""
    email_key = request.email.casefold()
    await limit_log_ins(context, email_key)
    async with context.read() as statements:
        user = await accounts.user_by_email(statements, context.portal, email_key)
    active = user if user and user.active else None
    if not await verify(request.password, active and active.password_hash) or active is None:
        raise wrong()
    rehashed = await hash_password(request.password) if outdated(active.password_hash) else None
    opened = await _open(context, active.id, request.device, active.password_hash, rehashed)
    await forget_log_ins(context, email_key)
    await context.services.shards.remember_login(email_key, context.portal, active.id)
    return opened


async def enter(context: Context, request: Enter) -> LoggedIn:
    """A session for a ticket from the bare address."""
    await limit_secrets(context)

    async def change(tx: Tx) -> LoggedIn:
        user_id = await sessions.use_token(
            tx, tx.portal_id, stored(request.ticket), "enter", tx.now
        )
        if user_id is None:
            raise unauthorized("This ticket was used, or is too old. Log in again.")
        return await start_session(tx, context, await _active(tx, user_id), request.device)

    return await context.commit(change)


async def find_portals(context: Context, request: FindPortals) -> Doors:
    """The portals that an e-mail address and password open, each with a ticket."""
    email_key = request.email.casefold()
    await limit_log_ins(context, email_key)
    began = time.monotonic()
    doors = await _doors(context, email_key, request.password)
    past = (time.monotonic() - began) % STEP_SECONDS
    await asyncio.sleep(STEP_SECONDS - past)
    if not doors:
        raise wrong()
    await forget_log_ins(context, email_key)
    return Doors(portals=doors)


async def _doors(context: Context, email_key: str, password: str) -> list[Door]:
    logins = await context.services.shards.logins(email_key, MOST_PORTALS)
    if not logins:
        await verify(password, None)
    doors: list[Door] = []
    for portal_id, user_id in logins:
        inside = context.inside(portal_id)
        try:
            async with inside.read() as statements:
                user = await accounts.user(statements, portal_id, user_id)
        except UnknownPortal:
            continue
        usable = user and user.active and user.email.casefold() == email_key
        if await verify(password, user.password_hash if user and usable else None):
            async with inside.quiet() as statements:
                doors.append(await open_door(statements, inside, user_id))
    return doors


async def log_out(context: Context, _request: Nothing) -> Done:
    """Ends the session that asks."""
    me = context.me

    async def change(tx: Tx) -> Done:
        await end_sessions(tx, me.user_id, [me.session_id])
        return Done()

    return await context.commit(change)


async def _open(
    context: Context, user_id: int, device: str, checked: str, rehashed: str | None
) -> LoggedIn:
    async def change(tx: Tx) -> LoggedIn:
        user = await _active(tx, user_id)
        if user.password_hash != checked:
            # The password was changed between the look and this moment.
            raise wrong()
        if rehashed:
            await accounts.change_user(tx, tx.portal_id, user_id, password_hash=rehashed)
        return await start_session(tx, context, user, device)

    return await context.commit(change)


async def _active(tx: Tx, user_id: int) -> UserRow:
    user = await accounts.user(tx, tx.portal_id, user_id)
    if user is None or not user.active:
        raise wrong()
    return user
