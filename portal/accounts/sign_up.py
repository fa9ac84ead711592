"""Signing up: a company's portal, in one go."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from portal.accounts.attempts import limit_sign_ups
from portal.accounts.mail_later import later
from portal.accounts.model import Door, Language, SignUp
from portal.accounts.passwords import check_strength, hash_password
from portal.accounts.secrets_by_mail import mail_secret
from portal.accounts.tokens import make_secret, stored
from portal.accounts.views import portal_info
from portal.addresses import portal_url
from portal.context import Context, Services
from portal.errors import conflict, invalid
from storage import accounts, log, sessions
from storage.accounts import PortalRow
from storage.database import Statements, now_ms
from storage.shards import AddressTaken

ADDRESS = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
# Names that people would take for the service itself.
RESERVED = frozenset(
    [
        "www",
        "api",
        "app",
        "admin",
        "mail",
        "smtp",
        "imap",
        "ftp",
        "ns",
        "ns1",
        "ns2",
        "static",
        "assets",
        "cdn",
        "media",
        "turn",
        "stun",
        "help",
        "support",
        "status",
        "blog",
        "docs",
        "about",
        "login",
        "log-in",
        "sign-up",
        "signup",
        "portal",
        "portals",
        "talkoo",
        "localhost",
    ]
)
TICKET_MS = 60_000
# "acme", "acme-2" ... so far, before a name counts as taken.
MOST_TRIES = 50


@dataclass(frozen=True, slots=True)
class CreatedPortal:
    """A new portal and its first admin."""

    portal_id: int
    address: str
    user_id: int


async def sign_up(context: Context, request: SignUp) -> Door:
    """Makes a portal with its first admin. The answer does not depend on who has the address."""
    await limit_sign_ups(context)
    check_strength(request.password, context.limits, request.company, request.email)
    _check_wish(request.address)
    created = await create_portal(
        context.services,
        name=request.company,
        address=request.address or None,
        email=request.email,
        password=request.password,
        person=request.name or _name_from(request.email),
        language=request.language,
    )
    inside = context.inside(created.portal_id)
    async with inside.quiet() as statements:
        user = await accounts.known_user(statements, created.portal_id, created.user_id)
        door = await open_door(statements, inside, created.user_id)
    later(mail_secret(inside, user, "confirm"))
    return door


async def create_portal(
    services: Services,
    *,
    name: str,
    email: str,
    password: str,
    person: str,
    address: str | None = None,
    language: Language = "en",
    plan: str = "free",
) -> CreatedPortal:
    """Makes a portal, by default at an address made from its name. Raises 409 when it is taken."""
    password_hash = await hash_password(password)
    portal_id, taken = await _claim(services, name, address)
    database = await services.shards.home(portal_id)
    email_key = email.casefold()
    async with database.write() as statements:
        now = now_ms()
        await log.start(statements, portal_id)
        await accounts.add_portal(
            statements, portal_id, name=name, address=taken, plan=plan, now=now
        )
        user_id = await accounts.add_user(
            statements,
            portal_id,
            email=email,
            email_key=email_key,
            name=person,
            role="admin",
            language=language,
            password_hash=password_hash,
            confirmed=False,
            now=now,
            feed_read=0,
        )
    await services.shards.remember_login(email_key, portal_id, user_id)
    await services.shards.open_portal(portal_id)
    return CreatedPortal(portal_id, taken, user_id)


async def open_door(statements: Statements, context: Context, user_id: int) -> Door:
    """A ticket into the portal, good once and for a minute."""
    ticket, now = make_secret(context.portal), now_ms()
    await sessions.add_token(
        statements,
        context.portal,
        token_hash=stored(ticket),
        purpose="enter",
        user_id=user_id,
        now=now,
        expires_at=now + TICKET_MS,
    )
    portal = await accounts.portal(statements, context.portal)
    return door_of(context, portal, ticket)


def door_of(context: Context, portal: PortalRow, ticket: str) -> Door:
    """The way in, as the client gets it."""
    url = portal_url(context.services.public_url, portal.address)
    info = portal_info(context, portal)
    return Door(portal=info, ticket=ticket, enter_url=f"{url}/enter#{ticket}")


async def _claim(services: Services, name: str, address: str | None) -> tuple[int, str]:
    if address is not None:
        try:
            return await services.shards.claim(address), address
        except AddressTaken as error:
            detail = f"The address {address} is taken; choose another."
            raise conflict("address-taken", detail, "address") from error
    stem = slug(name)
    for number in range(1, MOST_TRIES + 1):
        wish = stem if number == 1 else f"{stem}-{number}"
        if wish in RESERVED:
            continue
        try:
            return await services.shards.claim(wish), wish
        except AddressTaken:
            continue
    raise conflict("address-taken", "Choose an address of your own.", "address")


def slug(name: str) -> str:
    """The address that a company's name suggests: ``Åbo Akademi`` gives ``abo-akademi``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:36].strip("-")
    return words or "portal"


def _check_wish(address: str) -> None:
    if not address:
        return
    if not ADDRESS.fullmatch(address):
        detail = "takes small letters a to z, digits and hyphens inside, 40 at most"
        raise invalid("address", detail)
    if address in RESERVED:
        raise invalid("address", "is reserved; choose another")


def _name_from(email: str) -> str:
    words = re.split(r"[._+-]+", email.partition("@")[0])
    return " ".join(word.capitalize() for word in words if word)[:100] or email[:100]
