"""The part of locust that the load tests use, as the type checker sees it.

Locust lives in an environment of its own, where the checker does not look. Nothing here runs.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

F = TypeVar("F", bound=Callable[..., None])


class RequestEvent(Protocol):
    """Takes every measurement."""

    def fire(
        self,
        *,
        request_type: str,
        name: str,
        response_time: float,
        response_length: int,
        exception: Exception | None,
        context: dict[str, Any],
    ) -> None: ...


class Events(Protocol):
    request: RequestEvent


class Runner(Protocol):
    # From 0; which of the processes this is.
    worker_index: int


class Environment(Protocol):
    events: Events
    runner: Runner | None


class Response(Protocol):
    status_code: int

    def json(self) -> Any: ...

    def failure(self, exception: str) -> None: ...


class Client(Protocol):
    """Measured HTTP."""

    def post(
        self, path: str, *, json: Any, headers: dict[str, str], name: str, catch_response: bool
    ) -> AbstractContextManager[Response]: ...


class StopUser(Exception):
    """Ends the user that raises it."""


class FastHttpUser:
    abstract = True
    fixed_count = 0
    host: str
    environment: Environment
    client: Client

    def __init__(self, environment: Environment) -> None: ...

    def on_start(self) -> None: ...

    def on_stop(self) -> None: ...

    def wait_time(self) -> float: ...


def task(weight: int) -> Callable[[F], F]:
    raise NotImplementedError(weight)
