"""New passwords, and confirming one's address."""

from __future__ import annotations

from portal import audience
from portal.accounts.attempts import limit_log_ins, limit_mails, limit_secrets
from portal.accounts.mail_later import later
from portal.accounts.model import ChangePassword, ConfirmEmail, MeChanged, RequestReset, Reset
from portal.accounts.passwords import check_strength, hash_password, verify
from portal.accounts.secrets_by_mail import mail_secret
from portal.accounts.starting import end_all_sessions
from portal.accounts.tokens import stored
from portal.accounts.views import load_user, to_me
from portal.context import Context, record
from portal.errors import Problem, invalid
from portal.model import Done, Nothing
from storage import accounts, sessions
from storage.commit import Tx


def stale_link() -> Problem:
    """410: the secret was used, is too old, or never was."""
    return Problem(410, "link-used", "This link does not work any more", "Ask for a new one.", {})


async def request_reset(context: Context, request: RequestReset) -> Done:
    """Mails a reset link if there is such a user; the answer is the same either way."""
    await limit_mails(context, request.email.casefold())
    await limit_secrets(context)
    # Also refuses the bare address before anything is done.
    later(_mail_reset(context.inside(context.portal), request.email.casefold()))
    return Done()


async def _mail_reset(context: Context, email_key: str) -> None:
    async with context.read() as statements:
        user = await accounts.user_by_email(statements, context.portal, email_key)
    if user is not None and user.active:
        await mail_secret(context, user, "reset")


async def reset_password(context: Context, request: Reset) -> Done:
    """Sets a new password by the secret from the mail, which also proves the address."""
    await limit_secrets(context)
    check_strength(request.password, context.limits)
    password_hash = await hash_password(request.password)

    async def change(tx: Tx) -> Done:
        user_id = await sessions.use_token(tx, tx.portal_id, stored(request.token), "reset", tx.now)
        if user_id is None:
            raise stale_link()
        await accounts.change_user(tx, tx.portal_id, user_id, password_hash=password_hash)
        await sessions.drop_tokens(tx, tx.portal_id, user_id, "reset", tx.now)
        await sessions.drop_tokens(tx, tx.portal_id, user_id, "enter", tx.now)
        await _confirm(tx, user_id)
        await end_all_sessions(tx, user_id)
        return Done()

    return await context.commit(change)


async def change_password(context: Context, request: ChangePassword) -> Done:
    """Sets a new password by the old one; ends the other sessions."""
    me = context.me
    async with context.read() as statements:
        user = await load_user(statements, context)
        portal = await accounts.portal(statements, context.portal)
    await limit_log_ins(context, user.email.casefold())
    check_strength(request.password, context.limits, portal.name, user.email, user.name)
    if not await verify(request.old_password, user.password_hash):
        raise invalid("old_password", "is not your password")
    password_hash = await hash_password(request.password)

    async def change(tx: Tx) -> Done:
        await load_user(tx, context)
        await accounts.change_user(tx, tx.portal_id, me.user_id, password_hash=password_hash)
        await sessions.drop_tokens(tx, tx.portal_id, me.user_id, "reset", tx.now)
        await sessions.drop_tokens(tx, tx.portal_id, me.user_id, "enter", tx.now)
        await end_all_sessions(tx, me.user_id, keep=me.session_id)
        return Done()

    return await context.commit(change)


async def confirm_email(context: Context, request: ConfirmEmail) -> Done:
    """Confirms an address by the secret from the mail."""
    await limit_secrets(context)

    async def change(tx: Tx) -> Done:
        user_id = await sessions.use_token(
            tx, tx.portal_id, stored(request.token), "confirm", tx.now
        )
        if user_id is None:
            raise stale_link()
        await _confirm(tx, user_id)
        return Done()

    return await context.commit(change)


async def resend_confirmation(context: Context, _request: Nothing) -> Done:
    """Mails the confirmation link again, unless the address is confirmed already."""
    async with context.read() as statements:
        user = await load_user(statements, context)
    if user.confirmed_at is None:
        await limit_mails(context, user.email.casefold())
        later(mail_secret(context, user, "confirm"))
    return Done()


async def _confirm(tx: Tx, user_id: int) -> None:
    user = await accounts.user(tx, tx.portal_id, user_id)
    if user is None or user.confirmed_at is not None:
        return
    await accounts.change_user(tx, tx.portal_id, user_id, confirmed_at=tx.now)
    after = await accounts.known_user(tx, tx.portal_id, user_id)
    record(tx, audience.user(user_id), MeChanged(me=to_me(after)))
