"""What one user may see, kept right as the log goes on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from realtime.changes import Became, Came, Change, Gone, Left


@dataclass(slots=True)
class Viewer:
    """A user's role and rooms, as of some position of the log."""

    user_id: int
    role: str
    rooms: set[int] = field(default_factory=set[int])
    # Who is in each of a guest's rooms; those are the people whom a guest knows. Members and
    # admins know everybody, so for them this stays empty.
    circles: dict[int, set[int]] = field(default_factory=dict[int, set[int]])

    @classmethod
    def of(
        cls, user_id: int, role: str, rooms: Iterable[int], circles: Mapping[int, Iterable[int]]
    ) -> Viewer:
        """A viewer with collections of its own."""
        kept = {room_id: set(people) for room_id, people in circles.items()}
        return cls(user_id, role, set(rooms), kept)

    @property
    def guest(self) -> bool:
        """Guests see only what they were invited to."""
        return self.role == "guest"

    def knows(self, user_id: int) -> bool:
        """Whether they may know that someone exists."""
        if not self.guest or user_id == self.user_id:
            return True
        return any(user_id in people for people in self.circles.values())

    def sees(self, kind: str, number: int) -> bool:
        """Whether they are in an audience; in one of an unknown kind, nobody is."""
        match kind:
            case "portal":
                return not self.guest
            case "everybody":
                return True
            case "admins":
                return self.role == "admin"
            case "user":
                return number == self.user_id
            case "room":
                return number in self.rooms
            case "person":
                return self.knows(number)
            case _:
                return False

    def before(self, change: Change | None) -> None:
        """Takes a change that holds already for the event that says it."""
        if isinstance(change, Became) and change.user_id == self.user_id:
            self.role = change.role
        elif isinstance(change, Came):
            if self.user_id in change.user_ids:
                self.rooms.add(change.room_id)
            if self.guest and change.room_id in self.rooms:
                self.circles[change.room_id] = set(change.members)

    def after(self, change: Change | None) -> None:
        """Takes a change that holds only after the event that says it."""
        if isinstance(change, Gone):
            self._leave(change.room_id)
        elif isinstance(change, Left):
            if change.user_id == self.user_id:
                self._leave(change.room_id)
            elif change.room_id in self.circles:
                self.circles[change.room_id].discard(change.user_id)

    def _leave(self, room_id: int) -> None:
        self.rooms.discard(room_id)
        self.circles.pop(room_id, None)
