"""All buses: one suite, and what only Redis can do to one."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from realtime.bus import Bus
from realtime.bus_cluster import ClusterBus
from realtime.bus_memory import Exchange, MemoryBus
from realtime.bus_redis import RedisBus
from tests.realtime.client import until
from tests.services.redis import Redis

MakeBus = Callable[[], Awaitable[Bus]]

KINDS: dict[str, Any] = {"redis": RedisBus, "cluster": ClusterBus}


@pytest.fixture(params=["memory", *(pytest.param(k, marks=pytest.mark.redis) for k in KINDS)])
async def make_bus(
    request: pytest.FixtureRequest, redis_url: Callable[[str], str]
) -> AsyncIterator[MakeBus]:
    """Makes buses that meet, started."""
    exchange, prefix = Exchange(), f"t{uuid.uuid4().hex}"
    buses: list[Bus] = []

    async def make() -> Bus:
        if request.param == "memory":
            bus: Bus = MemoryBus(exchange)
        else:
            bus = KINDS[request.param](redis_url(request.param), prefix, nonce_seconds=0.3)
        await bus.start()
        buses.append(bus)
        await until(lambda: bus.healthy)
        return bus

    yield make
    for bus in buses:
        await bus.close()


async def hear(bus: Bus, channel: str) -> list[bytes]:
    """Subscribes, and waits until it is heard."""
    heard: list[bytes] = []
    await bus.subscribe(channel, heard.append)

    async def knock() -> None:
        while not heard:
            await bus.publish(channel, b"knock")
            await asyncio.sleep(0.02)

    await asyncio.wait_for(knock(), 10)
    await settle(bus, channel, heard)
    return heard


async def settle(bus: Bus, channel: str, heard: list[bytes]) -> None:
    end = uuid.uuid4().bytes
    await bus.publish(channel, end)
    await until(lambda: end in heard)
    heard.clear()


async def test_a_message_reaches_every_bus_that_hears_its_channel(make_bus: MakeBus) -> None:
    one, two, three = await make_bus(), await make_bus(), await make_bus()
    heard = [await hear(one, "a"), await hear(two, "a"), await hear(three, "b")]
    for messages in heard:
        messages.clear()
    await one.publish("a", b"1")
    await two.publish("b", b"2")
    await until(lambda: heard[0] and heard[1] and heard[2])
    assert heard == [[b"1"], [b"1"], [b"2"]]


async def test_messages_keep_their_order_and_their_bytes(make_bus: MakeBus) -> None:
    one, two = await make_bus(), await make_bus()
    heard = await hear(two, "a")
    sent = [bytes([n % 256, 0, 255]) * (n % 7) for n in range(1, 500)]
    for data in sent:
        await one.publish("a", data)
    await until(lambda: len(heard) == len(sent))
    assert heard == sent


async def test_unsubscribed_means_silence(make_bus: MakeBus) -> None:
    one, two = await make_bus(), await make_bus()
    gone, kept = await hear(two, "a"), await hear(two, "b")
    gone.clear()
    await two.unsubscribe("a")
    await two.unsubscribe("never")
    await one.publish("a", b"1")
    await one.publish("b", b"2")
    await until(lambda: kept)
    assert gone == []


async def test_a_handler_that_fails_stops_nobody(make_bus: MakeBus) -> None:
    one, two = await make_bus(), await make_bus()

    def fail(data: bytes) -> None:
        raise ValueError("bad message")

    await two.subscribe("bad", fail)
    heard = await hear(two, "good")
    await one.publish("bad", b"1")
    await one.publish("good", b"2")
    await until(lambda: heard == [b"2"])


async def test_publishing_on_a_closed_bus_does_nothing(make_bus: MakeBus) -> None:
    bus = await make_bus()
    await bus.close()
    await bus.publish("a", b"1")


# --- Redis away ----------------------------------------------------------------------------------


@pytest.mark.redis
@pytest.mark.parametrize("scheme", ["redis", "redis+cluster"])
async def test_a_bus_without_redis_says_so_and_delays_nobody(scheme: str) -> None:
    make = KINDS["redis" if scheme == "redis" else "cluster"]
    bus: RedisBus | ClusterBus = make(f"{scheme}://127.0.0.1:1/0", nonce_seconds=0.1)
    await bus.start()
    await bus.subscribe("a", lambda data: None)
    began = time.monotonic()
    for _ in range(1000):
        await bus.publish("a", b"1")
    assert time.monotonic() - began < 0.5
    await until(lambda: bus.counts.dropped >= 1000)
    assert not bus.healthy
    await bus.close()


@pytest.mark.redis
@pytest.mark.faults
async def test_a_restart_of_redis_is_noticed_and_mended(own_redis: Redis) -> None:
    bus = RedisBus(own_redis.url, nonce_seconds=0.2)
    recovered: list[float] = []
    bus.recovered = lambda: recovered.append(time.monotonic())
    await bus.start()
    heard = await hear(bus, "a")
    await until(lambda: len(recovered) == 1)
    own_redis.stop()
    await until(lambda: not bus.healthy, seconds=5)
    heard.clear()
    own_redis.start()
    back = time.monotonic()
    await until(lambda: bus.healthy)
    assert time.monotonic() - back < 3
    assert len(recovered) == 2
    await bus.publish("a", b"again")
    await until(lambda: b"again" in heard)
    await bus.close()


@pytest.mark.redis
@pytest.mark.faults
async def test_a_bus_that_hears_nothing_connects_anew(own_redis: Redis) -> None:
    """A connection that is open and silent: no error ever comes."""
    bus = RedisBus(own_redis.url, nonce_seconds=0.2)
    await bus.start()
    heard = await hear(bus, "a")
    before = bus.counts.reconnects
    await bus._pubsub.unsubscribe()
    await until(lambda: bus.counts.missed_nonces >= 2)
    await until(lambda: bus.healthy and bus.counts.reconnects > before)
    heard.clear()
    await bus.publish("a", b"again")
    await until(lambda: b"again" in heard)
    await bus.close()


@pytest.mark.redis
async def test_connections_killed_by_redis_are_made_again(own_redis: Redis) -> None:
    bus = RedisBus(own_redis.url, nonce_seconds=0.2)
    await bus.start()
    heard = await hear(bus, "a")
    with own_redis.client() as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    await until(lambda: bus.counts.reconnects == 1)
    await until(lambda: bus.healthy)
    await settle_again(bus, heard)
    await bus.close()


async def settle_again(bus: RedisBus, heard: list[bytes]) -> None:
    async def knock() -> None:
        while b"again" not in heard:
            await bus.publish("a", b"again")
            await asyncio.sleep(0.02)

    await asyncio.wait_for(knock(), 10)
