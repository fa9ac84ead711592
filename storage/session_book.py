"""Whose a token is, and when it was used last: asked at every request, and by crowds at once."""

from __future__ import annotations

from collections.abc import Sequence

from storage import sessions
from storage.gather import Gather
from storage.sessions import Holder, Sighting
from storage.shards import Shards


class SessionBook:
    """Looks into the sessions of all shards, for many together when many ask."""

    def __init__(self, shards: Shards) -> None:
        self.shards = shards
        self._holders: Gather[tuple[int, str], Holder] = Gather(self._load)
        self._sightings: Gather[Sighting, None] = Gather(self._note)

    async def holder(self, portal_id: int, token_hash: str) -> Holder | None:
        """Whose live session a token opens; raises UnknownPortal."""
        # Raised for this one here, and not for all who ask at the same time.
        await self.shards.home(portal_id)
        return await self._holders.get((portal_id, token_hash))

    async def saw(self, sighting: Sighting) -> None:
        """Notes that a session was used, which also puts off its end."""
        await self._sightings.get(sighting)

    async def _load(self, keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Holder]:
        found: dict[tuple[int, str], Holder] = {}
        for shard, portal_ids in (await self.shards.by_shard({key[0] for key in keys})).items():
            here = set(portal_ids)
            async with self.shards.databases[shard].read() as statements:
                mine = [key for key in keys if key[0] in here]
                found |= await sessions.holders(statements, mine)
        return found

    async def _note(self, sightings: Sequence[Sighting]) -> dict[Sighting, None]:
        for shard, portal_ids in (await self.shards.by_shard({s[0] for s in sightings})).items():
            here = set(portal_ids)
            async with self.shards.databases[shard].write() as statements:
                mine = [sighting for sighting in sightings if sighting[0] in here]
                await sessions.saw_many(statements, mine)
        return {}
