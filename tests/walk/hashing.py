"""Passwords hashed cheaply: a world has a dozen log-ins, and nobody attacks it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher

from portal.accounts import passwords

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@contextmanager
def cheap_passwords() -> Iterator[None]:
    """Hashes with next to no work until the block ends."""
    yield from _hashing_by(CHEAP)


@contextmanager
def dear_passwords() -> Iterator[None]:
    """Hashes as in production, where that is what a test is about."""
    yield from _hashing_by(PasswordHasher())


def _hashing_by(hasher: PasswordHasher) -> Iterator[None]:
    before = passwords._HASHER, passwords._NOBODY
    passwords._HASHER = hasher
    passwords._NOBODY = hasher.hash("nobody has this password")
    try:
        yield
    finally:
        passwords._HASHER, passwords._NOBODY = before
