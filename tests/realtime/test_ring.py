"""Sends to many sockets in one call: everything arrives whole, and what does not is told."""

from __future__ import annotations

import errno
import socket
from collections.abc import Generator

import pytest

from realtime import ring as ring_module
from realtime.ring import ENTRIES, STAGED_BYTES, Ring, open_ring


@pytest.fixture
def ring() -> Generator[Ring]:
    opened = open_ring()
    if opened is None:
        pytest.skip("no io_uring here")
    yield opened
    opened.close()


@pytest.fixture
def pairs() -> Generator[list[tuple[socket.socket, socket.socket]]]:
    made = [socket.socketpair() for _ in range(150)]
    for pair in made:
        for one in pair:
            one.setblocking(False)
    yield made
    for pair in made:
        for one in pair:
            one.close()


Pairs = list[tuple[socket.socket, socket.socket]]


def _descriptors(pairs: Pairs) -> list[int]:
    return [near.fileno() for near, _ in pairs]


def test_each_gets_its_own_bytes_in_every_round(ring: Ring, pairs: Pairs) -> None:
    # Several times round the ring, at other places each time.
    for turn in range(3 * ENTRIES // len(pairs)):
        frames = [f"{turn} {number} ".encode() * 9 for number in range(len(pairs))]
        assert ring.send(_descriptors(pairs), frames) is None
        for (_, far), frame in zip(pairs, frames, strict=True):
            assert far.recv(10_000) == frame


def test_more_than_the_ring_takes_at_once(ring: Ring, pairs: Pairs) -> None:
    times = 2 * ENTRIES // len(pairs) + 1
    frames = [b"%d." % number for number in range(times * len(pairs))]
    assert ring.send(_descriptors(pairs) * times, frames) is None
    for number, (_, far) in enumerate(pairs):
        assert far.recv(10_000) == b"".join(frames[number :: len(pairs)])


def test_one_frame_for_all_is_staged_once(ring: Ring, pairs: Pairs) -> None:
    frame = b"x" * 5_000
    # Each by itself would be more than there is room for.
    assert len(pairs) * len(frame) > STAGED_BYTES
    for _ in range(ENTRIES // len(pairs) + 1):
        assert ring.send(_descriptors(pairs), [frame] * len(pairs)) is None
        assert ring.spread(_descriptors(pairs), frame) is None
        assert all(_whole(far, 2 * len(frame)) == frame * 2 for _, far in pairs)


def test_what_is_too_much_to_stage_goes_in_several_calls(ring: Ring, pairs: Pairs) -> None:
    frames = [bytes([number]) * 5_000 for number in range(len(pairs))]
    assert ring.send(_descriptors(pairs), frames) is None
    assert all(far.recv(10_000) == frames[n] for n, (_, far) in enumerate(pairs))


def test_a_frame_that_cannot_be_staged_is_left_to_the_caller(ring: Ring, pairs: Pairs) -> None:
    long = b"y" * (STAGED_BYTES + 1)
    taken = ring.send(_descriptors(pairs[:3]), [b"a", long, b"b"])
    assert taken == [1, -errno.EAGAIN, 1]
    assert [pairs[0][1].recv(9), pairs[2][1].recv(9)] == [b"a", b"b"]


def test_a_full_socket_takes_a_part_and_the_others_all(ring: Ring, pairs: Pairs) -> None:
    near, far = pairs[1]
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    with pytest.raises(BlockingIOError):
        while True:
            near.send(b"z" * 1_000)
    taken = ring.send(_descriptors(pairs[:3]), [b"one", b"two", b"three"])
    assert taken == [3, -errno.EAGAIN, 5]
    assert pairs[0][1].recv(9) == b"one"
    assert pairs[2][1].recv(9) == b"three"
    while True:
        try:
            assert set(far.recv(100_000)) == {ord("z")}
        except BlockingIOError:
            break


def test_the_same_for_all_tells_who_did_not_take_it(ring: Ring, pairs: Pairs) -> None:
    pairs[1][1].close()
    assert ring.spread(_descriptors(pairs[:3]), b"one") == [3, -errno.EPIPE, 3]
    assert ring.spread(_descriptors(pairs[:2]), b"y" * (STAGED_BYTES + 1)) == [-errno.EAGAIN] * 2


def _whole(far: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        got += far.recv(size)
    return got


def test_a_broken_socket_harms_nobody_else(ring: Ring, pairs: Pairs) -> None:
    pairs[1][1].close()
    taken = ring.send(_descriptors(pairs[:3]), [b"one", b"two", b"three"])
    assert taken == [3, -errno.EPIPE, 5]
    assert pairs[2][1].recv(9) == b"three"


def test_without_io_uring_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: Ring, _parameters: bytearray) -> int:
        raise PermissionError(errno.EPERM, "forbidden")

    monkeypatch.setattr(Ring, "_set_up", refuse)
    assert open_ring() is None
    monkeypatch.undo()
    monkeypatch.setattr(ring_module.platform, "machine", lambda: "aarch64")
    assert open_ring() is None
