"""Signals over the bus: what is live and not kept."""

from __future__ import annotations

from collections.abc import Sequence

from portal import audience
from portal.presence.model import Presence, PresenceSignal
from portal.presence.operations import as_state
from realtime.portals import Portals
from realtime.presence import Turn
from realtime.wire import Signal, Signals


class BusSignals:
    """Brings signals to the connections of an audience, on all nodes."""

    def __init__(self, portals: Portals) -> None:
        self.portals = portals

    async def send(
        self, portal_id: int, audience: str, type_: str, body: str, except_user: int | None = None
    ) -> None:
        """Sends ``body`` (an encoded JSON object) to whoever is in the audience now."""
        await self.portals.tell(portal_id, Signals([Signal(audience, type_, body, except_user)]))

    async def send_turns(
        self, portal_id: int, turns: Sequence[Turn], last_seen_at: int | None
    ) -> None:
        """Tells those who look at people that they came or went, in one message."""
        await self.portals.tell(portal_id, Signals([_turn(turn, last_seen_at) for turn in turns]))


def _turn(turn: Turn, last_seen_at: int | None) -> Signal:
    state = as_state(turn.after)
    return presence_signal(Presence(user_id=turn.user_id, state=state, last_seen_at=last_seen_at))


def presence_signal(presence: Presence) -> Signal:
    """How someone is, for those who look at them."""
    body = PresenceSignal(presence=presence)
    return Signal(audience.watchers(presence.user_id), body.type, body.model_dump_json(), None)
