"""The official Socket.IO clients work as they are: they log in, send and receive."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import socketio

from portal.chat.model import CreateRoom
from portal.chat.operations import OPERATIONS
from storage.shards import Shards
from tests.house import PASSWORD, House, open_house
from tests.services.node import Node

SCRIPT = Path(__file__).with_name("official.mjs")
SOCKET_IO = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "socket.io-client"
CREATE_ROOM = next(operation for operation in OPERATIONS if operation.name == "create_room")


class Two:
    """Two people of one portal in one room, on a running node."""

    def __init__(self, node: Node, host: str, emails: list[str], room_id: int) -> None:
        self.node = node
        self.host = host
        self.emails = emails
        self.room_id = room_id


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Two]:
    node = Node(tmp_path / "node", data=tmp_path / "data")
    await asyncio.to_thread(node.talkoo, "migrate")
    url = f"sqlite+aiosqlite:///{tmp_path / 'data' / 'talkoo.db'}"
    async with open_house(url, tmp_path / "blobs") as house:
        made = await company(house)
    await asyncio.to_thread(node.start)
    try:
        address, emails, room_id = made
        yield Two(node, f"{address}.localhost:{node.port}", emails, room_id)
    finally:
        await asyncio.to_thread(node.stop)


async def company(house: House) -> tuple[str, list[str], int]:
    admin = await house.make_portal()
    other = await house.join(admin, "Ben")
    room = await CREATE_ROOM.call(
        admin,
        CreateRoom(client_id=uuid.uuid4().hex, name="Both", user_ids=[other.me.user_id]),
    )
    emails = [house.emails[admin.portal, context.me.user_id] for context in (admin, other)]
    return await address_of(house.services.shards, admin.portal), emails, room.room.id


async def address_of(shards: Shards, portal_id: int) -> str:
    from sqlalchemy import select

    from storage.schema import directory_portals

    async with shards.directory.read() as statements:
        address: str = await statements.scalar(
            select(directory_portals.c.address).where(directory_portals.c.portal_id == portal_id)
        )
        return address


@pytest.mark.javascript
@pytest.mark.parametrize("transport", ["websocket", "polling", "upgrade"])
async def test_the_javascript_client(two: Two, transport: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *("node", str(SCRIPT), str(SOCKET_IO), two.node.url, two.host, transport),
        *(*two.emails, PASSWORD, str(two.room_id)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    seen = json.loads(out)
    assert seen["ada"] == seen["ben"] == ["word 0", "word 1", "word 2"]
    assert {error["field"] for error in seen["refused"]["problem"]["errors"]} == {
        "client_id",
        "room_id",
        "text",
    }
    assert seen["used"][0] == ("polling" if transport == "polling" else "websocket")


async def log_in(two: Two, email: str) -> str:
    async with httpx.AsyncClient(base_url=two.node.url) as http:
        answer = await http.post(
            "/api/v1/sessions",
            json={"email": email, "password": PASSWORD, "token": True},
            headers={"Host": two.host},
        )
    assert answer.status_code == 201, answer.text
    token: str = answer.json()["token"]
    return token


async def test_the_python_client(two: Two) -> None:
    heard: list[list[str]] = [[], []]
    sockets = [socketio.AsyncClient(reconnection=False) for _ in two.emails]
    ready = [asyncio.Event() for _ in two.emails]
    for n, (socket, email) in enumerate(zip(sockets, two.emails, strict=True)):

        def on_event(event: dict[str, Any], n: int = n) -> None:
            if event["type"] == "message_sent":
                heard[n].append(event["body"]["message"]["text"])

        socket.on("event", on_event)
        socket.on("ready", lambda _data, n=n: ready[n].set())
        await socket.connect(two.node.url, auth={"token": await log_in(two, email)})
    await asyncio.wait_for(asyncio.gather(*(event.wait() for event in ready)), 20)

    for n, socket in enumerate([*sockets, sockets[0]]):
        body = {"room_id": two.room_id, "client_id": f"python-{n}-{n}", "text": f"word {n}"}
        ack = await socket.call("send_message", body, timeout=20)
        assert ack and ack["ok"], ack
    async with asyncio.timeout(20):
        while any(len(words) < 3 for words in heard):
            await asyncio.sleep(0.01)
    assert heard == [["word 0", "word 1", "word 2"]] * 2
    for socket in sockets:
        await socket.disconnect()
