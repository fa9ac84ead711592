"""Housekeeping: what has run its time is forgotten, one portal after another."""

from __future__ import annotations

import asyncio
import random

import structlog

from portal.accounts.housekeeping import sweep
from portal.context import Services
from storage import audit, log, sweeping
from storage.commit import Tx
from storage.database import now_ms

logger = structlog.get_logger(__name__)

EVERY_SECONDS = 3600.0
# Between two portals, so that whoever works is not held up by those who tidy.
_PAUSE_SECONDS = 0.05
_PAGE = 200
_DAY_MS = 24 * 3600 * 1000


async def keep_house(services: Services) -> None:
    """Goes through all portals every hour or so, for ever."""
    while True:
        # Nodes that were started together do not tidy together.
        await asyncio.sleep(EVERY_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311
        try:
            await go_round(services)
        except Exception:
            logger.warning("housekeeping_stopped", exc_info=True)


async def go_round(services: Services) -> int:
    """Tidies every portal once, unless another node just did; returns how many."""
    last, tidied = 0, 0
    while portal_ids := await services.shards.portal_ids(last, _PAGE):
        last = portal_ids[-1]
        for portal_id in portal_ids:
            if await services.limiter.hit(f"housekeeping:{portal_id}", 1, EVERY_SECONDS / 2) > 0:
                continue
            try:
                await tidy(services, portal_id)
                tidied += 1
            except Exception:
                logger.warning("housekeeping_failed", portal=portal_id, exc_info=True)
            await asyncio.sleep(_PAUSE_SECONDS)
    return tidied


async def tidy(services: Services, portal_id: int) -> None:
    """Forgets what one portal no longer needs."""
    limits = services.limits
    await sweep(services, portal_id)
    now = now_ms()

    async def trim(tx: Tx) -> int:
        return await log.trim(tx, portal_id, now - limits.log_days * _DAY_MS)

    async def forget_audit(tx: Tx) -> int:
        return await audit.forget(tx, portal_id, now - limits.audit_days * _DAY_MS)

    async def forget(tx: Tx) -> int:
        before = now - limits.client_id_days * _DAY_MS
        return await sweeping.forget_commands(tx, portal_id, before)

    trimmed = await services.committer.commit(portal_id, trim)
    forgotten = await services.committer.commit(portal_id, forget)
    await services.committer.commit(portal_id, forget_audit)
    if trimmed or forgotten:
        logger.info("tidied", portal=portal_id, events=trimmed, commands=forgotten)
