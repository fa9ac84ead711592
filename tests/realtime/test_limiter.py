"""Counting attempts: one suite for both limiters, and Redis away."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable

import pytest

from realtime import limiter as module
from realtime.limiter import MemoryLimiter, RedisLimiter
from realtime.rates import TokenBuckets


@pytest.fixture(
    params=["memory", *(pytest.param(k, marks=pytest.mark.redis) for k in ("redis", "cluster"))]
)
async def limiter(
    request: pytest.FixtureRequest, redis_url: Callable[[str], str]
) -> AsyncIterator[MemoryLimiter | RedisLimiter]:
    if request.param == "memory":
        yield MemoryLimiter()
        return
    made = RedisLimiter(redis_url(request.param), f"t{uuid.uuid4().hex}")
    yield made
    assert len(made.alone) == 0, "Redis was not used"
    await made.close()


Either = MemoryLimiter | RedisLimiter


async def test_so_many_are_allowed_and_no_more(limiter: Either) -> None:
    assert [await limiter.hit("a", 3, 60) for _ in range(3)] == [0, 0, 0]
    wait = await limiter.hit("a", 3, 60)
    assert 55 < wait <= 60
    assert await limiter.hit("b", 3, 60) == 0


async def test_racing_attempts_are_counted_exactly(limiter: Either) -> None:
    waits = await asyncio.gather(*(limiter.hit("a", 5, 60) for _ in range(30)))
    assert sum(wait == 0 for wait in waits) == 5


async def test_after_the_wait_one_is_allowed_again(limiter: Either) -> None:
    assert await limiter.hit("a", 1, 0.2) == 0
    wait = await limiter.hit("a", 1, 0.2)
    assert 0 < wait <= 0.2
    await asyncio.sleep(wait + 0.01)
    assert await limiter.hit("a", 1, 0.2) == 0


async def test_cleared_is_as_new(limiter: Either) -> None:
    await limiter.hit("a", 1, 60)
    await limiter.clear("a")
    await limiter.clear("never")
    assert await limiter.hit("a", 1, 60) == 0


@pytest.mark.parametrize("scheme", ["redis", "redis+cluster"])
async def test_without_redis_a_node_counts_alone_and_at_once(scheme: str) -> None:
    limiter = RedisLimiter(f"{scheme}://127.0.0.1:1/0")
    began = time.monotonic()
    waits = [await limiter.hit("a", 3, 60) for _ in range(5)]
    assert [wait == 0 for wait in waits] == [True, True, True, False, False]
    await limiter.clear("a")
    assert await limiter.hit("a", 3, 60) == 0
    assert time.monotonic() - began < 1
    await limiter.close()


async def test_forgotten_keys_take_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SWEEP_EVERY", 10)
    now = 0.0
    limiter = MemoryLimiter(lambda: now)
    for number in range(9):
        await limiter.hit(f"k{number}", 1, 5)
    now = 6.0
    await limiter.hit("new", 1, 5)
    assert len(limiter) == 1


def test_a_bucket_fills_again_with_time() -> None:
    now = 100.0
    buckets = TokenBuckets(2, lambda: now)
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 0.5]
    now += 0.5
    assert buckets.take("a") == 0
    assert buckets.take("a") == 0.5
    assert buckets.take("b") == 0
    now += 60
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 0.5]


def test_only_buckets_that_may_not_be_full_are_kept() -> None:
    now = 100.0
    buckets = TokenBuckets(2, lambda: now)
    buckets.take("a")
    buckets.take("a")
    buckets.sweep()
    now += 0.4
    buckets.sweep()
    assert buckets.take("a") > 0
    assert len(buckets) == 1
    now += 1
    buckets.sweep()
    buckets.take("b")
    assert len(buckets) == 2
    now += 1
    buckets.sweep()
    assert len(buckets) == 1
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 0.5]
