"""People in browsers: each with a browser context of their own, as on separate machines."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from tests.services.chromium import chromium_path, launch_arguments

PASSWORD = "correct horse battery"
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 820}


def pictures() -> Path | None:
    """Where to put screenshots; nowhere unless asked for."""
    folder = os.environ.get("TALKOO_TEST_PICTURES")
    return Path(folder) if folder else None


@asynccontextmanager
async def open_browser(*arguments: str) -> AsyncGenerator[Browser]:
    """Debian's Chromium, with more arguments if need be."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_path(), args=[*launch_arguments(), *arguments]
        )
        yield browser
        await browser.close()


@dataclass
class Visitor:
    """One person at one browser. ``faults`` are errors that the page itself reported."""

    name: str
    page: Page
    faults: list[str]

    async def go(self, url: str) -> None:
        """Opens an address."""
        await self.page.goto(url)

    async def sign_up(self, bare_url: str, company: str, email: str) -> str:
        """Signs up a company from the front door; returns the portal's address."""
        page = self.page
        await page.goto(bare_url)
        await page.get_by_role("link", name="Sign up your company").click()
        await page.get_by_label("Company").fill(company)
        await page.get_by_label("Your name").fill(self.name)
        await page.get_by_label("E-mail").fill(email)
        await page.locator("input[type=password]").fill(PASSWORD)
        await page.get_by_role("button", name="Create the portal").click()
        await self.inside()
        return page.url.split("/feed")[0]

    async def accept(self, link: str) -> None:
        """Joins by an invitation."""
        page = self.page
        await page.goto(link)
        await page.get_by_label("Your name").fill(self.name)
        await page.locator("input[type=password]").fill(PASSWORD)
        await page.get_by_role("button", name="Join").click()
        await self.inside()

    async def log_in(self, portal_url: str, email: str, password: str = PASSWORD) -> None:
        """Logs in at a portal's address."""
        page = self.page
        await page.goto(f"{portal_url}/log-in")
        await page.get_by_label("E-mail").fill(email)
        await page.locator("input[type=password]").fill(password)
        await page.get_by_role("button", name="Log in").click()
        await self.inside()

    async def inside(self) -> None:
        """Waits until the portal is open."""
        heading = self.page.get_by_role("heading", name="Feed", exact=True)
        await expect(heading).to_be_visible(timeout=30_000)

    async def open(self, place: str) -> None:
        """Goes to a place by the navigation."""
        await self.place(place).click()

    def place(self, name: str) -> Locator:
        """A place's link: in the rail, or on a phone in the bar, which comes after it."""
        return self.page.locator("nav:visible").get_by_role("link", name=name).last

    async def write(self, text: str) -> None:
        """Sends a message in the open room."""
        box = self.page.get_by_role("textbox", name="Message", exact=True)
        await box.fill(text)
        await box.press("Enter")

    async def sees(self, text: str, within: float = 10.0) -> None:
        """Waits until a text is on the screen."""
        await expect(self.page.get_by_text(text, exact=True).first).to_be_visible(
            timeout=within * 1000
        )

    async def picture(self, folder: Path | None, name: str) -> None:
        """Takes a screenshot, if somebody wants it."""
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            await self.page.screenshot(path=folder / f"{name}.png")


@asynccontextmanager
async def visitor(
    browser: Browser, name: str, *, phone: bool = False, dark: bool = False, language: str = "en"
) -> AsyncGenerator[Visitor]:
    """Somebody new at the computer, or at the phone."""
    context = await browser.new_context(
        viewport=PHONE if phone else DESKTOP,  # type: ignore[arg-type]
        color_scheme="dark" if dark else "light",
        locale=language,
        has_touch=phone,
    )
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if _is_fault(line.text) else None)
    yield Visitor(name, page, faults)
    await context.close()


def _is_fault(text: str) -> bool:
    return "Content Security Policy" in text or "Minified React error" in text
