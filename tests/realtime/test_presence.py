"""Who is here: many devices, many nodes, one state a person."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.presence import Board, Turn, merged
from realtime.presence_check import TOGETHER, _together  # pyright: ignore[reportPrivateUsage]
from realtime.presence_memory import MemoryBoard, Shelf
from realtime.presence_redis import RedisBoard
from storage import presence as store
from tests.realtime.client import Client, until
from tests.realtime.world import User, World
from tests.services.redis import Redis

MakeBoard = Callable[[str], Board]


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ([], None),
        ([None], None),
        (["away"], "away"),
        (["away", "online"], "online"),
        (["online", None], "online"),
        (["away", None, "away"], "away"),
    ],
)
def test_several_states_make_one(states: list[str | None], state: str | None) -> None:
    assert merged(states) == state


@given(st.dictionaries(st.integers(1, 50), st.integers(0, 3 * TOGETHER), max_size=10))
def test_people_are_asked_for_a_few_at_a_time(counts: dict[int, int]) -> None:
    watched = {portal_id: list(range(count)) for portal_id, count in counts.items()}
    asked: dict[int, list[int]] = {portal_id: [] for portal_id in watched}
    for some in _together(watched):
        assert 0 < sum(map(len, some.values())) <= TOGETHER
        for portal_id, user_ids in some.items():
            asked[portal_id] += user_ids
    assert asked == watched


# --- The boards ----------------------------------------------------------------------------------


KINDS = ["memory", *(pytest.param(k, marks=pytest.mark.redis) for k in ("redis", "cluster"))]


@pytest.fixture(params=KINDS)
async def board(
    request: pytest.FixtureRequest, redis_url: Callable[[str], str]
) -> AsyncIterator[MakeBoard]:
    """Makes the boards of nodes that share one."""
    shelf, prefix = Shelf(), f"t{uuid.uuid4().hex}"
    boards: list[Board] = []

    def make(node: str) -> Board:
        if request.param == "memory":
            made: Board = MemoryBoard(node, shelf, alive_seconds=0.3)
        else:
            made = RedisBoard(redis_url(request.param), prefix, node, alive_seconds=0.3)
        boards.append(made)
        return made

    yield make
    for made in boards:
        await made.close()


async def test_a_board_merges_what_nodes_say(board: MakeBoard) -> None:
    one, two = board("one"), board("two")
    assert await one.beat() is False
    assert await one.beat() is True
    await two.beat()
    assert await one.put(1, {7: "away", 8: "online"}) == [
        Turn(7, None, "away"),
        Turn(8, None, "online"),
    ]
    assert await two.put(1, {7: "online"}) == [Turn(7, "away", "online")]
    assert await two.states(1) == {7: "online", 8: "online"}
    assert await two.states(2) == {}
    assert await two.put(1, {7: None}) == [Turn(7, "online", "away")]
    assert await one.put(1, {7: None, 9: None}) == [Turn(7, "away", None), Turn(9, None, None)]
    assert await one.states(1) == {8: "online"}


async def test_dead_nodes_are_not_believed_and_are_buried_once(board: MakeBoard) -> None:
    dead, one, two = board("dead"), board("one"), board("two")
    await dead.beat()
    await one.beat()
    await two.beat()
    await dead.put(1, {7: "online", 8: "online"})
    await one.put(1, {8: "away"})
    seen: dict[int, Any] = {}

    async def live() -> bool:
        for node in (one, two):
            await node.beat()
            for portal_id, turns in (await node.bury()).items():
                assert portal_id not in seen
                seen[portal_id] = sorted(turns, key=lambda turn: turn.user_id)
        return bool(seen)

    while not await live():
        pass
    assert seen == {1: [Turn(7, "online", None), Turn(8, "online", "away")]}
    assert await two.states(1) == {8: "away"}
    await live()
    assert await dead.beat() is False


# --- On nodes ------------------------------------------------------------------------------------


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


async def looking(client: Client, *users: User) -> list[Any]:
    """Has a client look at people; returns how they are now."""
    answer = await client.call("watch_presence", {"user_ids": [user.id for user in users]})
    return answer["data"]["presence"]


async def test_devices_and_nodes_count_as_one_person(two: World) -> None:
    portal = await two.portal()
    ann, bob = await two.user(portal), await two.user(portal)
    watcher = await two.connect(bob, node=1)
    assert [one["state"] for one in await looking(watcher, ann)] == ["offline"]

    def seen() -> list[str]:
        told = [signal["presence"] for signal in watcher.signals("presence")]
        return [presence["state"] for presence in told if presence["user_id"] == ann.id]

    phone = await two.connect(ann, node=0)
    await until(lambda: seen() == ["online"], seen)
    laptop = await two.connect(ann, node=1)
    assert (await phone.call("set_presence", {"state": "away"}))["ok"]
    assert (await laptop.call("set_presence", {"state": "away"}))["ok"]
    await until(lambda: seen() == ["online", "away"], seen)
    assert (await phone.call("set_presence", {"state": "online"}))["ok"]
    await until(lambda: seen() == ["online", "away", "online"], seen)
    await phone.close()
    await until(lambda: seen()[3:] == ["away"], seen)
    listed = (await watcher.call("list_presence"))["data"]["presence"]
    assert [p["state"] for p in listed if p["user_id"] == ann.id] == ["away"]
    await laptop.close()
    await until(lambda: seen()[4:] == ["offline"], seen)
    last = [s["presence"] for s in watcher.signals("presence")][-1]
    assert last["last_seen_at"] > 0
    async with (await two.shards.home(portal)).read() as statements:
        stored = await store.last_seen(statements, portal, 10)
    assert stored[ann.id] == last["last_seen_at"]
    assert stored[bob.id] is None


async def test_a_reload_tells_nobody(two: World) -> None:
    portal = await two.portal()
    ann, bob = await two.user(portal), await two.user(portal)
    cat_user = await two.user(portal)
    watcher = await two.connect(bob)
    await looking(watcher, ann, cat_user)
    client = await two.connect(ann)
    await until(lambda: len(watcher.signals("presence")) >= 1)
    before = len(watcher.signals("presence"))
    await client.close()
    await two.connect(ann, node=1)
    cat = await two.connect(cat_user)
    await until(lambda: len(watcher.signals("presence")) > before)
    await cat.close()
    # The cat went after Ann's grace was over, and Ann was never said to have gone.
    await until(lambda: watcher.signals("presence")[-1]["presence"]["state"] == "offline")
    told = [s["presence"] for s in watcher.signals("presence")]
    assert [p["state"] for p in told if p["user_id"] == ann.id] == ["online"]


async def test_people_of_a_dead_node_go_offline(two: World) -> None:
    portal = await two.portal()
    ann, bob = await two.user(portal), await two.user(portal)
    watcher = await two.connect(bob, node=1)
    await looking(watcher, ann)
    await two.connect(ann, node=0)
    await until(lambda: watcher.signals("presence"))
    node = two.nodes[0].node
    presence = node.presence
    # Killed: no more beats, no farewell. Its time to be believed is cut short for the test.
    for task in presence._tasks:
        task.cancel()
    board: Any = presence.board
    if isinstance(board, MemoryBoard):
        board.shelf.alive[node.node_id] = 0.0
    else:
        await board._redis.hset(board._key("nodes"), node.node_id, 0)
    await until(
        lambda: (
            watcher.signals("presence")[-1]["presence"] | {"last_seen_at": 0}
            == {"user_id": ann.id, "state": "offline", "last_seen_at": 0}
        ),
        lambda: watcher.signals("presence"),
    )


async def test_typing_is_seen_by_the_room_and_not_by_the_typist(two: World) -> None:
    portal = await two.portal()
    ann, bob, guest = [await two.user(portal, role) for role in ("member", "member", "guest")]
    room = await two.room(ann, guest)
    clients = {
        "ann": await two.connect(ann),
        "again": await two.connect(await two.other_session(ann), node=1),
        "bob": await two.connect(bob, node=1),
        "guest": await two.connect(guest, node=1),
        "guest here": await two.connect(guest, node=0),
    }
    for _ in range(5):
        assert (await clients["ann"].call("typing", {"room_id": room}))["ok"]
    await until(lambda: clients["guest"].signals("typing"))
    await two.say(room, ann, "done")
    await until(lambda: clients["guest"].texts == ["done"])
    for name in ("guest", "guest here"):
        assert clients[name].signals("typing") == [{"room_id": room, "user_id": ann.id}]
    for name in ("ann", "again", "bob"):
        assert clients[name].signals("typing") == []


async def test_typing_in_a_foreign_room_is_not_found(two: World) -> None:
    portal = await two.portal()
    ann, bob = await two.user(portal), await two.user(portal)
    room, elsewhere = await two.room(ann), await two.room(await two.user(await two.portal()))
    client = await two.connect(bob)
    answers = [await client.call("typing", {"room_id": id_}) for id_ in (room, elsewhere, 10**9)]
    assert [answer["problem"]["status"] for answer in answers] == [404, 404, 404]
    assert answers[0] == answers[1] == answers[2]


async def test_only_who_looks_is_told(two: World) -> None:
    portal = await two.portal()
    ann, bob, cat = [await two.user(portal) for _ in range(3)]
    looks, looked, never = [await two.connect(user) for user in (bob, cat, cat)]
    await looking(looks, ann)
    await looking(looked, ann)
    await looking(looked, bob)
    client = await two.connect(ann, node=1)
    await until(lambda: looks.signals("presence"))
    assert looked.signals("presence") == never.signals("presence") == []
    # A new connection of the same person looks at nobody until it says so.
    again = await two.connect(bob)
    assert await looking(again) == []
    assert (await looking(again, ann))[0]["state"] == "online"
    assert (await client.call("set_presence", {"state": "away"}))["ok"]
    for watcher in (looks, again):
        await until(lambda w=watcher: w.signals("presence")[-1]["presence"]["state"] == "away")
    assert looked.signals("presence") == never.signals("presence") == []


async def test_a_signal_that_the_bus_lost_is_made_up_for(world: World) -> None:
    for _ in range(2):
        await world.serve(check_seconds=0.2)
    portal = await world.portal()
    ann, bob = await world.user(portal), await world.user(portal)
    client = await world.connect(ann, node=0)
    await looking(client, bob)
    other = await world.connect(bob, node=1)
    await until(lambda: client.signals("presence")[-1:], lambda: client.told)
    lost = world.meeting.exchange.handlers.pop(f"portal:{portal}")
    assert (await other.call("set_presence", {"state": "away"}))["ok"]
    states = lambda: [s["presence"]["state"] for s in client.signals("presence")]  # noqa: E731
    await until(lambda: states()[-1] == "away", states)
    assert world.nodes[0].node.presence_check.mended == 1
    world.meeting.exchange.handlers[f"portal:{portal}"] = lost
    await other.close()
    await until(lambda: states()[-1] == "offline", states)
    told = states()
    for _ in range(3):
        await world.nodes[0].node.presence_check.run()
    assert states() == told


async def test_a_guest_who_knows_someone_no_more_is_told_no_more(two: World) -> None:
    portal = await two.portal()
    ann, guest = await two.user(portal), await two.user(portal, "guest")
    room = await two.room(ann, guest)
    friend = await two.connect(guest)
    await looking(friend, ann, guest)
    client = await two.connect(ann, node=1)
    await until(lambda: ann.id in {s["presence"]["user_id"] for s in friend.signals("presence")})
    await two.remove_member(room, guest)
    await until(lambda: any(e["type"] == "room_removed" for e in friend.events))
    told = len(friend.signals("presence"))
    assert (await client.call("set_presence", {"state": "away"}))["ok"]
    assert (await friend.call("set_presence", {"state": "away"}))["ok"]
    await until(lambda: friend.signals("presence")[told:])
    assert {s["presence"]["user_id"] for s in friend.signals("presence")[told:]} == {guest.id}


async def test_presence_is_seen_by_those_who_know_the_person(two: World) -> None:
    portal = await two.portal()
    ann, guest, stranger = [await two.user(portal, r) for r in ("member", "guest", "guest")]
    await two.room(ann, guest)
    friend, other = await two.connect(guest), await two.connect(stranger, node=1)
    elsewhere = await two.connect(await two.user(await two.portal()))
    for client in (friend, other, elsewhere):
        await looking(client, ann, stranger)
    await two.connect(ann, node=1)
    known = lambda c: {s["presence"]["user_id"] for s in c.signals("presence")}  # noqa: E731
    await until(lambda: ann.id in known(friend))
    assert known(other) <= {stranger.id}
    assert ann.id not in known(elsewhere)
    listed = (await other.call("list_presence"))["data"]["presence"]
    assert [presence["user_id"] for presence in listed] == [stranger.id]


@pytest.mark.redis
@pytest.mark.faults
async def test_after_an_outage_of_redis_everybody_is_seen_again(
    world: World, own_redis: Redis
) -> None:
    for _ in range(2):
        await world.serve(redis=own_redis.url, nonce_seconds=0.2, poll_seconds=0.2)
    portal = await world.portal()
    ann, bob = await world.user(portal), await world.user(portal)
    clients = [await world.connect(ann, node=0), await world.connect(bob, node=1)]
    nodes = [served.node for served in world.nodes]
    await until(lambda: all(node.bus.healthy for node in nodes))
    own_redis.stop()
    await until(lambda: not any(node.bus.healthy for node in nodes))
    answer = await clients[0].call("list_presence")
    assert answer["data"]["presence"] == [
        {"user_id": ann.id, "state": "online", "last_seen_at": None}
    ]
    own_redis.start()
    seen: dict[int, str] = {}

    async def both() -> None:
        while seen != {ann.id: "online", bob.id: "online"}:
            seen.update(await nodes[0].presence.states(portal))

    import asyncio

    await asyncio.wait_for(both(), 10)
