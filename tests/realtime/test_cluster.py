"""A Redis Cluster under the nodes: sharded delivery, a master that dies, a slot that moves."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from redis.crc import key_slot

from realtime import wire
from realtime.bus_cluster import ClusterBus
from realtime.cluster_map import SLOTS, ClusterMap, Shape
from realtime.limiter import MemoryLimiter, RedisLimiter
from realtime.presence_redis import RedisBoard
from realtime.redis_address import Address, parse
from realtime.redis_client import OUTAGES
from tests.realtime.client import until
from tests.realtime.world import World
from tests.services.redis_cluster import RedisCluster

pytestmark = pytest.mark.redis


@pytest.fixture
async def bus(own_cluster: RedisCluster) -> AsyncIterator[ClusterBus]:
    """A bus that works, on a cluster that may be broken."""
    async with open_bus(own_cluster) as bus:
        yield bus


@asynccontextmanager
async def open_bus(cluster: RedisCluster) -> AsyncIterator[ClusterBus]:
    bus = ClusterBus(cluster.url, f"t{uuid.uuid4().hex}", nonce_seconds=0.3)
    await bus.start()
    await until(lambda: bus.healthy)
    yield bus
    await bus.close()


def slot(bus: ClusterBus, channel: str) -> int:
    return key_slot(f"{bus.prefix}:{channel}".encode())


async def hear(bus: ClusterBus, *channels: str) -> list[bytes]:
    """Subscribes to channels, and waits until all of them are heard."""
    heard: list[bytes] = []
    for channel in channels:
        await bus.subscribe(channel, heard.append)
    await knock(bus, heard, *channels)
    return heard


async def knock(bus: ClusterBus, heard: list[bytes], *channels: str) -> None:
    """Publishes on each channel until it is heard there."""
    end = time.monotonic() + 10
    for channel in channels:
        mark = uuid.uuid4().bytes
        while mark not in heard:
            assert time.monotonic() < end, f"{channel} is not heard"
            await bus.publish(channel, mark)
            await asyncio.sleep(0.02)


async def once(bus: ClusterBus, heard: list[bytes], *channels: str) -> None:
    """Publishes on each channel a single time; all of it arrives."""
    marks = {uuid.uuid4().bytes: channel for channel in channels}
    for mark, channel in marks.items():
        await bus.publish(channel, mark)
    await until(
        lambda: marks.keys() <= set(heard),
        lambda: [channel for mark, channel in marks.items() if mark not in heard],
    )


# --- Where it is ---------------------------------------------------------------------------------


def test_an_address_names_servers_and_how_to_talk_to_any() -> None:
    address = parse("rediss+cluster://ann:p%40,x@one:7000, [::1]:7001,two/0?ssl_cert_reqs=none")
    assert address.hosts == (("one", 7000), ("::1", 7001), ("two", 6379))
    assert address.url(("::2", 1)) == "rediss://ann:p%40,x@[::2]:1/0?ssl_cert_reqs=none"


async def test_a_master_that_was_cut_off_is_not_believed(
    shared_cluster: RedisCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    the_map = ClusterMap(shared_cluster.url)
    shape = await the_map.read()
    truth, stale = the_map._view, min(shape.masters)

    async def view(server: Address) -> Any:
        (_, epoch), found = await truth(server)
        if server != stale:
            return (True, epoch), found
        # It has all slots, it says.
        return (True, epoch - 1), Shape([stale] * SLOTS, frozenset([stale]), frozenset())

    monkeypatch.setattr(the_map, "_view", view)
    for _ in range(5):
        assert (await the_map.read()).masters == shape.masters
    await the_map.close()


# --- Sharding ------------------------------------------------------------------------------------


async def test_a_channel_is_on_the_master_of_its_slot_only(shared_cluster: RedisCluster) -> None:
    async with open_bus(shared_cluster) as bus:
        channels = [f"portal:{number}" for number in range(30)]
        await hear(bus, *channels)
        found = {m.port: shared_cluster.shard_channels(m) for m in shared_cluster.masters}
        for channel in channels:
            owner = shared_cluster.owner(slot(bus, channel))
            full = f"{bus.prefix}:{channel}"
            assert [port for port, names in found.items() if full in names] == [owner.port]
        nonces = [
            [name for name in names if name.startswith(f"{bus.prefix}:nonce:")]
            for names in found.values()
        ]
        assert [len(names) for names in nonces] == [1, 1, 1]


async def test_publishing_bothers_no_other_master(shared_cluster: RedisCluster) -> None:
    async with open_bus(shared_cluster) as bus:
        heard = await hear(bus, "portal:1")
        owner = shared_cluster.owner(slot(bus, "portal:1"))

        def published() -> dict[int, int]:
            counts: dict[int, int] = {}
            for master in shared_cluster.masters:
                with master.client() as client:
                    stats: Any = client.info("commandstats")
                counts[master.port] = stats["cmdstat_spublish"]["calls"]
            return counts

        before = published()
        heard.clear()
        for number in range(500):
            await bus.publish("portal:1", str(number).encode())
        await until(lambda: len(heard) == 500)
        more = {port: count - before[port] for port, count in published().items()}
        assert more.pop(owner.port) >= 500
        # Nothing but nonces.
        assert all(count < 50 for count in more.values()), more


async def test_two_nodes_deliver_events_and_signals(
    world: World, shared_cluster: RedisCluster
) -> None:
    prefix = f"t{uuid.uuid4().hex}"
    for _ in range(2):
        # Without polling, so that only the bus can have delivered.
        served = await world.serve(
            redis=shared_cluster.url, prefix=prefix, nonce_seconds=0.3, poll_seconds=60.0
        )
        await until(lambda node=served.node: node.bus.healthy)
    for _ in range(4):
        portal = await world.portal()
        ann, bob = await world.user(portal), await world.user(portal)
        room = await world.room(ann, bob)
        here, there = await world.connect(ann, node=0), await world.connect(bob, node=1)
        await world.say(room, ann, "hello")
        await until(lambda c=there: c.texts == ["hello"])
        assert (await here.call("typing", {"room_id": room}))["ok"]
        await until(lambda c=there: c.signals("typing"))
        assert there.signals("typing") == [{"room_id": room, "user_id": ann.id}]
        found = await world.nodes[0].node.roll_call.live(portal)
        assert sorted(one.user_id for one in found) == [ann.id, bob.id]


# --- Failing over --------------------------------------------------------------------------------


@pytest.mark.faults
async def test_a_replica_takes_over_from_a_dead_master(
    bus: ClusterBus, own_cluster: RedisCluster
) -> None:
    channels = [f"portal:{number}" for number in range(30)]
    heard = await hear(bus, *channels)
    dead = own_cluster.owner(slot(bus, channels[0]))
    spared = next(c for c in channels if own_cluster.owner(slot(bus, c)) is not dead)
    recovered: list[float] = []
    bus.recovered = lambda: recovered.append(time.monotonic())
    dead.kill()
    # Not only when nonces have been missed.
    await until(lambda: not bus.healthy, seconds=0.5)
    # The others go on meanwhile.
    await once(bus, heard, spared)
    await until(lambda: bus.healthy, seconds=10)
    assert len(recovered) == 1
    await once(bus, heard, *channels)
    assert own_cluster.owner(slot(bus, channels[0])) in own_cluster.replicas
    # It comes back as a replica, and nothing is different.
    dead.start()
    await asyncio.sleep(1)
    assert bus.healthy
    await once(bus, heard, *channels)


@pytest.mark.faults
async def test_connections_killed_by_a_master_are_made_again(
    bus: ClusterBus, own_cluster: RedisCluster
) -> None:
    channels = [f"portal:{number}" for number in range(30)]
    heard = await hear(bus, *channels)
    for server in own_cluster.masters:
        with server.client() as client:
            client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    await until(lambda: bus.counts.reconnects == 3)
    await knock(bus, heard, *channels)
    await until(lambda: bus.healthy)
    await once(bus, heard, *channels)


@pytest.mark.faults
async def test_a_connection_that_hears_nothing_subscribes_again(
    bus: ClusterBus, own_cluster: RedisCluster
) -> None:
    """A connection that works, and is subscribed to nothing."""
    channels = [f"portal:{number}" for number in range(30)]
    heard = await hear(bus, *channels)
    recovered: list[float] = []
    bus.recovered = lambda: recovered.append(time.monotonic())
    for master in bus._masters.values():
        await master._pubsub.sunsubscribe()
    await until(lambda: recovered)
    await until(lambda: bus.healthy)
    await once(bus, heard, *channels)


@pytest.mark.faults
async def test_while_a_master_hangs_the_others_deliver(
    bus: ClusterBus, own_cluster: RedisCluster
) -> None:
    channels = [f"portal:{number}" for number in range(30)]
    heard = await hear(bus, *channels)
    hung = own_cluster.owner(slot(bus, channels[0]))
    spared = [c for c in channels if own_cluster.owner(slot(bus, c)) is not hung]
    hung.pause()
    began = time.monotonic()
    while time.monotonic() < began + 1:
        await bus.publish(channels[0], b"lost")
        await once(bus, heard, *spared)
    await until(lambda: not bus.healthy, seconds=5)
    await until(lambda: bus.healthy, seconds=15)
    await once(bus, heard, *channels)
    hung.resume()
    await asyncio.sleep(2)
    await once(bus, heard, *channels)


@pytest.mark.faults
async def test_nodes_deliver_through_a_failover(world: World, own_cluster: RedisCluster) -> None:
    options: dict[str, Any] = {"redis": own_cluster.url, "prefix": f"t{uuid.uuid4().hex}"}
    for _ in range(2):
        await world.serve(
            **options, nonce_seconds=0.3, poll_seconds=0.2, poll_seconds_without_bus=0.2
        )
    nodes = [served.node for served in world.nodes]
    await until(lambda: all(node.bus.healthy for node in nodes))
    portal = await world.portal()
    ann, bob = await world.user(portal), await world.user(portal)
    room = await world.room(ann, bob)
    here, there = await world.connect(ann, node=0), await world.connect(bob, node=1)
    channel = f"{options['prefix']}:{wire.channel(portal)}"
    own_cluster.owner(key_slot(channel.encode())).kill()
    said: list[str] = []
    was_ill = False
    end = time.monotonic() + 20
    while not (was_ill and all(node.bus.healthy for node in nodes)):
        assert time.monotonic() < end
        said.append(f"message {len(said)}")
        await world.say(room, ann, said[-1])
        for client in (here, there):
            await until(lambda c=client: c.texts == said, lambda c=client: c.texts, seconds=5)
        was_ill = was_ill or not all(node.bus.healthy for node in nodes)
    answer = await there.call("list_presence")
    assert {p["user_id"]: p["state"] for p in answer["data"]["presence"]} == {
        ann.id: "online",
        bob.id: "online",
    }


# --- Resharding ----------------------------------------------------------------------------------


async def test_a_slot_that_moves_takes_its_channels_along(
    bus: ClusterBus, own_cluster: RedisCluster
) -> None:
    channels = [f"portal:{number}" for number in range(10)]
    heard = await hear(bus, *channels)
    recovered: list[float] = []
    bus.recovered = lambda: recovered.append(time.monotonic())
    moved = slot(bus, channels[0])
    to = next(m for m in own_cluster.masters if m is not own_cluster.owner(moved))
    own_cluster.move(moved, to)
    began = time.monotonic()
    await until(lambda: recovered, seconds=3)
    assert bus.healthy
    assert time.monotonic() - began < 2
    await once(bus, heard, *channels)
    assert f"{bus.prefix}:{channels[0]}" in own_cluster.shard_channels(to)


async def test_a_new_master_proves_itself_too(bus: ClusterBus, own_cluster: RedisCluster) -> None:
    channels = [f"portal:{number}" for number in range(10)]
    heard = await hear(bus, *channels)
    new = own_cluster.add_master()
    for channel in channels:
        own_cluster.move(slot(bus, channel), new)
    await until(lambda: len(own_cluster.shard_channels(new)) == 11, seconds=5)
    await until(lambda: bus.healthy, seconds=5)
    await once(bus, heard, *channels)
    # Its last slot gone, it is needed no more.
    for channel in channels:
        own_cluster.move(slot(bus, channel), own_cluster.masters[0])
    await until(lambda: len(bus._masters) == 3 and bus.healthy, seconds=5)
    assert not own_cluster.shard_channels(new)
    await once(bus, heard, *channels)


async def test_what_a_former_master_refuses_is_sent_to_the_new_one(
    bus: ClusterBus, own_cluster: RedisCluster
) -> None:
    heard = await hear(bus, "portal:1")
    moved = slot(bus, "portal:1")
    to = next(m for m in own_cluster.masters if m is not own_cluster.owner(moved))
    own_cluster.move(moved, to)
    # Nothing of it is known here yet, as nothing else ran.
    dropped = bus.counts.dropped
    await once(bus, heard, "portal:1")
    assert bus.counts.dropped == dropped


async def test_the_slot_of_a_nonce_may_move(bus: ClusterBus, own_cluster: RedisCluster) -> None:
    heard = await hear(bus, "portal:1")
    source = own_cluster.masters[0]
    name = next(n for n in own_cluster.shard_channels(source) if ":nonce:" in n)
    own_cluster.move(key_slot(name.encode()), own_cluster.masters[1])

    def nonces() -> set[str]:
        return {n for n in own_cluster.shard_channels(source) if ":nonce:" in n}

    await until(lambda: nonces() and name not in nonces(), seconds=5)
    await until(lambda: bus.healthy, seconds=5)
    await once(bus, heard, "portal:1")


async def test_presence_and_counting_bear_a_move_and_a_failover(own_cluster: RedisCluster) -> None:
    prefix = f"t{uuid.uuid4().hex}"
    one = RedisBoard(own_cluster.url, prefix, "one", alive_seconds=60)
    limiter = RedisLimiter(own_cluster.url, prefix)
    await one.beat()
    portals = range(1, 11)
    for portal_id in portals:
        await one.put(portal_id, {7: "online"})
    new = own_cluster.add_master()
    for portal_id in portals:
        own_cluster.move(key_slot(f"{prefix}:presence:{portal_id}".encode()), new)
    own_cluster.move(key_slot(f"{prefix}:nodes".encode()), new)
    own_cluster.move(key_slot(f"{prefix}:limit:a".encode()), new)
    assert await one.beat() is True
    assert await one.states_of({p: [7] for p in portals}) == {p: {7: "online"} for p in portals}
    for portal_id in portals:
        assert await one.states(portal_id) == {7: "online"}
        await one.put(portal_id, {8: "away"})
    assert [await limiter.hit("a", 1, 60) == 0 for _ in range(2)] == [True, False]
    assert len(limiter.alone) == 0
    own_cluster.masters[0].kill()

    async def served(number: int) -> bool:
        limiter.alone = MemoryLimiter()
        try:
            await one.put(100 + number, {number: "online"})
            await limiter.hit(f"k{number}", 1, 60)
        except OUTAGES:
            return False
        return len(limiter.alone) == 0

    end = time.monotonic() + 15
    while not all([await served(number) for number in range(20)]):
        assert time.monotonic() < end
        await asyncio.sleep(0.2)
    await one.close()
    await limiter.close()
