"""What is done to a cluster: each scenario breaks one thing in one way, and mends it again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from tests.faults.cluster import Cluster
from tests.faults.company import Company, Traffic
from tests.faults.proxy import Direction

Scenario = Callable[[Cluster, Sequence[Company]], Awaitable[None]]

# Longer than the fifteen seconds after which both ends give up a connection that is silent.
SILENT_SECONDS = 17.0


@asynccontextmanager
async def busy(companies: Sequence[Company], pause: float = 0.08) -> AsyncGenerator[None]:
    """Everybody works, from a moment before until a moment after."""
    async with AsyncExitStack() as stack:
        for seed, company in enumerate(companies):
            await stack.enter_async_context(Traffic(company, seed, pause))
        await asyncio.sleep(0.5)
        yield
        await asyncio.sleep(0.5)


async def nothing(cluster: Cluster, companies: Sequence[Company]) -> None:
    """A good day."""
    async with busy(companies):
        await asyncio.sleep(1.0)


# --- Nodes ------------------------------------------------------------------------------------


async def node_killed(cluster: Cluster, companies: Sequence[Company]) -> None:
    """A node dies in the middle of the work, and comes back."""
    async with busy(companies):
        cluster.note("node 0 killed")
        cluster.nodes[0].kill()
        await asyncio.sleep(1.0)
        await cluster.heal()


async def node_left(cluster: Cluster, companies: Sequence[Company]) -> None:
    """A node leaves in order, with everybody at work, and comes back."""
    async with busy(companies):
        cluster.note("node 0 leaves")
        await asyncio.to_thread(cluster.nodes[0].stop)
        await asyncio.sleep(0.5)
        await cluster.heal()


async def node_frozen(cluster: Cluster, companies: Sequence[Company]) -> None:
    """A node stands still until everybody has given it up, and then goes on as if it had not."""
    async with busy(companies, pause=0.2):
        cluster.note("node 0 frozen")
        cluster.nodes[0].pause()
        await asyncio.sleep(SILENT_SECONDS)
        await cluster.heal()


# --- Redis ------------------------------------------------------------------------------------


async def redis_killed(cluster: Cluster, companies: Sequence[Company]) -> None:
    """Redis dies, and comes back with nothing in it."""
    async with busy(companies):
        cluster.note("redis killed")
        cluster.redis.kill()
        await asyncio.sleep(1.5)
        await cluster.heal()
        await asyncio.sleep(1.0)


async def redis_paused(cluster: Cluster, companies: Sequence[Company]) -> None:
    """Redis takes what it is told, and answers much later."""
    async with busy(companies):
        cluster.note("redis paused")
        cluster.redis.hold(2.5)
        await asyncio.sleep(3.0)


async def redis_partitioned(cluster: Cluster, companies: Sequence[Company]) -> None:
    """One node cannot reach Redis, and the other can."""
    async with busy(companies):
        cluster.note("no way from node 0 to redis")
        cluster.places[0].to_redis.blackhole()
        await asyncio.sleep(3.0)
        await cluster.heal()
        await asyncio.sleep(1.0)


async def redis_deaf(cluster: Cluster, companies: Sequence[Company]) -> None:
    """One node tells Redis, and hears nothing from it."""
    async with busy(companies):
        cluster.note("no way from redis to node 0")
        cluster.places[0].to_redis.blackhole(["down"])
        await asyncio.sleep(3.0)
        await cluster.heal()


async def redis_cut(cluster: Cluster, companies: Sequence[Company]) -> None:
    """The connections to Redis are reset again and again, while people come and go."""
    await asyncio.gather(*(company.see_each_other() for company in companies))
    for turn in range(6):
        cluster.note("connections to redis cut")
        for place in cluster.places:
            place.to_redis.cut()
        for company in companies:
            client = company.clients[2 + turn % 4]
            await (client.stop() if client.here else client.start())
        await asyncio.sleep(0.5)
    await asyncio.gather(*(company.all_send(1) for company in companies))


async def quiet_tail(cluster: Cluster, companies: Sequence[Company]) -> None:
    """Redis dies, everybody sends one last message, and then there is silence."""
    await asyncio.gather(*(company.all_send(2) for company in companies))
    # Redis stays away, and with it what nodes tell each other of who is here.
    await asyncio.gather(*(company.see_each_other() for company in companies))
    cluster.note("redis killed")
    cluster.redis.kill()
    await asyncio.gather(*(company.all_send(1) for company in companies))


# --- The database -----------------------------------------------------------------------------


async def database_killed(cluster: Cluster, companies: Sequence[Company]) -> None:
    """MariaDB dies, and comes back after a second."""
    async with busy(companies):
        cluster.note("mariadb killed")
        cluster.mariadb.kill()
        await asyncio.sleep(1.0)
        await cluster.heal()


async def database_cut(cluster: Cluster, companies: Sequence[Company]) -> None:
    """The connections to MariaDB are reset; new ones are taken at once."""
    async with busy(companies):
        for _ in range(3):
            cluster.note("connections to mariadb cut")
            for place in cluster.places:
                place.to_database.cut()
            await asyncio.sleep(0.7)


async def database_slow(cluster: Cluster, companies: Sequence[Company]) -> None:
    """Every round trip to MariaDB takes a tenth of a second."""
    async with busy(companies):
        cluster.note("mariadb slow")
        for place in cluster.places:
            place.to_database.delay = 0.05
        await asyncio.sleep(3.0)
        await cluster.heal()


async def database_gone_then_nodes(cluster: Cluster, companies: Sequence[Company]) -> None:
    """MariaDB is out of reach for a moment, and in that moment all nodes die."""
    async with busy(companies):
        cluster.note("no way to mariadb")
        for place in cluster.places:
            place.to_database.blackhole()
        await asyncio.sleep(0.8)
        cluster.note("all nodes killed")
        for node in cluster.nodes:
            node.kill()
        for place in cluster.places:
            place.to_database.cut()
        await cluster.heal()


# --- The ways to the clients ------------------------------------------------------------------


async def clients_delayed(cluster: Cluster, companies: Sequence[Company]) -> None:
    """The network is slow, and differently so on the two ways."""
    async with busy(companies):
        cluster.note("clients delayed")
        for delay, front in zip((0.25, 0.03), cluster.fronts, strict=True):
            front.delay = delay
        await asyncio.sleep(2.5)
        await cluster.heal()


async def clients_cut(cluster: Cluster, companies: Sequence[Company]) -> None:
    """Connections are reset, again and again."""
    async with busy(companies):
        for turn in range(6):
            cluster.note(f"clients of node {turn % 2} cut")
            cluster.fronts[turn % 2].cut()
            await asyncio.sleep(0.35)


def clients_half_closed(direction: Direction) -> Scenario:
    """One side says that it is done; the other is not."""

    async def scenario(cluster: Cluster, companies: Sequence[Company]) -> None:
        async with busy(companies):
            for number, front in enumerate(cluster.fronts):
                cluster.note(f"clients of node {number} half closed {direction}")
                front.half_close(direction)
                await asyncio.sleep(1.0)

    return scenario


async def answers_lost(cluster: Cluster, companies: Sequence[Company]) -> None:
    """Requests arrive, and no answer does; then the connections are gone."""
    async with busy(companies):
        cluster.note("nothing reaches clients")
        for front in cluster.fronts:
            front.blackhole(["down"])
        await asyncio.sleep(1.2)
        for front in cluster.fronts:
            front.cut()
        await cluster.heal()


async def requests_late(cluster: Cluster, companies: Sequence[Company]) -> None:
    """Events arrive, and requests do not, until much later; clients have asked again by then."""
    async with busy(companies):
        cluster.note("nothing comes from clients")
        for front in cluster.fronts:
            front.blackhole(["up"])
        await asyncio.sleep(5.0)
        await cluster.heal()


async def clients_silent(cluster: Cluster, companies: Sequence[Company]) -> None:
    """The way to one node swallows everything, and tells nobody."""
    async with busy(companies, pause=0.2):
        cluster.note("no way between clients and node 0")
        cluster.fronts[0].blackhole()
        await asyncio.sleep(SILENT_SECONDS)
        await cluster.heal()


# --- People -----------------------------------------------------------------------------------


async def removed_while_away(cluster: Cluster, companies: Sequence[Company]) -> None:
    """Two are taken out of a room while they are away, one with a ticket and one without."""
    for company in companies:
        with_ticket, without = company.clients[4], company.clients[3]
        insiders = [company.clients[0], company.clients[1]]
        for client in insiders:
            await company.send(client, room_id=company.club_id)
        cluster.note("two leave")
        for client in (with_ticket, without):
            await client.stop()
            await company.change_club(client.user_id)
        for client in insiders:
            await company.send(client, room_id=company.club_id)
        cluster.note("two come back")
        for client in (with_ticket, without):
            await client.start()
        for client in (*insiders, with_ticket, without):
            room_id = company.club_id if client in insiders else company.room_id
            await company.send(client, room_id=room_id)


async def died_with_their_node(cluster: Cluster, companies: Sequence[Company]) -> None:
    """A node dies, and some of its people do not come back."""
    await asyncio.gather(*(company.see_each_other() for company in companies))
    cluster.note("node 0 killed")
    cluster.nodes[0].kill()
    for company in companies:
        for client in (company.clients[2], company.clients[4]):
            await client.stop()
    await asyncio.gather(*(company.all_send(1) for company in companies))


async def left_without_redis(cluster: Cluster, companies: Sequence[Company]) -> None:
    """Some leave while Redis is away, whom everybody saw before."""
    await asyncio.gather(*(company.see_each_other() for company in companies))
    cluster.note("redis killed")
    cluster.redis.kill()
    for company in companies:
        for client in (company.clients[2], company.clients[5]):
            await client.stop()
    # Longer than those who left are still counted in.
    await asyncio.sleep(4.0)
    await cluster.heal()
    await asyncio.gather(*(company.all_send(1) for company in companies))
