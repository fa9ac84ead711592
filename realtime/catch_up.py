"""Brings a connection from the position it knows to live: nothing doubled, nothing skipped.

It is given what it missed, filtered by what its user may see now, and then what happens meanwhile,
filtered by what the user may see then, until it stands exactly where the portal's follower stands.
In that moment, without an await, it joins the hub. Recovery is whole or it is a resync.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal

import structlog

from portal import audience
from portal.context import Context, Services
from portal.model import Nothing
from portal.operation import AnyOperation
from realtime import frames
from realtime.changes import Became, Change, Ended, change_of
from realtime.connection import Connection
from realtime.hub import Ends
from realtime.log_reader import PAGE, LogReader
from realtime.outage import DATABASE_OUTAGES
from realtime.portals import Portals
from realtime.viewer import Viewer
from storage import standing as store
from storage.gather import Gather
from storage.log import EPOCH, Event
from storage.standing import Key, Standing

logger = structlog.get_logger(__name__)

Reason = Literal["first", "behind", "ahead"]
FIRST_RETRY_SECONDS = 0.2
MOST_RETRY_SECONDS = 2.0


class Over(Exception):
    """The connection has no right to go on; the text is the reason for `ended`."""


class Anew(Exception):
    """What the user may see changed as a whole: only a snapshot tells it."""


class Slow(Exception):
    """The client does not read."""


class CatchUp:
    """Brings connections up to where their portals stand."""

    def __init__(
        self,
        services: Services,
        portals: Portals,
        reader: LogReader,
        snapshot: AnyOperation,
        ends: Ends,
    ) -> None:
        self.services = services
        self.portals = portals
        self.reader = reader
        self.snapshot = snapshot
        self.ends = ends
        self.resyncs = 0
        self._standings: Gather[Key, Standing] = Gather(self._load)

    async def run(self, connection: Connection) -> None:
        """Brings one connection live; goes on through outages of the database."""
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
        viewer = await self._missed(connection)
        while connection.open:
            await connection.line.room()
            caught = connection.caught or 0
            if caught == follower.position:
                # From here to the end nothing is awaited.
                connection.send(frames.ready(caught))
                seat.hub.add(connection, viewer)
                seat.hub.watch(connection, connection.watching)
                connection.live = True
                return
            if caught > follower.position:
                await follower.reach(caught)
            else:
                await self._follow(connection, viewer)

    # --- What was missed ----------------------------------------------------------------------

    async def _missed(self, connection: Connection) -> Viewer:
        """Sends what the client missed, or a snapshot; returns the viewer as of ``caught``."""
        while True:
            standing, viewer = await self._standing(connection)
            caught = connection.caught
            reason = self._why_resync(caught, standing)
            if caught is not None and reason is None:
                missed = await self._rows(connection.portal_id, caught, standing.last)
                if not any(_changes(viewer, change_of(event)) for event in missed):
                    for event in missed:
                        _send(connection, viewer, event)
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
        self.resyncs += 1
        # To a client that has had a state, no position means that this state no longer holds.
        told = "behind" if reason == "first" and connection.started else reason
        if not connection.send(frames.resync(told, snapshot.model_dump_json())):
            raise Slow
        connection.started = True
        connection.caught = snapshot.position

    # --- What happens meanwhile ---------------------------------------------------------------

    async def _follow(self, connection: Connection, viewer: Viewer) -> None:
        """Sends the next page of the log; the viewer goes along with it."""
        page = await self.reader.after(connection.portal_id, connection.caught or 0)
        for event in page:
            change = change_of(event)
            _check(connection, viewer, change)
            viewer.before(change)
            _send(connection, viewer, event)
            viewer.after(change)
            connection.caught = event.position
        connection.become(viewer.role)
        if not page:
            # The log ends before where the follower stands: a database that lags.
            await asyncio.sleep(FIRST_RETRY_SECONDS)


def _send(connection: Connection, viewer: Viewer, event: Event) -> None:
    if viewer.sees(*audience.split(event.audience)) and not connection.send(frames.event(event)):
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
