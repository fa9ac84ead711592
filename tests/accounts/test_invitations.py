"""Inviting by mail and by link; and how many a plan holds."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from portal.context import Context
from portal.errors import Problem
from storage.schema import invitations
from tests.accounts.conftest import do, outside, refused, secret
from tests.house import PASSWORD, House


def address() -> str:
    return f"n{uuid.uuid4().hex[:12]}@new.test"


async def invite(house: House, admin: Context, email: str, **fields: Any) -> str:
    await do(admin, "invite", emails=[email], **fields)
    mail = next(mail for mail in reversed(house.mail.sent) if mail.to.lower() == email.lower())
    return secret(mail.link)


async def accept(house: House, admin: Context, token: str, **fields: Any) -> Any:
    values = {"token": token, "name": "New", "password": PASSWORD, **fields}
    return await do(outside(house, admin.portal), "accept_invitation", **values)


async def test_an_invitation_makes_a_user_once(house: House) -> None:
    admin, email = await house.make_portal("Acme"), address()
    token = await invite(house, admin, email, role="guest")
    seen = await do(outside(house, admin.portal), "look_at_invitation", token=token)
    assert (seen.portal_name, seen.email, seen.role) == ("Acme", email, "guest")
    opened = await accept(house, admin, token)
    assert (opened.me.email, opened.me.role, opened.me.confirmed) == (email, "guest", True)
    assert (await do(admin, "list_invitations")).invitations == []
    with pytest.raises(Problem) as caught:
        await accept(house, admin, token)
    assert caught.value.code == "invitation-closed"
    kinds = [event.type for event in house.events[admin.portal]]
    assert kinds[-3:] == ["person_joined", "invitations_changed", "session_started"]


async def test_a_new_invitation_replaces_the_old(house: House) -> None:
    admin, email = await house.make_portal(), address()
    old = await invite(house, admin, email)
    new = await invite(house, admin, email.upper())
    assert len((await do(admin, "list_invitations")).invitations) == 1
    with pytest.raises(Problem):
        await accept(house, admin, old)
    assert (await accept(house, admin, new)).me.email.lower() == email


async def test_closed_and_old_invitations_do_not_work(house: House) -> None:
    admin = await house.make_portal()
    token = await invite(house, admin, address())
    (open_one,) = (await do(admin, "list_invitations")).invitations
    await do(admin, "close_invitation", invitation_id=open_one.id)
    with pytest.raises(Problem) as caught:
        await accept(house, admin, token)
    assert caught.value.status == 410
    again = await refused(admin, "close_invitation", invitation_id=open_one.id)
    assert again.status == 404

    late = await invite(house, admin, address())
    async with admin.quiet() as statements:
        await statements.run(
            invitations.update().where(invitations.c.portal_id == admin.portal).values(expires_at=1)
        )
    with pytest.raises(Problem):
        await accept(house, admin, late)


async def test_who_is_in_is_told_by_mail_and_not_invited(house: House) -> None:
    admin = await house.make_portal()
    member = await house.join(admin, "Member")
    email = house.emails[admin.portal, member.me.user_id]
    answer = await do(admin, "invite", emails=[email, address()])
    assert len(answer.invitations) == 1
    told = next(mail for mail in house.mail.sent if mail.to.lower() == email.lower())
    assert "already" in told.subject
    assert told.link is not None
    assert told.link.endswith("/log-in")


async def test_invitations_are_limited(house: House) -> None:
    few = house.with_limits(invitations_at_once=2, invitations_open=3)
    admin = await house.make_portal()
    context = few.context(admin.portal, admin.me.user_id, "admin")
    problem = await refused(context, "invite", emails=[address() for _ in range(3)])
    assert problem.details.errors[0].field == "emails"
    await do(context, "invite", emails=[address(), address()])
    problem = await refused(context, "invite", emails=[address(), address()])
    assert problem.code == "too-many-invitations"
    assert len((await do(context, "list_invitations")).invitations) == 2


async def test_the_link_lets_anyone_in_until_it_is_closed(house: House) -> None:
    admin = await house.make_portal()
    opened = await do(admin, "open_invitation_link")
    assert (await do(admin, "open_invitation_link")).url == opened.url
    token = secret(opened.url)
    missing = await refused(
        outside(house, admin.portal),
        "accept_invitation",
        token=token,
        name="X",
        password=PASSWORD,
    )
    assert missing.details.errors[0].field == "email"
    for email in (address(), address()):
        joined = await accept(house, admin, token, email=email)
        assert not joined.me.confirmed
        assert house.mail.sent[-1].to == email
    assert not (await do(admin, "close_invitation_link")).open
    with pytest.raises(Problem):
        await accept(house, admin, token, email=address())
    assert not (await do(admin, "get_invitation_link")).open


async def test_another_role_is_another_link(house: House) -> None:
    admin = await house.make_portal()
    first = await do(admin, "open_invitation_link", role="member")
    second = await do(admin, "open_invitation_link", role="guest")
    assert first.url != second.url
    with pytest.raises(Problem):
        await accept(house, admin, secret(first.url), email=address())
    assert (await accept(house, admin, secret(second.url), email=address())).me.role == "guest"


async def test_the_link_does_not_take_over_who_is_in(house: House) -> None:
    admin = await house.make_portal()
    email = house.emails[admin.portal, admin.me.user_id]
    token = secret((await do(admin, "open_invitation_link")).url)
    problem = await refused(
        outside(house, admin.portal),
        "accept_invitation",
        token=token,
        name="Thief",
        password="the password of a thief",
        email=email,
    )
    assert (problem.status, problem.code) == (409, "log-in-instead")
    await do(outside(house, admin.portal), "log_in", email=email, password=PASSWORD)


async def test_twenty_at_once_fill_the_plan_exactly(house: House) -> None:
    admin = await house.make_portal()
    token = secret((await do(admin, "open_invitation_link")).url)
    results = await asyncio.gather(
        *(accept(house, admin, token, email=address()) for _ in range(20)),
        return_exceptions=True,
    )
    refusals = [result for result in results if isinstance(result, Problem)]
    people = (await do(admin, "list_people")).people
    assert len(people) == 12
    assert len(refusals) == 9
    assert {(problem.status, problem.code) for problem in refusals} == {(409, "plan-full")}
    assert "12" in refusals[0].details.detail


async def test_two_racers_on_one_invitation(house: House) -> None:
    admin = await house.make_portal()
    token = await invite(house, admin, address())
    results = await asyncio.gather(
        *(accept(house, admin, token) for _ in range(2)), return_exceptions=True
    )
    assert sorted(isinstance(result, Problem) for result in results) == [False, True]


async def test_who_comes_back_needs_a_place(house: House) -> None:
    small = house.with_limits(plan_free_people=2)
    admin = await house.make_portal()
    context = small.context(admin.portal, admin.me.user_id, "admin")
    gone = await house.join(admin, "Gone")
    await do(context, "deactivate", user_id=gone.me.user_id)
    await house.join(admin, "Instead")
    problem = await refused(context, "reactivate", user_id=gone.me.user_id)
    assert problem.code == "plan-full"
    await do(admin, "reactivate", user_id=gone.me.user_id)
