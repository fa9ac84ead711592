"""HAProxy asks the nodes how they are: one that is not ready gets nothing new, unless none is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests.deploy.balancers import HAProxy
from tests.deploy.device import all_of, assert_whole
from tests.deploy.site import Site, until
from tests.services.node import Node

pytestmark = [pytest.mark.mariadb, pytest.mark.redis, pytest.mark.slow]

# nginx (the free one) asks nobody.
BALANCERS = [HAProxy]


@contextlib.contextmanager
def not_ready(node: Node) -> Iterator[None]:
    """The node says 503 and works on: a file stands in place of its folder of pictures."""
    blobs = node.data / "blobs"
    away = blobs.rename(blobs.with_suffix(".away"))
    blobs.touch()
    try:
        yield
    finally:
        blobs.unlink()
        away.rename(blobs)


async def test_a_node_that_is_not_ready_gets_nothing_new_and_keeps_the_rest(site: Site) -> None:
    haproxy = site.balancer
    assert isinstance(haproxy, HAProxy)
    devices = site.devices("websocket")
    old, new = devices[:4], devices[4:]
    async with all_of(old):
        with not_ready(site.nodes[0]):
            await until(lambda: "DOWN" in haproxy.states("nodes")[0], "HAProxy takes it out")
            async with all_of(new):
                said = await site.talk(devices, "all")
                assert [device.connects for device in devices] == [1] * len(devices)
                # The last one that is ready dies: then the other one will do.
                site.nodes[1].kill()
                said += await site.talk(devices, "again")
                assert {device.connects > 1 for device in old} == {True, False}
                assert {device.connects > 1 for device in new} == {True}
                assert_whole(old, said)


async def test_a_dead_redis_takes_no_node_out(site: Site) -> None:
    haproxy = site.balancer
    assert isinstance(haproxy, HAProxy)
    devices = site.devices("websocket")
    old, new = devices[:4], devices[4:]
    async with all_of(old):
        said = await site.talk(old, "before")
        site.redis.kill()
        await until(lambda: "UP" not in haproxy.states("nodes"), "no node is ready")
        async with all_of(new):
            said += await site.talk(devices, "meanwhile")
        assert_whole(old, said)
        assert [device.connects for device in devices] == [1] * len(devices)
