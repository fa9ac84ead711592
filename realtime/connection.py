"""One live Socket.IO connection of a session."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import replace
from typing import Literal, cast

from portal.admin.model import LiveConnection
from portal.context import Actor, Caller, Role
from realtime.polled import Polled
from realtime.seam import Line
from realtime.tickets import Ticket
from storage.database import now_ms


class Commands:
    """When commands came: the last one, how many of late, and how many are being worked on."""

    __slots__ = ("_count", "_since", "last", "running")

    def __init__(self) -> None:
        self.last = self._since = time.time()
        self._count = 0.0
        self.running = 0

    def note(self) -> None:
        """One came."""
        now = time.time()
        self._count = self._left(now) + 1.0
        self._since = self.last = now

    @property
    def rate(self) -> float:
        """Commands a minute: of the last minute, with those long ago counting less and less."""
        return self._left(time.time())

    def _left(self, now: float) -> float:
        return self._count * math.exp((self._since - now) / 60.0)


class Connection:
    """A client, who it is, and how far it has got."""

    __slots__ = (
        "actor", "bound", "caller", "caught", "commands", "ending", "line", "live", "send", "sid",
        "since", "started",
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
        self.since = now_ms()
        self.commands = Commands()
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

    @property
    def transport(self) -> Literal["websocket", "polling"]:
        """How it is carried now."""
        return "polling" if isinstance(self.line, Polled) else "websocket"

    def described(self, node_id: str) -> LiveConnection:
        """What admins see of it."""
        return LiveConnection(
            id=self.sid,
            session_id=self.session_id,
            user_id=self.user_id,
            node=node_id,
            device=self.caller.device,
            address=self.caller.address,
            transport=self.transport,
            since=self.since,
            last_active=int(self.commands.last * 1000),
            waiting=self.line.waiting,
            rate=round(self.commands.rate, 1),
        )

    def become(self, role: str) -> None:
        """The user's role from now on."""
        self.actor = replace(self.actor, role=cast(Role, role))
