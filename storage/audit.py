"""What admins did: a row each, kept for as long as the operator says."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select

from storage.database import Statements
from storage.schema import audit


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Who did what, to whom, from where."""

    id: int
    at: int
    user_id: int
    action: str
    subject_id: int | None
    detail: str
    address: str


async def add(
    statements: Statements,
    portal_id: int,
    *,
    at: int,
    user_id: int,
    action: str,
    subject_id: int | None,
    detail: str,
    address: str,
) -> None:
    """One more."""
    await statements.add(
        audit,
        portal_id=portal_id,
        at=at,
        user_id=user_id,
        action=action,
        subject_id=subject_id,
        detail=detail,
        address=address,
    )


async def page(
    statements: Statements, portal_id: int, *, before: int | None, limit: int
) -> list[AuditRow]:
    """At most ``limit`` entries, the newest first; older than the entry ``before``."""
    query = select(
        audit.c.id,
        audit.c.at,
        audit.c.user_id,
        audit.c.action,
        audit.c.subject_id,
        audit.c.detail,
        audit.c.address,
    ).where(audit.c.portal_id == portal_id)
    if before is not None:
        query = query.where(audit.c.id < before)
    rows = await statements.all(query.order_by(audit.c.id.desc()).limit(limit))
    return [AuditRow(*row) for row in rows]


async def forget(statements: Statements, portal_id: int, before_ms: int) -> int:
    """Forgets old entries; returns how many."""
    return await statements.run(
        delete(audit).where(audit.c.portal_id == portal_id, audit.c.at < before_ms)
    )
