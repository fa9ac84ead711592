"""One live Socket.IO connection of a session."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import cast

from portal.context import Actor, Caller, Role
from realtime.seam import Line
from realtime.tickets import Ticket


class Connection:
    """A client, who it is, and how far it has got."""

    __slots__ = (
        "actor", "bound", "caller", "caught", "ending", "line", "live", "send", "sid", "started",
        "task", "ticket", "ticket_at", "watching",
    )  # fmt: skip

    def __init__(
        self, sid: str, line: Line, actor: Actor, caller: Caller, position: int | None
    ) -> None:
        self.sid = sid
        self.take(line)
        self.actor = actor
        self.caller = caller
        # The position up to which the client has everything, while it catches up.
        self.caught = position
        # True when the client has a state to go on from.
        self.started = position is not None
        # What it showed to come back without a query, if anything, and of what token it was.
        self.ticket: Ticket | None = None
        self.bound = b""
        # When it was given its newest ticket, in seconds of the monotonic clock.
        self.ticket_at = 0.0
        # True while the hub delivers to it.
        self.live = False
        # True from when it was decided to end it: nothing more is done for it.
        self.ending = False
        # The people whom it looks at, whether it is live already or not.
        self.watching: frozenset[int] = frozenset()
        self.task: asyncio.Task[None] | None = None

    @property
    def portal_id(self) -> int:
        """The portal that it is in."""
        return self.actor.portal_id

    @property
    def user_id(self) -> int:
        """Whose it is."""
        return self.actor.user_id

    @property
    def session_id(self) -> int:
        """Of which session."""
        return self.actor.session_id

    @property
    def open(self) -> bool:
        """Whether it is worth doing something for."""
        return self.line.open and not self.ending

    def take(self, line: Line) -> None:
        """What is sent goes this way from now on."""
        self.line = line
        # Hands a prepared packet over; False when the client does not read. The line's own
        # method, because this is called once a delivery.
        self.send = line.send_packet

    def become(self, role: str) -> None:
        """The user's role from now on."""
        self.actor = replace(self.actor, role=cast(Role, role))
