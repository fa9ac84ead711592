"""Portals full of people with sessions, written straight into a database: a load needs thousands.

Signing up takes a password hash a person, which is a tenth of a second each and not what is
measured here.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.accounts.starting import DAY_MS
from portal.accounts.tokens import make_secret, stored
from storage import log
from storage.database import Database, Statements, now_ms
from storage.migrate import migrate
from storage.schema import members, portals, rooms, sessions, users
from storage.shards import Shards


@dataclass(frozen=True)
class Person:
    """Someone to log in as."""

    portal_id: int
    user_id: int
    token: str


@dataclass(frozen=True)
class Portal:
    """A portal, its people, and its rooms with who is in them."""

    id: int
    people: Sequence[Person]
    rooms: Sequence[tuple[int, Sequence[Person]]]


async def populate(
    url: str, portal_count: int, people: int, rooms_each: int, members_each: int
) -> list[Portal]:
    """Makes portals on a database that is brought up to date first.

    Each has so many people and rooms; the people are dealt to the rooms in turn.
    """
    database = Database(url)
    try:
        await migrate(database, "directory")
        await migrate(database, "shard")
        shards = Shards(database, {"main": database}, "main")
        return [
            await _portal(shards, people, rooms_each, members_each) for _ in range(portal_count)
        ]
    finally:
        await database.close()


async def _portal(shards: Shards, people: int, room_count: int, members_each: int) -> Portal:
    address = f"load{secrets.token_hex(8)}"
    portal_id = await shards.claim(address)
    now = now_ms()
    async with (await shards.home(portal_id)).write() as statements:
        await statements.put(
            portals,
            {
                "portal_id": portal_id,
                "name": "Load",
                "address": address,
                "plan": "free",
                "created_at": now,
            },
        )
        await log.start(statements, portal_id)
        made = await _people(statements, portal_id, people, now)
        found = await _rooms(statements, portal_id, made, room_count, members_each, now)
    await shards.open_portal(portal_id)
    return Portal(portal_id, made, found)


async def _people(statements: Statements, portal_id: int, count: int, now: int) -> list[Person]:
    ids = range(portal_id * 1_000_000, portal_id * 1_000_000 + count)
    made = [Person(portal_id, number, make_secret(portal_id)) for number in ids]
    await _insert(
        statements,
        users,
        [
            {
                "portal_id": portal_id,
                "id": person.user_id,
                "email": f"{person.user_id}@load.test",
                "email_key": f"{person.user_id}@load.test",
                "name": f"Person {person.user_id}",
                "title": "",
                "role": "member",
                "language": "en",
                "password_hash": "-",
                "created_at": now,
                "confirmed_at": now,
                "feed_read": 0,
            }
            for person in made
        ],
    )
    await _insert(
        statements,
        sessions,
        [
            {
                "portal_id": portal_id,
                "id": person.user_id,
                "user_id": person.user_id,
                "token_hash": stored(person.token),
                "device": "load",
                "address": "127.0.0.1",
                "created_at": now,
                "last_seen_at": now,
                "expires_at": now + 90 * DAY_MS,
            }
            for person in made
        ],
    )
    return made


async def _rooms(
    statements: Statements,
    portal_id: int,
    people: Sequence[Person],
    count: int,
    members_each: int,
    now: int,
) -> list[tuple[int, list[Person]]]:
    found: list[tuple[int, list[Person]]] = []
    inside: list[dict[str, Any]] = []
    for index in range(count):
        room_id = portal_id * 1_000_000 + index
        first = index * members_each
        who = [people[(first + n) % len(people)] for n in range(members_each)]
        found.append((room_id, who))
        inside += [
            {
                "portal_id": portal_id,
                "room_id": room_id,
                "user_id": person.user_id,
                "read_seq": 0,
                "joined_at": now,
            }
            for person in who
        ]
    await _insert(
        statements,
        rooms,
        [
            {
                "portal_id": portal_id,
                "id": room_id,
                "kind": "group",
                "name": f"Room {room_id}",
                "visible_to": "members",
                "created_by": people[0].user_id,
                "created_at": now,
                "last_seq": 0,
            }
            for room_id, _ in found
        ],
    )
    await _insert(statements, members, inside)
    return found


async def _insert(statements: Statements, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(rows), 1000):
        await statements.connection.execute(table.insert(), list(rows[start : start + 1000]))


def settings(url: str, folder: Path, redis: str | None = None) -> dict[str, str]:
    """The environment of a server over that database, whose limits do not stop a load."""
    given = {
        "TALKOO_DATABASE": url,
        "TALKOO_DATA": str(folder),
        "TALKOO_LOG_LEVEL": "warning",
        "TALKOO_LIMITS__COMMANDS_PER_SECOND": "100000",
    }
    return given | ({"TALKOO_REDIS": redis} if redis else {})
