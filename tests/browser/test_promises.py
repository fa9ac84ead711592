"""What one counts on: nothing written is lost, devices agree, links lead there, text is text."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, expect

from portal.chat.model import OpenDirectRoom
from portal.chat.rooms import open_direct_room
from tests.browser.people import PASSWORD, Visitor, open_browser, pictures, visitor
from tests.house import PASSWORD as HOUSE_PASSWORD
from tests.house import open_house
from tests.services.node import Node

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
LONGEST = 60


@dataclass
class Pair:
    """Two people of one portal on one node, and their direct room."""

    node: Node
    portal: str
    emails: tuple[str, str]
    room: str


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as browser:
        yield browser


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    settings = {"TALKOO_LIMITS__MESSAGE_CHARACTERS": str(LONGEST)}
    node = Node(tmp_path / "node", settings, data=tmp_path / "data")
    await asyncio.to_thread(node.talkoo, "migrate")
    url = f"sqlite+aiosqlite:///{tmp_path / 'data' / 'talkoo.db'}"
    async with open_house(url, tmp_path / "blobs") as house:
        ada = await house.make_portal("Acme")
        ben = await house.join(ada, "Ben Berg")
        room = (await open_direct_room(ada, OpenDirectRoom(user_id=ben.me.user_id))).room
        emails = (
            house.emails[ada.portal, ada.me.user_id],
            house.emails[ben.portal, ben.me.user_id],
        )
    address = emails[0].partition("@")[2].removesuffix(".test")
    await asyncio.to_thread(node.start)
    yield Pair(node, f"http://{address}.localhost:{node.port}", emails, f"/chat/{room.id}")
    await asyncio.to_thread(node.stop)


async def enter(visitor: Visitor, pair: Pair, who: int, path: str) -> None:
    """Logs in, on the way to a page."""
    assert PASSWORD == HOUSE_PASSWORD
    await visitor.log_in(pair.portal, pair.emails[who])
    await visitor.go(pair.portal + path)


def messages(visitor: Visitor) -> Locator:
    """The messages on the screen."""
    return visitor.page.get_by_role("log").locator("article .markdown")


async def test_what_is_written_offline_is_sent_once(browser: Browser, pair: Pair) -> None:
    async with visitor(browser, "Ada") as ada, visitor(browser, "Ben") as ben:
        await enter(ada, pair, 0, pair.room)
        await enter(ben, pair, 1, pair.room)
        await ada.write("before")
        await ben.sees("before")
        await ada.page.context.set_offline(True)
        await ada.write("into the tunnel")
        await expect(ada.page.get_by_text("sending")).to_be_visible()
        await ada.page.context.set_offline(False)
        await ben.sees("into the tunnel", within=20)
        await expect(ada.page.get_by_text("sending")).to_have_count(0)
        for someone in (ada, ben):
            await expect(messages(someone)).to_have_text(["before", "into the tunnel"])


async def test_reactions_are_seen_and_taken_back(browser: Browser, pair: Pair) -> None:
    async with visitor(browser, "Ada") as ada, visitor(browser, "Ben", phone=True) as ben:
        await enter(ada, pair, 0, pair.room)
        await enter(ben, pair, 1, pair.room)
        await ada.write("Lunch at noon?")
        await ben.sees("Lunch at noon?")
        await ben.page.get_by_role("button", name="React").tap()
        await ben.page.get_by_role("button", name="👍").tap()
        chips = ada.page.get_by_role("group", name="Reactions").get_by_role("button")
        await expect(chips).to_have_accessible_name("👍 1: Ben Berg")
        # A click joins in, another one leaves again.
        await chips.click()
        await expect(chips).to_have_accessible_name(re.compile("👍 2: "))
        await expect(chips).to_have_attribute("aria-pressed", "true")
        await ada.picture(pictures(), "reactions-desktop")
        await ben.picture(pictures(), "reactions-phone")
        await chips.click()
        await expect(chips).to_have_accessible_name("👍 1: Ben Berg")
        await ben.page.get_by_role("group", name="Reactions").get_by_role("button").tap()
        await expect(chips).to_have_count(0)


async def test_unsent_survives_a_reload(browser: Browser, pair: Pair) -> None:
    async with visitor(browser, "Ada") as ada, visitor(browser, "Ben") as ben:
        await enter(ada, pair, 0, pair.room)
        await enter(ben, pair, 1, pair.room)
        await ada.write("before")
        await ben.sees("before")
        await asyncio.to_thread(pair.node.stop)
        await ada.write("while the server is away")
        await expect(ada.page.get_by_text("sending")).to_be_visible()
        await asyncio.to_thread(pair.node.start)
        await ada.page.reload()
        await ben.sees("while the server is away", within=30)
        await expect(messages(ben)).to_have_text(["before", "while the server is away"])
        await expect(messages(ada)).to_have_text(["before", "while the server is away"])


async def test_what_the_server_refuses_can_be_thrown_away(browser: Browser, pair: Pair) -> None:
    async with visitor(browser, "Ada") as ada:
        await enter(ada, pair, 0, pair.room)
        await ada.write("x" * (LONGEST + 1))
        await expect(ada.page.get_by_text(f"at most {LONGEST}")).to_be_visible()
        await ada.write("short enough")
        await expect(messages(ada).filter(has_text="short enough")).to_be_visible()
        await ada.page.get_by_role("button", name="Try again").click()
        await expect(ada.page.get_by_text(f"at most {LONGEST}")).to_be_visible()
        await ada.page.get_by_role("button", name="Remove").click()
        await expect(messages(ada)).to_have_text(["short enough"])


async def test_unread_counts_agree_on_all_devices(browser: Browser, pair: Pair) -> None:
    async with (
        visitor(browser, "Ada") as ada,
        visitor(browser, "Ben") as desk,
        visitor(browser, "Ben", phone=True) as phone,
    ):
        await enter(ada, pair, 0, pair.room)
        await enter(desk, pair, 1, "/people")
        await enter(phone, pair, 1, "/people")
        for word in ("one", "two"):
            await ada.write(word)
        for device in (desk, phone):
            chat = device.place("Chat")
            await expect(chat).to_contain_text("2")
        await desk.go(pair.portal + pair.room)
        await desk.sees("two")
        chat = phone.place("Chat")
        await expect(chat).not_to_contain_text("2")


async def test_an_ended_session_is_out_at_once(browser: Browser, pair: Pair) -> None:
    async with visitor(browser, "Ada") as here, visitor(browser, "Ada") as there:
        await enter(there, pair, 0, "/feed")
        await enter(here, pair, 0, "/sessions")
        await here.page.get_by_role("button", name="End", exact=True).click()
        await there.sees("Your session has ended")
        await here.sees("this device")


async def test_a_deep_link_leads_there_after_the_log_in(browser: Browser, pair: Pair) -> None:
    async with visitor(browser, "Ada") as ada:
        await ada.go(pair.portal + pair.room)
        await ada.page.get_by_label("E-mail").fill(pair.emails[0])
        await ada.page.locator("input[type=password]").fill(PASSWORD)
        await ada.page.get_by_role("button", name="Log in").click()
        await expect(ada.page.get_by_role("heading", name="Ben Berg")).to_be_visible()


async def test_keys(browser: Browser, pair: Pair) -> None:
    async with visitor(browser, "Ada") as ada:
        await enter(ada, pair, 0, "/feed")
        await ada.page.get_by_role("heading", name="Feed").wait_for()
        await ada.page.keyboard.press("Control+k")
        await ada.page.get_by_placeholder("Jump to a room or a person").fill("ben")
        await ada.page.keyboard.press("ArrowDown")
        await ada.page.keyboard.press("Enter")
        await expect(ada.page.get_by_role("heading", name="Ben Berg")).to_be_visible()
        box = ada.page.get_by_role("textbox", name="Message", exact=True)
        await box.fill("one")
        await box.press("Shift+Enter")
        await box.press_sequentially("two")
        await box.press("Enter")
        await expect(messages(ada)).to_have_text(["one\ntwo"])
        await expect(ada.page.get_by_text("sending")).to_have_count(0)
        await box.press("ArrowUp")
        await expect(box).to_have_value("one\ntwo")
        await box.press("Escape")
        await expect(box).to_have_value("")


async def test_hostile_text_is_only_text(browser: Browser, pair: Pair) -> None:
    async with visitor(browser, "Ada") as ada:
        await enter(ada, pair, 0, pair.room)
        await ada.write("<img src=x onerror=document.title='hit'>")
        await ada.write("[click](javascript:document.title='hit')")
        await ada.write("![](http://127.0.0.1:9/spy.png)")
        await expect(messages(ada)).to_have_count(3)
        log = ada.page.get_by_role("log")
        await expect(log.get_by_text("click")).to_be_visible()
        assert await log.locator("img[src*=spy], img[src=x]").count() == 0
        assert await log.locator("a[href^=javascript]").count() == 0
        assert await ada.page.title() != "hit"
        assert ada.faults == []


async def test_in_finnish_on_a_phone(browser: Browser, pair: Pair) -> None:
    async with visitor(browser, "Ada", phone=True, language="fi") as ada:
        await ada.go(pair.portal + "/log-in")
        await expect(ada.page.get_by_role("button", name="Kirjaudu")).to_be_visible()
        await ada.go(f"http://localhost:{pair.node.port}/")
        await ada.sees("Rekisteröi yrityksesi")


async def test_a_mistake_is_told_where_it_was_made(browser: Browser, pair: Pair) -> None:
    async with visitor(browser, "Ada") as ada:
        page = ada.page
        await page.goto(f"http://localhost:{pair.node.port}/sign-up")
        await page.get_by_label("Company").fill("Acme Two")
        await page.locator("input[type=password]").fill("short")
        mistakes = (
            ("E-mail", "nowhere", "is not an e-mail address"),
            ("Password", "short", "needs at least 10"),
        )
        for field, mistake, words in mistakes:
            box = page.get_by_role("textbox", name=field)
            await box.fill(mistake)
            await page.get_by_role("button", name="Create the portal").click()
            await expect(box).to_have_attribute("aria-invalid", "true")
            await expect(box).to_have_accessible_description(re.compile(words))
            await box.fill("somebody@acme.test")

        await enter(ada, pair, 0, "/invite")
        addresses = page.get_by_role("combobox", name="E-mail addresses")
        for address in ("cara@acme.test", "nowhere"):
            await addresses.fill(address)
            await addresses.press("Enter")
        await page.get_by_role("button", name="Send invitations").click()
        await expect(page.get_by_text("nowhere is not an e-mail address")).to_be_visible()
        # Nothing was sent to the good one either, and both are still there to be mended.
        await expect(page.get_by_text("cara@acme.test", exact=True)).to_have_count(1)
        await ada.sees("No open invitations.")
