"""The bus within one process; several nodes in it share an `Exchange`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from realtime.bus import Handler, nothing

logger = structlog.get_logger(__name__)


class Exchange:
    """Where the buses of one process meet."""

    def __init__(self) -> None:
        self.handlers: dict[str, dict[MemoryBus, Handler]] = {}

    def carry(self, channel: str, data: bytes) -> None:
        """Brings a message to each bus that hears the channel."""
        for handler in list(self.handlers.get(channel, {}).values()):
            try:
                handler(data)
            except Exception:
                logger.exception("bus_handler_failed", channel=channel)


class MemoryBus:
    """A bus that cannot break: it lives and dies with its process."""

    def __init__(self, exchange: Exchange | None = None) -> None:
        self.exchange = exchange or Exchange()
        self.recovered: Callable[[], None] = nothing
        self._running = False

    @property
    def healthy(self) -> bool:
        """Whether it was started."""
        return self._running

    async def start(self) -> None:
        """Begins to carry."""
        self._running = True

    async def close(self) -> None:
        """Leaves the exchange."""
        self._running = False
        for channel in list(self.exchange.handlers):
            await self.unsubscribe(channel)

    async def publish(self, channel: str, data: bytes) -> None:
        """Brings the message to its handlers on the loop's next turn, as a network would."""
        if self._running:
            asyncio.get_running_loop().call_soon(self.exchange.carry, channel, data)

    async def subscribe(self, channel: str, handler: Handler) -> None:
        """Hears a channel."""
        self.exchange.handlers.setdefault(channel, {})[self] = handler

    async def unsubscribe(self, channel: str) -> None:
        """Hears it no more."""
        handlers = self.exchange.handlers.get(channel)
        if handlers is not None:
            handlers.pop(self, None)
            if not handlers:
                del self.exchange.handlers[channel]
