"""The judge: compares what clients were told with what the store holds, after the faults."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from storage.schema import events, messages
from storage.shards import Shards
from tests.faults.client import HoldingClient

# After the faults end everybody must have everything within this time (the poll's two seconds,
# a reconnection's back-off, and a slow machine).
CONVERGE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Stored:
    """A message as the store has it."""

    id: int
    seq: int
    client_id: str


@dataclass
class Verdict:
    """What was found wrong; every list must be empty."""

    acked_lost: list[str] = field(default_factory=list[str])
    stored_twice: list[str] = field(default_factory=list[str])
    never_asked: list[str] = field(default_factory=list[str])
    holes: list[int] = field(default_factory=list[int])
    undelivered: list[str] = field(default_factory=list[str])
    repeated: list[str] = field(default_factory=list[str])
    out_of_order: list[str] = field(default_factory=list[str])
    foreign: list[str] = field(default_factory=list[str])

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not any(vars(self).values())


async def stored_messages(shards: Shards, portal_id: int, room_id: int) -> list[Stored]:
    """The messages of a room, by seq."""
    async with (await shards.home(portal_id)).read() as statements:
        rows = await statements.all(
            select(messages.c.id, messages.c.seq, messages.c.client_id)
            .where(messages.c.portal_id == portal_id, messages.c.room_id == room_id)
            .order_by(messages.c.seq)
        )
    return [Stored(row.id, row.seq, row.client_id) for row in rows]


async def positions(shards: Shards, portal_id: int) -> list[int]:
    """All positions of a portal's log."""
    async with (await shards.home(portal_id)).read() as statements:
        rows = await statements.all(
            select(events.c.position)
            .where(events.c.portal_id == portal_id)
            .order_by(events.c.position)
        )
    return [row.position for row in rows]


async def converge(clients: Sequence[HoldingClient], room_id: int, count: int) -> None:
    """Returns when every client has ``count`` messages, or when the time is up."""
    end = time.monotonic() + CONVERGE_SECONDS
    while time.monotonic() < end:
        if all(len(client.messages(room_id)) >= count for client in clients):
            return
        await asyncio.sleep(0.05)


async def judge(
    shards: Shards,
    portal_id: int,
    room_id: int,
    clients: Sequence[HoldingClient],
    asked: set[str],
    before: int = 0,
) -> Verdict:
    """Compares clients and store. ``before`` messages were sent before the clients came."""
    verdict = Verdict()
    store = (await stored_messages(shards, portal_id, room_id))[before:]
    await converge(clients, room_id, len(store))
    ids = [message.client_id for message in store]
    verdict.stored_twice = sorted({i for i in ids if ids.count(i) > 1})
    verdict.never_asked = [i for i in ids if i not in asked]
    for client in clients:
        verdict.acked_lost += [i for i in client.acked if i not in set(ids)]
        _judge_client(verdict, client, room_id, ids)
    seqs = [message.seq for message in store]
    verdict.holes += [s for n, s in enumerate(seqs, before + 1) if s != n]
    log = await positions(shards, portal_id)
    verdict.holes += [b for a, b in itertools.pairwise(log) if b != a + 1]
    return verdict


def _judge_client(verdict: Verdict, client: HoldingClient, room_id: int, ids: list[str]) -> None:
    got = [message["client_id"] for message in client.messages(room_id)]
    verdict.undelivered += [i for i in ids if i not in set(got)]
    verdict.foreign += [i for i in got if i not in set(ids)]
    verdict.repeated += [f"{d.type}@{d.position}" for d in client.repeated]
    verdict.repeated += [i for i in set(got) if got.count(i) > 1]
    if [i for i in ids if i in set(got)] != got:
        verdict.out_of_order.append(f"{len(got)} deliveries")
