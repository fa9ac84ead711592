"""Mends what those who look at people were told of them.

Presence is told by signals, and the bus may lose one. So each node remembers what it told of the
people whom somebody here looks at, and compares it with the board now and then.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import islice
from typing import Protocol

from portal.presence.model import Presence, PresenceSignal, State
from portal.presence.operations import as_state
from realtime.portals import Portals
from realtime.signals import presence_signal
from realtime.wire import Signal

# A dot that is wrong for longer than this would be noticed; the cost is a few reads of Redis.
CHECK_SECONDS = 5.0
# Portals that are asked for in one round trip.
TOGETHER = 100

# When people of a portal were last here.
LastSeen = Callable[[int, Sequence[int]], Awaitable[Mapping[int, int | None]]]


class States(Protocol):
    """How people are, as the board has it; raises what it raises when it is away."""

    async def states_of(
        self, watched: Mapping[int, Sequence[int]]
    ) -> Mapping[int, Mapping[int, str]]:
        """The merged states of some people, by portal."""
        ...


class PresenceCheck:
    """What was told on this node, by portal and person."""

    def __init__(self, portals: Portals, board: States, last_seen: LastSeen) -> None:
        self.portals = portals
        self.board = board
        self.last_seen = last_seen
        self.mended = 0
        self._told: dict[int, dict[int, State]] = {}

    def heard(self, portal_id: int, signal: Signal) -> None:
        """A signal of presence was handed on."""
        known = self._told.get(portal_id)
        if known is None or signal.type != PresenceSignal.type:
            return
        presence = PresenceSignal.model_validate_json(signal.body).presence
        if presence.user_id in known:
            known[presence.user_id] = presence.state

    async def run(self) -> None:
        """Compares once, and tells what is different."""
        watched = {
            seat.hub.portal_id: users
            for seat in self.portals.seats()
            if (users := seat.hub.watched())
        }
        for portal_id in self._told.keys() - watched.keys():
            del self._told[portal_id]
        rest = iter(watched.items())
        while some := dict(islice(rest, TOGETHER)):
            states = await self.board.states_of(some)
            for portal_id, user_ids in some.items():
                found = states.get(portal_id, {})
                now: dict[int, State] = {u: as_state(found.get(u)) for u in user_ids}
                await self._compare(portal_id, now)

    async def _compare(self, portal_id: int, now: Mapping[int, State]) -> None:
        told = self._told.get(portal_id, {})
        # Whoever is looked at since the last time: the answer may have been older than the look.
        wrong = [user_id for user_id, state in now.items() if told.get(user_id) != state]
        self._told[portal_id] = dict(now)
        seat = self.portals.get(portal_id)
        if not wrong or seat is None:
            return
        away = [user_id for user_id in wrong if now[user_id] == "offline"]
        seen: Mapping[int, int | None] = {}
        if away:
            seen = await self.last_seen(portal_id, away)
        for user_id in wrong:
            self.mended += user_id in told
            presence = Presence(user_id=user_id, state=now[user_id], last_seen_at=seen.get(user_id))
            seat.hub.signal(presence_signal(presence))
