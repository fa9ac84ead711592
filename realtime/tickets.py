"""Tickets: what a client may see as of a position, signed, so that it comes back without a query.

A ticket is good for minutes, only together with its session's token, and only on top of what the
log says happened since its position: an ended session, a changed role or a left room count at once.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

GOOD_SECONDS = 600
# A live client is given a new one this often.
RENEW_SECONDS = 240
# Whoever is in more rooms than this asks the database; the ticket would be long.
MOST_ROOMS = 1_000

_ROLES = ("admin", "member")
_HEAD = struct.Struct(">BBQQQQI8s")
_SIGNED_BYTES = 16
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Ticket:
    """Who, in which session, as of which position, with which role and rooms."""

    portal_id: int
    user_id: int
    session_id: int
    position: int
    role: str
    rooms: frozenset[int]


def bound_to(token: str) -> bytes:
    """What a ticket keeps of the token that it belongs to."""
    return hashlib.sha256(token.encode()).digest()[:8]


class Tickets:
    """Signs tickets and reads them. All nodes have the same key."""

    def __init__(self, key: bytes, clock: Callable[[], float] = time.time) -> None:
        self._key = key
        self._clock = clock

    def issue(self, ticket: Ticket, bound: bytes) -> str | None:
        """The ticket as text; None for whom there is none: guests, and who is in many rooms."""
        if ticket.role not in _ROLES or len(ticket.rooms) > MOST_ROOMS:
            return None
        head = _HEAD.pack(
            _VERSION,
            _ROLES.index(ticket.role),
            ticket.portal_id,
            ticket.user_id,
            ticket.session_id,
            ticket.position,
            int(self._clock()) + GOOD_SECONDS,
            bound,
        )
        content = head + _packed(sorted(ticket.rooms))
        return base64.urlsafe_b64encode(content + self._sign(content)).decode()

    def read(self, text: str, bound: bytes) -> Ticket | None:
        """The ticket of a text; None for one that is forged, too old, or somebody else's."""
        try:
            signed = base64.urlsafe_b64decode(text.encode())
        except (ValueError, binascii.Error):
            return None
        content, signature = signed[:-_SIGNED_BYTES], signed[-_SIGNED_BYTES:]
        if len(content) < _HEAD.size or not hmac.compare_digest(signature, self._sign(content)):
            return None
        head: tuple[Any, ...] = _HEAD.unpack_from(content)
        version, role, portal_id, user_id, session_id, position, until, owner = head
        if version != _VERSION or until < self._clock() or not hmac.compare_digest(owner, bound):
            return None
        rooms = frozenset(_unpacked(content[_HEAD.size :]))
        return Ticket(portal_id, user_id, session_id, position, _ROLES[int(role)], rooms)

    def _sign(self, content: bytes) -> bytes:
        return hmac.digest(self._key, content, "sha256")[:_SIGNED_BYTES]


def _packed(numbers: Iterable[int]) -> bytes:
    """Ascending numbers as their differences, seven bits a byte."""
    packed, before = bytearray(), 0
    for number in numbers:
        rest, before = number - before, number
        while rest >= 0x80:
            packed.append(rest & 0x7F | 0x80)
            rest >>= 7
        packed.append(rest)
    return bytes(packed)


def _unpacked(packed: bytes) -> list[int]:
    numbers: list[int] = []
    last = rest = shift = 0
    for byte in packed:
        rest |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            last += rest
            numbers.append(last)
            rest = shift = 0
    return numbers
