"""A leaving node sends its clients to the others: nothing is lost, nobody is asked twice."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from socketio.exceptions import ConnectionError as NotConnected

from realtime import drain
from tests.realtime import stand_ins
from tests.realtime.client import Client, until
from tests.realtime.world import World


@pytest.fixture
async def two(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(stand_ins, "thought", asyncio.Event())
    monkeypatch.setattr(drain, "PATIENCE_SECONDS", 0.3)
    await world.serve()
    await world.serve()
    return world


async def test_everybody_is_told_and_who_goes_by_itself_is_not_cut(two: World) -> None:
    user = await two.user(await two.portal())
    clients = [await two.connect(user) for _ in range(3)]
    gateway = two.nodes[0].node.gateway
    leaving = asyncio.create_task(gateway.drain(1.0))
    for client in clients:
        await until(lambda client=client: client.of("move") == [{}])
        await client.close()
    await leaving
    assert gateway.counts.cut == {}
    assert gateway.connections == {}


async def test_who_does_not_understand_is_cut_and_comes_back_to_another_node(two: World) -> None:
    user = await two.user(await two.portal())
    client = await two.connect(user)
    await two.nodes[0].node.gateway.drain(1.0)
    assert two.nodes[0].node.gateway.counts.cut == {"moved": 1}
    await until(lambda: client.gone)
    # Not the goodbye after which official clients stay away.
    assert client.of("ended") == []
    back = await two.connect(user, client.of("ready")[0]["position"], node=1)
    assert back.of("resync") == []


async def test_a_command_that_runs_is_answered_first(two: World) -> None:
    user = await two.user(await two.portal())
    client = await two.connect(user)
    gateway = two.nodes[0].node.gateway
    answer = asyncio.create_task(client.call("ponder"))
    await until(lambda: any(c.commands.running for c in gateway.connections.values()))
    leaving = asyncio.create_task(gateway.drain(0.0))
    await until(lambda: client.of("move"))
    # Longer than anybody who has nothing to wait for may stay.
    await asyncio.sleep(drain.PATIENCE_SECONDS * 2)
    assert not client.gone
    stand_ins.thought.set()
    assert (await answer)["ok"]
    await leaving
    await until(lambda: client.gone)


async def test_a_command_that_never_ends_holds_nobody_up(
    two: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain, "ANSWER_SECONDS", 0.5)
    user = await two.user(await two.portal())
    client = await two.connect(user)
    gateway = two.nodes[0].node.gateway
    answer = asyncio.create_task(client.call("ponder"))
    await until(lambda: any(c.commands.running for c in gateway.connections.values()))
    await asyncio.wait_for(gateway.drain(0.0), 5)
    await until(lambda: client.gone)
    answer.cancel()


async def test_a_leaving_node_takes_nobody_in(two: World) -> None:
    user = await two.user(await two.portal())
    await two.connect(user)
    leaving = asyncio.create_task(two.nodes[0].node.gateway.drain(0.0))
    await asyncio.sleep(0)
    late = Client()
    problems: list[Any] = []
    late.sio.on("connect_error", problems.append)
    with pytest.raises(NotConnected):
        await late.connect(two.nodes[0].url, user.auth())
    assert problems[0]["data"]["status"] == 503
    await leaving


async def test_they_do_not_all_go_at_once(two: World) -> None:
    portal = await two.portal()
    users = [await two.user(portal) for _ in range(10)]
    clients = [await two.connect(user) for user in users]
    begun = time.monotonic()
    leaving = asyncio.create_task(two.nodes[0].node.gateway.drain(60.0))
    await until(lambda: all(client.of("move") for client in clients))
    # The pace of so few, not the minute that thousands may take.
    assert (len(clients) - 1) / drain.MOVES_PER_SECOND < time.monotonic() - begun < 10
    await leaving
