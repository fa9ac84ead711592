"""The board of presence in Redis.

``presence:<portal>``      a hash, ``<user>:<node>`` -> ``online`` or ``away``
``nodes``                  a hash, ``<node>`` -> until when it is to be believed, in Redis' own time
``portals-of:<node>``      a set of the portals that a node has entries for

In a cluster each key may be elsewhere, so what happens in one step is a script on one key, and the
time is that of the master that has ``nodes``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from realtime.presence import ALIVE_SECONDS, Turn, merged
from realtime.redis_client import connect

# A node that stops keeps its entries this long, so that its people come back elsewhere first.
LEAVING_SECONDS = 5.0

_NODES = "return {redis.call('TIME'), redis.call('HGETALL', KEYS[1])}"

# Believes a node for so many milliseconds from now on; until when it was believed before.
_BELIEVE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local before = redis.call('HGET', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now + ARGV[2]))
return before and tonumber(before) > now and 1 or 0
"""

# Reads some fields, then writes some and takes some away: how many of each, and the fields.
_PUT = """
local found, at = {}, 4
for i = 1, ARGV[1] do
  found[i] = redis.call('HGET', KEYS[1], ARGV[at])
  at = at + 1
end
for _ = 1, ARGV[2] do
  redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1])
  at = at + 2
end
for _ = 1, ARGV[3] do
  redis.call('HDEL', KEYS[1], ARGV[at])
  at = at + 1
end
return found
"""

# Only one node buries another, and none a node that has just come back.
_CLAIM = """
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
  return redis.call('HDEL', KEYS[1], ARGV[1])
end
return 0
"""


class RedisBoard:
    """A board that all nodes of one Redis share."""

    def __init__(
        self, url: str, prefix: str, node_id: str, alive_seconds: float = ALIVE_SECONDS
    ) -> None:
        self.prefix = prefix
        self.node_id = node_id
        self.alive_seconds = alive_seconds
        self._redis: Any = connect(url)

    async def put(self, portal_id: int, states: Mapping[int, str | None]) -> list[Turn]:
        """Writes this node's states of some people, and reads them all, in one step."""
        _, alive = await self._nodes()
        nodes = sorted(alive | {self.node_id})
        users = list(states)
        key = self._key("presence", portal_id)
        fields = [_field(user, node) for user in users for node in nodes]
        here = [(_field(user, self.node_id), state) for user, state in states.items() if state]
        gone = [_field(user, self.node_id) for user in users if not states[user]]
        if here:
            # First: entries that nobody knows where to look for would never be buried.
            await self._redis.sadd(self._key("portals-of", self.node_id), portal_id)
        counts = (len(fields), len(here), len(gone))
        args = (*counts, *fields, *(word for pair in here for word in pair), *gone)
        found = [_text(value) for value in await self._redis.eval(_PUT, 1, key, *args)]
        turns: list[Turn] = []
        for index, user_id in enumerate(users):
            row = found[index * len(nodes) : (index + 1) * len(nodes)]
            before = dict(zip(nodes, row, strict=True))
            after = before | {self.node_id: states[user_id]}
            turns.append(Turn(user_id, merged(before.values()), merged(after.values())))
        return turns

    async def states(self, portal_id: int, user_ids: Sequence[int] | None = None) -> dict[int, str]:
        """The merged state of everybody who is connected to a node that is alive, or of some."""
        if user_ids is not None:
            return (await self.states_of({portal_id: user_ids}))[portal_id]
        # In this order: who put an entry was believed before it did.
        entries = await self._redis.hgetall(self._key("presence", portal_id))
        return _merge(entries, (await self._nodes())[1])

    async def states_of(self, watched: Mapping[int, Sequence[int]]) -> dict[int, dict[int, str]]:
        """The same of some people of several portals."""
        _, alive = await self._nodes()
        fields = {
            p: [_field(u, node) for u in users for node in alive] for p, users in watched.items()
        }
        async with self._redis.pipeline(transaction=False) as pipeline:
            for portal_id, wanted in fields.items():
                if wanted:
                    pipeline.hmget(self._key("presence", portal_id), wanted)
            found: list[list[Any]] = await pipeline.execute()
        replies = iter(found)
        states: dict[int, dict[int, str]] = {}
        for portal_id, wanted in fields.items():
            values = next(replies) if wanted else []
            entries = {f: v for f, v in zip(wanted, values, strict=True) if v is not None}
            states[portal_id] = _merge(entries, alive)
        return states

    async def beat(self) -> bool:
        """Says that this node is alive; False when Redis did not know."""
        return await self._believe(self.alive_seconds)

    async def bury(self) -> dict[int, list[Turn]]:
        """Takes the entries of dead nodes away; each is buried by one node."""
        nodes, alive = await self._nodes()
        turned: dict[int, list[Turn]] = {}
        for node in nodes.keys() - alive:
            if not await self._redis.eval(_CLAIM, 1, self._key("nodes"), node, nodes[node]):
                continue
            for portal_id in await self._redis.smembers(self._key("portals-of", node)):
                turns = await self._bury_in(int(portal_id), node, alive)
                turned.setdefault(int(portal_id), []).extend(turns)
            await self._redis.delete(self._key("portals-of", node))
        return turned

    async def _bury_in(self, portal_id: int, node: str, alive: set[str]) -> list[Turn]:
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
            await self._believe(LEAVING_SECONDS)
        finally:
            await self._redis.aclose()

    async def _believe(self, seconds: float) -> bool:
        """Has this node believed for so long; whether it was until now."""
        args = (self.node_id, int(seconds * 1000))
        return bool(await self._redis.eval(_BELIEVE, 1, self._key("nodes"), *args))

    async def _nodes(self) -> tuple[dict[str, Any], set[str]]:
        """All nodes that have not been buried, and those of them that are alive."""
        time, flat = await self._redis.eval(_NODES, 1, self._key("nodes"))
        nodes = dict(zip(flat[::2], flat[1::2], strict=True))
        return {str(_text(node)): until for node, until in nodes.items()}, _alive(nodes, time)

    def _key(self, *parts: object) -> str:
        return ":".join((self.prefix, *map(str, parts)))


def _field(user_id: int, node: str) -> str:
    return f"{user_id}:{node}"


def _text(value: Any) -> str | None:
    return value.decode() if isinstance(value, bytes) else value


def _ms(time: Sequence[Any]) -> int:
    return int(time[0]) * 1000 + int(time[1]) // 1000


def _alive(nodes: Mapping[Any, Any], time: Sequence[Any]) -> set[str]:
    now = _ms(time)
    return {str(_text(node)) for node, until in nodes.items() if int(until) > now}


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
