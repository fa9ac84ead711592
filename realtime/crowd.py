"""A large audience, and what it takes to write to all of it at once.

Going through a thousand connections one by one costs more in what is looked up of each (they lie
far apart in memory) than in anything that is done with it. So a crowd keeps the descriptors of its
sockets side by side, for as long as nobody comes or goes and no socket of the node closes.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Protocol

from realtime.packet import Packet

_AGE = attrgetter("number")


class Line(Protocol):
    """A socket that may be written to past its transport (see `realtime.engine`)."""

    number: int
    descriptor: int
    deflates: bool
    closed: bool
    # The member whose it is.
    owner: Any

    def send_packet(self, packet: Packet) -> bool:
        """Puts a packet behind what is due; False when the client does not read."""
        ...

    def precede(self, packet: Packet) -> None:
        """Puts a packet before what is due."""
        ...

    def write(self, data: bytes) -> None:
        """Writes by the transport."""
        ...


class Member(Protocol):
    """A connection, by whatever it is carried."""

    @property
    def line(self) -> Any:
        """Its way out: with a `descriptor` of zero or more, a `Line`."""
        ...

    def send(self, packet: Packet) -> bool:
        """Hands a packet over; False when the connection cannot take more."""
        ...


@dataclass(frozen=True, slots=True)
class Band:
    """Those of a crowd who get the same bytes."""

    deflates: bool
    lines: Sequence[Line]
    descriptors: array[int]
    places: dict[Line, int]

    @classmethod
    def of(cls, lines: Sequence[Line], deflates: bool) -> Band:
        """Of sockets in their order."""
        descriptors = array("i", [line.descriptor for line in lines])
        return cls(deflates, lines, descriptors, {line: n for n, line in enumerate(lines)})

    def without(self, apart: Collection[Line]) -> tuple[Sequence[Line], array[int]]:
        """The sockets and their descriptors, without a few."""
        gone = sorted({self.places[line] for line in apart if line in self.places})
        if not gone:
            return self.lines, self.descriptors
        lines, descriptors = list(self.lines), self.descriptors[:]
        for place in reversed(gone):
            del lines[place], descriptors[place]
        return lines, descriptors


@dataclass(frozen=True, slots=True)
class Plan:
    """How to write to a crowd."""

    # How many sockets of the node had closed by then: when one more has, a descriptor may be
    # somebody else's.
    closings: int
    bands: Sequence[Band]
    # Those who are written to one by one.
    others: Sequence[Member]

    def holds(self, line: Line) -> bool:
        """Whether the plan writes to a socket."""
        return any(line in band.places for band in self.bands)


class Crowd(dict[Any, None]):
    """Connections, in the order in which they came; changed by `put` and `take` only."""

    __slots__ = ("_plan",)

    def __init__(self, members: Iterable[Member] = ()) -> None:
        super().__init__(dict.fromkeys(members))
        self._plan: Plan | None = None

    def put(self, members: Iterable[Member]) -> None:
        """More of them."""
        self.update(dict.fromkeys(members))
        self._plan = None

    def take(self, gone: Iterable[Member]) -> None:
        """Fewer; one that is not here is fine."""
        for member in gone:
            self.pop(member, None)
        self._plan = None

    def plan(self, closings: int) -> Plan:
        """How to write to them now."""
        if self._plan is None or self._plan.closings != closings:
            self._plan = self._planned(closings)
        return self._plan

    def _planned(self, closings: int) -> Plan:
        lines: list[Line] = []
        others: list[Member] = []
        for member in self:
            line = member.line
            if line.descriptor < 0 or line.closed:
                others.append(member)
            else:
                lines.append(line)
        # In the order in which sockets were made, as `realtime.outbox` writes to any.
        lines.sort(key=_AGE)
        bands = [
            Band.of(some, deflates)
            for deflates in (False, True)
            if (some := [line for line in lines if line.deflates is deflates])
        ]
        return Plan(closings, bands, others)
