"""The real process: what it tells of itself, and how it ends."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.services.node import Node
from tests.services.processes import wait_until
from tests.services.redis import Redis

PASSWORD = "canary-password-1"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = Node(tmp_path / "node", {"TALKOO_LOG_FORMAT": "json"})
    node.talkoo("migrate")
    with node:
        yield node


def readiness(node: Node) -> dict[str, Any]:
    return httpx.get(f"{node.url}/readyz", timeout=10).json()


def test_from_sign_up_to_a_message_and_nothing_secret_in_the_log(node: Node) -> None:
    sign_up = {"company": "Acme Oy", "email": "ada@example.com", "password": PASSWORD}
    made = httpx.post(f"{node.url}/api/v1/portals", json=sign_up, headers={"x-request-id": "mine"})
    assert made.status_code == 201, made.text
    door = made.json()
    host = door["portal"]["url"].removeprefix("http://")
    api = f"{node.url}/api/v1"
    entered = httpx.post(
        f"{api}/sessions/enter",
        json={"ticket": door["ticket"], "token": True},
        headers={"host": host},
    )
    assert entered.status_code == 201, entered.text
    token = entered.json()["token"]
    headers = {"host": host, "authorization": f"Bearer {token}"}
    post = {"client_id": "a" * 8, "text": "canary-text"}
    assert httpx.post(f"{api}/posts", json=post, headers=headers).status_code == 201
    outbox = httpx.get(f"{api}/outbox", headers=headers)
    assert outbox.status_code == 200
    secrets = [mail["link"].partition("#")[2] for mail in outbox.json()["mails"]]
    assert secrets, "the confirmation mail is in the outbox"
    node.stop()
    written = node.log.read_text()
    for canary in (PASSWORD, "canary-text", token, door["ticket"], *secrets):
        assert canary not in written
    entries = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
    requests = [entry for entry in entries if entry["message"] == "request"]
    last = next(entry for entry in requests if entry["path"] == "/api/v1/posts")
    assert last["portal"] == door["portal"]["id"]
    assert last["user"] == entered.json()["me"]["id"]
    assert all(entry["request_id"] != "mine" for entry in requests)


def test_it_ends_in_order_and_starts_again_on_the_same_data(node: Node) -> None:
    node.stop()
    assert '"stopped"' in node.last_lines(3)
    assert "Traceback" not in node.log.read_text()
    node.start()
    assert readiness(node)["status"] == "ready"


def test_it_says_where_it_serves_and_how_to_sign_up(node: Node) -> None:
    text = node.log.read_text()
    assert f"http://localhost:{node.port}/sign-up" in text


def test_an_address_in_use_is_said_in_words(node: Node, tmp_path: Path) -> None:
    other = Node(tmp_path / "other", port=node.port, data=node.data)
    other.launch()
    wait_until(lambda: not other.running, within=30, what="it gives up")
    assert other.exit_code == 1
    assert f"cannot listen on 127.0.0.1:{node.port}" in other.last_lines()
    assert "Traceback" not in other.last_lines()


def test_headers_of_the_page(node: Node) -> None:
    with urllib.request.urlopen(f"{node.url}/chat/7", timeout=10) as page:
        assert page.headers["x-content-type-options"] == "nosniff"
        assert "unsafe" not in page.headers["content-security-policy"]
        assert page.headers["server"] is None


@pytest.mark.redis
def test_readiness_tells_of_a_lost_bus_while_the_process_lives(tmp_path: Path) -> None:
    redis = Redis(tmp_path / "redis")
    with redis:
        node = Node(tmp_path / "node", {"TALKOO_REDIS": redis.url})
        node.talkoo("migrate")
        with node:
            assert readiness(node)["parts"]["bus"] == "ok"
            redis.kill()
            wait_until(lambda: node.status("/readyz") == 503, within=30, what="it is not ready")
            assert readiness(node)["parts"]["bus"] != "ok"
            assert readiness(node)["parts"]["database main"] == "ok"
            assert node.status("/healthz") == 200
            redis.start()
            wait_until(node.is_ready, within=30, what="it is ready again")
