"""An invitation opens one door, once, for one address, until it is closed or old."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from storage.schema import invitations
from tests.house import House
from tests.walk.rest import Rest
from tests.walk.world import Side, mailed_secret, make_side, new_id

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def accept(rest: Rest, side: Side, token: str, **more: Any) -> httpx.Response:
    """Somebody answers an invitation."""
    fields = {"token": token, "name": "New", "password": "a password for me", "as_token": True}
    return await rest.call("accept_invitation", {**fields, **more}, host=side.host)


async def as_admin(rest: Rest, side: Side, name: str, **fields: Any) -> httpx.Response:
    """The admin does something."""
    answer = await rest.call(name, fields, host=side.host, token=side.people["admin"].token)
    assert answer.is_success, answer.text
    return answer


async def test_two_racers_one_wins(rest: Rest, shared_house: House) -> None:
    side = await make_side(shared_house)
    answers = await asyncio.gather(
        *(accept(rest, side, side.things.invitation_token) for _ in range(8))
    )
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201, *[410] * 7]
    again = await accept(rest, side, side.things.invitation_token)
    looked = await rest.call(
        "look_at_invitation", {"token": side.things.invitation_token}, host=side.host
    )
    assert (again.status_code, looked.status_code) == (410, 410)


async def test_a_closed_invitation_opens_nothing(rest: Rest, shared_house: House) -> None:
    side = await make_side(shared_house)
    await as_admin(rest, side, "close_invitation", invitation_id=side.things.invitation)
    answer = await accept(rest, side, side.things.invitation_token)
    assert answer.status_code == 410


async def test_a_closed_link_opens_nothing(rest: Rest, shared_house: House) -> None:
    side = await make_side(shared_house)
    email = f"{new_id()}@example.com"
    await as_admin(rest, side, "close_invitation_link")
    assert (await accept(rest, side, side.things.link_token, email=email)).status_code == 410
    opened = await as_admin(rest, side, "open_invitation_link")
    assert side.things.link_token not in opened.text
    assert (await accept(rest, side, side.things.link_token, email=email)).status_code == 410


async def test_an_old_invitation_opens_nothing(rest: Rest, shared_house: House) -> None:
    side = await make_side(shared_house)
    database = await shared_house.services.shards.home(side.portal_id)
    async with database.write() as statements:
        await statements.run(
            update(invitations)
            .where(invitations.c.portal_id == side.portal_id)
            .values(expires_at=1)
        )
    assert (await accept(rest, side, side.things.invitation_token)).status_code == 410


async def test_an_invitation_is_for_its_address_and_role(rest: Rest, shared_house: House) -> None:
    side = await make_side(shared_house)
    email, other = f"{new_id()}@example.com", f"{new_id()}@example.com"
    await side.people["admin"].do("invite", emails=[email], role="guest")
    token = await mailed_secret(shared_house, email)
    answer = await accept(rest, side, token, email=other)
    if answer.is_success:
        assert answer.json()["me"]["email"] == email
    else:
        assert answer.status_code == 422
        answer = await accept(rest, side, token)
    assert answer.json()["me"]["email"] == email
    assert answer.json()["me"]["role"] == "guest"


async def test_an_invitation_cannot_be_guessed(rest: Rest, shared_house: House) -> None:
    side = await make_side(shared_house)
    for token in (side.things.invitation_token, side.things.link_token, side.things.reset_token):
        # 43 characters of 64 are 256 bits.
        assert len(token.partition(".")[2]) >= 43
