"""The board of presence within one process; several nodes in it share a `Shelf`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from realtime.presence import ALIVE_SECONDS, Turn, merged


class Shelf:
    """What the boards of one process share."""

    def __init__(self) -> None:
        # By portal and user: what each node says.
        self.portals: dict[int, dict[int, dict[str, str]]] = {}
        # Until when each node is believed.
        self.alive: dict[str, float] = {}


class MemoryBoard:
    """A board that cannot be away."""

    def __init__(
        self,
        node_id: str,
        shelf: Shelf | None = None,
        alive_seconds: float = ALIVE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.node_id = node_id
        self.shelf = shelf or Shelf()
        self.alive_seconds = alive_seconds
        self.clock = clock

    async def put(self, portal_id: int, states: Mapping[int, str | None]) -> list[Turn]:
        """Writes this node's states of some people."""
        if self.node_id not in self.shelf.alive:
            await self.beat()
        people = self.shelf.portals.setdefault(portal_id, {})
        turns: list[Turn] = []
        for user_id, state in states.items():
            nodes = people.setdefault(user_id, {})
            before = self._merged(nodes)
            if state is None:
                nodes.pop(self.node_id, None)
            else:
                nodes[self.node_id] = state
            turns.append(Turn(user_id, before, self._merged(nodes)))
            if not nodes:
                del people[user_id]
        if not people:
            del self.shelf.portals[portal_id]
        return turns

    async def states(self, portal_id: int, user_ids: Sequence[int] | None = None) -> dict[int, str]:
        """The merged state of everybody, or of some."""
        people = self.shelf.portals.get(portal_id, {})
        wanted = people if user_ids is None else user_ids
        merged_states = {user_id: self._merged(people.get(user_id, {})) for user_id in wanted}
        return {user_id: state for user_id, state in merged_states.items() if state is not None}

    async def states_of(self, watched: Mapping[int, Sequence[int]]) -> dict[int, dict[int, str]]:
        """The same of some people of several portals."""
        return {p: await self.states(p, user_ids) for p, user_ids in watched.items()}

    async def beat(self) -> bool:
        """Says that this node is alive."""
        known = self._is_alive(self.node_id)
        self.shelf.alive[self.node_id] = self.clock() + self.alive_seconds
        return known

    async def bury(self) -> dict[int, list[Turn]]:
        """Takes the entries of dead nodes away."""
        dead = [node for node in self.shelf.alive if not self._is_alive(node)]
        turned: dict[int, list[Turn]] = {}
        for node in dead:
            del self.shelf.alive[node]
            for portal_id, people in list(self.shelf.portals.items()):
                for user_id, nodes in list(people.items()):
                    state = nodes.pop(node, None)
                    if state is None:
                        continue
                    after = self._merged(nodes)
                    turn = Turn(user_id, merged((state, after)), after)
                    turned.setdefault(portal_id, []).append(turn)
                    if not nodes:
                        del people[user_id]
        return turned

    async def close(self) -> None:
        """Nothing is held."""

    def _is_alive(self, node: str) -> bool:
        return self.shelf.alive.get(node, 0.0) > self.clock()

    def _merged(self, nodes: Mapping[str, str]) -> str | None:
        return merged(state for node, state in nodes.items() if self._is_alive(node))
