"""The people of a portal, each with a client that holds on, and what they do all day."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from portal.chat.model import AddMembers, CreateRoom
from portal.chat.rooms import add_members, create_room
from portal.context import Context
from portal.limits import Limits
from storage.commit import Committer
from storage.session_book import SessionBook
from tests.faults.client import HoldingClient, Refused, Sent
from tests.faults.cluster import DIRECTORY, LIMITS, Cluster
from tests.faults.judge import Verdict, describe, judge, wrong_presence
from tests.faults.truth import Truth, read_truth
from tests.house import House, open_house
from tests.walk.hashing import cheap_passwords

# After the faults end everybody must have everything within this time (the poll's two seconds,
# a reconnection's back-off, and a slow machine).
CONVERGE_SECONDS = 20.0
# A node that died is believed for fifteen seconds, and looked for every five.
PRESENCE_SECONDS = 22.0
# What a client gets for no reason comes about now.
QUIET_SECONDS = 0.3


@dataclass
class Company:
    """People of one portal: in one room all of them, in the club now these and now those."""

    cluster: Cluster
    portal_id: int
    room_id: int
    club_id: int
    clients: list[HoldingClient]
    # Who is in the club, as far as the admin knows.
    club: set[int] = field(default_factory=set[int])

    async def send(
        self, client: HoldingClient, text: str = "", room_id: int = 0, tries: int = 0
    ) -> Sent:
        """Sends one message, until it is answered unless ``tries`` says otherwise."""
        client_id = uuid.uuid4().hex
        text = text or f"message {client_id}"
        return await client.send(room_id or self.room_id, client_id, text, tries)

    async def all_send(self, count: int = 1) -> None:
        """Everybody who is here sends some messages, one after the other."""

        async def some(client: HoldingClient) -> None:
            for _ in range(count):
                await self.send(client)

        await asyncio.gather(*(some(client) for client in self.clients if client.here))

    async def change_club(self, user_id: int) -> None:
        """The admin takes someone into the club, or out of it."""
        admin = self.clients[0]
        if user_id in self.club:
            self.club.discard(user_id)
            body = {"room_id": self.club_id, "user_id": user_id}
            # Refused is the second try of one that took effect without an answer.
            await _unless_refused(admin, "remove_member", body)
        else:
            self.club.add(user_id)
            await admin.command("add_members", {"room_id": self.club_id, "user_ids": [user_id]})

    # --- In the end ---------------------------------------------------------------------------

    async def settle(self, within: float, presence_within: float) -> None:
        """Returns when every client has what is for it and shows who is here, or too late."""
        here = [client for client in self.clients if client.here]
        deadline = time.monotonic() + within
        await _until(lambda: all(client.live for client in here), deadline)
        truth = await self.truth()
        newest = {client.user_id: truth.newest_for(client.user_id) for client in here}

        def all_have_it() -> bool:
            return all(c.live and (c.position or 0) >= newest[c.user_id] for c in here)

        await _until(all_have_it, deadline)
        await self.see_each_other(presence_within)
        await asyncio.sleep(QUIET_SECONDS)

    async def see_each_other(self, within: float = PRESENCE_SECONDS) -> None:
        """Returns when every client shows who is here, or too late."""
        await _until(lambda: not wrong_presence(self.clients), time.monotonic() + within)

    async def truth(self) -> Truth:
        """What the store holds now, read past all proxies."""
        shards = self.cluster.ground.shards()
        try:
            return await read_truth(shards, self.portal_id)
        finally:
            await shards.close()

    async def judged(
        self, within: float = CONVERGE_SECONDS, presence_within: float = PRESENCE_SECONDS
    ) -> tuple[Verdict, str]:
        """The verdict once the company has settled, and what it says in words."""
        await self.settle(within, presence_within)
        truth = await self.truth()
        verdict = judge(truth, self.clients, presence=presence_within > 0)
        return verdict, describe(verdict, truth, self.clients)


async def _until(condition: Callable[[], bool], deadline: float) -> None:
    while not condition() and time.monotonic() < deadline:
        await asyncio.sleep(0.05)


async def assert_clean(companies: Sequence[Company]) -> None:
    """Fails with the whole story unless every invariant holds in every company."""
    judged = await asyncio.gather(*(company.judged() for company in companies))
    stories = [
        f"portal {company.portal_id}\n{story}"
        for company, (verdict, story) in zip(companies, judged, strict=True)
        if not verdict.clean
    ]
    if stories:
        faults = [f"  {at:7.3f} {fault}" for at, fault in companies[0].cluster.faults]
        raise AssertionError("\n".join(["the faults:", *faults, *stories]))


@asynccontextmanager
async def open_companies(
    cluster: Cluster, folder: Path, people: int = 6, seed: int = 1
) -> AsyncGenerator[tuple[Company, Company]]:
    """Two portals whose numbers are the same, with everybody connected, spread over the nodes."""
    chance = random.Random(seed)
    limits = Limits().model_copy(update=LIMITS)
    cluster.ground.align()
    with cheap_passwords():
        async with (
            open_house(cluster.mariadb.url(DIRECTORY), folder / "blobs", limits) as house,
            _on_shards(house, cluster) as both,
        ):
            made = [await _make_company(both, cluster, people, chance) for _ in range(2)]
            first, second = made
            assert first.room_id == second.room_id, "the numbers of the portals do not overlap"
            assert first.clients[0].user_id == second.clients[0].user_id
            clients = [*first.clients, *second.clients]
            try:
                await asyncio.gather(*(client.start() for client in clients))
                yield first, second
            finally:
                await asyncio.gather(*(client.stop() for client in clients))


@asynccontextmanager
async def _on_shards(house: House, cluster: Cluster) -> AsyncGenerator[House]:
    """The house with the portals on two shards."""
    shards = cluster.ground.shards()

    async def unheard(portal_id: int, events: object) -> None:
        # Nodes find it in the log.
        return None

    committer = Committer(shards, unheard)
    services = replace(
        house.services, shards=shards, sessions=SessionBook(shards), committer=committer
    )
    try:
        yield replace(house, services=services)
    finally:
        await shards.close()


async def _make_company(
    house: House, cluster: Cluster, people: int, chance: random.Random
) -> Company:
    admin = await house.make_portal()
    others = [await house.join(admin, f"Person {n}") for n in range(people - 1)]
    room = await _room(admin, "Everyone", others)
    club = await _room(admin, "Club", others[:-1])
    users = [context.me.user_id for context in (admin, *others)]
    clients = [
        HoldingClient(
            user_id=context.me.user_id,
            urls=cluster.urls[n % 2 :] + cluster.urls[: n % 2],
            token=await house.token(context),
            # Every other one of those on each node.
            with_tickets=n % 4 < 2,
            watched=users,
            chance=random.Random(chance.random()),
        )
        for n, context in enumerate((admin, *others))
    ]
    return Company(cluster, admin.portal, room, club, clients, set(users[:-1]))


async def _room(admin: Context, name: str, others: Sequence[Context]) -> int:
    user_ids = [context.me.user_id for context in others]
    made = await create_room(admin, CreateRoom(client_id=uuid.uuid4().hex, name=name))
    await add_members(admin, AddMembers(room_id=made.room.id, user_ids=user_ids))
    return made.room.id


async def _unless_refused(client: HoldingClient, name: str, body: dict[str, Any]) -> None:
    """Somebody may have deleted the message, or taken its author out of the room."""
    with contextlib.suppress(Refused):
        await client.command(name, body)


# --- What they do all day ---------------------------------------------------------------------


class Traffic:
    """Everybody sends, edits and deletes, and the admin changes the club, until it ends."""

    def __init__(self, company: Company, seed: int = 1, pause: float = 0.08) -> None:
        self._company = company
        self._chance = random.Random(seed)
        self._pause = pause
        self._ending = False
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Traffic:
        for client in self._company.clients:
            self._tasks.append(asyncio.create_task(self._work(client)))
        self._tasks.append(asyncio.create_task(self._change_club()))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ending = True
        try:
            async with asyncio.timeout(60):
                await asyncio.gather(*self._tasks)
        finally:
            for task in self._tasks:
                task.cancel()

    @property
    def sends(self) -> int:
        """How many messages were answered."""
        sent = (s for client in self._company.clients for s in client.sent.values())
        return sum(1 for one in sent if one.answer is not None)

    async def _rest(self) -> None:
        await asyncio.sleep(self._chance.uniform(0.0, 2 * self._pause))

    async def _work(self, client: HoldingClient) -> None:
        while not self._ending and client.here:
            await self._one_thing(client)
            await self._rest()

    async def _one_thing(self, client: HoldingClient) -> None:
        company, choice = self._company, self._chance.random()
        mine = [s.answer["message"]["id"] for s in client.sent.values() if s.answer]
        if choice < 0.15 and mine:
            body = {"message_id": self._chance.choice(mine[-5:]), "text": uuid.uuid4().hex}
            await _unless_refused(client, "edit_message", body)
        elif choice < 0.2 and mine:
            body = {"message_id": self._chance.choice(mine[-5:])}
            await _unless_refused(client, "delete_message", body)
        elif choice < 0.4 and client.user_id in company.club:
            await company.send(client, room_id=company.club_id)
        else:
            # Some give up when no answer comes: of these nobody knows whether they were sent.
            await company.send(client, tries=self._chance.choice((0, 0, 0, 1)))

    async def _change_club(self) -> None:
        changing = [client.user_id for client in self._company.clients[2:]]
        while not self._ending and changing and self._company.clients[0].here:
            await self._company.change_club(self._chance.choice(changing))
            await self._rest()
