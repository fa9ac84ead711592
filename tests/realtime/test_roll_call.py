"""Who is connected: asked of all nodes that have connections of the portal."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from portal.admin.model import LiveConnection
from realtime import wire
from realtime.bus_memory import MemoryBus
from realtime.roll_call import RollCall
from tests.realtime.client import until
from tests.realtime.world import World
from tests.services.redis import Redis


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
async def two(request: pytest.FixtureRequest, world: World) -> World:
    """Two nodes that meet in memory, or in Redis."""
    options: dict[str, Any] = {}
    if request.param == "redis":
        server: Redis = request.getfixturevalue("shared_redis")
        options = {"redis": server.url, "prefix": f"t{uuid.uuid4().hex}", "nonce_seconds": 0.3}
    for _ in range(2):
        served = await world.serve(**options)
        await until(lambda node=served.node: node.bus.healthy)
    return world


async def test_every_node_tells_of_its_own(two: World) -> None:
    portal = await two.portal()
    ann, bob, stranger = [await two.user(p) for p in (portal, portal, await two.portal())]
    await two.connect(ann, node=0)
    await two.connect(ann, node=1)
    polling = await two.connect(bob, node=1, transport="polling")
    await two.connect(stranger, node=1)
    assert (await polling.call("get_snapshot"))["ok"]
    for served in two.nodes:
        found = await served.node.roll_call.live(portal)
        seen = sorted((c.user_id, c.node, c.transport) for c in found)
        one, other = [served.node.node_id for served in two.nodes]
        assert seen == sorted(
            [
                (ann.id, one, "websocket"),
                (ann.id, other, "websocket"),
                (bob.id, other, "polling"),
            ]
        )
        (his,) = [c for c in found if c.user_id == bob.id]
        assert his.rate > 0
        assert his.session_id == bob.session_id
        assert his.address == "127.0.0.1"
        assert his.last_active >= his.since - 1


async def test_who_left_is_listed_no_more(two: World) -> None:
    portal = await two.portal()
    ann, bob = await two.user(portal), await two.user(portal)
    client = await two.connect(ann, node=1)
    await two.connect(bob, node=0)
    assert len(await two.nodes[0].node.roll_call.live(portal)) == 2
    await client.close()
    await until(lambda: len(two.nodes[1].node.gateway.connections) == 0)
    assert [c.user_id for c in await two.nodes[0].node.roll_call.live(portal)] == [bob.id]


LISTED = LiveConnection(
    id="x", session_id=1, user_id=1, node="n", device="", address="", transport="polling",
    since=0, last_active=0, waiting=0, rate=0,
)  # fmt: skip


async def test_answers_to_other_questions_and_garbage_are_left_out() -> None:
    bus = MemoryBus()
    await bus.start()
    caller = RollCall("me", bus, lambda portal_id: [])
    await caller.start()
    heard: list[wire.RollCall] = []

    def answer(data: bytes) -> None:
        decoded = wire.decode(data)
        assert decoded is not None
        question = decoded[1]
        assert isinstance(question, wire.RollCall)
        heard.append(question)
        listed = f"[{LISTED.model_dump_json()}]"
        for text in (
            f"{question.call_id} 7 {listed}",
            f"{question.call_id} 8 {listed}",
            f"other 7 {listed}",
            f"{question.call_id} 7 [{{}}]",
            f"{question.call_id} 7 garbage",
            "garbage",
            "",
        ):
            caller._hear(text.encode())

    await bus.subscribe(wire.channel(7), answer)
    assert await caller.live(7) == [LISTED]
    assert len(heard) == 1
    await bus.close()
