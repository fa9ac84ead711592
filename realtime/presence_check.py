"""Mends what those who look at people were told of them.

Presence is told by signals, and the bus may lose one. So each node remembers what it told of the
people whom somebody here looks at, and compares it with the board now and then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Protocol

from portal.presence.model import Presence, PresenceSignal, State
from portal.presence.operations import as_state
from realtime.portals import Portals
from realtime.signals import presence_signal
from realtime.wire import Signal, Signals

# A dot that is wrong for longer than this would be noticed; the cost is a few reads of Redis.
CHECK_SECONDS = 5.0
# People who are asked for at once, and the rest after that: messages have their turn between.
TOGETHER = 200
REST_SECONDS = 0.004

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
        watched = {seat.hub.portal_id: seat.hub.watched() for seat in self.portals.seats()}
        self._forget_but(watched)
        for some in _together(watched):
            states = await self.board.states_of(some)
            for portal_id, user_ids in some.items():
                found = states.get(portal_id, {})
                now: dict[int, State] = {u: as_state(found.get(u)) for u in user_ids}
                await self._compare(portal_id, now)
            await asyncio.sleep(REST_SECONDS)

    def _forget_but(self, watched: Mapping[int, Sequence[int]]) -> None:
        """Whom nobody looks at any more is told of anew when somebody does."""
        self._told = {
            portal_id: {u: told[u] for u in watched[portal_id] if u in told}
            for portal_id, told in self._told.items()
            if watched.get(portal_id)
        }

    async def _compare(self, portal_id: int, now: Mapping[int, State]) -> None:
        told = self._told.setdefault(portal_id, {})
        # Whoever is looked at since the last time: the answer may have been older than the look.
        wrong = [user_id for user_id, state in now.items() if told.get(user_id) != state]
        self.mended += sum(user_id in told for user_id in wrong)
        told.update(now)
        if not wrong:
            return
        away = [user_id for user_id in wrong if now[user_id] == "offline"]
        seen: Mapping[int, int | None] = {}
        if away:
            seen = await self.last_seen(portal_id, away)
        signals = [
            presence_signal(
                Presence(user_id=user_id, state=now[user_id], last_seen_at=seen.get(user_id))
            )
            for user_id in wrong
        ]
        self.portals.take(portal_id, Signals(signals))


def _together(watched: Mapping[int, Sequence[int]]) -> Iterator[dict[int, Sequence[int]]]:
    """Some people after the other, of one portal or of several."""
    some: dict[int, Sequence[int]] = {}
    count = 0
    for portal_id, user_ids in watched.items():
        for start in range(0, len(user_ids), TOGETHER):
            piece = user_ids[start : start + TOGETHER]
            if some and count + len(piece) > TOGETHER:
                yield some
                some, count = {}, 0
            some[portal_id] = piece
            count += len(piece)
    if some:
        yield some
