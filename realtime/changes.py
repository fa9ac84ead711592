"""The few events that change who sees what, read from the log's own form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from portal import audience
from portal.accounts.model import PersonChanged, SessionEnded
from portal.chat.model import MembersAdded, RoomRemoved
from portal.feed.model import PostDeleted
from storage.log import Event


@dataclass(frozen=True, slots=True)
class Came:
    """Users came into a room; ``members`` are all who are in it now."""

    room_id: int
    user_ids: frozenset[int]
    members: frozenset[int]


@dataclass(frozen=True, slots=True)
class Left:
    """A user is in a room no more, once they were told."""

    room_id: int
    user_id: int


@dataclass(frozen=True, slots=True)
class Gone:
    """A room is no more, once its people were told."""

    room_id: int


@dataclass(frozen=True, slots=True)
class Became:
    """A user as they are now."""

    user_id: int
    role: str
    active: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """A session of a user ended."""

    user_id: int
    session_id: int


Change = Came | Left | Gone | Became | Ended


def changes_views(type_: str) -> bool:
    """Whether an event of this type may change who sees what."""
    return type_ in _READERS


def change_of(event: Event) -> Change | None:
    """What an event changes about who sees what; None for most, and for what cannot be read."""
    read = _READERS.get(event.type)
    if read is None:
        return None
    try:
        return read(event, orjson.loads(event.body))
    except (ValueError, TypeError, KeyError):
        return None


def _came(event: Event, body: Any) -> Change:
    room = body["room"]
    return Came(int(room["id"]), frozenset(body["user_ids"]), frozenset(room["member_ids"]))


def _left(event: Event, body: Any) -> Change:
    return Left(int(body["room_id"]), int(body["user_id"]))


def _gone(event: Event, body: Any) -> Change:
    return Gone(int(body["room_id"]))


def _became(event: Event, body: Any) -> Change:
    person = body["person"]
    return Became(int(person["id"]), str(person["role"]), bool(person["active"]))


def _ended(event: Event, body: Any) -> Change:
    return Ended(audience.split(event.audience)[1], int(body["session_id"]))


_READERS = {
    MembersAdded.type: _came,
    RoomRemoved.type: _left,
    PostDeleted.type: _gone,
    PersonChanged.type: _became,
    SessionEnded.type: _ended,
}
