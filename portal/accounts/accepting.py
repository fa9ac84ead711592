"""Joining by an invitation."""

from __future__ import annotations

from typing import cast

from portal.accounts.attempts import limit_secrets
from portal.accounts.invitations import mail_member_already, record_change
from portal.accounts.mail_later import later
from portal.accounts.model import AcceptInvitation, InvitationView, LoggedIn, LookAtInvitation
from portal.accounts.passwords import check_strength, hash_password
from portal.accounts.people import join
from portal.accounts.seats import check_seat
from portal.accounts.secrets_by_mail import mail_secret
from portal.accounts.starting import start_session
from portal.accounts.tokens import stored
from portal.addresses import portal_url
from portal.context import Context, Role
from portal.errors import Problem, invalid
from storage import accounts, invitations
from storage.accounts import UserRow
from storage.commit import Tx
from storage.database import Statements, now_ms
from storage.invitations import InvitationRow


def closed() -> Problem:
    """410: the invitation was used, closed, is too old, or never was."""
    return Problem(
        410,
        "invitation-closed",
        "This invitation does not work any more",
        "Ask whoever invited you for a new one.",
    )


def log_in_instead() -> Problem:
    """409: the address belongs to someone in the portal, who was told by mail."""
    return Problem(
        409,
        "log-in-instead",
        "You cannot join with this address",
        "If you are in this portal already, log in, or ask for a new password there.",
        {"email": "cannot join; if you are in this portal already, log in"},
    )


async def look_at_invitation(context: Context, request: LookAtInvitation) -> InvitationView:
    """What an invitation is for."""
    await limit_secrets(context)
    async with context.read() as statements:
        row = await _open(statements, context.portal, request.token)
        portal = await accounts.portal(statements, context.portal)
    return InvitationView(portal_name=portal.name, email=row.email, role=cast(Role, row.role))


async def accept_invitation(context: Context, request: AcceptInvitation) -> LoggedIn:
    """Makes the invited person a user, with a session. A mailed invitation proves the address."""
    await limit_secrets(context)
    async with context.read() as statements:
        row = await _open(statements, context.portal, request.token)
        portal = await accounts.portal(statements, context.portal)
    email = _address(row, request)
    check_strength(request.password, context.limits, portal.name, email, request.name)
    password_hash = await hash_password(request.password)

    async def change(tx: Tx) -> tuple[LoggedIn | None, UserRow]:
        invitation = await _open(tx, tx.portal_id, request.token)
        known = await accounts.user_by_email(tx, tx.portal_id, email.casefold())
        if known is not None:
            return None, known
        await check_seat(tx, context.limits)
        user = await join(
            tx,
            name=request.name,
            email=email,
            role=cast(Role, invitation.role),
            language=request.language,
            password_hash=password_hash,
            confirmed=invitation.email is not None,
        )
        if invitation.email is not None:
            await invitations.accept(tx, tx.portal_id, invitation.id, tx.now)
        await invitations.close_for(tx, tx.portal_id, email.casefold(), tx.now)
        await record_change(tx)
        return await start_session(tx, context, user, request.device), user

    opened, user = await context.commit(change)
    if opened is None:
        url = portal_url(context.services.public_url, portal.address)
        if user.active:
            later(mail_member_already(context, user.email, user.language, portal.name, url))
        raise log_in_instead()
    await context.services.shards.remember_login(email.casefold(), context.portal, user.id)
    if user.confirmed_at is None:
        later(mail_secret(context, user, "confirm"))
    return opened


async def _open(statements: Statements, portal_id: int, token: str) -> InvitationRow:
    row = await invitations.by_token(statements, portal_id, stored(token), now_ms())
    if row is None:
        raise closed()
    return row


def _address(row: InvitationRow, request: AcceptInvitation) -> str:
    """The address to join with: the invited one, or with the link the one that is given."""
    if row.email is not None:
        if request.email is not None and request.email.casefold() != row.email_key:
            raise invalid("email", "must be the invited address, or left out")
        return row.email
    if request.email is None:
        raise invalid("email", "is required")
    return request.email
