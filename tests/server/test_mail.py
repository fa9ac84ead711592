from __future__ import annotations

import asyncio
from email.message import EmailMessage
from pathlib import Path

import pytest

from server.mail import Folder, Mailer, compose

SENDER = "Talkoo <talkoo@example.com>"


async def _until_idle(mailer: Mailer) -> None:
    mailer.start()
    await mailer.stop()


async def test_a_mail_is_written_whole_and_for_the_owner_only(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "outbox")
    mailer = Mailer(folder, SENDER)
    await mailer.send("aino@example.com", "Tervetuloa", "Hyvää päivää!\n", "http://a.test/x#1")
    await _until_idle(mailer)
    (path,) = (tmp_path / "outbox").iterdir()
    assert path.suffix == ".eml"
    assert path.stat().st_mode & 0o077 == 0
    assert path.read_text("utf-8").endswith("\n\nHyvää päivää!\n")
    (mail,) = folder.read("http://a.test/", 10)
    assert (mail.to, mail.subject, mail.text) == (
        "aino@example.com",
        "Tervetuloa",
        "Hyvää päivää!\n",
    )


async def test_a_portal_sees_only_mails_whose_links_are_its_own(tmp_path: Path) -> None:
    mailer = Mailer(Folder(tmp_path), SENDER)
    for host in ("acme.localhost:8024", "acme.localhost:80245", "other.localhost:8024"):
        await mailer.send("a@example.com", host, "text", f"http://{host}/reset#secret")
    await mailer.send("a@example.com", "no link", "text")
    await _until_idle(mailer)
    kept = await mailer.kept("http://acme.localhost:8024/", 10)
    assert kept is not None
    assert [mail.subject for mail in kept] == ["acme.localhost:8024"]


@pytest.mark.parametrize(
    "to",
    [
        "a@example.com\r\nBcc: b@example.com",
        "a@example.com, b@example.com",
        "Aino <a@example.com>",
        "a@example.com;b@example.com",
        "",
        "nobody",
    ],
)
async def test_an_address_names_one_receiver_or_nothing_is_sent(tmp_path: Path, to: str) -> None:
    mailer = Mailer(Folder(tmp_path), SENDER)
    await mailer.send(to, "Hello", "text")
    await _until_idle(mailer)
    sent = [path.read_text() for path in tmp_path.glob("*.eml")]
    assert all(text.count("@example.com") == 1 for text in sent)
    assert not any("bcc" in text.lower() for text in sent)


def test_a_subject_cannot_add_headers() -> None:
    subject = "Hello\r\nBcc: b@example.com\r\n\r\nbody"
    message = compose(SENDER, "a@example.com", subject, "text", None)
    assert message["Bcc"] is None
    assert message["Subject"] == "Hello Bcc: b@example.com body"
    assert message.as_string().count("\nBcc:") == 0


class _Slow:
    """Carries nothing until it is let."""

    def __init__(self) -> None:
        self.let = asyncio.Event()
        self.carried: list[EmailMessage] = []

    async def carry(self, message: EmailMessage) -> None:
        await self.let.wait()
        self.carried.append(message)


async def test_sending_does_not_wait_for_the_mail_server() -> None:
    slow = _Slow()
    mailer = Mailer(slow, SENDER)
    mailer.start()
    await asyncio.wait_for(mailer.send("a@example.com", "Hello", "text"), 1)
    assert slow.carried == []
    slow.let.set()
    await mailer.stop()
    assert len(slow.carried) == 1


class _Failing:
    """Fails, then works."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.carried = 0

    async def carry(self, message: EmailMessage) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionRefusedError
        self.carried += 1


async def test_a_failed_mail_is_tried_again_and_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("server.mail.PAUSE_SECONDS", 0.0)
    carrier = _Failing(failures=4)
    mailer = Mailer(carrier, SENDER)
    for _ in range(3):
        await mailer.send("a@example.com", "Hello", "text")
    await _until_idle(mailer)
    # The first is given up after three attempts, the second gets through at its second.
    assert carrier.carried == 2
