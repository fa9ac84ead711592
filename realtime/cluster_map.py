"""Which master of a Redis Cluster has which slots, as most of the cluster sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from redis.exceptions import ConnectionError as RedisConnectionError

from realtime.redis_address import Address, parse
from realtime.redis_client import ANSWER_SECONDS, OUTAGES, connect
from realtime.tasks import stop

SLOTS = 16384
# Of several views that of a cluster that works counts more, then the later one.
_Rank = tuple[bool, int]


@dataclass(frozen=True, slots=True)
class Shape:
    """The masters that have slots, the owner of each slot, and the servers behind the masters."""

    owners: list[Address | None]
    masters: frozenset[Address]
    replicas: frozenset[Address]

    @property
    def complete(self) -> bool:
        """Whether every slot has an owner."""
        return None not in self.owners


class ClusterMap:
    """Asks the cluster for its shape.

    A master that was cut off from the others believes in what was true before, and says so; that
    is why all masters are asked.
    """

    def __init__(self, url: str) -> None:
        self.address = parse(url)
        self._shape: Shape | None = None
        self._clients: dict[Address, Any] = {}
        self._error: BaseException | None = None

    async def read(self) -> Shape:
        """The shape now; raises one of `OUTAGES` when no server tells."""
        masters: Iterable[Address] = self._shape.masters if self._shape else ()
        others: Iterable[Address] = self._shape.replicas if self._shape else ()
        views = await self._ask(masters) or await self._ask({*self.address.hosts, *others})
        if not views:
            raise RedisConnectionError(f"no server tells of the Redis Cluster: {self._error}")
        _, self._shape = max(views, key=lambda view: view[0])
        known = {*self.address.hosts, *self._shape.masters, *self._shape.replicas}
        for server in self._clients.keys() - known:
            await self._clients.pop(server).aclose()
        return self._shape

    async def close(self) -> None:
        """Gives the connections back."""
        for client in self._clients.values():
            await client.aclose()

    async def _ask(self, servers: Iterable[Address]) -> list[tuple[_Rank, Shape]]:
        asking = [asyncio.create_task(self._view(server)) for server in servers]
        if not asking:
            return []
        try:
            # One that is away takes longer to be known for it than the others to answer.
            await asyncio.wait(asking, timeout=ANSWER_SECONDS)
        finally:
            await stop(asking)
        views: list[tuple[_Rank, Shape]] = []
        for task in asking:
            if not task.cancelled():
                self._error = task.exception()
                if self._error is None:
                    views.append(task.result())
                elif not isinstance(self._error, OUTAGES):
                    raise self._error
        return views

    async def _view(self, server: Address) -> tuple[_Rank, Shape]:
        if server not in self._clients:
            self._clients[server] = connect(self.address.url(server))
        client = self._clients[server]
        info = _info(await client.execute_command("CLUSTER", "INFO"))
        slots = await client.execute_command("CLUSTER", "SLOTS")
        rank = info.get("cluster_state") == "ok", int(info.get("cluster_current_epoch", 0))
        return rank, _shape(slots, server[0])


def _info(text: Any) -> dict[str, str]:
    lines = (text.decode() if isinstance(text, bytes) else str(text)).splitlines()
    return {name: value for name, _, value in (line.partition(":") for line in lines)}


def _shape(slots: Sequence[Any], asked: str) -> Shape:
    owners: list[Address | None] = [None] * SLOTS
    masters: set[Address] = set()
    replicas: set[Address] = set()
    for first, last, master, *others in slots:
        owner = _address(master, asked)
        masters.add(owner)
        owners[first : last + 1] = [owner] * (last + 1 - first)
        replicas.update(_address(other, asked) for other in others)
    return Shape(owners, frozenset(masters), frozenset(replicas))


def _address(server: Sequence[Any], asked: str) -> Address:
    # A server that does not know its own name is to be found where the answer came from.
    host = (server[0] or b"").decode() if not isinstance(server[0], str) else server[0]
    return (host if host not in ("", "?") else asked), int(server[1])


__all__ = ["SLOTS", "ClusterMap", "Shape"]
