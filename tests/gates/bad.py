"""Requests that are wrong in one way, made from a valid one and the model's own schema.

Nothing here names an operation: one that is added tomorrow is covered by its example.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from portal.model import Request

# What no request may set, whatever its fields are.
NEVER_FIELDS = (
    "portal_id",
    "user_id",
    "role",
    "id",
    "created_at",
    "position",
    "seq",
    "epoch",
    "owner_id",
    "is_admin",
    "__proto__",
    "constructor",
)

# One value of each JSON type, in forms that lax readers would take for something else.
VALUES: tuple[tuple[str, Any], ...] = (
    ("null", None),
    ("boolean", True),
    ("integer", 1),
    ("number", 1.5),
    ("string", "1"),
    ("string", "true"),
    ("array", []),
    ("array", [[]]),
    ("object", {}),
    ("object", {"$ne": 1}),
)

# In every text: bytes that end strings elsewhere, and half a character.
POISON = ("\0", "a\0b", "\ud800", "a\udfffb")


@dataclass(frozen=True, slots=True)
class Bad:
    """A request that must be refused, and the field that the answer must name."""

    what: str
    fields: dict[str, Any]
    names: str


def bad_requests(model: type[Request], good: dict[str, Any]) -> Iterator[Bad]:
    """Every way in which a request can be wrong in one field."""
    schema = model.model_json_schema()
    for name in schema.get("required", []):
        yield Bad(f"{name} is missing", {k: v for k, v in good.items() if k != name}, name)
    for name in NEVER_FIELDS:
        if name not in schema["properties"]:
            for value in (1, "admin", {"x": 1}):
                yield Bad(f"unknown {name} = {value!r}", {**good, name: value}, name)
    for name, described in schema["properties"].items():
        for value in wrong_values(described):
            yield Bad(f"{name} = {_short(value)}", {**good, name: value}, name)


def wrong_values(described: dict[str, Any]) -> Iterator[Any]:
    """Values that a field's schema does not allow."""
    kinds = described.get("anyOf", [described])
    allowed = {_kind(kind) for kind in kinds}
    if "number" in allowed:
        allowed.add("integer")
    for kind, value in VALUES:
        if kind not in allowed:
            yield value
    for kind in kinds:
        yield from _beyond(kind)


def _kind(described: dict[str, Any]) -> str:
    if "type" in described:
        return str(described["type"])
    return "string" if isinstance(described.get("const"), str) else "unknown"


def _beyond(described: dict[str, Any]) -> Iterator[Any]:
    """Just outside of each limit that the schema states."""
    if "minimum" in described:
        yield described["minimum"] - 1
    if "maximum" in described:
        yield described["maximum"] + 1
        yield 10**30
    if "maxLength" in described:
        yield "x" * (described["maxLength"] + 1)
    if described.get("minLength"):
        yield "x" * (described["minLength"] - 1)
    if "enum" in described or "const" in described:
        yield "nonsense"
    if "pattern" in described:
        yield "!" * 10
    if _kind(described) == "string":
        yield from (poison + "x" * described.get("minLength", 0) for poison in POISON)
    if _kind(described) == "array":
        yield from ([value] for value in wrong_values(described["items"]))
        if "maxItems" in described:
            yield [1] * (described["maxItems"] + 1)


def _short(value: Any) -> str:
    text = ascii(value)
    return text if len(text) < 40 else f"{text[:30]}... ({len(text)})"
