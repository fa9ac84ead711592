"""The board of presence in Redis.

``presence:<portal>``      a hash, ``<user>:<node>`` -> ``online`` or ``away``
``nodes``                  a set of all nodes that have not been buried
``alive:<node>``           there for as long as the node is to be believed
``portals-of:<node>``      a set of the portals that a node has entries for
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from realtime.presence import ALIVE_SECONDS, Turn, merged
from realtime.redis_client import connect

# How long this node trusts what it read of the others being alive.
ALIVE_CACHE_SECONDS = 1.0
# A node that stops keeps its entries this long, so that its people come back elsewhere first.
LEAVING_SECONDS = 5


class RedisBoard:
    """A board that all nodes of one Redis share."""

    def __init__(
        self, url: str, prefix: str, node_id: str, alive_seconds: float = ALIVE_SECONDS
    ) -> None:
        self.prefix = prefix
        self.node_id = node_id
        self.alive_seconds = alive_seconds
        self._redis: Any = connect(url)
        self._alive: frozenset[str] = frozenset()
        self._alive_until = 0.0

    async def put(self, portal_id: int, states: Mapping[int, str | None]) -> list[Turn]:
        """Writes this node's states of some people, and reads them all, in one step."""
        nodes = sorted(await self._live_nodes() | {self.node_id})
        users = list(states)
        key = self._key("presence", portal_id)
        gone = [_field(user_id, self.node_id) for user_id in users if states[user_id] is None]
        here = {
            _field(user_id, self.node_id): state
            for user_id, state in states.items()
            if state is not None
        }
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.hmget(key, [_field(user, node) for user in users for node in nodes])
            if here:
                pipeline.hset(key, mapping=here)
                pipeline.sadd(self._key("portals-of", self.node_id), portal_id)
            if gone:
                pipeline.hdel(key, *gone)
            found = [_text(value) for value in (await pipeline.execute())[0]]
        turns: list[Turn] = []
        for index, user_id in enumerate(users):
            row = found[index * len(nodes) : (index + 1) * len(nodes)]
            before = dict(zip(nodes, row, strict=True))
            after = before | {self.node_id: states[user_id]}
            turns.append(Turn(user_id, merged(before.values()), merged(after.values())))
        return turns

    async def states(self, portal_id: int) -> dict[int, str]:
        """The merged state of everybody who is connected to a node that is alive."""
        alive = await self._live_nodes()
        return _merge(await self._redis.hgetall(self._key("presence", portal_id)), alive)

    async def beat(self) -> bool:
        """Says that this node is alive; False when Redis did not know."""
        async with self._redis.pipeline(transaction=True) as pipeline:
            alive = self._key("alive", self.node_id)
            pipeline.set(alive, 1, px=int(self.alive_seconds * 1000), get=True)
            pipeline.sadd(self._key("nodes"), self.node_id)
            known = (await pipeline.execute())[0] is not None
        if not known:
            self._alive_until = 0.0
        return known

    async def bury(self) -> dict[int, list[Turn]]:
        """Takes the entries of dead nodes away; each is buried by one node."""
        self._alive_until = 0.0
        alive = await self._live_nodes()
        every = {str(_text(node)) for node in await self._redis.smembers(self._key("nodes"))}
        turned: dict[int, list[Turn]] = {}
        for node in every - alive:
            if await self._redis.srem(self._key("nodes"), node):
                for portal_id in await self._redis.smembers(self._key("portals-of", node)):
                    turns = await self._bury_in(int(portal_id), node, alive)
                    turned.setdefault(int(portal_id), []).extend(turns)
                await self._redis.delete(self._key("portals-of", node))
        return turned

    async def _bury_in(self, portal_id: int, node: str, alive: frozenset[str]) -> list[Turn]:
        key = self._key("presence", portal_id)
        entries = await self._redis.hgetall(key)
        fields = [field for field in entries if str(_text(field)).endswith(f":{node}")]
        if not fields:
            return []
        await self._redis.hdel(key, *fields)
        after = _merge(entries, alive)
        turns: list[Turn] = []
        for field in fields:
            user_id = int(str(_text(field)).partition(":")[0])
            before = merged((_text(entries[field]), after.get(user_id)))
            turns.append(Turn(user_id, before, after.get(user_id)))
        return turns

    async def close(self) -> None:
        """Leaves; another node buries this one after a moment."""
        try:
            await self._redis.expire(self._key("alive", self.node_id), LEAVING_SECONDS)
        finally:
            await self._redis.aclose()

    async def _live_nodes(self) -> frozenset[str]:
        if time.monotonic() < self._alive_until:
            return self._alive
        nodes = [str(_text(node)) for node in await self._redis.smembers(self._key("nodes"))]
        keys = [self._key("alive", node) for node in nodes]
        found: list[Any] = await self._redis.mget(keys) if keys else []
        pairs = zip(nodes, found, strict=True)
        self._alive = frozenset(node for node, value in pairs if value is not None)
        self._alive_until = time.monotonic() + ALIVE_CACHE_SECONDS
        return self._alive

    def _key(self, *parts: object) -> str:
        return ":".join((self.prefix, *map(str, parts)))


def _field(user_id: int, node: str) -> str:
    return f"{user_id}:{node}"


def _text(value: Any) -> str | None:
    return value.decode() if isinstance(value, bytes) else value


def _merge(entries: Mapping[Any, Any], alive: Iterable[str]) -> dict[int, str]:
    believed = set(alive)
    states: dict[int, str] = {}
    for field, value in entries.items():
        user_id, _, node = str(_text(field)).partition(":")
        if node in believed:
            state = merged((states.get(int(user_id)), _text(value)))
            if state is not None:
                states[int(user_id)] = state
    return states
