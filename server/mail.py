"""Sends mail: by SMTP, or into a folder where a developer finds it.

Sending only queues, so that an answer takes as long for an unknown address as for a known one.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog

from api.outbox import KeptMail
from storage.database import now_ms

logger = structlog.get_logger(__name__)

_QUEUE = 2000
_ATTEMPTS = 3
PAUSE_SECONDS = 2.0
_LINK = "X-Talkoo-Link"


class Carrier(Protocol):
    """Takes one message where it belongs."""

    async def carry(self, message: EmailMessage) -> None:
        """Raises OSError or an SMTP error when it did not work."""
        ...


class Mailer:
    """Queues mails and hands them to a carrier, one after another."""

    def __init__(self, carrier: Carrier, sender: str) -> None:
        self.carrier = carrier
        self.sender = sender
        self._queue: asyncio.Queue[EmailMessage] = asyncio.Queue(_QUEUE)
        self._worker: asyncio.Task[None] | None = None

    async def send(self, to: str, subject: str, text: str, link: str | None = None) -> None:
        """Queues one message. Never raises: what cannot be sent is logged."""
        try:
            self._queue.put_nowait(compose(self.sender, to, subject, text, link))
        except (ValueError, IndexError, MessageError):
            logger.warning("mail_refused", to=to)
        except asyncio.QueueFull:
            logger.error("mail_dropped", to=to, waiting=self._queue.qsize())

    async def kept(self, prefix: str, limit: int) -> list[KeptMail] | None:
        """The newest mails whose link begins so; None when mails are really sent."""
        if isinstance(self.carrier, Folder):
            return await asyncio.to_thread(self.carrier.read, prefix, limit)
        return None

    def start(self) -> None:
        """Begins to work off the queue."""
        self._worker = asyncio.create_task(self._work())

    async def stop(self, within: float = 10.0) -> None:
        """Finishes what is queued, for a while."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._queue.join(), within)
        if self._worker:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            message = await self._queue.get()
            try:
                await self._carry(message)
            finally:
                self._queue.task_done()

    async def _carry(self, message: EmailMessage) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                await self.carrier.carry(message)
                return
            except Exception as error:
                logger.warning(
                    "mail_failed", to=message["To"], attempt=attempt, error=type(error).__name__
                )
                if attempt < _ATTEMPTS:
                    await asyncio.sleep(PAUSE_SECONDS * attempt)


def compose(sender: str, to: str, subject: str, text: str, link: str | None) -> EmailMessage:
    """One message. Raises ValueError for an address that is none, or more than one."""
    if parseaddr(to)[1] != to or any(c in to for c in "\r\n,;<>"):
        raise ValueError("not one address")
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = sender
    message["To"] = to
    message["Subject"] = " ".join(subject.split())[:200]
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain="talkoo.invalid")
    # Answering machines do not answer what is generated.
    message["Auto-Submitted"] = "auto-generated"
    if link is not None:
        message[_LINK] = link
    message.set_content(text)
    return message


class Folder:
    """Writes each mail into a folder, as a file that mail programs open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def carry(self, message: EmailMessage) -> None:
        """Writes one."""
        path = await asyncio.to_thread(self._write, message)
        logger.info("mail_written", to=message["To"], subject=message["Subject"], file=str(path))

    def _write(self, message: EmailMessage) -> Path:
        # Links in mails are secrets: for the owner of the server's process only.
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.folder / f"{now_ms()}-{secrets.token_hex(4)}.eml"
        unfinished = path.with_suffix(".part")
        number = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "wb") as file:
            file.write(_readable(message).as_bytes())
        unfinished.rename(path)
        return path

    def read(self, prefix: str, limit: int) -> list[KeptMail]:
        """The newest mails whose link begins so."""
        found: list[KeptMail] = []
        for path in sorted(self.folder.glob("*.eml"), reverse=True):
            message = message_from_bytes(path.read_bytes(), policy=policy.default)
            link = str(message.get(_LINK, ""))
            if link.startswith(prefix):
                found.append(
                    KeptMail(
                        to=str(message["To"]),
                        subject=str(message["Subject"]),
                        text=message.get_content().replace("\r\n", "\n"),
                        link=link,
                        sent_at=int(path.name.partition("-")[0]),
                    )
                )
            if len(found) == limit:
                break
        return found


def _readable(message: EmailMessage) -> EmailMessage:
    """The same mail as plain lines that one can read and copy links from without a mail program."""
    plain = EmailMessage(policy=policy.default.clone(max_line_length=990))
    for name, value in message.items():
        if not name.lower().startswith(("content-", "mime-")):
            plain[name] = str(value)
    plain.set_content(message.get_content().replace("\r\n", "\n"), cte="8bit")
    return plain


class Smtp:
    """Hands mails to a mail server."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.host = parts.hostname or "localhost"
        self.tls = parts.scheme == "smtps"
        self.start_tls = parts.scheme == "smtp+starttls"
        self.port = parts.port or (465 if self.tls else 587 if self.start_tls else 25)
        self.username = unquote(parts.username) if parts.username else None
        self.password = unquote(parts.password) if parts.password else None

    async def carry(self, message: EmailMessage) -> None:
        """Sends one."""
        del message[_LINK]
        await aiosmtplib.send(
            message,
            hostname=self.host,
            port=self.port,
            username=self.username,
            password=self.password,
            use_tls=self.tls,
            start_tls=self.start_tls,
            timeout=20,
        )
