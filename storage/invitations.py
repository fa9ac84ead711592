"""Invitations: by mail, for one address and once; and the link, for anyone until it is closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, select, update

from storage.database import Statements
from storage.schema import invitations


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation; ``email`` is None for the link."""

    id: int
    email: str | None
    email_key: str | None
    role: str
    invited_by: int
    created_at: int
    expires_at: int
    link_token: str | None


def _invitation(row: Row[Any]) -> InvitationRow:
    return InvitationRow(
        int(row.id),
        row.email,
        row.email_key,
        row.role,
        int(row.invited_by),
        int(row.created_at),
        int(row.expires_at),
        row.link_token,
    )


_INVITATION = (
    invitations.c.id,
    invitations.c.email,
    invitations.c.email_key,
    invitations.c.role,
    invitations.c.invited_by,
    invitations.c.created_at,
    invitations.c.expires_at,
    invitations.c.link_token,
)


def _open(portal_id: int, now: int) -> ColumnElement[bool]:
    return and_(
        invitations.c.portal_id == portal_id,
        invitations.c.accepted_at.is_(None),
        invitations.c.closed_at.is_(None),
        invitations.c.expires_at > now,
    )


async def add_invitation(
    statements: Statements,
    portal_id: int,
    *,
    token_hash: str,
    email: str | None,
    email_key: str | None,
    role: str,
    invited_by: int,
    now: int,
    expires_at: int,
    link_token: str | None = None,
) -> int:
    """A new invitation."""
    return await statements.add(
        invitations,
        portal_id=portal_id,
        token_hash=token_hash,
        email=email,
        email_key=email_key,
        role=role,
        invited_by=invited_by,
        created_at=now,
        expires_at=expires_at,
        link_token=link_token,
    )


async def mailed(statements: Statements, portal_id: int, now: int) -> list[InvitationRow]:
    """The open invitations by mail, newest first."""
    rows = await statements.all(
        select(*_INVITATION)
        .where(_open(portal_id, now), invitations.c.email.is_not(None))
        .order_by(invitations.c.created_at.desc(), invitations.c.id.desc())
    )
    return [_invitation(row) for row in rows]


async def count_mailed(statements: Statements, portal_id: int, now: int) -> int:
    """How many invitations by mail are open."""
    return int(
        await statements.scalar(
            select(func.count())
            .select_from(invitations)
            .where(_open(portal_id, now), invitations.c.email.is_not(None))
        )
    )


async def link(statements: Statements, portal_id: int, now: int) -> InvitationRow | None:
    """The open link, if it is open."""
    row = await statements.first(
        select(*_INVITATION)
        .where(_open(portal_id, now), invitations.c.email.is_(None))
        .order_by(invitations.c.id.desc())
        .limit(1)
    )
    return None if row is None else _invitation(row)


async def by_token(
    statements: Statements, portal_id: int, token_hash: str, now: int
) -> InvitationRow | None:
    """The open invitation that a secret belongs to."""
    row = await statements.first(
        select(*_INVITATION).where(_open(portal_id, now), invitations.c.token_hash == token_hash)
    )
    return None if row is None else _invitation(row)


async def accept(statements: Statements, portal_id: int, invitation_id: int, now: int) -> None:
    """An invitation by mail is used up."""
    await statements.run(
        update(invitations)
        .where(invitations.c.portal_id == portal_id, invitations.c.id == invitation_id)
        .values(accepted_at=now)
    )


async def close(statements: Statements, portal_id: int, invitation_id: int, now: int) -> bool:
    """Closes an open invitation by mail; tells whether there was one."""
    closed = await statements.run(
        update(invitations)
        .where(
            _open(portal_id, now),
            invitations.c.id == invitation_id,
            invitations.c.email.is_not(None),
        )
        .values(closed_at=now)
    )
    return closed > 0


async def close_for(statements: Statements, portal_id: int, email_key: str, now: int) -> None:
    """Closes the open invitations of an address."""
    await statements.run(
        update(invitations)
        .where(_open(portal_id, now), invitations.c.email_key == email_key)
        .values(closed_at=now)
    )


async def close_link(statements: Statements, portal_id: int, now: int) -> bool:
    """Closes the link; tells whether it was open. Its secret is forgotten."""
    closed = await statements.run(
        update(invitations)
        .where(_open(portal_id, now), invitations.c.email.is_(None))
        .values(closed_at=now, link_token=None)
    )
    return closed > 0
