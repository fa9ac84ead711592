"""Admins watch who is connected, end sessions, and find in the log what they did."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.browser.people import Visitor, open_browser, visitor
from tests.house import open_house
from tests.services.mariadb import MariaDB
from tests.services.node import Node
from tests.services.redis import Redis

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

# Longer than the page waits between two looks at the connections.
ROUND_MS = 3500
CONNECTIONS = "**/api/v1/connections"


@dataclass
class Company:
    """Ada, who is an admin, and Ben, who is not; each has a node, which may be the same."""

    nodes: tuple[Node, Node]
    address: str
    ada: str
    ben: str

    @property
    def adas(self) -> str:
        """The portal at Ada's node."""
        return self.nodes[0].portal_url(self.address)

    @property
    def bens(self) -> str:
        """The portal at Ben's node."""
        return self.nodes[1].portal_url(self.address)


async def founded(url: str, folder: Path, nodes: tuple[Node, Node]) -> Company:
    """A company in a fresh database."""
    await asyncio.to_thread(nodes[0].talkoo, "migrate")
    async with open_house(url, folder / "blobs") as house:
        ada = await house.make_portal("Acme")
        ben = await house.join(ada, "Ben Berg")
        emails = [house.emails[one.portal, one.me.user_id] for one in (ada, ben)]
    address = emails[0].partition("@")[2].removesuffix(".test")
    return Company(nodes, address, *emails)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as browser:
        yield browser


@pytest.fixture
async def company(tmp_path: Path) -> AsyncIterator[Company]:
    """On one process, embedded."""
    node = Node(tmp_path / "node", data=tmp_path / "data")
    url = f"sqlite+aiosqlite:///{tmp_path / 'data' / 'talkoo.db'}"
    company = await founded(url, tmp_path, (node, node))
    await asyncio.to_thread(node.start)
    yield company
    await asyncio.to_thread(node.stop)


@pytest.fixture
async def spread_company(tmp_path: Path, mariadb: MariaDB, redis: Redis) -> AsyncIterator[Company]:
    """On two nodes behind one MariaDB and one Redis."""
    url = mariadb.create_database("talkoo_browser_admin")
    settings = {
        "TALKOO_DATABASE": url,
        "TALKOO_REDIS": redis.url,
        "TALKOO_REDIS_PREFIX": "browser-admin",
    }
    first, second = (Node(tmp_path / n, settings, data=tmp_path / "data") for n in ("n1", "n2"))
    company = await founded(url, tmp_path, (first, second))
    await asyncio.gather(*(asyncio.to_thread(node.start) for node in (first, second)))
    yield company
    for node in (first, second):
        await asyncio.to_thread(node.stop)
    mariadb.drop_database("talkoo_browser_admin")


async def watch(admin: Visitor, company: Company) -> None:
    """Logs in and opens the connections by the menu; from then on the page is never loaded anew."""
    await admin.log_in(company.adas, company.ada)
    await admin.page.get_by_role("button", name="Your account").last.click()
    await admin.page.get_by_role("menuitem", name="Connections").click()
    await expect(admin.page.get_by_role("heading", name="Connections")).to_be_visible()
    await admin.page.evaluate("window.neverLoadedAnew = true")


async def as_before(admin: Visitor) -> None:
    """The page was not loaded anew, and nothing went wrong in it."""
    assert await admin.page.evaluate("window.neverLoadedAnew")
    assert admin.faults == []


def rows(admin: Visitor, name: str) -> Locator:
    """The connections of someone."""
    return admin.page.get_by_role("row").filter(has=admin.page.get_by_role("link", name=name))


async def counted(admin: Visitor, words: str) -> None:
    """Waits until the line above the list says so."""
    await expect(admin.page.get_by_test_id("summary")).to_have_text(words, timeout=15_000)


async def ask_to_end(admin: Visitor, name: str, which: str) -> None:
    """Ends what is chosen of someone, and says yes."""
    await rows(admin, name).first.get_by_role("button", name="End").click()
    dialog = admin.page.get_by_role("dialog")
    await dialog.get_by_role("radio", name=which).check()
    await dialog.get_by_role("button", name="End", exact=True).click()
    await expect(dialog).to_be_hidden()


async def is_out(someone: Visitor) -> None:
    """The browser says that it is over, and leads to the log-in."""
    page = someone.page
    await expect(page.get_by_text("Your session has ended")).to_be_visible(timeout=10_000)
    await page.get_by_role("link", name="Log in").click()
    await expect(page).to_have_url(re.compile("/log-in$"))
    await expect(page.get_by_role("button", name="Log in")).to_be_visible()


async def test_on_one_node(browser: Browser, company: Company) -> None:
    await come_and_go(browser, company)


@pytest.mark.mariadb
@pytest.mark.redis
async def test_on_two_nodes(browser: Browser, spread_company: Company) -> None:
    await come_and_go(browser, spread_company)


async def come_and_go(browser: Browser, company: Company) -> None:
    async with visitor(browser, "Ada Admin") as ada, visitor(browser, "Ben Berg") as ben:
        await watch(ada, company)
        await counted(ada, "1 person, 1 connection")
        await expect(rows(ada, "Ada Admin")).to_contain_text("this device")
        await expect(rows(ada, "Ada Admin").get_by_role("button")).to_have_count(0)

        await ben.log_in(company.bens, company.ben)
        await counted(ada, "2 people, 2 connections")
        tab = await ben.page.context.new_page()
        await tab.goto(f"{company.bens}/people")
        await expect(rows(ada, "Ben Berg")).to_have_count(2, timeout=15_000)
        await tab.close()
        await expect(rows(ada, "Ben Berg")).to_have_count(1, timeout=15_000)
        await expect(rows(ada, "Ben Berg")).to_contain_text("on Linux")

        await ask_to_end(ada, "Ben Berg", "All sessions of Ben Berg")
        await is_out(ben)
        await counted(ada, "1 person, 1 connection")
        await ada.page.get_by_role("link", name="Audit log").click()
        entry = ada.page.get_by_role("list", name="Audit log").get_by_role("listitem").first
        await expect(entry).to_contain_text("Ada Admin · Ended sessions: Ben Berg 1 session")
        await as_before(ada)


async def test_one_of_several_sessions_ends(browser: Browser, company: Company) -> None:
    async with (
        visitor(browser, "Ada Admin") as ada,
        visitor(browser, "Ada Admin") as ada_elsewhere,
        visitor(browser, "Ben Berg") as ben,
        visitor(browser, "Ben Berg") as ben_elsewhere,
    ):
        for one in (ben, ben_elsewhere):
            await one.log_in(company.bens, company.ben)
        await ada_elsewhere.log_in(company.adas, company.ada)
        await watch(ada, company)
        await counted(ada, "2 people, 4 connections")
        # The newest first: that of the second log-in.
        await ada.page.get_by_role("button", name="Since").click()
        await ask_to_end(ada, "Ben Berg", "This session")
        await is_out(ben_elsewhere)
        await counted(ada, "2 people, 3 connections")
        await ben.open("People")
        await ben.sees("Ada Admin")

        own = rows(ada, "Ada Admin").filter(has_not_text="this device")
        await own.get_by_role("button", name="End").click()
        await ada.page.get_by_role("radio", name="All of mine but this device").check()
        await ada.page.get_by_role("dialog").get_by_role("button", name="End", exact=True).click()
        await is_out(ada_elsewhere)
        await counted(ada, "2 people, 2 connections")
        await as_before(ada)


async def test_order_filter_and_focus_stay(browser: Browser, company: Company) -> None:
    async with visitor(browser, "Ada Admin") as ada, visitor(browser, "Ben Berg") as ben:
        await watch(ada, company)
        page = ada.page
        await ben.log_in(company.bens, company.ben)
        await counted(ada, "2 people, 2 connections")
        names = page.get_by_role("row").get_by_role("link")
        await expect(names).to_have_text(["Ada Admin", "Ben Berg"])
        head = page.get_by_role("columnheader", name="Person")
        await expect(head).to_have_attribute("aria-sort", "ascending")
        await head.get_by_role("button").focus()
        await page.keyboard.press("Enter")
        await expect(head).to_have_attribute("aria-sort", "descending")
        await expect(names).to_have_text(["Ben Berg", "Ada Admin"])
        await page.wait_for_timeout(ROUND_MS)
        await expect(head.get_by_role("button")).to_be_focused()
        await expect(names).to_have_text(["Ben Berg", "Ada Admin"])

        await page.get_by_role("textbox", name="Filter").press_sequentially("ben linux")
        await counted(ada, "1 person, 1 connection of 2")
        await page.wait_for_timeout(ROUND_MS)
        await expect(page.get_by_role("textbox", name="Filter")).to_be_focused()
        await expect(names).to_have_text(["Ben Berg"])
        await page.keyboard.type(" zzz")
        await ada.sees("No connection matches")
        await page.keyboard.press("Escape")
        await expect(names).to_have_text(["Ben Berg", "Ada Admin"])
        await rows(ada, "Ben Berg").get_by_role("button", name="End").focus()
        await page.wait_for_timeout(ROUND_MS)
        await expect(rows(ada, "Ben Berg").get_by_role("button", name="End")).to_be_focused()
        await as_before(ada)


async def test_a_hidden_page_asks_nothing(browser: Browser, company: Company) -> None:
    async with visitor(browser, "Ada Admin") as ada:
        await watch(ada, company)
        asked: list[str] = []
        ada.page.on("request", lambda r: asked.append(r.url) if "connections" in r.url else None)
        async with ada.page.expect_request(CONNECTIONS):
            pass
        await look_away(ada, hidden=True)
        await ada.page.wait_for_timeout(1000)
        asked.clear()
        await ada.page.wait_for_timeout(2 * ROUND_MS)
        assert asked == []
        async with ada.page.expect_request(CONNECTIONS, timeout=1000):
            await look_away(ada, hidden=False)


async def look_away(someone: Visitor, *, hidden: bool) -> None:
    """Another window is in front; a headless browser has none, so the page is told."""
    await someone.page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


async def test_without_answers_the_last_list_stays(browser: Browser, company: Company) -> None:
    async with visitor(browser, "Ada Admin") as ada:
        await watch(ada, company)
        await counted(ada, "1 person, 1 connection")
        await ada.page.route(CONNECTIONS, lambda route: route.abort())
        await expect(ada.page.get_by_text("No answer since")).to_be_visible(timeout=10_000)
        await counted(ada, "1 person, 1 connection")
        await ada.page.unroute(CONNECTIONS)
        await expect(ada.page.get_by_text("No answer since")).to_be_hidden(timeout=10_000)
        await as_before(ada)


async def test_the_log_grows_while_one_reads_it(browser: Browser, company: Company) -> None:
    async with visitor(browser, "Ada Admin") as ada, visitor(browser, "Ben Berg") as ben:
        await watch(ada, company)
        await ada.page.get_by_role("link", name="Audit log").click()
        await ada.sees("Nothing yet")
        await ben.log_in(company.bens, company.ben)
        other = await ada.page.context.new_page()
        await other.goto(f"{company.adas}/people")
        for wish in ("Make Guest", "Make Member", "End all sessions"):
            await other.get_by_role("button", name="Manage Ben Berg").click()
            await other.get_by_role("menuitem", name=wish).click()
        await other.get_by_role("dialog").get_by_role("button", name="End", exact=True).click()
        await is_out(ben)
        entries = ada.page.get_by_role("list", name="Audit log").get_by_role("listitem")
        await expect(entries).to_contain_text(
            [
                "Ended sessions: Ben Berg 1 session",
                "Changed the role: Ben Berg Guest → Member",
                "Changed the role: Ben Berg Member → Guest",
            ],
            timeout=15_000,
        )
        await as_before(ada)


async def test_only_admins_see_it(browser: Browser, company: Company) -> None:
    async with visitor(browser, "Ben Berg") as ben:
        refused: list[str] = []
        ben.page.on("response", lambda r: refused.append(r.url) if r.status == 403 else None)
        await ben.log_in(company.bens, company.ben)
        await ben.page.get_by_role("button", name="Your account").last.click()
        await expect(ben.page.get_by_role("menuitem", name="Sessions")).to_be_visible()
        await expect(ben.page.get_by_role("menuitem", name="Connections")).to_have_count(0)
        await expect(ben.page.get_by_role("menuitem", name="Audit log")).to_have_count(0)
        for path in ("/admin/connections", "/admin/audit"):
            await ben.go(company.bens + path)
            await ben.sees("Only for admins")
        assert refused == []
        assert ben.faults == []


async def test_on_a_phone_there_are_cards(browser: Browser, company: Company) -> None:
    async with visitor(browser, "Ada", phone=True) as ada, visitor(browser, "Ben Berg") as ben:
        await watch(ada, company)
        await ben.log_in(company.bens, company.ben)
        cards = ada.page.get_by_role("list", name="Connections").get_by_role("listitem")
        await expect(cards).to_have_count(2, timeout=15_000)
        assert await ada.page.evaluate("document.documentElement.scrollWidth") <= 390
        await ada.page.get_by_role("button", name="Ascending").click()
        await expect(cards.first).to_contain_text("Ben Berg")
        await cards.first.get_by_role("button", name="End").click()
        await ada.page.get_by_role("dialog").get_by_role("button", name="End", exact=True).click()
        await is_out(ben)
        await expect(cards).to_have_count(1, timeout=15_000)
