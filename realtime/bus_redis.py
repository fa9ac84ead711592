"""The bus over Redis pub/sub.

Pub/sub loses messages in silence: a cut connection, a failover, a full output buffer. So each node
sends itself a nonce every couple of seconds; when two do not come back, it calls itself unhealthy
and connects anew. Its own listener (not a library's) tries again within a second, for ever.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from realtime.bus import Handler, nothing
from realtime.redis_client import OUTAGES, connect
from realtime.tasks import stop

logger = structlog.get_logger(__name__)

# Two missed nonces make a bus unhealthy: five seconds at the worst, and the poll covers them.
NONCE_SECONDS = 2.0
MISSES = 2
# A node that is deaf for longer than a second costs its users more than a busy Redis does.
FIRST_RETRY_SECONDS = 0.05
MOST_RETRY_SECONDS = 1.0
# Messages that wait for Redis; older ones are dropped, as followers find them in the log.
WAITING = 10_000
# How many go to Redis in one round trip.
TOGETHER = 200

# A channel with its prefix, and what is said there.
Message = tuple[str, bytes]


@dataclass(slots=True)
class BusCounts:
    """What went wrong so far."""

    dropped: int = 0
    reconnects: int = 0
    missed_nonces: int = 0
    failed_handlers: int = 0


class RedisBus:
    """A bus over one Redis. All channels get ``prefix`` before them."""

    # How Redis calls publishing, and what is published when it arrives.
    _PUBLISH = "PUBLISH"
    _PUBLISHED = "message"

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
        self._log: Any = logger
        self._client: Any = connect(url)
        self._nonce_seconds = nonce_seconds
        self._nonce_channel = f"{prefix}:nonce:{node_id or secrets.token_hex(8)}"
        self._handlers: dict[str, Handler] = {}
        self._pubsub: Any = None
        self._waiting: deque[Message] = deque(maxlen=WAITING)
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._sent = self._heard = b""
        self._misses = MISSES
        self._listening_since = 0.0

    @property
    def healthy(self) -> bool:
        """Whether the last nonces came back."""
        return self._misses < MISSES

    async def start(self) -> None:
        """Begins to listen, to send and to prove that it hears itself."""
        self._tasks = [
            asyncio.create_task(work())
            for work in (self._listen_for_ever, self._send_for_ever, self._prove_for_ever)
        ]

    async def close(self) -> None:
        """Stops; what waits still gets one chance."""
        tasks, self._tasks = self._tasks, []
        await stop(tasks)
        await self._send_waiting()
        await self._hang_up()
        await self._client.aclose()

    async def publish(self, channel: str, data: bytes) -> None:
        """Queues a message; a sender of its own takes it to Redis."""
        if self._tasks:
            self._send((self._full(channel), data))

    def _send(self, message: Message) -> None:
        if len(self._waiting) == WAITING:
            self.counts.dropped += 1
        self._waiting.append(message)
        self._wake.set()

    async def subscribe(self, channel: str, handler: Handler) -> None:
        """Hears a channel, from now on or from when Redis is back."""
        self._handlers[self._full(channel)] = handler
        await self._tell(self._ask, self._full(channel))

    async def unsubscribe(self, channel: str) -> None:
        """Hears it no more."""
        if self._handlers.pop(self._full(channel), None) is not None:
            await self._tell(self._ask_no_more, self._full(channel))

    def _full(self, channel: str) -> str:
        return f"{self.prefix}:{channel}"

    async def _ask(self, pubsub: Any, *channels: str) -> None:
        await pubsub.subscribe(*channels)

    async def _ask_no_more(self, pubsub: Any, channel: str) -> None:
        await pubsub.unsubscribe(channel)

    def _asked(self, pubsub: Any) -> Iterable[Any]:
        return pubsub.channels

    async def _tell(self, how: Callable[[Any, str], Awaitable[None]], channel: str) -> None:
        pubsub = self._pubsub
        if pubsub is None:
            return  # Listening anew subscribes to every channel.
        try:
            await how(pubsub, channel)
        except OUTAGES:
            await self._hang_up()

    async def _listen_for_ever(self) -> None:
        delay = FIRST_RETRY_SECONDS
        while True:
            started = time.monotonic()
            try:
                await self._listen()
            except OUTAGES as error:
                self._log.warning("bus_lost", error=str(error))
            except Exception:
                # Whatever it is, a deaf node would be worse.
                self._log.exception("bus_listener_failed")
            await self._hang_up()
            self.counts.reconnects += 1
            if time.monotonic() - started > MOST_RETRY_SECONDS:
                delay = FIRST_RETRY_SECONDS
            await asyncio.sleep(delay)
            delay = min(delay * 2, MOST_RETRY_SECONDS)

    async def _listen(self) -> None:
        pubsub = self._client.pubsub()
        try:
            # The nonce last: whoever hears it hears the others.
            await self._ask(pubsub, *self._handlers, self._nonce_channel)
            # Channels that came while this was on its way.
            known = {self._nonce_channel, *self._handlers}
            self._pubsub = pubsub
            self._listening_since = time.monotonic()
            if missing := known - {_text(name) for name in self._asked(pubsub)}:
                await self._ask(pubsub, *missing)
            while self._pubsub is pubsub:
                message = await self._next(pubsub)
                if message is not None:
                    self._take(message["type"], _text(message["channel"]), message["data"])
        finally:
            if self._pubsub is not pubsub:
                await pubsub.aclose()

    async def _next(self, pubsub: Any) -> Any:
        return await pubsub.get_message(timeout=self._nonce_seconds)

    def _take(self, kind: str, channel: str, data: Any) -> None:
        if kind == self._PUBLISHED:
            self._hear(channel, data)

    def _hear(self, channel: str, data: bytes) -> None:
        if channel == self._nonce_channel:
            self._heard = data
            return
        handler = self._handlers.get(channel)
        if handler is None:
            return
        try:
            handler(data)
        except Exception:
            self.counts.failed_handlers += 1
            self._log.exception("bus_handler_failed", channel=channel)

    async def _hang_up(self) -> None:
        """Ends the listening connection; the listener makes a new one."""
        pubsub, self._pubsub = self._pubsub, None
        if pubsub is not None:
            await pubsub.aclose()

    async def _send_for_ever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                try:
                    await self._send_waiting()
                except Exception:
                    # Whatever it is, a mute node would be worse.
                    self._log.exception("bus_sender_failed")

    async def _send_waiting(self) -> None:
        together = [self._waiting.popleft() for _ in range(min(TOGETHER, len(self._waiting)))]
        if not together:
            return
        try:
            async with self._client.pipeline(transaction=False) as pipeline:
                for channel, data in together:
                    pipeline.execute_command(self._PUBLISH, channel, data)
                answers: list[Any] = await pipeline.execute(raise_on_error=False)
        except OUTAGES as error:
            self._refused([(message, error) for message in together])
        else:
            told = zip(together, answers, strict=True)
            self._refused([(m, answer) for m, answer in told if isinstance(answer, Exception)])

    def _refused(self, refused: Sequence[tuple[Message, Exception]]) -> None:
        """Late hints are worth nothing: whoever misses them finds the events by the poll."""
        if refused:
            self.counts.dropped += len(refused)
            self._log.warning("bus_dropped", messages=len(refused), error=str(refused[0][1]))

    async def _prove_for_ever(self) -> None:
        while True:
            try:
                await self._prove_once()
            except Exception:
                self._log.exception("bus_proof_failed")
                await asyncio.sleep(self._nonce_seconds)

    async def _prove_once(self) -> None:
        self._sent = secrets.token_bytes(8)
        self._send((self._nonce_channel, self._sent))
        # At a start and after an outage readiness hangs on it: look more often.
        wait = self._nonce_seconds if self.healthy else min(self._nonce_seconds, 0.2)
        until = time.monotonic() + wait
        while self._heard != self._sent and time.monotonic() < until:  # noqa: ASYNC110
            # Sleeping in steps: what it looks at changes, or the time is over.
            await asyncio.sleep(0.02)
        if self._heard == self._sent:
            self._prove()
            await asyncio.sleep(max(0.0, until - time.monotonic()))
        else:
            await self._miss()

    def _prove(self) -> None:
        was_healthy = self.healthy
        self._misses = 0
        if not was_healthy:
            self._log.info("bus_healthy")
            self.recovered()

    async def _miss(self) -> None:
        self.counts.missed_nonces += 1
        self._misses += 1
        if self._misses == MISSES:
            self._log.warning("bus_unhealthy")
        # A connection that is still young may only have missed the nonce before it.
        deaf = time.monotonic() - self._listening_since > self._nonce_seconds
        if not self.healthy and deaf:
            await self._hang_up()


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


__all__ = ["BusCounts", "Message", "RedisBus"]
