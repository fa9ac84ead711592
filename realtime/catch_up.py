"""Brings a connection from the position it knows to live: nothing doubled, nothing skipped.

It is given what it missed, filtered by what its user may see now, and then what happens meanwhile,
filtered by what the user may see then, until it stands exactly where the portal's follower stands.
In that moment, without an await, it joins the hub. Recovery is whole or it is a resync.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

import structlog

from portal import audience
from portal.context import Actor, Context, Role, Services
from portal.model import Nothing
from portal.operation import AnyOperation
from portal.presence.model import TicketSignal
from realtime import frames
from realtime.changes import Became, Change, Ended, change_of
from realtime.connection import Connection
from realtime.follower import Follower
from realtime.hub import Ends
from realtime.log_reader import PAGE, LogReader
from realtime.outage import DATABASE_OUTAGES
from realtime.pacing import Gate
from realtime.portals import Portals, Seat
from realtime.recent import Told
from realtime.tickets import Ticket, Tickets
from realtime.viewer import Viewer
from storage import standing as store
from storage.gather import Gather
from storage.log import EPOCH, Event
from storage.measure import Histogram
from storage.standing import Key, Standing

logger = structlog.get_logger(__name__)

Reason = Literal["first", "behind", "ahead"]
FIRST_RETRY_SECONDS = 0.2
# As many as share a query, and few enough that the loop comes round to everybody else.
AT_ONCE = 64
MOST_RETRY_SECONDS = 2.0


class Over(Exception):
    """The connection has no right to go on; the text is the reason for `ended`."""


class Anew(Exception):
    """What the user may see changed as a whole: only a snapshot tells it."""


class Slow(Exception):
    """The client does not read."""


@dataclass(slots=True)
class CatchUpCounts:
    """What happened so far."""

    # Connections that came live, and those of them that a ticket spared the database.
    live: int = 0
    tickets: int = 0
    # Snapshots, by reason.
    resyncs: dict[str, int] = field(default_factory=dict[str, int])
    # From connecting to live, in seconds.
    times: Histogram = field(default_factory=Histogram)


class CatchUp:
    """Brings connections up to where their portals stand."""

    def __init__(
        self,
        services: Services,
        portals: Portals,
        reader: LogReader,
        snapshot: AnyOperation,
        ends: Ends,
        tickets: Tickets,
    ) -> None:
        self.services = services
        self.portals = portals
        self.reader = reader
        self.snapshot = snapshot
        self.ends = ends
        self.tickets = tickets
        self.counts = CatchUpCounts()
        self._gate = Gate(AT_ONCE, waiting=1_000_000)
        self._standings: Gather[Key, Standing] = Gather(self._load)

    async def run(self, connection: Connection) -> None:
        """Brings one connection live when it is its turn; goes on through outages."""
        started = time.monotonic()
        async with self._gate.turn():
            await self._run(connection)
        if connection.live:
            self.counts.live += 1
            self.counts.times.note(time.monotonic() - started)

    async def _run(self, connection: Connection) -> None:
        delay = FIRST_RETRY_SECONDS
        while connection.open and not connection.live:
            try:
                await self._bring_up(connection)
            except Anew:
                connection.caught = None
            except Over as over:
                self.ends.end(connection, str(over))
            except Slow:
                self.ends.cut(connection, "slow")
            except DATABASE_OUTAGES as error:
                logger.warning("catch_up_met_outage", sid=connection.sid, error=str(error))
                await asyncio.sleep(delay)
                delay = min(delay * 2, MOST_RETRY_SECONDS)
            except Exception:
                logger.exception("catch_up_failed", portal=connection.portal_id)
                self.ends.cut(connection, "fault")

    async def _bring_up(self, connection: Connection) -> None:
        seat, follower = await self.portals.open(connection.portal_id)
        viewer = await self._resumed(connection, seat, follower) or await self._missed(
            connection, seat
        )
        while connection.open:
            await connection.line.room()
            caught = connection.caught or 0
            if caught == follower.position:
                # From here to the end nothing is awaited.
                connection.send(frames.ready(caught, self.ticket(connection, viewer, caught)))
                seat.hub.add(connection, viewer)
                seat.hub.watch(connection, connection.watching)
                connection.live = True
                return
            if caught > follower.position:
                await follower.reach(caught)
            else:
                await self._follow(connection, viewer, seat)

    # --- What was missed ----------------------------------------------------------------------

    async def vouch(self, ticket: Ticket) -> Actor | None:
        """The actor of a ticket, when the log says that session and role are what they were."""
        seat, follower = await self.portals.open(ticket.portal_id)
        since = await self._since(ticket.position, seat, follower)
        if since is None or _viewer_since(ticket, since) is None:
            return None
        role = cast(Role, ticket.role)
        return Actor(ticket.portal_id, ticket.user_id, role, ticket.session_id)

    async def _resumed(
        self, connection: Connection, seat: Seat, follower: Follower
    ) -> Viewer | None:
        """Sends what was missed to a client with a ticket; None when it needs the long way.

        The ticket says what the client could see at its position, and the log what changed since.
        """
        ticket, connection.ticket = connection.ticket, None
        since = await self._since(ticket.position, seat, follower) if ticket else None
        if ticket is None or since is None:
            return None
        viewer = _viewer_since(ticket, since)
        if viewer is None:
            return None
        # Whoever got the ticket had got everything before it.
        caught = max(connection.caught or 0, ticket.position)
        for told in since:
            if told.event.position > caught:
                _send(connection, viewer, told)
        connection.caught = max(caught, since[-1].event.position if since else 0)
        self.counts.tickets += 1
        return viewer

    async def _since(self, position: int, seat: Seat, follower: Follower) -> list[Told] | None:
        """The events from a position up to where the portal stands; None for too many."""
        if position > follower.position:
            return None
        kept = seat.recent.after(position)
        behind = follower.position - position
        if kept is not None or behind > self.services.limits.catch_up_events:
            return kept
        rows = await self._rows(follower.portal_id, position, follower.position)
        # A log that was trimmed, or whose epoch changed, does not go on from there.
        return [Told.of(row) for row in rows] if len(rows) == behind else None

    def ticket(self, connection: Connection, viewer: Viewer, position: int) -> str | None:
        """A ticket as of a position at which the viewer is right."""
        connection.ticket_at = time.monotonic()
        actor = connection.actor
        return self.tickets.issue(
            Ticket(
                actor.portal_id,
                actor.user_id,
                actor.session_id,
                position,
                viewer.role,
                frozenset(viewer.rooms),
            ),
            connection.bound,
        )

    def renew(self, connection: Connection) -> None:
        """Gives a live connection a ticket as of where its portal stands."""
        seat = self.portals.get(connection.portal_id)
        present = seat.hub.users.get(connection.user_id) if seat is not None else None
        if seat is None or present is None:
            return
        ticket = self.ticket(connection, present.viewer, seat.position)
        if ticket is not None:
            body = TicketSignal(position=seat.position, ticket=ticket)
            connection.send(frames.signal(body.type, body.model_dump_json()))

    async def _missed(self, connection: Connection, seat: Seat) -> Viewer:
        """Sends what the client missed, or a snapshot; returns the viewer as of ``caught``."""
        while True:
            standing, viewer = await self._standing(connection)
            caught = connection.caught
            reason = self._why_resync(caught, standing)
            if caught is not None and reason is None:
                missed = await self._between(connection.portal_id, caught, standing.last, seat)
                if not any(_changes(viewer, change_of(told.event)) for told in missed):
                    for told in missed:
                        _send(connection, viewer, told)
                    connection.caught = standing.last
                    return viewer
            await self._resync(connection, reason or "behind")

    async def _standing(self, connection: Connection) -> tuple[Standing, Viewer]:
        actor = connection.actor
        found = await self._standings.get((actor.portal_id, actor.user_id, actor.session_id))
        if found is None or not found.active:
            raise Over("deactivated")
        if not found.session:
            raise Over("session_ended")
        if found.role != actor.role:
            connection.become(found.role)
        return found, Viewer.of(actor.user_id, found.role, found.rooms, found.circles)

    async def _load(self, keys: Sequence[Key]) -> dict[Key, Standing]:
        shards, found = self.services.shards, dict[Key, Standing]()
        for shard, portal_ids in (await shards.by_shard({key[0] for key in keys})).items():
            here = set(portal_ids)
            async with shards.databases[shard].read() as statements:
                mine = [key for key in keys if key[0] in here]
                found |= await store.standings(statements, mine)
        return found

    def _why_resync(self, caught: int | None, standing: Standing) -> Reason | None:
        if caught is None:
            return "first"
        if caught > standing.last:
            return "ahead"
        if caught < standing.trimmed or caught // EPOCH != standing.last // EPOCH:
            # Positions of two epochs do not tell how many events lie between.
            return "behind"
        return "behind" if standing.last - caught > self.services.limits.catch_up_events else None

    async def _between(self, portal_id: int, after: int, last: int, seat: Seat) -> list[Told]:
        kept = seat.recent.after(after)
        if kept is not None and seat.position >= last:
            return [told for told in kept if told.event.position <= last]
        return [Told.of(event) for event in await self._rows(portal_id, after, last)]

    async def _rows(self, portal_id: int, after: int, last: int) -> list[Event]:
        rows: list[Event] = []
        while after < last:
            page = await self.reader.after(portal_id, after)
            rows += [event for event in page if event.position <= last]
            if len(page) < PAGE:
                break
            after = page[-1].position
        return rows

    async def _resync(self, connection: Connection, reason: Reason) -> None:
        context = Context(self.services, connection.portal_id, connection.actor, connection.caller)
        snapshot = await self.snapshot.call(context, Nothing())
        # To a client that has had a state, no position means that this state no longer holds.
        told = "behind" if reason == "first" and connection.started else reason
        self.counts.resyncs[told] = self.counts.resyncs.get(told, 0) + 1
        if not connection.send(frames.resync(told, snapshot.model_dump_json())):
            raise Slow
        connection.started = True
        connection.caught = snapshot.position

    # --- What happens meanwhile ---------------------------------------------------------------

    async def _follow(self, connection: Connection, viewer: Viewer, seat: Seat) -> None:
        """Sends the next page of the log; the viewer goes along with it."""
        caught = connection.caught or 0
        page = seat.recent.after(caught)
        if page is None:
            rows = await self.reader.after(connection.portal_id, caught)
            page = [Told.of(event) for event in rows]
        for told in page:
            change = change_of(told.event)
            _check(connection, viewer, change)
            viewer.before(change)
            _send(connection, viewer, told)
            viewer.after(change)
            connection.caught = told.event.position
        connection.become(viewer.role)
        if not page:
            # The log ends before where the follower stands: a database that lags.
            await asyncio.sleep(FIRST_RETRY_SECONDS)


def _viewer_since(ticket: Ticket, since: Sequence[Told]) -> Viewer | None:
    """What a ticket's owner sees after some events; None when it is another world now."""
    viewer = Viewer.of(ticket.user_id, ticket.role, ticket.rooms, {})
    for told in since:
        change = change_of(told.event)
        if _changes(viewer, change):
            return None
        if isinstance(change, Ended) and change.session_id == ticket.session_id:
            return None
        viewer.before(change)
        viewer.after(change)
    return viewer


def _send(connection: Connection, viewer: Viewer, told: Told) -> None:
    if viewer.sees(*audience.split(told.event.audience)) and not connection.send(told.packet):
        raise Slow


def _changes(viewer: Viewer, change: Change | None) -> bool:
    """Whether an event that was missed may have changed what the user sees as a whole."""
    return isinstance(change, Became) and change.user_id == viewer.user_id


def _check(connection: Connection, viewer: Viewer, change: Change | None) -> None:
    if isinstance(change, Ended) and change.session_id == connection.session_id:
        raise Over("session_ended")
    if isinstance(change, Became) and change.user_id == viewer.user_id:
        if not change.active:
            raise Over("deactivated")
        if change.role != viewer.role and "guest" in (change.role, viewer.role):
            raise Anew
