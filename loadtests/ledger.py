"""What a device has been told: finds what came twice, out of order, or not at all.

Everybody in a room is told all its messages, and these are numbered without holes. So any device
can tell by itself that one is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class Ledger:
    """The position of one device, and the number of the newest message of each room."""

    def __init__(self) -> None:
        self.position: int | None = None
        self._newest: dict[int, int] = {}

    def begin(self, snapshot: Mapping[str, Any]) -> None:
        """Starts anew from a snapshot."""
        self.position = snapshot["position"]
        self._newest = {room["id"]: room["last_seq"] for room in snapshot["rooms"]}

    def move(self, position: int) -> None:
        """Everything up to a position has come."""
        self.position = max(self.position or 0, position)

    def take(self, event: Mapping[str, Any]) -> str | None:
        """Notes an event; returns what is wrong with it, if anything."""
        position: int = event["position"]
        if self.position is not None and position <= self.position:
            return f"{event['type']} came again"
        self.position = position
        if event["type"] == "members_added":
            room = event["body"]["room"]
            self._newest.setdefault(room["id"], room["last_seq"])
        if event["type"] == "message_sent":
            return self._take_message(event["body"]["message"])
        return None

    def _take_message(self, message: Mapping[str, Any]) -> str | None:
        # Comments reach people who are not in the discussion, beginning anywhere.
        seq: int = message["seq"]
        before = self._newest.get(message["room_id"], seq - 1)
        self._newest[message["room_id"]] = seq
        return None if seq == before + 1 else "a message was skipped"

    def lacks(self, rooms: Sequence[Mapping[str, Any]]) -> int:
        """How many messages of these rooms, as the server lists them, have not come."""
        return sum(max(0, room["last_seq"] - self._newest.get(room["id"], 0)) for room in rooms)
