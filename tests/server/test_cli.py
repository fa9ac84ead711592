from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def talkoo(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **settings}
    return subprocess.run(
        [sys.executable, "-m", "server.cli", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("serve",),
        ("migrate",),
        ("demo",),
        ("portal",),
        ("portal", "create"),
        ("user",),
        ("user", "invite"),
        ("version",),
    ],
)
def test_every_command_explains_itself(tmp_path: Path, words: tuple[str, ...]) -> None:
    ran = talkoo(tmp_path, *words, "--help")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith(f"usage: {' '.join(('talkoo', *words))}")
    assert not list(tmp_path.iterdir()), "help must not make anything"


def test_version(tmp_path: Path) -> None:
    ran = talkoo(tmp_path, "version")
    assert ran.stdout.startswith("Talkoo ")


def test_wrong_settings_are_named_without_a_traceback(tmp_path: Path) -> None:
    ran = talkoo(tmp_path, "serve", TALKOO_LISTEN="nowhere", TALKOO_LIMITS__PAGE="x")
    assert ran.returncode == 2
    assert "TALKOO_LISTEN" in ran.stderr
    assert "TALKOO_LIMITS__PAGE" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_serve_refuses_a_database_that_is_not_up_to_date(tmp_path: Path) -> None:
    ran = talkoo(tmp_path, "serve", TALKOO_LISTEN="127.0.0.1:0")
    assert ran.returncode == 1
    assert "talkoo migrate" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_database_that_is_away_is_said_without_its_password(tmp_path: Path) -> None:
    url = "mysql://talkoo:canary@127.0.0.1:1/talkoo"
    ran = talkoo(tmp_path, "migrate", TALKOO_DATABASE=url)
    assert ran.returncode == 1
    assert "127.0.0.1:1/talkoo" in ran.stderr
    assert "canary" not in ran.stderr
    assert "Traceback" not in ran.stderr


def test_migrate_twice_then_portals_and_people(tmp_path: Path) -> None:
    assert "0001" in talkoo(tmp_path, "migrate").stdout
    assert "up to date" in talkoo(tmp_path, "migrate").stdout
    made = talkoo(tmp_path, "portal", "create", "Acme Oy", "ada@example.com", "--address", "acme")
    assert made.returncode == 0, made.stderr
    assert "http://acme.localhost:8024" in made.stdout
    assert "password" in made.stdout
    again = talkoo(tmp_path, "portal", "create", "Acme Oy", "ada@example.com", "--address", "acme")
    assert again.returncode == 1 or "http://acme.localhost:8024" not in again.stdout
    invited = talkoo(tmp_path, "user", "invite", "acme", "bo@example.com")
    assert invited.returncode == 0, invited.stderr
    mails = [path.read_text() for path in (tmp_path / "var/outbox").glob("*.eml")]
    assert any("To: bo@example.com" in mail for mail in mails)
    wrong = talkoo(tmp_path, "user", "invite", "acme", "nobody")
    assert wrong.returncode == 1
    assert "emails" in wrong.stderr
    assert "Traceback" not in wrong.stderr
    absent = talkoo(tmp_path, "user", "invite", "absent", "bo@example.com")
    assert (absent.returncode, "Traceback" in absent.stderr) == (1, False)
