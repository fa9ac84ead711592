"""Who is connected, on all nodes: asked over the bus when an admin looks, and kept nowhere.

A node hears a portal's channel only while it has connections of it, so those who have any answer,
and nobody else is asked.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from pydantic import TypeAdapter, ValidationError

from portal.admin.model import LiveConnection
from realtime import wire
from realtime.bus import Bus

logger = structlog.get_logger(__name__)

# Long enough for a busy node, short enough for a page that waits.
ANSWER_SECONDS = 0.4
_LIST = TypeAdapter(list[LiveConnection])


@dataclass(slots=True)
class _Call:
    portal_id: int
    found: list[LiveConnection] = field(default_factory=list[LiveConnection])


class RollCall:
    """Asks the nodes and answers them. ``here`` lists this node's connections of a portal."""

    def __init__(self, node_id: str, bus: Bus, here: Callable[[int], list[LiveConnection]]) -> None:
        self.node_id = node_id
        self.bus = bus
        self.here = here
        self._calls: dict[str, _Call] = {}

    async def start(self) -> None:
        """Begins to hear answers."""
        await self.bus.subscribe(f"answers:{self.node_id}", self._hear)

    async def live(self, portal_id: int) -> list[LiveConnection]:
        """The connections of a portal on all nodes that answer within a moment."""
        call_id = secrets.token_hex(8)
        call = self._calls[call_id] = _Call(portal_id)
        try:
            question = wire.RollCall(call_id, self.node_id)
            await self.bus.publish(wire.channel(portal_id), wire.encode(self.node_id, question))
            await asyncio.sleep(ANSWER_SECONDS)
        finally:
            del self._calls[call_id]
        return [*self.here(portal_id), *call.found]

    async def answer(self, portal_id: int, question: wire.RollCall) -> None:
        """Tells another node who is connected here."""
        listed = _LIST.dump_json(self.here(portal_id))
        data = b" ".join((question.call_id.encode(), str(portal_id).encode(), listed))
        await self.bus.publish(f"answers:{question.node_id}", data)

    def _hear(self, data: bytes) -> None:
        try:
            call_id, portal_id, listed = data.split(b" ", 2)
            call = self._calls.get(call_id.decode())
            # An answer that came late, or to a question about another portal.
            if call is not None and call.portal_id == int(portal_id):
                call.found += _LIST.validate_json(listed)
        except (ValueError, ValidationError):
            logger.warning("roll_call_malformed", bytes=len(data))
