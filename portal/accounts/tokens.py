"""Secrets: how they are made, and what of them is stored.

A secret is ``<portal id>.<43 random characters>``: 256 bits from the system. It names its portal,
so that a bearer needs no other address. Only its SHA-256 is stored; a secret that long needs
nothing slower.
"""

from __future__ import annotations

import hashlib
import re
import secrets

_SHAPE = re.compile(r"([1-9][0-9]{0,15})\.[A-Za-z0-9_-]{43}")


def make_secret(portal_id: int) -> str:
    """A new secret of a portal."""
    return f"{portal_id}.{secrets.token_urlsafe(32)}"


def stored(secret: str) -> str:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def portal_of(secret: str) -> int | None:
    """The portal that a secret names; None for what was never a secret."""
    match = _SHAPE.fullmatch(secret)
    return int(match.group(1)) if match else None
