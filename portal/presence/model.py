"""Signals: who is here, who is typing. They are not kept, and repair themselves."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from portal.model import Answer, Id, Model, Position, Request, SignalBody, Time

State = Literal["online", "away", "offline"]


class Presence(Model):
    """Whether someone is here: on any device ``online``, else ``away``, else ``offline``."""

    user_id: Id
    state: State
    last_seen_at: Time | None


class SetPresence(Request):
    """This device is in use, or idle."""

    state: Literal["online", "away"]


class WatchPresence(Request):
    """The people whom this connection looks at now; it hears how they come and go.

    Each call takes the place of the one before, and a new connection looks at nobody.
    """

    user_ids: Annotated[list[Id], Field(max_length=1000)]


class Typing(Request):
    """I am typing in a room. Sent every few seconds while it is so."""

    room_id: Id


class PresenceSignal(SignalBody):
    """Someone came or went; audience ``watchers:<id>``, who look at them (`watch_presence`)."""

    type: ClassVar[str] = "presence"
    presence: Presence


class TypingSignal(SignalBody):
    """Someone is typing; forget it after six seconds; audience ``room:<id>``."""

    type: ClassVar[str] = "typing"
    room_id: Id
    user_id: Id


class PositionSignal(SignalBody):
    """All events up to this position that are for you were sent before this."""

    type: ClassVar[str] = "position"
    position: Position


class TicketSignal(SignalBody):
    """A new ticket: give it with the position at the next connect, and it is quick."""

    type: ClassVar[str] = "ticket"
    position: Position
    ticket: str


class PresenceList(Answer):
    """Everybody whom I may know and who was ever here; the others were not yet."""

    presence: list[Presence]
