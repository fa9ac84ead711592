"""What is due to each connection in one turn of the loop, in one write each.

A write is one system call, and the system call is most of what a delivery costs. So the writes of
one turn are kept until its end: an ack and the event that it caused, or the hundred events of a
busy moment, leave together; and to many sockets they leave in one call (`realtime.ring`).

A packet for a crowd is a wave: it touches none of the crowd's connections, but for the few that
have something else due or do not read. There is one wave a turn; the next makes the first one due
to each, like anything else.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Protocol

from realtime.crowd import Crowd, Line, Plan
from realtime.packet import Packet
from realtime.ring import open_ring
from storage.measure import Histogram

# From so many on, going through them in the order in which they were made saves more than putting
# them into that order costs: the kernel's part of a write then takes 4.3 us instead of 5.9, since
# sockets of one age lie close to each other in memory.
MANY = 64
_AGE = attrgetter("number")


class Flushed(Line, Protocol):
    """A socket that has something to write."""

    # True when the transport has something to write first.
    paused: bool

    def due(self) -> bytes:
        """Takes what is to be written; nothing when the socket is closed."""
        ...


@dataclass(frozen=True, slots=True)
class _Wave:
    plan: Plan
    packet: Packet
    # Those who got it in another way.
    apart: set[Line]


class Outbox:
    """The sockets of a node that have something to write at the end of this turn."""

    def __init__(self) -> None:
        # From the commit of events until they were written to the last of those who get them
        # here, in seconds; by the wall clocks of the node that committed and of this one.
        self.delays = Histogram()
        # Sockets whose transports keep something, and how many sockets have closed so far; by the
        # sockets themselves.
        self.paused: set[Line] = set()
        self.closings = 0
        self._sockets: list[Flushed] = []
        self._wave: _Wave | None = None
        self._waiting = False
        self._committed: list[int] = []
        self._ring = open_ring()

    def close(self) -> None:
        """Gives the kernel back what it lent."""
        self.flush()
        if self._ring is not None:
            self._ring.close()
            self._ring = None

    def add(self, socket: Flushed) -> None:
        """Will flush the socket; it is added once a turn."""
        if not self._waiting:
            self._flush_soon()
        self._sockets.append(socket)

    def _flush_soon(self) -> None:
        self._waiting = True
        asyncio.get_running_loop().call_soon(self.flush)

    def spread(self, crowd: Crowd, packet: Packet) -> list[Any]:
        """Will write a packet to a crowd; returns those who cannot take more."""
        if self._ring is None or self._wave is not None or len(self._sockets) >= MANY:
            self.settle()
            return [member for member in crowd if not member.send(packet)]
        plan = crowd.plan(self.closings)
        slow: list[Any] = [member for member in plan.others if not member.send(packet)]
        apart = self._apart(plan, self._sockets)
        slow += [line.owner for line in apart if not line.send_packet(packet)]
        self._wave = _Wave(plan, packet, apart)
        if not self._waiting:
            self._flush_soon()
        return slow

    def _apart(self, plan: Plan, sockets: Collection[Line]) -> set[Line]:
        """Those of a plan whose next bytes are not the wave's."""
        return {line for some in (sockets, self.paused) for line in some if plan.holds(line)}

    def settle(self) -> None:
        """Makes the wave, if there is one, due to each as anything else is."""
        wave, self._wave = self._wave, None
        if wave is not None:
            for band in wave.plan.bands:
                for line in band.lines:
                    if line not in wave.apart:
                        line.precede(wave.packet)

    def carries(self, at: int) -> None:
        """Events that were committed ``at`` a time (in ms) are among what will be written."""
        if self._waiting:
            self._committed.append(at)

    def flush(self) -> None:
        """Writes everything."""
        if self._wave is not None:
            self._write_wave(self._wave)
        sockets, self._sockets = self._sockets, []
        self._waiting = False
        if len(sockets) >= MANY:
            sockets.sort(key=_AGE)
            self._write_together(sockets)
        else:
            for socket in sockets:
                if data := socket.due():
                    socket.write(data)
        if self._committed:
            committed, self._committed = self._committed, []
            now = time.time()
            for at in committed:
                self.delays.note(now - at / 1000)

    def _write_wave(self, wave: _Wave) -> None:
        if self._ring is None or wave.plan.closings != self.closings:
            self.settle()
            return
        self._wave = None
        # What became due to somebody since comes after the wave.
        late = self._apart(wave.plan, self._sockets) - wave.apart
        for line in late:
            line.precede(wave.packet)
        for band in wave.plan.bands:
            data = wave.packet.deflated if band.deflates else wave.packet.frames
            lines, descriptors = band.without(wave.apart | late)
            _finish(lines, [data] * len(lines), self._ring.spread(descriptors, data))

    def _write_together(self, sockets: Sequence[Flushed]) -> None:
        ready: list[Flushed] = []
        frames: list[bytes] = []
        for socket in sockets:
            if data := socket.due():
                if self._ring is None or socket.paused or socket.descriptor < 0:
                    socket.write(data)
                else:
                    ready.append(socket)
                    frames.append(data)
        if self._ring is not None:
            taken = self._ring.send([socket.descriptor for socket in ready], frames)
            _finish(ready, frames, taken)


def _finish(lines: Sequence[Line], frames: Sequence[bytes], taken: Sequence[int] | None) -> None:
    """Leaves to the transports what the kernel did not take."""
    if taken is not None:
        for line, data, size in zip(lines, frames, taken, strict=True):
            if size < len(data):
                # The transport also finds out what is wrong with a broken socket.
                line.write(data[max(size, 0) :])
