"""Links that are mailed: confirming an address, choosing a new password."""

from __future__ import annotations

from portal.accounts.mails import mail
from portal.accounts.starting import DAY_MS
from portal.accounts.tokens import make_secret, stored
from portal.addresses import portal_url
from portal.context import Context
from storage import accounts, sessions
from storage.accounts import UserRow
from storage.database import now_ms

PAGES = {"confirm": "confirm", "reset": "reset"}


async def mail_secret(context: Context, user: UserRow, purpose: str) -> None:
    """Makes a single-use secret for a user and mails the link that holds it."""
    lasts = context.limits.confirm_days * DAY_MS
    if purpose == "reset":
        lasts = context.limits.reset_minutes * 60_000
    secret, now = make_secret(context.portal), now_ms()
    async with context.quiet() as statements:
        await sessions.add_token(
            statements,
            context.portal,
            token_hash=stored(secret),
            purpose=purpose,
            user_id=user.id,
            now=now,
            expires_at=now + lasts,
        )
        portal = await accounts.portal(statements, context.portal)
    url = portal_url(context.services.public_url, portal.address)
    subject, text = mail(purpose, user.language, portal.name)
    link = f"{url}/{PAGES[purpose]}#{secret}"
    await context.services.mail.send(user.email, subject, text, link)
