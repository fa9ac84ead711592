"""One device of one person, on a Socket.IO connection: commands with acks, and what it is told.

It speaks the protocol itself on a plain websocket: the official Python client starts a thread for
every event, which costs six times as much, and the load shares the machine with the server.
Threads and sockets here are locust's green ones.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, Protocol

import websocket

from loadtests.ledger import Ledger

CONNECT_SECONDS = 30.0
ANSWER_SECONDS = 30.0
# The server pings every twenty-five seconds; silent for longer, it is gone.
SILENT_SECONDS = 60.0
_PATH = "/socket.io/?EIO=4&transport=websocket"


class Trouble(Exception):
    """A connect or a command failed; the text says how, without what differs each time."""


class Owner(Protocol):
    """Is told what the device is told."""

    def snapshot(self, snapshot: Mapping[str, Any]) -> None:
        """The state to begin from."""
        ...

    def event(self, event: Mapping[str, Any], live: bool) -> None:
        """Something changed: just now (``live``), or while the device was away."""
        ...

    def wrong(self, what: str) -> None:
        """The server broke its promise."""
        ...

    def dropped(self, reason: str) -> None:
        """The connection ended, and nobody here ended it."""
        ...


class Device:
    """Connects as often as it is told, and goes on where it was."""

    def __init__(self, url: str, token: str, owner: Owner) -> None:
        self.token = token
        self.ledger = Ledger()
        self._url = url.replace("http", "ws", 1) + _PATH
        self._owner = owner
        self._numbers = itertools.count(1)
        self._acks: dict[int, Future[Any]] = {}
        self._ready: Future[str] = Future()
        self._start = ""
        self._live = False
        self._line: websocket.WebSocket | None = None

    @property
    def connected(self) -> bool:
        """A connection is up."""
        return self._line is not None

    def connect(self) -> str:
        """Connects and waits until nothing is missing.

        Returns how the state came: ``snapshot`` (the first one), ``catch up``, or ``resync``.
        """
        self._live, self._ready = False, Future()
        self._start = "catch up"
        line = self._open()
        self._line = line
        threading.Thread(target=self._read, args=(line,), daemon=True).start()
        try:
            return self._ready.result(CONNECT_SECONDS)
        except (TimeoutError, FutureTimeout):
            self.cut()
            raise Trouble("not ready in time") from None

    def _open(self) -> websocket.WebSocket:
        try:
            line = websocket.create_connection(
                self._url,
                timeout=CONNECT_SECONDS,
                enable_multithread=True,
                # Checked in Python, letter by letter, unless it is left out.
                skip_utf8_validation=True,
            )
        except (OSError, websocket.WebSocketException) as error:
            raise Trouble(f"connect: {type(error).__name__}") from error
        try:
            line.recv()
            auth = {"token": self.token, "position": self.ledger.position}
            line.send("40" + json.dumps(auth))
            answer = str(line.recv())
        except (OSError, websocket.WebSocketException) as error:
            line.shutdown()
            raise Trouble(f"connect: {type(error).__name__}") from error
        if not answer.startswith("40"):
            line.shutdown()
            raise Trouble(f"connect refused: {answer[2:80]}")
        line.settimeout(SILENT_SECONDS)
        return line

    def call(self, name: str, fields: Mapping[str, Any]) -> Any:
        """Sends a command; returns what the ack carries, or raises Trouble."""
        number, future = next(self._numbers), Future[Any]()
        self._acks[number] = future
        self._send(f"42{number}{json.dumps([name, fields])}")
        try:
            answer = future.result(ANSWER_SECONDS)
        except (TimeoutError, FutureTimeout):
            raise Trouble("no answer in time") from None
        finally:
            self._acks.pop(number, None)
        if not answer["ok"]:
            problem = answer["problem"]
            raise Trouble(f"{problem['status']} {problem['title']}")
        return answer["data"]

    def _send(self, frame: str) -> None:
        if self._line is None:
            raise Trouble("not connected")
        try:
            self._line.send(frame)
        except (OSError, websocket.WebSocketException) as error:
            raise Trouble("the connection was lost") from error

    def leave(self) -> None:
        """Says goodbye."""
        with contextlib.suppress(Trouble):
            self._send("41")
        self.cut()

    def cut(self) -> None:
        """Is gone without a word, as when the network goes."""
        line, self._line = self._line, None
        if line is not None and line.sock is not None:
            # Its reader sees the end, and closes it.
            with contextlib.suppress(OSError):
                line.sock.shutdown(socket.SHUT_RDWR)
        self._give_up()

    def _give_up(self) -> None:
        for future in (self._ready, *self._acks.values()):
            if not future.done():
                future.set_exception(Trouble("the connection was lost"))

    # --- Reading ------------------------------------------------------------------------------

    def _read(self, line: websocket.WebSocket) -> None:
        reason = "closed by the server"
        try:
            while frame := line.recv():
                self._take(str(frame), line)
        except (OSError, websocket.WebSocketException) as error:
            reason = type(error).__name__
        with contextlib.suppress(OSError):
            line.shutdown()
        if self._line is line:
            self._line = None
            self._give_up()
            self._owner.dropped(reason)

    def _take(self, frame: str, line: websocket.WebSocket) -> None:
        if self._line is not line:
            return
        if frame.startswith("42"):
            name, fields = json.loads(frame[2:])
            self._told(name, fields)
        elif frame.startswith("43"):
            number, _, rest = frame[2:].partition("[")
            future = self._acks.get(int(number))
            if future is not None and not future.done():
                future.set_result(json.loads(f"[{rest}")[0])
        elif frame == "2":
            line.send("3")

    def _told(self, name: str, fields: Mapping[str, Any]) -> None:
        if name == "event":
            wrong = self.ledger.take(fields)
            if wrong is not None:
                self._owner.wrong(wrong)
            self._owner.event(fields, self._live)
        elif name == "ready":
            self.ledger.move(fields["position"])
            self._live = True
            if not self._ready.done():
                self._ready.set_result(self._start)
        elif name == "resync":
            self._start = "snapshot" if self.ledger.position is None else "resync"
            self.ledger.begin(fields["snapshot"])
            self._owner.snapshot(fields["snapshot"])
        elif name == "signal" and fields["type"] == "position":
            self.ledger.move(fields["body"]["position"])
        elif name == "ended":
            self._owner.wrong(f"ended: {fields['reason']}")
