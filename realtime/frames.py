"""What goes to clients, as it goes over the wire: each encoded once, for all who get it.

A frame is a Socket.IO packet (type 2, an event, or 3, an ack) inside an Engine.IO message (type 4),
in the default namespace: ``42["event",{...}]``. `realtime.packet` is what carries it.
"""

from __future__ import annotations

import json

import orjson

from realtime.packet import MANY_GET, Packet
from storage.log import Event

# Stands in for an event whose stored body cannot be read: clients move past its position.
UNREADABLE = "unreadable"


def event(event: Event) -> Packet:
    """An event of the log."""
    type_, body = event.type, event.body
    if not _readable(body):
        type_, body = UNREADABLE, "{}"
    fields = f'"position":{event.position},"type":{json.dumps(type_)},"at":{event.at}'
    return Packet.of(f'2["event",{{{fields},"body":{body}}}]', MANY_GET)


def _readable(body: str) -> bool:
    """One body that is not JSON would break every client that gets it."""
    try:
        return isinstance(orjson.loads(body), dict)
    except ValueError:
        return False


def signal(type_: str, body: str) -> Packet:
    """A signal; ``body`` is an encoded JSON object."""
    return Packet.of(f'2["signal",{{"type":{json.dumps(type_)},"body":{body}}}]', MANY_GET)


def ready(position: int, ticket: str | None) -> Packet:
    """Everything up to ``position`` was delivered; from here on it is live."""
    return Packet.of(f'2["ready",{{"position":{position},"ticket":{json.dumps(ticket)}}}]')


def resync(reason: str, snapshot: str) -> Packet:
    """A new state to begin from; ``snapshot`` is encoded JSON."""
    return Packet.of(f'2["resync",{{"reason":{json.dumps(reason)},"snapshot":{snapshot}}}]')


def ended(reason: str) -> Packet:
    """The connection ends for good."""
    return Packet.of(f'2["ended",{{"reason":{json.dumps(reason)}}}]')


def move() -> Packet:
    """This node is leaving: connect anew, once every command is answered."""
    return Packet.of('2["move",{}]')


def ack(ack_id: int, answer: str) -> Packet:
    """The answer to a command; ``answer`` is an encoded JSON object."""
    return Packet.of(f"3{ack_id}[{answer}]")
