from __future__ import annotations

import uuid

import pytest
from sqlalchemy import func, select, update

from portal.catalogue import OPERATIONS
from portal.chat.model import CreateRoom
from portal.context import Context
from server import jobs
from storage import log
from storage.database import now_ms
from storage.schema import commands, events
from tests.house import House

DAY_MS = 24 * 3600 * 1000


async def _act(context: Context) -> None:
    request = CreateRoom(client_id=uuid.uuid4().hex, name="Room")
    await OPERATIONS["create_room"].call(context, request)


async def _age(context: Context, days: int) -> None:
    """Makes everything so far older."""
    async with context.quiet() as statements:
        for table in (events, commands):
            await statements.run(
                update(table)
                .where(table.c.portal_id == context.portal)
                .values(at=now_ms() - days * DAY_MS)
            )


async def _counts(context: Context) -> tuple[int, int]:
    async with context.read() as statements:
        found = [
            await statements.scalar(
                select(func.count()).select_from(table).where(table.c.portal_id == context.portal)
            )
            for table in (events, commands)
        ]
    return found[0], found[1]


async def _clock(context: Context) -> log.Clock:
    async with context.read() as statements:
        return await log.clock(statements, context.portal)


async def test_old_events_and_commands_go_and_new_ones_stay(house: House) -> None:
    context = await house.make_portal()
    await _act(context)
    limits = house.services.limits
    await _age(context, max(limits.log_days, limits.client_id_days) + 1)
    old = await _clock(context)
    await _act(context)
    before = await _clock(context)
    await jobs.tidy(house.services, context.portal)
    after = await _clock(context)
    assert await _counts(context) == (before.last - old.last, 1)
    assert (after.last, after.trimmed) == (before.last, old.last)


async def test_what_is_not_old_enough_stays(house: House) -> None:
    context = await house.make_portal()
    await _act(context)
    limits = house.services.limits
    await _age(context, min(limits.log_days, limits.client_id_days) - 1)
    before = await _counts(context)
    await jobs.tidy(house.services, context.portal)
    assert await _counts(context) == before


async def test_positions_go_on_after_everything_was_trimmed(house: House) -> None:
    context = await house.make_portal()
    await _act(context)
    await _age(context, 1000)
    await jobs.tidy(house.services, context.portal)
    before = await _clock(context)
    assert await _counts(context) == (0, 0)
    await _act(context)
    assert (await _clock(context)).last > before.last


async def test_each_portal_is_tidied_once_a_round_of_all_nodes(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    tidied: list[int] = []

    async def note(_services: object, portal_id: int) -> None:
        tidied.append(portal_id)

    monkeypatch.setattr(jobs, "tidy", note)
    monkeypatch.setattr(jobs, "_PAUSE_SECONDS", 0)
    mine = {(await house.make_portal()).portal for _ in range(2)}
    await jobs.go_round(house.services)
    await jobs.go_round(house.services)
    assert all(tidied.count(portal_id) == 1 for portal_id in mine)


async def test_one_portals_trouble_leaves_the_others_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (await house.make_portal()).portal, (await house.make_portal()).portal
    tidied: list[int] = []

    async def fail(_services: object, portal_id: int) -> None:
        if portal_id == first:
            raise RuntimeError
        tidied.append(portal_id)

    monkeypatch.setattr(jobs, "tidy", fail)
    monkeypatch.setattr(jobs, "_PAUSE_SECONDS", 0)
    await jobs.go_round(house.services)
    assert second in tidied
    assert first not in tidied
