"""The system's Chromium, driven by Playwright without Playwright's own browsers."""

import os

from tests.services.programs import find


def chromium_path() -> str:
    """The path of the browser, for Playwright's `executable_path`."""
    return find("chromium", "chromium-browser", "google-chrome", package="chromium")


def launch_arguments() -> list[str]:
    """Command-line arguments for a browser that is quiet, and has a camera and a microphone."""
    arguments = [
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        # Containers have a /dev/shm of 64 MB, too small for a page with video.
        "--disable-dev-shm-usage",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
    ]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    return arguments
