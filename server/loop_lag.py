"""How late the event loop is: everything that this process does waits that long."""

from __future__ import annotations

import asyncio

from storage.measure import Histogram

EVERY_SECONDS = 0.25


async def watch(lag: Histogram) -> None:
    """Notes how much later than asked for the loop wakes us, for ever."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + EVERY_SECONDS
        await asyncio.sleep(EVERY_SECONDS)
        lag.note(loop.time() - due)
