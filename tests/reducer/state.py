"""What a person's client knows by snapshot, and which events it is sent after that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from portal import audience
from portal.context import Context
from realtime.changes import Became, Change, Ended, change_of
from realtime.viewer import Viewer
from storage import log
from storage import standing as store
from storage.log import Event
from storage.standing import Standing
from tests.walk.world import do

State = dict[str, Any]


async def load(context: Context) -> State:
    """The snapshot of a person, as it goes over the wire."""
    answer = await do(context, "get_snapshot")
    state: State = answer.model_dump(mode="json")
    return state


async def look(context: Context) -> tuple[Standing, Viewer]:
    """Where a person stands now, and what they see."""
    me = context.me
    async with context.read() as statements:
        key = (me.portal_id, me.user_id, me.session_id)
        standing = (await store.standings(statements, [key]))[key]

    return standing, Viewer.of(me.user_id, standing.role, standing.rooms, standing.circles)


async def read_log(context: Context, after: int) -> list[Event]:
    """Every event of the portal after a position."""
    async with context.read() as statements:
        return await log.read_after(statements, context.portal, after, 10_000)


@dataclass
class Device:
    """A client that is connected all the time: the server's view of it goes with the events."""

    context: Context
    viewer: Viewer
    state: State
    # Where the server stands with it; the state's own position stays at the last event it got.
    caught: int

    @classmethod
    async def start(cls, context: Context) -> Device:
        """Begins with a snapshot. Nobody may write meanwhile."""
        _, viewer = await look(context)
        state = await load(context)
        return cls(context, viewer, state, state["position"])

    def hear(self, events: list[Event]) -> list[Event] | None:
        """Those of the next events that it is sent; None when only a snapshot tells it all."""
        heard: list[Event] = []
        for event in events:
            change = change_of(event)
            if _cuts(self.context, self.viewer, change):
                return None
            self.viewer.before(change)
            if self.viewer.sees(*audience.split(event.audience)):
                heard.append(event)
            self.viewer.after(change)
        self.caught = events[-1].position if events else self.caught
        return heard


async def missed(context: Context, events: list[Event]) -> list[Event] | None:
    """Those events that a client gets that comes back now; None when it gets a snapshot."""
    if any(_own(context, change_of(event)) for event in events):
        return None
    _, viewer = await look(context)
    return [event for event in events if viewer.sees(*audience.split(event.audience))]


def _cuts(context: Context, viewer: Viewer, change: Change | None) -> bool:
    if not _own(context, change):
        return False
    if isinstance(change, Became):
        boundary = change.role != viewer.role and "guest" in (change.role, viewer.role)
        return boundary or not change.active
    return True


def _own(context: Context, change: Change | None) -> bool:
    """Whether it is about the person as a whole, or the end of this session."""
    if isinstance(change, Ended):
        return change.session_id == context.me.session_id
    return isinstance(change, Became) and change.user_id == context.me.user_id


def comparable(state: State) -> State:
    """A state without what no event brings, and with its sets in one order.

    ``position`` differs when the last events were not for this person; presence is a signal;
    rooms and people are sorted where they are shown. Posts are kept in order, and compared so.
    """
    kept = {name: state[name] for name in ("portal", "me", "feed", "posts", "more_posts")}
    kept["people"] = {person["id"]: person for person in state["people"]}
    kept["rooms"] = {room["id"]: room for room in state["rooms"]}
    return kept
