"""From the front door to two people who write to each other, without reloading anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.people import Visitor, open_browser, pictures, visitor
from tests.services.mariadb import MariaDB
from tests.services.node import Node
from tests.services.redis import Redis

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as browser:
        yield browser


@pytest.fixture
async def lone_node(tmp_path: Path) -> AsyncIterator[list[Node]]:
    """One process, embedded."""
    node = Node(tmp_path / "node", data=tmp_path / "data")
    await asyncio.to_thread(node.talkoo, "migrate")
    await asyncio.to_thread(node.start)
    yield [node]
    await asyncio.to_thread(node.stop)


@pytest.fixture
async def two_nodes(tmp_path: Path, mariadb: MariaDB, redis: Redis) -> AsyncIterator[list[Node]]:
    """Two nodes behind one MariaDB and one Redis."""
    settings = {
        "TALKOO_DATABASE": mariadb.create_database("talkoo_browser"),
        "TALKOO_REDIS": redis.url,
        "TALKOO_REDIS_PREFIX": "browser",
    }
    nodes = [Node(tmp_path / f"node{n}", settings, data=tmp_path / "data") for n in (1, 2)]
    await asyncio.to_thread(nodes[0].talkoo, "migrate")
    await asyncio.gather(*(asyncio.to_thread(node.start) for node in nodes))
    yield nodes
    for node in nodes:
        await asyncio.to_thread(node.stop)
    mariadb.drop_database("talkoo_browser")


async def test_on_one_node(browser: Browser, lone_node: list[Node]) -> None:
    await live_together(browser, lone_node[0], lone_node[0])


@pytest.mark.mariadb
@pytest.mark.redis
async def test_on_two_nodes(browser: Browser, two_nodes: list[Node]) -> None:
    await live_together(browser, two_nodes[0], two_nodes[1])


async def live_together(browser: Browser, first: Node, second: Node) -> None:
    async with visitor(browser, "Ada Aalto") as ada, visitor(browser, "Ben Berg") as ben:
        portal = await ada.sign_up(bare(first), "Acme Oy", "ada@acme.test")
        assert portal.startswith("http://acme-oy.localhost")
        await ben.accept(at(second, await invite(ada, "ben@acme.test")))
        await meet(ada, ben)
        await chat(ada, ben)
        await post(ada, ben)
        assert ada.faults == []
        assert ben.faults == []


def bare(node: Node) -> str:
    return f"http://localhost:{node.port}/"


def at(node: Node, link: str) -> str:
    """The same link, at another node's port."""
    head, _, rest = link.partition(".localhost:")
    return f"{head}.localhost:{node.port}/{rest.partition('/')[2]}"


async def invite(admin: Visitor, email: str) -> str:
    """Invites by mail in the browser, and reads the link in the outbox page."""
    page = admin.page
    await page.goto(f"{page.url.split('/feed')[0]}/invite")
    await page.get_by_role("combobox", name="E-mail addresses").fill(email)
    await page.get_by_role("combobox", name="E-mail addresses").press("Enter")
    await page.get_by_role("button", name="Send invitations").click()
    await admin.sees(email)
    await admin.picture(pictures(), "invite")
    await page.goto(f"{page.url.split('/invite')[0]}/outbox")
    card = page.locator(".mantine-Card-root", has_text=email)
    link = await card.get_by_role("link").get_attribute("href", timeout=15_000)
    assert link is not None
    await admin.open("Feed")
    return link


async def meet(ada: Visitor, ben: Visitor) -> None:
    """Each sees the other as present, and sees them leave."""
    await ada.open("People")
    await ada.sees("Ben Berg")
    await expect(
        ada.page.get_by_role("link", name="Ben Berg").get_by_text("online")
    ).to_be_visible()
    await ben.open("People")
    await expect(
        ben.page.get_by_role("link", name="Ada Aalto").get_by_text("online")
    ).to_be_visible()
    await ada.picture(pictures(), "people")


async def chat(ada: Visitor, ben: Visitor) -> None:
    """A direct room: typing, messages both ways, unread counts, editing and deleting."""
    await ada.page.get_by_role("button", name="Message Ben Berg").click()
    await ada.write("Hello **Ben**")
    await expect(ben.place("Chat")).to_contain_text("1")
    await ben.open("Chat")
    await ben.page.get_by_role("link", name="Ada Aalto").click()
    await expect(ben.page.get_by_role("log").locator("strong")).to_have_text("Ben")
    await ben.page.get_by_role("textbox", name="Message", exact=True).press_sequentially("Hi A")
    await ada.sees("Ben Berg is typing …")
    await ben.write("Hi Ada!")
    await ada.sees("Hi Ada!")
    await ada.picture(pictures(), "chat-desktop-light")

    await ben.page.get_by_role("textbox", name="Message", exact=True).press("ArrowUp")
    await ben.write("Hi Ada, good morning!")
    await ada.sees("Hi Ada, good morning!")
    await ada.sees("(edited)")


async def post(ada: Visitor, ben: Visitor) -> None:
    """A post, a like and a comment, live on the other's screen."""
    await ada.open("Feed")
    await ben.open("Feed")
    await ben.page.get_by_role("textbox", name="Write a post").fill("We have a new coffee machine")
    await ben.page.get_by_role("button", name="Post", exact=True).click()
    await ada.sees("We have a new coffee machine")
    await ada.page.get_by_role("button", name="Like", exact=True).click()
    await expect(ben.page.get_by_role("button", name="Like", exact=True)).to_have_text("1")
    await ada.page.get_by_role("button", name="Comment").click()
    box = ada.page.get_by_role("textbox", name="Write a comment")
    await box.fill("At last!")
    await box.press("Enter")
    await expect(ben.page.get_by_role("button", name="1 comment")).to_be_visible()
    await ben.page.get_by_role("button", name="1 comment").click()
    await ben.sees("At last!")
    await ben.picture(pictures(), "feed-desktop-light")
