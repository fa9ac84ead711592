"""Sessions, and the single-use secrets that lead to them. Only hashes are stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import String, and_, bindparam, case, delete, or_, select, update

from storage.database import Statements, now_ms
from storage.prepared import ByKeys, prepared
from storage.schema import sessions, tokens, users


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One log-in on one device."""

    id: int
    user_id: int
    device: str
    address: str
    created_at: int
    last_seen_at: int


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a session's token belongs to."""

    session_id: int
    user_id: int
    role: str
    last_seen_at: int


async def add_session(
    statements: Statements,
    portal_id: int,
    *,
    user_id: int,
    token_hash: str,
    device: str,
    address: str,
    now: int,
    expires_at: int,
) -> int:
    """A new session."""
    return await statements.add(
        sessions,
        portal_id=portal_id,
        user_id=user_id,
        token_hash=token_hash,
        device=device,
        address=address,
        created_at=now,
        last_seen_at=now,
        expires_at=expires_at,
    )


_HOLDERS = ByKeys(
    select(
        sessions.c.portal_id,
        sessions.c.token_hash,
        sessions.c.id,
        sessions.c.user_id,
        users.c.role,
        sessions.c.last_seen_at,
        sessions.c.expires_at,
    ).where(sessions.c.ended_at.is_(None), users.c.deactivated_at.is_(None)),
    sessions,
    sessions.c.portal_id,
    sessions.c.token_hash,
    beside=lambda rows: rows.join(
        users, and_(users.c.portal_id == sessions.c.portal_id, users.c.id == sessions.c.user_id)
    ),
)


async def holders(
    statements: Statements, keys: Sequence[tuple[int, str]]
) -> dict[tuple[int, str], Holder]:
    """Whose live sessions tokens open, by (portal, hash): not ended, not expired, of the active."""
    now = now_ms()
    return {
        (portal_id, token_hash): Holder(session_id, user_id, role, last_seen_at)
        for portal_id, token_hash, session_id, user_id, role, last_seen_at, expires_at in (
            await statements.rows_by(_HOLDERS, keys)
        )
        if expires_at > now
    }


# A session that was used: portal, session, when, when it ends now, and from which address.
Sighting = tuple[int, int, int, int, str]

_SAW = prepared(
    update(sessions)
    .where(sessions.c.portal_id == bindparam("portal"), sessions.c.id == bindparam("session"))
    .values(
        last_seen_at=bindparam("at"),
        expires_at=bindparam("until"),
        address=case(
            (bindparam("from", type_=String) != "", bindparam("from", type_=String)),
            else_=sessions.c.address,
        ),
    )
)


async def saw_many(statements: Statements, sightings: Sequence[Sighting]) -> None:
    """Notes that sessions were used; an address that is not known stays as it is."""
    await statements.drive_many(
        _SAW,
        [
            {"portal": portal_id, "session": session_id, "at": at, "until": until, "from": address}
            for portal_id, session_id, at, until, address in sightings
        ],
    )


async def live_sessions(
    statements: Statements, portal_id: int, user_id: int, now: int
) -> list[SessionRow]:
    """A user's live sessions, the most lately seen first."""
    rows = await statements.all(
        select(
            sessions.c.id,
            sessions.c.user_id,
            sessions.c.device,
            sessions.c.address,
            sessions.c.created_at,
            sessions.c.last_seen_at,
        )
        .where(
            sessions.c.portal_id == portal_id,
            sessions.c.user_id == user_id,
            sessions.c.ended_at.is_(None),
            sessions.c.expires_at > now,
        )
        .order_by(sessions.c.last_seen_at.desc(), sessions.c.id.desc())
    )
    return [
        SessionRow(
            int(row.id),
            int(row.user_id),
            row.device,
            row.address,
            int(row.created_at),
            int(row.last_seen_at),
        )
        for row in rows
    ]


async def end_sessions(
    statements: Statements, portal_id: int, session_ids: list[int], now: int
) -> None:
    """Ends sessions."""
    await statements.run(
        update(sessions)
        .where(sessions.c.portal_id == portal_id, sessions.c.id.in_(session_ids))
        .values(ended_at=now)
    )


async def expired_sessions(
    statements: Statements, portal_id: int, now: int, limit: int
) -> list[tuple[int, int]]:
    """The (session, user) pairs of sessions that expired and were not ended yet."""
    rows = await statements.all(
        select(sessions.c.id, sessions.c.user_id)
        .where(
            sessions.c.portal_id == portal_id,
            sessions.c.ended_at.is_(None),
            sessions.c.expires_at <= now,
        )
        .limit(limit)
    )
    return [(int(row.id), int(row.user_id)) for row in rows]


async def forget_sessions(statements: Statements, portal_id: int, before: int) -> None:
    """Forgets sessions that ended long ago."""
    await statements.run(
        delete(sessions).where(sessions.c.portal_id == portal_id, sessions.c.ended_at < before)
    )


async def add_token(
    statements: Statements,
    portal_id: int,
    *,
    token_hash: str,
    purpose: str,
    user_id: int,
    now: int,
    expires_at: int,
) -> None:
    """A secret that works once, for one purpose."""
    await statements.put(
        tokens,
        {
            "portal_id": portal_id,
            "token_hash": token_hash,
            "purpose": purpose,
            "user_id": user_id,
            "created_at": now,
            "expires_at": expires_at,
            "used_at": None,
        },
    )


async def use_token(
    statements: Statements, portal_id: int, token_hash: str, purpose: str, now: int
) -> int | None:
    """Uses a secret up; the user whom it is for, or None when it does not work (any more)."""
    here = and_(tokens.c.portal_id == portal_id, tokens.c.token_hash == token_hash)
    used = await statements.run(
        update(tokens)
        .where(
            here,
            tokens.c.purpose == purpose,
            tokens.c.used_at.is_(None),
            tokens.c.expires_at > now,
        )
        .values(used_at=now)
    )
    if not used:
        return None
    return int(await statements.scalar(select(tokens.c.user_id).where(here)))


async def drop_tokens(
    statements: Statements, portal_id: int, user_id: int, purpose: str, now: int
) -> None:
    """Makes a user's unused secrets for a purpose worthless."""
    await statements.run(
        update(tokens)
        .where(
            tokens.c.portal_id == portal_id,
            tokens.c.user_id == user_id,
            tokens.c.purpose == purpose,
            tokens.c.used_at.is_(None),
        )
        .values(used_at=now)
    )


async def forget_tokens(statements: Statements, portal_id: int, before: int) -> None:
    """Forgets secrets that expired or were used before a time."""
    await statements.run(
        delete(tokens).where(
            tokens.c.portal_id == portal_id,
            or_(tokens.c.expires_at < before, tokens.c.used_at < before),
        )
    )
