"""The bus over a Redis Cluster, by sharded pub/sub.

A channel belongs to a slot, and its messages go to the slot's master and no other. So this is one
bus for each master, with its own connection, queue and nonce: a master that fails takes none of
the others along. Which master has a channel is looked up every couple of seconds, and at once when
a master refuses, loses or takes back something.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog
from redis.crc import key_slot
from redis.exceptions import MovedError

from realtime.bus import Handler, nothing
from realtime.bus_redis import NONCE_SECONDS, WAITING, BusCounts, Message, RedisBus
from realtime.cluster_map import SLOTS, ClusterMap, Shape
from realtime.redis_address import Address
from realtime.redis_client import OUTAGES
from realtime.tasks import stop

logger = structlog.get_logger(__name__)

# A slot that moved is mostly noticed at once, as its old master says so.
LOOK_SECONDS = 2.0
LOOK_SECONDS_UNHEALTHY = 0.5
# However much there is to notice.
LEAST_LOOK_SECONDS = 0.1


class MasterBus(RedisBus):
    """The bus over one master: the same with Redis' other commands, and slots that may move."""

    _PUBLISH = "SPUBLISH"
    _PUBLISHED = "smessage"

    def __init__(
        self, url: str, prefix: str, nonce: str, nonce_seconds: float, changed: Callable[[], None]
    ) -> None:
        super().__init__(url, prefix, nonce, nonce_seconds)
        self._log = logger.bind(master=urlsplit(url).netloc.rpartition("@")[2])
        # Whether the connection has every channel: the nonce's is the last to be confirmed.
        self._listening = False
        # Channels that came from another master, or that this one took back.
        self.deaf: set[str] = set()
        # What this one refused, as the slot is not its own any more.
        self.strays: deque[Message] = deque(maxlen=WAITING)
        self.recovered = self._changed = changed

    @property
    def hears_all(self) -> bool:
        """Whether it works, and nothing is on its way here."""
        return self.healthy and self._listening and not self.deaf

    @property
    def nonce_channel(self) -> str:
        """The channel that proves this master."""
        return self._nonce_channel

    async def take_over(self, channel: str, handler: Handler) -> None:
        """Subscribes to a channel that was heard before; until Redis says so, it is not."""
        self.deaf.add(self._full(channel))
        await self.subscribe(channel, handler)

    async def unsubscribe(self, channel: str) -> None:
        """Hears it no more."""
        self.deaf.discard(self._full(channel))
        await super().unsubscribe(channel)

    async def prove_by(self, nonce_channel: str) -> None:
        """Has another channel prove this master: the slot of the one before went away."""
        before, self._nonce_channel = self._nonce_channel, nonce_channel
        await self._tell(self._ask, nonce_channel)
        await self._tell(self._ask_no_more, before)

    async def _ask(self, pubsub: Any, *channels: str) -> None:
        # One by one: a command for channels of several slots is refused.
        for channel in channels:
            await pubsub.ssubscribe(channel)

    async def _ask_no_more(self, pubsub: Any, channel: str) -> None:
        await pubsub.sunsubscribe(channel)

    def _asked(self, pubsub: Any) -> Iterable[Any]:
        return pubsub.shard_channels

    async def _listen(self) -> None:
        try:
            await super()._listen()
        finally:
            self._listening = False
            self._changed()

    async def _next(self, pubsub: Any) -> Any:
        try:
            return await super()._next(pubsub)
        except MovedError as error:
            # It answers a subscription, and tells the slot only.
            slot = int(error.slot_id)
            self.deaf.update(channel for channel in self._handlers if _slot(channel) == slot)
            self._changed()
            return None

    def _take(self, kind: str, channel: str, data: Any) -> None:
        if kind == "ssubscribe":
            before = self.hears_all
            self.deaf.discard(channel)
            self._listening |= channel == self._nonce_channel
            if self.hears_all and not before:
                self._changed()
        elif kind == "sunsubscribe":
            # Unasked, it says that the slot has gone to another master.
            if channel in self._handlers:
                self.deaf.add(channel)
            if channel in self._handlers or channel == self._nonce_channel:
                self._changed()
        else:
            super()._take(kind, channel, data)

    def send(self, message: Message) -> None:
        """Queues a message that another master refused."""
        self._send(message)

    def _refused(self, refused: Sequence[tuple[Message, Exception]]) -> None:
        strays = [message for message, error in refused if isinstance(error, MovedError)]
        self.strays.extend(strays)
        super()._refused([one for one in refused if not isinstance(one[1], MovedError)])
        if refused:
            self._changed()

    async def _miss(self) -> None:
        await super()._miss()
        self._changed()


@dataclass(slots=True)
class _Heard:
    """A channel that is wanted, and the master that was asked for it."""

    handler: Handler
    slot: int
    master: MasterBus | None = None


class ClusterBus:
    """A bus over all masters of a cluster. All channels get ``prefix`` before them."""

    def __init__(
        self,
        url: str,
        prefix: str = "talkoo",
        node_id: str | None = None,
        nonce_seconds: float = NONCE_SECONDS,
    ) -> None:
        self.prefix = prefix
        self.recovered: Callable[[], None] = nothing
        self.counts = BusCounts()
        self._node_id = node_id or secrets.token_hex(8)
        self._nonce_seconds = nonce_seconds
        self._map = ClusterMap(url)
        self._shape = Shape([None] * SLOTS, frozenset(), frozenset())
        self._masters: dict[Address, MasterBus] = {}
        self._heard: dict[str, _Heard] = {}
        self._look = asyncio.Event()
        self._was_healthy = False
        self._following: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def healthy(self) -> bool:
        """Whether every master lets this node hear itself, and no channel is between masters."""
        masters = map(self._masters.get, self._shape.masters)
        return self._shape.complete and all(m is not None and m.hears_all for m in masters)

    async def start(self) -> None:
        """Begins to look for the masters and to work with each."""
        self._following = asyncio.create_task(self._follow_for_ever())

    async def close(self) -> None:
        """Stops; what waits still gets one chance."""
        following, self._following = self._following, None
        if following is not None:
            await stop([following])
        masters, self._masters = self._masters, {}
        await asyncio.gather(*(master.close() for master in masters.values()), *self._closing)
        await self._map.close()

    async def publish(self, channel: str, data: bytes) -> None:
        """Queues a message for the master of its channel."""
        if self._following is None:
            return
        master = self._master(self._slot(channel))
        if master is None:
            self.counts.dropped += 1
        else:
            await master.publish(channel, data)

    async def subscribe(self, channel: str, handler: Handler) -> None:
        """Hears a channel, from now on or from when its master is there."""
        await self.unsubscribe(channel)
        heard = self._heard[channel] = _Heard(handler, self._slot(channel))
        heard.master = self._master(heard.slot)
        if heard.master is not None:
            await heard.master.subscribe(channel, handler)

    async def unsubscribe(self, channel: str) -> None:
        """Hears it no more."""
        heard = self._heard.pop(channel, None)
        if heard is not None and heard.master is not None:
            await heard.master.unsubscribe(channel)

    def _slot(self, channel: str) -> int:
        return _slot(f"{self.prefix}:{channel}")

    def _master(self, slot: int) -> MasterBus | None:
        owner = self._shape.owners[slot]
        return None if owner is None else self._masters.get(owner)

    # --- The shape of the cluster -------------------------------------------------------------

    async def _follow_for_ever(self) -> None:
        while True:
            self._look.clear()
            try:
                await self._arrange(await self._map.read())
            except OUTAGES as error:
                logger.warning("cluster_not_seen", error=str(error))
            except Exception:
                # Whatever it is, channels that stay with the wrong master would be worse.
                logger.exception("cluster_not_followed")
            self._judge()
            await asyncio.sleep(LEAST_LOOK_SECONDS)
            with contextlib.suppress(TimeoutError):
                seconds = LOOK_SECONDS if self.healthy else LOOK_SECONDS_UNHEALTHY
                await asyncio.wait_for(self._look.wait(), seconds)

    async def _arrange(self, shape: Shape) -> None:
        """Sees to a bus for each master, and takes the channels to where they belong now."""
        moved, self._shape = shape.owners != self._shape.owners, shape
        for address in shape.masters - self._masters.keys():
            self._masters[address] = await self._begin(address)
        for address in shape.masters:
            master = self._masters[address]
            if shape.owners[_slot(master.nonce_channel)] != address:
                await master.prove_by(self._nonce_channel(self._nonce(address)))
        if moved or any(master.deaf for master in self._masters.values()):
            for channel in list(self._heard):
                await self._place(channel)
        for master in list(self._masters.values()):
            self._send_strays(master)
        for address in self._masters.keys() - shape.masters:
            # It may take its time: it is away, most likely.
            task = asyncio.create_task(self._masters.pop(address).close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _begin(self, address: Address) -> MasterBus:
        master = MasterBus(
            self._map.address.url(address),
            self.prefix,
            self._nonce(address),
            self._nonce_seconds,
            self._changed,
        )
        master.counts = self.counts
        await master.start()
        return master

    async def _place(self, channel: str) -> None:
        heard = self._heard.get(channel)
        if heard is None:
            return  # Nobody wants it any more.
        old, new = heard.master, self._master(heard.slot)
        if new is None or (new is old and f"{self.prefix}:{channel}" not in new.deaf):
            return
        heard.master = new
        await new.take_over(channel, heard.handler)
        if old is not None and old is not new:
            await old.unsubscribe(channel)

    def _send_strays(self, refused_by: MasterBus) -> None:
        while refused_by.strays:
            message = refused_by.strays.popleft()
            master = self._master(_slot(message[0]))
            if master is None or master is refused_by:
                self.counts.dropped += 1
            else:
                master.send(message)

    def _nonce(self, address: Address) -> str:
        """What completes this node's nonce channel so that it belongs to a master."""
        names = (f"{self._node_id}:{number}" for number in itertools.count())
        owners = self._shape.owners
        return next(n for n in names if owners[_slot(self._nonce_channel(n))] == address)

    def _nonce_channel(self, nonce: str) -> str:
        return f"{self.prefix}:nonce:{nonce}"

    # --- Health -------------------------------------------------------------------------------

    def _changed(self) -> None:
        """Something about a master is not as it was: judge, and look where things are."""
        self._judge()
        self._look.set()

    def _judge(self) -> None:
        if self._following is None:
            return
        before, self._was_healthy = self._was_healthy, self.healthy
        if self._was_healthy and not before:
            logger.info("cluster_healthy", masters=len(self._masters))
            self.recovered()
        elif before and not self._was_healthy:
            logger.warning("cluster_unhealthy")


def _slot(channel: str) -> int:
    return key_slot(channel.encode())


__all__ = ["ClusterBus", "MasterBus"]
