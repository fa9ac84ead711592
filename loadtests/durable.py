"""Durable messages a second on MariaDB: many senders, against one commit a message.

    python -m loadtests.durable

Both runs send messages through the same action on the same database, which has each commit on the
disk before it answers. The peer takes one message a transaction, as a server without group commit
would.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import uvloop

from loadtests.databases import durable_mariadb
from portal.chat.messages import send_message
from portal.chat.model import CreateRoom, SendMessage
from portal.chat.rooms import create_room
from portal.context import Context
from portal.limits import Limits
from storage.commit import Committer
from storage.log import Event
from tests.house import House, open_house, prepare
from tests.walk.hashing import cheap_passwords

TEXT = "x" * 150
# Alone, messages take so long that fewer must do.
ALONE = 600
TOGETHER = 6000


@dataclass(frozen=True)
class Figures:
    """Messages a second, and the CPU time of this process for each."""

    rate: float
    cpu_us: float


@dataclass(frozen=True)
class Sender:
    """Somebody with a room to write in."""

    context: Context
    room_id: int

    async def send(self, count: int) -> None:
        """Sends one message after the other."""
        for _ in range(count):
            request = SendMessage(client_id=uuid.uuid4().hex, room_id=self.room_id, text=TEXT)
            await send_message(self.context, request)


async def nobody(_portal_id: int, _events: list[Event]) -> None:
    """Without a bus: what is measured is the store."""


async def settle(house: House, portals: int, senders: int) -> list[Sender]:
    """So many portals with so many senders each, all of a portal in one room."""
    found: list[Sender] = []
    for _ in range(portals):
        admin = await house.make_portal()
        others = [await house.join(admin, f"Sender {n}") for n in range(senders - 1)]
        ids = [other.me.user_id for other in others]
        wanted = CreateRoom(client_id=uuid.uuid4().hex, name="All", user_ids=ids)
        room_id = (await create_room(admin, wanted)).room.id
        found += [Sender(context, room_id) for context in (admin, *others)]
    return found


async def run(house: House, senders: Sequence[Sender], together: bool) -> Figures:
    """Everybody sends at the same time."""
    shards = house.services.shards
    committer = Committer(shards, nobody) if together else Committer(shards, nobody, batch=1)
    services = replace(house.services, committer=committer)
    ready = [replace(s, context=replace(s.context, services=services)) for s in senders]
    each = max(1, (TOGETHER if together else ALONE) // len(ready))
    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(sender.send(each) for sender in ready))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    sent = each * len(ready)
    return Figures(sent / wall, cpu * 1e6 / sent)


async def measure(url: str, portals: int, senders: int) -> tuple[Figures, Figures]:
    """One a commit, and together."""
    await prepare(url)
    limits = Limits().model_copy(update={"plan_free_people": 1000})
    with tempfile.TemporaryDirectory() as folder:
        async with open_house(url, Path(folder), limits) as house:
            people = await settle(house, portals, senders)
            return await run(house, people, together=False), await run(house, people, together=True)


# By name: portals, and senders in each.
CROWDS = {"one portal, 100 senders": (1, 100), "50 portals, 4 senders each": (50, 4)}


def main() -> None:
    """Measures each crowd and prints both ways."""
    for name, (portals, senders) in CROWDS.items():
        with durable_mariadb() as mariadb, cheap_passwords():
            url = mariadb.create_database("talkoo")
            alone, together = uvloop.run(measure(url, portals, senders))
        print(name)
        for way, found in (("one a commit", alone), ("together", together)):
            print(f"  {way:14}{found.rate:8.0f} messages/s{found.cpu_us:8.0f} us CPU each")
        print(
            f"  {'ratio':14}{together.rate / alone.rate:8.1f} times the rate,"
            f" {together.cpu_us / alone.cpu_us:.2f} of the CPU",
            flush=True,
        )


if __name__ == "__main__":
    main()
