"""Traces: what belongs to what, that nobody can be read in them, and that nobody waits for them."""

from __future__ import annotations

import asyncio
import logging
import secrets
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from server import tracing as sending
from server.tracing import traced
from storage import tracing
from storage.commit import Tx
from tests.house import House
from tests.realtime.client import Client, until
from tests.services.collector import Collector, Told
from tests.services.node import Node
from tests.services.ports import free_port
from tests.services.processes import wait_until

API_KEY = "canary-key"
PASSWORD = "canary-password-1"
STRANGER = "127.0.0.2"
PATIENCE = 20


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


@pytest.fixture(scope="module")
def watched() -> Iterator[Collector]:
    """What the node of this module tells."""
    with Collector() as collector:
        yield collector


@pytest.fixture(scope="module")
def node(watched: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node that tells, and that believes 127.0.0.1."""
    node = Node(
        tmp_path_factory.mktemp("node"),
        {
            "NO_PROXY": "127.0.0.1",
            "OTEL_EXPORTER_OTLP_HEADERS": f"x-api-key={API_KEY}",
            "TALKOO_NODE": "north-1",
            "TALKOO_TRACES": watched.url,
            "TALKOO_TRUSTED_PROXIES": "127.0.0.1",
        },
    )
    node.talkoo("migrate")
    with node:
        yield node


@dataclass
class Admin:
    """Who signed up, and all that must not be told of them."""

    portal: int
    token: str
    headers: dict[str, str]
    canaries: list[str]


def sign_up(node: Node) -> Admin:
    mark = secrets.token_hex(8)
    given = {"company": f"Company {mark}", "email": f"{mark}@canary.example", "password": PASSWORD}
    made = httpx.post(f"{node.url}/api/v1/portals", json=given, headers={"user-agent": mark})
    assert made.status_code == 201, made.text
    door = made.json()
    host = door["portal"]["url"].removeprefix("http://")
    entered = httpx.post(
        f"{node.url}/api/v1/sessions/enter",
        json={"ticket": door["ticket"], "token": True},
        headers={"host": host},
    )
    token = entered.json()["token"]
    canaries = [mark, "canary", PASSWORD, token, door["ticket"], host.partition(".")[0]]
    headers = {"host": host, "authorization": f"Bearer {token}"}
    return Admin(door["portal"]["id"], token, headers, canaries)


def wait_for(collector: Collector, name: str, **attributes: Any) -> Told:
    """The first span with this name and these attributes, once it came."""
    found: list[Told] = []

    def came() -> bool:
        found[:] = [
            span
            for span in collector.named(name)
            if {f"talkoo.{key}": value for key, value in attributes.items()}.items()
            <= span.attributes.items()
        ]
        return bool(found)

    wait_until(came, within=PATIENCE, what=f"the span {name!r} comes")
    return found[0]


def child(collector: Collector, name: str, parent: Told) -> Told:
    """The one span with this name that belongs to another, once it came."""

    def found() -> list[Told]:
        return [span for span in collector.named(name) if span.parent == parent.id]

    wait_until(lambda: bool(found()), within=PATIENCE, what=f"{name!r} follows {parent.name!r}")
    assert len(found()) == 1
    assert found()[0].trace == parent.trace
    return found()[0]


# --- What is told --------------------------------------------------------------------------------


def test_a_request_is_told_with_its_route_and_what_follows_from_it(
    node: Node, watched: Collector
) -> None:
    admin = sign_up(node)
    post = {"client_id": "a" * 8, "text": "canary-post"}
    posted = httpx.post(f"{node.url}/api/v1/posts", json=post, headers=admin.headers)
    assert posted.status_code == 201
    request = wait_for(watched, "POST /api/v1/posts", portal=admin.portal)
    assert request.served
    assert not request.parent
    assert not request.failed
    assert request.attributes == {
        "http.request.method": "POST",
        "http.route": "/api/v1/posts",
        "http.response.status_code": 201,
        "talkoo.portal": admin.portal,
    }
    transaction = child(watched, "transaction", request)
    assert not transaction.served
    assert transaction.attributes == {"talkoo.changes": 1}
    assert request.resource["service.name"] == "talkoo"
    assert request.resource["service.instance.id"] == "north-1"
    assert all(headers["x-api-key"] == API_KEY for headers in watched.headers)


def test_the_address_of_no_route_is_not_told(node: Node, watched: Collector) -> None:
    asked = f"{node.url}/api/v1/canary-path?token=canary-query"
    assert httpx.get(asked).status_code == 404
    refused = httpx.get(f"{node.url}/api/v1/rooms/17")
    assert refused.status_code == 401
    span = wait_for(watched, "GET /api/v1/rooms/{room_id}")
    assert span.attributes["http.response.status_code"] == 401
    [nowhere] = watched.named("GET")
    told = {"http.request.method": "GET", "http.response.status_code": 404}
    assert nowhere.attributes == told
    # What is asked for all the time: the start has asked for /readyz.
    assert not [s for s in watched.spans() if s.attributes.get("http.route") == "/readyz"]
    assert b"canary-path" not in b"".join(watched.bodies)


async def test_a_command_is_told_with_its_transaction_and_delivery(
    node: Node, watched: Collector
) -> None:
    admin = sign_up(node)
    client = await Client().connect(node.url, {"token": admin.token})
    await client.live()
    made = await client.call("create_room", {"client_id": "b" * 8, "name": "canary-room"})
    say = {"client_id": "c" * 8, "room_id": made["data"]["room"]["id"], "text": "canary-text"}
    assert (await client.call("send_message", say))["ok"]
    await until(lambda: [e for e in client.events if e["type"] == "message_sent"])
    refused = await client.call("send_message", {**say, "room_id": 99, "client_id": "d" * 8})
    assert not refused["ok"]
    assert not (await client.call("canary-command", {"canary": 1}))["ok"]
    await client.close()

    of_admin = {"portal": admin.portal}
    command = wait_for(watched, "command send_message", end="done", **of_admin)
    assert command.served
    assert not command.parent
    assert command.attributes["talkoo.command"] == "send_message"
    transaction = child(watched, "transaction", command)
    handed_on = child(watched, "hand on", transaction)
    assert handed_on.attributes == {"talkoo.portal": admin.portal, "talkoo.events": 1}
    wait_for(watched, "command send_message", end="refused", **of_admin)
    unknown = wait_for(watched, "command unknown", end="refused", **of_admin)
    assert not unknown.failed

    # Whoever they are and whatever they wrote: it is in no byte that left.
    everything = b"".join(watched.bodies)
    for canary in admin.canaries:
        assert canary.encode() not in everything, canary


def test_only_a_trusted_proxy_says_where_a_request_belongs(node: Node, watched: Collector) -> None:
    trace, parent, unwanted = (secrets.token_hex(size) for size in (16, 8, 16))
    url = f"{node.url}/api/v1/me"
    with httpx.Client(transport=httpx.HTTPTransport(local_address=STRANGER)) as stranger:
        stranger.get(url, headers={"traceparent": f"00-{trace}-{parent}-01"})
    # The caller looks at none of it; nor do we then.
    httpx.get(url, headers={"traceparent": f"00-{unwanted}-{parent}-00"})
    httpx.get(url, headers={"traceparent": "00-nonsense-01"})
    httpx.get(url, headers={"traceparent": f"00-{trace}-{parent}-01"})

    def came() -> list[Told]:
        return watched.named("GET /api/v1/me")

    wait_until(lambda: len(came()) >= 3, within=PATIENCE, what="they came")
    [believed] = [span for span in came() if span.trace == trace]
    assert believed.parent == parent
    # The stranger's, and the one with nonsense.
    others = [span for span in came() if span.trace != trace]
    assert len(others) == 2
    assert all(span.trace != unwanted and not span.parent for span in others)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_changes_that_share_a_transaction_are_all_linked_to_it(
    collector: Collector, house: House
) -> None:
    admin = await house.make_portal()

    async def nothing(tx: Tx) -> None:
        return None

    async def command() -> None:
        with tracing.span("command"):
            await house.services.committer.commit(admin.portal, nothing)

    async with traced(collector.url, "here"):
        await asyncio.gather(*(command() for _ in range(10)))
    transactions = collector.named("transaction")
    asked = [place for span in transactions for place in (span.parent, *span.links)]
    assert sorted(asked) == sorted(span.id for span in collector.named("command"))
    assert any(span.links for span in transactions)
    assert sum(span.attributes["talkoo.changes"] for span in transactions) == 10


async def test_what_is_raised_is_told_by_its_kind_only(collector: Collector) -> None:
    async with traced(collector.url, "here"):
        with pytest.raises(ValueError, match="canary"), tracing.span("command"):
            raise ValueError("canary")
        with tracing.span("command") as span:
            span.note("command x", error="failed")
    raised, failed = collector.spans()
    assert raised.attributes == {"talkoo.raised": "ValueError"}
    assert failed.failed
    assert failed.attributes == {"error.type": "failed"}
    assert b"canary" not in b"".join(collector.bodies)


async def test_the_sampler_is_chosen_as_everywhere(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    async with traced(collector.url, "here"):
        with tracing.span("command"):
            pass
    assert collector.asked == 0


# --- When the collector is away ------------------------------------------------------------------


@pytest.mark.parametrize("way", ["refuses", "is silent"])
async def test_nobody_waits_for_a_collector_that(
    way: str, tmp_path: Path, collector: Collector
) -> None:
    collector.answers.clear()
    url = f"http://127.0.0.1:{free_port()}" if way == "refuses" else collector.url
    node = Node(tmp_path / "node", {"NO_PROXY": "127.0.0.1", "TALKOO_TRACES": url})
    node.talkoo("migrate")
    with node:
        admin = sign_up(node)
        client = await Client().connect(node.url, {"token": admin.token})
        await client.live()
        if way == "is silent":
            await until(lambda: collector.asked)
        for number in range(20):
            post = {"client_id": f"{number:08}", "text": "canary-text"}
            assert (await client.call("create_post", post))["ok"]
        await until(lambda: len([e for e in client.events if e["type"] == "post_created"]) == 20)
        await client.close()
        node.stop()
    assert "stopped" in node.last_lines(3)
    assert "Traceback" not in node.log.read_text()


async def test_it_is_told_seldom_that_nothing_is_taken_and_the_end_does_not_wait(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sending, "EVERY_MS", 10)
    monkeypatch.setattr(sending, "FLUSH_SECONDS", 60)
    monkeypatch.setattr(sending, "_SELDOM", sending._Seldom())
    # Those of 503 are tried again, for some seconds.
    collector.refusals = [400, 400, 503, 503, 503, 503, 503, 503]
    async with traced(collector.url, "here"):
        for asked in (1, 2, 3):
            with tracing.span("command"):
                pass
            await until(lambda asked=asked: collector.asked >= asked)
        ending = time.monotonic()
    assert time.monotonic() - ending < 5
    assert tracing.span("command") is tracing.UNTOLD
    told = [entry for entry in caplog.records if entry.name.startswith("opentelemetry")]
    assert [entry.levelno for entry in told] == [logging.ERROR]


async def test_spans_that_do_not_fit_are_dropped(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("WAITING", 64), ("TOGETHER", 16), ("EVERY_MS", 10)):
        monkeypatch.setattr(sending, name, value)
    collector.answers.clear()
    async with traced(collector.url, "here"):
        with tracing.span("first"):
            pass
        await until(lambda: collector.asked)
        for _ in range(1000):
            with tracing.span("command"):
                pass
        collector.answers.set()
    assert len(collector.named("first")) == 1
    assert len(collector.named("command")) == 64


# --- Without it ---------------------------------------------------------------------------------


class Plain(Node):
    """A node without the setting, which writes down each module that it loads."""

    def command(self) -> Sequence[str | Path]:
        python, *words = super().command()
        return [python, "-X", "importtime", *words]


class Bare(Node):
    """A node where the extra is not installed."""

    def command(self) -> Sequence[str | Path]:
        hidden = "import sys; sys.modules['opentelemetry'] = None; import server.cli as it; "
        return [sys.executable, "-c", f"{hidden} sys.exit(it.main())", "serve"]


def test_without_the_setting_nothing_that_sends_is_loaded(tmp_path: Path) -> None:
    node = Plain(tmp_path / "node")
    node.talkoo("migrate")
    with node:
        sign_up(node)
    loaded = node.log.read_text()
    assert "storage.tracing" in loaded
    # More of it may be there: redis-py loads, where it is installed, what it would count with.
    for module in ("server.tracing", "opentelemetry.exporter", "opentelemetry.sdk.trace"):
        assert module not in loaded


def test_without_the_setting_nothing_of_it_is_needed(tmp_path: Path) -> None:
    node = Bare(tmp_path / "node")
    node.talkoo("migrate")
    with node:
        sign_up(node)
        node.stop()
    assert "stopped" in node.last_lines(3)
    assert "Traceback" not in node.log.read_text()
