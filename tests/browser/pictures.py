"""Screenshots of each page, on the demo company: for looking at, and for the documentation.

python -m tests.browser.pictures FOLDER
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser

from tests.browser.people import Visitor, open_browser, visitor
from tests.services.node import Node

OUTSIDE = {"landing": "/", "sign-up": "/sign-up", "find-portals": "/log-in"}
DOOR = {"log-in": "/log-in", "forgot": "/forgot"}
INSIDE = {
    "feed": "/feed",
    "chat": "/chat",
    "people": "/people",
    "profile": "/profile",
    "sessions": "/sessions",
    "invite": "/invite",
    "outbox": "/outbox",
    "nowhere": "/nowhere",
    "connections": "/admin/connections",
    "audit": "/admin/audit",
}


async def settle(visitor: Visitor) -> None:
    """Waits until the page has loaded what it shows."""
    await visitor.page.wait_for_load_state("networkidle")
    await visitor.page.wait_for_timeout(400)


@dataclass(frozen=True)
class Demo:
    """The demo company on a running node."""

    node: Node
    portal: str
    email: str
    password: str


async def shoot(browser: Browser, demo: Demo, folder: Path, *, phone: bool, dark: bool) -> None:
    """All pages, in one size and one colour scheme."""
    mark = f"{'phone' if phone else 'desktop'}-{'dark' if dark else 'light'}"
    async with visitor(browser, "", phone=phone, dark=dark) as someone:
        for place, pages in ((f"http://localhost:{demo.node.port}", OUTSIDE), (demo.portal, DOOR)):
            for name, path in pages.items():
                await someone.go(place + path)
                await settle(someone)
                await someone.picture(folder, f"{name}-{mark}")
        await someone.log_in(demo.portal, demo.email, demo.password)
        for name, path in INSIDE.items():
            await someone.go(demo.portal + path)
            await settle(someone)
            await someone.picture(folder, f"{name}-{mark}")
        await rooms(someone, demo.portal, folder, mark)


async def rooms(someone: Visitor, portal: str, folder: Path, mark: str) -> None:
    """A room, its details, a post with its comments, and a person."""
    page = someone.page
    await someone.go(f"{portal}/chat")
    await page.locator("a[href^='/chat/']").nth(2).click()
    await page.get_by_role("log").locator("article").last.wait_for()
    await settle(someone)
    await someone.picture(folder, f"room-{mark}")
    await page.get_by_role("button", name="About this room").click()
    await settle(someone)
    await someone.picture(folder, f"details-{mark}")
    await someone.go(f"{portal}/feed")
    await page.locator("a[href^='/feed/']").nth(2).click()
    await settle(someone)
    await someone.picture(folder, f"post-{mark}")
    await someone.go(f"{portal}/people")
    await page.locator("a[href^='/people/']").nth(2).click()
    await settle(someone)
    await someone.picture(folder, f"person-{mark}")


async def main(folder: Path) -> None:
    """Starts a node with the demo and takes all pictures."""
    with tempfile.TemporaryDirectory() as data:
        node = Node(Path(data) / "node", data=Path(data) / "data")
        node.talkoo("migrate")
        said = node.talkoo("demo").split()
        portal = next(word for word in said if word.startswith("http://"))
        email = next(word for word in said if "@" in word)
        demo = Demo(node, portal, email, said[-1])
        node.start()
        try:
            async with open_browser() as browser:
                for phone in (False, True):
                    for dark in (False, True):
                        await shoot(browser, demo, folder, phone=phone, dark=dark)
        finally:
            node.stop()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
