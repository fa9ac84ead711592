"""The guard of `realtime.seam`: fails when a new version moves what is used there."""

from __future__ import annotations

import asyncio
import inspect
import json
import re

import engineio
import engineio.async_socket
import engineio.packet
import pytest
import socketio
import socketio.packet

from realtime import frames, seam
from realtime.engine import LiveSocket
from realtime.packet import Packet
from realtime.polled import Polled
from realtime.strict_json import StrictJson
from storage.log import Event
from tests.realtime.client import until
from tests.realtime.world import World


def read(packet: Packet) -> socketio.packet.Packet:
    """What the library reads of it."""
    (text,) = packet.texts()
    return socketio.packet.Packet(encoded_packet=text)


def test_frames_are_what_the_library_would_send() -> None:
    body = {"text": "Ä 👋"}
    event = Event(7, "said", "portal", json.dumps(body, ensure_ascii=False), 9)
    pairs = [
        (frames.event(event), "event", {"position": 7, "type": "said", "at": 9, "body": body}),
        (frames.signal("typing", "{}"), "signal", {"type": "typing", "body": {}}),
        (frames.ready(7, "t"), "ready", {"position": 7, "ticket": "t"}),
        (frames.ended("gone"), "ended", {"reason": "gone"}),
        (frames.resync("first", '{"a":1}'), "resync", {"reason": "first", "snapshot": {"a": 1}}),
    ]  # fmt: skip
    for packet, name, data in pairs:
        found = read(packet)
        assert found.packet_type == socketio.packet.EVENT
        assert (found.namespace, found.id, found.data) == (None, None, [name, data])
    ack = read(frames.ack(12, '{"ok":true}'))
    assert (ack.packet_type, ack.id, ack.data) == (socketio.packet.ACK, 12, [{"ok": True}])


def test_ids_are_as_the_library_makes_them_and_never_twice() -> None:
    library = engineio.AsyncServer(async_mode="asgi")
    ids = seam._Ids()  # pyright: ignore[reportPrivateUsage]
    made = [ids.next() for _ in range(1000)]
    assert len(set(made)) == 1000
    for one in (*made, library.generate_id()):
        assert re.fullmatch(r"[A-Za-z0-9_-]{20}", one)
    assert len({one[:8] for one in made}) == 1000


def test_the_library_still_has_what_the_seam_overrides_and_calls() -> None:
    for name, parameters in {
        "_handle_connect": ["self", "eio_sid", "namespace", "data"],
        "_handle_event": ["self", "eio_sid", "namespace", "id", "data"],
        "_handle_eio_message": ["self", "eio_sid", "data"],
        "_handle_eio_connect": ["self", "eio_sid", "environ"],
        "_handle_eio_disconnect": ["self", "eio_sid", "reason"],
        "disconnect": ["self", "sid", "namespace", "ignore_queue"],
    }.items():
        found = inspect.signature(getattr(socketio.AsyncServer, name))
        assert list(found.parameters) == parameters, name
    source = inspect.getsource(socketio.AsyncServer._handle_eio_message)
    assert source.count("self._handle_event(eio_sid, pkt.namespace, pkt.id,") == 2
    assert inspect.signature(seam.Server._handle_event).parameters.keys() == {
        "self", "eio_sid", "namespace", "id", "data",
    }  # fmt: skip


def test_the_names_of_clients_answer_all_that_the_library_asks() -> None:
    """The manager is ours; whatever else the library asked of it would go to an empty one."""
    asked = set(re.findall(r"self\.manager\.(\w+)\(", inspect.getsource(socketio.AsyncServer)))
    only_for_rooms_and_emitting = {
        "emit", "enter_room", "leave_room", "close_room", "get_rooms", "can_disconnect",
    }  # fmt: skip
    ours = set(vars(seam._Names))
    assert asked - only_for_rooms_and_emitting - ours <= {"initialize", "set_server"}


def test_a_live_socket_has_what_the_library_asks_of_its_sockets() -> None:
    source = inspect.getsource(engineio.AsyncServer)
    asked = set(re.findall(r"(?<![\w.])(?:socket|s)\.(\w+)", source))
    polling_only = {
        "handle_get_request", "handle_post_request", "check_ping_timeout", "schedule_ping", "poll",
        "session",
    }  # fmt: skip
    missing = {name for name in asked if not hasattr(LiveSocket, name)}
    assert {"send", "close", "closed", "upgraded", "connected"} <= asked
    assert missing <= polling_only, missing


def make_server() -> seam.Server:
    options = seam.LineOptions(10, 5, 100_000, 100_000, 50)
    return seam.Server(lambda *_: None, lambda *_: None, lambda *_: True, options)


def test_a_polled_connection_still_writes_from_its_queue() -> None:
    async def look() -> None:
        server = make_server()
        socket = engineio.async_socket.AsyncSocket(server.eio, "x")
        assert isinstance(socket.queue, asyncio.Queue)
        line = Polled(socket, 3)
        assert line.open
        assert line.send_packet(Packet.joined([Packet.of('2["a"]'), Packet.of('2["b"]')]))
        assert line.waiting == 2
        assert [packet.encode() for packet in await socket.poll()] == ['42["a"]', '42["b"]']
        line.hang_up()
        assert await socket.poll() == []
        assert [line.send_packet(Packet.of('2["a"]')) for _ in range(4)] == [True] * 3 + [False]
        line.drop("slow")
        assert await socket.poll() == []
        socket.closed = True
        assert not line.open
        assert line.send_packet(Packet.of('2["a"]'))
        assert line.waiting == 0

    asyncio.run(look())


def test_what_waited_for_a_poll_goes_over_to_the_websocket() -> None:
    async def look() -> None:
        server = make_server()
        socket = engineio.async_socket.AsyncSocket(server.eio, "x")
        line = Polled(socket, 50)
        assert line.hold()
        assert not line.hold()
        line.send_packet(Packet.of('2["a"]'))
        line.send_packet(Packet.of('2["b"]'))
        assert line.emptied() == (['2["a"]', '2["b"]'], False)
        assert not line.open

    asyncio.run(look())


def test_nothing_that_clients_send_is_logged() -> None:
    server = make_server()
    for logger in (server.logger, server.eio.logger):
        assert not logger.isEnabledFor(30)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a":1,"b":[{"c":null}]}', {"a": 1, "b": [{"c": None}]}),
        ('{"a":1,"a":2}', {"a": 2, "a (given twice)": None}),
        ('{"\\ud800":1}', {"?": 1}),
    ],
)
def test_ambiguous_json_is_marked(text: str, value: object) -> None:
    assert StrictJson.loads(text) == value


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "[" * 100_000, "{", "9" * 10_000])
def test_what_is_not_json_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        StrictJson.loads(text)


async def test_being_connected_is_told_before_anything_else(world: World) -> None:
    """The task that brings a connection live must not overtake the answer to its connect."""
    import aiohttp

    served = await world.serve()
    user = await world.user(await world.portal())
    url = f"{served.url}/socket.io/?EIO=4&transport=websocket"
    async with aiohttp.ClientSession() as http, http.ws_connect(url) as socket:
        assert (await socket.receive_str())[0] == "0"
        await socket.send_str("40" + json.dumps(user.auth()))
        told = [await asyncio.wait_for(socket.receive_str(), 5) for _ in range(3)]
    assert [text.split("{")[0] for text in told] == ["40", '42["resync",', '42["ready",']


async def test_who_vanishes_while_connecting_leaves_nothing_behind(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = await world.serve(sweep_seconds=0.1)
    user = await world.user(await world.portal())
    gateway = served.node.gateway
    admit, vanished = gateway._handshake.admit, asyncio.Event()

    async def slowly(sid: str, environ: object, auth: object):
        line = gateway.server.line_of(sid)
        admitted = await admit(sid, environ, auth)  # type: ignore[arg-type]
        line.drop("gone")  # type: ignore[union-attr]
        vanished.set()
        return admitted

    monkeypatch.setattr(gateway._handshake, "admit", slowly)
    import aiohttp

    url = f"{served.url}/socket.io/?EIO=4&transport=websocket"
    async with aiohttp.ClientSession() as http, http.ws_connect(url) as socket:
        await socket.receive_str()
        await socket.send_str("40" + json.dumps(user.auth()))
        await asyncio.wait_for(vanished.wait(), 5)
    await until(lambda: not gateway.connections)
    seat = served.node.portals.get(user.portal_id)
    assert seat is None or (len(seat.hub) == 0 and seat.users == 0)
