"""`/metrics`: on an address of its own, with what happened, and with nobody's name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import socketio
from prometheus_client.parser import text_string_to_metric_families

from storage.measure import Histogram
from tests.realtime.client import until
from tests.services.node import Node
from tests.services.ports import free_port
from tests.services.processes import wait_until

PASSWORD = "canary-password-1"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    settings = {"TALKOO_METRICS_LISTEN": f"127.0.0.1:{free_port()}"}
    node = Node(tmp_path / "node", settings)
    node.talkoo("migrate")
    with node:
        yield node


def ask(node: Node) -> str:
    answer = httpx.get(f"http://{node.settings['TALKOO_METRICS_LISTEN']}/metrics", timeout=10)
    assert answer.status_code == 200
    return answer.text


def values(text: str) -> dict[str, float]:
    """Samples by name and labels."""
    return {
        sample.name + "".join(f"|{v}" for v in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def sign_up(node: Node) -> tuple[str, str]:
    """The token and the host of a new portal's admin."""
    body = {"company": "Canary Oy", "email": "ada@canary.example", "password": PASSWORD}
    door = httpx.post(f"{node.url}/api/v1/portals", json=body).json()
    host = door["portal"]["url"].removeprefix("http://")
    entered = httpx.post(
        f"{node.url}/api/v1/sessions/enter",
        json={"ticket": door["ticket"], "token": True},
        headers={"host": host},
    )
    return entered.json()["token"], host


async def test_what_happens_is_counted(node: Node) -> None:
    token, host = sign_up(node)
    client: Any = socketio.AsyncClient(reconnection=False)
    heard: list[str] = []
    client.on("ready", lambda _: heard.append("ready"))
    client.on("event", lambda event: heard.append(event["type"]))
    await client.connect(node.url, auth={"token": token}, transports=["websocket"])
    await until(lambda: "ready" in heard)
    before = values(ask(node))
    post = {"client_id": "a" * 8, "text": "canary-text"}
    assert (await client.call("create_post", post))["ok"]
    refused = await client.call("send_message", {"client_id": "b" * 8, "room_id": 99, "text": "x"})
    assert not refused["ok"]
    await until(lambda: "post_created" in heard, lambda: heard)
    text = ask(node)
    now = values(text)
    assert now["talkoo_connections|websocket"] == 1
    assert now["talkoo_connects_total"] == now["talkoo_catch_ups_total"] == 1
    assert now["talkoo_resyncs_total|first"] == 1
    assert now["talkoo_commands_total|create_post|done"] == 1
    assert now["talkoo_commands_total|send_message|refused"] == 1
    assert now["talkoo_command_seconds_count"] == 2
    assert 0 < now["talkoo_commit_to_write_seconds_sum"] < 5
    for name in ("events_total", "deliveries_total", "commit_to_write_seconds_count"):
        assert now[f"talkoo_{name}"] >= before[f"talkoo_{name}"] + 1
    # The post, and the message that was refused in its transaction.
    assert now["talkoo_change_seconds_count"] == before["talkoo_change_seconds_count"] + 2
    assert now["talkoo_commit_changes_count"] >= before["talkoo_commit_changes_count"] + 1
    assert now["talkoo_requests_total|201"] == 2
    assert now["process_resident_memory_bytes"] > 1_000_000
    await client.disconnect()
    wait_until(lambda: values(ask(node))["talkoo_connections|websocket"] == 0, within=10, what="0")
    for canary in ("canary", "ada@", token, host, host.partition(".")[0]):
        assert canary not in text


def test_it_is_not_at_the_address_of_people(node: Node) -> None:
    answer = httpx.get(f"{node.url}/metrics")
    assert "talkoo_connections" not in answer.text
    elsewhere = httpx.get(f"http://{node.settings['TALKOO_METRICS_LISTEN']}/healthz")
    assert elsewhere.status_code == 404


def test_an_address_in_use_is_said_in_words(node: Node, tmp_path: Path) -> None:
    other = Node(tmp_path / "other", node.settings, data=node.data)
    other.launch()
    wait_until(lambda: not other.running, within=30, what="it gives up")
    assert "Set TALKOO_METRICS_LISTEN to another" in other.last_lines()


def test_names_and_help_are_as_prometheus_wants_them(node: Node) -> None:
    for family in text_string_to_metric_families(ask(node)):
        assert re.fullmatch(r"[a-z][a-z0-9_]*", family.name)
        assert family.documentation
        if family.type == "histogram":
            counts = [s.value for s in family.samples if s.name.endswith("_bucket")]
            assert counts == sorted(counts)


def test_a_histogram_counts_by_bounds() -> None:
    histogram = Histogram((1, 2))
    for value in (-1, 0.5, 1, 1.5, 2, 3):
        histogram.note(value)
    assert histogram.counts == [3, 2, 1]
    assert histogram.sum == 8
