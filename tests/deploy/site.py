"""A site as operators have it: some nodes on one MariaDB and one Redis, a balancer before them."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import itertools
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from portal.chat.model import CreateRoom
from portal.chat.rooms import create_room
from portal.limits import Limits
from storage.schema import directory_portals
from tests.deploy.balancers import Balancer, Certificate
from tests.deploy.device import Device
from tests.house import House, open_house
from tests.services.node import Node
from tests.services.ports import free_port
from tests.services.processes import wait_until
from tests.services.redis import Redis
from tests.walk.hashing import cheap_passwords

PEOPLE = 8
LIMITS = {"plan_free_people": 1000, "attempts_caller": 10_000, "commands_per_second": 1000}


@dataclass(frozen=True)
class Person:
    """Somebody of the portal, logged in."""

    email: str
    token: str


@dataclass
class Site:
    """The running parts, and a portal with people in one room."""

    balancer: Balancer
    nodes: list[Node]
    redis: Redis
    address: str
    room_id: int
    people: list[Person]

    @property
    def portal(self) -> str:
        """The portal's address, through the balancer."""
        return self.balancer.portal_url(self.address)

    def devices(self, transport: str) -> list[Device]:
        """One for each person, all from one address."""
        return [Device(self.balancer, person.token, transport) for person in self.people]

    def spread_devices(self, transport: str) -> list[Device]:
        """One for each person; of their addresses the balancer sends half to each node."""
        devices = self.devices(transport)
        left = [devices[::2], devices[1::2]]
        for n in itertools.count(1):
            address = f"127.0.{n // 250 + 1}.{n % 250 + 1}"
            theirs = left[self.answered(self._ask("/healthz?transport=polling", address))]
            if theirs:
                theirs.pop().address = address
            if not any(left):
                return devices
        raise AssertionError

    async def say(self, device: Device, text: str) -> str:
        """Sends a message to the room; the answer says that it is kept."""
        body = {"room_id": self.room_id, "client_id": uuid.uuid4().hex, "text": text}
        await device.command("send_message", body)
        return text

    async def talk(self, devices: Sequence[Device], text: str, count: int = 1) -> list[str]:
        """Everybody says so many things, and everybody hears all of them."""
        before = [len(device.heard) for device in devices]

        async def one(n: int, device: Device) -> list[str]:
            return [await self.say(device, f"{text} {n}.{k}") for k in range(count)]

        answers = await asyncio.gather(*(one(n, device) for n, device in enumerate(devices)))
        said = [text for texts in answers for text in texts]

        def heard() -> bool:
            return all(
                len(device.heard) - known >= len(said)
                for device, known in zip(devices, before, strict=True)
            )

        await until(heard, "everybody hears everything")
        return said

    def answered(self, request_id: str) -> int:
        """Which of the nodes answered a request, from their logs."""
        found: list[int] = []

        def logged() -> bool:
            logs = [node.log.read_text(errors="replace") for node in self.nodes]
            found[:] = [n for n, log in enumerate(logs) if request_id in log]
            return bool(found)

        wait_until(logged, within=10, what="a node logs the request")
        assert len(found) == 1, f"{request_id} came to nodes {found}"
        return found[0]

    def mend(self) -> None:
        """Starts what a test has ended, and waits until the balancer knows."""
        for service in (self.redis, *self.nodes):
            if not service.running:
                service.kill()
                service.start()
        for node in self.nodes:
            wait_until(node.is_ready, within=30, what="the node is ready")
        wait_until(
            lambda: self.balancer.trusts(len(self.nodes)), within=30, what="the balancer trusts all"
        )

    def _ask(self, path: str, address: str) -> str:
        """As a program at an address; returns the id of the request."""
        line = http.client.HTTPSConnection(
            "127.0.0.1",
            self.balancer.port,
            source_address=(address, 0),
            context=self.balancer.trust,
            timeout=30,
        )
        with contextlib.closing(line):
            line.request("GET", path)
            return line.getresponse().headers["x-request-id"]


async def until(condition: Callable[[], bool], what: str, within: float = 30) -> None:
    """Returns when it holds, and lets the devices go on meanwhile."""
    try:
        async with asyncio.timeout(within):
            while not condition():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"not within {within:g} s: {what}") from None


@contextmanager
def open_site(
    kind: type[Balancer], database_url: str, folder: Path, count: int = 2
) -> Iterator[Site]:
    """Starts everything before a migrated database, and stops it again."""
    with cheap_passwords():
        address, room_id, people = asyncio.run(_settle(database_url, folder / "blobs"))
    ports = [free_port() for _ in range(count)]
    with ExitStack() as running:
        redis = running.enter_context(Redis(folder / "redis"))
        balancer = kind(folder / kind.name, Certificate.make(folder), ports)
        settings = {
            "TALKOO_DATABASE": database_url,
            "TALKOO_REDIS": redis.url,
            "TALKOO_PUBLIC_URL": balancer.url,
            "TALKOO_TRUSTED_PROXIES": "127.0.0.1",
            "TALKOO_LOG_LEVEL": "debug",
            "TALKOO_LOG_FORMAT": "json",
            **{f"TALKOO_LIMITS__{name.upper()}": str(value) for name, value in LIMITS.items()},
        }
        nodes = [
            Node(folder / f"node{n}", settings, port=port) for n, port in enumerate(ports, start=1)
        ]
        for node in nodes:
            node.launch()
            running.callback(node.stop)
        for node in nodes:
            node.wait_ready()
        running.enter_context(balancer)
        site = Site(balancer, nodes, redis, address, room_id, people)
        site.mend()
        yield site


async def _settle(database_url: str, folder: Path) -> tuple[str, int, list[Person]]:
    limits = Limits().model_copy(update=LIMITS)
    async with open_house(database_url, folder, limits) as house:
        admin = await house.make_portal()
        others = [await house.join(admin, f"Person {n}") for n in range(PEOPLE - 1)]
        everyone = [context.me.user_id for context in others]
        made = await create_room(
            admin, CreateRoom(client_id=uuid.uuid4().hex, name="Everyone", user_ids=everyone)
        )
        people = [
            Person(house.emails[admin.portal, who.me.user_id], await house.token(who))
            for who in (admin, *others)
        ]
        return await _address(house, admin.portal), made.room.id, people


async def _address(house: House, portal_id: int) -> str:
    column = directory_portals.c.address
    asked = select(column).where(directory_portals.c.portal_id == portal_id)
    async with house.services.shards.directory.read() as statements:
        found: str = await statements.scalar(asked)
        return found
