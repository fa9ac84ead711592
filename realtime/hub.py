"""Who of one portal is connected to this node, by user, room and role.

Finding the receivers of an event is a look into these indexes, never a query. They follow the log:
each event that changes who sees what is applied in its place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog

from portal import audience
from realtime import frames
from realtime.changes import Became, Came, Change, Ended, Gone, Left, change_of, changes_views
from realtime.crowd import Crowd
from realtime.outbox import MANY
from realtime.packet import Packet
from realtime.recent import Told
from realtime.viewer import Viewer
from realtime.wire import Signal
from storage.log import Event

logger = structlog.get_logger(__name__)


class Receiver(Protocol):
    """A live connection, as the hub needs it."""

    sid: str

    @property
    def line(self) -> Any:
        """Its way out (see `realtime.crowd`)."""
        ...

    @property
    def user_id(self) -> int:
        """Whose it is."""
        ...

    @property
    def session_id(self) -> int:
        """Of which session."""
        ...

    def send(self, packet: Packet) -> bool:
        """Hands a prepared packet over; False when the connection cannot take more."""
        ...


class Ends(Protocol):
    """What the gateway does with connections on the hub's word; none of it awaits."""

    def spread(self, crowd: Crowd, packet: Packet) -> Sequence[Any]:
        """Hands a packet to a crowd; returns those who cannot take more."""
        ...

    def end(self, connection: Any, reason: str) -> None:
        """Tells the client that it is over, and cuts the connection."""
        ...

    def cut(self, connection: Any, reason: str) -> None:
        """Cuts the connection; the client comes back by itself and catches up."""
        ...

    def restart(self, connection: Any) -> None:
        """Begins anew with a snapshot: what the user may see has changed as a whole."""
        ...

    def role_changed(self, connection: Any, role: str) -> None:
        """Commands have the new role from now on."""
        ...


# Sets that keep the order in which connections came.
Receivers = dict[Receiver, None]


@dataclass(slots=True)
class Present:
    """A user who is connected here."""

    viewer: Viewer
    connections: Receivers = field(default_factory=dict[Receiver, None])


class Hub:
    """The connections of one portal that are live: that have got every event up to now."""

    def __init__(self, portal_id: int, ends: Ends) -> None:
        self.portal_id = portal_id
        self.ends = ends
        self.delivered = 0
        self.users: dict[int, Present] = {}
        self._insiders = Crowd()
        self._admins = Crowd()
        self._rooms: dict[int, Crowd] = {}
        self._guests: dict[int, Present] = {}
        # Who looks at whom: signals of presence go to nobody else.
        self._watchers: dict[int, Receivers] = {}
        self._watched: dict[Receiver, frozenset[int]] = {}

    def __len__(self) -> int:
        return len(self._insiders) + sum(len(g.connections) for g in self._guests.values())

    def connections(self) -> list[Receiver]:
        """All of them."""
        return [c for present in self.users.values() for c in present.connections]

    # --- Coming and going ---------------------------------------------------------------------

    def add(self, connection: Receiver, viewer: Viewer) -> None:
        """Takes a connection in. ``viewer`` is as of the position that the hub stands at."""
        present = self.users.setdefault(connection.user_id, Present(viewer))
        present.connections[connection] = None
        self._file(present, (connection,))

    def remove(self, connection: Receiver) -> None:
        """Lets a connection go; one that is not here is fine."""
        present = self.users.get(connection.user_id)
        if present is None or connection not in present.connections:
            return
        self._unfile(present, (connection,))
        self._look_away(connection)
        present.connections.pop(connection, None)
        if not present.connections:
            del self.users[connection.user_id]
            self._guests.pop(connection.user_id, None)

    def watch(self, connection: Receiver, user_ids: frozenset[int]) -> None:
        """A connection looks at these people from now on, and at no others."""
        self._look_away(connection)
        present = self.users.get(connection.user_id)
        if user_ids and present is not None and connection in present.connections:
            self._watched[connection] = user_ids
            for user_id in user_ids:
                self._watchers.setdefault(user_id, {})[connection] = None

    def watched(self) -> list[int]:
        """The people whom somebody here looks at."""
        return list(self._watchers)

    def _look_away(self, connection: Receiver) -> None:
        for user_id in self._watched.pop(connection, ()):
            watchers = self._watchers[user_id]
            watchers.pop(connection, None)
            if not watchers:
                del self._watchers[user_id]

    def _file(self, present: Present, connections: Iterable[Receiver]) -> None:
        viewer = present.viewer
        if viewer.guest:
            self._guests[viewer.user_id] = present
        else:
            self._insiders.put(connections)
        if viewer.role == "admin":
            self._admins.put(connections)
        for room_id in viewer.rooms:
            self._rooms.setdefault(room_id, Crowd()).put(connections)

    def _unfile(self, present: Present, connections: Iterable[Receiver]) -> None:
        self._insiders.take(connections)
        self._admins.take(connections)
        for room_id in present.viewer.rooms:
            self._leave(room_id, connections)

    def _leave(self, room_id: int, connections: Iterable[Receiver]) -> None:
        inside = self._rooms.get(room_id)
        if inside is not None:
            inside.take(connections)
            if not inside:
                del self._rooms[room_id]

    # --- Delivering ---------------------------------------------------------------------------

    def receivers(self, name: str) -> Collection[Receiver]:
        """The live connections of an audience."""
        kind, number = audience.split(name)
        match kind:
            case "portal":
                return self._insiders
            case "everybody":
                return self.connections()
            case "admins":
                return self._admins
            case "user":
                return self.users[number].connections if number in self.users else ()
            case "room":
                return self._rooms.get(number, ())
            case "person":
                return self._who_know(number)
            case "watchers":
                return self._who_look_at(number)
            case _:
                return ()

    def _who_know(self, user_id: int) -> Collection[Receiver]:
        guests = [g for g in self._guests.values() if g.viewer.knows(user_id)]
        if not guests:
            return self._insiders
        return [*self._insiders, *(c for guest in guests for c in guest.connections)]

    def _who_look_at(self, user_id: int) -> Collection[Receiver]:
        looking = self._watchers.get(user_id, ())
        if not self._guests or not looking:
            return looking
        # A guest who looks may know the person no more.
        return [c for c in looking if self.users[c.user_id].viewer.knows(user_id)]

    def deliver(self, told: Sequence[Told]) -> None:
        """Hands events to their audiences, in order. Never raises."""
        start = 0
        while start < len(told):
            end = start + 1
            # Neighbours for the same people, as a busy room's are, go out as one.
            while end < len(told) and _alike(told[start].event, told[end].event):
                end += 1
            self._try(told[start:end])
            start = end

    def _try(self, alike: Sequence[Told]) -> None:
        try:
            self._deliver(alike)
        except Exception:
            # Whoever did not get it must not get the next: all come back and catch up.
            position = alike[0].event.position
            logger.exception("delivery_failed", portal=self.portal_id, position=position)
            for connection in self.connections():
                self.ends.cut(connection, "fault")

    def _deliver(self, alike: Sequence[Told]) -> None:
        change = change_of(alike[0].event) if len(alike) == 1 else None
        if change is not None:
            self._before(change)
        packet = Packet.joined([one.packet for one in alike])
        self._send(self.receivers(alike[0].event.audience), packet)
        if change is not None:
            self._after(change)

    def signal(self, signal: Signal) -> None:
        """Hands a signal to whoever is in its audience now."""
        receivers = self.receivers(signal.audience)
        if signal.except_user is not None:
            receivers = [c for c in receivers if c.user_id != signal.except_user]
        self._send(receivers, frames.signal(signal.type, signal.body))

    def tell(self, connections: Sequence[Receiver], packet: Packet) -> None:
        """Hands a packet to those of some connections that are still here."""
        self._send([one for one in connections if self._is_here(one)], packet)

    def _is_here(self, connection: Receiver) -> bool:
        present = self.users.get(connection.user_id)
        return present is not None and connection in present.connections

    def _send(self, receivers: Collection[Receiver], packet: Packet) -> None:
        if isinstance(receivers, Crowd) and len(receivers) >= MANY:
            slow = self.ends.spread(receivers, packet)
        else:
            slow = [connection for connection in receivers if not connection.send(packet)]
        self.delivered += (len(receivers) - len(slow)) * packet.count
        for connection in slow:
            self.ends.cut(connection, "slow")

    # --- Changes of who sees what -------------------------------------------------------------

    def _before(self, change: Change) -> None:
        if not isinstance(change, Came):
            return
        for user_id in change.user_ids & self.users.keys():
            present = self.users[user_id]
            present.viewer.before(change)
            self._rooms.setdefault(change.room_id, Crowd()).put(present.connections)
        for guest in self._guests.values():
            guest.viewer.before(change)

    def _after(self, change: Change) -> None:
        if isinstance(change, Left):
            self._left(change)
        elif isinstance(change, Gone):
            self._gone(change)
        elif isinstance(change, Became):
            self._became(change)
        elif isinstance(change, Ended):
            self._ended(change)

    def _left(self, change: Left) -> None:
        present = self.users.get(change.user_id)
        if present is not None:
            present.viewer.after(change)
            self._leave(change.room_id, present.connections)
        for guest in self._guests.values():
            guest.viewer.after(change)

    def _gone(self, change: Gone) -> None:
        self._rooms.pop(change.room_id, None)
        for present in self.users.values():
            present.viewer.after(change)

    def _became(self, change: Became) -> None:
        present = self.users.get(change.user_id)
        if present is None:
            return
        connections = list(present.connections)
        if not change.active:
            for connection in connections:
                self.ends.end(connection, "deactivated")
            return
        before = present.viewer.role
        if change.role == before:
            return
        for connection in connections:
            self.ends.role_changed(connection, change.role)
        if "guest" in (change.role, before):
            # What they see and whom they know is another world now.
            for connection in connections:
                self.ends.restart(connection)
            return
        self._unfile(present, connections)
        present.viewer.role = change.role
        self._file(present, connections)

    def _ended(self, change: Ended) -> None:
        present = self.users.get(change.user_id)
        if present is None:
            return
        for connection in list(present.connections):
            if connection.session_id == change.session_id:
                self.ends.end(connection, "session_ended")


def _alike(first: Event, second: Event) -> bool:
    """Whether two events go to the same people, as far as their audiences can tell."""
    return first.audience == second.audience and not (
        changes_views(first.type) or changes_views(second.type)
    )
