"""What an action gets to work with: who asks, and the parts of the house."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Literal, Protocol, TypeVar

from pydantic import BaseModel

from portal.admin.model import LiveConnection
from portal.errors import conflict, unauthorized, unavailable
from portal.limits import Limits
from portal.model import EventBody, SignalBody
from storage.blobs import Blobs
from storage.commit import Busy, Change, ClientIdReused, Committer, Key, Tx, Unavailable
from storage.database import Statements
from storage.session_book import SessionBook
from storage.shards import Shards

T = TypeVar("T")
A = TypeVar("A", bound=BaseModel)
Role = Literal["admin", "member", "guest"]


class Mail(Protocol):
    """Sends mail: SMTP in production, a folder when embedded."""

    async def send(self, to: str, subject: str, text: str, link: str | None = None) -> None:
        """Hands one message over; never raises for a bad address, so that nobody learns of it."""
        ...


class Signals(Protocol):
    """Carries signals to the connections of an audience; they may be lost."""

    async def send(
        self, portal_id: int, audience: str, type_: str, body: str, except_user: int | None = None
    ) -> None:
        """Sends ``body`` (an encoded JSON object) to whoever is in the audience now."""
        ...


class Limiter(Protocol):
    """Counts attempts, over all nodes."""

    async def hit(self, key: str, limit: int, seconds: float) -> float:
        """Counts one attempt; 0 when it is allowed, else the seconds until one is again."""
        ...

    async def clear(self, key: str) -> None:
        """Forgets the attempts of a key."""
        ...


class PresenceView(Protocol):
    """Who is here now (see `portal.presence`)."""

    async def states(self, portal_id: int, user_ids: Sequence[int] | None = None) -> dict[int, str]:
        """``online`` or ``away`` for each user with a connection; the others are offline.

        Of all, or of some only.
        """
        ...

    def watch(self, portal_id: int, connection_id: str, user_ids: frozenset[int]) -> None:
        """One connection of this node looks at these people from now on, and at no others."""
        ...

    async def set_state(self, portal_id: int, connection_id: str, state: str) -> None:
        """Marks one connection of this node as ``online`` or ``away``."""
        ...


class Connections(Protocol):
    """The live connections of all nodes."""

    async def live(self, portal_id: int) -> list[LiveConnection]:
        """Those of a portal, as far as nodes answer within a moment."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of the house that actions use; made once a process by ``server``."""

    shards: Shards
    sessions: SessionBook
    committer: Committer
    blobs: Blobs
    mail: Mail
    signals: Signals
    limiter: Limiter
    presence: PresenceView
    connections: Connections
    limits: Limits
    # The address that people type: "http://localhost:8024"; a portal's is a subdomain of it.
    public_url: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: one session of one user of one portal."""

    portal_id: int
    user_id: int
    role: Role
    session_id: int


@dataclass(frozen=True, slots=True)
class Caller:
    """What the door knows of the request itself."""

    address: str = ""
    device: str = ""
    request_id: str = ""
    # The Socket.IO connection that it came over, if any.
    connection_id: str | None = None
    # The Accept-Language of a browser, cut to "en" or "fi".
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Context:
    """One request: ``portal_id`` is None at the bare address, ``actor`` before log-in."""

    services: Services
    portal_id: int | None = None
    actor: Actor | None = None
    caller: Caller = Caller()

    @property
    def me(self) -> Actor:
        """Who asks; raises 401 when nobody is logged in."""
        if self.actor is None:
            raise unauthorized()
        return self.actor

    @property
    def portal(self) -> int:
        """The portal of the request; raises 401 at the bare address."""
        if self.portal_id is None:
            raise unauthorized("Use the address of your portal.")
        return self.portal_id

    @property
    def limits(self) -> Limits:
        """The limits that the operator has set."""
        return self.services.limits

    def inside(self, portal_id: int) -> Context:
        """The same request, in a portal."""
        return replace(self, portal_id=portal_id)

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[Statements]:
        """A look at one moment of the portal's state."""
        database = await self.services.shards.home(self.portal)
        async with database.read() as statements:
            yield statements

    @asynccontextmanager
    async def quiet(self) -> AsyncGenerator[Statements]:
        """A change that means no event, on rows that nobody else decides on: tokens, sightings."""
        database = await self.services.shards.home(self.portal)
        async with database.write() as statements:
            yield statements

    async def commit(self, change: Change[T], request: BaseModel | None = None) -> T:
        """Runs a change as the portal's only writer; durable when it returns.

        What is made together with others' gets this context and the request.
        """
        return await self._commit(change, None, request)

    async def commit_once(self, change: Change[A], request: BaseModel, answer: type[A]) -> A:
        """Like `commit`, once per ``request.client_id``: sent again, the same answer comes back."""
        content = request.model_dump_json()
        key = Key(
            user_id=self.me.user_id,
            client_id=str(getattr(request, "client_id")),  # noqa: B009
            command=type(request).__name__,
            fingerprint=hashlib.sha256(content.encode()).hexdigest(),
            encode=lambda value: value.model_dump_json(),
            decode=answer.model_validate_json,
        )
        return await self._commit(change, key, request)

    async def _commit(self, change: Change[T], key: Key | None, request: BaseModel | None) -> T:
        user_id = self.actor.user_id if self.actor is not None else 0
        try:
            return await self.services.committer.commit(
                self.portal, change, key, (self, request), user_id
            )
        except ClientIdReused as error:
            raise conflict(
                "client-id-reused",
                "This client_id was used for something else; make a new one for each thing.",
                "client_id",
            ) from error
        except Busy as error:
            raise unavailable("This portal has too much to do; try again shortly.") from error
        except Unavailable as error:
            raise unavailable("The database is away; try again with the same client_id.") from error

    async def signal(self, audience: str, body: SignalBody, *, to_me: bool = False) -> None:
        """Sends a signal to whoever is in the audience now."""
        await self.services.signals.send(
            self.portal,
            audience,
            body.type,
            body.model_dump_json(),
            None if to_me else self.me.user_id,
        )


def record(tx: Tx, audience: str, body: EventBody) -> int:
    """Notes an event in the transaction; returns its position."""
    return tx.record(body.type, audience, body.model_dump_json())
