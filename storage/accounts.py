"""Portals and their users, as the accounts module needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select, update

from storage.database import Statements
from storage.schema import portals, users


@dataclass(frozen=True, slots=True)
class PortalRow:
    """A portal."""

    id: int
    name: str
    address: str
    plan: str


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user, with what only the accounts module may know."""

    id: int
    email: str
    name: str
    title: str
    picture: str | None
    role: str
    language: str
    password_hash: str
    confirmed_at: int | None
    deactivated_at: int | None

    @property
    def active(self) -> bool:
        """Whether they may log in, and count in the plan."""
        return self.deactivated_at is None


_USER = (
    users.c.id,
    users.c.email,
    users.c.name,
    users.c.title,
    users.c.picture,
    users.c.role,
    users.c.language,
    users.c.password_hash,
    users.c.confirmed_at,
    users.c.deactivated_at,
)


def _user(row: Row[Any]) -> UserRow:
    return UserRow(
        id=int(row.id),
        email=row.email,
        name=row.name,
        title=row.title,
        picture=row.picture,
        role=row.role,
        language=row.language,
        password_hash=row.password_hash,
        confirmed_at=row.confirmed_at,
        deactivated_at=row.deactivated_at,
    )


async def add_portal(
    statements: Statements, portal_id: int, *, name: str, address: str, plan: str, now: int
) -> None:
    """The portal's own row."""
    await statements.put(
        portals,
        {
            "portal_id": portal_id,
            "name": name,
            "address": address,
            "plan": plan,
            "created_at": now,
        },
    )


async def portal(statements: Statements, portal_id: int) -> PortalRow:
    """The portal; raises LookupError."""
    row = await statements.first(select(portals).where(portals.c.portal_id == portal_id))
    if row is None:
        raise LookupError(f"portal {portal_id} has no row")
    return PortalRow(int(row.portal_id), row.name, row.address, row.plan)


async def rename_portal(statements: Statements, portal_id: int, name: str) -> None:
    """Gives the portal another name."""
    await statements.run(update(portals).where(portals.c.portal_id == portal_id).values(name=name))


async def add_user(
    statements: Statements,
    portal_id: int,
    *,
    email: str,
    email_key: str,
    name: str,
    role: str,
    language: str,
    password_hash: str,
    confirmed: bool,
    now: int,
    feed_read: int,
) -> int:
    """A new active user."""
    return await statements.add(
        users,
        portal_id=portal_id,
        email=email,
        email_key=email_key,
        name=name,
        title="",
        role=role,
        language=language,
        password_hash=password_hash,
        created_at=now,
        confirmed_at=now if confirmed else None,
        feed_read=feed_read,
    )


async def user(statements: Statements, portal_id: int, user_id: int) -> UserRow | None:
    """One user."""
    row = await statements.first(
        select(*_USER).where(users.c.portal_id == portal_id, users.c.id == user_id)
    )
    return None if row is None else _user(row)


async def known_user(statements: Statements, portal_id: int, user_id: int) -> UserRow:
    """One user, who is there: raises LookupError otherwise."""
    row = await user(statements, portal_id, user_id)
    if row is None:
        raise LookupError(f"portal {portal_id} has no user {user_id}")
    return row


async def user_by_email(statements: Statements, portal_id: int, email_key: str) -> UserRow | None:
    """The user with an e-mail address."""
    row = await statements.first(
        select(*_USER).where(users.c.portal_id == portal_id, users.c.email_key == email_key)
    )
    return None if row is None else _user(row)


async def change_user(statements: Statements, portal_id: int, user_id: int, **values: Any) -> None:
    """Sets columns of a user."""
    await statements.run(
        update(users).where(users.c.portal_id == portal_id, users.c.id == user_id).values(**values)
    )


async def count_active(statements: Statements, portal_id: int, role: str | None = None) -> int:
    """How many active people the portal has, of one role or of all."""
    query = (
        select(func.count())
        .select_from(users)
        .where(users.c.portal_id == portal_id, users.c.deactivated_at.is_(None))
    )
    if role is not None:
        query = query.where(users.c.role == role)
    return int(await statements.scalar(query))
