"""Every operation, for every role, on one's own, a foreign and an absent thing."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
import pytest_asyncio

from api.table import SOCKET_ONLY
from portal.catalogue import OPERATIONS
from tests.gates.matrix import PUBLIC_ROWS, ROLES, ROWS, PublicRow, Row
from tests.house import House
from tests.walk.examples import CASES, EXAMPLES, RAW, example
from tests.walk.rest import ROUTE_OF, Rest, host_for, problem
from tests.walk.watch import state_of
from tests.walk.world import Side, Someone, Things, World, make_side

pytestmark = pytest.mark.asyncio(loop_scope="module")

REST_ROWS = [row for row in ROWS.values() if row.operation not in SOCKET_ONLY]
REFUSED_ROWS = [
    row for row in REST_ROWS if row.elsewhere or any(status >= 400 for status in row.roles.values())
]


async def test_every_operation_has_an_example_and_a_row() -> None:
    assert set(OPERATIONS) == set(EXAMPLES), "each operation needs an example in tests/walk"
    walked = {*(row.operation for row in ROWS.values()), *PUBLIC_ROWS}
    assert set(OPERATIONS) | set(ROUTE_OF) == {name.partition("@")[0] for name in walked}
    assert {*ROWS, *PUBLIC_ROWS} == {*EXAMPLES, *CASES, *RAW}, "each case needs a row"
    assert set(ROUTE_OF) | SOCKET_ONLY >= set(OPERATIONS), "each operation needs a route"


async def test_access_is_what_the_table_says() -> None:
    public = {name for name, operation in OPERATIONS.items() if operation.access == "public"}
    assert public == {row.operation for row in PUBLIC_ROWS.values()}
    for row in ROWS.values():
        operation = OPERATIONS.get(row.operation)
        if operation and operation.access != "public":
            may = {role for role in ROLES if role not in row.by_role}
            roles = {
                "admin" if r == "admin" else "guest" if r == "guest" else "member" for r in may
            }
            assert roles == set(operation.access), row.name


def plain(answer: httpx.Response) -> dict[str, Any]:
    """The problem, without the numbers in its texts: they may repeat what the caller sent."""
    found = problem(answer)
    found["detail"] = re.sub(r"\d+", "N", found["detail"])
    for error in found["errors"]:
        error["message"] = re.sub(r"\d+", "N", error["message"])
    return found


async def ask(rest: Rest, side: Side, name: str, things: Things, by: Someone) -> httpx.Response:
    operation = name.partition("@")[0]
    return await rest.call(
        operation, example(name, things), host=host_for(operation, side.host), token=by.token
    )


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: row.name)
async def test_without_a_session_of_this_portal_nothing_is_there(
    rest: Rest, world: World, row: Row
) -> None:
    if row.operation in SOCKET_ONLY:
        return
    fields = example(row.name, world.ours.things)
    tokens = [None, world.ours.people["gone"].token, world.stranger.token]
    for token in tokens:
        answer = await rest.call(row.operation, fields, host=world.ours.host, token=token)
        assert (answer.status_code, problem(answer)["type"]) == (401, "/problems/not-logged-in")


@pytest.mark.parametrize("row", REFUSED_ROWS, ids=lambda row: row.name)
async def test_refused(rest: Rest, world: World, shared_house: House, row: Row) -> None:
    sides = (world.ours.portal_id, world.theirs.portal_id)
    before = [await state_of(shared_house, portal_id) for portal_id in sides]
    for role in ROLES:
        someone = world.ours.people[role]
        if row.roles[role] >= 400:
            answer = await ask(rest, world.ours, row.name, world.ours.things, someone)
            assert (role, answer.status_code) == (role, row.roles[role]), answer.text
            problem(answer)
        if row.elsewhere is not None:
            expected = 403 if role in row.by_role else row.elsewhere
            foreign = await ask(rest, world.ours, row.name, world.theirs.things, someone)
            absent = await ask(rest, world.ours, row.name, world.absent, someone)
            assert (role, foreign.status_code) == (role, expected), foreign.text
            assert foreign.status_code == absent.status_code
            assert plain(foreign) == plain(absent), "a stranger's thing is told from nothing"
    assert [await state_of(shared_house, portal_id) for portal_id in sides] == before


ALLOWED = [
    pytest.param(row, role, id=f"{row.name}-{role}")
    for row in REST_ROWS
    for role in ROLES
    if row.roles[role] < 400
]


# These leave people, rights and things as they are, so that one portal does for all of them.
HARMLESS = frozenset(
    (
        *("update_profile", "set_picture", "remove_picture", "resend_confirmation"),
        *("rename_portal", "invite", "create_room", "rename_room", "send_message"),
        *("edit_message", "mark_read", "create_post", "edit_post", "like_post", "unlike_post"),
        "mark_feed_read",
    )
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worn(shared_house: House) -> Side:
    """A portal in which harmless things were done before."""
    return await make_side(shared_house)


@pytest.mark.parametrize(("row", "role"), ALLOWED)
async def test_allowed(
    rest: Rest, world: World, worn: Side, shared_house: House, row: Row, role: str
) -> None:
    side = worn
    if row.operation in OPERATIONS and OPERATIONS[row.operation].kind == "query":
        side = world.ours
    elif row.operation not in HARMLESS:
        side = await make_side(shared_house)
    answer = await ask(rest, side, row.name, side.things, side.people[role])
    assert answer.status_code == row.roles[role], answer.text
    assert answer.headers["cache-control"] in ("no-store", "private, no-cache")
    assert {"cookie", "authorization"} <= {
        part.strip().lower() for part in answer.headers["vary"].split(",")
    }


@pytest.mark.parametrize("row", PUBLIC_ROWS.values(), ids=lambda row: row.name)
async def test_before_log_in(rest: Rest, world: World, shared_house: House, row: PublicRow) -> None:
    host = host_for(row.operation, world.ours.host)
    if row.elsewhere is not None:
        foreign, absent = [
            await rest.call(row.operation, example(row.name, things), host=host)
            for things in (world.theirs.things, world.absent)
        ]
        assert (foreign.status_code, absent.status_code) == (row.elsewhere, row.elsewhere)
        assert foreign.content == absent.content, "a stranger's secret is told from nothing"
    for token in (None, world.stranger.token):
        side = await make_side(shared_house)
        answer = await rest.call(
            row.operation,
            example(row.name, side.things),
            host=host_for(row.operation, side.host),
            token=token,
        )
        assert answer.status_code == row.here, answer.text
