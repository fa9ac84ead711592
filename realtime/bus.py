"""The bus: how nodes tell each other that something happened.

It is only a hint. It may drop, repeat and reorder; the log repairs what it loses. So publishing
never fails and never waits, and `healthy` says whether the hints are to be relied on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

# Called on the loop, in the order of arrival on its channel; must not block.
Handler = Callable[[bytes], None]


class Bus(Protocol):
    """Carries messages by channel between nodes, at most once."""

    # Called when the bus works again after an outage; set it before `start`.
    recovered: Callable[[], None]

    @property
    def healthy(self) -> bool:
        """Whether this node hears itself over the bus."""
        ...

    async def start(self) -> None:
        """Begins to carry; an unreachable bus is tried again for as long as it takes."""
        ...

    async def close(self) -> None:
        """Stops; publishing does nothing from then on."""
        ...

    async def publish(self, channel: str, data: bytes) -> None:
        """Hands a message over; does not wait for it to be carried."""
        ...

    async def subscribe(self, channel: str, handler: Handler) -> None:
        """Hears a channel from soon on, and again after each outage. One handler a channel."""
        ...

    async def unsubscribe(self, channel: str) -> None:
        """Hears it no more."""
        ...


def nothing() -> None:
    """What happens on recovery when nobody asked for more."""
