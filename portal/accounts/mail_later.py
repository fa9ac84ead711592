"""Work after the answer, so that how long an answer takes tells nothing about what was done."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

logger = structlog.get_logger(__name__)

_running: set[asyncio.Task[None]] = set()


def later(work: Coroutine[Any, Any, None]) -> None:
    """Does it in the background; a failure is logged."""
    task = asyncio.create_task(_do(work))
    _running.add(task)
    task.add_done_callback(_running.discard)


async def settled() -> None:
    """Waits until what was begun is done: a server that stops loses no mail."""
    while _running:
        await asyncio.gather(*_running)


async def _do(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        logger.exception("later_failed")
