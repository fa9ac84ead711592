"""Who loses a right loses it now: on the open socket, over REST, and for pictures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
import pytest_asyncio
from socketio.exceptions import ConnectionError as Refused

from tests.gates.live import Live, open_live
from tests.walk.observer import Observer
from tests.walk.serving import Served
from tests.walk.world import new_id

pytestmark = pytest.mark.asyncio(loop_scope="module")

# The promise of the product, not a guess at how fast the machine is.
WITHIN_SECONDS = 2.0


@pytest_asyncio.fixture(loop_scope="module")
async def live(served: Served) -> AsyncIterator[Live]:
    async with open_live(served) as live:
        yield live


async def status(live: Live, by: str, name: str, /, **fields: object) -> int:
    """What REST answers to somebody's session."""
    answer = await live.rest.call(
        name, fields, host=live.world.ours.host, token=live.someone(by).token
    )
    return answer.status_code


async def problem_of(live: Live, by: str, name: str, /, **fields: object) -> int:
    """The status of a command that the open socket refuses."""
    ack = await live.observers[by].ask(name, dict(fields))
    return 200 if ack["ok"] else ack["problem"]["status"]


async def speak(live: Live) -> None:
    """Something happens that everybody who lost a right would have heard of before."""
    await live.do("member", "send_message", client_id=new_id(), room_id="$room", text="Secret")
    await live.do("admin", "create_post", client_id=new_id(), text="For members")
    await live.do("admin", "invite", emails=[f"{new_id()}@example.com"])


def types(observer: Observer) -> set[str]:
    """The types of the events that came."""
    return {event["type"] for event in observer.events}


# --- Everything is lost ----------------------------------------------------------------------


async def _log_out(live: Live) -> None:
    await live.do("outsider", "log_out")


async def _end_session(live: Live) -> None:
    await live.do("phone", "end_session", session_id=live.someone("member").session_id)


async def _end_others(live: Live) -> None:
    await live.do("phone", "end_other_sessions")


async def _deactivate(live: Live) -> None:
    await live.do("admin", "deactivate", user_id="$guest")


async def _change_password(live: Live) -> None:
    someone = live.someone("phone")
    await live.do(
        "phone", "change_password", old_password=someone.password, password="a better password"
    )


async def _reset_password(live: Live) -> None:
    await live.public(
        "reset_password", token=live.thing("reset_token"), password="a better password"
    )


@dataclass(frozen=True, slots=True)
class Way:
    """A way to lose every right, and whose connections go."""

    name: str
    act: Callable[[Live], Awaitable[object]]
    loser: str
    reason: str


WAYS = (
    Way("log out", _log_out, "outsider", "session_ended"),
    Way("end the session on another device", _end_session, "member", "session_ended"),
    Way("end all other sessions", _end_others, "member", "session_ended"),
    Way("deactivate", _deactivate, "guest", "deactivated"),
    Way("change the password", _change_password, "member", "session_ended"),
    Way("reset the password", _reset_password, "outsider", "session_ended"),
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
async def test_everything_is_lost(live: Live, way: Way) -> None:
    loser = live.observers[way.loser]
    picture = f"/people/{live.thing('member')}/picture"
    host, token = live.world.ours.host, live.someone(way.loser).token
    assert (await live.rest.send("GET", picture, host=host, token=token)).status_code == 200
    loser.forget()

    await way.act(live)
    async with asyncio.timeout(WITHIN_SECONDS):
        await loser.until_cut()
    assert loser.ended == [way.reason]
    last = len(loser.events)

    if way.loser == "member":
        live.observers["member"] = live.observers["phone"]
    await speak(live)
    admin = live.observers["admin"]
    await admin.until(lambda: "invitations_changed" in types(admin), "the last event")
    assert len(loser.events) == last
    assert types(loser) <= {"session_ended", "person_changed", "me_changed"}

    assert await status(live, way.loser, "get_me") == 401
    assert await status(live, way.loser, "list_messages", room_id=live.thing("room")) == 401
    assert (await live.rest.send("GET", picture, host=host, token=token)).status_code == 401
    with pytest.raises(Refused):
        await type(loser)("again", loser.url, loser.token).connect(position=2**40 + 1)


# --- Something is lost -----------------------------------------------------------------------


async def test_removed_from_a_room(live: Live) -> None:
    room, admin = live.thing("room"), live.thing("admin")
    host, token = live.world.ours.host, live.someone("guest").token
    assert await status(live, "guest", "get_person", user_id=admin) == 200
    await live.do("member", "remove_member", room_id=room, user_id="$guest")
    async with asyncio.timeout(WITHIN_SECONDS):
        await live.settle()
        live.forget()
        await speak(live)
        await live.settle()
    assert live.observers["guest"].events == []
    for ask in (status, problem_of):
        assert await ask(live, "guest", "list_messages", room_id=room) == 404
        edit = {"message_id": live.thing("message"), "text": "x"}
        assert await ask(live, "guest", "edit_message", **edit) == 404
        # The room was the only place where the guest met the admin.
        assert await ask(live, "guest", "get_person", user_id=admin) == 404
    picture = f"/people/{admin}/picture"
    assert (await live.rest.send("GET", picture, host=host, token=token)).status_code == 404


async def test_a_member_becomes_a_guest(live: Live) -> None:
    former = live.thing("former")
    outsider = live.observers["outsider"]
    await live.do("admin", "set_role", user_id="$outsider", role="guest")
    async with asyncio.timeout(WITHIN_SECONDS):
        await outsider.until(lambda: len(outsider.resyncs) == 2, "a new snapshot")
        await live.settle()
        live.forget()
        await speak(live)
        await live.settle()
    assert outsider.connected
    assert outsider.events == []
    [_, resync] = outsider.resyncs
    assert former not in {person["id"] for person in resync["snapshot"]["people"]}
    assert {post["id"] for post in resync["snapshot"]["posts"]} == {live.thing("people_post")}
    rooms = {room["id"] for room in resync["snapshot"]["rooms"]}
    assert rooms == {live.thing("direct"), live.thing("people_talk")}
    for ask in (status, problem_of):
        assert await ask(live, "outsider", "get_post", post_id=live.thing("portal_post")) == 404
        assert await ask(live, "outsider", "get_person", user_id=former) == 404
        # They commented there, and may no longer read on.
        talk = live.thing("portal_talk")
        assert await ask(live, "outsider", "list_messages", room_id=talk) == 404
        assert await ask(live, "outsider", "get_room", room_id=talk) == 404
        assert await ask(live, "outsider", "create_post", client_id=new_id(), text="x") == 403
    picture = f"/people/{former}/picture"
    host, token = live.world.ours.host, live.someone("outsider").token
    assert (await live.rest.send("GET", picture, host=host, token=token)).status_code == 404


async def test_an_admin_becomes_a_member(live: Live) -> None:
    former = live.observers["former"]
    await live.do("admin", "set_role", user_id="$former", role="admin")
    await live.settle()
    await live.do("former", "list_invitations")
    await live.do("admin", "set_role", user_id="$former", role="member")
    async with asyncio.timeout(WITHIN_SECONDS):
        await live.settle()
        live.forget()
        await speak(live)
        await live.settle()
    assert types(former) == {"post_created"}
    for ask in (status, problem_of):
        assert await ask(live, "former", "list_invitations") == 403
        role = {"user_id": live.thing("guest"), "role": "admin"}
        assert await ask(live, "former", "set_role", **role) == 403


async def test_an_admin_becomes_a_guest(live: Live) -> None:
    await live.do("admin", "set_role", user_id="$former", role="admin")
    await live.do("admin", "set_role", user_id="$former", role="guest")
    former = live.observers["former"]
    async with asyncio.timeout(WITHIN_SECONDS):
        await former.until(lambda: len(former.resyncs) == 2, "a new snapshot")
        await live.settle()
        live.forget()
        await speak(live)
        await live.settle()
    assert former.events == []
    for ask in (status, problem_of):
        assert await ask(live, "former", "list_invitations") == 403
        assert await ask(live, "former", "get_post", post_id=live.thing("portal_post")) == 404


async def test_a_post_is_deleted(live: Live) -> None:
    await live.do("member", "delete_post", post_id="$people_post")
    for ask in (status, problem_of):
        for name in ("member", "guest"):
            assert await ask(live, name, "get_post", post_id=live.thing("people_post")) == 404
            talk = live.thing("people_talk")
            assert await ask(live, name, "list_messages", room_id=talk) == 404
            message = {"client_id": new_id(), "room_id": talk, "text": "x"}
            assert await ask(live, name, "send_message", **message) == 404


async def test_a_message_is_deleted(live: Live) -> None:
    await live.do("member", "delete_message", message_id="$message")
    answer = await live.rest.call(
        "list_messages",
        {"room_id": live.thing("room")},
        host=live.world.ours.host,
        token=live.someone("admin").token,
    )
    assert "Hello" not in answer.text
