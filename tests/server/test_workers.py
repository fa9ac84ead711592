"""Several workers at one address: all of them serve, and none is missed when it goes."""

from __future__ import annotations

import asyncio
import os
import signal
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from portal.chat.model import CreateRoom
from portal.chat.rooms import create_room
from portal.limits import Limits
from tests.deploy.device import Device, all_of, assert_whole
from tests.house import open_house
from tests.realtime.client import until
from tests.services.node import Node
from tests.services.processes import wait_until
from tests.services.redis import Redis

pytestmark = [pytest.mark.mariadb, pytest.mark.redis, pytest.mark.timeout(180)]

LIMITS = {"plan_free_people": 1000, "attempts_caller": 10_000, "commands_per_second": 1000}
PEOPLE = 8


class Workers(Node):
    """`talkoo serve --workers 2`."""

    def command(self) -> Sequence[str | Path]:
        return [*super().command(), "--workers", "2"]

    @property
    def worker_pids(self) -> set[int]:
        """The processes that serve, and those that are leaving."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return {int(pid) for pid in children.split()}


def settings(mariadb_url: str, redis: Redis, **more: str) -> dict[str, str]:
    limits = {f"TALKOO_LIMITS__{name.upper()}": str(value) for name, value in LIMITS.items()}
    own = {"TALKOO_REDIS_PREFIX": uuid.uuid4().hex[:12]}
    return {"TALKOO_DATABASE": mariadb_url, "TALKOO_REDIS": redis.url, **own, **limits, **more}


@pytest.fixture
def proxied(mariadb_url: str, redis: Redis, tmp_path: Path) -> Iterator[Workers]:
    """As behind a proxy on this machine: any worker may get a connection."""
    trusting = settings(mariadb_url, redis, TALKOO_TRUSTED_PROXIES="127.0.0.1")
    with Workers(tmp_path / "node", trusting) as node:
        yield node


@dataclass
class Company:
    """People of one portal in one room."""

    room_id: int
    tokens: list[str]

    def devices(self, node: Workers, transport: str = "websocket") -> list[Device]:
        """One of each person, each from an address of its own."""
        return [
            Device(Door(node.url), token, transport, f"127.0.0.{n + 1}")
            for n, token in enumerate(self.tokens)
        ]

    async def talk(self, devices: Sequence[Device], count: int) -> list[str]:
        """Each says so many things, each until it is answered."""
        texts = await asyncio.gather(*(self._say(device, count) for device in devices))
        return [text for some in texts for text in some]

    async def _say(self, device: Device, count: int) -> list[str]:
        texts = [uuid.uuid4().hex for _ in range(count)]
        for text in texts:
            body = {"room_id": self.room_id, "client_id": text, "text": text}
            await device.command("send_message", body)
        return texts


@dataclass(frozen=True)
class Door:
    """A server without a balancer."""

    url: str
    trust: bool = True


async def until_whole(devices: Sequence[Device], said: Sequence[str]) -> None:
    """Everybody hears everything, once, and nobody had to begin anew."""
    await until(lambda: all(len(device.heard) >= len(said) for device in devices), seconds=30)
    assert_whole(devices, said)
    assert [device.resyncs for device in devices] == [["first"]] * len(devices)


@pytest.fixture
async def company(mariadb_url: str, tmp_path: Path) -> AsyncIterator[Company]:
    limits = Limits().model_copy(update=LIMITS)
    async with open_house(mariadb_url, tmp_path / "blobs", limits) as house:
        admin = await house.make_portal()
        others = [await house.join(admin, f"Person {n}") for n in range(PEOPLE - 1)]
        ids = [context.me.user_id for context in others]
        room = CreateRoom(client_id=uuid.uuid4().hex, name="Everyone", user_ids=ids)
        made = await create_room(admin, room)
        yield Company(made.room.id, [await house.token(who) for who in (admin, *others)])


async def nodes_of(node: Node, token: str) -> set[str]:
    """The nodes that connections of the portal are on, as its admin sees them."""
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient() as http:
        answer = await http.get(f"{node.url}/api/v1/connections", headers=headers)
    assert answer.status_code == 200, answer.text
    return {connection["node"] for connection in answer.json()["connections"]}


async def test_all_workers_serve_and_each_has_a_door_of_its_own(
    proxied: Workers, company: Company
) -> None:
    async with all_of(company.devices(proxied)) as devices:
        await until_whole(devices, await company.talk(devices, 5))
        assert len(await nodes_of(proxied, company.tokens[0])) == 2
    for number in range(2):
        assert httpx.get(f"http://127.0.0.1:{proxied.port + 1 + number}/readyz").status_code == 200


async def test_a_killed_worker_is_replaced(proxied: Workers, company: Company) -> None:
    async with all_of(company.devices(proxied)) as devices:
        killed = min(proxied.worker_pids)
        talking = asyncio.create_task(company.talk(devices, 50))
        await until(lambda: len(devices[0].heard) > 100, seconds=60)
        os.kill(killed, signal.SIGKILL)
        said = await talking
        await until(lambda: len(proxied.worker_pids - {killed}) == 2, seconds=30)
        await until_whole(devices, said)
        assert {device.connects > 1 for device in devices} == {True, False}


async def test_workers_are_renewed_one_by_one(proxied: Workers, company: Company) -> None:
    async with all_of(company.devices(proxied)) as devices, httpx.AsyncClient() as http:
        before = proxied.worker_pids
        talking = asyncio.create_task(company.talk(devices, 100))
        await until(lambda: len(devices[0].heard) > 100, seconds=60)
        os.kill(proxied.pid, signal.SIGHUP)
        while "workers_renewed" not in proxied.log.read_text():
            assert (await http.get(f"{proxied.url}/healthz")).status_code == 200
        await until_whole(devices, await talking)
        assert not before & proxied.worker_pids
        assert len(proxied.worker_pids) == 2


async def test_who_polls_meets_the_same_worker(
    mariadb_url: str, redis: Redis, tmp_path: Path, company: Company
) -> None:
    with Workers(tmp_path / "node", settings(mariadb_url, redis)) as node:
        async with all_of(company.devices(node, "polling")) as devices:
            await until_whole(devices, await company.talk(devices, 5))
            assert len(await nodes_of(node, company.tokens[0])) == 2
            assert [device.connects for device in devices] == [1] * PEOPLE


def test_they_end_in_order(proxied: Workers) -> None:
    process_ids = proxied.worker_pids
    os.kill(proxied.pid, signal.SIGTERM)
    wait_until(lambda: not proxied.running, within=30, what="it ends")
    assert proxied.exit_code == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in process_ids)
    assert "Traceback" not in proxied.log.read_text()


def test_they_do_not_outlive_their_parent(proxied: Workers) -> None:
    process_ids = proxied.worker_pids
    os.kill(proxied.pid, signal.SIGKILL)

    def ended() -> bool:
        return not any(Path(f"/proc/{pid}").exists() for pid in process_ids)

    wait_until(ended, within=30, what="the workers notice")


def test_without_redis_it_says_what_is_missing(tmp_path: Path) -> None:
    node = Workers(tmp_path / "node")
    node.launch()
    wait_until(lambda: not node.running, within=30, what="it gives up")
    assert node.exit_code == 1
    assert "several workers need redis and database" in node.last_lines()


def test_a_database_that_is_not_migrated_is_said_in_words(tmp_path: Path, redis: Redis) -> None:
    empty = {"TALKOO_DATABASE": f"sqlite:///{tmp_path / 'new.db'}", "TALKOO_REDIS": redis.url}
    node = Workers(tmp_path / "node", empty)
    node.launch()
    wait_until(lambda: not node.running, within=30, what="it gives up")
    assert node.exit_code == 1
    assert "talkoo migrate" in node.last_lines()
