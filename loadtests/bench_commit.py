"""Durable messages a second: many senders of one portal, against one commit a message.

    python -m loadtests.bench_commit                       SQLite in a temporary folder
    python -m loadtests.bench_commit --database mysql+aiomysql://user:password@host/name

Both runs send the same messages through the same action on the same database; the peer takes one
message a transaction, as a server without group commit would.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from portal.chat.messages import send_message
from portal.chat.model import CreateRoom, SendMessage
from portal.chat.rooms import create_room
from portal.context import Context
from storage.commit import Committer
from storage.log import Event
from tests.house import House, open_house, prepare

SENDERS = 8
MESSAGES = 1000


async def nobody(_portal_id: int, _events: list[Event]) -> None:
    """Without a bus: what is measured is the store."""


async def run(
    house: House, people: Sequence[Context], room_id: int, batch: int
) -> tuple[float, float]:
    """Sends the messages; returns seconds of wall clock and of this process's CPU."""
    committer = Committer(house.services.shards, nobody, batch=batch)
    services = replace(house.services, committer=committer)
    senders = [replace(person, services=services) for person in people]

    async def send(sender: Context) -> None:
        for _ in range(MESSAGES // SENDERS):
            request = SendMessage(client_id=uuid.uuid4().hex, room_id=room_id, text="x" * 150)
            await send_message(sender, request)

    wall, cpu = time.perf_counter(), time.process_time()
    # Several at once a sender, as many people at their keyboards would.
    await asyncio.gather(*(send(sender) for sender in senders for _ in range(4)))
    return time.perf_counter() - wall, time.process_time() - cpu


async def measure(url: str, folder: Path) -> None:
    """Runs both and prints their figures and the ratio."""
    await prepare(url)
    async with open_house(url, folder) as house:
        admin = await house.make_portal()
        others = [await house.join(admin, f"Sender {n}") for n in range(SENDERS - 1)]
        request = CreateRoom(
            client_id=uuid.uuid4().hex, name="All", user_ids=[o.me.user_id for o in others]
        )
        room = (await create_room(admin, request)).room
        rates: list[float] = []
        for name, batch in (("one a commit", 1), ("in groups", 100)):
            wall, cpu = await run(house, [admin, *others], room.id, batch)
            sent = 4 * MESSAGES
            rates.append(sent / wall)
            print(f"{name:14} {sent / wall:8.0f} messages/s {1e6 * cpu / sent:8.0f} us CPU each")
        print(f"ratio          {rates[1] / rates[0]:8.1f}")


def main() -> None:
    """Reads the command line and measures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--database", help="SQLAlchemy address; default: SQLite, temporary")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = wanted.database or f"sqlite+aiosqlite:///{folder}/bench.db"
        asyncio.run(measure(url, Path(folder)))


if __name__ == "__main__":
    main()
