"""Passwords: argon2id, and which are too easy."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from portal.errors import invalid
from portal.limits import Limits

# RFC 9106's second choice (64 MiB, three passes), which argon2-cffi takes by default: tens of
# milliseconds here, dear for who tries many.
# One lane: four would take as long in all, on four cores that others want.
_HASHER = PasswordHasher(parallelism=1)


def _step_back() -> None:
    """Hashing comes after everything else that the process does: on Linux a thread's own matter."""
    os.nice(10)


# Each hash takes 64 MiB and a core; a storm of log-ins queues here instead of taking the machine.
_THREADS = ThreadPoolExecutor(
    max_workers=max(1, (os.cpu_count() or 1) // 2),
    thread_name_prefix="argon2",
    initializer=_step_back,
)
# Compared with when there is no such user, so that the answer takes as long.
_NOBODY = _HASHER.hash("nobody has this password")

# What people choose first, as the lists of leaked passwords show; longer ones only, since the
# length is checked before.
_COMMON = frozenset(
    [
        "password1",
        "password12",
        "password123",
        "password1234",
        "passw0rd1",
        "passw0rd123",
        "123456789",
        "1234567890",
        "12345678910",
        "0987654321",
        "1q2w3e4r5t",
        "1qaz2wsx3edc",
        "qwertyuiop",
        "qwerty1234",
        "qwerty12345",
        "qwerty123456",
        "asdfghjkl1",
        "zxcvbnm123",
        "abcdefghij",
        "abc1234567",
        "abcd123456",
        "iloveyou12",
        "iloveyou123",
        "letmein123",
        "welcome123",
        "welcome1234",
        "admin12345",
        "administrator",
        "changeme123",
        "monkey12345",
        "dragon12345",
        "football12",
        "baseball12",
        "superman12",
        "sunshine12",
        "princess12",
        "salasana123",
        "salasana12",
        "salasana1234",
        "aaaaaaaaaa",
        "1111111111",
        "0000000000",
    ]
)


async def hash_password(password: str) -> str:
    """The text to store for a password."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _HASHER.hash, password)


async def verify(password: str, stored: str | None) -> bool:
    """Whether it is the password; takes as long when there is none (None)."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _verify, password, stored)


def _verify(password: str, stored: str | None) -> bool:
    try:
        _HASHER.verify(stored or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def outdated(stored: str) -> bool:
    """Whether it was hashed with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


def check_strength(password: str, limits: Limits, *about: str) -> None:
    """Raises 422 for a password that is too short, common, or made of the words ``about``."""
    least = limits.password_characters
    if len(password) < least:
        raise invalid("password", f"needs at least {least} characters; a few words are fine")
    low = password.casefold()
    if low in _COMMON or len(set(low)) < 4:
        raise invalid("password", "is one of those that are tried first; choose another")
    for word in about:
        name = word.partition("@")[0].casefold().strip()
        if len(name) >= 4 and name in low and len(low) - len(name) < 6:
            raise invalid("password", "is too close to your own names; choose another")
