"""The headers that every answer carries, so that a browser trusts no more than it must."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.answers import VARY

# For answers that are no page: nothing in them loads or runs, whatever they hold.
NOT_A_PAGE = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

_ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    # Calls need camera, microphone and screen; nothing needs the rest.
    "permissions-policy": "camera=(self), microphone=(self), display-capture=(self), "
    "geolocation=(), payment=(), usb=(), serial=(), bluetooth=(), midi=(), browsing-topics=()",
}
_TWO_YEARS_SECONDS = 2 * 365 * 24 * 3600


class SafeHeaders:
    """Adds the headers, unless the answer has said otherwise."""

    def __init__(self, app: ASGIApp, https: bool) -> None:
        self.app = app
        self.headers = dict(_ALWAYS)
        if https:
            self.headers["strict-transport-security"] = (
                f"max-age={_TWO_YEARS_SECONDS}; includeSubDomains"
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("content-security-policy", NOT_A_PAGE)
            await send(message)

        await self.app(scope, receive, send_with_headers)


class PrivateAnswers:
    """Marks everything of the API as nobody else's: not stored, not shared."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on."""

        async def send_private(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("cache-control", "no-store")
                headers.add_vary_header(VARY)
            await send(message)

        await self.app(scope, receive, send_private)
