"""Letting go of the connected when a node leaves, a few at a time.

Each is told to move. Talkoo's own clients then wait for the answers that are on their way, and
connect anew; any other client is cut after a moment, and comes back as after any other cut.
Other nodes have to take all of them in, so they are not told all at once.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Collection

from realtime import frames
from realtime.connection import Connection

# So many come back a second: about a tenth of one core of the nodes that take them in.
MOVES_PER_SECOND = 200
# Who has not gone by itself after so long is cut.
PATIENCE_SECONDS = 2.0
# Commands that still run then keep their connection until they are answered, so long at most.
ANSWER_SECONDS = 10.0


async def drain(
    connections: Collection[Connection],
    cut: Callable[[Connection, str], None],
    most_seconds: float,
) -> None:
    """Returns when all of ``connections`` are gone.

    They are told over ``most_seconds``, or faster when there are few. ``cut(connection, reason)``
    ends those that stay.
    """
    loop = asyncio.get_running_loop()
    waiting = list(connections)
    # Not by portal or age: nobody's colleagues all come back in the same moment.
    random.shuffle(waiting)
    pause = min(most_seconds / max(1, len(waiting)), 1 / MOVES_PER_SECOND)
    told: deque[tuple[float, Connection]] = deque()
    begun = loop.time()
    for n, connection in enumerate(waiting):
        if connection.open:
            connection.send(frames.move())
            told.append((loop.time(), connection))
        _cut_late(told, cut, loop.time())
        # Sleeping by the clock, as sleeping for a pause each would add up to more.
        await asyncio.sleep(max(0.0, begun + (n + 1) * pause - loop.time()))
    while told:
        _cut_late(told, cut, loop.time())
        await asyncio.sleep(0.02)


def _cut_late(
    told: deque[tuple[float, Connection]], cut: Callable[[Connection, str], None], now: float
) -> None:
    for _ in range(len(told)):
        at, connection = told[0]
        if not connection.open:
            told.popleft()
        elif now - at < PATIENCE_SECONDS:
            return
        elif connection.commands.running and now - at < ANSWER_SECONDS:
            told.rotate(-1)
        else:
            told.popleft()
            cut(connection, "moved")
