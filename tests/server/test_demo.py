from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from portal.accounts.model import LogIn, People
from portal.catalogue import OPERATIONS
from portal.chat.model import Rooms
from portal.context import Actor, Context
from portal.errors import Problem
from portal.model import Nothing
from server import demo
from server.demo_company import PEOPLE, POSTS
from storage.database import now_ms
from storage.schema import messages
from tests.house import House

DAYS = 20


@pytest.fixture
async def told(house: House, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(demo, "MESSAGES", 120)
    return await demo.fill(house.services, _address(house), DAYS)


def _address(house: House) -> str:
    return f"demo-{id(house):x}"


async def _context(house: House) -> Context:
    portal_id = await house.services.shards.find(_address(house))
    assert portal_id is not None
    everyone = Context(house.services, portal_id, Actor(portal_id, 0, "admin", 1))
    people: People = await OPERATIONS["list_people"].call(everyone, Nothing())
    admin = next(person for person in people.people if person.name == PEOPLE[0][0])
    return Context(house.services, portal_id, Actor(portal_id, admin.id, "admin", 1))


async def test_a_company_is_there_and_its_log_ins_work(house: House, told: str) -> None:
    context = await _context(house)
    people: People = await OPERATIONS["list_people"].call(context, Nothing())
    assert {(p.name, p.title, p.role) for p in people.people} == set(PEOPLE)
    password = re.findall(r"password (\S+)", told)[0]
    emails = re.findall(r"\S+@\S+", told)
    assert len(emails) == 4
    for email in emails:
        asked = LogIn.model_validate({"email": email, "password": password})
        nobody = Context(house.services, context.portal)
        answer = await OPERATIONS["log_in"].call(nobody, asked)
        assert answer.me.confirmed


async def test_time_goes_forward_in_every_room_and_ends_before_now(house: House, told: str) -> None:
    context = await _context(house)
    async with context.read() as statements:
        rows = await statements.all(
            select(messages.c.room_id, messages.c.created_at)
            .where(messages.c.portal_id == context.portal)
            .order_by(messages.c.room_id, messages.c.seq)
        )
    assert len(rows) >= 120
    latest: dict[int, int] = {}
    for room_id, at in rows:
        assert latest.get(room_id, 0) <= at <= now_ms()
        latest[room_id] = at
    assert min(at for _, at in rows) < now_ms() - DAYS * 24 * 3600 * 1000 / 2


async def test_every_page_has_something_to_show(house: House, told: str) -> None:
    context = await _context(house)
    rooms: Rooms = await OPERATIONS["list_rooms"].call(context, Nothing())
    assert {"direct", "group"} <= {room.kind for room in rooms.rooms}
    feed = await OPERATIONS["list_posts"].call(
        context, OPERATIONS["list_posts"].request.model_validate({"limit": 50})
    )
    assert len(feed.posts) == len(POSTS) + 1
    assert all(post.comments for post in feed.posts)
    assert not any("{" in post.text for post in feed.posts)


async def test_a_second_time_it_says_that_it_is_there(house: House, told: str) -> None:
    with pytest.raises(Problem, match="--address"):
        await demo.fill(house.services, _address(house), DAYS)
