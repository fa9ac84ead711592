"""What happens to every request on its way in and out: its true sender, its id, its log entry."""

from __future__ import annotations

import ipaddress
import re
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storage import tracing
from storage.measure import Histogram

logger = structlog.get_logger(__name__)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
# Asked for all the time; worth an entry only when something goes wrong.
_QUIET = ("/healthz", "/readyz", "/socket.io/", "/assets/")


class TrueSender:
    """Believes what trusted proxies say of a request, and nobody else.

    That is ``X-Forwarded-For``, ``X-Request-Id`` and ``traceparent``.
    """

    def __init__(self, app: ASGIApp, trusted: Sequence[str]) -> None:
        self.app = app
        self.trusted = [ipaddress.ip_network(network) for network in trusted]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on."""
        if scope["type"] in ("http", "websocket"):
            headers = Headers(scope=scope)
            client = scope.get("client")
            given = traceparent = ""
            if client and self._trusts(client[0]):
                chain = headers.getlist("x-forwarded-for")
                scope["client"] = (self.sender(client[0], chain), client[1])
                given = headers.get("x-request-id", "")
                traceparent = headers.get("traceparent", "")
            known = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
            scope.setdefault("state", {}).update(request_id=known, traceparent=traceparent)
        await self.app(scope, receive, send)

    def sender(self, nearest: str, forwarded: Sequence[str]) -> str:
        """Back along the proxies, to the first address that none of ours vouches for.

        ``forwarded`` are the values of ``X-Forwarded-For``, in their order.
        """
        if not self._trusts(nearest):
            return nearest
        chain = ",".join(forwarded).split(",")
        for hop in reversed([hop.strip() for hop in chain if hop.strip()]):
            try:
                nearest = str(ipaddress.ip_address(hop.strip("[]")))
            except ValueError:
                return nearest
            if not self._trusts(nearest):
                return nearest
        return nearest

    def _trusts(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self.trusted)


class Farewell:
    """While the node leaves, each answer is the last one on its connection.

    The next request would meet a connection that is being closed; so it goes to another node.
    """

    def __init__(self, app: ASGIApp, leaving: Callable[[], bool]) -> None:
        self.app = app
        self.leaving = leaving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on."""

        async def send_last(message: Message) -> None:
            if message["type"] == "http.response.start" and self.leaving():
                MutableHeaders(scope=message)["connection"] = "close"
            await send(message)

        await self.app(scope, receive, send_last)


class AccessLog:
    """Writes one entry a request: who, what, how it ended, how long it took. No query, no body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        # How many requests ended with each status, and how long they took, in seconds. A poll is
        # left out of the times: it waits on purpose.
        self.counts: dict[int, int] = {}
        self.times = Histogram()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = scope["state"]["request_id"]
        started = time.perf_counter()
        status = 0

        async def send_noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id), _span(scope) as span:
            try:
                await self.app(scope, receive, send_noting)
            finally:
                _note(span, scope, status)
                self._write(scope, status, time.perf_counter() - started)

    def _write(self, scope: Scope, status: int, seconds: float) -> None:
        self.counts[status] = self.counts.get(status, 0) + 1
        if not scope["path"].startswith("/socket.io/"):
            self.times.note(seconds)
        state = scope["state"]
        who = {name: state[name] for name in ("portal", "user") if state.get(name) is not None}
        quiet = status < 500 and scope["path"].startswith(_QUIET)
        (logger.debug if quiet else logger.info)(
            "request",
            method=scope["method"],
            path=scope["path"],
            status=status,
            ms=round(seconds * 1000, 1),
            **who,
        )


def _span(scope: Scope) -> AbstractContextManager[tracing.Span]:
    """The request's; what is asked for all the time has none."""
    if scope["path"].startswith(_QUIET):
        return tracing.UNTOLD
    after = tracing.told(scope["state"].get("traceparent", ""))
    return tracing.span("request", after, method=scope["method"])


def _note(span: tracing.Span, scope: Scope, status: int) -> None:
    if span is tracing.UNTOLD:
        return
    route = _route(scope)
    # Addresses that are no route of ours may hold anything.
    span.note(f"{scope['method']} {route}".rstrip())
    if route:
        span.note(route=route)
    # None when the sender went away before.
    if status:
        span.note(status=status)
    if (portal := scope["state"].get("portal")) is not None:
        span.note(portal=portal)
    if status >= 500:
        span.note(error=str(status))


def _route(scope: Scope) -> str:
    """The path as it stands in the table of routes; empty for what is no route of ours."""
    return getattr(scope.get("route"), "path", "")
