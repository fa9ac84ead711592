"""Whatever comes over a socket: an ack that names the field, and the connection lives on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from websockets.exceptions import ConnectionClosed

from portal.catalogue import OPERATIONS
from tests.gates.bad import bad_requests
from tests.gates.live import Live, open_live
from tests.walk.examples import example
from tests.walk.raw import Raw, open_raw
from tests.walk.serving import Served
from tests.walk.watch import state_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOCKET_OPERATIONS = [name for name, operation in OPERATIONS.items() if operation.socket]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live(served: Served) -> AsyncIterator[Live]:
    async with open_live(served) as live:
        yield live


@pytest.mark.parametrize("name", SOCKET_OPERATIONS)
async def test_one_field_is_wrong(live: Live, name: str) -> None:
    portal_id = live.world.ours.portal_id
    before = await state_of(live.served.house, portal_id)
    admin = live.observers["admin"]
    wrong: list[str] = []
    good = example(name, live.world.ours.things)
    for bad in bad_requests(OPERATIONS[name].request, good):
        ack = await admin.ask(name, bad.fields)
        if ack["ok"] or ack["problem"]["status"] != 422:
            wrong.append(f"{bad.what}: {ack}")
            continue
        named = [error["field"] for error in ack["problem"]["errors"]]
        if not any(f"{field}.".startswith(f"{bad.names}.") for field in named):
            wrong.append(f"{bad.what}: names {named}")
    assert wrong == []
    assert admin.connected
    assert await state_of(live.served.house, portal_id) == before


@pytest_asyncio.fixture(loop_scope="module")
async def raw(live: Live) -> AsyncIterator[Raw]:
    """A connection of the member."""
    async with open_raw(live.served.url, live.world.ours.host) as raw:
        assert await raw.log_in({"token": live.someone("member").token}) is None
        yield raw


SEND = '"room_id": %d, "client_id": "abcdefgh", "text": "x"'

# What is answered: the rest of the array, and the field that the answer names.
ANSWERED = (
    ("no object", '["send_message"]', "client_id"),
    ("null", '["send_message",null]', ""),
    ("a list", '["send_message",[]]', ""),
    ("a text", '["send_message","x"]', ""),
    ("a number", '["send_message",7]', ""),
    ("two objects", '["send_message",{},{}]', ""),
    ("no name", "[]", ""),
    ("a number as the name", "[7,{}]", ""),
    ("null as the name", "[null,{}]", ""),
    ("a list as the name", "[[],{}]", ""),
    ("a field twice", '["send_message",{"room_id":1,"room_id":2}]', "room_id"),
    ("a lone surrogate", '["send_message",{"text":"\\ud800"}]', "text"),
    ("__proto__", '["send_message",{"__proto__":{"role":"admin"}}]', "__proto__"),
    ("a huge number", '["mark_read",{"room_id":1,"seq":1' + "0" * 400 + "}]", "seq"),
)


@pytest.mark.parametrize(("what", "array", "names"), ANSWERED, ids=[row[0] for row in ANSWERED])
async def test_a_wrong_command_is_answered(raw: Raw, what: str, array: str, names: str) -> None:
    ack = await raw.command(f"421{array}", 1)
    assert not ack["ok"]
    assert ack["problem"]["status"] == 422
    assert any(error["field"].startswith(names) for error in ack["problem"]["errors"])
    ack = await raw.command('422["get_me"]', 2)
    assert ack["ok"], "the connection lives on"


DEEP = "[" * 50_000 + "]" * 50_000

# What no client means: the server may hang up on it, and goes on for everybody else.
GARBAGE: tuple[tuple[str, str | bytes], ...] = (
    ("nothing", ""),
    ("an unknown packet", "9"),
    ("an unknown message", "49"),
    ("letters", "hello"),
    ("broken JSON", '42["send_message",{'),
    ("NaN", '42["send_message",{"a":NaN}]'),
    ("nested deeply", f'42["send_message",{{"a":{DEEP}}}]'),
    ("an event without an array", "42{}"),
    ("an event that is a number", "427"),
    ("an ack that nobody waits for", "43999[1]"),
    ("a huge ack id", "42" + "9" * 200 + '["get_me"]'),
    ("another namespace", '42/admin,["get_me"]'),
    ("connect again", "40{}"),
    ("connect to another namespace", "40/admin,{}"),
    ("attachments that never come", '4599-["send_message",{"_placeholder":true,"num":0}]'),
    ("a wrong number of attachments", '451-["send_message",{"_placeholder":true,"num":7}]'),
    ("attachments without a number", '45-["x"]'),
    ("a million attachments", '451000000-["x"]'),
    ("bytes out of the blue", b"\x00\x01\x02"),
    ("many bytes", b"\xff" * 10_000),
    ("a NUL", "\0"),
    ("an upgrade", "5"),
    ("a probe", "2probe"),
    ("a pong", "3"),
    ("a server's own packet", '0{"sid":"x"}'),
)


@pytest.mark.parametrize(("what", "frame"), GARBAGE, ids=[row[0] for row in GARBAGE])
async def test_garbage_hurts_nobody_else(
    live: Live, raw: Raw, what: str, frame: str | bytes
) -> None:
    before = await state_of(live.served.house, live.world.ours.portal_id)
    try:
        await raw.send(frame)
        ack = await raw.command('422["get_me"]', 2)
        assert ack["ok"]
    except (ConnectionClosed, TimeoutError):
        # Cut off, and welcome again.
        async with open_raw(live.served.url, live.world.ours.host) as again:
            assert await again.log_in({"token": live.someone("member").token}) is None
    assert all(observer.connected for observer in live.observers.values())
    await live.observers["guest"].do("get_me")
    assert await state_of(live.served.house, live.world.ours.portal_id) == before


async def test_a_frame_that_is_too_large_ends_its_connection_only(live: Live, raw: Raw) -> None:
    limit = live.served.server.services.limits.frame_bytes
    most = json.dumps(["send_message", {"text": "x" * (limit - 200)}])
    ack = await raw.command(f"421{most}", 1)
    assert ack["problem"]["status"] == 422
    with pytest.raises(ConnectionClosed):
        await raw.send("42" + json.dumps(["send_message", {"text": "x" * (limit + 10)}]))
        await raw.until("4")
    assert all(observer.connected for observer in live.observers.values())


async def test_a_flood_of_garbage_leaves_the_others_alone(live: Live, raw: Raw) -> None:
    async def flood() -> None:
        for _ in range(5_000):
            await raw.send('42["no such command",{"a":[1,2,3]}]')

    task = asyncio.create_task(flood())
    for _ in range(10):
        await live.observers["guest"].do("get_me")
    task.cancel()
    assert all(observer.connected for observer in live.observers.values())


# --- The connect packet ----------------------------------------------------------------------

AUTHS = (
    ("a list", [], 422),
    ("a text", "x", 422),
    ("no token", {}, 401),
    ("null as the token", {"token": None}, 401),
    ("a number as the token", {"token": 7}, 422),
    ("a long token", {"token": "x" * 10_000}, 422),
    ("a token that is none", {"token": "x"}, 401),
    ("an unknown field", {"token": "x", "portal_id": 1}, 422),
    ("a negative position", {"token": "x", "position": -1}, 422),
    ("a text as the position", {"token": "x", "position": "1"}, 422),
    ("true as the position", {"token": "x", "position": True}, 422),
    ("a huge position", {"token": "x", "position": 2**53}, 422),
)


@pytest.mark.parametrize(("what", "auth", "status"), AUTHS, ids=[row[0] for row in AUTHS])
async def test_a_wrong_connect_is_refused(live: Live, what: str, auth: object, status: int) -> None:
    async with open_raw(live.served.url, live.world.ours.host) as raw:
        refused = await raw.log_in(auth)
        assert refused is not None
        assert refused["data"]["status"] == status
    assert all(observer.connected for observer in live.observers.values())


async def test_tokens_that_are_not_good_here(live: Live) -> None:
    world = live.world
    good = live.someone("member").token
    portal_id, _, secret = good.partition(".")
    tokens = (
        world.stranger.token,
        live.someone("gone").token,
        f"{world.theirs.portal_id}.{secret}",
        f"{portal_id}.{secret[:-1]}",
        good.swapcase(),
        world.ours.things.link_token,
        world.ours.things.reset_token,
    )
    said: set[str] = set()
    for token in tokens:
        async with open_raw(live.served.url, world.ours.host) as raw:
            refused = await raw.log_in({"token": token})
            assert refused is not None, token
            assert refused["data"]["status"] == 401
            said.add(json.dumps(refused))
    assert len(said) == 1, "a stranger's token is told from no token"
