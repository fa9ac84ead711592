"""Live connections through the balancer: all transports, across nodes, and while nodes leave."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest

from tests.deploy.device import all_of, assert_whole
from tests.deploy.site import Site, until

pytestmark = [pytest.mark.mariadb, pytest.mark.redis, pytest.mark.slow]

SCRIPT = Path(__file__).with_name("official.mjs")
SOCKET_IO = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "socket.io-client"


async def test_programs_that_poll_meet_the_same_node(site: Site) -> None:
    devices = site.spread_devices("polling")
    async with all_of(devices):
        assert_whole(devices, await site.talk(devices, "polled", 30))
        assert [device.connects for device in devices] == [1] * len(devices)


async def test_browsers_that_poll_meet_the_same_node(site: Site) -> None:
    devices = site.devices("polling")
    for device in devices:
        device.page = site.portal
    async with all_of(devices):
        assert_whole(devices, await site.talk(devices, "polled", 10))
        assert [device.connects for device in devices] == [1] * len(devices)


@pytest.mark.javascript
@pytest.mark.parametrize("transport", ["upgrade", "polling", "websocket"])
async def test_the_official_javascript_client(site: Site, transport: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *("node", str(SCRIPT), str(SOCKET_IO), f"https://127.0.0.1:{site.balancer.port}"),
        *(transport, site.people[0].token, str(site.room_id), "30"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "NODE_EXTRA_CA_CERTS": str(site.balancer.certificate.certificate)},
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    told = json.loads(out)
    assert told["heard"] == [f"word {n}" for n in range(30)]
    assert told["used"] == ("polling" if transport == "polling" else "websocket")


async def test_a_node_is_killed(site: Site) -> None:
    polling = site.spread_devices("polling")[:4]
    live = site.devices("websocket")[4:]
    devices = polling + live
    async with all_of(devices):
        said = await site.talk(devices, "both")
        site.nodes[0].kill()
        # Requests do not notice.
        for path in ("/api/v1/portal/public", "/?transport=polling") * 5:
            async with live[0].web.get(site.portal + path) as answer:
                assert answer.status == 200
                assert site.answered(answer.headers["x-request-id"]) == 1
        said += await site.talk(devices, "one", 3)
        assert_whole(devices, said)
        # Some lost their connection and some did not: both nodes had carried the first words.
        for some in (polling, live):
            assert {device.connects > 1 for device in some} == {True, False}


async def test_a_node_is_stopped(site: Site) -> None:
    devices = site.devices("websocket")
    async with all_of(devices):
        said = await site.talk(devices, "both")
        leaving = site.nodes[1]
        os.kill(leaving.pid, signal.SIGTERM)
        said += await site.talk(devices, "one", 5)
        await until(lambda: leaving.exit_code == 0, "the node ends by itself, in order")
        said += await site.talk(devices, "still")
        assert_whole(devices, said)
        assert {device.connects > 1 for device in devices} == {True, False}
