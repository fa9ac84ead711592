"""People of a portal: profiles, roles, and who is active."""

from __future__ import annotations

from portal import audience, audit
from portal.accounts.model import (
    Deactivate,
    GetPerson,
    Language,
    MeAnswer,
    MeChanged,
    People,
    PersonAnswer,
    PersonChanged,
    PersonJoined,
    Reactivate,
    SetRole,
    UpdateProfile,
)
from portal.accounts.passwords import hash_password
from portal.accounts.seats import check_seat
from portal.accounts.starting import end_all_sessions
from portal.accounts.views import load_portal, load_user, to_me
from portal.chat.membership import leave_open_discussions
from portal.context import Context, Role, Services, record
from portal.errors import conflict, forbidden, not_found
from portal.model import Nothing
from portal.people import to_person
from storage import accounts, people
from storage.accounts import UserRow
from storage.commit import Tx


async def get_me(context: Context, _request: Nothing) -> MeAnswer:
    """The caller, and the portal."""
    async with context.read() as statements:
        user = await load_user(statements, context)
        portal = await load_portal(statements, context)
    return MeAnswer(me=to_me(user), portal=portal, session_id=context.me.session_id)


async def list_people(context: Context, _request: Nothing) -> People:
    """Whom the caller may know."""
    me = context.me
    async with context.read() as statements:
        rows = await people.visible_people(statements, me.portal_id, me.user_id, me.role)
    return People(people=[to_person(row) for row in rows[: context.limits.people]])


async def get_person(context: Context, request: GetPerson) -> PersonAnswer:
    """Someone whom the caller may know."""
    me = context.me
    async with context.read() as statements:
        if not await people.may_know(
            statements, me.portal_id, me.user_id, me.role, request.user_id
        ):
            raise not_found("person")
        rows = await people.person_rows(statements, me.portal_id, [request.user_id])
    return PersonAnswer(person=to_person(rows[request.user_id]))


async def update_profile(context: Context, request: UpdateProfile) -> MeAnswer:
    """Changes the caller's name, title or language."""
    given = request.model_dump(exclude_none=True)
    return await change_me(context, given)


async def change_me(context: Context, values: dict[str, str | None]) -> MeAnswer:
    """Sets columns of the caller's own row, and tells who may know them."""
    me = context.me

    async def change(tx: Tx) -> MeAnswer:
        before = await load_user(tx, context)
        after = before
        if values:
            await accounts.change_user(tx, tx.portal_id, me.user_id, **values)
            after = await load_user(tx, context)
        record_changes(tx, before, after)
        portal = await load_portal(tx, context)
        return MeAnswer(me=to_me(after), portal=portal, session_id=me.session_id)

    return await context.commit(change)


def record_changes(tx: Tx, before: UserRow, after: UserRow) -> None:
    """Records what others, and what the user themselves, see changed."""
    if to_person(after) != to_person(before):
        record(tx, audience.person(after.id), PersonChanged(person=to_person(after)))
    if to_me(after) != to_me(before):
        record(tx, audience.user(after.id), MeChanged(me=to_me(after)))


async def set_role(context: Context, request: SetRole) -> PersonAnswer:
    """Gives someone another role; one admin always remains."""

    async def change(tx: Tx) -> PersonAnswer:
        before = await governed(tx, context, request.user_id)
        if before.role == "admin" and request.role != "admin":
            await _keep_an_admin(tx, before)
        after = await _change(tx, before, role=request.role)
        if after.role == "guest":
            await leave_open_discussions(tx, after.id)
        if after.role != before.role:
            await audit.note(tx, context, "set_role", after.id, f"{before.role} -> {after.role}")
        return PersonAnswer(person=to_person(after))

    return await context.commit(change)


async def deactivate(context: Context, request: Deactivate) -> PersonAnswer:
    """Shuts someone out: their sessions end, their place in the plan is free."""

    async def change(tx: Tx) -> PersonAnswer:
        before = await governed(tx, context, request.user_id)
        if not before.active:
            return PersonAnswer(person=to_person(before))
        await _keep_an_admin(tx, before)
        # Told first: a node that meets it says "deactivated" to whoever is connected.
        after = await _change(tx, before, deactivated_at=tx.now)
        await end_all_sessions(tx, before.id)
        await audit.note(tx, context, "deactivate", before.id)
        return PersonAnswer(person=to_person(after))

    return await context.commit(change)


async def reactivate(context: Context, request: Reactivate) -> PersonAnswer:
    """Lets someone in again, if the plan has a place."""

    async def change(tx: Tx) -> PersonAnswer:
        before = await governed(tx, context, request.user_id)
        if before.active:
            return PersonAnswer(person=to_person(before))
        await check_seat(tx, context.limits)
        after = await _change(tx, before, deactivated_at=None)
        await audit.note(tx, context, "reactivate", before.id)
        return PersonAnswer(person=to_person(after))

    return await context.commit(change)


async def governed(tx: Tx, context: Context, user_id: int) -> UserRow:
    """A user whom the caller, still an admin, may govern."""
    if (await load_user(tx, context)).role != "admin":
        raise forbidden("Your role does not allow this.")
    user = await accounts.user(tx, tx.portal_id, user_id)
    if user is None:
        raise not_found("person")
    return user


async def _keep_an_admin(tx: Tx, user: UserRow) -> None:
    active_admin = user.role == "admin" and user.active
    if active_admin and await accounts.count_active(tx, tx.portal_id, "admin") <= 1:
        raise conflict("last-admin", "A portal needs an admin; make someone else one first.")


async def _change(tx: Tx, before: UserRow, **values: object) -> UserRow:
    await accounts.change_user(tx, tx.portal_id, before.id, **values)
    after = await accounts.known_user(tx, tx.portal_id, before.id)
    record_changes(tx, before, after)
    return after


async def join(
    tx: Tx,
    *,
    name: str,
    email: str,
    role: Role,
    language: Language,
    password_hash: str,
    confirmed: bool,
) -> UserRow:
    """Makes a new user and tells the portal. What was posted before counts as seen."""
    user_id = await accounts.add_user(
        tx,
        tx.portal_id,
        email=email,
        email_key=email.casefold(),
        name=name,
        role=role,
        language=language,
        password_hash=password_hash,
        confirmed=confirmed,
        now=tx.now,
        feed_read=tx.position,
    )
    user = await accounts.known_user(tx, tx.portal_id, user_id)
    record(tx, audience.person(user_id), PersonJoined(person=to_person(user)))
    return user


async def add_user(
    services: Services,
    portal_id: int,
    *,
    name: str,
    email: str,
    password: str,
    role: Role = "member",
    language: Language = "en",
) -> int:
    """Adds a user without an invitation, for the command line and the demo; returns the id.

    Raises 409 when the address is in use or the plan is full.
    """
    password_hash = await hash_password(password)
    context = Context(services, portal_id)

    async def change(tx: Tx) -> UserRow:
        if await accounts.user_by_email(tx, portal_id, email.casefold()) is not None:
            raise conflict("address-in-use", "Someone in this portal has this address.", "email")
        await check_seat(tx, services.limits)
        return await join(
            tx,
            name=name,
            email=email,
            role=role,
            language=language,
            password_hash=password_hash,
            confirmed=True,
        )

    user = await context.commit(change)
    await services.shards.remember_login(email.casefold(), portal_id, user.id)
    return user.id
