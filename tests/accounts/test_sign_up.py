"""A company's portal, in one go."""

from __future__ import annotations

import uuid

import pytest

from portal.accounts.sign_up import slug
from portal.accounts.tokens import stored
from storage import sessions
from storage.database import now_ms
from tests.accounts.conftest import do, outside, refused, secret
from tests.house import PASSWORD, House


def fresh() -> str:
    return f"c{uuid.uuid4().hex[:20]}"


# The same pairs stand in web/src/accounts/accounts.test.ts: what is shown is what one gets.
@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("Acme Oy", "acme-oy"),
        ("Äänekosken Paja Oy", "aanekosken-paja-oy"),
        ("  --Łódź & Søn!-- ", "odz-sn"),
        ("株式会社", "portal"),
        ("x" * 50, "x" * 36),
    ],
)
def test_an_address_from_a_name(name: str, address: str) -> None:
    assert slug(name) == address


async def test_a_portal_that_one_can_enter(house: House) -> None:
    address = fresh()
    door = await do(
        outside(house),
        "sign_up",
        company="Acme",
        email="a@acme.test",
        password=PASSWORD,
        address=address,
    )
    assert door.portal.url == f"http://{address}.localhost:8024"
    assert door.enter_url == f"{door.portal.url}/enter#{door.ticket}"
    opened = await do(outside(house, door.portal.id), "enter", ticket=door.ticket)
    assert (opened.me.role, opened.me.confirmed, opened.me.name) == ("admin", False, "A")
    again = await refused(outside(house, door.portal.id), "enter", ticket=door.ticket)
    assert again.status == 401


async def test_a_ticket_is_good_for_a_minute(house: House) -> None:
    door = await do(outside(house), "sign_up", company=fresh(), email="a@b.test", password=PASSWORD)
    inside = outside(house, door.portal.id)
    async with inside.quiet() as statements:
        late = now_ms() + 61_000
        ticket = stored(door.ticket)
        assert await sessions.use_token(statements, door.portal.id, ticket, "enter", late) is None


async def test_the_next_free_address_is_taken(house: House) -> None:
    company = fresh()
    doors = [
        await do(outside(house), "sign_up", company=company, email="a@b.test", password=PASSWORD)
        for _ in range(3)
    ]
    assert [door.portal.address for door in doors] == [company, f"{company}-2", f"{company}-3"]


async def test_a_wished_address_that_is_taken_is_refused_by_name(house: House) -> None:
    wish = {"company": "A", "email": "a@b.test", "password": PASSWORD, "address": fresh()}
    await do(outside(house), "sign_up", **wish)
    problem = await refused(outside(house), "sign_up", **wish)
    assert (problem.status, problem.code) == (409, "address-taken")
    assert problem.details.errors[0].field == "address"


@pytest.mark.parametrize("address", ["www", "api", "Acme", "a b", "-a", "a.b", "ä"])
async def test_addresses_that_nobody_gets(house: House, address: str) -> None:
    problem = await refused(
        outside(house),
        "sign_up",
        company="A",
        email="a@b.test",
        password=PASSWORD,
        address=address,
    )
    assert problem.details.errors[0].field == "address"


@pytest.mark.parametrize("password", ["password123", "aaaaaaaaaaaa", "eightchr", "kettunen-oy1"])
async def test_passwords_that_are_too_easy(house: House, password: str) -> None:
    problem = await refused(
        outside(house), "sign_up", company="Kettunen-Oy", email="a@b.test", password=password
    )
    assert problem.details.errors[0].field == "password"


async def test_sign_ups_from_one_place_are_limited(house: House) -> None:
    few = house.with_limits(attempts_sign_up=1)
    wish = {"company": fresh(), "email": "a@b.test", "password": PASSWORD}
    await do(outside(few), "sign_up", **wish)
    problem = await refused(outside(few), "sign_up", **wish)
    assert problem.status == 429
    assert problem.details.retry_after


async def test_the_mail_confirms_the_address_once(house: House) -> None:
    door = await do(
        outside(house),
        "sign_up",
        company=fresh(),
        email="ada@b.test",
        password=PASSWORD,
        language="fi",
    )
    mail = house.mail.sent[-1]
    assert mail.to == "ada@b.test"
    assert "Vahvista" in mail.subject
    at = outside(house, door.portal.id)
    await do(at, "confirm_email", token=secret(mail.link))
    opened = await do(at, "log_in", email="ADA@b.test", password=PASSWORD)
    assert opened.me.confirmed
    assert (await refused(at, "confirm_email", token=secret(mail.link))).status == 410


async def test_several_portals_of_one_address(house: House) -> None:
    email = f"{fresh()}@b.test"
    first, second = [
        await do(outside(house), "sign_up", company=fresh(), email=email, password=PASSWORD)
        for _ in range(2)
    ]
    third = await do(
        outside(house), "sign_up", company=fresh(), email=email, password="another long password"
    )
    found = await do(outside(house), "find_portals", email=email.upper(), password=PASSWORD)
    assert [door.portal.id for door in found.portals] == [first.portal.id, second.portal.id]
    other = await do(outside(house), "find_portals", email=email, password="another long password")
    assert [door.portal.id for door in other.portals] == [third.portal.id]
    # Each ticket opens its own portal, and no other.
    wrong = outside(house, second.portal.id)
    assert (await refused(wrong, "enter", ticket=found.portals[0].ticket)).status == 401
    right = outside(house, first.portal.id)
    assert (await do(right, "enter", ticket=found.portals[0].ticket)).portal.id == first.portal.id
