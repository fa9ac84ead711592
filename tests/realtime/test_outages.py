"""Delivery while Redis is away, and beside a client that does not read."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

from portal import audience
from tests.realtime.client import until
from tests.realtime.world import World
from tests.services.redis import Redis


@pytest.mark.redis
@pytest.mark.faults
async def test_without_redis_delivery_is_slower_and_never_wrong(
    world: World, own_redis: Redis
) -> None:
    for _ in range(2):
        await world.serve(redis=own_redis.url, nonce_seconds=0.2, poll_seconds_without_bus=0.1)
    nodes = [served.node for served in world.nodes]
    await until(lambda: all(node.health()["bus"] for node in nodes))
    portal = await world.portal()
    users = [await world.user(portal), await world.user(portal)]
    clients = [await world.connect(user, node=index) for index, user in enumerate(users)]
    await world.tell(portal, audience.PORTAL, "with redis")
    await until(lambda: all(client.texts == ["with redis"] for client in clients))
    own_redis.stop()
    await until(lambda: not any(node.health()["bus"] for node in nodes))
    for number in range(20):
        await world.tell(portal, audience.PORTAL, f"without {number}", node=number % 2)
    expected = ["with redis", *(f"without {number}" for number in range(20))]
    for client in clients:
        await until(lambda c=client: c.texts == expected, lambda c=client: c.texts)
    own_redis.start()
    await until(lambda: all(node.health()["bus"] for node in nodes))
    await world.tell(portal, audience.PORTAL, "again")
    for client in clients:
        await until(lambda c=client: c.texts == [*expected, "again"])


@pytest.mark.parametrize("bound", ["slow_bytes", "slow_events"])
async def test_who_does_not_read_is_cut_and_delays_nobody(world: World, bound: str) -> None:
    bounds = {"slow_bytes": 100_000_000, "slow_events": 1_000_000}
    world.limits = world.limits.model_copy(update=bounds | {bound: 200})
    served = await world.serve()
    portal = await world.portal()
    reader = await world.connect(await world.user(portal))
    url = f"{served.url}/socket.io/?EIO=4&transport=websocket"
    sleeper = await world.user(portal)
    gateway = served.node.gateway
    sent = 0
    async with aiohttp.ClientSession() as http, http.ws_connect(url) as socket:
        await socket.receive_str()
        await socket.send_str("40" + json.dumps(sleeper.auth()))
        await until(lambda: any(c.live for c in gateway.connections.values() if _is(c, sleeper)))
        # From here on it reads nothing.
        text = "x" * 50_000
        while not gateway.counts.cut.get("slow") and sent < 2_000:
            await world.tell(portal, audience.PORTAL, text)
            sent += 1
            await asyncio.sleep(0)
        assert gateway.counts.cut == {"slow": 1}
        connections = [c for c in gateway.connections.values() if _is(c, sleeper)]
        assert not any(c.line.open for c in connections)
        await until(lambda: len(reader.texts) == sent)
        assert not reader.gone


def _is(connection: object, user: object) -> bool:
    return connection.user_id == user.id  # type: ignore[attr-defined]
