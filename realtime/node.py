"""A node's live side as one thing: bus, followers, gateway, presence, signals, limiter.

How `server` puts it together:

    node = Node(NodeSettings(redis=settings.redis, prefix=settings.redis_prefix), shards, limits)
    committer = Committer(shards, published=node.publish)
    services = Services(
        shards=shards, committer=committer, limits=limits, ...,
        signals=node.signals, limiter=node.limiter, presence=node.presence,
    )
    node.attach(services, catalogue.OPERATIONS, authenticate, allowed_origin)
    app = node.app(rest_app)        # /socket.io/ is answered here, everything else there

    await node.start()              # in the running loop, before serving
    ...
    await node.stop()               # lets connections go and finishes commits; then shards.close()

``authenticate(services, token, portal_id, caller) -> Actor`` is `portal.accounts.authenticate`'s,
``allowed_origin(host, origin) -> bool`` the server's: whether a page of an origin may talk to a
host. `health` is for ``/readyz``. uvicorn gets ``ws=node.websocket``: the node's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog

from portal.context import Services
from portal.limits import Limits
from portal.operation import AnyOperation
from portal.presence.model import PositionSignal
from realtime import frames, seam, wire
from realtime.bus import Bus
from realtime.bus_cluster import ClusterBus
from realtime.bus_memory import Exchange, MemoryBus
from realtime.bus_redis import NONCE_SECONDS, RedisBus
from realtime.connect import AllowedOrigin, Authenticate, Handshake
from realtime.gateway import Gateway
from realtime.hub import Receiver
from realtime.limiter import MemoryLimiter, RedisLimiter
from realtime.log_reader import LogReader
from realtime.outage import DATABASE_OUTAGES
from realtime.portals import Portals, Seat
from realtime.presence import (
    ALIVE_SECONDS,
    BEAT_SECONDS,
    GRACE_SECONDS,
    Board,
    Presence,
    Turn,
)
from realtime.presence_check import CHECK_SECONDS, PresenceCheck
from realtime.presence_memory import MemoryBoard, Shelf
from realtime.presence_redis import RedisBoard
from realtime.redis_address import is_cluster
from realtime.redis_client import OUTAGES as REDIS_OUTAGES
from realtime.roll_call import RollCall
from realtime.seam import LineOptions, Sender
from realtime.signals import BusSignals
from realtime.tasks import stop
from realtime.tickets import Tickets
from storage import presence as store
from storage.database import now_ms
from storage.log import Event
from storage.shards import Shards

logger = structlog.get_logger(__name__)


# Connections that are told the position before messages have their turn.
TOLD_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """What a node needs to know of its surroundings; times are in seconds."""

    redis: str | None = None
    prefix: str = "talkoo"
    # New with every start, so that a node never meets the entries of its former life.
    node_id: str = field(default_factory=lambda: secrets.token_hex(6))
    # What tickets are signed with: the same on all nodes.
    ticket_key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    # Half of what a lost hint may cost at the worst; the query is one read of a small table.
    poll_seconds: float = 2.0
    poll_seconds_without_bus: float = 1.0
    position_seconds: float = 20.0
    sweep_seconds: float = 10.0
    # A dead connection is noticed within fifteen seconds.
    ping_interval: float = 10.0
    ping_timeout: float = 5.0
    nonce_seconds: float = NONCE_SECONDS
    grace_seconds: float = GRACE_SECONDS
    beat_seconds: float = BEAT_SECONDS
    alive_seconds: float = ALIVE_SECONDS
    check_seconds: float = CHECK_SECONDS


@dataclass(slots=True)
class Meeting:
    """Where nodes of one process meet when there is no Redis."""

    exchange: Exchange = field(default_factory=Exchange)
    shelf: Shelf = field(default_factory=Shelf)


class Node:
    """One node's live side."""

    def __init__(
        self,
        settings: NodeSettings,
        shards: Shards,
        limits: Limits,
        meeting: Meeting | None = None,
    ) -> None:
        self.settings = settings
        self.shards = shards
        self.node_id = settings.node_id
        self.reader = LogReader(shards)
        self.bus, board, self.limiter = _parts(settings, meeting or Meeting())
        self.gateway = Gateway(
            self.node_id,
            LineOptions(
                settings.ping_interval,
                settings.ping_timeout,
                limits.frame_bytes,
                limits.slow_bytes,
                limits.slow_events,
            ),
        )
        self.portals = Portals(self.node_id, self.bus, self.reader, self.gateway)
        self.signals = BusSignals(self.portals)
        self.presence = Presence(
            board,
            outages=REDIS_OUTAGES,
            grace_seconds=settings.grace_seconds,
            beat_seconds=settings.beat_seconds,
        )
        self.presence.announce = self._announce
        self.presence.look = self._look
        self.presence_check = PresenceCheck(self.portals, board, self._last_seen)
        self.portals.heard = self.presence_check.heard
        self.roll_call = RollCall(self.node_id, self.bus, self.gateway.listed)
        self.portals.asked = self._answer
        self.portals.handed_on = self.gateway.server.outbox.carries
        self.bus.recovered = self._recovered
        self._services: Services | None = None
        self._poll_now = asyncio.Event()
        self._answers: set[asyncio.Task[None]] = set()
        self._tasks: list[asyncio.Task[None]] = []

    def attach(
        self,
        services: Services,
        operations: Mapping[str, AnyOperation],
        authenticate: Authenticate,
        allowed_origin: AllowedOrigin,
    ) -> None:
        """Gets what actions work with; connects are taken from then on."""
        self._services = services
        tickets = Tickets(self.settings.ticket_key)
        handshake = Handshake(services, authenticate, allowed_origin, tickets)
        self.gateway.attach(services, operations, handshake, self.portals, self.presence)

    def app(self, other: Any) -> Any:
        """The ASGI app that answers ``/socket.io/`` and leaves the rest to another."""
        return seam.asgi(self.gateway.server, other)

    @property
    def websocket(self) -> Any:
        """What uvicorn calls for each websocket, though its types ask for a class."""
        return self.gateway.server.websocket

    def believe(self, sender: Sender) -> None:
        """How to find the true address of a client behind proxies."""
        self.gateway.server.sender = sender

    async def publish(self, portal_id: int, events: list[Event]) -> None:
        """Tells of committed events; `Committer` calls it."""
        await self.portals.committed(portal_id, events)

    def health(self) -> dict[str, Any]:
        """Whether the bus carries, how far the log is ahead, and how many are connected."""
        return {
            "bus": self.bus.healthy,
            "lag": self.portals.lag(),
            "portals": len(self.portals.seats()),
            "connections": len(self.gateway.connections),
        }

    async def start(self) -> None:
        """Begins to follow and to tell."""
        await self.bus.start()
        await self.roll_call.start()
        await self.presence.start()
        self._tasks = [
            asyncio.create_task(self._poll_for_ever()),
            asyncio.create_task(_every(self.settings.position_seconds, self._tell_positions)),
            asyncio.create_task(_every(self.settings.sweep_seconds, self._sweep)),
            asyncio.create_task(_every(self.settings.check_seconds, self._check_presence)),
        ]

    async def stop(self) -> None:
        """Lets every connection go, finishes what was begun, and leaves the bus."""
        await self._see_off()
        await self.gateway.close()
        if self._services is not None:
            await self._services.committer.drain()
        await stop(self._tasks)
        await self.presence.close()
        await self.portals.close()
        await self.bus.close()
        if isinstance(self.limiter, RedisLimiter):
            await self.limiter.close()

    # --- Work that goes on --------------------------------------------------------------------

    async def _poll_for_ever(self) -> None:
        while True:
            healthy = self.bus.healthy
            seconds = (
                self.settings.poll_seconds if healthy else self.settings.poll_seconds_without_bus
            )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._poll_now.wait(), seconds)
            self._poll_now.clear()
            try:
                await self.portals.poll()
            except DATABASE_OUTAGES as error:
                logger.warning("poll_met_outage", error=str(error))
            except Exception:
                logger.exception("poll_failed")

    def _answer(self, portal_id: int, question: wire.RollCall) -> None:
        task = asyncio.create_task(self.roll_call.answer(portal_id, question))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    def _recovered(self) -> None:
        """The bus was away: look at once what it did not tell, and be seen again."""
        self._poll_now.set()
        self.presence.write_all()

    async def _tell_positions(self) -> None:
        for seat in self.portals.seats():
            if seat.position > seat.told:
                seat.told = seat.position
                everybody = seat.hub.connections()
                for start in range(0, len(everybody), TOLD_AT_ONCE):
                    some = everybody[start : start + TOLD_AT_ONCE]
                    self.portals.pacer.add(partial(_tell_position, seat, some))

    async def _check_presence(self) -> None:
        try:
            await self.presence_check.run()
        except (*REDIS_OUTAGES, *DATABASE_OUTAGES) as error:
            logger.warning("presence_not_checked", error=str(error))

    async def _last_seen(self, portal_id: int, user_ids: Sequence[int]) -> Mapping[int, int | None]:
        async with (await self.shards.home(portal_id)).read() as statements:
            return await store.last_seen_of(statements, portal_id, user_ids)

    async def _sweep(self) -> None:
        self.gateway.renew_tickets()
        self.gateway.sweep()
        await self.portals.sweep()

    async def _announce(self, turned: Mapping[int, list[Turn]]) -> None:
        now = now_ms()
        left = {p: [t.user_id for t in turns if t.after is None] for p, turns in turned.items()}
        await self._note_seen(left, now)
        for portal_id, turns in turned.items():
            await self.signals.send_turns(portal_id, turns, now)

    async def _note_seen(self, left: Mapping[int, Sequence[int]], at: int) -> None:
        """Notes when people left; one transaction a shard, however many portals."""
        gone = {portal_id: user_ids for portal_id, user_ids in left.items() if user_ids}
        try:
            for shard, portal_ids in (await self.shards.by_shard(gone)).items():
                async with self.shards.databases[shard].write() as statements:
                    for portal_id in portal_ids:
                        await store.saw(statements, portal_id, gone[portal_id], at)
        except DATABASE_OUTAGES as error:
            logger.warning("last_seen_not_noted", portals=len(gone), error=str(error))

    def _look(self, portal_id: int, connection_id: str, user_ids: frozenset[int]) -> None:
        seat = self.portals.get(portal_id)
        connection = self.gateway.connections.get(connection_id)
        if seat is not None and connection is not None and connection.portal_id == portal_id:
            connection.watching = user_ids
            seat.hub.watch(connection, user_ids)

    async def _see_off(self) -> None:
        """Whoever is here when the node stops was last seen now; other nodes may know better."""
        await self._note_seen(self.presence.users(), now_ms())


def _tell_position(seat: Seat, connections: Sequence[Receiver]) -> None:
    """Tells where the portal stands now: those who are here have everything up to there."""
    body = PositionSignal(position=seat.position)
    seat.hub.tell(connections, frames.signal(body.type, body.model_dump_json()))


def _parts(
    settings: NodeSettings, meeting: Meeting
) -> tuple[Bus, Board, MemoryLimiter | RedisLimiter]:
    node_id, prefix, alive = settings.node_id, settings.prefix, settings.alive_seconds
    if settings.redis is None:
        board = MemoryBoard(node_id, meeting.shelf, alive)
        return MemoryBus(meeting.exchange), board, MemoryLimiter()
    url = settings.redis
    over = ClusterBus if is_cluster(url) else RedisBus
    bus = over(url, prefix, node_id, settings.nonce_seconds)
    return bus, RedisBoard(url, prefix, node_id, alive), RedisLimiter(url, prefix)


async def _every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except Exception:
            logger.exception("periodic_work_failed")
