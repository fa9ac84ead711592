"""Whatever is sent in a turn, one by one or to crowds: each gets its own, whole and in order."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from dataclasses import dataclass
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.crowd import Crowd
from realtime.engine import Host, LiveSocket
from realtime.outbox import MANY, Outbox
from realtime.packet import Packet
from realtime.websocket import ServerState


class Transport:
    """Writes to one end of a pair of sockets; keeps what it is told that the kernel would not."""

    def __init__(self, near: socket.socket) -> None:
        self.near = near
        self.kept = deque[bytes]()
        self.blocked = False

    def write(self, data: bytes) -> None:
        if self.blocked:
            self.kept.append(data)
        elif data:
            self.near.sendall(data)

    def get_write_buffer_size(self) -> int:
        return sum(map(len, self.kept))

    def set_write_buffer_limits(self, high: int) -> None: ...

    def get_extra_info(self, name: str) -> Any:
        return self.near if name == "socket" else None

    def abort(self) -> None: ...


class Wheel:
    """Looks after nobody."""

    def remove(self, _socket: object) -> None: ...


class Node:
    """What sockets belong to, as far as writing needs it."""

    def __init__(self) -> None:
        self.outbox = Outbox()
        self.wheel = Wheel()
        self.frame_bytes, self.slow_bytes, self.slow_events = 1_000, 1_000_000, 1_000
        self.connections = set[Any]()

    def gone(self, _socket: object, _reason: str) -> None: ...


class Member:
    """A connection over a pair of sockets, and what it should have got."""

    def __init__(self, node: Node, deflates: bool) -> None:
        self.near, self.far = socket.socketpair()
        for end in (self.near, self.far):
            end.setblocking(False)
        self.transport = Transport(self.near)
        self.line = LiveSocket(cast(Host, node), cast(ServerState, node))
        self.line.connection_made(cast(asyncio.BaseTransport, self.transport))
        self.line.deflates = deflates
        self.line.owner = self
        self.send = self.line.send_packet
        self.expected = b""
        self.got = b""

    def expect(self, packet: Packet) -> None:
        if not self.line.closed:
            self.expected += packet.deflated if self.line.deflates else packet.frames

    def block(self) -> None:
        self.transport.blocked = True
        self.line.pause_writing()

    def unblock(self) -> None:
        self.transport.blocked = False
        while self.transport.kept:
            self.near.sendall(self.transport.kept.popleft())
        self.line.resume_writing()

    def read(self) -> bytes:
        try:
            while True:
                self.got += self.far.recv(1_000_000)
        except BlockingIOError:
            return self.got

    def lose(self) -> None:
        """The connection is over, and its descriptor free for the next."""
        self.read()
        self.line.connection_lost(None)
        self.near.close()

    def close(self) -> None:
        self.near.close()
        self.far.close()


@dataclass
class House:
    """A node with two crowds that overlap; everybody takes packets as the model says."""

    node: Node
    members: list[Member]
    crowds: list[Crowd]

    @classmethod
    def of(cls, count: int = MANY + 6) -> House:
        node = Node()
        members = [Member(node, deflates=n % 3 == 0) for n in range(count)]
        return cls(node, members, [Crowd(members), Crowd(members[2::2])])

    def spread(self, which: int, packet: Packet) -> list[Any]:
        for member in self.crowds[which]:
            member.expect(packet)
        return self.node.outbox.spread(self.crowds[which], packet)

    def tell(self, who: int, packet: Packet) -> None:
        self.members[who].expect(packet)
        self.members[who].send(packet)

    def check(self) -> None:
        for member in self.members:
            if not member.line.closed and not member.transport.blocked:
                assert member.read() == member.expected

    def close(self) -> None:
        self.node.outbox.close()
        for member in self.members:
            member.close()


def packet(number: int) -> Packet:
    return Packet.of(f'2["event",{{"number":{number}}}]', 5)


def no_ring(house: House) -> None:
    """As on a machine without one."""
    ring, house.node.outbox._ring = house.node.outbox._ring, None
    if ring is not None:
        ring.close()


STEPS = st.one_of(
    st.tuples(st.just("spread"), st.integers(0, 1)),
    st.tuples(st.just("tell"), st.integers(0, 7)),
    st.tuples(st.just("turn"), st.just(0)),
    st.tuples(st.just("block"), st.integers(0, 7)),
    st.tuples(st.just("unblock"), st.integers(0, 7)),
    st.tuples(st.just("lose"), st.integers(0, 7)),
    st.tuples(st.just("replace"), st.integers(0, 7)),
)


@pytest.mark.parametrize("ring", [True, False], ids=["ring", "no ring"])
@settings(max_examples=150, deadline=None)
@given(steps=st.lists(STEPS, max_size=30))
def test_each_gets_its_own_in_order(ring: bool, steps: list[tuple[str, int]]) -> None:
    async def live() -> None:
        house = House.of()
        try:
            if not ring:
                no_ring(house)
            for number, (what, which) in enumerate(steps):
                await act(house, what, which, packet(number))
            await asyncio.sleep(0)
            house.node.outbox.flush()
            for member in house.members:
                if member.transport.blocked and not member.line.closed:
                    member.unblock()
            house.check()
        finally:
            house.close()

    asyncio.run(live())


async def act(house: House, what: str, which: int, sent: Packet) -> None:
    """One step of a story."""
    member = house.members[which]
    match what:
        case "spread":
            assert house.spread(which, sent) == []
        case "tell":
            house.tell(which, sent)
        case "turn":
            await asyncio.sleep(0)
            house.check()
        case "block" if not member.transport.blocked and not member.line.closed:
            member.block()
        case "unblock" if member.transport.blocked and not member.line.closed:
            member.unblock()
        case "lose" if not member.line.closed:
            member.lose()
        case "replace" if not member.line.closed:
            # The next to come has the descriptor, and is no member of any crowd.
            member.lose()
            house.members.append(Member(house.node, deflates=False))
        case _:
            pass


@pytest.fixture
def house() -> Any:
    made = House.of()
    yield made
    made.close()


async def test_a_wave_and_an_answer_leave_in_one_write(house: House) -> None:
    writes: list[bytes] = []
    speaker = house.members[1]
    speaker.transport.write = writes.append  # type: ignore[method-assign]
    house.spread(0, packet(1))
    house.tell(1, packet(2))
    await asyncio.sleep(0)
    assert writes == [speaker.expected]


async def test_who_takes_no_more_is_told_of_and_the_others_get_it(house: House) -> None:
    house.members[3].block()
    house.node.slow_events = 2
    assert [house.spread(0, packet(n)) for n in range(2)] == [[], []]
    await asyncio.sleep(0)
    assert house.spread(0, packet(3)) == [house.members[3]]
    await asyncio.sleep(0)
    house.check()


async def test_a_goodbye_comes_after_the_wave(house: House) -> None:
    house.spread(0, packet(1))
    leaving = house.members[4]
    leaving.line.hang_up()
    assert leaving.read() == leaving.expected


async def test_nobody_new_gets_what_an_old_descriptor_was_to_get(house: House) -> None:
    house.spread(0, packet(1))
    await asyncio.sleep(0)
    house.spread(0, packet(2))
    gone = house.members[5]
    descriptor = gone.line.descriptor
    gone.lose()
    stranger = Member(house.node, deflates=False)
    assert stranger.line.descriptor == descriptor
    await asyncio.sleep(0)
    house.spread(0, packet(3))
    await asyncio.sleep(0)
    assert stranger.read() == b""
    house.members.append(stranger)
    house.check()


async def test_who_came_and_who_left_count_at_once(house: House) -> None:
    house.spread(0, packet(1))
    await asyncio.sleep(0)
    left, came = house.members[6], Member(house.node, deflates=True)
    house.members.append(came)
    house.crowds[0].take([left])
    house.crowds[0].put([came])
    house.spread(0, packet(2))
    await asyncio.sleep(0)
    house.check()
    assert came.got == packet(2).deflated


async def test_who_came_after_the_plan_was_made_is_in_it(house: House) -> None:
    house.spread(0, packet(1))
    await asyncio.sleep(0)
    came = Member(house.node, deflates=True)
    house.members.append(came)
    house.crowds[0].put([came])
    house.spread(0, packet(2))
    await asyncio.sleep(0)
    assert came.read() == packet(2).deflated


async def test_all_that_follows_a_wave_in_its_turn_keeps_its_order(house: House) -> None:
    house.spread(0, packet(1))
    for number in (2, 3, 4):
        house.tell(1, packet(number))
    await asyncio.sleep(0)
    house.check()


@pytest.mark.parametrize("crowded", [True, False], ids=["a wave", "one by one"])
async def test_what_the_kernel_does_not_take_is_the_transports(house: House, crowded: bool) -> None:
    long = Packet.of('2["event",{"text":"' + "x" * 100_000 + '"}]', 1_000_000)
    slow = house.members[7]
    slow.near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    slow.transport.blocked = True
    if crowded:
        house.spread(0, long)
    else:
        for who in range(len(house.members)):
            house.tell(who, long)
    await asyncio.sleep(0)
    assert slow.transport.kept
    assert slow.read() + b"".join(slow.transport.kept) == slow.expected
    house.check()
