"""The Socket.IO door, through a real server and the official client."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from socketio.exceptions import ConnectionError as NotConnected

from portal import audience
from realtime import engine
from tests.realtime.client import Client, until
from tests.realtime.world import World


@pytest.fixture
async def one(world: World) -> World:
    await world.serve()
    return world


async def test_the_first_connect_gets_a_snapshot_and_is_live(one: World) -> None:
    portal = await one.portal()
    user = await one.user(portal)
    room = await one.room(user)
    await one.say(room, user, "before")
    client = await one.connect(user)
    head = await one.head(portal)
    assert [name for name, _ in client.told] == ["resync", "ready"]
    assert client.of("resync")[0] == {
        "reason": "first",
        "snapshot": {"position": head, "role": "member"},
    }
    assert [ready["position"] for ready in client.of("ready")] == [head]
    await one.say(room, user, "after")
    await until(lambda: client.texts == ["after"], lambda: client.told)
    assert set(client.events[0]) == {"position", "type", "at", "body"}
    assert client.positions == [head + 1]


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_a_command_is_answered_and_delivered(one: World, transport: str) -> None:
    user = await one.user(await one.portal())
    room = await one.room(user)
    client = await one.connect(user, transport=transport)
    request = {"client_id": "abcdefgh1", "room_id": room, "text": "Hyvää päivää 👋 \u2028"}
    answer = await client.call("say", request)
    assert answer == {
        "ok": True,
        "data": {"position": await one.head(user.portal_id), "text": request["text"]},
    }
    assert await client.call("say", request) == answer
    await until(lambda: client.texts == [request["text"]], lambda: client.told)


async def test_a_command_needs_no_ack(one: World) -> None:
    user = await one.user(await one.portal())
    room = await one.room(user)
    client = await one.connect(user)
    await client.sio.emit("say", {"client_id": "abcdefgh1", "room_id": room, "text": "quiet"})
    await until(lambda: client.texts == ["quiet"])


BAD: list[tuple[Any, int, str | None]] = [
    (("say", {"client_id": "abcdefgh1", "room_id": "1", "text": "x"}), 422, "room_id"),
    (("say", {"client_id": "abcdefgh1", "room_id": True, "text": "x"}), 422, "room_id"),
    (("say", {"client_id": "abcdefgh1", "room_id": 2**60, "text": "x"}), 422, "room_id"),
    (("say", {"client_id": "abcdefgh1", "room_id": 1, "text": ["x"]}), 422, "text"),
    (("say", {"client_id": "abcdefgh1", "room_id": 1, "text": b"x"}), 422, "text"),
    (("say", {"client_id": "abcdefgh1", "room_id": 1}), 422, "text"),
    (("say", {"client_id": "abcdefgh1", "room_id": 1, "text": "x", "role": 1}), 422, "role"),
    (("say", {"client_id": "abcdefgh1", "room_id": 1, "text": "x\0"}), 422, "text"),
    (("say", {"client_id": "abcdefgh1", "room_id": 1, "text": "\ud800"}), 422, "text"),
    (("say", {"client_id": "abcdefgh1", "room_id": 1, "text": "x", "\ud800": 1}), 422, "?"),
    (("say", {"__proto__": {}, "constructor": 1}), 422, "__proto__"),
    (("say", [1]), 422, ""),
    (("say", "text"), 422, ""),
    (("say", {}, {}), 422, ""),
    (("say",), 422, "client_id"),
    (("no_such", {}), 404, None),
    (("rest_only", {}), 404, None),
    (("connect", {}), 404, None),
    (("disconnect", {}), 404, None),
    (("*", {}), 404, None),
    (("refuse", {}), 409, None),
    (("break_down", {}), 500, None),
]


@pytest.mark.parametrize(("sent", "status", "field"), BAD)
async def test_bad_input_is_answered_and_the_connection_lives_on(
    one: World, sent: tuple[Any, ...], status: int, field: str | None
) -> None:
    user = await one.user(await one.portal())
    client = await one.connect(user)
    name, *payload = sent
    answer = await client.sio.call(name, tuple(payload), timeout=10)
    assert answer["ok"] is False
    assert answer["problem"]["status"] == status
    assert set(answer["problem"]) <= {"type", "title", "status", "detail", "errors", "retry_after"}
    assert "secret" not in str(answer)
    if field is not None:
        assert field in [error["field"] for error in answer["problem"]["errors"]]
    assert (await client.call("get_snapshot"))["ok"]
    assert not client.gone


async def test_a_name_given_twice_is_refused(one: World) -> None:
    user = await one.user(await one.portal())
    client = await one.connect(user)
    answers: list[Any] = []
    client.sio.callbacks["/"] = {77: lambda answer: answers.append(answer)}
    twice = '{"client_id":"abcdefgh1","room_id":1,"text":"a","text":"b"}'
    await client.sio.eio.send(f'277["say",{twice}]')
    await until(lambda: answers)
    assert answers[0]["problem"]["status"] == 422
    assert [e["field"] for e in answers[0]["problem"]["errors"]] == ["text (given twice)"]


@pytest.mark.parametrize(
    "garbage",
    [
        "2",
        "2[]",
        "2{}",
        "2[1]",
        "2[null]",
        '2[{"a":1}]',
        '29["say",NaN]',
        "2" + "[" * 100_000,
        "29" * 100,
        "5999999999-[]",
        '511-["say"]',
        '52-["say",{"_placeholder":true,"num":7}]',
        '31[{"ok":true}]',
        "4",
        "7",
        "2/nowhere,[1]",
        "x",
    ],
)
async def test_garbage_does_not_end_the_connection(one: World, garbage: str) -> None:
    user = await one.user(await one.portal())
    client = await one.connect(user)
    await client.sio.eio.send(garbage)
    assert (await client.call("get_snapshot"))["ok"]


async def test_many_attachments_are_not_gathered(one: World) -> None:
    user = await one.user(await one.portal())
    await one.connect(user)
    gateway = one.nodes[0].node.gateway
    (connection,) = gateway.connections.values()
    eio_sid = connection.line.sid
    await gateway.server._handle_eio_message(eio_sid, '511-["say"]')
    assert not gateway.server._binary_packet
    await gateway.server._handle_eio_message(eio_sid, '510-["say"]')
    assert gateway.server._binary_packet[eio_sid].attachment_count == 10


async def test_a_frame_that_is_too_large_ends_only_its_connection(one: World) -> None:
    user = await one.user(await one.portal())
    client, other = await one.connect(user), await one.connect(user)
    await client.sio.emit("say", {"text": "x" * (one.limits.frame_bytes + 1)})
    await until(lambda: client.gone)
    assert (await other.call("get_snapshot"))["ok"]


async def test_too_many_commands_are_refused_and_the_connection_lives_on(one: World) -> None:
    user = await one.user(await one.portal())
    client, other = await one.connect(user), await one.connect(await one.user(user.portal_id))
    count = one.limits.commands_per_second * 3
    answers = await asyncio.gather(*(client.call("get_snapshot") for _ in range(count)))
    refused = [answer["problem"] for answer in answers if not answer["ok"]]
    assert len(answers) - len(refused) >= one.limits.commands_per_second
    assert refused
    assert {problem["status"] for problem in refused} == {429}
    assert 0 < refused[0]["retry_after"] <= 1
    assert (await other.call("get_snapshot"))["ok"]
    await asyncio.sleep(refused[0]["retry_after"] + 0.05)
    assert (await client.call("get_snapshot"))["ok"]


@pytest.mark.parametrize(
    ("auth", "status"),
    [
        (None, 401),
        ({}, 401),
        ({"token": ""}, 401),
        ({"token": "1.x"}, 401),
        ({"token": "999999.1"}, 401),
        ({"token": 5}, 422),
        ({"token": "x" * 201}, 422),
        ({"token": "1.1", "position": -1}, 422),
        ({"token": "1.1", "position": "5"}, 422),
        ({"token": "1.1", "user_id": 5}, 422),
        ([1], 422),
        ("token", 422),
    ],
)
async def test_a_refused_connect_says_why(one: World, auth: Any, status: int) -> None:
    await one.portal()
    client = Client()
    problems: list[Any] = []
    client.sio.on("connect_error", problems.append)
    with pytest.raises(NotConnected):
        await client.connect(one.nodes[0].url, auth)
    assert problems[0]["data"]["status"] == status
    assert problems[0]["message"]
    assert not one.nodes[0].node.gateway.connections


async def test_whoever_does_not_connect_is_hung_up(
    one: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    import aiohttp

    monkeypatch.setattr(engine, "CONNECT_SECONDS", 0.1)
    served = await one.serve(ping_interval=0.5)
    url = f"{served.url}/socket.io/?EIO=4&transport=websocket"
    async with aiohttp.ClientSession() as http, http.ws_connect(url) as socket:
        message = await asyncio.wait_for(socket.receive(), 5)
        assert message.data[0] == "0"
        while message.type is aiohttp.WSMsgType.TEXT:
            message = await asyncio.wait_for(socket.receive(), 5)
        assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)


async def test_the_oldest_of_too_many_connections_ends(one: World) -> None:
    one.limits = one.limits.model_copy(update={"connections_per_user": 2})
    await one.serve()
    user = await one.user(await one.portal())
    clients = [await one.connect(user, node=1) for _ in range(3)]
    await until(lambda: clients[0].gone)
    assert clients[0].of("ended") == [{"reason": "too_many_connections"}]
    for client in clients[1:]:
        assert (await client.call("get_snapshot"))["ok"]
    assert not any(client.gone for client in clients[1:])


async def test_a_closing_node_lets_its_clients_go_and_takes_no_more(one: World) -> None:
    user = await one.user(await one.portal())
    client = await one.connect(user)
    served = one.nodes[0]
    await served.node.gateway.close()
    await until(lambda: client.gone)
    assert client.of("ended") == []
    late = Client()
    problems: list[Any] = []
    late.sio.on("connect_error", problems.append)
    with pytest.raises(NotConnected):
        await late.connect(served.url, user.auth())
    assert problems[0]["data"]["status"] == 503


async def test_positions_are_told_to_those_who_see_little(world: World) -> None:
    await world.serve(position_seconds=0.1)
    portal = await world.portal()
    user = await world.user(portal)
    client = await world.connect(user)
    head = await world.tell(portal, audience.user(user.id + 1), "not for me")
    await until(lambda: {"position": head} in client.signals("position"))
    assert client.events == []
    told = len(client.signals("position"))
    await asyncio.sleep(0.3)
    assert len(client.signals("position")) == told
