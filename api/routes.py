"""What a route is: an address of an operation."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import Response

from portal.context import Context, Role
from portal.operation import EVERYONE

PREFIX = "/api/v1"

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

# What to ask next, from a request and its answer; None when there is no more.
NextPage = Callable[[Any, Any], dict[str, int] | None]


@dataclass(frozen=True, slots=True)
class Route:
    """Where an operation is found. Names in braces are fields of its request."""

    method: Method
    path: str
    operation: str
    status: int = 200
    # Whether a caller may ask "only if it changed": for answers that are large and often the same.
    etag: bool = False
    # The answer opens a session (a cookie is set), or ends the caller's (it is cleared).
    session: Literal["opens", "ends"] | None = None
    next_page: NextPage | None = None

    @property
    def path_fields(self) -> tuple[str, ...]:
        """The request's fields that stand in the path."""
        return tuple(re.findall(r"\{(\w+)\}", self.path))

    @property
    def has_body(self) -> bool:
        """Whether the other fields come in a JSON body; else they come in the query."""
        return self.method in ("POST", "PUT", "PATCH")


@dataclass(frozen=True, slots=True)
class RawRoute:
    """A route that is no operation: of bytes, or of the server itself."""

    method: Method
    path: str
    name: str
    summary: str
    handle: Callable[[Request, Context], Awaitable[Response]]
    status: int = 200
    takes: tuple[str, ...] = ()
    # A model to describe the JSON answer; else `gives` lists media types, or there is none.
    answer: type[Any] | None = None
    gives: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    access: frozenset[Role] = EVERYONE


AnyRoute = Route | RawRoute


def name_of(route: AnyRoute) -> str:
    """The operation's name, which is its operationId too."""
    return route.operation if isinstance(route, Route) else route.name
