"""An operation: one thing that a portal can do or tell, offered by both doors.

A *command* changes something; a *query* only looks. Each module lists its own in its
``operations.py``; `portal.catalogue` gathers them. The doors (REST routes, Socket.IO handlers)
do nothing but decode, check and call ``run``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from portal.context import Context, Role
from portal.errors import forbidden, unauthorized
from portal.model import Answer, Request

Q = TypeVar("Q", bound=Request)
A = TypeVar("A", bound=Answer)

EVERYONE: frozenset[Role] = frozenset(("admin", "member", "guest"))
MEMBERS: frozenset[Role] = frozenset(("admin", "member"))
ADMINS: frozenset[Role] = frozenset(("admin",))


@dataclass(frozen=True, slots=True)
class Operation(Generic[Q, A]):
    """One operation.

    ``access`` is ``public`` (before log-in, REST only) or the roles that may call it; what they
    may do it *to* is decided by the action. ``summary`` is what the documentation says.
    """

    name: str
    kind: Literal["command", "query"]
    request: type[Q]
    answer: type[A]
    run: Callable[[Context, Q], Awaitable[A]]
    summary: str
    access: frozenset[Role] | Literal["public"] = EVERYONE
    # Whether Socket.IO offers it too.
    socket: bool = True

    async def call(self, context: Context, request: Q) -> A:
        """Checks who asks, then runs."""
        if self.access != "public":
            if context.actor is None:
                raise unauthorized()
            if context.actor.role not in self.access:
                raise forbidden("Your role does not allow this.")
        return await self.run(context, request)


AnyOperation = Operation[Any, Any]


def command(
    name: str,
    run: Callable[[Context, Q], Awaitable[A]],
    request: type[Q],
    answer: type[A],
    summary: str,
    access: frozenset[Role] | Literal["public"] = EVERYONE,
    socket: bool = True,
) -> Operation[Q, A]:
    """An operation that changes something."""
    return Operation(name, "command", request, answer, run, summary, access, socket)


def query(
    name: str,
    run: Callable[[Context, Q], Awaitable[A]],
    request: type[Q],
    answer: type[A],
    summary: str,
    access: frozenset[Role] | Literal["public"] = EVERYONE,
    socket: bool = True,
) -> Operation[Q, A]:
    """An operation that only looks."""
    return Operation(name, "query", request, answer, run, summary, access, socket)
