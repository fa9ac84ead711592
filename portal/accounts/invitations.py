"""Inviting people: by mail, and by a link that an admin opens and closes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from portal import audience, audit
from portal.accounts.mails import mail
from portal.accounts.model import (
    CloseInvitation,
    Invitation,
    InvitationLink,
    Invitations,
    InvitationsChanged,
    Invite,
    OpenLink,
)
from portal.accounts.starting import DAY_MS
from portal.accounts.tokens import make_secret, stored
from portal.accounts.views import load_user
from portal.addresses import portal_url
from portal.context import Context, Role, record
from portal.errors import forbidden, invalid, not_found
from portal.model import Done, Nothing
from storage import accounts, invitations
from storage.accounts import UserRow
from storage.commit import Tx
from storage.database import Statements, now_ms
from storage.invitations import InvitationRow

# The link stays open until it is closed.
FOR_EVER_DAYS = 36_500


async def invite(context: Context, request: Invite) -> Invitations:
    """Mails an invitation to each address; one who is invited already gets a new one."""
    limits = context.limits
    emails = {email.casefold(): email for email in request.emails}
    if len(emails) > limits.invitations_at_once:
        raise invalid("emails", f"takes at most {limits.invitations_at_once} addresses at once")
    secrets = {key: make_secret(context.portal) for key in emails}

    async def change(tx: Tx) -> tuple[Invitations, UserRow, list[str]]:
        admin = await require_admin(tx, context)
        already = [key for key in emails if await _is_in(tx, key)]
        for key in emails.keys() - set(already):
            await invitations.close_for(tx, tx.portal_id, key, tx.now)
            await invitations.add_invitation(
                tx,
                tx.portal_id,
                token_hash=stored(secrets[key]),
                email=emails[key],
                email_key=key,
                role=request.role,
                invited_by=admin.id,
                now=tx.now,
                expires_at=tx.now + limits.invitation_days * DAY_MS,
            )
        invited = ", ".join(emails[key] for key in sorted(emails.keys() - set(already)))
        await audit.note(tx, context, "invite", detail=invited)
        count = await record_change(tx)
        if count > limits.invitations_open:
            detail = f"at most {limits.invitations_open} invitations can be open; close some"
            raise invalid("emails", detail, "too-many-invitations")
        return await _list(tx, tx.portal_id), admin, already

    answer, admin, already = await context.commit(change)
    await _send(context, admin, emails, secrets, already)
    return answer


async def _is_in(tx: Tx, email_key: str) -> bool:
    user = await accounts.user_by_email(tx, tx.portal_id, email_key)
    return user is not None and user.active


async def _send(
    context: Context,
    admin: UserRow,
    emails: dict[str, str],
    secrets: dict[str, str],
    already: Sequence[str],
) -> None:
    async with context.read() as statements:
        portal = await accounts.portal(statements, context.portal)
    url = portal_url(context.services.public_url, portal.address)
    for key, email in emails.items():
        if key in already:
            await mail_member_already(context, email, admin.language, portal.name, url)
            continue
        subject, text = mail("invite", admin.language, portal.name, admin.name)
        link = f"{url}/invitation#{secrets[key]}"
        await context.services.mail.send(email, subject, text, link)


async def mail_member_already(
    context: Context, email: str, language: str, portal_name: str, url: str
) -> None:
    """Tells someone who is in the portal that they are, instead of telling who asked."""
    subject, text = mail("member_already", language, portal_name)
    await context.services.mail.send(email, subject, text, f"{url}/log-in")


async def list_invitations(context: Context, _request: Nothing) -> Invitations:
    """The open invitations."""
    async with context.read() as statements:
        return await _list(statements, context.portal)


async def close_invitation(context: Context, request: CloseInvitation) -> Done:
    """Makes an invitation worthless."""

    async def change(tx: Tx) -> Done:
        await require_admin(tx, context)
        if not await invitations.close(tx, tx.portal_id, request.invitation_id, tx.now):
            raise not_found("invitation")
        await audit.note(tx, context, "close_invitation", request.invitation_id)
        await record_change(tx)
        return Done()

    return await context.commit(change)


async def get_invitation_link(context: Context, _request: Nothing) -> InvitationLink:
    """The link, if it is open."""
    async with context.read() as statements:
        return await _link(statements, context)


async def open_invitation_link(context: Context, request: OpenLink) -> InvitationLink:
    """Opens the link; with another role, the old one is closed."""
    secret = make_secret(context.portal)

    async def change(tx: Tx) -> InvitationLink:
        admin = await require_admin(tx, context)
        now = await invitations.link(tx, tx.portal_id, tx.now)
        if now is None or now.role != request.role:
            await invitations.close_link(tx, tx.portal_id, tx.now)
            await invitations.add_invitation(
                tx,
                tx.portal_id,
                token_hash=stored(secret),
                email=None,
                email_key=None,
                role=request.role,
                invited_by=admin.id,
                now=tx.now,
                expires_at=tx.now + FOR_EVER_DAYS * DAY_MS,
                link_token=secret,
            )
            await audit.note(tx, context, "open_invitation_link", detail=request.role)
            await record_change(tx)
        return await _link(tx, context)

    return await context.commit(change)


async def close_invitation_link(context: Context, _request: Nothing) -> InvitationLink:
    """Closes the link."""

    async def change(tx: Tx) -> InvitationLink:
        await require_admin(tx, context)
        if await invitations.close_link(tx, tx.portal_id, tx.now):
            await audit.note(tx, context, "close_invitation_link")
            await record_change(tx)
        return InvitationLink(open=False)

    return await context.commit(change)


async def require_admin(tx: Tx, context: Context) -> UserRow:
    """The caller, who must still be an admin."""
    user = await load_user(tx, context)
    if user.role != "admin":
        raise forbidden("Your role does not allow this.")
    return user


async def record_change(tx: Tx) -> int:
    """Tells the admins; returns how many invitations by mail are open."""
    count = await invitations.count_mailed(tx, tx.portal_id, tx.now)
    record(tx, audience.ADMINS, InvitationsChanged(open=count))
    return count


async def _list(statements: Statements, portal_id: int) -> Invitations:
    rows = await invitations.mailed(statements, portal_id, now_ms())
    return Invitations(invitations=[_invitation(row) for row in rows])


def _invitation(row: InvitationRow) -> Invitation:
    return Invitation(
        id=row.id,
        email=row.email or "",
        role=cast(Role, row.role),
        invited_by=row.invited_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


async def _link(statements: Statements, context: Context) -> InvitationLink:
    row = await invitations.link(statements, context.portal, now_ms())
    if row is None or row.link_token is None:
        return InvitationLink(open=False)
    portal = await accounts.portal(statements, context.portal)
    url = portal_url(context.services.public_url, portal.address)
    return InvitationLink(
        open=True, url=f"{url}/invitation#{row.link_token}", role=cast(Role, row.role)
    )
