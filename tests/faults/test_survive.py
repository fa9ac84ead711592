"""What is acknowledged is there once, in one order, for everyone, whatever dies meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.cluster import Cluster, Company, open_cluster, open_company
from tests.services.node import Node

pytestmark = [pytest.mark.faults, pytest.mark.mariadb, pytest.mark.redis, pytest.mark.timeout(240)]

SENDERS = 10
SENDS = 200


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    async with open_cluster(tmp_path) as cluster:
        yield cluster


@pytest.fixture
async def company(cluster: Cluster, tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(cluster, tmp_path, people=SENDERS) as company:
        yield company


async def until_acked(company: Company, count: int) -> None:
    """Returns when the clients together have ``count`` answers: the middle of the work."""
    while sum(len(client.acked) for client in company.clients) < count:
        await asyncio.sleep(0.01)


async def all_send(company: Company, count: int = SENDS) -> None:
    await asyncio.gather(*(company.send(client, count) for client in company.clients))


async def restart(node: Node) -> None:
    await asyncio.to_thread(node.start)


def assert_whole(company: Company, sends: int) -> None:
    assert [len(client.acked) for client in company.clients] == [sends] * SENDERS
    # The first connection has nothing to catch up from; none after it may lose its place.
    assert [client.resyncs for client in company.clients] == [["first"]] * SENDERS


async def test_a_node_killed_in_the_middle(cluster: Cluster, company: Company) -> None:
    sending = asyncio.create_task(all_send(company))
    await until_acked(company, SENDERS * SENDS // 3)
    cluster.nodes[0].kill()
    await sending
    verdict = await company.judge()
    assert verdict.clean, verdict
    assert_whole(company, SENDS)
    assert sum(client.connects for client in company.clients) > SENDERS


async def test_redis_stopped_and_started(cluster: Cluster, company: Company) -> None:
    sending = asyncio.create_task(all_send(company))
    await until_acked(company, SENDERS * SENDS // 4)
    await asyncio.to_thread(cluster.redis.kill)
    await until_acked(company, SENDERS * SENDS // 2)
    await asyncio.to_thread(cluster.redis.start)
    await sending
    verdict = await company.judge()
    assert verdict.clean, verdict
    assert_whole(company, SENDS)


async def test_the_last_message_before_silence_arrives_without_redis(
    cluster: Cluster, company: Company
) -> None:
    await all_send(company, 5)
    await asyncio.to_thread(cluster.redis.kill)
    await all_send(company, 1)
    verdict = await company.judge()
    assert verdict.clean, verdict
    assert_whole(company, 6)


async def test_mariadb_restarted(cluster: Cluster, company: Company) -> None:
    sending = asyncio.create_task(all_send(company))
    await until_acked(company, SENDERS * SENDS // 3)
    await asyncio.to_thread(cluster.mariadb.kill)
    await asyncio.sleep(1.0)  # an outage of a second: the fault itself, not a wait for something
    await asyncio.to_thread(cluster.mariadb.start)
    await sending
    verdict = await company.judge()
    assert verdict.clean, verdict
    assert_whole(company, SENDS)
