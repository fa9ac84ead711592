"""Sees whether anything was stored."""

from __future__ import annotations

from sqlalchemy import func, select

from storage.schema import shard
from tests.house import House

# A look at these is what each request may leave behind: when somebody was last here.
_SIGHTINGS = frozenset(("last_seen_at", "address"))


async def state_of(house: House, portal_id: int) -> dict[str, list[tuple[object, ...]]]:
    """Every row of a portal, but for the sightings."""
    database = await house.services.shards.home(portal_id)
    found: dict[str, list[tuple[object, ...]]] = {}
    async with database.read() as statements:
        for name, table in shard.tables.items():
            if "portal_id" not in table.c:
                continue
            columns = [c for c in table.c if not (name in _SEEN and c.name in _SIGHTINGS)]
            rows = await statements.all(
                select(*columns).where(table.c.portal_id == portal_id).order_by(*columns[:3])
            )
            found[name] = [tuple(row) for row in rows]
    return found


_SEEN = frozenset(("users", "sessions"))


async def counts_of(house: House) -> dict[str, int]:
    """How many rows each table of the shard has, over all portals."""
    database = next(iter(house.services.shards.databases.values()))
    async with database.read() as statements:
        return {
            name: int(await statements.scalar(select(func.count()).select_from(table)))
            for name, table in shard.tables.items()
        }
