"""What is acknowledged is there once, in one order, for everyone, whatever breaks meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults import scenarios
from tests.faults.cluster import Cluster, Ground, open_cluster, open_ground
from tests.faults.company import Company, assert_clean, open_companies
from tests.faults.scenarios import Scenario
from tests.services.clock import NodeWithClock, faketime_library
from tests.services.disk import SmallDisk, small_disk
from tests.services.mariadb import MariaDB

pytestmark = [pytest.mark.faults, pytest.mark.mariadb, pytest.mark.redis, pytest.mark.timeout(150)]


@dataclass(frozen=True)
class Aimed:
    """A scenario, and whether it makes clients connect anew: else nothing was broken."""

    name: str
    scenario: Scenario
    reconnects: bool


AIMED = (
    Aimed("nothing", scenarios.nothing, False),
    Aimed("node_killed", scenarios.node_killed, True),
    Aimed("node_left", scenarios.node_left, True),
    Aimed("node_frozen", scenarios.node_frozen, True),
    Aimed("redis_killed", scenarios.redis_killed, False),
    Aimed("redis_paused", scenarios.redis_paused, False),
    Aimed("redis_partitioned", scenarios.redis_partitioned, False),
    Aimed("redis_deaf", scenarios.redis_deaf, False),
    Aimed("redis_cut", scenarios.redis_cut, True),
    Aimed("quiet_tail", scenarios.quiet_tail, False),
    Aimed("database_killed", scenarios.database_killed, False),
    Aimed("database_cut", scenarios.database_cut, False),
    Aimed("database_slow", scenarios.database_slow, False),
    Aimed("database_gone_then_nodes", scenarios.database_gone_then_nodes, True),
    Aimed("clients_delayed", scenarios.clients_delayed, False),
    Aimed("clients_cut", scenarios.clients_cut, True),
    Aimed("clients_half_closed_up", scenarios.clients_half_closed("up"), True),
    Aimed("clients_half_closed_down", scenarios.clients_half_closed("down"), True),
    Aimed("answers_lost", scenarios.answers_lost, True),
    Aimed("requests_late", scenarios.requests_late, False),
    Aimed("clients_silent", scenarios.clients_silent, True),
    Aimed("removed_while_away", scenarios.removed_while_away, True),
    Aimed("died_with_their_node", scenarios.died_with_their_node, True),
    Aimed("left_without_redis", scenarios.left_without_redis, False),
)


@pytest.mark.parametrize("aimed", [pytest.param(aimed, id=aimed.name) for aimed in AIMED])
async def test_everything_holds(
    cluster: Cluster, companies: tuple[Company, Company], aimed: Aimed
) -> None:
    await aimed.scenario(cluster, companies)
    await assert_clean(companies)
    clients = [client for company in companies for client in company.clients]
    assert (sum(client.connects for client in clients) > len(clients)) is aimed.reconnects


# --- What needs more of the machine -----------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk") as disk:
        yield disk


@pytest.fixture
def ground_on_disk(disk: SmallDisk) -> Iterator[Ground]:
    with open_ground(MariaDB(disk.folder)) as ground:
        yield ground


async def test_everything_holds_when_the_disk_is_full(
    disk: SmallDisk, ground_on_disk: Ground, tmp_path: Path
) -> None:
    async with (
        open_cluster(ground_on_disk, tmp_path) as cluster,
        open_companies(cluster, tmp_path) as companies,
    ):
        async with scenarios.busy(companies):
            cluster.note("disk full")
            disk.fill()
            await send_until_there_is_no_room(companies[0])
            await asyncio.sleep(0.5)
            disk.free()
            await cluster.heal()
        await assert_clean(companies)


async def send_until_there_is_no_room(company: Company) -> None:
    """The database has some room left in its files when the disk is full already."""
    async with asyncio.timeout(30):
        while (await company.send(company.clients[1], "x" * 8_000, tries=1)).answer:
            pass


async def test_everything_holds_when_clocks_step(ground: Ground, tmp_path: Path) -> None:
    library = faketime_library()
    nodes: list[NodeWithClock] = []

    def make_node(folder: Path, settings: Mapping[str, str], data: Path) -> NodeWithClock:
        nodes.append(NodeWithClock(folder, settings, data=data, library=library))
        return nodes[-1]

    async with (
        open_cluster(ground, tmp_path, make_node) as cluster,
        open_companies(cluster, tmp_path) as companies,
    ):
        async with scenarios.busy(companies):
            for seconds in (3600, -3600, 0):
                cluster.note(f"clock of node 0 at {seconds:+d} s")
                nodes[0].step(seconds)
                await asyncio.sleep(0.7)
                # Tickets of one time come to a node of another.
                cluster.fronts[0].cut()
                await asyncio.sleep(0.7)
        await assert_clean(companies)
        stamps = [
            e.body["message"]["created_at"]
            for e in (await companies[0].truth()).log
            if e.type == "message_sent"
        ]
        assert max(stamps) - min(stamps) > 3_600_000, "the clock was not set"
