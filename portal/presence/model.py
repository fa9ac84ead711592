"""Signals: who is here, who is typing. They are not kept, and repair themselves."""

from __future__ import annotations

from typing import ClassVar, Literal

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


class Typing(Request):
    """I am typing in a room. Sent every few seconds while it is so."""

    room_id: Id


class PresenceSignal(SignalBody):
    """Someone came or went; audience ``person:<id>``."""

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


class PresenceList(Answer):
    """Everybody whom I may know and who was ever here; the others were not yet."""

    presence: list[Presence]
