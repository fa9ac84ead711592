"""``talkoo demo``: a believable company, made through the same actions as a real one.

Only time is another: each change is told that it happens when it should have happened.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Coroutine, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from portal import catalogue
from portal.accounts.model import UpdateProfile
from portal.accounts.people import add_user
from portal.accounts.sign_up import create_portal
from portal.chat.model import (
    CreateRoom,
    MarkRead,
    OpenDirectRoom,
    RoomAnswer,
    Rooms,
    SendMessage,
)
from portal.context import Actor, Context, Role, Services
from portal.errors import conflict
from portal.feed.model import CreatePost, LikePost, MarkFeedRead, PostAnswer
from portal.model import Nothing
from server.demo_company import COMPANY, PAIRS, PEOPLE, POSTS, PRIVATE_POST, ROOMS, SLOTS
from storage import accounts
from storage import presence as sightings
from storage.changes import lone
from storage.commit import Change, Committer, Key, Tx
from storage.database import now_ms

T = TypeVar("T")

# Nobody is logged in while the demo is made.
NO_SESSION = 1
MESSAGES = 3000
DIRECT_SHARE = 5
_MINUTE = 60_000
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
# As many changes as one transaction takes.
_TOGETHER = 60

_at: ContextVar[int] = ContextVar("_at")


class PastCommitter(Committer):
    """Commits changes as if they happened at the time that `then` gave them."""

    async def commit(
        self,
        portal_id: int,
        change: Change[T],
        key: Key | None = None,
        item: object = None,
        user_id: int = 0,
    ) -> T:
        """Runs a change at its time, and so by itself."""
        at, run = _at.get(now_ms()), lone(change, item)

        async def in_the_past(tx: Tx) -> T:
            tx.now = at
            return await run(tx)

        return await super().commit(portal_id, in_the_past, key, item, user_id)


@dataclass(slots=True)
class Line:
    """Somebody says something somewhere, at some time."""

    at: int
    who: int
    room_id: int
    text: str


class Company:
    """The portal while it is being filled. People are known by their place in PEOPLE."""

    def __init__(self, services: Services, portal_id: int, days: int, seed: int = 7) -> None:
        self.services = services
        self.portal_id = portal_id
        self.chance = random.Random(seed)
        self.now = now_ms()
        self.first = self.now - days * _DAY
        self.ids: list[int] = []

    def context(self, who: int) -> Context:
        """A request of somebody."""
        role = cast("Role", PEOPLE[who][2])
        return Context(
            self.services, self.portal_id, Actor(self.portal_id, self.ids[who], role, NO_SESSION)
        )

    async def do(self, who: int, name: str, request: Any, at: int | None = None) -> Any:
        """Somebody does something, at a time."""
        _at.set(self.now if at is None else at)
        return await catalogue.OPERATIONS[name].call(self.context(who), request)

    def client_id(self) -> str:
        """A new one."""
        return f"demo-{self.chance.getrandbits(64):016x}"

    def fill(self, text: str) -> str:
        """A text with its slots filled."""
        number = self.chance.randint(4, 30)
        values = {name: self.chance.choice(choices) for name, choices in SLOTS.items()}
        return text.format(
            n=number,
            half=max(2, number // 2),
            pct=self.chance.randint(5, 25),
            week=self.chance.randint(2, 51),
            order=self.chance.randint(4100, 4999),
            **values,
        )

    def working_time(self) -> int:
        """A moment of some working day."""
        while True:
            at = self.chance.randint(self.first, self.now - _HOUR)
            day, hour = at // _DAY, (at % _DAY) / _HOUR
            # 1970 began on a Thursday. Hours are UTC: Finland works from seven to four.
            if (day + 3) % 7 < 5 and 5 <= hour <= 14:
                return at


async def fill(services: Services, address: str, days: int) -> str:
    """Makes the portal; returns how to log in."""
    if await services.shards.find(address) is not None:
        raise conflict("address-taken", f"There is a portal {address} already; try --address.")
    past = PastCommitter(services.shards, services.committer.published)
    services = replace(services, committer=past)
    password = f"demo-{secrets.token_hex(4)}"
    company = await _found(services, address, days, password)
    rooms = await _make_rooms(company)
    await _talk(company, rooms)
    await _post(company)
    await _read(company)
    return _told(services, address, password)


def _email(who: int) -> str:
    letters = str.maketrans("äöåé", "aoae")
    first, last = PEOPLE[who][0].lower().translate(letters).split()
    return f"{first}.{last}@kuusipuu.example"


async def _found(services: Services, address: str, days: int, password: str) -> Company:
    portal = await create_portal(
        services,
        name=COMPANY,
        address=address,
        email=_email(0),
        password=password,
        person=PEOPLE[0][0],
        plan="demo",
    )
    company = Company(services, portal.portal_id, days)
    company.ids.append(portal.user_id)
    async with company.context(0).quiet() as statements:
        await accounts.change_user(
            statements, portal.portal_id, portal.user_id, confirmed_at=company.first
        )
    for who, (name, _, role) in enumerate(PEOPLE[1:], start=1):
        user_id = await add_user(
            services,
            portal.portal_id,
            name=name,
            email=_email(who),
            password=password,
            role=cast("Role", role),
        )
        company.ids.append(user_id)
    for who, (_, title, _) in enumerate(PEOPLE):
        await company.do(who, "update_profile", UpdateProfile(title=title), company.first)
    return company


async def _make_rooms(company: Company) -> list[tuple[int, Sequence[int], int, Sequence[str]]]:
    """Makes the rooms; returns for each its id, who talks there, how much, and of what."""
    found: list[tuple[int, Sequence[int], int, Sequence[str]]] = []
    staff = [who for who, (_, _, role) in enumerate(PEOPLE) if role != "guest"]
    for name, members, share, topics in ROOMS:
        people = members or staff
        request = CreateRoom(
            client_id=company.client_id(),
            name=name,
            user_ids=[company.ids[who] for who in people[1:]],
        )
        made: RoomAnswer = await company.do(people[0], "create_room", request, company.first)
        found.append((made.room.id, people, share, topics))
    for one, other in PAIRS:
        request = OpenDirectRoom(user_id=company.ids[other])
        opened: RoomAnswer = await company.do(one, "open_direct_room", request, company.first)
        found.append((opened.room.id, (one, other), DIRECT_SHARE, ("direct",)))
    return found


async def _talk(
    company: Company, rooms: list[tuple[int, Sequence[int], int, Sequence[str]]]
) -> None:
    talk = _topics()
    lines: list[Line] = []
    shares = [share for _, _, share, _ in rooms]
    while len(lines) < MESSAGES:
        room_id, people, _, topics = company.chance.choices(rooms, shares)[0]
        thread = company.chance.choice(talk[company.chance.choice(topics)])
        lines += _thread(company, room_id, people, company.fill(thread))
    lines.sort(key=lambda line: line.at)
    await _together(company, lines)


def _topics() -> dict[str, list[str]]:
    """The threads of each topic, from the file beside this one."""
    found: dict[str, list[str]] = {}
    topic = ""
    for block in Path(__file__).with_name("demo_talk.txt").read_text("utf-8").split("\n\n"):
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        if lines and lines[0].startswith("["):
            topic = lines.pop(0).strip("[]")
        if lines:
            found.setdefault(topic, []).append("\n".join(lines))
    return found


def _thread(company: Company, room_id: int, people: Sequence[int], thread: str) -> list[Line]:
    """Two or three of the people say the thread's lines in turn: "a: ...", "b: ..."."""
    speakers = company.chance.sample(list(people), min(3, len(people)))
    voices = dict(zip("abc", speakers, strict=False))
    at = company.working_time()
    lines: list[Line] = []
    for line in thread.splitlines():
        voice, _, text = line.partition(": ")
        who = voices.get(voice, voices["b"])
        lines.append(Line(min(at, company.now - _MINUTE), who, room_id, text))
        at += company.chance.randint(_MINUTE // 3, 9 * _MINUTE)
    return lines


async def _together(company: Company, lines: Sequence[Line]) -> None:
    """Sends in order of time: at once only what goes to different rooms, so that order holds."""
    batch: list[Coroutine[Any, Any, Any]] = []
    busy: set[int] = set()
    for line in lines:
        if line.room_id in busy or len(batch) == _TOGETHER:
            await asyncio.gather(*batch)
            batch, busy = [], set()
        request = SendMessage(client_id=company.client_id(), room_id=line.room_id, text=line.text)
        batch.append(company.do(line.who, "send_message", request, line.at))
        busy.add(line.room_id)
    await asyncio.gather(*batch)


async def _post(company: Company) -> None:
    staff = [who for who, (_, _, role) in enumerate(PEOPLE) if role != "guest"]
    times = sorted(company.working_time() for _ in range(len(POSTS) + 1))
    for (author, text, comments), at in zip((*POSTS, PRIVATE_POST), times, strict=True):
        chosen = [1, 2, 11, 13] if (author, text, comments) == PRIVATE_POST else []
        request = CreatePost(
            client_id=company.client_id(),
            text=company.fill(text),
            visible_to="people" if chosen else "portal",
            user_ids=[company.ids[who] for who in chosen],
        )
        made: PostAnswer = await company.do(author, "create_post", request, at)
        readers = [who for who in (chosen or staff) if who != author]
        await _comment(company, made, readers, comments, at)
        for who in company.chance.sample(readers, company.chance.randint(1, len(readers))):
            await company.do(who, "like_post", LikePost(post_id=made.post.id), at + _HOUR)


async def _comment(
    company: Company, made: PostAnswer, readers: list[int], comments: Sequence[str], at: int
) -> None:
    for text in comments:
        at += company.chance.randint(_MINUTE, 40 * _MINUTE)
        request = SendMessage(
            client_id=company.client_id(), room_id=made.post.room_id, text=company.fill(text)
        )
        who = company.chance.choice(readers)
        await company.do(who, "send_message", request, min(at, company.now - _MINUTE))


async def _read(company: Company) -> None:
    """Most have read nearly everything; something is left to look at."""
    async with company.context(0).quiet() as statements:
        for user_id in company.ids:
            seen = company.now - company.chance.randint(_MINUTE, 2 * _DAY)
            await sightings.saw(statements, company.portal_id, [user_id], seen)
    for who in range(len(PEOPLE)):
        listed: Rooms = await company.do(who, "list_rooms", Nothing())
        for room in listed.rooms:
            left = company.chance.choice((0, 0, 0, 1, 3))
            if room.unread > left:
                request = MarkRead(room_id=room.id, seq=room.last_seq - left)
                await company.do(who, "mark_read", request)
    posts = await company.do(0, "list_posts", _newest_posts())
    await company.do(0, "mark_feed_read", MarkFeedRead(position=posts.posts[2].position))


def _newest_posts() -> Any:
    return catalogue.OPERATIONS["list_posts"].request.model_validate({"limit": 5})


def _told(services: Services, address: str, password: str) -> str:
    scheme, _, host = services.public_url.partition("://")
    shown = [0, 2, 7, 22]
    lines = [f"  {PEOPLE[who][0]:18} {_email(who):34} {PEOPLE[who][2]}" for who in shown]
    return "\n".join(
        [
            f"{COMPANY}: {len(PEOPLE)} people at {scheme}://{address}.{host}",
            *lines,
            f"  All have the password {password}",
        ]
    )
