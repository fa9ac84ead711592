"""Signals over the bus: what is live and not kept."""

from __future__ import annotations

from portal import audience
from portal.presence.model import Presence, PresenceSignal
from portal.presence.operations import as_state
from realtime.portals import Portals
from realtime.presence import Turn
from realtime.wire import Signal


class BusSignals:
    """Brings signals to the connections of an audience, on all nodes."""

    def __init__(self, portals: Portals) -> None:
        self.portals = portals

    async def send(
        self, portal_id: int, audience: str, type_: str, body: str, except_user: int | None = None
    ) -> None:
        """Sends ``body`` (an encoded JSON object) to whoever is in the audience now."""
        await self.portals.tell(portal_id, Signal(audience, type_, body, except_user))

    async def send_turn(self, portal_id: int, turn: Turn, last_seen_at: int | None) -> None:
        """Tells those who know a person that they came or went."""
        state = as_state(turn.after)
        presence = Presence(user_id=turn.user_id, state=state, last_seen_at=last_seen_at)
        body = PresenceSignal(presence=presence)
        await self.send(portal_id, audience.person(turn.user_id), body.type, body.model_dump_json())
