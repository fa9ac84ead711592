"""The websocket itself: frames as RFC 6455 has them, its closing, its bounds, and its pings."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    PerMessageDeflate,
)
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import CLIENT, Protocol, State
from websockets.uri import parse_uri

from portal import audience
from realtime.packet import Packet, framed
from tests.realtime.client import until
from tests.realtime.world import Served, World


@given(st.lists(st.text(max_size=70_000), min_size=1, max_size=5))
def test_a_packet_is_read_back_from_its_frames(texts: list[str]) -> None:
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    joined = Packet.joined([Packet.of(text) for text in texts])
    assert joined.count == len(texts)
    assert joined.texts() == texts


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 70_000])
def test_a_frame_is_what_a_websocket_library_would_write(size: int) -> None:
    payload = b"x" * size
    assert framed(payload) == Frame(Opcode.TEXT, payload).serialize(mask=False)


class Raw:
    """A websocket client that can also do what no decent client does."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        extensions: Sequence[ClientPerMessageDeflateFactory] = (),
    ) -> None:
        self.reader, self.writer = reader, writer
        uri = parse_uri("ws://x/socket.io/?EIO=4&transport=websocket")
        self.machine = ClientProtocol(uri, extensions=list(extensions) or None)
        self.bytes = 0
        self.frames: list[Frame] = []
        self.ended = False
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while data := await self.reader.read(65_536):
            self.bytes += len(data)
            self.machine.receive_data(data)
            self.flush()
            self.frames += [e for e in self.machine.events_received() if isinstance(e, Frame)]
        self.ended = True

    def flush(self) -> None:
        for data in self.machine.data_to_send():
            if data:
                self.writer.write(data)

    def send(self, *frames: Frame) -> None:
        self.writer.write(b"".join(frame.serialize(mask=True) for frame in frames))

    def text(self, text: str) -> None:
        self.send(Frame(Opcode.TEXT, text.encode()))

    @property
    def texts(self) -> list[str]:
        return [bytes(f.data).decode() for f in self.frames if f.opcode is Opcode.TEXT]

    @property
    def code(self) -> int | None:
        found = [f for f in self.frames if f.opcode is Opcode.CLOSE]
        return int.from_bytes(found[0].data[:2], "big") if found else None


@asynccontextmanager
async def raw(served: Served, *extensions: ClientPerMessageDeflateFactory) -> AsyncIterator[Raw]:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    client = Raw(reader, writer, extensions)
    request = client.machine.connect()
    request.headers["Host"] = f"localhost:{served.port}"
    client.machine.send_request(request)
    client.flush()
    try:
        await until(lambda: client.machine.state is State.OPEN or client.ended)
        yield client
    finally:
        client.task.cancel()
        writer.close()


@pytest.fixture
async def served(world: World) -> Served:
    return await world.serve()


def connected(client: Raw) -> bool:
    return any(text.startswith('42["ready"') for text in client.texts)


async def test_a_message_in_pieces_is_one_message(world: World, served: Served) -> None:
    user = await world.user(await world.portal())
    auth = ("40" + json.dumps(user.auth())).encode()
    async with raw(served) as client:
        client.send(Frame(Opcode.TEXT, auth[:10], fin=False))
        client.send(Frame(Opcode.PING, b"between"))
        client.send(Frame(Opcode.CONT, auth[10:20], fin=False), Frame(Opcode.CONT, auth[20:]))
        await until(lambda: connected(client), lambda: client.texts)
        assert any(f.opcode is Opcode.PONG and f.data == b"between" for f in client.frames)


async def test_bytes_that_come_one_by_one_are_read(world: World, served: Served) -> None:
    user = await world.user(await world.portal())
    async with raw(served) as client:
        frame = Frame(Opcode.TEXT, ("40" + json.dumps(user.auth())).encode()).serialize(mask=True)
        for byte in frame:
            client.writer.write(bytes((byte,)))
            await asyncio.sleep(0)
        await until(lambda: connected(client), lambda: client.texts)


async def test_a_connection_does_not_keep_the_request_that_it_began_with(served: Served) -> None:
    gc.collect()
    before = [one for one in gc.get_objects() if isinstance(one, Request)]
    async with raw(served) as client:
        await until(lambda: client.texts, lambda: client.frames)
        gc.collect()
        kept = [one for one in gc.get_objects() if isinstance(one, Request)]
        # The client's own, of this process, and its answer is none.
        assert len(kept) <= len(before) + 1


BROKEN = {
    "not UTF-8": (Frame(Opcode.TEXT, b"4\xff"), 1007),
    "a piece of nothing": (Frame(Opcode.CONT, b"x"), 1002),
    "no mask": (Frame(Opcode.TEXT, b"4").serialize(mask=False), 1002),
    "a reserved bit": (b"\xf1\x81\0\0\0\0" + b"4", 1002),
    "a long ping": (b"\x89\xfe\x00\x7e\0\0\0\0" + b"4" * 126, 1002),
    "too large": (Frame(Opcode.TEXT, b"4" * 1_000_001), 1009),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_broken_frames_close_the_connection_with_a_code(served: Served, name: str) -> None:
    frame, code = BROKEN[name]
    async with raw(served) as client:
        client.writer.write(frame if isinstance(frame, bytes) else frame.serialize(mask=True))
        await until(lambda: client.code == code, lambda: client.frames)
        client.writer.close()
    await until(lambda: not served.node.gateway.server.eio.sockets)


async def test_many_pieces_that_are_too_large_together_are_refused(served: Served) -> None:
    async with raw(served) as client:
        client.send(Frame(Opcode.TEXT, b"4" * 400_000, fin=False))
        client.send(Frame(Opcode.CONT, b"4" * 400_000, fin=False))
        client.send(Frame(Opcode.CONT, b"4" * 400_000, fin=True))
        await until(lambda: client.code == 1009, lambda: client.frames)


async def test_closing_is_answered(world: World, served: Served) -> None:
    user = await world.user(await world.portal())
    async with raw(served) as client:
        client.text("40" + json.dumps(user.auth()))
        await until(lambda: connected(client))
        client.send(Frame(Opcode.CLOSE, (1000).to_bytes(2, "big")))
        await until(lambda: client.code == 1000 and client.ended)
    await until(lambda: not served.node.gateway.connections)


async def test_garbage_changes_nothing(world: World, served: Served) -> None:
    user = await world.user(await world.portal())
    async with raw(served) as client:
        client.text("40" + json.dumps(user.auth()))
        await until(lambda: connected(client))
        for text in (
            "4",
            "42",
            "42[",
            "42{}",
            "42[1",
            "4x",
            "49",
            "7",
            "",
            "5",
            "2probe",
            "42/a,[1]",
        ):
            client.text(text)
        client.text('421["get_snapshot",{}]')
        await until(lambda: any(t.startswith('431[{"ok":true') for t in client.texts))


BAD_HANDSHAKES = {
    "no version": ("EIO=4&transport=websocket", {"Sec-WebSocket-Version": None}, 400),
    "no key": ("EIO=4&transport=websocket", {"Sec-WebSocket-Key": None}, 400),
    "old protocol": ("EIO=3&transport=websocket", {}, 400),
    "other transport": ("EIO=4&transport=polling", {}, 400),
    "unknown connection": ("EIO=4&transport=websocket&sid=abc", {}, 400),
}


@pytest.mark.parametrize("name", BAD_HANDSHAKES)
async def test_a_bad_handshake_is_refused(served: Served, name: str) -> None:
    query, changed, status = BAD_HANDSHAKES[name]
    headers = {
        "Host": f"localhost:{served.port}", "Connection": "Upgrade", "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    } | changed  # fmt: skip
    lines = [f"{key}: {value}" for key, value in headers.items() if value is not None]
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    request = "\r\n".join([f"GET /socket.io/?{query} HTTP/1.1", *lines, "", ""])
    writer.write(request.encode())
    answer = await asyncio.wait_for(reader.read(), 5)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    writer.close()
    assert not served.node.gateway.server.eio.sockets


async def test_who_answers_no_ping_is_dropped_and_who_does_stays(world: World) -> None:
    served = await world.serve(ping_interval=0.4, ping_timeout=0.2)
    portal = await world.portal()
    deaf, alive = await world.user(portal), await world.user(portal)
    lasting = await world.connect(alive)
    async with raw(served) as client:
        client.text("40" + json.dumps(deaf.auth()))
        await until(lambda: connected(client))
        await until(lambda: client.ended, seconds=5)
        assert "2" in client.texts
    await until(lambda: len(served.node.gateway.connections) == 1)
    assert not lasting.gone
    assert len(served.node.gateway.server.wheel) == 1


async def test_commands_wait_for_the_connect_before_them(world: World, served: Served) -> None:
    user = await world.user(await world.portal())
    async with raw(served) as client:
        client.send(
            Frame(Opcode.TEXT, ("40" + json.dumps(user.auth())).encode()),
            Frame(Opcode.TEXT, b'421["get_snapshot",{}]'),
        )
        await until(lambda: any(t.startswith('431[{"ok":true') for t in client.texts))
        assert client.texts[1].startswith("40{")


LONG = "the same again and again " * 20


async def log_in(world: World, client: Raw) -> int:
    """Logs somebody new in; returns their portal."""
    user = await world.user(await world.portal())
    client.text("40" + json.dumps(user.auth()))
    await until(lambda: connected(client), lambda: client.texts)
    return user.portal_id


def events(client: Raw) -> list[str]:
    return [json.loads(t[2:])[1]["body"]["text"] for t in client.texts if t[:9] == '42["event']


async def test_who_takes_deflated_messages_gets_them(world: World, served: Served) -> None:
    async with raw(served, ClientPerMessageDeflateFactory()) as client:
        portal = await log_in(world, client)
        before = client.bytes
        # Short ones as they are and long ones deflated, together and one by one.
        said = ["short", LONG, LONG + "2"]
        for text in said:
            await world.tell(portal, audience.PORTAL, text)
        await until(lambda: events(client) == said, lambda: client.texts)
        assert client.bytes - before < len(LONG)


async def test_who_takes_none_gets_the_same_plain(world: World, served: Served) -> None:
    async with raw(served) as client:
        portal = await log_in(world, client)
        await world.tell(portal, audience.PORTAL, LONG)
        await until(lambda: events(client) == [LONG], lambda: client.texts)


async def test_who_has_a_small_window_gets_none(world: World, served: Served) -> None:
    small = ClientPerMessageDeflateFactory(server_max_window_bits=9)
    async with raw(served, small) as client:
        portal = await log_in(world, client)
        before = client.bytes
        await world.tell(portal, audience.PORTAL, LONG)
        await until(lambda: events(client) == [LONG], lambda: client.texts)
        assert client.bytes - before > len(LONG)


async def test_deflated_commands_are_read_each_by_itself(world: World, served: Served) -> None:
    async with raw(served, ClientPerMessageDeflateFactory()) as client:
        await log_in(world, client)
        for number in range(3):
            command = f'42{number}["get_snapshot",{{}}]'.encode()
            client.machine.send_text(command)
        client.flush()
        await until(lambda: len([t for t in client.texts if t[:2] == "43"]) == 3)


async def test_a_message_that_unpacks_to_too_much_is_refused(served: Served) -> None:
    async with raw(served, ClientPerMessageDeflateFactory()) as client:
        client.machine.send_text(b"4" * 50_000_000)
        client.flush()
        await until(lambda: client.ended)
        assert client.code == 1009


@given(st.lists(st.text(min_size=0, max_size=2_000), min_size=1, max_size=4))
def test_deflated_packets_inflate_to_the_plain_ones(texts: list[str]) -> None:
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    packet = Packet.joined([Packet.of(text, worth=1) for text in texts])
    machine = Protocol(CLIENT, max_size=None)
    machine.extensions = [PerMessageDeflate(True, True, 15, 15)]
    machine.receive_data(packet.deflated)
    found = [bytes(f.data).decode() for f in machine.events_received() if isinstance(f, Frame)]
    assert found == [f"4{text}" for text in texts]
