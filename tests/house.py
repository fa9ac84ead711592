"""A house to test in: the parts that actions use, on a real store, without doors."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from portal.accounts.log_in import log_in
from portal.accounts.model import LogIn
from portal.accounts.people import add_user
from portal.accounts.sign_up import create_portal
from portal.admin.model import LiveConnection
from portal.context import Actor, Context, Role, Services
from portal.limits import Limits
from storage.blob_folder import FolderBlobs
from storage.commit import Committer
from storage.database import Database
from storage.log import Event
from storage.migrate import migrate
from storage.session_book import SessionBook
from storage.shards import Shards

PUBLIC_URL = "http://localhost:8024"
PASSWORD = "correct horse battery"


@dataclass
class SentMail:
    to: str
    subject: str
    text: str
    link: str | None


class Outbox:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[SentMail] = []

    async def send(self, to: str, subject: str, text: str, link: str | None = None) -> None:
        self.sent.append(SentMail(to, subject, text, link))


@dataclass
class SentSignal:
    portal_id: int
    audience: str
    type: str
    body: str
    except_user: int | None


class SignalBook:
    """Keeps what is signalled."""

    def __init__(self) -> None:
        self.sent: list[SentSignal] = []

    async def send(
        self, portal_id: int, audience: str, type_: str, body: str, except_user: int | None = None
    ) -> None:
        self.sent.append(SentSignal(portal_id, audience, type_, body, except_user))


class NoPresence:
    """Nobody is connected."""

    async def states(self, portal_id: int, user_ids: Sequence[int] | None = None) -> dict[int, str]:
        return {}

    def watch(self, portal_id: int, connection_id: str, user_ids: frozenset[int]) -> None:
        return None

    async def set_state(self, portal_id: int, connection_id: str, state: str) -> None:
        return None


class NobodyConnected:
    """No node has connections."""

    async def live(self, portal_id: int) -> list[LiveConnection]:
        return []


@dataclass
class CountingLimiter:
    """Counts attempts without a clock: nothing is ever forgotten by time."""

    hits: dict[str, int] = field(default_factory=dict[str, int])

    async def hit(self, key: str, limit: int, seconds: float) -> float:
        self.hits[key] = self.hits.get(key, 0) + 1
        return 0.0 if self.hits[key] <= limit else seconds

    async def clear(self, key: str) -> None:
        self.hits.pop(key, None)


@dataclass
class House:
    """Services, and what came out of them."""

    services: Services
    mail: Outbox
    signals: SignalBook
    # Every event that was published, by portal, in order.
    events: dict[int, list[Event]]
    emails: dict[tuple[int, int], str] = field(default_factory=dict[tuple[int, int], str])

    def with_limits(self, **limits: int) -> House:
        """The same house under other limits."""
        changed = self.services.limits.model_copy(update=limits)
        return replace(self, services=replace(self.services, limits=changed))

    def context(self, portal_id: int, user_id: int, role: Role, session_id: int = 1) -> Context:
        """A request of a user."""
        return Context(self.services, portal_id, Actor(portal_id, user_id, role, session_id))

    async def make_portal(self, name: str = "Acme") -> Context:
        """A new portal; returns its admin's context."""
        address = f"p{uuid.uuid4().hex[:20]}"
        email = f"admin@{address}.test"
        portal = await create_portal(
            self.services,
            name=name,
            address=address,
            email=email,
            password=PASSWORD,
            person="Ada Admin",
        )
        self.emails[portal.portal_id, portal.user_id] = email
        return self.context(portal.portal_id, portal.user_id, "admin")

    async def join(self, context: Context, name: str, role: Role = "member") -> Context:
        """Someone new in the portal; returns their context."""
        email = f"{uuid.uuid4().hex[:12]}@example.test"
        user_id = await add_user(
            self.services,
            context.portal,
            name=name,
            email=email,
            password=PASSWORD,
            role=role,
        )
        self.emails[context.portal, user_id] = email
        return self.context(context.portal, user_id, role)

    async def token(self, context: Context) -> str:
        """A new session of a user, as a bearer token."""
        email = self.emails[context.portal, context.me.user_id]
        logged_in = await log_in(
            Context(self.services, context.portal),
            LogIn(email=email, password=PASSWORD, token=True),
        )
        assert logged_in.token is not None
        return logged_in.token


async def prepare(url: str) -> None:
    """Brings a database up to date, as directory and as shard."""
    database = Database(url)
    await migrate(database, "directory")
    await migrate(database, "shard")
    await database.close()


@asynccontextmanager
async def open_house(url: str, folder: Path, limits: Limits | None = None) -> AsyncIterator[House]:
    """A house on a migrated database."""
    database = Database(url)
    shards = Shards(database, {"main": database}, "here")
    events: dict[int, list[Event]] = {}

    async def published(portal_id: int, new: list[Event]) -> None:
        events.setdefault(portal_id, []).extend(new)

    mail, signals = Outbox(), SignalBook()
    services = Services(
        shards=shards,
        sessions=SessionBook(shards),
        committer=Committer(shards, published),
        blobs=FolderBlobs(folder),
        mail=mail,
        signals=signals,
        limiter=CountingLimiter(),
        presence=NoPresence(),
        connections=NobodyConnected(),
        limits=limits or Limits(),
        public_url=PUBLIC_URL,
    )
    try:
        yield House(services, mail, signals, events)
    finally:
        await services.committer.drain()
        await shards.close()
