"""What really happened in a portal: its log, its messages, and who was in which room when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import select

from storage import log
from storage.schema import events, messages
from storage.shards import Shards


@dataclass(frozen=True, slots=True)
class Logged:
    """An event as the log has it."""

    position: int
    type: str
    audience: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stored:
    """A message as the store has it."""

    id: int
    room_id: int
    seq: int
    user_id: int
    client_id: str
    text: str
    edited_at: int | None
    deleted_at: int | None


@dataclass
class Span:
    """The positions at which someone was in a room, both ends included."""

    first: int
    last: int


class Audiences:
    """Who was in which audience at which position, as the log itself tells it.

    Made anew from the events and without any of the server's own code, which is what it judges.
    """

    def __init__(self, entries: Iterable[Logged], end: int) -> None:
        self._end = end
        self._spans: dict[tuple[int, int], list[Span]] = {}
        for entry in entries:
            if entry.type == "members_added":
                for user_id in entry.body["user_ids"]:
                    self._come(entry.body["room"]["id"], user_id, entry.position)
            elif entry.type == "room_removed":
                self._leave(entry.body["room_id"], entry.body["user_id"], entry.position)

    def _come(self, room_id: int, user_id: int, position: int) -> None:
        self._spans.setdefault((room_id, user_id), []).append(Span(position, self._end))

    def _leave(self, room_id: int, user_id: int, position: int) -> None:
        self._spans[room_id, user_id][-1].last = position

    def inside(self, room_id: int, user_id: int) -> bool:
        """Whether someone is in a room at the end."""
        spans = self._spans.get((room_id, user_id))
        return bool(spans) and spans[-1].last == self._end

    def ever(self, audience: str, user_id: int, first: int, last: int) -> bool:
        """Whether someone was in an audience at any of some positions."""
        return self._known(audience, user_id) or any(
            span.first <= last and first <= span.last for span in self._room(audience, user_id)
        )

    def always(self, audience: str, user_id: int, first: int, last: int) -> bool:
        """Whether someone was in it at all of them."""
        return self._known(audience, user_id) or any(
            span.first <= first and last <= span.last for span in self._room(audience, user_id)
        )

    def _known(self, audience: str, user_id: int) -> bool:
        kind = audience.partition(":")[0]
        # Only members take part in the runs: they know everybody in their portal.
        return kind in ("portal", "everybody", "person") or audience == f"user:{user_id}"

    def _room(self, audience: str, user_id: int) -> Sequence[Span]:
        kind, _, number = audience.partition(":")
        return self._spans.get((int(number), user_id), ()) if kind == "room" else ()


@dataclass
class Truth:
    """A portal as its shard has it. ``last`` is where its clock stands."""

    log: list[Logged]
    messages: list[Stored]
    last: int
    audiences: Audiences = field(init=False)

    def __post_init__(self) -> None:
        self.audiences = Audiences(self.log, self.last)

    def newest_for(self, user_id: int) -> int:
        """The position of the last event that someone must have seen."""
        for entry in reversed(self.log):
            at = entry.position
            if self.audiences.always(entry.audience, user_id, at, at):
                return at
        return 0


async def read_truth(shards: Shards, portal_id: int) -> Truth:
    """Reads one moment of a portal."""
    async with (await shards.home(portal_id)).read() as statements:
        clock = await log.clock(statements, portal_id)
        entries = await statements.all(
            select(events.c.position, events.c.type, events.c.audience, events.c.body)
            .where(events.c.portal_id == portal_id)
            .order_by(events.c.position)
        )
        rows = await statements.all(
            select(
                messages.c.id,
                messages.c.room_id,
                messages.c.seq,
                messages.c.user_id,
                messages.c.client_id,
                messages.c.text,
                messages.c.edited_at,
                messages.c.deleted_at,
            )
            .where(messages.c.portal_id == portal_id)
            .order_by(messages.c.room_id, messages.c.seq)
        )
    return Truth(
        [Logged(e.position, e.type, e.audience, orjson.loads(e.body)) for e in entries],
        [Stored(*row) for row in rows],
        clock.last,
    )
