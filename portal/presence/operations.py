"""Who is here and who types: signals, which nobody keeps and which repair themselves."""

from __future__ import annotations

from collections.abc import Mapping

from portal import audience
from portal.context import Context
from portal.errors import conflict, not_found
from portal.model import Done, EventBody, Nothing, SignalBody
from portal.operation import MEMBERS, AnyOperation, command, query
from portal.presence.model import (
    PositionSignal,
    Presence,
    PresenceList,
    PresenceSignal,
    SetPresence,
    State,
    TicketSignal,
    Typing,
    TypingSignal,
    WatchPresence,
)
from portal.presence.recent import Recent
from storage import people
from storage import presence as store
from storage.database import Statements

# A client shows "typing" for six seconds after a signal: one in two keeps it there, and a client
# that signals every keystroke costs its room no more. Merged on each node by itself.
TYPING_SECONDS = 2.0
TYPING_REMEMBERED = 50_000
_typed = Recent(TYPING_SECONDS, TYPING_REMEMBERED)


async def set_presence(context: Context, request: SetPresence) -> Done:
    """This device is in use, or idle."""
    connection_id = context.caller.connection_id
    if connection_id is None:
        raise conflict("no-connection", "Presence belongs to a live connection; connect first.")
    await context.services.presence.set_state(context.portal, connection_id, request.state)
    return Done()


async def typing(context: Context, request: Typing) -> Done:
    """I am typing in a room."""
    me = context.me
    key = (me.portal_id, request.room_id, me.user_id)
    if key in _typed:
        return Done()
    async with context.read() as statements:
        room = await store.room_view(statements, me.portal_id, request.room_id, me.user_id)
    everybody = room is not None and room.visible_to == audience.PORTAL
    if room is None or not (room.member or (everybody and me.role in MEMBERS)):
        raise not_found("room")
    _typed.note(key)
    await context.signal(
        audience.PORTAL if everybody else audience.room(request.room_id),
        TypingSignal(room_id=request.room_id, user_id=me.user_id),
    )
    return Done()


async def watch_presence(context: Context, request: WatchPresence) -> PresenceList:
    """Says how the people are whom a connection looks at, and goes on telling it."""
    connection_id = context.caller.connection_id
    if connection_id is None:
        raise conflict("no-connection", "Presence belongs to a live connection; connect first.")
    me, watched = context.me, set(request.user_ids)
    async with context.read() as statements:
        if me.role not in MEMBERS:
            watched &= await people.known_to(statements, me.portal_id, me.user_id) | {me.user_id}
        seen = await store.last_seen_of(statements, me.portal_id, sorted(watched))
    # First watched, then asked: who turns in between is told of twice, and not left out.
    context.services.presence.watch(me.portal_id, connection_id, frozenset(seen))
    states = await context.services.presence.states(me.portal_id, list(seen))
    return PresenceList(presence=[_presence(user_id, seen, states) for user_id in seen])


async def list_presence(context: Context, request: Nothing) -> PresenceList:
    """Who is here, and when the others were."""
    async with context.read() as statements:
        return PresenceList(presence=await known_presence(context, statements))


async def known_presence(context: Context, statements: Statements) -> list[Presence]:
    """The presence of everybody whom the caller may know, by id; for the snapshot too."""
    me = context.me
    seen = await store.last_seen(statements, me.portal_id, context.limits.people)
    if me.role not in MEMBERS:
        known = await people.known_to(statements, me.portal_id, me.user_id) | {me.user_id}
        seen = {user_id: at for user_id, at in seen.items() if user_id in known}
    states = await context.services.presence.states(me.portal_id)
    return [
        _presence(user_id, seen, states)
        for user_id, at in seen.items()
        if user_id in states or at is not None
    ]


def _presence(user_id: int, seen: Mapping[int, int | None], states: Mapping[int, str]) -> Presence:
    state = as_state(states.get(user_id))
    return Presence(user_id=user_id, state=state, last_seen_at=seen[user_id])


def as_state(value: str | None) -> State:
    """The state that a board of presence holds, as a word of the contract."""
    if value == "online":
        return "online"
    return "away" if value == "away" else "offline"


OPERATIONS: tuple[AnyOperation, ...] = (
    command("set_presence", set_presence, SetPresence, Done, "This device is in use, or idle"),
    command(
        "watch_presence", watch_presence, WatchPresence, PresenceList, "Whom this device looks at"
    ),
    command("typing", typing, Typing, Done, "I am typing in a room"),
    query("list_presence", list_presence, Nothing, PresenceList, "Who is here now"),
)
EVENTS: tuple[type[EventBody], ...] = ()
SIGNALS: tuple[type[SignalBody], ...] = (
    PresenceSignal,
    TypingSignal,
    PositionSignal,
    TicketSignal,
)
