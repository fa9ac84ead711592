"""Work that can wait: in its order, a little at a time, and never more of it than is allowed."""

from __future__ import annotations

import asyncio
import time
from functools import partial

from realtime.pacing import Pacer


def slow(done: list[int], number: int) -> None:
    """Takes longer than a slice of the pacers here."""
    until = time.perf_counter() + 0.001
    while time.perf_counter() < until:
        pass
    done.append(number)


async def until_empty(pacer: Pacer) -> None:
    async with asyncio.timeout(10):
        while len(pacer):
            await asyncio.sleep(0)


async def test_others_have_their_turn_between() -> None:
    pacer, done = Pacer(0.0005), list[int]()
    for number in range(20):
        pacer.add(partial(slow, done, number))
    assert done == []
    seen: list[int] = []
    while len(done) < 20:
        await asyncio.sleep(0)
        seen.append(len(done))
    assert done == list(range(20))
    assert seen[:10] == sorted(set(seen[:10]))


async def test_a_rest_leaves_the_loop_alone() -> None:
    pacer, done = Pacer(0.0005, rest_seconds=3600), list[int]()
    for number in range(3):
        pacer.add(partial(slow, done, number))
    for _ in range(20):
        await asyncio.sleep(0)
    assert done == [0]


async def test_what_fails_does_not_hold_up_the_rest() -> None:
    pacer, done = Pacer(), list[int]()

    def fail() -> None:
        raise RuntimeError("as a test wants it")

    pacer.add(fail)
    pacer.add(partial(done.append, 1))
    await until_empty(pacer)
    assert done == [1]
    pacer.add(partial(done.append, 2))
    await until_empty(pacer)
    assert done == [1, 2]


async def test_too_many_are_done_at_once_and_still_in_order() -> None:
    pacer, done = Pacer(rest_seconds=3600, most=3), list[int]()
    for number in range(5):
        pacer.add(partial(done.append, number))
    assert done == [0, 1]
    assert len(pacer) == 3


async def test_what_is_added_meanwhile_comes_last() -> None:
    pacer, done = Pacer(), list[int]()
    pacer.add(lambda: pacer.add(partial(done.append, 3)))
    pacer.add(partial(done.append, 1))
    pacer.add(partial(done.append, 2))
    await until_empty(pacer)
    assert done == [1, 2, 3]
