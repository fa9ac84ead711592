"""The Socket.IO Admin UI's protocol: for operators who know the password, with sums only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import socketio
from socketio.exceptions import ConnectionError as NotConnected

from server import settings
from tests.realtime.client import Client, until
from tests.server.test_metrics import sign_up
from tests.services.node import Node
from tests.services.ports import free_port

PASSWORD = "canary of an operator"
ORIGIN = "https://admin.example"
TOLD = ("config", "server_stats")
RIGHT = {"username": "admin", "password": PASSWORD}


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = Node(
        tmp_path / "node",
        {
            "TALKOO_METRICS_LISTEN": f"127.0.0.1:{free_port()}",
            "TALKOO_ADMIN_UI__PASSWORD": PASSWORD,
            "TALKOO_ADMIN_UI__ORIGIN": ORIGIN,
        },
    )
    node.talkoo("migrate")
    with node:
        yield node


@asynccontextmanager
async def looking(node: Node, auth: Any) -> AsyncIterator[list[tuple[str, Any]]]:
    told: list[tuple[str, Any]] = []
    client: Any = socketio.AsyncClient(reconnection=False)
    for name in (*TOLD, "all_sockets", "socket_connected", "event_received", "connect_error"):
        client.on(name, lambda data, n=name: told.append((n, data)), namespace="/admin")
    try:
        await client.connect(
            operators(node),
            headers={"Origin": ORIGIN},
            auth=auth,
            namespaces=["/admin"],
            transports=["websocket"],
            wait=False,
        )
        yield told
    finally:
        await client.shutdown()


async def refusal(node: Node, auth: Any) -> str:
    """Why somebody is not let in."""
    async with looking(node, auth) as told:
        await until(lambda: told)
        assert [name for name, _ in told] == ["connect_error"]
        return str(told[0][1]["message"])


def operators(node: Node) -> str:
    return f"http://{node.settings['TALKOO_METRICS_LISTEN']}"


async def test_an_operator_sees_sums_and_nothing_else(node: Node) -> None:
    token, _ = sign_up(node)
    async with looking(node, RIGHT) as told:
        await until(lambda: [n for n, _ in told] == ["config", "server_stats"], lambda: told)
        assert told[0][1] == {"supportedFeatures": ["AGGREGATED_EVENTS"]}
        assert told[1][1]["clientsCount"] == 0
        client = await (await Client().connect(node.url, {"token": token})).live()
        body = {"client_id": "a" * 8, "text": "canary-text"}
        assert (await client.call("create_post", body))["ok"]
        await until(lambda: total(told, "packetsIn") == 1, lambda: told)
        assert total(told, "rawConnection") == 1
        assert total(told, "packetsOut") >= 1
        await client.close()
        await until(lambda: told[-1][1]["clientsCount"] == 0, lambda: told)
        await until(lambda: total(told, "rawDisconnection") == 1, lambda: told)
        last = told[-1][1]
        assert last["namespaces"] == [{"name": "/", "socketsCount": 0}]
        assert {name for name, _ in told} == set(TOLD)
        for canary in ("canary", token):
            assert canary not in repr(told)


def total(told: list[tuple[str, Any]], kind: str) -> int:
    """What was counted of a kind since one looked."""
    stats = [data for name, data in told if name == "server_stats"]
    return sum(e["count"] for s in stats for e in s["aggregatedEvents"] if e["type"] == kind)


async def test_nobody_else_does_and_guessing_ends(node: Node) -> None:
    wrong: list[Any] = [
        None,
        [],
        {"username": "admin", "password": "wrong"},
        {"username": "wrong", "password": PASSWORD},
        {"username": "admin", "password": [PASSWORD]},
    ]
    for auth in (*wrong, *wrong):
        assert await refusal(node, auth) == "invalid credentials"
    assert "too many attempts" in await refusal(node, RIGHT)


def test_a_page_from_elsewhere_does_not(node: Node) -> None:
    address = f"{operators(node)}/socket.io/?EIO=4&transport=polling"
    for origin, status in (("https://evil.example", 400), ("null", 400), (ORIGIN, 200)):
        assert httpx.get(address, headers={"Origin": origin}).status_code == status


def test_it_needs_an_address_for_operators(tmp_path: Path) -> None:
    with pytest.raises(settings.SettingsError, match=r"admin_ui .*metrics_listen"):
        settings.load({"TALKOO_ADMIN_UI__PASSWORD": PASSWORD}, tmp_path)


async def test_it_is_not_at_the_address_of_people(node: Node) -> None:
    client: Any = socketio.AsyncClient(reconnection=False)
    with pytest.raises(NotConnected):
        await client.connect(node.url, auth=RIGHT, namespaces=["/admin"])
    await client.shutdown()
