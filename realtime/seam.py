"""The one place that knows the insides of python-socketio and python-engineio.

The libraries keep the handshake, the commands' packets, the acks of binary ones, polling and the
upgrade from it. What is ours is the websocket below them (`realtime.engine`): its sockets stand in
Engine.IO's table of sockets, and frames to clients go past the libraries, straight to the
transports. Commands skip the libraries' handler lookup, in which a client could name the handlers
``connect`` and ``disconnect``. `tests/realtime/test_seam.py` fails when a new version moves any of
what is used here.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import secrets
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import socketio
from websockets.http11 import Request

from realtime.engine import CONNECT_SECONDS, LiveSocket
from realtime.outbox import Outbox
from realtime.pacing import Pacer
from realtime.packet import Packet
from realtime.polled import Polled
from realtime.strict_json import StrictJson
from realtime.tasks import stop
from realtime.websocket import Refusal, ServerState
from realtime.wheel import Wheel

# Commands carry JSON; a few attachments are an accident, many an attack on the server's memory.
MOST_ATTACHMENTS = 10
PATH = "/socket.io/"

# At INFO the libraries log what clients send, secrets included.
_logger = logging.getLogger("talkoo.socketio")
_logger.setLevel(logging.ERROR)
# Handshakes have so long, and all else their time after it: with what follows them, some seven
# hundred clients come in a second, and messages have half of the loop meanwhile.
HANDSHAKES_SECONDS = 0.002
HANDSHAKES_REST_SECONDS = 0.004
# How often who polls is looked after.
WATCH_SECONDS = 1.0


Line = LiveSocket | Polled

# Neither library has types: what this module takes from them is checked by its test.
_Base: Any = socketio.AsyncServer
_Manager: Any = socketio.AsyncManager


class _Ids:
    """What clients are called by: random, and not to be guessed, as who polls is known by it.

    Random bytes are taken from the kernel a page at a time: each call costs 15 us on a virtual
    machine.
    """

    def __init__(self) -> None:
        self._bytes = b""

    def next(self) -> str:
        """Fifteen bytes, in twenty characters."""
        if not self._bytes:
            self._bytes = secrets.token_bytes(15 * 256)
        mine, self._bytes = self._bytes[:15], self._bytes[15:]
        return base64.urlsafe_b64encode(mine).decode()


class _Names(_Manager):
    """The Socket.IO ids of the connected, in two dictionaries.

    The library's own manager keeps rooms, with several objects a connection; here rooms are the
    hubs' business, and there is one namespace.
    """

    def __init__(self) -> None:
        base: Any = super()
        base.__init__()
        self._sids: dict[str, str] = {}
        self._eio_sids: dict[str, str] = {}
        self._connected: set[str] = set()

    def get_namespaces(self) -> tuple[str, ...]:
        return ("/",)

    async def pre_connect(self, eio_sid: str, namespace: str) -> str | None:
        if namespace != "/" or eio_sid in self._sids:
            return None
        sid: str = self.server.eio.generate_id()
        self._sids[eio_sid] = sid
        self._eio_sids[sid] = eio_sid
        return sid

    async def connect(self, sid: str, namespace: str) -> None:
        self._connected.add(sid)

    def is_connected(self, sid: str, namespace: str) -> bool:
        return sid in self._connected

    async def can_disconnect(self, sid: str, namespace: str) -> bool:
        return sid in self._connected

    def sid_from_eio_sid(self, eio_sid: str, namespace: str) -> str | None:
        return self._sids.get(eio_sid) if namespace == "/" else None

    def eio_sid_from_sid(self, sid: str, namespace: str) -> str | None:
        return self._eio_sids.get(sid)

    def pre_disconnect(self, sid: str, namespace: str) -> str | None:
        self._connected.discard(sid)
        return self._eio_sids.get(sid)

    async def disconnect(self, sid: str, namespace: str, **options: Any) -> None:
        self._connected.discard(sid)
        eio_sid = self._eio_sids.pop(sid, None)
        if eio_sid is not None:
            self._sids.pop(eio_sid, None)

    async def trigger_callback(self, sid: str, id: int, data: Any) -> None:
        """Nothing of ours asks clients for acks."""


# Who sent a request, by the address that is connected and what proxies say of it.
Sender = Callable[[str, Sequence[str]], str]
Command = Callable[[Any, Any, int | None], None]


@dataclass(frozen=True, slots=True)
class LineOptions:
    """Times in seconds, and bounds of what is received and of what may wait for a client."""

    ping_interval: float
    ping_timeout: float
    frame_bytes: int
    slow_bytes: int
    slow_events: int


class Server(_Base):
    """python-socketio over our own websocket, with the commands of clients given to ``command``.

    ``command(owner, data, ack_id)`` gets the event's array as it came, and must not await.
    ``moved(owner, line)`` is told when a client goes from polling to its websocket.
    """

    def __init__(
        self,
        command: Command,
        moved: Callable[[Any, Line], None],
        origin_allowed: Callable[[str, Mapping[str, Any]], bool],
        options: LineOptions,
    ) -> None:
        base: Any = super()
        base.__init__(
            client_manager=_Names(),
            async_mode="asgi",
            logger=_logger,
            engineio_logger=_logger,
            json=StrictJson,
            # Clients on the wheel need no task of the library's; who polls is looked after below.
            monitor_clients=False,
            ping_interval=options.ping_interval,
            ping_timeout=options.ping_timeout,
            max_http_buffer_size=options.frame_bytes,
            # Never an empty list: to python-socketio that means "anybody".
            cors_allowed_origins=origin_allowed,
        )
        self.eio.generate_id = _Ids().next
        self.outbox = Outbox()
        self.pacer = Pacer(HANDSHAKES_SECONDS, HANDSHAKES_REST_SECONDS)
        self.wheel = Wheel(options.ping_interval, options.ping_timeout)
        self.frame_bytes = options.frame_bytes
        self.slow_bytes = options.slow_bytes
        self.slow_events = options.slow_events
        # Set by whoever knows of proxies, before serving.
        self.sender: Sender = _nearest
        self._command = command
        self._tell_moved = moved
        self._origin_allowed = origin_allowed
        self._polled: dict[str, Polled] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._watching: asyncio.Task[None] | None = None

    def handle(self, connect: Callable[..., Any], disconnect: Callable[..., Any]) -> None:
        """Sets the two handlers, both coroutine functions."""
        self.on("connect", connect)
        self.on("disconnect", disconnect)

    def websocket(self, config: Any, server_state: ServerState, app_state: Any) -> LiveSocket:
        """What uvicorn makes for each websocket: its ``Config(ws=...)``."""
        return LiveSocket(self, server_state)

    def line_of(self, sid: str) -> Line | None:
        """The way out to a Socket.IO client; None when it is gone already."""
        eio_sid = self.manager.eio_sid_from_sid(sid, "/")
        polled = self._polled.get(eio_sid)
        return polled if polled is not None else self.eio.sockets.get(eio_sid)

    async def end(self, sid: str, line: Line) -> None:
        """Ends a connection for good: official clients do not come back after this."""
        await self.disconnect(sid)
        if isinstance(line, Polled):
            line.hang_up()
        await self.eio.disconnect(line.sid)

    async def close(self) -> None:
        """Stops what goes on by itself."""
        self.wheel.stop()
        self.outbox.close()
        if self._watching is not None:
            await stop([self._watching])

    # --- A websocket, as `realtime.engine` asks ------------------------------------------------

    def welcome(self, socket: LiveSocket, request: Request) -> str | None:
        """Checks a handshake as the library would; returns the id that is to be upgraded."""
        address = urlsplit(request.path)
        asked = parse_qs(address.query)
        environ = self._environ(socket, request, address.query)
        origin = environ.get("HTTP_ORIGIN")
        if not f"{address.path}/".startswith(PATH):
            raise Refusal(404, "There is nothing here.")
        if origin and not self._origin_allowed(origin, environ):
            raise Refusal(400, "This origin is not accepted.")
        if asked.get("transport") != ["websocket"] or asked.get("EIO") != ["4"]:
            raise Refusal(400, "Ask for EIO=4 and transport=websocket.")
        given = asked.get("sid", [None])[0]
        if given is None:
            socket.sid = self.eio.generate_id()
            self.environ[socket.sid] = environ
        elif given not in self._polled or self._polled[given].upgrading:
            raise Refusal(400, "There is no such connection to upgrade.")
        return given

    def _environ(self, socket: LiveSocket, request: Request, query: str) -> dict[str, Any]:
        peer = socket.transport.get_extra_info("peername") or ("", 0)
        headers = request.headers
        client = self.sender(str(peer[0]), headers.get_all("X-Forwarded-For"))
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "GET",
            "QUERY_STRING": query,
            "asgi.scope": {"client": (client, 0)},
        }
        for name, value in headers.raw_items():
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
        return environ

    def opened(self, socket: LiveSocket) -> bytes:
        """Takes a new connection into the library's table; returns the packet that opens it."""
        self._initialize()
        self.eio.sockets[socket.sid] = socket
        return (
            b"0"
            + json.dumps(
                {
                    "sid": socket.sid,
                    "upgrades": [],
                    "pingTimeout": int(self.eio.ping_timeout * 1000),
                    "pingInterval": int(self.eio.ping_interval * 1000),
                    "maxPayload": self.frame_bytes,
                }
            ).encode()
        )

    def _initialize(self) -> None:
        if not self.manager_initialized:
            self.manager_initialized = True
            self.manager.initialize()

    def probed(self, socket: LiveSocket) -> bool:
        """Holds the polling connection still while its client goes over."""
        polled = self._polled.get(socket.sid)
        return polled is not None and polled.hold()

    def moved(self, socket: LiveSocket) -> None:
        """The client is on its websocket now, with everything that waited."""
        polled = self._polled.pop(socket.sid, None)
        if polled is None:
            socket.hang_up()
            return
        self.eio.sockets[socket.sid] = socket
        socket.owner = polled.owner
        texts, ended = polled.emptied()
        for text in texts:
            socket.send_packet(Packet.of(text))
        if ended:
            socket.hang_up()
        if socket.owner is not None:
            self._tell_moved(socket.owner, socket)

    def message(self, socket: LiveSocket, data: str | bytes) -> Coroutine[Any, Any, None] | None:
        """An event is done with at once; everything else is the library's, and takes its time."""
        if isinstance(data, str) and data[:1] == "2" and socket.sid not in self._binary_packet:
            if socket.owner is not None:
                self._event(socket.owner, data)
            return None
        return self._carefully(socket.sid, data)

    def _event(self, owner: Any, data: str) -> None:
        try:
            packet = self.packet_class(encoded_packet=data)
        except Exception:
            return  # Not a packet: like any other garbage, it changes nothing.
        if packet.namespace in (None, "/"):
            self._command(owner, packet.data, packet.id)

    async def _carefully(self, eio_sid: str, data: str | bytes) -> None:
        try:
            await self._handle_eio_message(eio_sid, data)
        except Exception as error:
            _logger.debug("a packet was refused: %r", error)

    def gone(self, socket: LiveSocket, reason: str) -> None:
        """A websocket ended; one that was only tried leaves its polling connection as it was."""
        if self.eio.sockets.get(socket.sid) is socket:
            del self.eio.sockets[socket.sid]
            self._do(self._handle_eio_disconnect(socket.sid, reason))
        elif (polled := self._polled.get(socket.sid)) is not None and socket.moving:
            polled.let_go()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- What the library asks of itself -------------------------------------------------------

    async def _handle_connect(self, eio_sid: str, namespace: Any, data: Any) -> None:
        if data is not None and not isinstance(data, dict):
            # The library takes whatever is empty for no auth at all; it is not, it is wrong.
            data = [data]
        base: Any = super()
        await base._handle_connect(eio_sid, namespace, data)
        if eio_sid in self.environ:
            # Nobody asks again, and headers are the largest thing that a connection would keep.
            self.environ[eio_sid] = _NOTHING

    async def _handle_event(self, eio_sid: str, namespace: Any, id: Any, data: Any) -> None:
        line = self._polled.get(eio_sid) or self.eio.sockets.get(eio_sid)
        if line is not None and line.owner is not None and namespace in (None, "/"):
            self._command(line.owner, data, id)

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        if not isinstance(data, bytes | bytearray):
            # Attachments that never came: the library would take any message for one of them.
            self._binary_packet.pop(eio_sid, None)
        base: Any = super()
        await base._handle_eio_message(eio_sid, data)
        begun = self._binary_packet.get(eio_sid)
        if begun is not None and begun.attachment_count > MOST_ATTACHMENTS:
            del self._binary_packet[eio_sid]

    # --- Clients that poll ---------------------------------------------------------------------

    async def _handle_eio_connect(self, eio_sid: str, environ: Any) -> None:
        base: Any = super()
        await base._handle_eio_connect(eio_sid, environ)
        self._polled[eio_sid] = Polled(self.eio.sockets[eio_sid], self.slow_events)
        loop = asyncio.get_running_loop()
        loop.call_later(CONNECT_SECONDS, self._hang_up_unless_connected, eio_sid)
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch_polled())

    async def _watch_polled(self) -> None:
        """Ends polling connections whose clients went away without a word."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            for polled in list(self._polled.values()):
                if not await polled.alive():
                    self.eio.sockets.pop(polled.sid, None)
                    self._polled.pop(polled.sid, None)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        base: Any = super()
        await base._handle_eio_disconnect(eio_sid, reason)
        polled = self._polled.pop(eio_sid, None)
        if polled is not None:
            # A poll that is held open would wait for its time-out.
            polled.release()

    def _hang_up_unless_connected(self, eio_sid: str) -> None:
        polled = self._polled.get(eio_sid)
        if polled is not None and polled.owner is None:
            polled.hang_up()


def _nearest(peer: str, forwarded: Sequence[str]) -> str:
    return peer


_NOTHING: Mapping[str, Any] = {}


def asgi(server: Server, other: Any) -> Any:
    """The ASGI app of the server at ``/socket.io/``, and another app everywhere else.

    What polling answers is for one person: no cache may keep it.
    """
    inner: Any = socketio.ASGIApp(server, other_asgi_app=other)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/socket.io/"):
            await inner(scope, receive, send)
            return

        async def send_unkept(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], *_UNKEPT]
                message = {**message, "headers": headers}
            await send(message)

        await inner(scope, receive, send_unkept)

    return app


_UNKEPT = (
    (b"cache-control", b"no-store"),
    (b"vary", b"Origin, Cookie"),
    (b"x-content-type-options", b"nosniff"),
)
