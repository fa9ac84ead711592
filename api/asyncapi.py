"""The Socket.IO door described as AsyncAPI 3.0: commands, events, signals and control frames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.schemas import Json, reference, schemas, summary
from portal.errors import ProblemDetails
from portal.model import EventBody, SignalBody
from portal.operation import AnyOperation
from portal.snapshot.model import Snapshot

TEXT = """\
Any Socket.IO client (protocol 5, `EIO=4`) connects to the portal's address, at the default path
`/socket.io/` and the default namespace. Its `auth` is `Handshake`. Browsers have the cookie of
their session instead of a token; it counts only with the portal's own `Origin`.

A refused connection gives `connect_error` whose `data` is a problem.

**Commands** are emitted by name with one object, and acknowledged by `{"ok": true, "data": ...}`
or `{"ok": false, "problem": ...}`. What is acknowledged with `ok` is durable.

**Events** come as `event`, in the order of `position`, each once, and only if they are for the
caller. Keep the last position and give it when connecting again: what was missed comes first.
`ready` says that everything up to its position was delivered. `resync` comes instead of what was
missed when that is too much, or when no position was given: take its snapshot.

**Signals** come as `signal`; they are not kept and may be lost.

**ended** comes just before the server cuts a connection for good.
"""

_INTEGER: Json = {"type": "integer", "minimum": 0, "maximum": 2**53 - 1}
_POSITION: Json = {**_INTEGER, "description": "A place in the portal's log."}


def _object(description: str, **properties: Json) -> Json:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def control_schemas() -> Json:
    """The frames that belong to the door itself and not to a module."""
    handshake = _object(
        "What a client gives when it connects. All of it is optional.",
        token={"type": "string", "description": "Of a session; browsers use their cookie."},
        position={**_POSITION, "description": "The last one handled; none to start afresh."},
        ticket={"type": "string", "description": "The newest one that was given, if any."},
    )
    handshake["required"] = []
    resync_reason = {"type": "string", "enum": ["first", "behind", "ahead"]}
    return {
        "Handshake": handshake,
        "Ready": _object(
            "Everything up to here was delivered. Coming back with the ticket costs less.",
            position=_POSITION,
            ticket={"type": ["string", "null"]},
        ),
        "Resync": _object(
            "Start again from this snapshot.", reason=resync_reason, snapshot=reference(Snapshot)
        ),
        "Move": _object(
            "This node is leaving: wait for the answers to your commands, then connect anew."
        ),
        "Ended": _object(
            "The connection ends for good; do not connect again by yourself.",
            reason={"type": "string", "examples": ["session_ended", "deactivated"]},
        ),
        "Failure": _object(
            "The acknowledgement of a command that was refused.",
            ok={"const": False},
            problem=reference(ProblemDetails),
        ),
    }


def socket_schemas(
    operations: Mapping[str, AnyOperation],
    events: Mapping[str, type[EventBody]],
    signals: Mapping[str, type[SignalBody]],
) -> Json:
    """The schemas of every operation, event, signal and control frame."""
    models: set[type[Any]] = {Snapshot, *events.values(), *signals.values()}
    for operation in operations.values():
        models |= {operation.request, operation.answer}
    found = {**schemas(models), **control_schemas()}
    return {name: found[name] for name in sorted(found)}


def asyncapi(
    operations: Mapping[str, AnyOperation],
    events: Mapping[str, type[EventBody]],
    signals: Mapping[str, type[SignalBody]],
    version: str,
) -> Json:
    """The whole document."""
    commands = {name: found for name, found in operations.items() if found.socket}
    messages = {
        **_command_messages(commands),
        **_pushed("event", events),
        **_pushed("signal", signals),
        **_control_messages(),
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Talkoo",
            "version": version,
            "description": TEXT,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "portal": {
                "address": "/socket.io/",
                "description": "The namespace `/` of one portal.",
                "messages": {name: {"$ref": _message(name)} for name in messages},
            }
        },
        "operations": _operations(commands, messages),
        "components": {
            "messages": messages,
            "schemas": socket_schemas(commands, events, signals),
        },
    }


def _message(name: str) -> str:
    return f"#/components/messages/{name}"


def _of_channel(name: str) -> Json:
    return {"$ref": f"#/channels/portal/messages/{name}"}


def _command_messages(commands: Mapping[str, AnyOperation]) -> Json:
    found: Json = {}
    for name, operation in commands.items():
        found[name] = {
            "name": name,
            "summary": operation.summary,
            "payload": reference(operation.request),
        }
        answer = _object("Done.", ok={"const": True}, data=reference(operation.answer))
        found[f"{name}.ack"] = {
            "name": f"{name} (acknowledgement)",
            "payload": {"oneOf": [answer, reference("Failure")]},
        }
    return found


def _pushed(kind: str, bodies: Mapping[str, type[EventBody] | type[SignalBody]]) -> Json:
    found: Json = {}
    for type_, body in bodies.items():
        fields: Json = {"type": {"const": type_}, "body": reference(body)}
        if kind == "event":
            at = {**_INTEGER, "description": "Milliseconds since 1970, UTC."}
            fields = {"position": _POSITION, "at": at, **fields}
        found[f"{kind}.{type_}"] = {
            "name": kind,
            "title": type_,
            "summary": summary(body),
            "payload": _object(summary(body), **fields),
        }
    return found


def _control_messages() -> Json:
    return {
        name: {"name": name, "payload": reference(name.capitalize())}
        for name in ("ready", "resync", "move", "ended")
    }


def _operations(commands: Mapping[str, AnyOperation], messages: Json) -> Json:
    found: Json = {}
    for name, operation in commands.items():
        found[name] = {
            "action": "receive",
            "channel": {"$ref": "#/channels/portal"},
            "summary": operation.summary,
            "messages": [_of_channel(name)],
            "reply": {
                "channel": {"$ref": "#/channels/portal"},
                "messages": [_of_channel(f"{name}.ack")],
            },
        }
    for name in ("event", "signal", "ready", "resync", "move", "ended"):
        sent = [key for key in messages if key == name or key.startswith(f"{name}.")]
        found[f"send_{name}"] = {
            "action": "send",
            "channel": {"$ref": "#/channels/portal"},
            "messages": [_of_channel(key) for key in sent],
        }
    return found
