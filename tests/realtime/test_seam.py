"""The guard of `realtime.seam`: fails when a new version moves what is used there."""

from __future__ import annotations

import asyncio
import inspect
import json

import engineio
import engineio.async_socket
import engineio.packet
import engineio.payload
import pytest
import socketio
import socketio.packet

from realtime import frames, seam
from storage.log import Event
from tests.realtime.client import until
from tests.realtime.world import World


def test_frames_are_what_the_library_would_send() -> None:
    body = {"text": "Ä 👋"}
    event = Event(7, "said", "portal", json.dumps(body, ensure_ascii=False), 9)
    pairs = [
        (frames.event(event), "event", {"position": 7, "type": "said", "at": 9, "body": body}),
        (frames.signal("typing", "{}"), "signal", {"type": "typing", "body": {}}),
        (frames.ready(7), "ready", {"position": 7}),
        (frames.ended("gone"), "ended", {"reason": "gone"}),
        (frames.resync("first", '{"a":1}'), "resync", {"reason": "first", "snapshot": {"a": 1}}),
    ]  # fmt: skip
    for packet, name, data in pairs:
        read = socketio.packet.Packet(encoded_packet=str(packet.encode())[1:])
        assert str(packet.encode())[0] == str(engineio.packet.MESSAGE)
        assert read.packet_type == socketio.packet.EVENT
        assert (read.namespace, read.id, read.data) == (None, None, [name, data])
    ack = socketio.packet.Packet(encoded_packet=str(frames.ack(12, '{"ok":true}').encode())[1:])
    assert (ack.packet_type, ack.id, ack.data) == (socketio.packet.ACK, 12, [{"ok": True}])


def test_a_prepared_packet_is_encoded_once_for_both_transports() -> None:
    packet = seam.prepared('2["a"]')
    assert packet.encode() is packet.encode()
    assert packet.encode() is packet.encode(b64=True)
    assert engineio.payload.Payload(packets=[packet, packet]).encode() == '42["a"]\x1e42["a"]'


def test_the_library_still_has_what_the_seam_overrides_and_calls() -> None:
    for name, parameters in {
        "_handle_connect": ["self", "eio_sid", "namespace", "data"],
        "_handle_event": ["self", "eio_sid", "namespace", "id", "data"],
        "_handle_eio_message": ["self", "eio_sid", "data"],
        "_handle_eio_connect": ["self", "eio_sid", "environ"],
        "_handle_eio_disconnect": ["self", "eio_sid", "reason"],
    }.items():
        found = inspect.signature(getattr(socketio.AsyncServer, name))
        assert list(found.parameters) == parameters, name
    source = inspect.getsource(socketio.AsyncServer._handle_eio_message)
    assert source.count("self._handle_event(eio_sid, pkt.namespace, pkt.id,") == 2
    assert inspect.signature(seam.Server._handle_event).parameters.keys() == {
        "self", "eio_sid", "namespace", "id", "data",
    }  # fmt: skip


def test_a_connection_still_writes_from_its_queue() -> None:
    async def look() -> None:
        server = seam.Server(lambda *_: None, {})
        socket = engineio.async_socket.AsyncSocket(server.eio, "x")
        server.eio.sockets["x"] = socket
        assert isinstance(socket.queue, asyncio.Queue)
        line = seam.Line(server, "x")
        assert line.open
        packet = seam.prepared('2["a"]')
        assert line.send(packet)
        assert line.waiting == 1
        assert await socket.poll() == [packet]
        line.hang_up()
        assert await socket.poll() == []
        socket.closed = True
        assert not line.open
        assert line.send(packet)
        assert line.waiting == 0

    asyncio.run(look())


def test_a_client_that_does_not_read_is_noticed_and_its_queue_dropped() -> None:
    async def look() -> None:
        server = seam.Server(lambda *_: None, {})
        socket = engineio.async_socket.AsyncSocket(server.eio, "x")
        server.eio.sockets["x"] = socket
        line, packet = seam.Line(server, "x"), seam.prepared('2["a"]')
        sent = 0
        while line.send(packet):
            sent += 1
        assert sent == seam.MOST_QUEUED
        line.hang_up(drop=True)
        assert await socket.poll() == []

    asyncio.run(look())


def test_nothing_that_clients_send_is_logged() -> None:
    server = seam.Server(lambda *_: None, {})
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
    assert seam.StrictJson.loads(text) == value


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "[" * 100_000, "{", "9" * 10_000])
def test_what_is_not_json_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        seam.StrictJson.loads(text)


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
        eio_sid = gateway.server.eio_sid_of(sid)
        admitted = await admit(sid, environ, auth)  # type: ignore[arg-type]
        await gateway.server.eio.sockets[eio_sid].close(wait=False, abort=True)
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
