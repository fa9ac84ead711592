"""Each event once, in order, to its audience and nobody else: live and after coming back."""

from __future__ import annotations

import asyncio
import random

import pytest

from portal import audience
from storage.commit import Tx
from storage.database import Statements
from storage.schema import events
from tests.realtime.client import until
from tests.realtime.world import World


@pytest.fixture
async def two(world: World) -> World:
    """Two nodes on one bus, with nothing but the bus to tell them."""
    await world.serve(poll_seconds=1000)
    await world.serve(poll_seconds=1000)
    return world


async def test_coming_back_brings_exactly_what_was_missed(two: World) -> None:
    user = await two.user(await two.portal())
    room, other = await two.room(user), await two.room(await two.user(user.portal_id))
    client = await two.connect(user)
    await two.say(room, user, "1", "2")
    await until(lambda: client.texts == ["1", "2"])
    seen = client.positions[-1]
    await client.close()
    await two.say(room, user, "3")
    await two.say(other, user, "not mine")
    last = await two.say(room, user, "4", "5", node=1)
    back = await two.connect(user, seen, node=1)
    assert back.of("resync") == []
    assert back.texts == ["3", "4", "5"]
    assert [ready["position"] for ready in back.of("ready")] == [last]
    assert [name for name, _ in back.told][-1] == "ready"
    again = await two.connect(user, last)
    assert again.texts == []
    assert again.of("resync") == []


async def test_two_nodes_behave_as_one(two: World) -> None:
    user = await two.user(await two.portal())
    room = await two.room(user)
    clients = [await two.connect(user, node=0), await two.connect(user, node=1)]
    texts = [str(number) for number in range(40)]

    async def say(node: int) -> None:
        for text in texts[node::2]:
            await two.say(room, user, text, node=node)

    await asyncio.gather(say(0), say(1))
    for client in clients:
        await until(lambda c=client: len(c.texts) == 40, lambda c=client: c.texts)
        assert sorted(client.texts, key=int) == texts
        assert client.positions == sorted(client.positions)
    assert clients[0].texts == clients[1].texts


async def test_what_the_bus_loses_is_found_by_the_poll(world: World) -> None:
    await world.serve(poll_seconds=0.1)
    portal = await world.portal()
    client = await world.connect(await world.user(portal))
    await world.silently(portal, audience.PORTAL, "lost 1", "lost 2")
    await until(lambda: client.texts == ["lost 1", "lost 2"])


async def test_a_jump_is_filled_from_the_log_before_going_on(world: World) -> None:
    await world.serve(poll_seconds=1000)
    portal = await world.portal()
    client = await world.connect(await world.user(portal))
    await world.silently(portal, audience.PORTAL, "lost 1", "lost 2")
    await asyncio.sleep(0.1)
    assert client.texts == []
    await world.tell(portal, audience.PORTAL, "heard")
    await until(lambda: client.texts == ["lost 1", "lost 2", "heard"], lambda: client.texts)


async def test_connecting_while_much_happens_skips_and_doubles_nothing(two: World) -> None:
    portal = await two.portal()
    user = await two.user(portal)
    start = await two.head(portal)
    chance = random.Random(7)
    over = False

    async def talk(node: int) -> None:
        number = 0
        while not over:
            number += 1
            await two.tell(portal, audience.PORTAL, f"{node}-{number}", node=node)
            await asyncio.sleep(chance.random() * 0.01)

    talking = [asyncio.create_task(talk(node)) for node in (0, 1)]
    two.limits = two.limits.model_copy(update={"catch_up_events": 100_000})
    clients = []
    for number in range(12):
        clients.append(await two.connect(user, await two.head(portal), node=number % 2))
    over = True
    await asyncio.gather(*talking)
    last = await two.head(portal)
    for client in clients:
        await until(lambda c=client: c.positions and c.positions[-1] == last)
        first = client.positions[0]
        assert client.positions == list(range(first, last + 1))
        ready = client.of("ready")[0]["position"]
        at = [name for name, _ in client.told].index("ready")
        before = [data["position"] for name, data in client.told[:at] if name == "event"]
        assert all(position <= ready for position in before)
        assert start < first


async def test_who_connects_ahead_of_the_node_takes_it_along(world: World) -> None:
    await world.serve(poll_seconds=1000)
    portal = await world.portal()
    early = await world.connect(await world.user(portal))
    head = await world.head(portal)
    last = await world.silently(portal, audience.PORTAL, "1", "2")
    late = await world.connect(await world.user(portal), head)
    assert late.texts == ["1", "2"]
    assert [ready["position"] for ready in late.of("ready")] == [last]
    await until(lambda: early.texts == ["1", "2"])
    await world.tell(portal, audience.PORTAL, "3")
    for client in (early, late):
        await until(lambda c=client: c.texts == ["1", "2", "3"])


async def test_who_may_see_what_changes_while_catching_up(
    two: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal = await two.portal()
    user, other = await two.user(portal), await two.user(portal)
    comes, goes = await two.room(other), await two.room(other, user)
    catch_up = two.nodes[0].node.gateway.catch_up
    standing = catch_up._standing

    async def then_change(connection):
        found = await standing(connection)
        await two.say(comes, other, "before I came")
        await two.add_member(comes, user, [user.id, other.id])
        await two.say(comes, other, "after I came")
        await two.say(goes, other, "before I left")
        await two.remove_member(goes, user)
        await two.say(goes, other, "after I left")
        return found

    monkeypatch.setattr(catch_up, "_standing", then_change)
    client = await two.connect(user, await two.head(portal))
    monkeypatch.undo()
    assert client.texts == ["after I came", "before I left"]
    await two.say(goes, other, "not mine")
    await two.say(comes, other, "mine")
    await until(lambda: client.texts[2:] == ["mine"], lambda: client.texts)


@pytest.mark.parametrize(("behind", "reason"), [(50, None), (51, "behind")])
async def test_too_far_behind_is_a_resync(two: World, behind: int, reason: str | None) -> None:
    portal = await two.portal()
    user = await two.user(portal)
    await two.tell(portal, audience.PORTAL, *map(str, range(60)))
    head = await two.head(portal)
    client = await two.connect(user, head - behind)
    if reason is None:
        assert client.positions == list(range(head - behind + 1, head + 1))
        assert client.of("resync") == []
    else:
        assert client.events == []
        (resync,) = client.of("resync")
        assert (resync["reason"], resync["snapshot"]["position"]) == (reason, head)
    assert [ready["position"] for ready in client.of("ready")] == [head]


async def test_ahead_of_the_log_is_a_resync(two: World) -> None:
    portal = await two.portal()
    head = await two.head(portal)
    client = await two.connect(await two.user(portal), head + 1)
    assert client.of("resync")[0]["reason"] == "ahead"
    assert [ready["position"] for ready in client.of("ready")] == [head]


async def test_what_was_trimmed_away_is_a_resync(two: World) -> None:
    from storage import log

    portal = await two.portal()
    head = await two.head(portal)
    await two.tell(portal, audience.PORTAL, "1", "2", "3")

    async def trim(tx: Tx) -> None:
        await log.trim(tx, portal, tx.now + 1)

    await two.commit(portal, trim)
    await two.tell(portal, audience.PORTAL, "4")
    behind = await two.connect(await two.user(portal), head + 2)
    assert behind.of("resync")[0]["reason"] == "behind"
    just = await two.connect(await two.user(portal), head + 3)
    assert just.texts == ["4"]


async def test_a_position_from_before_the_first_event_is_a_resync(two: World) -> None:
    client = await two.connect(await two.user(await two.portal()), 0)
    assert client.of("resync")[0]["reason"] == "behind"


async def test_an_unreadable_event_does_not_stop_the_others(world: World) -> None:
    await world.serve(poll_seconds=0.1)
    portal = await world.portal()
    user = await world.user(portal)
    client = await world.connect(user)
    head = await world.head(portal)
    await world.silently(portal, audience.PORTAL, "1", "2", "3")
    async with (await world.shards.home(portal)).write() as statements:
        await _spoil(statements, portal, head + 2)
    await until(lambda: client.texts == ["1", "3"], lambda: client.told)
    assert [event["type"] for event in client.events] == ["said", "unreadable", "said"]
    again = await world.connect(user, head)
    assert again.texts == ["1", "3"]


async def _spoil(statements: Statements, portal: int, position: int) -> None:
    await statements.run(
        events.update()
        .where(events.c.portal_id == portal, events.c.position == position)
        .values(body='{"text": ')
    )


async def test_a_hole_in_the_log_sends_everybody_back_for_a_snapshot(world: World) -> None:
    await world.serve(poll_seconds=0.1)
    portal = await world.portal()
    user = await world.user(portal)
    client = await world.connect(user)
    head = await world.head(portal)
    seat = world.nodes[0].node.portals.get(portal)
    assert seat is not None
    old = seat.follower
    async with (await world.shards.home(portal)).write() as statements:
        # As after a trim that overtook a node that stood still: the next row is not the next one.
        await statements.put(
            events,
            {"portal_id": portal, "position": head + 2, "type": "said", "audience": "portal",
             "body": "{}", "at": 1},
        )  # fmt: skip
    await world.silently(portal, audience.PORTAL)
    assert old is not None
    old.saw(head + 2)
    await until(lambda: client.gone)
    assert client.events == []
    assert client.of("ended") == []
    assert seat.follower is not old


async def test_the_database_away_delays_and_loses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.serve(poll_seconds=0.05)
    portal = await world.portal()
    user = await world.user(portal)
    client = await world.connect(user)
    reader = world.nodes[0].node.reader
    away, found = True, reader.heads

    async def heads(ids: list[int]) -> dict[int, int]:
        if away:
            raise OSError("away")
        return await found(ids)

    monkeypatch.setattr(reader, "heads", heads)
    await world.silently(portal, audience.PORTAL, "1")
    await asyncio.sleep(0.2)
    assert client.texts == []
    away = False
    await until(lambda: client.texts == ["1"])


async def test_a_connect_outlives_an_outage_while_catching_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.serve()
    portal = await world.portal()
    user = await world.user(portal)
    head = await world.head(portal)
    await world.tell(portal, audience.PORTAL, "1", "2")
    reader = world.nodes[0].node.reader
    read, times = reader.after, 0

    async def after(portal_id: int, position: int):
        nonlocal times
        times += 1
        if times <= 2:
            raise OSError("away")
        return await read(portal_id, position)

    monkeypatch.setattr(reader, "after", after)
    client = await world.connect(user, head)
    assert client.texts == ["1", "2"]
    assert times > 2


async def test_a_portal_that_nobody_is_connected_to_is_left(world: World) -> None:
    served = await world.serve()
    portal = await world.portal()
    user = await world.user(portal)
    client = await world.connect(user)
    await served.node.portals.sweep(idle_seconds=0)
    assert served.node.portals.get(portal) is not None
    await client.close()
    await until(lambda: not served.node.gateway.connections)
    await served.node.portals.sweep(idle_seconds=0)
    assert served.node.portals.get(portal) is None
    assert f"portal:{portal}" not in world.meeting.exchange.handlers
    await world.tell(portal, audience.PORTAL, "meanwhile")
    back = await world.connect(user)
    await world.tell(portal, audience.PORTAL, "again")
    await until(lambda: back.texts == ["again"])
