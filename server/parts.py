"""Opens the parts of the house that the settings ask for, and closes them again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from portal.admin.model import LiveConnection
from portal.context import Connections, Limiter, PresenceView, Services, Signals
from server.mail import Folder, Mailer, Smtp
from server.settings import Settings
from storage import migrate
from storage.blob_folder import FolderBlobs
from storage.blobs import Blobs
from storage.commit import Committer
from storage.database import Database
from storage.log import Event
from storage.migrate import Tree
from storage.session_book import SessionBook
from storage.shards import Shards

_LATE_SECONDS = 10.0


class NotMigrated(Exception):
    """A database lacks migrations that this version needs."""


def open_shards(settings: Settings) -> Shards:
    """The directory and the shards. One address is opened once, however often it is named."""
    opened: dict[str, Database] = {}

    def database(url: str) -> Database:
        if url not in opened:
            opened[url] = Database(url, settings.database_connections)
        return opened[url]

    if settings.database is None:
        settings.data.mkdir(parents=True, exist_ok=True)
    directory = database(settings.directory_url)
    shards = {name: database(url) for name, url in settings.shard_urls.items()}
    return Shards(directory, shards, settings.site)


def trees(shards: Shards) -> list[tuple[str, Database, Tree]]:
    """What is to be migrated: a name to print, the database, and the tree of migrations."""
    found: list[tuple[str, Database, Tree]] = [("directory", shards.directory, "directory")]
    for name, database in shards.databases.items():
        found.append((f"shard {name}", database, "shard"))
    return found


async def require_migrated(shards: Shards) -> None:
    """Raises NotMigrated, with what is missing where."""
    missing = [
        f"{name} lacks {', '.join(revisions)}"
        for name, database, tree in trees(shards)
        if (revisions := await migrate.pending(database, tree))
    ]
    if missing:
        raise NotMigrated("; ".join(missing))


def open_blobs(settings: Settings) -> Blobs:
    """Where documents and pictures live."""
    if settings.s3 is None:
        return FolderBlobs(settings.data / "blobs")
    from storage.blob_s3 import S3Blobs  # boto3 takes its time to load

    s3 = settings.s3
    return S3Blobs(s3.endpoint, s3.bucket, s3.access_key, s3.secret_key, s3.region)


def open_mail(settings: Settings) -> Mailer:
    """The way mails take."""
    carrier = Smtp(settings.smtp) if settings.smtp else Folder(settings.data / "outbox")
    return Mailer(carrier, settings.mail_from)


class _Alone:
    """What a command of the command line has of the live side: nothing.

    Nodes that serve meanwhile find its events in the log by themselves.
    """

    async def send(
        self, portal_id: int, audience: str, type_: str, body: str, except_user: int | None = None
    ) -> None:
        return None

    async def hit(self, key: str, limit: int, seconds: float) -> float:
        return 0.0

    async def clear(self, key: str) -> None:
        return None

    async def states(self, portal_id: int, user_ids: Sequence[int] | None = None) -> dict[int, str]:
        return {}

    def watch(self, portal_id: int, connection_id: str, user_ids: frozenset[int]) -> None:
        return None

    async def live(self, portal_id: int) -> list[LiveConnection]:
        return []

    async def set_state(self, portal_id: int, connection_id: str, state: str) -> None:
        return None


@asynccontextmanager
async def open_for_command(settings: Settings) -> AsyncGenerator[Services]:
    """The services for one command of the command line."""
    shards = open_shards(settings)
    mail = open_mail(settings)
    try:
        await require_migrated(shards)
        mail.start()
        alone = _Alone()
        services = assemble(
            settings, shards, Committer(shards, _unheard), mail, alone, alone, alone, alone
        )
        before = asyncio.all_tasks()
        yield services
        # Actions leave work for after their answer, mails above all.
        late = asyncio.all_tasks() - before
        if late:
            await asyncio.wait(late, timeout=_LATE_SECONDS)
        await services.committer.drain()
    finally:
        await mail.stop()
        await shards.close()


async def _unheard(_portal_id: int, _events: list[Event]) -> None:
    return None


def assemble(
    settings: Settings,
    shards: Shards,
    committer: Committer,
    mail: Mailer,
    signals: Signals,
    limiter: Limiter,
    presence: PresenceView,
    connections: Connections,
) -> Services:
    """The services that actions use."""
    return Services(
        shards=shards,
        sessions=SessionBook(shards),
        committer=committer,
        blobs=open_blobs(settings),
        mail=mail,
        signals=signals,
        limiter=limiter,
        presence=presence,
        connections=connections,
        limits=settings.limits,
        public_url=settings.address,
    )
