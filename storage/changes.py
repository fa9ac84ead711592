"""What is committed: a change, the transaction that it runs in, and what makes it happen once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from storage.database import Statements, now_ms
from storage.log import Event

T = TypeVar("T")
Q = TypeVar("Q")


class Busy(Exception):
    """Too many changes of this portal wait already."""


class Unavailable(Exception):
    """The database is away. Whether the change took effect is not known."""


class ClientIdReused(Exception):
    """A client_id came again with another command or other content."""


class Tx(Statements):
    """A portal's writing transaction, in which events are recorded."""

    def __init__(self, statements: Statements, portal_id: int, last: int) -> None:
        super().__init__(statements.connection, statements.raw, statements.pending)
        self.portal_id = portal_id
        self.now = now_ms()
        self.events: list[Event] = []
        self._last = last

    @property
    def position(self) -> int:
        """The position of the last event so far."""
        return self._last + len(self.events)

    def record(self, type_: str, audience: str, body: str) -> int:
        """Notes an event (``body`` is an encoded JSON object); returns its position."""
        self.events.append(Event(self.position + 1, type_, audience, body, self.now))
        return self.position


@dataclass(frozen=True, slots=True)
class Key:
    """Makes a change happen once: the client's own id for it, and what it asked for.

    ``encode`` and ``decode`` turn the answer into JSON text and back.
    """

    user_id: int
    client_id: str
    command: str
    fingerprint: str
    encode: Callable[[Any], str]
    decode: Callable[[str], Any]

    def asks_the_same(self, other: Key) -> bool:
        """Whether the same was asked."""
        return (self.command, self.fingerprint) == (other.command, other.fingerprint)


@dataclass(frozen=True, slots=True, eq=False)
class Together(Generic[Q, T]):
    """A change that many can make in one set of statements.

    ``run`` gets each one's transaction (all on one connection, not all of one portal) and what it
    asks for, and answers in the same order: with a result, or with the exception that refuses it,
    of which nothing may be written then.
    """

    run: Callable[[Sequence[tuple[Tx, Q]]], Awaitable[Sequence[T | Exception]]]


# A change by itself, or one that is made together with others.
Change = Callable[[Tx], Awaitable[T]] | Together[Any, T]


class Unit:
    """One change that waits to be committed. ``item`` is what a `Together` gets for it."""

    __slots__ = (
        "alone", "answer", "asked_at", "done", "error", "item", "key", "portal_id", "together",
        "user_id",
    )  # fmt: skip

    def __init__(
        self,
        portal_id: int,
        change: Change[Any],
        key: Key | None = None,
        item: Any = None,
        user_id: int = 0,
    ) -> None:
        self.portal_id = portal_id
        # In seconds of the monotonic clock.
        self.asked_at = time.monotonic()
        self.alone = lone(change, item)
        self.together = cast(Together[Any, Any], change) if isinstance(change, Together) else None
        self.key = key
        self.item = item
        # Whose it is: one user's changes are made in the order in which they came.
        self.user_id = user_id or (key.user_id if key else 0)
        self.done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.answer: Any = None
        self.error: Exception | None = None

    def take(self, answer: Any) -> None:
        """Takes an answer, or the exception that stands for it."""
        if isinstance(answer, Exception):
            self.error = answer
        else:
            self.answer = answer

    def fail(self, error: Exception) -> None:
        """It came to nothing."""
        self.error = error

    def reset(self) -> None:
        """It will be run once more."""
        self.answer = self.error = None

    def settle(self) -> None:
        """Tells whoever waits."""
        if self.done.cancelled():
            return
        if self.error is not None:
            self.done.set_exception(self.error)
        else:
            self.done.set_result(self.answer)


def lone(change: Change[T], item: object) -> Callable[[Tx], Awaitable[T]]:
    """A change as one that is made by itself."""
    if not isinstance(change, Together):
        return change
    together = cast(Together[Any, T], change)

    async def run(tx: Tx) -> T:
        [answer] = await together.run([(tx, item)])
        if isinstance(answer, Exception):
            raise answer
        return answer

    return run
