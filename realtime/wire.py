"""What nodes say to each other on a portal's channel: new events, and signals.

Whatever else comes over the bus is not understood, and thereby harmless.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import orjson

from storage.log import Event


@dataclass(frozen=True, slots=True)
class Committed:
    """The events of one commit, in order."""

    events: list[Event]


@dataclass(frozen=True, slots=True)
class Signal:
    """Something live that is not kept; ``body`` is an encoded JSON object."""

    audience: str
    type: str
    body: str
    except_user: int | None


@dataclass(frozen=True, slots=True)
class Signals:
    """Signals that were sent together."""

    signals: list[Signal]


@dataclass(frozen=True, slots=True)
class RollCall:
    """A node asks who is connected."""

    call_id: str
    node_id: str


def channel(portal_id: int) -> str:
    """The channel of a portal."""
    return f"portal:{portal_id}"


Content = Committed | Signals | RollCall


def encode(node_id: str, message: Content) -> bytes:
    """A message of this node."""
    if isinstance(message, Committed):
        rows = [[e.position, e.type, e.audience, e.body, e.at] for e in message.events]
        return orjson.dumps([node_id, "events", rows])
    if isinstance(message, RollCall):
        return orjson.dumps([node_id, "roll_call", [message.call_id, message.node_id]])
    rows = [[s.audience, s.type, s.body, s.except_user] for s in message.signals]
    return orjson.dumps([node_id, "signals", rows])


def beginning(node_id: str) -> bytes:
    """What every message of a node begins with."""
    return orjson.dumps([node_id])[:-1] + b","


def decode(data: bytes) -> tuple[str, Content] | None:
    """Which node said what; None when it is not understood."""
    try:
        node_id, kind, content = cast(list[Any], orjson.loads(data))
        if kind == "events":
            return str(node_id), Committed([_event(*row) for row in content])
        if kind == "signals":
            return str(node_id), Signals([_signal(*row) for row in content])
        if kind == "roll_call":
            call_id, asking = content
            return str(node_id), RollCall(str(call_id), str(asking))
    except (ValueError, TypeError):
        pass
    return None


def _event(position: Any, type_: Any, audience: Any, body: Any, at: Any) -> Event:
    if not (_is(int, position, at) and _is(str, type_, audience, body)):
        raise TypeError
    return Event(position, type_, audience, body, at)


def _signal(audience: Any, type_: Any, body: Any, except_user: Any) -> Signal:
    if not (_is(str, audience, type_, body) and (except_user is None or _is(int, except_user))):
        raise TypeError
    return Signal(audience, type_, body, except_user)


def _is(kind: type, *values: Any) -> bool:
    return all(isinstance(value, kind) and not isinstance(value, bool) for value in values)
