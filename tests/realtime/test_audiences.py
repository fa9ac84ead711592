"""Who gets what, as people come, go and change: on open connections and after coming back."""

from __future__ import annotations

import pytest

from portal import audience
from tests.realtime.client import Client, until
from tests.realtime.world import User, World


@pytest.fixture
async def two(world: World) -> World:
    await world.serve()
    await world.serve()
    return world


async def heard(world: World, clients: dict[str, Client], name: str, node: int = 0) -> set[str]:
    """Which clients get an event for an audience; what follows it proves that the others do not."""
    text = f"{name} {next(world.numbers)}"
    portal_id = next(iter(world.nodes)).node.portals.seats()[0].hub.portal_id
    await world.tell(portal_id, name, text, node=node)
    for client in clients.values():
        user_id = client.user.id  # type: ignore[attr-defined]
        await world.tell(portal_id, audience.user(user_id), f"end {text}", node=node)
    for client in clients.values():
        await until(lambda c=client: c.texts and c.texts[-1] == f"end {text}")
    return {name for name, client in clients.items() if text in client.texts}


async def connect(world: World, user: User, node: int = 0) -> Client:
    client = await world.connect(user, node=node)
    client.user = user  # type: ignore[attr-defined]
    return client


async def test_each_audience_has_its_receivers(two: World) -> None:
    portal = await two.portal()
    admin, member = await two.user(portal, "admin"), await two.user(portal)
    guest, stranger = await two.user(portal, "guest"), await two.user(portal, "guest")
    room = await two.room(member, guest)
    clients = {
        "admin": await connect(two, admin),
        "member": await connect(two, member, 1),
        "guest": await connect(two, guest, 1),
        "stranger": await connect(two, stranger),
    }
    everybody = set(clients)
    assert await heard(two, clients, audience.PORTAL) == {"admin", "member"}
    assert await heard(two, clients, audience.EVERYBODY) == everybody
    assert await heard(two, clients, audience.ADMINS, 1) == {"admin"}
    assert await heard(two, clients, audience.room(room)) == {"member", "guest"}
    assert await heard(two, clients, audience.user(guest.id)) == {"guest"}
    assert await heard(two, clients, audience.person(member.id)) == everybody - {"stranger"}
    assert await heard(two, clients, audience.person(stranger.id)) == everybody - {"guest"}
    assert await heard(two, clients, audience.person(admin.id)) == {"admin", "member"}
    assert await heard(two, clients, "group:1") == set()


async def test_no_portal_hears_another(two: World) -> None:
    one, other = await two.portal(), await two.portal()
    client = await two.connect(await two.user(one, "admin"))
    await two.tell(other, audience.PORTAL, "elsewhere")
    await two.tell(other, audience.ADMINS, "elsewhere")
    await two.tell(one, audience.PORTAL, "here")
    await until(lambda: client.texts)
    assert client.texts == ["here"]


async def test_who_comes_into_a_room_hears_it_from_then_on(two: World) -> None:
    portal = await two.portal()
    member, guest = await two.user(portal), await two.user(portal, "guest")
    room = await two.room(member)
    clients = {"member": await connect(two, member), "guest": await connect(two, guest, 1)}
    assert await heard(two, clients, audience.room(room)) == {"member"}
    assert await heard(two, clients, audience.person(member.id)) == {"member"}
    position = await two.add_member(room, guest, [member.id, guest.id])
    for client in clients.values():
        await until(lambda c=client: position in c.positions)
    assert await heard(two, clients, audience.room(room)) == {"member", "guest"}
    assert await heard(two, clients, audience.person(member.id)) == {"member", "guest"}


async def test_who_leaves_a_room_hears_that_and_no_more(two: World) -> None:
    portal = await two.portal()
    member, guest = await two.user(portal), await two.user(portal, "guest")
    room = await two.room(member, guest)
    clients = {"member": await connect(two, member), "guest": await connect(two, guest, 1)}
    position = await two.remove_member(room, guest)
    await until(lambda: position in clients["guest"].positions)
    assert position not in clients["member"].positions
    assert await heard(two, clients, audience.room(room)) == {"member"}
    assert await heard(two, clients, audience.person(member.id)) == {"member"}


async def test_a_guest_no_longer_knows_who_left_their_room(two: World) -> None:
    portal = await two.portal()
    member, guest = await two.user(portal), await two.user(portal, "guest")
    room = await two.room(member, guest)
    clients = {"member": await connect(two, member), "guest": await connect(two, guest, 1)}
    await two.remove_member(room, member)
    assert await heard(two, clients, audience.person(member.id)) == {"member"}


async def test_a_guest_no_longer_knows_whom_they_met_by_a_post_that_is_deleted(two: World) -> None:
    portal = await two.portal()
    member, guest = await two.user(portal), await two.user(portal, "guest")
    room = await two.room(member, guest)
    clients = {"member": await connect(two, member), "guest": await connect(two, guest, 1)}
    position = await two.delete_post(room, member)
    for client in clients.values():
        await until(lambda c=client: position in c.positions)
    assert await heard(two, clients, audience.person(member.id)) == {"member"}
    assert await heard(two, clients, audience.room(room)) == set()


async def test_coming_back_shows_only_what_may_be_seen_now(two: World) -> None:
    portal = await two.portal()
    user, other = await two.user(portal), await two.user(portal)
    left, stayed = await two.room(user, other), await two.room(user, other)
    head = await two.head(portal)
    await two.say(left, other, "before I left")
    await two.remove_member(left, user)
    await two.say(left, other, "after I left")
    await two.say(stayed, other, "mine")
    client = await two.connect(user, head)
    assert client.texts == ["mine"]
    assert [event["type"] for event in client.events] == ["room_removed", "said"]


async def test_a_demoted_admin_stays_connected_and_hears_less(two: World) -> None:
    portal = await two.portal()
    admin, member = await two.user(portal, "admin"), await two.user(portal)
    clients = {"admin": await connect(two, admin), "member": await connect(two, member, 1)}
    await two.change_person(admin, "member")
    await two.change_person(member, "admin")
    assert await heard(two, clients, audience.PORTAL) == {"admin", "member"}
    assert await heard(two, clients, audience.ADMINS) == {"member"}


async def test_a_member_who_becomes_a_guest_begins_anew_as_one(two: World) -> None:
    portal = await two.portal()
    user, other = await two.user(portal), await two.user(portal)
    client = await connect(two, user)
    clients = {"user": client, "other": await connect(two, other, 1)}
    assert (await client.call("insiders"))["problem"]["status"] == 409
    await two.change_person(user, "guest")
    await until(lambda: len(client.of("ready")) == 2)
    assert client.of("resync")[-1]["reason"] == "behind"
    assert client.of("resync")[-1]["snapshot"]["role"] == "guest"
    assert (await client.call("insiders"))["problem"]["status"] == 403
    assert await heard(two, clients, audience.PORTAL) == {"other"}
    await two.change_person(user, "member")
    await until(lambda: len(client.of("ready")) == 3)
    assert await heard(two, clients, audience.PORTAL) == {"user", "other"}


async def test_coming_back_with_another_role_is_a_resync(two: World) -> None:
    portal = await two.portal()
    user = await two.user(portal)
    head = await two.head(portal)
    await two.tell(portal, audience.PORTAL, "a secret of members")
    await two.change_person(user, "guest")
    client = await two.connect(user, head)
    assert client.texts == []
    assert client.of("resync")[0]["snapshot"]["role"] == "guest"


@pytest.mark.parametrize("node", [0, 1])
async def test_an_ended_session_loses_its_connections_within_a_second(
    two: World, node: int
) -> None:
    user = await two.user(await two.portal())
    other = await two.other_session(user)
    doomed, spared = await two.connect(user), await two.connect(other)
    await two.end_session(user, node)
    await until(lambda: doomed.gone, seconds=1)
    assert doomed.of("ended") == [{"reason": "session_ended"}]
    assert doomed.told[-1] == ("ended", {"reason": "session_ended"})
    await two.tell(user.portal_id, audience.user(user.id), "only for the living")
    await until(lambda: spared.texts == ["only for the living"])
    assert doomed.texts == []
    assert not spared.gone


async def test_a_deactivated_user_loses_all_connections(two: World) -> None:
    user = await two.user(await two.portal())
    other = await two.other_session(user)
    clients = [await two.connect(user), await two.connect(other, node=1)]
    await two.change_person(user, "member", active=False)
    for client in clients:
        await until(lambda c=client: c.gone, seconds=1)
        assert client.of("ended") == [{"reason": "deactivated"}]


async def test_a_session_that_ends_while_connecting_ends_the_connection(
    two: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await two.user(await two.portal())
    portals = two.nodes[0].node.portals
    opened = portals.open

    async def end_first(portal_id: int):
        await two.end_session(user, node=1)
        return await opened(portal_id)

    monkeypatch.setattr(portals, "open", end_first)
    client = Client()
    two.clients.append(client)
    await client.connect(two.nodes[0].url, user.auth())
    await until(lambda: client.gone)
    assert client.told == [("ended", {"reason": "session_ended"})]
