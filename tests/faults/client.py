"""A client that holds on, and writes down everything that it asked and was told.

It reconnects with its position (half of them also with their ticket), repeats what was not
answered, and drops what it has had, as `web/src/client` does.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import socketio
from socketio.exceptions import SocketIOError

# A command that got no answer for this long is sent again with its client_id.
ANSWER_SECONDS = 4.0
# Refusals that waiting can mend.
PASSING = (429, 503)
INTERNAL = 500


class Refused(Exception):
    """A command was refused for good; ``args`` are the status and the problem."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event as it came over the wire, and when."""

    position: int
    type: str
    body: dict[str, Any]
    at: float


@dataclass(slots=True)
class Sent:
    """A message that the client asked for. Without ``answer`` nobody knows what became of it."""

    client_id: str
    at: float
    answer: dict[str, Any] | None = None
    answered_at: float = 0.0
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of the log that a client caught up with: after one position, up to another."""

    after: int
    last: int


@dataclass
class HoldingClient:
    """One device of one user. ``urls`` are the ways that it may connect by, in turn."""

    user_id: int
    urls: Sequence[str]
    token: str
    with_tickets: bool = False
    # The users whose presence it watches.
    watched: Sequence[int] = ()
    chance: random.Random = field(default_factory=random.Random)

    # Whether it holds on.
    here: bool = False
    # The position of the first snapshot: nothing before it is owed to this client.
    start_position: int = 0
    position: int | None = None
    ticket: str | None = None
    delivered: list[Delivery] = field(default_factory=list[Delivery])
    # Events at or below the position already handled: the server's mistakes.
    repeated: list[Delivery] = field(default_factory=list[Delivery])
    windows: list[Window] = field(default_factory=list[Window])
    sent: dict[str, Sent] = field(default_factory=dict[str, Sent])
    presence: dict[int, str] = field(default_factory=dict[int, str])
    connects: int = 0
    resumed_by_ticket: int = 0
    resyncs: list[str] = field(default_factory=list[str])
    ended: list[str] = field(default_factory=list[str])
    # Commands that met a fault of the server's own.
    failed: list[str] = field(default_factory=list[str])

    _socket: socketio.AsyncClient | None = None
    _task: asyncio.Task[None] | None = None
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    # Where the client stood when it began to catch up; None while it is live.
    _behind: int | None = None
    _watching: asyncio.Task[None] | None = None
    _moving: asyncio.Task[None] | None = None
    # Commands that are being answered.
    _asking: int = 0
    # Of whom signals told while `watch_presence` was being answered.
    _told: set[int] = field(default_factory=set[int])

    # --- Coming and going ---------------------------------------------------------------------

    @property
    def live(self) -> bool:
        """Whether it is connected, with nothing left to catch up with."""
        return self._ready.is_set()

    async def start(self) -> None:
        """Begins to connect, and goes on until `stop`."""
        self.here = True
        self._task = asyncio.create_task(self._hold())
        await asyncio.wait_for(self._ready.wait(), 30)

    async def stop(self) -> None:
        """Leaves, until the next `start` or for good."""
        self.here = False
        for running in (self._task, self._watching, self._moving):
            # The library's tasks take a cancellation for the end of a connection, and go on.
            while running is not None and not running.done():
                running.cancel()
                await asyncio.wait([running], timeout=0.2)

    # --- Commands -----------------------------------------------------------------------------

    async def send(self, room_id: int, client_id: str, text: str, tries: int = 0) -> Sent:
        """Sends a message until it is answered; with ``tries`` it gives up after so many."""
        sent = self.sent[client_id] = Sent(client_id, time.monotonic())
        body = {"room_id": room_id, "client_id": client_id, "text": text}
        try:
            sent.answer = await self.command("send_message", body, tries)
        except Refused:
            sent.refused = True
        sent.answered_at = time.monotonic()
        return sent

    async def command(self, name: str, body: dict[str, Any], tries: int = 0) -> Any:
        """Sends a command until it is answered; returns the ack's data, or None: no answer.

        Raises Refused when waiting cannot mend it.
        """
        tried = 0
        while not tries or tried < tries:
            tried += 1
            await self._ready.wait()
            answer = await self._try(name, body)
            if answer is None:
                await asyncio.sleep(self.chance.uniform(0.05, 0.2))
                continue
            if answer["ok"]:
                return answer["data"]
            problem = answer["problem"]
            if problem["status"] == INTERNAL:
                self.failed.append(name)
            if problem["status"] not in PASSING:
                raise Refused(problem["status"], problem)
            await asyncio.sleep(problem.get("retry_after", 0.2))
        return None

    async def _try(self, name: str, body: dict[str, Any]) -> Any:
        connection: Any = self._socket
        if connection is None:
            return None
        self._asking += 1
        try:
            return await connection.call(name, body, timeout=ANSWER_SECONDS)
        except (TimeoutError, SocketIOError, OSError):
            return None
        finally:
            self._asking -= 1

    # --- Holding on ---------------------------------------------------------------------------

    async def _hold(self) -> None:
        async with aiohttp.ClientSession() as http:
            await self._hold_over(http)

    async def _hold_over(self, http: aiohttp.ClientSession) -> None:
        turn = 0
        while self.here:
            connection = self._socket = self._make_socket(http)
            try:
                await self._connect(connection, self.urls[turn % len(self.urls)])
                await connection.wait()
            except (TimeoutError, SocketIOError, OSError):
                pass
            finally:
                self._lost()
                # A connection that hangs is not to keep its client.
                with contextlib.suppress(Exception):
                    await asyncio.wait_for(connection.disconnect(), 0.5)
            turn += 1
            await asyncio.sleep(self.chance.uniform(0.05, 0.4))

    async def _connect(self, connection: Any, url: str) -> None:
        auth = {"token": self.token, "position": self.position}
        if self.with_tickets and self.ticket is not None:
            auth["ticket"] = self.ticket
            self.resumed_by_ticket += 1
        # A connect that failed half-way is one stretch with the next.
        if self._behind is None:
            self._behind = self.position
        await connection.connect(url, auth=auth, transports=["websocket"], wait_timeout=5)

    def _lost(self) -> None:
        self._ready.clear()
        self._socket = None
        if self._watching is not None:
            self._watching.cancel()

    def _make_socket(self, http: aiohttp.ClientSession) -> Any:
        connection: Any = socketio.AsyncClient(reconnection=False, http_session=http)
        handlers = {
            "event": self._on_event,
            "signal": self._on_signal,
            "resync": self._on_resync,
            "ready": self._on_ready,
            "ended": self._on_ended,
            "move": self._on_move,
        }

        for name, handle in handlers.items():

            def hear(body: dict[str, Any], handle: Any = handle) -> None:
                # What an abandoned connection still brings is nothing to this client.
                if self._socket is connection:
                    handle(body)

            connection.on(name, hear)
        return connection

    # --- Hearing ------------------------------------------------------------------------------

    def _on_event(self, event: dict[str, Any]) -> None:
        now = time.monotonic()
        delivery = Delivery(event["position"], event["type"], event["body"], now)
        if self.position is not None and delivery.position <= self.position:
            self.repeated.append(delivery)
            return
        self.position = delivery.position
        self.delivered.append(delivery)

    def _on_signal(self, signal: dict[str, Any]) -> None:
        body = signal["body"]
        match signal["type"]:
            case "position":
                self.position = max(self.position or 0, body["position"])
            case "ticket":
                self.ticket = body["ticket"]
            case "presence":
                user_id = body["presence"]["user_id"]
                self._told.add(user_id)
                self.presence[user_id] = body["presence"]["state"]
            case _:
                pass

    def _on_resync(self, resync: dict[str, Any]) -> None:
        self.resyncs.append(resync["reason"])
        self.position = self._behind = resync["snapshot"]["position"]
        if resync["reason"] == "first":
            self.start_position = self.position or 0

    def _on_ready(self, ready: dict[str, Any]) -> None:
        self.connects += 1
        self.ticket = ready["ticket"]
        self.position = max(self.position or 0, ready["position"])
        if self._behind is not None:
            self.windows.append(Window(self._behind, ready["position"]))
        self._behind = None
        self._ready.set()
        self._watching = asyncio.create_task(self._watch())

    def _on_ended(self, ended: dict[str, Any]) -> None:
        self.ended.append(ended["reason"])

    def _on_move(self, _: dict[str, Any]) -> None:
        """The node leaves: nothing new is asked of it, and when all is answered we go."""
        if self.with_tickets:
            self._ready.clear()
            self._moving = asyncio.create_task(self._move(self._socket))

    async def _move(self, connection: Any) -> None:
        while self._asking:
            await asyncio.sleep(0.01)
        await connection.disconnect()

    async def _watch(self) -> None:
        """A new connection looks at nobody yet."""
        self._told.clear()
        answer = await self.command("watch_presence", {"user_ids": list(self.watched)})
        for presence in answer["presence"]:
            # A signal that overtook the answer is newer, or will be followed by one that is.
            if presence["user_id"] not in self._told:
                self.presence[presence["user_id"]] = presence["state"]
