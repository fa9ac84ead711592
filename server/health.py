"""``/healthz``: the process lives. ``/readyz``: everything that it needs answers, or why not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

# A part that takes longer than this serves nobody.
CHECK_SECONDS = 2.0

# Returns None when all is well, else the reason.
Check = Callable[[], Awaitable[str | None]]


class Health:
    """Asks the parts when it is asked itself, so that its answer is never an old one."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self.checks = dict(checks)
        self.leaving = False

    async def alive(self, _request: Request | None = None) -> Response:
        """200 as long as the process answers."""
        return JSONResponse({"status": "alive"}, headers={"cache-control": "no-store"})

    async def ready(self, _request: Request | None = None) -> Response:
        """200 when it can serve, else 503 with the reasons."""
        reasons = await asyncio.gather(*(self._ask(check) for check in self.checks.values()))
        parts = {name: why or "ok" for name, why in zip(self.checks, reasons, strict=True)}
        if self.leaving:
            parts["server"] = "is stopping"
        well = not self.leaving and not any(reasons)
        return JSONResponse(
            {"status": "ready" if well else "not ready", "parts": parts},
            200 if well else 503,
            {"cache-control": "no-store"},
        )

    async def _ask(self, check: Check) -> str | None:
        try:
            return await asyncio.wait_for(check(), CHECK_SECONDS)
        except TimeoutError:
            return f"no answer in {CHECK_SECONDS:g} s"
        except Exception as error:
            # The kind only: messages of drivers name hosts and users.
            return f"failed: {type(error).__name__}"
