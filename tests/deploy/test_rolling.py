"""Three nodes are restarted one after the other under load: nothing is lost, nobody notices."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.people import Visitor, open_browser, visitor
from tests.deploy.balancers import DOMAIN, HAProxy
from tests.deploy.device import Device, all_of, assert_whole, open_web
from tests.deploy.site import Site, open_site, until
from tests.house import PASSWORD

pytestmark = [
    pytest.mark.mariadb,
    pytest.mark.redis,
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(300),
]

# As DNS would say of the domain.
RESOLVE = f"--host-resolver-rules=MAP {DOMAIN} 127.0.0.1,MAP *.{DOMAIN} 127.0.0.1"


@pytest.fixture
def three(mariadb_url: str, tmp_path: Path) -> Iterator[Site]:
    with open_site(HAProxy, mariadb_url, tmp_path, count=3) as site:
        yield site


async def restart_each(site: Site) -> None:
    """The next node stops only when the one before it serves again."""
    for node in site.nodes:
        os.kill(node.pid, signal.SIGTERM)
        await until(lambda node=node: not node.running, "the node ends by itself")
        assert node.exit_code == 0, node.last_lines()
        node.kill()
        await asyncio.to_thread(node.start)
        await until(lambda: site.balancer.trusts(3), "the balancer trusts it again")


async def talk_until(site: Site, devices: list[Device], over: asyncio.Event) -> list[str]:
    """Everybody talks, each thing until it is answered; as fast as a page can show it."""

    async def one(n: int, device: Device) -> list[str]:
        said: list[str] = []
        while not over.is_set():
            said.append(await site.say(device, f"{n}.{len(said)}"))
            await asyncio.sleep(0.7)
        return said

    texts = await asyncio.gather(*(one(n, device) for n, device in enumerate(devices)))
    return [text for some in texts for text in some]


# Written by hand while nodes come and go.
FEWEST = 4


async def ask_until(site: Site, over: asyncio.Event) -> list[int]:
    """A program asks again and again, on connections that are kept."""
    statuses: list[int] = []
    async with open_web(site.balancer) as web:
        while not over.is_set():
            async with web.get(f"{site.portal}/api/v1/portal/public") as answer:
                statuses.append(answer.status)
            await asyncio.sleep(0.1)
    return statuses


async def write_until(writer: Visitor, over: asyncio.Event) -> list[str]:
    """Somebody writes in the web client, and looks whether it was sent; tries nothing twice.

    A few times at least, however slow the machine is.
    """
    said: list[str] = []
    for n in itertools.count():
        if over.is_set() and n >= FEWEST:
            return said
        said.append(f"by hand {n}")
        await writer.write(said[-1])
        await writer.sees(said[-1])
        await expect(writer.page.get_by_text("Sending", exact=False)).to_have_count(0)
    return said


async def watch_for_excuses(writer: Visitor, over: asyncio.Event) -> int:
    """How often the page was seen to say that it is not connected."""
    seen = 0
    while not over.is_set():
        seen += await writer.page.get_by_role("status").get_by_text("onnecting").count()
        await asyncio.sleep(0.05)
    return seen


async def test_a_rolling_restart_under_load(three: Site) -> None:
    over = asyncio.Event()
    # The last person is at the browser.
    devices = [*three.devices("websocket")[:5], *three.devices("polling")[5:7]]
    async with (
        open_browser(RESOLVE, "--ignore-certificate-errors") as browser,
        visitor(browser, "Person") as writer,
        all_of(devices),
    ):
        await writer.log_in(three.portal, three.people[-1].email, PASSWORD)
        await writer.go(f"{three.portal}/chat/{three.room_id}")
        work = asyncio.gather(
            talk_until(three, devices, over),
            write_until(writer, over),
            ask_until(three, over),
            watch_for_excuses(writer, over),
        )
        try:
            await restart_each(three)
        finally:
            over.set()
        talked, written, statuses, excuses = await work
        said = talked + written
        await until(lambda: all(len(d.heard) >= len(said) for d in devices), "all is heard")
        assert_whole(devices, said)
        assert set(statuses) == {200}
        assert excuses == 0
        assert writer.faults == []
        # Every node went, so nobody is where they were.
        assert all(device.connects > 1 for device in devices)
        assert [device.resyncs for device in devices] == [["first"]] * len(devices)
