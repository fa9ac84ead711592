"""Logging in and out, passwords, and sessions that end."""

from __future__ import annotations

import json

import argon2
import pytest

from portal.accounts import passwords
from portal.accounts.authenticate import authenticate
from portal.accounts.housekeeping import sweep
from portal.context import Caller, Context
from portal.errors import Problem
from storage import accounts, sessions
from storage.database import now_ms
from storage.schema import sessions as session_table
from tests.accounts.conftest import as_session, do, outside, refused, secret, types
from tests.house import PASSWORD, House

NEW_PASSWORD = "a completely different one"
YEAR_MS = 365 * 24 * 3600 * 1000


def email_of(house: House, context: Context) -> str:
    return house.emails[context.portal, context.me.user_id]


async def log_in(house: House, context: Context, password: str = PASSWORD) -> Context:
    opened = await do(
        outside(house, context.portal),
        "log_in",
        email=email_of(house, context),
        password=password,
    )
    return as_session(house, opened)


async def test_a_token_opens_its_session_until_that_ends(house: House) -> None:
    admin = await house.make_portal()
    token = await house.token(admin)
    actor = await authenticate(house.services, token, admin.portal, Caller())
    assert (actor.portal_id, actor.user_id, actor.role) == (admin.portal, admin.me.user_id, "admin")
    session = Context(house.services, actor.portal_id, actor)
    assert [one.current for one in (await do(session, "list_sessions")).sessions] == [True]
    await do(session, "log_out")
    with pytest.raises(Problem) as caught:
        await authenticate(house.services, token, admin.portal, Caller())
    assert caught.value.status == 401
    assert types(house, admin.portal)[-2:] == ["session_started", "session_ended"]


@pytest.mark.parametrize("token", ["", "x", "1.x", "0." + "a" * 43, "9" * 30 + "." + "a" * 43])
async def test_what_was_never_a_token(house: House, token: str) -> None:
    with pytest.raises(Problem) as caught:
        await authenticate(house.services, token, None, Caller())
    assert caught.value.status == 401


async def test_last_seen_moves_once_a_minute(house: House) -> None:
    admin = await house.make_portal()
    token = await house.token(admin)
    async with admin.quiet() as statements:
        await statements.run(
            session_table.update()
            .where(session_table.c.portal_id == admin.portal)
            .values(last_seen_at=now_ms() - 61_000)
        )
    await authenticate(house.services, token, None, Caller(address="198.51.100.1"))
    async with admin.read() as statements:
        (live,) = await sessions.live_sessions(statements, admin.portal, admin.me.user_id, now_ms())
    assert live.address == "198.51.100.1"
    assert now_ms() - live.last_seen_at < 60_000


async def test_too_many_attempts_wait_and_a_success_forgets_them(house: House) -> None:
    few = house.with_limits(attempts_log_in=3)
    admin = await house.make_portal()
    at = outside(few, admin.portal)
    wrong = {"email": email_of(house, admin), "password": "not the password"}
    for _ in range(2):
        assert (await refused(at, "log_in", **wrong)).code == "wrong-log-in"
    await do(at, "log_in", email=email_of(house, admin), password=PASSWORD)
    for _ in range(3):
        assert (await refused(at, "log_in", **wrong)).code == "wrong-log-in"
    problem = await refused(at, "log_in", **wrong)
    assert (problem.status, problem.details.retry_after) == (429, 300.0)


async def test_the_oldest_session_makes_room(house: House) -> None:
    two = house.with_limits(sessions_per_user=2)
    admin = await house.make_portal()
    opened = [await log_in(two, admin) for _ in range(3)]
    live = (await do(opened[2], "list_sessions")).sessions
    assert {one.id for one in live} == {opened[1].me.session_id, opened[2].me.session_id}
    ended = [e for e in house.events[admin.portal] if e.type == "session_ended"]
    assert [json.loads(event.body)["session_id"] for event in ended] == [opened[0].me.session_id]


async def test_ending_sessions(house: House) -> None:
    admin = await house.make_portal()
    other = await house.join(admin, "Other")
    mine = [await log_in(house, admin) for _ in range(3)]
    theirs = await log_in(house, other)
    problem = await refused(mine[0], "end_session", session_id=theirs.me.session_id)
    assert problem.status == 404
    await do(mine[0], "end_session", session_id=mine[1].me.session_id)
    await do(mine[0], "end_other_sessions")
    assert [one.id for one in (await do(mine[0], "list_sessions")).sessions] == [
        mine[0].me.session_id
    ]
    assert len((await do(theirs, "list_sessions")).sessions) == 1


async def test_unused_sessions_end_by_themselves(house: House) -> None:
    admin = await house.make_portal()
    token = await house.token(admin)
    async with admin.quiet() as statements:
        await statements.run(
            session_table.update()
            .where(session_table.c.portal_id == admin.portal)
            .values(expires_at=now_ms() - 1)
        )
    with pytest.raises(Problem):
        await authenticate(house.services, token, None, Caller())
    await sweep(house.services, admin.portal)
    assert types(house, admin.portal)[-1] == "session_ended"
    await sweep(house.services, admin.portal)
    assert types(house, admin.portal).count("session_ended") == 1


async def test_a_new_password_by_the_old_one(house: House) -> None:
    admin = await house.make_portal()
    mine, other = await log_in(house, admin), await log_in(house, admin)
    wrong = await refused(
        mine, "change_password", old_password="not it at all", password=NEW_PASSWORD
    )
    assert wrong.details.errors[0].field == "old_password"
    await do(mine, "change_password", old_password=PASSWORD, password=NEW_PASSWORD)
    live = [one.id for one in (await do(mine, "list_sessions")).sessions]
    assert live == [mine.me.session_id]
    assert other.me.session_id not in live
    await log_in(house, admin, NEW_PASSWORD)


async def test_a_new_password_by_mail(house: House) -> None:
    admin = await house.make_portal()
    session = await log_in(house, admin)
    at = outside(house, admin.portal)
    links: list[str] = []
    for _ in range(2):
        await do(at, "request_reset", email=email_of(house, admin))
        links.append(secret(house.mail.sent[-1].link))
    await do(at, "reset_password", token=links[0], password=NEW_PASSWORD)
    # Used once; and the other mail, asked for before, is worth nothing any more.
    for link in links:
        problem = await refused(at, "reset_password", token=link, password=NEW_PASSWORD)
        assert (problem.status, problem.code) == (410, "link-used")
    assert (await do(session, "list_sessions")).sessions == []
    opened = await log_in(house, admin, NEW_PASSWORD)
    assert (await do(opened, "get_me")).me.confirmed


async def test_nobody_is_mailed_for_an_unknown_address(house: House) -> None:
    admin = await house.make_portal()
    answer = await do(outside(house, admin.portal), "request_reset", email="nobody@x.test")
    assert answer.done
    assert house.mail.sent == []


async def test_reset_mails_to_one_address_are_limited(house: House) -> None:
    few = house.with_limits(attempts_mail=2)
    admin = await house.make_portal()
    at = outside(few, admin.portal)
    for _ in range(2):
        await do(at, "request_reset", email=email_of(house, admin))
    assert (await refused(at, "request_reset", email=email_of(house, admin))).status == 429


async def test_an_outdated_hash_is_made_anew_at_log_in(house: House) -> None:
    admin = await house.make_portal()
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    async with admin.quiet() as statements:
        await accounts.change_user(statements, admin.portal, admin.me.user_id, password_hash=weak)
    await log_in(house, admin)
    async with admin.read() as statements:
        user = await accounts.known_user(statements, admin.portal, admin.me.user_id)
    assert not passwords.outdated(user.password_hash)
    await log_in(house, admin)
