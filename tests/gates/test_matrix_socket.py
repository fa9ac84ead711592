"""The same table, through Socket.IO: an ack carries the status that REST would answer with."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio

from portal.catalogue import OPERATIONS
from tests.gates.live import Live, open_live
from tests.gates.matrix import PUBLIC_ROWS, ROLES, ROWS, Row
from tests.walk.examples import example
from tests.walk.observer import Observer
from tests.walk.serving import Served
from tests.walk.watch import state_of
from tests.walk.world import Things, make_side

pytestmark = pytest.mark.asyncio(loop_scope="module")


def has_socket(row: Row) -> bool:
    return row.operation in OPERATIONS and OPERATIONS[row.operation].socket


SOCKET_ROWS = [row for row in ROWS.values() if has_socket(row)]
LOOKS = [row for row in SOCKET_ROWS if OPERATIONS[row.operation].kind == "query"]
COMMANDS = [row for row in SOCKET_ROWS if OPERATIONS[row.operation].kind == "command"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live(served: Served) -> AsyncIterator[Live]:
    """One world for all that changes nothing."""
    async with open_live(served) as live:
        yield live


async def ask(observer: Observer, row: Row, things: Things) -> tuple[int, Any]:
    """The status and the ack."""
    ack = await observer.ask(row.operation, example(row.name, things))
    if ack["ok"]:
        return 200, ack
    assert set(ack) == {"ok", "problem"}
    return ack["problem"]["status"], ack


async def test_public_operations_have_no_handler(live: Live) -> None:
    """What happens before log-in happens over REST, and so do the names of the libraries."""
    names = {row.operation for row in PUBLIC_ROWS.values()}
    rest_only = {name for name, operation in OPERATIONS.items() if not operation.socket}
    assert names <= rest_only
    for name in (*sorted(rest_only), "connect", "disconnect", "message", "__init__", "", "event"):
        ack = await live.observers["member"].ask(name, {})
        assert (name, ack["problem"]["status"]) == (name, 404)
    assert live.observers["member"].connected


def plain(ack: dict[str, Any]) -> str:
    """The ack, without the numbers that a text may repeat of what the caller sent."""
    return re.sub(r"person \d+", "person N", json.dumps(ack))


@pytest.mark.parametrize("row", SOCKET_ROWS, ids=lambda row: row.name)
async def test_refused(live: Live, row: Row) -> None:
    world, house = live.world, live.served.house
    sides = (world.ours.portal_id, world.theirs.portal_id)
    before = [await state_of(house, portal_id) for portal_id in sides]
    for role in ROLES:
        observer = live.observers[role]
        if row.roles[role] >= 400:
            status, ack = await ask(observer, row, world.ours.things)
            assert (role, status) == (role, row.roles[role]), ack
        if row.elsewhere is not None:
            foreign = await ask(observer, row, world.theirs.things)
            absent = await ask(observer, row, world.absent)
            expected = 403 if role in row.by_role else row.elsewhere
            assert (role, foreign[0]) == (role, expected), foreign
            assert plain(foreign[1]) == plain(absent[1])
    assert [await state_of(house, portal_id) for portal_id in sides] == before


@pytest.mark.parametrize("row", LOOKS, ids=lambda row: row.name)
async def test_allowed_to_look(live: Live, row: Row) -> None:
    for role in ROLES:
        if row.roles[role] < 400:
            status, ack = await ask(live.observers[role], row, live.world.ours.things)
            assert (role, status) == (role, 200), ack


@asynccontextmanager
async def connected(served: Served, row: Row) -> AsyncIterator[tuple[Observer, Things]]:
    """In a portal of their own, the first of the roles that may."""
    side = await make_side(served.house)
    role = next(role for role in ROLES if row.roles[role] < 400)
    observer = Observer(role, served.url, side.people[role].token)
    await observer.connect()
    yield observer, side.things
    await observer.close()


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row.name)
async def test_allowed_to_change(served: Served, row: Row) -> None:
    if all(status >= 400 for status in row.roles.values()):
        return
    async with connected(served, row) as (observer, things):
        status, ack = await ask(observer, row, things)
        assert status == 200, ack
