"""Puts a portal's events in order: which to hand on now, and whether some are missing.

No I/O: events from hints and rows from the log go in, the next events come out, each position once
and in order, whatever was lost, repeated or swapped on the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from storage.log import EPOCH, Event

# Events ahead of a gap that are kept until it is filled; beyond it the log is read for them too.
MOST_AHEAD = 1_000


class HoleInLog(Exception):
    """The log no longer has what comes next: it was trimmed away."""


def follows(position: int, previous: int) -> bool:
    """Whether nothing lies between two positions.

    Within an epoch positions have no holes; a new epoch begins with its number 1, and ends the old
    one wherever that stood. So across epochs only the log can tell (it was read in order).
    """
    return position == previous + 1


def may_follow_in_log(position: int, previous: int) -> bool:
    """Whether the log may hold these two next to each other."""
    return follows(position, previous) or (
        position // EPOCH > previous // EPOCH and position % EPOCH == 1
    )


class LogOrder:
    """The order of one portal's events. ``position`` is the last one handed on."""

    def __init__(self, position: int) -> None:
        self.position = position
        # The highest position known to exist.
        self.head = position
        self._ahead: dict[int, Event] = {}

    @property
    def behind(self) -> bool:
        """Whether events are known to exist that were not handed on."""
        return self.head > self.position

    def saw(self, head: int) -> None:
        """The log was seen to reach up to ``head``."""
        self.head = max(self.head, head)

    def hinted(self, events: Iterable[Event]) -> list[Event]:
        """Takes what the bus says; returns the events to hand on now."""
        ready: list[Event] = []
        for event in events:
            self.saw(event.position)
            if follows(event.position, self.position):
                self._take(event, ready)
            elif event.position > self.position and len(self._ahead) < MOST_AHEAD:
                self._ahead[event.position] = event
        self._take_ahead(ready)
        return ready

    def read(self, rows: Sequence[Event], last_before: int | None) -> list[Event]:
        """Takes rows of the log; returns the events to hand on now.

        ``rows`` are in order, the log's next ones after some position at or below this one's.
        ``last_before`` is given when the log had no more than these: what ``head`` was before they
        were read. Raises HoleInLog.
        """
        ready: list[Event] = []
        for event in rows:
            if event.position <= self.position:
                continue
            if not may_follow_in_log(event.position, self.position):
                raise HoleInLog(self.position, event.position)
            self._take(event, ready)
        if last_before is not None:
            self._forget_up_to(last_before)
        self._take_ahead(ready)
        return ready

    def _forget_up_to(self, last_before: int) -> None:
        """Drops what was said to exist before the log was read, and is not in it: garbage."""
        self._ahead = {p: e for p, e in self._ahead.items() if p > last_before}
        if self.head <= last_before:
            self.head = self.position

    def _take(self, event: Event, ready: list[Event]) -> None:
        self.position = event.position
        self.head = max(self.head, event.position)
        ready.append(event)

    def _take_ahead(self, ready: list[Event]) -> None:
        while (event := self._ahead.pop(self.position + 1, None)) is not None:
            self._take(event, ready)
        if self._ahead:
            self._ahead = {p: e for p, e in self._ahead.items() if p > self.position}
