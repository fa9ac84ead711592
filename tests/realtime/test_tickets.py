"""Coming back with a ticket: without a query, and never with more than the log allows."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socketio.exceptions import SocketIOError
from sqlalchemy import event

from portal import audience
from portal.context import Role
from realtime.recent import Budget, Recent
from realtime.tickets import GOOD_SECONDS, MOST_ROOMS, Ticket, Tickets, bound_to
from storage.log import Event
from tests.realtime.client import Client, until
from tests.realtime.world import Served, User, World

NUMBERS = st.integers(0, 2**53 - 1)
TICKETS = st.builds(
    Ticket, NUMBERS, NUMBERS, NUMBERS, NUMBERS,
    st.sampled_from(["admin", "member"]), st.frozensets(NUMBERS, max_size=50),
)  # fmt: skip
MINE = bound_to("my token")


@given(TICKETS)
def test_a_ticket_is_read_as_it_was_issued(ticket: Ticket) -> None:
    tickets = Tickets(b"key")
    text = tickets.issue(ticket, MINE)
    assert text is not None
    assert tickets.read(text, MINE) == ticket
    assert tickets.read(text, bound_to("another token")) is None
    assert Tickets(b"another key").read(text, MINE) is None


@given(TICKETS, st.data())
def test_no_bit_of_a_ticket_can_be_changed(ticket: Ticket, data: st.DataObject) -> None:
    tickets = Tickets(b"key")
    raw = bytearray(base64.urlsafe_b64decode(tickets.issue(ticket, MINE) or ""))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert tickets.read(base64.urlsafe_b64encode(raw).decode(), MINE) is None


@pytest.mark.parametrize("text", ["", "x", "AAAA", "é", "=" * 50, "A" * 4000])
def test_what_is_no_ticket_is_none(text: str) -> None:
    assert Tickets(b"key").read(text, MINE) is None


def test_a_ticket_is_good_for_minutes() -> None:
    now = 1000.0
    tickets = Tickets(b"key", lambda: now)
    ticket = Ticket(1, 2, 3, 4, "member", frozenset())
    text = tickets.issue(ticket, MINE) or ""
    now += GOOD_SECONDS
    assert tickets.read(text, MINE) == ticket
    now += 1
    assert tickets.read(text, MINE) is None


def test_guests_and_who_is_in_very_many_rooms_get_none() -> None:
    tickets = Tickets(b"key")
    ticket = Ticket(1, 2, 3, 4, "guest", frozenset())
    assert tickets.issue(ticket, MINE) is None
    many = replace(ticket, role="member", rooms=frozenset(range(MOST_ROOMS + 1)))
    assert tickets.issue(many, MINE) is None


# --- What a node remembers of a portal ------------------------------------------------------------


def events(first: int, last: int) -> list[Event]:
    return [Event(n, "said", "portal", "{}", 0) for n in range(first, last + 1)]


def test_the_newest_events_are_remembered_and_the_oldest_forgotten() -> None:
    budget = Budget(1_000_000)
    recent = Recent(10, 8, budget)
    recent.add(events(11, 14))
    assert [told.event.position for told in recent.after(12) or []] == [13, 14]
    assert recent.after(14) == []
    assert recent.after(9) is None
    recent.add(events(15, 30))
    kept = recent.after(recent.start) or []
    assert [told.event.position for told in kept] == list(range(recent.start + 1, 31))
    assert recent.after(recent.start - 1) is None
    recent.clear()
    assert budget.used == 0
    assert recent.after(30) == []


def test_portals_share_a_budget() -> None:
    budget = Budget(5_000)
    one, two = Recent(0, 1000, budget), Recent(0, 1000, budget)
    one.add(events(1, 5))
    two.add(events(1, 100))
    assert not budget.spent
    assert one.after(0) is not None


# --- On a node ------------------------------------------------------------------------------------


@pytest.fixture
async def served(world: World) -> Served:
    return await world.serve()


async def comes_back(world: World, user: User, before: Client, **more: object) -> Client:
    """Connects again with what the client was told last, and counts the statements it took."""
    ready = before.of("ready")[-1]
    ran: list[str] = []
    [database] = world.shards.databases.values()
    engines = [database.reader.sync_engine, database.writer.sync_engine]

    def note(_connection: object, _cursor: object, text: str, *_rest: object) -> None:
        if not text.startswith("BEGIN"):
            ran.append(text)

    client = Client()
    world.clients.append(client)
    position = max([ready["position"], *before.positions])
    auth = user.auth(position) | {"ticket": ready["ticket"]} | more
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        await client.connect(world.nodes[0].url, auth)
        await client.live()
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
    client.statements = [text for text in ran if "clocks.last" not in text]  # type: ignore[attr-defined]
    return client


async def test_a_ticket_brings_back_what_was_missed_without_a_query(
    world: World, served: Served
) -> None:
    user, other = await world.user(portal := await world.portal()), await world.user(portal)
    room = await world.room(user, other)
    client, stays = await world.connect(user), await world.connect(other)
    await client.close()
    await world.say(room, other, "one")
    await world.tell(portal, audience.PORTAL, "two")
    await until(lambda: stays.texts == ["one", "two"])
    back = await comes_back(world, user, client)
    assert back.texts == ["one", "two"]
    assert back.of("resync") == []
    assert back.statements == []  # type: ignore[attr-defined]
    await world.say(room, other, "three")
    await until(lambda: back.texts == ["one", "two", "three"])


async def test_a_ticket_of_another_session_is_worth_nothing(world: World, served: Served) -> None:
    user, thief = await world.user(portal := await world.portal()), await world.user(portal)
    room = await world.room(user)
    client = await world.connect(user)
    back = await comes_back(world, thief, client)
    await world.say(room, user, "secret")
    await world.tell(portal, audience.PORTAL, "public")
    await until(lambda: "public" in back.texts)
    assert back.texts == ["public"]


async def test_an_ended_session_is_ended_for_its_ticket_too(world: World, served: Served) -> None:
    user = await world.user(await world.portal())
    client = await world.connect(user)
    await client.close()
    await world.end_session(user)
    with pytest.raises(SocketIOError):
        await comes_back(world, user, client)


async def test_who_was_removed_from_a_room_meanwhile_sees_it_no_more(
    world: World, served: Served
) -> None:
    user, other = await world.user(portal := await world.portal()), await world.user(portal)
    room = await world.room(user, other)
    client, stays = await world.connect(user), await world.connect(other)
    await client.close()
    await world.say(room, other, "still there")
    await world.remove_member(room, user)
    await world.say(room, other, "gone")
    await world.tell(portal, audience.PORTAL, "all")
    await until(lambda: "all" in stays.texts)
    back = await comes_back(world, user, client)
    await world.say(room, other, "later")
    await world.tell(portal, audience.PORTAL, "end")
    await until(lambda: "end" in back.texts)
    assert back.texts == ["all", "end"]


@pytest.mark.parametrize("role", ["admin", "guest"])
async def test_another_role_is_a_snapshot_and_counts_at_once(
    world: World, served: Served, role: Role
) -> None:
    user = await world.user(await world.portal())
    client = await world.connect(user)
    await client.close()
    await world.change_person(user, role)
    back = await comes_back(world, user, client)
    assert [resync["reason"] for resync in back.of("resync")] == ["behind"]
    assert back.of("resync")[0]["snapshot"]["role"] == role


async def test_a_deactivated_user_does_not_come_back(world: World, served: Served) -> None:
    user = await world.user(await world.portal())
    client = await world.connect(user)
    await client.close()
    await world.change_person(user, "member", active=False)
    # The long way says no: the stand-in for the log-in lets everybody knock.
    with pytest.raises(AssertionError, match="deactivated"):
        await comes_back(world, user, client)


async def test_a_live_client_gets_new_tickets(
    world: World, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await world.user(portal := await world.portal())
    client = await world.connect(user)
    await world.tell(portal, audience.PORTAL, "hello")
    await until(lambda: client.texts)
    monkeypatch.setattr("realtime.gateway.RENEW_SECONDS", 0.0)
    served.node.gateway.renew_tickets()
    await until(lambda: client.signals("ticket"))
    told = client.signals("ticket")[0]
    assert told["position"] == client.positions[-1]
    back = await comes_back(world, user, client, ticket=told["ticket"], position=told["position"])
    assert back.texts == []
    assert back.of("resync") == []
