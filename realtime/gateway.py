"""The Socket.IO door: connects, commands, and the end of connections."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog
from socketio.exceptions import ConnectionRefusedError as Refused

from portal.admin.model import LiveConnection
from portal.context import Services
from portal.errors import Problem, unavailable
from portal.operation import AnyOperation
from realtime import frames
from realtime.catch_up import CatchUp
from realtime.commands import Commands, failed, internal
from realtime.connect import Admitted, Handshake
from realtime.connection import Connection
from realtime.crowd import Crowd
from realtime.drain import drain
from realtime.outage import DATABASE_OUTAGES
from realtime.packet import Packet
from realtime.portals import Portals
from realtime.seam import Line, LineOptions, Server
from realtime.tickets import RENEW_SECONDS

logger = structlog.get_logger(__name__)

# How long the last words to a connection may take before it is cut without them.
LAST_WORDS_SECONDS = 5.0


class Attendance(Protocol):
    """Hears who comes and goes (see `realtime.presence`)."""

    def connect(self, portal_id: int, user_id: int, connection_id: str) -> None:
        """A connection of a user is here."""
        ...

    def disconnect(self, portal_id: int, connection_id: str) -> None:
        """It is gone."""
        ...


@dataclass(slots=True)
class GatewayCounts:
    """What happened so far."""

    connected: int = 0
    refused: int = 0
    # Why connections were ended or cut by this node.
    cut: dict[str, int] = field(default_factory=dict[str, int])


class Gateway:
    """The connections of this node. As `Ends` it does what the hubs decide."""

    def __init__(self, node_id: str, options: LineOptions) -> None:
        self.node_id = node_id
        self.counts = GatewayCounts()
        self.connections: dict[str, Connection] = {}
        self._by_user: dict[tuple[int, int], dict[str, Connection]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._taking = False
        self.server = Server(self._command, self._moved, self._origin_allowed, options)
        self.server.handle(self._connect, self._disconnect)

    def attach(
        self,
        services: Services,
        operations: Mapping[str, AnyOperation],
        handshake: Handshake,
        portals: Portals,
        attendance: Attendance,
    ) -> None:
        """Gets what it works with; before it every connect is refused."""
        self._services = services
        self._handshake = handshake
        self._portals = portals
        self._attendance = attendance
        self.commands = Commands(services, operations)
        self._taking = True
        self.catch_up = CatchUp(
            services, portals, portals.reader, operations["get_snapshot"], self, handshake.tickets
        )
        handshake.vouch = self.catch_up.vouch

    # --- Connecting ---------------------------------------------------------------------------

    def _origin_allowed(self, origin: str, environ: Mapping[str, Any]) -> bool:
        return self._handshake.origin_allowed(origin, environ)

    async def _connect(self, sid: str, environ: Mapping[str, Any], auth: Any = None) -> None:
        try:
            admitted = await self._admit(sid, environ, auth)
        except Problem as problem:
            self.counts.refused += 1
            raise Refused(problem.details.title, problem.as_json()) from problem
        line = self.server.line_of(sid)
        if line is None:
            return  # It left while it was being admitted.
        connection = Connection(sid, line, admitted.actor, admitted.caller, admitted.position)
        connection.ticket, connection.bound = admitted.ticket, admitted.bound
        line.owner = connection
        self._enter(connection)
        # Runs when this handler has returned and the client was told that it is connected.
        self._bring_up(connection)

    async def _admit(self, sid: str, environ: Mapping[str, Any], auth: Any) -> Admitted:
        if not self._taking:
            raise unavailable("This node is going away; connect again.")
        try:
            return await self._handshake.admit(sid, environ, auth)
        except DATABASE_OUTAGES as error:
            logger.warning("connect_met_outage", error=str(error))
            raise unavailable("The database is away; connect again shortly.") from error
        except Problem:
            raise
        except Exception as error:
            logger.exception("connect_failed", sid=sid)
            raise internal(sid) from error

    def _enter(self, connection: Connection) -> None:
        self.counts.connected += 1
        self.connections[connection.sid] = connection
        self._portals.hold(connection.portal_id)
        self._attendance.connect(connection.portal_id, connection.user_id, connection.sid)
        theirs = self._by_user.setdefault((connection.portal_id, connection.user_id), {})
        theirs[connection.sid] = connection
        if len(theirs) > self._services.limits.connections_per_user:
            self.end(next(iter(theirs.values())), "too_many_connections")

    def _bring_up(self, connection: Connection) -> None:
        connection.task = self._do(self.catch_up.run(connection))

    # --- Commands -----------------------------------------------------------------------------

    def _moved(self, connection: Connection, line: Line) -> None:
        """The client polled, and has a websocket now."""
        connection.take(line)

    def _command(self, connection: Connection, data: Any, ack_id: int | None) -> None:
        if connection.ending:
            return
        connection.commands.note()
        refused = self.commands.admit(connection.actor)
        if refused is not None:
            self._ack(connection, ack_id, failed(refused))
            return
        connection.commands.running += 1
        self._do(self._run(connection, data, ack_id))

    async def _run(self, connection: Connection, data: Any, ack_id: int | None) -> None:
        try:
            answer = await self.commands.answer(connection.actor, connection.caller, data)
            self._ack(connection, ack_id, answer)
        finally:
            connection.commands.running -= 1

    def _ack(self, connection: Connection, ack_id: int | None, answer: str) -> None:
        if ack_id is not None and not connection.send(frames.ack(ack_id, answer)):
            self.cut(connection, "slow")

    # --- Ending -------------------------------------------------------------------------------

    def end(self, connection: Connection, reason: str) -> None:
        """Tells the client that it is over, and cuts the connection."""
        if connection.ending:
            return
        self._leave(connection, reason)
        connection.send(frames.ended(reason))
        self._do(self._last_words(connection))

    async def _last_words(self, connection: Connection) -> None:
        with contextlib.suppress(TimeoutError, KeyError):
            await asyncio.wait_for(
                self.server.end(connection.sid, connection.line), LAST_WORDS_SECONDS
            )
        self._gone(connection)

    def cut(self, connection: Connection, reason: str) -> None:
        """Cuts the connection; the client comes back by itself and catches up."""
        if connection.ending:
            return
        self._leave(connection, reason)
        if reason == "slow":
            connection.line.drop(reason)
        else:
            connection.line.hang_up()

    def restart(self, connection: Connection) -> None:
        """Begins anew with a snapshot."""
        self._out_of_hub(connection)
        connection.caught = None
        self._bring_up(connection)

    def renew_tickets(self) -> None:
        """Gives those who are live a new ticket when theirs is getting old."""
        before = time.monotonic() - RENEW_SECONDS
        for connection in self.connections.values():
            if connection.live and connection.ticket_at < before:
                self.catch_up.renew(connection)

    def spread(self, crowd: Crowd, packet: Packet) -> Sequence[Connection]:
        """Hands a packet to a crowd; returns those who cannot take more."""
        return self.server.outbox.spread(crowd, packet)

    def role_changed(self, connection: Connection, role: str) -> None:
        """Commands have the new role from now on."""
        connection.become(role)

    def _leave(self, connection: Connection, reason: str) -> None:
        """From now on nothing more is delivered to it, and nothing is done for it."""
        connection.ending = True
        self._out_of_hub(connection)
        if connection.task is not asyncio.current_task() and connection.task is not None:
            connection.task.cancel()
        self.counts.cut[reason] = self.counts.cut.get(reason, 0) + 1
        logger.info(
            "connection_cut",
            reason=reason,
            portal=connection.portal_id,
            user=connection.user_id,
            sid=connection.sid,
        )

    def _out_of_hub(self, connection: Connection) -> None:
        connection.live = False
        seat = self._portals.get(connection.portal_id)
        if seat is not None:
            seat.hub.remove(connection)

    async def _disconnect(self, sid: str, reason: str = "") -> None:
        connection = self.connections.get(sid)
        if connection is not None:
            connection.ending = True
            self._gone(connection)

    def _gone(self, connection: Connection) -> None:
        """Forgets a connection; once is enough."""
        if self.connections.pop(connection.sid, None) is None:
            return
        connection.line.owner = None
        self._out_of_hub(connection)
        key = (connection.portal_id, connection.user_id)
        theirs = self._by_user.get(key, {})
        theirs.pop(connection.sid, None)
        if not theirs:
            self._by_user.pop(key, None)
        if connection.task is not None and connection.task is not asyncio.current_task():
            connection.task.cancel()
        self._attendance.disconnect(connection.portal_id, connection.sid)
        self._portals.release(connection.portal_id)

    def listed(self, portal_id: int) -> list[LiveConnection]:
        """The connections of a portal, for its admins."""
        seat = self._portals.get(portal_id) if self._taking else None
        if seat is None:
            return []
        found = [self.connections.get(c.sid) for c in seat.hub.connections()]
        return [connection.described(self.node_id) for connection in found if connection]

    # --- The whole ----------------------------------------------------------------------------

    def sweep(self) -> None:
        """Forgets connections whose end nobody told of, and buckets that are full again."""
        for connection in list(self.connections.values()):
            if not connection.line.open:
                connection.ending = True
                self._gone(connection)
        self.commands.rates.sweep()

    async def drain(self, most_seconds: float) -> None:
        """Takes no one in any more, and sends everyone to other nodes within about that time."""
        self._taking = False
        await drain(self.connections.values(), self.cut, most_seconds)

    async def close(self) -> None:
        """Takes no one in any more, finishes what is running, and lets everyone go."""
        self._taking = False
        for connection in list(self.connections.values()):
            self.cut(connection, "closing")
        await self._finish(LAST_WORDS_SECONDS)
        for connection in list(self.connections.values()):
            self._gone(connection)
        await self.server.close()

    async def _finish(self, seconds: float) -> None:
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                task.cancel()

    def _do(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        # The loop itself keeps only weak references to tasks.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
