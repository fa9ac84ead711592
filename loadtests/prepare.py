"""Makes portals full of people for a load, by the actions that real ones are made with.

    python -m loadtests.prepare --portals 1 --people 500

It works on the database that the settings name (TALKOO_..., docs/settings.md), and writes whom
there is to be into the file that the load reads. All have one password, hashed once: a hash is a
tenth of a second.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import secrets
import uuid
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from loadtests import parameters
from loadtests.people import Person, write
from portal.accounts.passwords import hash_password
from portal.accounts.people import join
from portal.accounts.sign_up import create_portal
from portal.accounts.starting import start_session
from portal.addresses import portal_url
from portal.chat.model import CreateRoom, OpenDirectRoom
from portal.chat.rooms import create_room, open_direct_room
from portal.context import Actor, Context, Services
from server.parts import open_for_command
from server.settings import Settings, load
from storage.commit import Tx

# People that one transaction brings in.
_TOGETHER = 200
# A room in so many people, besides everybody's.
_PEOPLE_A_ROOM = 5
_LEAST_IN_ROOM = 3


async def prepare(settings: Settings, portals: int, people: int) -> list[Person]:
    """Makes portals of so many people each; returns everybody."""
    password = f"load-{secrets.token_hex(8)}"
    password_hash = await hash_password(password)
    found: list[Person] = []
    async with open_for_command(settings) as services:
        for _ in range(portals):
            found += await _portal(services, people, password, password_hash)
    return found


async def _portal(
    services: Services, people: int, password: str, password_hash: str
) -> list[Person]:
    address = f"load-{secrets.token_hex(8)}"
    created = await create_portal(
        services,
        name="Load",
        address=address,
        email=f"admin@{address}.test",
        password=password,
        person="Ada Admin",
        plan="load",
    )
    context = Context(services, created.portal_id)
    host = urlsplit(portal_url(services.public_url, address)).netloc
    made: list[tuple[int, Person]] = []
    for first in range(0, people, _TOGETHER):
        emails = [f"person{n}@{address}.test" for n in range(first, min(first + _TOGETHER, people))]
        joined = await _join(context, emails, password_hash)
        made += [
            (user_id, Person(host, email, password, token))
            for email, (user_id, token) in zip(emails, joined, strict=True)
        ]
    await _rooms(context, [user_id for user_id, _ in made])
    return [person for _, person in made]


async def _join(
    context: Context, emails: Sequence[str], password_hash: str
) -> list[tuple[int, str]]:
    """Brings people in, each with a session; returns their ids and tokens."""

    async def change(tx: Tx) -> list[tuple[int, str]]:
        found: list[tuple[int, str]] = []
        for email in emails:
            user = await join(
                tx,
                name=email.partition("@")[0].capitalize(),
                email=email,
                role="member",
                language="en",
                password_hash=password_hash,
                confirmed=True,
            )
            session = await start_session(tx, context, user, "Load")
            found.append((user.id, session.token or ""))
        return found

    return await context.commit(change)


async def _rooms(context: Context, ids: Sequence[int]) -> None:
    """Everybody's room first, then smaller and smaller ones; and talks between neighbours."""
    for rank in range(1, 2 + len(ids) // _PEOPLE_A_ROOM):
        size = max(min(_LEAST_IN_ROOM, len(ids)), len(ids) // rank)
        size = min(size, context.limits.room_members)
        # Each begins where the one before did not, so that all people are in about as many.
        start = (rank - 1) * size
        inside = [ids[(start + n) % len(ids)] for n in range(size)]
        name = "Everybody" if rank == 1 else f"Room {rank}"
        request = CreateRoom(client_id=uuid.uuid4().hex, name=name, user_ids=inside[1:])
        await create_room(_as(context, inside[0]), request)
    talks = [
        open_direct_room(_as(context, one), OpenDirectRoom(user_id=other))
        for one, other in itertools.pairwise(ids)
    ]
    for first in range(0, len(talks), _TOGETHER):
        await asyncio.gather(*talks[first : first + _TOGETHER])


def _as(context: Context, user_id: int) -> Context:
    return Context(
        context.services, context.portal, Actor(context.portal, user_id, "member", session_id=1)
    )


def main() -> None:
    """Reads the command line, and makes them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--portals", type=int, default=1, help="how many (1)")
    parser.add_argument("--people", type=int, default=100, help="in each of them (100)")
    parser.add_argument("--out", type=Path, default=parameters.PEOPLE, help="the file to write")
    wanted = parser.parse_args()
    made = asyncio.run(prepare(load(), wanted.portals, wanted.people))
    write(wanted.out, made)
    print(f"{wanted.out}: {len(made)} people in {wanted.portals} portals")


if __name__ == "__main__":
    main()
