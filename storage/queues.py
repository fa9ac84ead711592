"""Changes that wait to be committed, by database and portal, taken fairly."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from storage.changes import Busy, Unit
from storage.database import Database


@dataclass(slots=True)
class _Queue:
    """One database's. A portal is in ``turn`` while it has changes and none of them is running."""

    portals: dict[int, deque[Unit]] = field(default_factory=dict[int, deque[Unit]])
    turn: deque[int] = field(default_factory=deque[int])
    running: set[int] = field(default_factory=set[int])


class Queues:
    """Bounded queues by portal. ``waiting`` is how many changes of one portal may wait."""

    def __init__(self, waiting: int) -> None:
        self.waiting = waiting
        self._databases: dict[Database, _Queue] = {}
        self._length = 0

    def add(self, database: Database, unit: Unit) -> None:
        """Puts a change at the end of its portal's queue; raises Busy."""
        queue = self._databases.setdefault(database, _Queue())
        units = queue.portals.setdefault(unit.portal_id, deque())
        if len(units) >= self.waiting:
            raise Busy(unit.portal_id)
        if not units and unit.portal_id not in queue.running:
            queue.turn.append(unit.portal_id)
        units.append(unit)
        self._length += 1

    def length(self) -> int:
        """How many changes wait in all."""
        return self._length

    def ready(self, database: Database) -> bool:
        """Whether `take` would find anything: changes of a portal that has none running."""
        queue = self._databases.get(database)
        return queue is not None and bool(queue.turn)

    def take(self, database: Database, most: int, enough: int) -> list[Unit]:
        """The next changes, one of each portal in turn until there are ``most``.

        Their portals have no others running until `done`: a portal has one writer. Where half of
        the portals have ``enough`` to do, the others' are left for a transaction beside this one.
        """
        queue = self._databases.get(database)
        if queue is None:
            return []
        waiting = list(queue.turn)
        half = -(-len(waiting) // 2)
        taken = self._in_turn(queue, waiting[:half], most)
        if len(taken) < enough:
            taken += self._in_turn(queue, waiting[half:], most - len(taken))
        self._length -= len(taken)
        # Who has more to do waits until these are done.
        queue.turn = deque(p for p in waiting if p not in queue.running)
        return taken

    def _in_turn(self, queue: _Queue, portals: Sequence[int], most: int) -> list[Unit]:
        taken: list[Unit] = []
        turn = deque(portals)
        while turn and len(taken) < most:
            portal_id = turn.popleft()
            units = queue.portals[portal_id]
            taken.append(units.popleft())
            queue.running.add(portal_id)
            if units:
                turn.append(portal_id)
        return taken

    def done(self, database: Database, units: list[Unit]) -> None:
        """These have run; their portals' next ones may."""
        queue = self._databases[database]
        for portal_id in {unit.portal_id for unit in units}:
            queue.running.discard(portal_id)
            if queue.portals[portal_id]:
                queue.turn.append(portal_id)
            else:
                del queue.portals[portal_id]
        if not queue.portals:
            del self._databases[database]
