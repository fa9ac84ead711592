"""The directory of portals, and the shards that hold them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from storage.database import Database, now_ms
from storage.schema import (
    directory_homes,
    directory_logins,
    directory_portals,
    directory_secrets,
)

# How long a node trusts what it read in the directory. Moves of portals are rare and announced.
DIRECTORY_CACHE_SECONDS = 60.0
# After this long an address whose portal never became ready may be claimed again.
CLAIM_MS = 5 * 60 * 1000


class AddressTaken(Exception):
    """Another portal has this address."""


class UnknownPortal(Exception):
    """No such portal in the directory."""


class Shards:
    """Finds the database of a portal. ``databases`` maps a shard's name to its database."""

    def __init__(self, directory: Database, databases: Mapping[str, Database], site: str) -> None:
        self.directory = directory
        self.databases = dict(databases)
        self.site = site
        self._homes: dict[int, tuple[float, str]] = {}
        self._addresses: dict[str, tuple[float, int]] = {}

    async def home(self, portal_id: int) -> Database:
        """The database that holds a portal; raises UnknownPortal."""
        return self.databases[await self.shard_of(portal_id)]

    async def shard_of(self, portal_id: int) -> str:
        """The name of the portal's shard; raises UnknownPortal."""
        known = self._homes.get(portal_id)
        if known and known[0] > time.monotonic():
            return known[1]
        async with self.directory.read() as statements:
            shard = await statements.scalar(
                select(directory_homes.c.shard)
                .where(directory_homes.c.portal_id == portal_id)
                .order_by(directory_homes.c.epoch.desc())
                .limit(1)
            )
        if shard is None or shard not in self.databases:
            raise UnknownPortal(portal_id)
        self._homes[portal_id] = (time.monotonic() + DIRECTORY_CACHE_SECONDS, str(shard))
        return str(shard)

    async def find(self, address: str) -> int | None:
        """The portal at an address (``acme``), or None."""
        known = self._addresses.get(address)
        if known and known[0] > time.monotonic():
            return known[1]
        async with self.directory.read() as statements:
            row = await statements.first(
                select(directory_portals.c.portal_id).where(
                    directory_portals.c.address == address,
                    directory_portals.c.ready_at.is_not(None),
                )
            )
        if row is None:
            return None
        self._addresses[address] = (time.monotonic() + DIRECTORY_CACHE_SECONDS, int(row[0]))
        return int(row[0])

    async def claim(self, address: str) -> int:
        """Takes an address for a new portal and chooses its shard; returns the portal's id.

        Raises AddressTaken. The portal is found by nobody before `open_portal`.
        """
        now = now_ms()
        try:
            async with self.directory.write() as statements:
                await statements.run(
                    delete(directory_portals).where(
                        directory_portals.c.address == address,
                        directory_portals.c.ready_at.is_(None),
                        directory_portals.c.created_at < now - CLAIM_MS,
                    )
                )
                result = await statements.connection.execute(
                    directory_portals.insert().values(address=address, created_at=now)
                )
                portal_id = int(result.inserted_primary_key[0])  # type: ignore[index]
                await statements.put(
                    directory_homes,
                    {
                        "portal_id": portal_id,
                        "epoch": 1,
                        "shard": self._shard_for(portal_id),
                        "site": self.site,
                        "since": now,
                    },
                )
        except IntegrityError as error:
            raise AddressTaken(address) from error
        return portal_id

    def _shard_for(self, portal_id: int) -> str:
        names = sorted(self.databases)
        return names[portal_id % len(names)]

    async def open_portal(self, portal_id: int) -> None:
        """Makes a claimed portal findable: its rows stand on its shard."""
        async with self.directory.write() as statements:
            await statements.run(
                update(directory_portals)
                .where(directory_portals.c.portal_id == portal_id)
                .values(ready_at=now_ms())
            )

    async def secret(self, name: str) -> str:
        """A secret that all nodes share: 256 bits, made by whoever asks first."""
        made = {"name": name, "secret": secrets.token_hex(32), "created_at": now_ms()}
        async with self.directory.write() as statements:
            await statements.put_or_skip(directory_secrets, **made)
        async with self.directory.read() as statements:
            found = await statements.scalar(
                select(directory_secrets.c.secret).where(directory_secrets.c.name == name)
            )
        return str(found)

    async def remember_login(self, email_key: str, portal_id: int, user_id: int) -> None:
        """Notes that an e-mail address belongs to a user of a portal."""
        async with self.directory.write() as statements:
            await statements.upsert(
                directory_logins,
                {"email_key": email_key, "portal_id": portal_id, "user_id": user_id},
                {"user_id": user_id},
            )

    async def logins(self, email_key: str, limit: int) -> list[tuple[int, int]]:
        """The (portal, user) pairs of an e-mail address, oldest portal first."""
        async with self.directory.read() as statements:
            rows = await statements.all(
                select(directory_logins.c.portal_id, directory_logins.c.user_id)
                .where(directory_logins.c.email_key == email_key)
                .order_by(directory_logins.c.portal_id)
                .limit(limit)
            )
        return [(int(row.portal_id), int(row.user_id)) for row in rows]

    async def portal_ids(self, after: int, limit: int) -> list[int]:
        """A page of all ready portals, for work that goes through them one by one."""
        async with self.directory.read() as statements:
            rows = await statements.all(
                select(directory_portals.c.portal_id)
                .where(
                    directory_portals.c.portal_id > after,
                    directory_portals.c.ready_at.is_not(None),
                )
                .order_by(directory_portals.c.portal_id)
                .limit(limit)
            )
        return [int(row[0]) for row in rows]

    async def by_shard(self, portal_ids: Iterable[int]) -> dict[str, list[int]]:
        """Sorts portals by their shard, so that one query a shard serves them all."""
        sorted_ids: dict[str, list[int]] = {}
        for portal_id in portal_ids:
            sorted_ids.setdefault(await self.shard_of(portal_id), []).append(portal_id)
        return sorted_ids

    async def close(self) -> None:
        """Closes every database once."""
        for database in {id(d): d for d in (self.directory, *self.databases.values())}.values():
            await database.close()
