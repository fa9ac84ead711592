"""The portals that this node serves now: for each its hub, its follower and its channel."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import structlog

from realtime import wire
from realtime.bus import Bus
from realtime.follower import Follower
from realtime.hub import Ends, Hub
from realtime.log_reader import LogReader
from realtime.pacing import Pacer
from realtime.recent import Budget, Recent
from realtime.wire import Committed, RollCall, Signal, Signals
from storage import tracing
from storage.log import Event
from storage.measure import Histogram

logger = structlog.get_logger(__name__)

# A portal that nobody is connected to is followed a little longer: a reload comes right back.
IDLE_SECONDS = 30.0


# The newest events that are kept for who comes back: of one portal, and bytes of all together.
RECENT_EVENTS = 1_000
RECENT_BYTES = 128_000_000

# Presence comes in heaps, four times a second (`realtime.presence`), and what it makes due takes
# ten times as long to write. More signals than a few are spread over a fifth of a second, so that
# messages always have their turn: half a millisecond in four is twenty thousand signals a second.
FEW_SIGNALS = 8
SIGNALS_SECONDS = 0.0005
SIGNALS_REST_SECONDS = 0.004
SIGNALS_MOMENTS = 45
MOST_SIGNALS = 20_000


@dataclass(slots=True, eq=False)
class Seat:
    """One portal on this node. ``follower`` stands once ``started`` is done."""

    hub: Hub
    recent: Recent
    started: asyncio.Task[Follower] | None = None
    follower: Follower | None = None
    # The newest position that was heard of before the follower stood.
    heard: int = 0
    # How many connections need it, live or still catching up.
    users: int = 0
    idle_since: float = 0.0
    # The position that the last `position` signal told.
    told: int = 0

    @property
    def position(self) -> int:
        """The last position that its connections were given."""
        return self.follower.position if self.follower else 0


@dataclass(slots=True)
class PortalCounts:
    """What happened so far."""

    # Events that were handed on to the connections of their portals.
    events: int = 0
    # Deliveries in portals that are no longer followed.
    delivered: int = 0
    malformed: int = 0
    # From the commit on another node until it was heard here; seconds, by both nodes' clocks.
    bus_delays: Histogram = field(default_factory=Histogram)


class Portals:
    """Follows portals for as long as someone is connected to them."""

    def __init__(self, node_id: str, bus: Bus, reader: LogReader, ends: Ends) -> None:
        self.node_id = node_id
        self.bus = bus
        self.reader = reader
        self.ends = ends
        self.counts = PortalCounts()
        # Set by whoever writes to connections: hears when events were committed, in ms.
        self.handed_on: Callable[[int], None] = _untimed
        # Set by whoever answers roll calls.
        self.asked: Callable[[int, RollCall], None] = _nothing
        # Set by whoever checks what was told.
        self.heard: Callable[[int, Signal], None] = _unnoted
        self.budget = Budget(RECENT_BYTES)
        # For what can wait for messages.
        self.pacer = Pacer(SIGNALS_SECONDS, SIGNALS_REST_SECONDS, MOST_SIGNALS, SIGNALS_MOMENTS)
        self._own = wire.beginning(node_id)
        self._seats: dict[int, Seat] = {}
        self._subscribing = asyncio.Lock()

    def get(self, portal_id: int) -> Seat | None:
        """The portal, if this node serves it."""
        return self._seats.get(portal_id)

    def seats(self) -> list[Seat]:
        """All portals that this node serves."""
        return list(self._seats.values())

    # --- Serving and no longer serving --------------------------------------------------------

    async def open(self, portal_id: int) -> tuple[Seat, Follower]:
        """Serves a portal; raises what the database raises when it is away."""
        seat = self._seat(portal_id)
        if seat.follower is not None:
            return seat, seat.follower
        if seat.started is None:
            seat.started = asyncio.create_task(self._start(seat))
        # Several connections may wait for it, and any of them may be cancelled.
        return seat, await asyncio.shield(seat.started)

    def hold(self, portal_id: int) -> None:
        """Someone needs the portal."""
        self._seat(portal_id).users += 1

    def release(self, portal_id: int) -> None:
        """Someone needs it no more."""
        seat = self._seats.get(portal_id)
        if seat is not None:
            seat.users -= 1
            seat.idle_since = time.monotonic()

    def _seat(self, portal_id: int) -> Seat:
        seat = self._seats.get(portal_id)
        if seat is None:
            recent = Recent(0, RECENT_EVENTS, self.budget)
            seat = self._seats[portal_id] = Seat(Hub(portal_id, self.ends), recent)
            seat.idle_since = time.monotonic()
        return seat

    async def _start(self, seat: Seat) -> Follower:
        portal_id = seat.hub.portal_id
        try:
            # First the channel, then the clock: what comes in between is heard of.
            async with self._subscribing:
                await self.bus.subscribe(
                    wire.channel(portal_id), lambda data: self.hear(portal_id, data)
                )
            clock = await self.reader.clock(portal_id)
            seat.recent.begin(clock.last)
            seat.follower = Follower(
                portal_id,
                clock.last,
                self.reader,
                lambda events: self._hand_on(seat, events),
                lambda: self._lost(seat),
            )
            seat.told = clock.last
            seat.follower.saw(seat.heard)
            return seat.follower
        finally:
            seat.started = None

    def _hand_on(self, seat: Seat, events: list[Event]) -> None:
        with tracing.span("hand on", portal=seat.hub.portal_id, events=len(events)):
            seat.hub.deliver(seat.recent.add(events))
        self.counts.events += len(events)
        self.handed_on(events[0].at)

    async def sweep(self, idle_seconds: float = IDLE_SECONDS) -> None:
        """Stops following portals that nobody needs."""
        now = time.monotonic()
        for seat in self.seats():
            if seat.users <= 0 and seat.started is None and now - seat.idle_since >= idle_seconds:
                await self._close(seat)

    async def close(self) -> None:
        """Stops following all."""
        for seat in self.seats():
            await self._close(seat)

    async def _close(self, seat: Seat) -> None:
        portal_id = seat.hub.portal_id
        self._seats.pop(portal_id, None)
        self.counts.delivered += seat.hub.delivered
        async with self._subscribing:
            # Someone may have come while we waited for our turn.
            if portal_id not in self._seats:
                await self.bus.unsubscribe(wire.channel(portal_id))
        seat.recent.clear()
        if seat.follower is not None:
            await seat.follower.close()

    def _lost(self, seat: Seat) -> None:
        """The log lost events: whoever follows it must begin anew, with a snapshot."""
        for connection in seat.hub.connections():
            self.ends.cut(connection, "log")
        seat.follower = None

    # --- Hearing and telling ------------------------------------------------------------------

    def hear(self, portal_id: int, data: bytes) -> None:
        """Takes a message of the bus; what this node said itself is not looked into."""
        if data.startswith(self._own):
            return
        message = wire.decode(data)
        if message is None:
            self.counts.malformed += 1
            logger.warning("bus_message_malformed", portal=portal_id, bytes=len(data))
            return
        _, content = message
        if isinstance(content, RollCall):
            self.asked(portal_id, content)
        else:
            if isinstance(content, Committed) and content.events:
                self.counts.bus_delays.note(time.time() - content.events[0].at / 1000)
            self.take(portal_id, content)

    def take(self, portal_id: int, content: Committed | Signals) -> None:
        """Brings news of a portal to its connections here."""
        seat = self._seats.get(portal_id)
        if seat is None:
            return
        if isinstance(content, Signals):
            self._signal(seat, content.signals)
        elif seat.follower is not None:
            seat.follower.hint(content.events)
        elif content.events:
            seat.heard = max(seat.heard, content.events[-1].position)

    def _signal(self, seat: Seat, signals: Sequence[Signal]) -> None:
        """Signals can wait for messages: many at once are told a few at a time."""
        paced = len(signals) > FEW_SIGNALS or len(self.pacer) > 0
        for signal in signals:
            if paced:
                self.pacer.add(partial(self._tell_signal, seat, signal))
            else:
                self._tell_signal(seat, signal)

    def _tell_signal(self, seat: Seat, signal: Signal) -> None:
        seat.hub.signal(signal)
        self.heard(seat.hub.portal_id, signal)

    async def committed(self, portal_id: int, events: list[Event]) -> None:
        """Tells of a commit: own connections at once, the other nodes over the bus."""
        await self.tell(portal_id, Committed(events))

    async def tell(self, portal_id: int, content: Committed | Signals) -> None:
        """Brings news to this node's connections, and to the other nodes."""
        self.take(portal_id, content)
        await self.bus.publish(wire.channel(portal_id), wire.encode(self.node_id, content))

    # --- The poll -----------------------------------------------------------------------------

    async def poll(self) -> None:
        """Compares where the logs end with what was handed on: finds what the bus lost."""
        followers = {s.hub.portal_id: s.follower for s in self.seats() if s.follower is not None}
        if not followers:
            return
        for portal_id, head in (await self.reader.heads(list(followers))).items():
            followers[portal_id].saw(head)

    def delivered(self) -> int:
        """How many deliveries there were so far."""
        return self.counts.delivered + sum(seat.hub.delivered for seat in self.seats())

    def lag(self) -> int:
        """How many events the portal that is furthest behind has yet to hand on."""
        followers = [seat.follower for seat in self.seats() if seat.follower is not None]
        return max((f.head - f.position for f in followers), default=0)


def _untimed(at: int) -> None:
    return None


def _unnoted(portal_id: int, signal: Signal) -> None:
    return None


def _nothing(portal_id: int, question: RollCall) -> None:
    return None
