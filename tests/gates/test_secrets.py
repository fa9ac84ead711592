"""Passwords, tokens and links are nowhere to be read: not in the database, not in the logs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from socketio.exceptions import ConnectionError as Refused

from tests.services.node import Node
from tests.walk.observer import Observer

PASSWORD = "canary password 7d1f"
NEW_PASSWORD = "second canary 9a3c"
WRONG_PASSWORD = "wrong canary 55e0"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node of its own, which writes down all that it ever would."""
    node = Node(tmp_path_factory.mktemp("node"), {"TALKOO_LOG_LEVEL": "debug"})
    node.talkoo("migrate")
    with node:
        yield node


def mailed(node: Node) -> list[str]:
    """The secrets in the links of the outbox, which stands in for people's mailboxes."""
    texts = [
        path.read_bytes() for path in sorted((node.data / "outbox").rglob("*")) if path.is_file()
    ]
    joined = b"\n".join(texts).replace(b"=\n", b"").replace(b"=3D", b"=").decode()
    return re.findall(r"#(\d+\.[A-Za-z0-9_-]{20,})", joined)


async def live_through(node: Node) -> set[str]:
    """All that one does with secrets; returns them."""
    secrets = {PASSWORD, NEW_PASSWORD, WRONG_PASSWORD}
    async with httpx.AsyncClient(timeout=30) as client:

        async def post(path: str, body: object, host: str, token: str = "") -> httpx.Response:
            headers = {"host": host} | ({"authorization": f"Bearer {token}"} if token else {})
            return await client.post(f"{node.url}/api/v1{path}", json=body, headers=headers)

        bare = f"localhost:{node.port}"
        door = (
            await post(
                "/portals",
                {"company": "Canary", "email": "ada@example.com", "password": PASSWORD},
                bare,
            )
        ).json()
        host = f"{door['portal']['address']}.{bare}"
        entered = (
            await post("/sessions/enter", {"ticket": door["ticket"], "token": True}, host)
        ).json()
        token = entered["token"]
        secrets |= {door["ticket"], token}
        log_in = {"email": "ada@example.com", "password": PASSWORD, "token": True}
        second = (await post("/sessions", log_in, host)).json()["token"]
        secrets.add(second)
        # What goes wrong is logged more than what goes well.
        await post("/sessions", {**log_in, "password": WRONG_PASSWORD}, host)
        await post("/sessions", {**log_in, "password": [PASSWORD]}, host)
        await post("/sessions", {**log_in, "x": PASSWORD}, host)
        await post("/sessions/enter", {"ticket": door["ticket"]}, host)
        await post(
            "/me/password", {"old_password": PASSWORD, "password": NEW_PASSWORD}, host, second
        )
        await post("/invitations", {"emails": ["bo@example.com"]}, host, second)
        await post("/password-resets", {"email": "ada@example.com"}, host)
        observer = await Observer("ada", node.url, second).connect()
        await observer.ask(
            "change_password", {"old_password": PASSWORD, "password": PASSWORD, "x": 1}
        )
        await observer.ask(PASSWORD, {"password": PASSWORD})
        await observer.close()
        with pytest.raises(Refused):
            await Observer("nobody", node.url, f"{second}x").connect()
    links = mailed(node)
    assert len(links) >= 2, "the links of the invitation and of the reset"
    return secrets | set(links)


def files(folder: Path) -> Iterator[Path]:
    """All files but the outbox."""
    for path in folder.rglob("*"):
        if path.is_file() and "outbox" not in path.parts:
            yield path


async def test_no_secret_is_kept_or_logged(node: Node) -> None:
    secrets = await live_through(node)
    # The part that is secret, should something have kept only that.
    needles = {text.rpartition(".")[2].encode() for text in secrets}
    places = [*files(node.data), node.log]
    assert any(path.stat().st_size > 10_000 for path in places), "nothing was written at all"
    assert b"ada@example.com" in b"".join(path.read_bytes() for path in files(node.data))
    for path in places:
        content = path.read_bytes()
        for needle in needles:
            assert needle not in content, f"{needle!r} stands in {path.name}"
